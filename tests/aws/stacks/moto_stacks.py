"""moto as an account that stacks are deployed to, and whose state machines call what the stacks hold.

Substituted: Lambda runs packaged handlers in processes (`lambdas.py`), and waits and back-offs pass at once, on the
clock that those handlers see. The rest is moto's: CloudFormation, S3, IAM, Lambda's records, SQS, SNS, Step Functions.

moto's defects that are met here, each worked around by name:

- `two_of_them`: stacks put state machines into the Step Functions that does not run them, not into the interpreter's.
- `outputs_of_the_dead`: describing a deleted stack resolves its outputs anew, and creates the resources they mention.
- `policies_stay`: a stack that is deleted leaves its AWS::IAM::ManagedPolicy behind.
- `documents_as_python`: the inline policies of a stack's roles come back as the text of a Python dict.
- `roles_keep_their_rights`: updating an AWS::IAM::Role changes its description, and none of its inline policies.

and, without a need for a workaround: AWS::Scheduler::Schedule and AWS::Lambda::Alias are unknown to CloudFormation
there; an update with the same template is taken (AWS: "No updates are to be performed"); CreateChangeSet without a type
makes a new stack; ValidateTemplate and CreateStack take what is no template for a missing stack, or break on it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.cloudformation.models import Stack
from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.stepfunctions import models as step_functions
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from fnfkit.aws import Session, SqsQueues, StepFunctionsFlows
from fnfkit.aws.stacks import AwsStacks
from fnfkit.cli import app
from fnfkit.ports import ExecutionRecord
from tests.aws import moto_account
from tests.aws.stacks.lambdas import ACCOUNT, REGION, Lambdas

PATIENCE = 20
"""Real seconds that an execution may take."""
BUCKET = f"fnfkit-{ACCOUNT}-{REGION}"


@dataclass
class Said:
    """What a command printed, and its exit code."""

    exit: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out.splitlines()[-1])["data"]


@dataclass
class Account:
    """An account, its ports, its Lambda and the command line that deploys to it."""

    session: Session
    lambdas: Lambdas
    call: Callable[..., Said]

    @property
    def stacks(self) -> AwsStacks:
        return AwsStacks(self.session, bucket=BUCKET)

    @property
    def flows(self) -> StepFunctionsFlows:
        return StepFunctionsFlows(self.session)

    @property
    def queues(self) -> SqsQueues:
        return SqsQueues(self.session)

    def deploy(self, folder: Path, *words: str) -> Any:
        """`fnfkit deploy FOLDER --target aws`, which has to succeed; what it says for scripts."""
        said = self.call("deploy", folder, "--target", "aws", "--yes", "--json", *words)
        assert said.exit == 0, said.out + said.err
        return said.data

    def run(self, flow: str, given: Any) -> ExecutionRecord:
        """An execution to its end."""
        name = self.flows.start_execution(flow, input=json.dumps(given)).name
        return self.ended(flow, name)

    def ended(self, flow: str, name: str) -> ExecutionRecord:
        """An execution once it has ended."""
        found = self.flows.describe_execution(flow, name, wait_seconds=PATIENCE)
        assert found.status != "Running", f"it hangs; calls so far: {self.lambdas.calls}"
        return found

    def error(self, run: ExecutionRecord) -> str:
        """The error that an execution has failed with."""
        arn = self.session.arn("states", f"execution:{run.flow}:{run.name}")
        return str(self.session.client("stepfunctions").describe_execution(executionArn=arn).get("error", ""))

    def left(self) -> dict[str, list[str]]:
        """Everything there is that stacks and deployments may have made, by kind; kinds of which there is nothing are
        left out."""
        client = self.session.client
        objects = [
            one["Key"]
            for bucket in client("s3").list_buckets()["Buckets"]
            for one in client("s3").list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        ]
        found = {
            "stacks": [one["StackName"] for one in client("cloudformation").describe_stacks()["Stacks"]],
            "state machines": [one["name"] for one in client("stepfunctions").list_state_machines()["stateMachines"]],
            "functions": [one["FunctionName"] for one in client("lambda").list_functions()["Functions"]],
            "queues": client("sqs").list_queues().get("QueueUrls", []),
            "topics": [one["TopicArn"] for one in client("sns").list_topics()["Topics"]],
            "roles": [one["RoleName"] for one in client("iam").list_roles()["Roles"]],
            "policies": [one["PolicyName"] for one in client("iam").list_policies(Scope="Local")["Policies"]],
            "logs": [one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]],
            "objects": objects,
        }
        return {kind: names for kind, names in found.items() if names}

    def rights(self, stack: str, role: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The statements of a role of a stack, as it is in the account: actions and resources."""
        name = self.stacks.get_stack_resource(stack, role).physical_id
        iam = self.session.client("iam")
        documents = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        statements = [one for document in documents for one in document["Statement"]]
        assert {one["Effect"] for one in statements} <= {"Allow"}
        return [(tuple(one["Action"]), tuple(one["Resource"])) for one in statements]


@contextmanager
def deployed_to(folder: Path, patch: pytest.MonkeyPatch, printed: Callable[[], Any]) -> Iterator[Account]:
    """An empty account in this process, for as long as the block lasts; `printed` takes what commands have said."""
    for name, value in (("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "testing"), ("DEFAULT_REGION", REGION)):
        patch.setenv(f"AWS_{name}", value)
    lambdas = Lambdas(folder / "lambda")

    def call(*words: object) -> Said:
        code = app.run([str(word) for word in words])
        said = printed()
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        moto_account.mend(patch)
        mend(patch)
        patch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: lambdas)
        patch.setattr(retrier_decl, "time", lambdas)
        patch.setattr(WaitFunction, "_wait_interval", lambda self, env, wait_seconds: lambdas.sleep(wait_seconds))
        patch.setattr(logging.getLogger("moto"), "disabled", True)
        patch.setattr(eval_component.LOG, "disabled", True)
        account = Account(moto_account.account(), lambdas, call)
        try:
            yield account
            moto_account.stop_all(account.flows)
        finally:
            lambdas.close()


def mend(patch: pytest.MonkeyPatch) -> None:
    """Works around the defects that this module lists."""
    patch.setattr(step_functions, "stepfunctions_backends", stepfunctions_parser_backends)  # two_of_them
    outputs, update = Stack.outputs, Role.update_from_cloudformation_json.__func__
    assert isinstance(outputs, property) and outputs.fget
    of_the_living = property(lambda self: None if self.status == "DELETE_COMPLETE" else outputs.fget(self))
    patch.setattr(Stack, "outputs", of_the_living)  # outputs_of_the_dead

    def delete(self: ManagedPolicy, account_id: str, region: str) -> None:
        iam_backends[account_id]["aws"].delete_policy(self.arn)

    patch.setattr(ManagedPolicy, "delete", delete, raising=False)  # policies_stay

    put = Role.put_policy
    patch.setattr(  # documents_as_python
        Role,
        "put_policy",
        lambda self, name, text: put(self, name, text if isinstance(text, str) else json.dumps(text)),
    )

    def update_role(
        cls: type[Role],
        original_resource: Role,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Role:
        role: Role = update(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name)
        for policy in list(role.policies):
            role.delete_policy(policy)
        for policy in cloudformation_json["Properties"].get("Policies", []):
            role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
        return role

    patch.setattr(Role, "update_from_cloudformation_json", classmethod(update_role))  # roles_keep_their_rights
