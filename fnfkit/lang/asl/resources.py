"""What a Task calls: Lambda functions, SQS queues, SNS topics and other state machines, and how it waits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fnfkit.lang.asl.schema import ACCOUNT, REGION
from fnfkit.model.flow import Pattern
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, Target, TopicRef

_LAMBDA = re.compile(r"arn:aws:lambda:([a-z0-9-]+):(\d{12}):function:([A-Za-z0-9_-]+)(?::([A-Za-z0-9_$-]+))?\Z")
_MACHINE = re.compile(r"arn:aws:states:([a-z0-9-]+):(\d{12}):stateMachine:([A-Za-z0-9_-]+)\Z")
_TOPIC = re.compile(r"arn:aws:sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]+)\Z")
_QUEUE = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com/(\d{12})/([A-Za-z0-9_-]+)\Z")
_SERVICE = re.compile(r"arn:aws:states:::(lambda:invoke|sqs:sendMessage|sns:publish|states:startExecution)(\.\S+)?\Z")

SUFFIXES = {
    "": Pattern.REQUEST_RESPONSE,
    ".sync:2": Pattern.SYNC,
    ".waitForTaskToken": Pattern.WAIT_FOR_CALLBACK,
}
_SUFFIX = {pattern: suffix for suffix, pattern in SUFFIXES.items()}


@dataclass(frozen=True, slots=True)
class Service:
    """An optimised integration: the parameter that names the resource, and parameter -> the model's parameter."""

    name: str
    resource: str
    parameters: dict[str, str]
    payload: str = ""
    required: str = ""
    """The model's parameter that has to be there."""


SERVICES = {
    "lambda:invoke": Service("lambda:invoke", "FunctionName", {}, "Payload"),
    "sqs:sendMessage": Service(
        "sqs:sendMessage",
        "QueueUrl",
        {"MessageBody": "MessageBody", "DelaySeconds": "DelaySeconds"},
        required="MessageBody",
    ),
    "sns:publish": Service(
        "sns:publish", "TopicArn", {"Message": "MessageBody", "Subject": "MessageTag"}, required="MessageBody"
    ),
    "states:startExecution": Service(
        "states:startExecution", "StateMachineArn", {"Input": "Input", "Name": "ExecutionName"}
    ),
}


def service_of(resource: str) -> tuple[Service, str] | None:
    """The integration a Resource names, and the suffix that says how to wait; None for any other text."""
    match = _SERVICE.match(resource)
    return (SERVICES[match[1]], match[2] or "") if match else None


def function_of(text: str) -> FunctionRef | None:
    """The function a Lambda ARN names. `__` parts the service that functions of the older generation have."""
    match = _LAMBDA.match(text)
    if match is None:
        return None
    region, account, name, qualifier = match.groups()
    service, _, function = name.partition("__") if "__" in name else ("", "", name)
    qualifier = {None: "", "$LATEST": "LATEST"}.get(qualifier, qualifier)
    return FunctionRef(function, service, qualifier or "", *_place(region, account))


def function_name(function: str, service: str) -> str:
    """What a function is called among functions that have no service."""
    return f"{service}__{function}" if service else function


def target_of(service: Service, text: str) -> Target | None:
    """The resource that an integration's parameter names."""
    match service.name:
        case "lambda:invoke":
            return function_of(text)
        case "sqs:sendMessage":
            match = _QUEUE.match(text)
            return QueueRef(match[3], *_place(match[1], match[2])) if match else None
        case "sns:publish":
            match = _TOPIC.match(text)
            return TopicRef(match[3], *_place(match[1], match[2])) if match else None
        case _:
            match = _MACHINE.match(text)
            return FlowRef(match[3], *_place(match[1], match[2])) if match else None


def _place(region: str, account: str) -> tuple[str, str]:
    return ("" if region == REGION else region, "" if account == ACCOUNT else account)


def resource_text(target: Target) -> tuple[Service, str] | None:
    """The integration that calls a target and how it names the target; None if there is none."""
    match target:
        case FunctionRef(function, service, qualifier, region, account):
            name = function_name(function, service)
            tail = f":{'$LATEST' if qualifier == 'LATEST' else qualifier}" if qualifier else ""
            text = f"arn:aws:lambda:{region or REGION}:{account or ACCOUNT}:function:{name}{tail}"
            found = SERVICES["lambda:invoke"]
        case QueueRef(queue, region, account):
            text = f"https://sqs.{region or REGION}.amazonaws.com/{account or ACCOUNT}/{queue}"
            found = SERVICES["sqs:sendMessage"]
        case TopicRef(topic, region, account):
            text = f"arn:aws:sns:{region or REGION}:{account or ACCOUNT}:{topic}"
            found = SERVICES["sns:publish"]
        case FlowRef(flow, region, account):
            text = f"arn:aws:states:{region or REGION}:{account or ACCOUNT}:stateMachine:{flow}"
            found = SERVICES["states:startExecution"]
        case _:
            return None
    return (found, text) if target_of(found, text) == target else None


def suffix_of(pattern: Pattern) -> str:
    """How a Resource says that a Task waits."""
    return _SUFFIX[pattern]
