"""The rights a project needs on AWS and no more: one statement per action and target, each by its ARN.

`*` stands only where the service has no resource to name: reporting a task goes by its token (Service Authorization
Reference, AWS Step Functions).
"""

from __future__ import annotations

from collections.abc import Iterable

from fnfkit.deploy.aws.arns import ACCOUNT, PARTITION, REGION, Arns, arn
from fnfkit.deploy.graph import Call
from fnfkit.model.flow import Pattern
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, TopicRef, dead_letter_queue
from fnfkit.model.stack import GetAtt, Sub, Value

FLOWS, FUNCTIONS, SCHEDULER = "states.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"

REPORT = ("states:SendTaskSuccess", "states:SendTaskFailure")
_WORK = (
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
    *("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
)
_PARK = ("sqs:GetQueueUrl", "sqs:CreateQueue", "sqs:SendMessage")
_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
_NO_ARN = "*"

VERSION = "2012-10-17"
LONGEST = 10_240
"""Characters of all inline policies of a role together, white space not counted (IAM quotas)."""


def trust(principal: str) -> dict[str, Value]:
    """Who may assume a role."""
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    return {"Version": VERSION, "Statement": [statement]}


def document(statements: list[Value]) -> dict[str, Value]:
    """A policy document."""
    return {"Version": VERSION, "Statement": statements}


def flow_rights(calls: Iterable[Call], arns: Arns) -> list[Value]:
    """The statements of a state machine's role: exactly what its steps call."""
    found = [statement for call in calls for statement in _call(call, arns)]
    return [one for number, one in enumerate(found) if one not in found[:number]]


def function_rights(log_group: str, *, reports: bool) -> list[Value]:
    """The statements of a function's role: writing its log, and reporting tasks if it is called with their tokens."""
    return [_allow(_LOG, GetAtt(log_group, "Arn")), *([report()] if reports else [])]


def worker_rights(queue: str, arns: Arns) -> list[Value]:
    """The statements of a worker of a queue: working on it, parking what cannot be worked on, and reporting."""
    parked = QueueRef(dead_letter_queue(queue))
    return [_allow(_WORK, arns.granted(QueueRef(queue))), _allow(_PARK, arns.granted(parked)), report()]


def schedule_rights(flow: FlowRef) -> list[Value]:
    """The statements of a schedule's role."""
    return [_allow(("states:StartExecution",), Sub(arn(flow)))]


def report() -> Value:
    """The right to report the end of tasks."""
    return _allow(REPORT, _NO_ARN)


def _call(call: Call, arns: Arns) -> list[Value]:
    match call.target:
        case FunctionRef() as target:
            return [_allow(("lambda:InvokeFunction",), arns.granted(target))]
        case QueueRef() as target:
            return [_allow(("sqs:SendMessage",), arns.granted(target))]
        case TopicRef() as target:
            return [_allow(("sns:Publish",), arns.granted(target))]
        case FlowRef() as target:
            start = _allow(("states:StartExecution",), arns.granted(target))
            return [start, *_watched(target)] if call.pattern is Pattern.SYNC else [start]
        case _:
            return []


def _watched(flow: FlowRef) -> list[Value]:
    """What waiting for another state machine takes: its executions, and the rule by which their end is told (Step
    Functions Developer Guide, IAM policies of StartExecution with .sync)."""
    executions = f"{arn(flow).replace(':stateMachine:', ':execution:')}:*"
    rule = f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    return [
        _allow(("states:DescribeExecution", "states:StopExecution"), Sub(executions)),
        _allow(("events:PutTargets", "events:PutRule", "events:DescribeRule"), Sub(rule)),
    ]


def _allow(actions: tuple[str, ...], resource: Value) -> Value:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [resource]}
