"""Task states: the resource, the payload, and what comes back."""

from __future__ import annotations

from fnfkit.lang.asl.expressions import read_path
from fnfkit.lang.asl.paths import given, template
from fnfkit.lang.asl.resources import SUFFIXES, Service, function_of, service_of, target_of
from fnfkit.lang.fdl.findings import Findings, among
from fnfkit.model.expr import INPUT, RESULT, Const, Expr, Object
from fnfkit.model.flow import Pattern, Task
from fnfkit.model.json import JsonObject
from fnfkit.model.names import QueueRef, Target, TopicRef, Unresolved
from fnfkit.model.problem import Location

WRAPPED = Object((("Payload", RESULT), ("StatusCode", Const(200)), ("ExecutedVersion", Const("$LATEST"))))
"""What `lambda:invoke` makes of a function's result."""
_STAND_IN = Unresolved("", "")


def read_task(state: JsonObject, name: str, input: Expr, at: Location, findings: Findings) -> Task:
    """The parts of a Task that other states lack, with what it takes and gives."""
    resource = findings.text(state, "Resource", at, "E04") or ""
    if "HeartbeatSeconds" in state:
        findings.error("E03", (*at, "HeartbeatSeconds"), "nothing sends heartbeats here", "write `TimeoutSeconds`")
    parameters = template(state, "Parameters", input, at, findings)
    result: Expr = RESULT
    pattern, params, sends = Pattern.REQUEST_RESPONSE, None, None
    target: Target | None = function_of(resource)
    takes = parameters or input
    if target is None:
        found = service_of(resource)
        if found is None:
            fix = "a Lambda ARN, or arn:aws:states:::lambda:invoke, sqs:sendMessage, sns:publish, states:startExecution"
            findings.error("E04", at, f"`{resource:.80}` is not a resource that is supported", fix)
            target = _STAND_IN
        else:
            service, suffix = found
            pattern = _pattern(service, suffix, at, findings)
            target, params, takes = _call(service, parameters, at, findings)
            if service.payload and pattern is not Pattern.WAIT_FOR_CALLBACK:
                result = WRAPPED
    selected = template(state, "ResultSelector", result, at, findings) or result
    timeout, timeout_from = _timeout(state, at, findings)
    return Task(
        name=name,
        target=target,
        pattern=pattern,
        params=params,
        sends=sends,
        timeout=timeout,
        timeout_from=timeout_from,
        takes=takes,
        gives=given(state, selected, at, findings),
    )


def _pattern(service: Service, suffix: str, at: Location, findings: Findings) -> Pattern:
    offered = {
        "lambda:invoke": ("", ".waitForTaskToken"),
        "sqs:sendMessage": ("", ".waitForTaskToken"),
        "sns:publish": ("", ".waitForTaskToken"),
        "states:startExecution": ("", ".sync:2", ".waitForTaskToken"),
    }[service.name]
    if suffix not in offered:
        message = f"`{service.name}` cannot wait as `{suffix}` says"
        findings.error("E09", (*at, "Resource"), message, among(f"`{known}`" for known in offered))
        return Pattern.REQUEST_RESPONSE
    return SUFFIXES[suffix]


def _call(
    service: Service, parameters: Expr | None, at: Location, findings: Findings
) -> tuple[Target, Expr | None, Expr]:
    """Target, parameters over the task's input, and that input, which holds all that is computed."""
    place = (*at, "Parameters")
    fields = _fields(parameters)
    named = fields.pop(service.resource, None)
    target = target_of(service, named.value) if isinstance(named, Const) and isinstance(named.value, str) else None
    if target is None:
        message = f"`{service.resource}` must name what `{service.name}` calls, as a constant"
        findings.error("E04", place, message, "write its ARN, or the URL of a queue")
    if service.payload:
        for key in [key for key in fields if key != service.payload]:
            findings.error("E03", (*place, key), f"`{service.name}` has no parameter `{key:.40}` here", "remove it")
        return target or _STAND_IN, None, fields.get(service.payload, Const({}))
    params: list[tuple[str, Expr]] = []
    for key in fields:
        if key in service.parameters:
            params.append((service.parameters[key], fields[key]))
        else:
            findings.error("E03", (*place, key), f"`{service.name}` has no parameter `{key:.40}` here", "remove it")
    if isinstance(target, QueueRef | TopicRef) and "MessageBody" not in dict(params):
        findings.error("E04", place, f"`{service.name}` needs a message", "add it to the Parameters")
    return target or _STAND_IN, _over_input(params), Object(tuple(params))


def _over_input(params: list[tuple[str, Expr]]) -> Expr:
    """The parameters, which the task's input holds under their own names."""
    return INPUT if params else Const({})


def _fields(expr: Expr | None) -> dict[str, Expr]:
    match expr:
        case Object(fields):
            return dict(fields)
        case Const(dict() as value):
            return {key: Const(item) for key, item in value.items()}
        case _:
            return {}


def _timeout(state: JsonObject, at: Location, findings: Findings) -> tuple[int | None, Expr | None]:
    if "TimeoutSecondsPath" in state:
        if "TimeoutSeconds" in state:
            message = "both `TimeoutSeconds` and `TimeoutSecondsPath` are given"
            findings.error("E11", (*at, "TimeoutSecondsPath"), message, "keep one of the two")
        text = findings.text(state, "TimeoutSecondsPath", at)
        path = None if text is None else read_path(text, (*at, "TimeoutSecondsPath"), INPUT, findings)
        return None, path
    return findings.seconds(state, "TimeoutSeconds", at), None
