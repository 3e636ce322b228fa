"""Roles and what they may do: for steps, for functions that report, and for callers with a session (ros.md 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fnfkit.aliyun import AliyunFlows, Key, Session
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram_roles import CUSTOM, SYSTEM
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.model.json import JsonObject
from fnfkit.ports import AccessDenied, Fault
from fnfkit.server.listener import serving

ROLE = "acs:ram::123456789012:role/flow-role"
FC = "acs:fc:cn-hangzhou:123456789012:"
MNS = "acs:mns:cn-hangzhou:123456789012:"


def trust(*services: str) -> JsonObject:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": list(services)}}
    return {"Version": "1", "Statement": [statement]}


def policy(action: str | list[str], resource: str = "*", effect: str = "Allow") -> JsonObject:
    return {"Version": "1", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(grace=0.0)) as account:
        account.functions.stub("s", "f", lambda event: {"ok": True})
        account.functions.stub("", "f3", lambda event: {"ok": True})
        account.queues.create_queue("q")
        account.topics.create_topic("t")
        account.flows.create_flow("child", task("acs:fc:::services/s/functions/f"), description="no role")
        account.ram.roles.create_role("flow-role", trust("fnf.aliyuncs.com"))
        yield account


def task(arn: str, more: str = "") -> str:
    return f"version: v1\ntype: flow\nsteps:\n  - type: task\n    name: only\n    resourceArn: {arn}\n{more}"


MESSAGE = "    serviceParams:\n      MessageBody: hello\n      Priority: 1\n"


def grant(cloud: Cloud, document: JsonObject, name: str = "granted") -> None:
    cloud.ram.roles.create_policy(name, document)
    cloud.ram.roles.attach("flow-role", CUSTOM, name)


def run(cloud: Cloud, definition: str, role: str = ROLE) -> tuple[str, str]:
    """How an execution ends: its status and its error."""
    name = f"f{len(cloud.flows.list_flows().items)}"
    cloud.flows.create_flow(name, definition, description="x", role_arn=role)
    cloud.flows.start_execution(name, name="e")
    cloud.run_until_idle()
    history = cloud.flows.get_execution_history(name, "e").items
    errors = [event.detail["error"] for event in history if event.detail.get("error")]
    return cloud.flows.describe_execution(name, "e").status, errors[-1] if errors else ""


CASES = {
    "function": ("acs:fc:::services/s/functions/f", "", "fc:InvokeFunction", FC + "services/s/functions/f", "FC"),
    "latest": (
        "acs:fc:::services/s.LATEST/functions/f",
        "",
        "fc:InvokeFunction",
        FC + "services/s.LATEST/functions/f",
        "FC",
    ),
    "latest, granted plainly": (
        "acs:fc:::services/s.LATEST/functions/f",
        "",
        "fc:InvokeFunction",
        FC + "services/s/functions/f",
        "FC",
    ),
    "function of FC 3": (f"{FC}functions/f3", "", "fc:InvokeFunction", FC + "functions/f3", "FC"),
    "queue": ("acs:mns:::/queues/q/messages", MESSAGE, "mns:SendMessage", MNS + "/queues/q/messages", "MNS"),
    "topic": ("acs:mns:::/topics/t/messages", MESSAGE, "mns:PublishMessage", MNS + "/topics/t/messages", "MNS"),
    "sub-flow": ("acs:fnf:::flow/child", "    pattern: sync\n", "fnf:StartExecution", "*", "FnF"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_step_needs_its_grant_and_no_more(name: str, cloud: Cloud) -> None:
    arn, more, action, resource, prefix = CASES[name]
    assert run(cloud, task(arn, more)) == ("Failed", f"{prefix}.AccessDenied")
    grant(cloud, policy(action, resource))
    assert run(cloud, task(arn, more)) == ("Succeeded", "")


@pytest.mark.parametrize("name", CASES)
def test_a_grant_for_something_else_is_none(name: str, cloud: Cloud) -> None:
    arn, more, action, resource, prefix = CASES[name]
    grant(cloud, policy(action, resource + "-other" if resource != "*" else "acs:fnf:*:*:flow/other"))
    assert run(cloud, task(arn, more)) == ("Failed", f"{prefix}.AccessDenied")


def test_a_qualified_call_needs_the_qualified_grant(cloud: Cloud) -> None:
    grant(cloud, policy("fc:InvokeFunction", FC + "services/s/functions/f"))
    arn = "acs:fc:::services/s.online/functions/f"
    assert run(cloud, task(arn)) == ("Failed", "FC.AccessDenied")
    grant(cloud, policy("fc:InvokeFunction", FC + "services/s.*/functions/f"), "qualified")
    assert run(cloud, task(arn)) == ("Failed", "FC.AliasNotFound")


def test_system_policies_count_and_denials_win(cloud: Cloud) -> None:
    cloud.ram.roles.attach("flow-role", SYSTEM, "AliyunFCInvocationAccess")
    arn = "acs:fc:::services/s/functions/f"
    assert run(cloud, task(arn)) == ("Succeeded", "")
    grant(cloud, policy("fc:*", effect="Deny"))
    assert run(cloud, task(arn)) == ("Failed", "FC.AccessDenied")
    cloud.ram.roles.detach("flow-role", CUSTOM, "granted")
    assert run(cloud, task(arn)) == ("Succeeded", "")


def test_the_denial_says_what_is_missing(cloud: Cloud) -> None:
    cloud.flows.create_flow("f", task("acs:mns:::/queues/q/messages", MESSAGE), description="x", role_arn=ROLE)
    cloud.flows.start_execution("f", name="e")
    cloud.run_until_idle()
    failed = next(e for e in cloud.flows.get_execution_history("f", "e").items if e.type == "TaskFailed")
    told = json.dumps(failed.detail["cause"])
    assert "flow-role may not mns:SendMessage on acs:mns:cn-hangzhou:123456789012:/queues/q/messages" in told


def test_a_flow_can_catch_the_denial(cloud: Cloud) -> None:
    catch = (
        "    catch:\n      - errors: [FC.AccessDenied]\n        goto: rescued\n"
        "  - type: fail\n    name: missed\n  - type: succeed\n    name: rescued\n"
    )
    assert run(cloud, task("acs:fc:::services/s/functions/f", catch))[0] == "Succeeded"


def test_a_role_that_does_not_trust_flows(cloud: Cloud) -> None:
    cloud.ram.roles.attach("flow-role", SYSTEM, "AliyunFCInvocationAccess")
    cloud.ram.roles.update_role("flow-role", trust=trust("fc.aliyuncs.com"))
    assert run(cloud, task("acs:fc:::services/s/functions/f"))[0] == "Failed"


def test_flows_whose_role_nobody_knows_are_not_checked(cloud: Cloud) -> None:
    for role in ("", "acs:ram::123456789012:role/nobody"):
        assert run(cloud, task("acs:fc:::services/s/functions/f"), role) == ("Succeeded", "")


def test_enforcement_can_be_switched_off(cloud: Cloud) -> None:
    cloud.guard.enforced = False
    assert run(cloud, task("acs:fc:::services/s/functions/f")) == ("Succeeded", "")


def test_a_schedule_goes_on_when_its_flow_is_denied(cloud: Cloud) -> None:
    cloud.flows.create_flow("f", task("acs:fc:::services/s/functions/f"), description="x", role_arn=ROLE)
    cloud.flows.create_schedule("f", "tick", "@every 1m")
    cloud.advance(130)
    assert [item.status for item in cloud.flows.list_executions("f").items] == ["Failed", "Failed"]
    grant(cloud, policy("fc:InvokeFunction"))
    cloud.advance(60)
    assert sorted(item.status for item in cloud.flows.list_executions("f").items) == ["Failed", "Failed", "Succeeded"]


# Functions that report


def asynchronous(cloud: Cloud, code: str) -> str:
    """A flow that waits for the end of an asynchronous call, of a function with a role."""
    cloud.ram.roles.attach("flow-role", SYSTEM, "AliyunFCInvocationAccess")
    cloud.ram.roles.create_role("worker-role", trust("fc.aliyuncs.com"))
    properties = {
        "FunctionName": "worker",
        "Handler": "index.handler",
        "Runtime": "python3.10",
        "Role": "acs:ram::123456789012:role/worker-role",
        "Code": {"SourceCode": code},
    }
    resources = {"F": {"Type": "ALIYUN::FC3::Function", "Properties": properties}}
    cloud.stacks.create_stack("s", json.dumps({"ROSTemplateFormatVersion": "2015-09-01", "Resources": resources}))
    cloud.run_until_idle()
    more = "    pattern: sync\n    timeoutSeconds: 30\n    serviceParams:\n      InvocationType: Async\n"
    return task(f"{FC}functions/worker", more)


GOOD = "def handler(event, context):\n    return {'done': True}\n"
BAD = "def handler(event, context):\n    raise ValueError('broken')\n"


def test_without_the_report_grant_the_step_never_ends(cloud: Cloud) -> None:
    definition = asynchronous(cloud, GOOD)
    assert run(cloud, definition) == ("Failed", "FnF.TaskTimeout")
    cloud.ram.roles.create_policy("report", policy(["fnf:ReportTaskSucceeded", "fnf:ReportTaskFailed"]))
    cloud.ram.roles.attach("worker-role", CUSTOM, "report")
    assert run(cloud, definition) == ("Succeeded", "")


def test_each_end_has_its_own_grant(cloud: Cloud) -> None:
    definition = asynchronous(cloud, BAD)
    cloud.ram.roles.create_policy("report", policy("fnf:ReportTaskSucceeded"))
    cloud.ram.roles.attach("worker-role", CUSTOM, "report")
    assert run(cloud, definition)[1] == "FnF.TaskTimeout"
    cloud.ram.roles.update_policy("report", policy("fnf:Report*"))
    assert run(cloud, definition)[1] == "ValueError"


def test_a_session_may_do_what_its_role_may(cloud: Cloud) -> None:
    waiting = task("acs:fc:::services/s/functions/f", "    pattern: waitForCallback\n")
    cloud.flows.create_flow("f", waiting, description="x")
    cloud.ram.roles.create_role("reporter", trust("fc.aliyuncs.com"))
    session = cloud.ram.assume_role("acs:ram::123456789012:role/reporter", "somebody")
    with serving(cloud) as served:
        key = Key(session.key.id, session.key.secret, session.token)
        flows = AliyunFlows(Session(key, endpoint=served.endpoint))
        with pytest.raises(AccessDenied, match="fnf:DescribeFlow"):
            flows.describe_flow("f")
        cloud.ram.roles.attach("reporter", SYSTEM, "AliyunFnFReadOnlyAccess")
        assert flows.describe_flow("f").name == "f"
        with pytest.raises(AccessDenied, match="fnf:StartExecution"):
            flows.start_execution("f")


# Grants


def test_grants_that_nothing_used_are_listed(cloud: Cloud) -> None:
    grant(cloud, policy("fc:InvokeFunction", FC + "services/s/functions/f"))
    cloud.ram.roles.attach("flow-role", SYSTEM, "AliyunMNSFullAccess")
    assert [found.policy for found in cloud.ram.roles.unused_grants()] == ["granted", "AliyunMNSFullAccess"]
    run(cloud, task("acs:fc:::services/s/functions/f"))
    (unused,) = cloud.ram.roles.unused_grants()
    assert (unused.role, unused.policy, unused.actions) == ("flow-role", "AliyunMNSFullAccess", ("mns:*",))


# The account's roles


def test_roles_and_policies_are_kept() -> None:
    store = MemoryStore(durable=True)
    with Cloud(store=store) as cloud:
        role = cloud.ram.roles.create_role("Flow-Role", trust("fnf.aliyuncs.com"), description="x")
        cloud.ram.roles.create_policy("p", policy("fc:*"))
        cloud.ram.roles.attach("flow-role", CUSTOM, "p")
        assert role.arn == "acs:ram::123456789012:role/flow-role"
    with Cloud(store=store) as cloud:
        cloud.recover()
        assert cloud.ram.roles.role("FLOW-ROLE").attached == ((CUSTOM, "p"),)
        assert cloud.ram.allows(ROLE, "fc:InvokeFunction", "*") is None
        assert cloud.ram.allows(ROLE, "mns:SendMessage", "*") is not None


def test_what_ram_refuses(cloud: Cloud) -> None:
    roles = cloud.ram.roles

    def code(act: object, *arguments: object) -> str:
        with pytest.raises(Fault) as refused:
            act(*arguments)  # type: ignore[operator]
        return refused.value.code

    assert code(roles.create_role, "flow-role", trust("fnf.aliyuncs.com")) == "EntityAlreadyExists.Role"
    assert code(roles.create_role, "a b", trust("fnf.aliyuncs.com")).startswith("InvalidParameter.RoleName")
    assert code(roles.create_role, "other", {"Version": "1"}) == "MalformedPolicyDocument"
    assert code(roles.role, "nobody") == "EntityNotExist.Role"
    assert code(roles.attach, "flow-role", SYSTEM, "AliyunNothing") == "EntityNotExist.Policy"
    assert code(roles.create_policy, "a_b", policy("fc:*")).startswith("InvalidParameter.PolicyName")
    assert code(roles.create_policy, "AliyunFCFullAccess", policy("fc:*")) == "EntityAlreadyExists.Policy"
    assert code(roles.create_policy, "p", {"Version": "1", "Statement": []}) == "MalformedPolicyDocument"
    assert code(roles.create_policy, "long", policy(["fc:" + "x" * 7000])) == "LimitExceeded.PolicySize"
    roles.create_policy("p", policy("fc:*"))
    roles.attach("flow-role", CUSTOM, "p")
    assert code(roles.attach, "flow-role", CUSTOM, "p") == "EntityAlreadyExists.Role.Policy"
    assert code(roles.delete_role, "flow-role") == "DeleteConflict.Role.Policy"
    assert code(roles.delete_policy, "p") == "DeleteConflict.Policy.Role"
    roles.detach("flow-role", CUSTOM, "p")
    assert code(roles.detach, "flow-role", CUSTOM, "p") == "EntityNotExist.Role.Policy"
    roles.delete_policy("p")
    roles.delete_role("flow-role")
    assert roles.roles() == ()
