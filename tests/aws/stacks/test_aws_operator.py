"""The policy of the identity that deploys to AWS: real actions on the resources they have, for all templates hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cfnlint

ROOT = Path(__file__).parents[3]
POLICY = json.loads((ROOT / "infra" / "operator-aws.json").read_text("utf-8"))
KNOWN = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json").read_text("utf-8"))
"""What the vendor's Service Authorization Reference says of actions and resources."""

MAKES = {
    "AWS::StepFunctions::StateMachine": "states:CreateStateMachine",
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::Lambda::Version": "lambda:PublishVersion",
    "AWS::Lambda::Alias": "lambda:CreateAlias",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::SQS::Queue": "sqs:CreateQueue",
    "AWS::SNS::Topic": "sns:CreateTopic",
    "AWS::IAM::Role": "iam:CreateRole",
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
    "AWS::Scheduler::Schedule": "scheduler:CreateSchedule",
}


def actions() -> dict[str, list[str]]:
    """Every action and the resources it is allowed on."""
    return {action: one["Resource"] for one in POLICY["Statement"] for action in one["Action"]}


def known(action: str) -> Any:
    service, _, name = action.partition(":")
    return KNOWN[service]["Actions"][name.lower()]


def test_actions_are_real_and_only_those_without_resources_are_allowed_on_everything() -> None:
    for action, resources in actions().items():
        assert (resources == ["*"]) == (not known(action).get("Resources")), action


def test_everything_that_templates_hold_can_be_made_and_taken_away() -> None:
    texts = [
        path.read_text("utf-8") for folder in ("templates", "tests/data") for path in (ROOT / folder).rglob("*.cfn.yml")
    ]
    assert {type for text in texts for type in re.findall(r"Type: (AWS::\S+)", text)} == set(MAKES)
    assert set(MAKES.values()) <= actions().keys()
    ends = {action.partition(":")[0] for action in actions() if ":Delete" in action}
    assert {action.partition(":")[0] for action in MAKES.values()} <= ends


def test_roles_are_handed_to_nobody_else() -> None:
    (passing,) = (one for one in POLICY["Statement"] if "iam:PassRole" in one["Action"])
    services = {"states.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"}
    assert set(passing["Condition"]["StringEquals"]["iam:PassedToService"]) == services
