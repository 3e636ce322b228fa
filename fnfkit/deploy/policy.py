"""The rights a project needs and no more (ros.md 10.3): one statement per action and target, each ARN spelled out."""

from __future__ import annotations

from collections.abc import Iterable

from fnfkit.deploy.graph import Call
from fnfkit.model.json import JsonObject
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, TopicRef, dead_letter_queue
from fnfkit.model.stack import Sub, Value

FLOWS = "fnf.aliyuncs.com"
FUNCTIONS = "fc.aliyuncs.com"
REGION, ACCOUNT = "${ALIYUN::Region}", "${ALIYUN::TenantId}"

REPORT = ("fnf:ReportTaskSucceeded", "fnf:ReportTaskFailed")
_WORK = ("mns:ReceiveMessage", "mns:DeleteMessage", "mns:ChangeMessageVisibility")
ANY = "*"
"""The resource of actions that have no ARN (ros.md 10.3)."""


def trust(principal: str) -> JsonObject:
    """Who may assume a role (ros.md 10.1)."""
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [principal]}}
    return {"Version": "1", "Statement": [statement]}


def flow_rights(calls: Iterable[Call]) -> dict[str, Value] | None:
    """The policy of a flow's role: exactly what its steps call. None if they call nothing."""
    statements = [statement for call in calls for statement in _call(call)]
    unique = [one for number, one in enumerate(statements) if one not in statements[:number]]
    return document(unique) if unique else None


def report_rights() -> dict[str, Value]:
    """The policy of a function that reports the end of tasks, its own or by the service."""
    return document([_allow(REPORT, ANY)])


def worker_rights(queue: str) -> dict[str, Value]:
    """The policy of a worker of a queue: working on it, parking what cannot be worked on, and reporting."""
    letters = dead_letter_queue(queue)
    made, parked = Sub(f"acs:mns:{REGION}:{ACCOUNT}:/queues/{letters}"), _arn(QueueRef(letters))
    parking = [_allow(("mns:CreateQueue",), made), _allow(("mns:SendMessage",), parked)]
    return document([_allow(_WORK, _arn(QueueRef(queue))), *parking, _allow(REPORT, ANY)])


def document(statements: list[Value]) -> dict[str, Value]:
    """A policy document."""
    return {"Version": "1", "Statement": statements}


def _call(call: Call) -> list[Value]:
    match call.target:
        case FunctionRef() as target:
            # A call of LATEST is granted with and without naming it, as published samples do (ros.md 10.3).
            plain = FunctionRef(target.function, target.service, "", target.region, target.account)
            named = [plain, target] if target.qualifier == "LATEST" else [target]
            return [_allow(("fc:InvokeFunction",), _arn(one)) for one in named]
        case QueueRef() as target:
            return [_allow(("mns:SendMessage",), _arn(target))]
        case TopicRef() as target:
            return [_allow(("mns:PublishMessage",), _arn(target))]
        case FlowRef():
            # "All resources" is what the service's page offers for this action (ros.md 10.3).
            return [_allow(("fnf:StartExecution",), ANY)]
        case ActionRef(service, api):
            return [_allow((f"{service}:{api}",), ANY)]
        case _:
            return []


def _arn(ref: FunctionRef | QueueRef | TopicRef) -> Value:
    """The ARN with region and account, which a policy does not take as understood (ros.md 10.4)."""
    region, account = ref.region or REGION, ref.account or ACCOUNT
    match ref:
        case FunctionRef(function, service, qualifier):
            return Sub(str(FunctionRef(function, service, qualifier, region, account)))
        case QueueRef(queue):
            return Sub(str(QueueRef(queue, region, account)))
        case TopicRef(topic):
            return Sub(str(TopicRef(topic, region, account)))


def _allow(actions: tuple[str, ...], resource: Value) -> Value:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [resource]}
