"""Task states: what they call, how they wait, their retries and catches (cloudflow.md 5, 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fnfkit.lang.cloudflow.constructors import constructed, read_value
from fnfkit.lang.cloudflow.expressions import OWN
from fnfkit.lang.cloudflow.schema import LONGEST_TIMEOUT, MODES
from fnfkit.lang.fdl.findings import Findings, among, kind
from fnfkit.lang.template import SUFFIX
from fnfkit.lang.trees import children
from fnfkit.model.expr import INPUT, Const, Expr, Key, Object, Path, Root
from fnfkit.model.flow import Pattern, Task
from fnfkit.model.json import JsonObject
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, Target, TopicRef, Unresolved, parse_arn
from fnfkit.model.problem import Location

PATTERNS = {
    "RequestComplete": Pattern.REQUEST_RESPONSE,
    "WaitForSystemCallback": Pattern.SYNC,
    "WaitForCustomCallback": Pattern.WAIT_FOR_CALLBACK,
}
_ACTION = re.compile(r"([A-Za-z][\w-]*):([A-Za-z]\w*)\Z", re.ASCII)
_STAND_IN = Unresolved("", "")
_TOKEN = Path(Root.CONTEXT, (Key("task"), Key("token")))
DEFAULT_PRIORITY = Const(8)
"""Of a message; the older language has it written out (cloudflow.md 5.3)."""


@dataclass(frozen=True, slots=True)
class Integration:
    """An action with a form of its own in the model: what its `resourceArn` names, and parameter -> the model's
    parameter. `body` is what the target is given as a whole."""

    kinds: tuple[type, ...]
    required: tuple[str, ...]
    parameters: dict[str, str]
    body: str = ""
    modes: tuple[str, ...] = MODES


INTEGRATIONS: dict[str, Integration] = {
    "FC:InvokeFunction": Integration(
        (FunctionRef, Unresolved), ("resourceArn", "invocationType"), {"invocationType": "InvocationType"}, "body"
    ),
    "MNS:SendMessage": Integration(
        (QueueRef, TopicRef, Unresolved),
        ("resourceArn", "message"),
        {
            "message": "MessageBody",
            "priority": "Priority",
            "delaySeconds": "DelaySeconds",
            "messageTag": "MessageTag",
            "messageAttributes": "MessageAttributes",
        },
        modes=("RequestComplete", "WaitForCustomCallback"),
    ),
    "FNF:StartExecution": Integration(
        (FlowRef, Unresolved), ("resourceArn",), {"executionName": "ExecutionName", "input": "Input"}
    ),
}
"""cloudflow.md 5.3. Any other action is an API of a product, called with its parameters as they are."""
_HTTP = ("RequestComplete", "WaitForCustomCallback")


def read_task(state: JsonObject, name: str, at: Location, findings: Findings) -> Task:
    """The parts of a Task that other states lack."""
    action = findings.text(state, "Action", at, "E04") or ""
    if "Action" not in state:
        findings.error("E04", at, "the task has no `Action`", f"add `Action: {next(iter(INTEGRATIONS))}`")
    parameters = findings.mapping(state.get("Parameters", {}), (*at, "Parameters"), "`Parameters`") or {}
    target, params, sends = _call(action, parameters, at, findings)
    pattern = _pattern(state, action, at, findings)
    return Task(
        name=name,
        target=target,
        pattern=pattern,
        params=params,
        sends=sends,
        timeout=_timeout(state, at, findings),
        timeout_from=_timeout_from(state, at, findings),
    )


def check_waiting(task: Task, at: Location, findings: Findings) -> None:
    """Warns of a task whose mode does not do what it seems to."""
    check_token(task, at, findings)
    params = dict(task.params.fields) if isinstance(task.params, Object) else {}
    if task.pattern is Pattern.REQUEST_RESPONSE and params.get("InvocationType") == Const("Async"):
        # The vendor's own text says that such a state tracks its task (scenarios.md 11).
        fix = "write `TaskMode: WaitForSystemCallback` if the state is to end with the function"
        findings.warn("S07", at, "the state ends once the call is accepted, whatever becomes of the function", fix)


def check_token(task: Task, at: Location, findings: Findings) -> None:
    """Warns of a task that waits for a report which nobody can make; HTTP carries the token in a header."""
    if task.pattern is not Pattern.WAIT_FOR_CALLBACK or str(task.target).startswith("HTTP:"):
        return
    level = [expr for expr in (task.takes, task.params, task.sends) if expr is not None]
    while level:
        # An input built before may carry it too.
        if any(expr in (_TOKEN, INPUT) for expr in level):
            return
        level = [child for expr in level for child in children(expr)]
    fix = "pass `$Context.Current.TaskToken` in the parameters"
    findings.warn("S03", at, "nothing tells the callee the token it has to report with", fix)


def _call(
    action: str, parameters: JsonObject, at: Location, findings: Findings
) -> tuple[Target, Expr | None, Expr | None]:
    place = (*at, "Parameters")
    _check_keys(parameters, place, findings)
    integration = INTEGRATIONS.get(action)
    if integration is None:
        match = _ACTION.match(action)
        if action and match is None:
            fix = "write `<Product>:<Api>`, such as `FC:InvokeFunction`"
            findings.error("E04", (*at, "Action"), f"`{action:.60}` is not a form of `Action`", fix)
        target: Target = ActionRef(match[1], match[2]) if match else _STAND_IN
        return target, _object(constructed(parameters, place, OWN, findings)), None
    for key in integration.required:
        if key not in parameters and key + SUFFIX not in parameters:
            findings.error("E04", place, f"`{action}` needs `{key}`", f"add `{key}: …` to the Parameters")
    target = _target(integration, action, parameters, place, findings)
    given = {key: value for key, value in parameters.items() if key.removesuffix(SUFFIX) != "resourceArn"}
    built = _object(constructed(given, place, OWN, findings))
    return target, *_parts(integration, action, built, place, findings)


def _check_keys(parameters: JsonObject, at: Location, findings: Findings) -> None:
    for key in parameters:
        if key[:1].isupper():
            fix = f"write `{key[0].lower()}{key[1:]}`"
            findings.warn("S04", (*at, key), f"the parameter `{key:.60}` begins with a capital", fix)


def _object(expr: Expr) -> Object:
    if isinstance(expr, Const):
        return Object(tuple((key, Const(value)) for key, value in expr.value.items()))
    assert isinstance(expr, Object)
    return expr


def _target(integration: Integration, action: str, parameters: JsonObject, at: Location, findings: Findings) -> Target:
    arn = parameters.get("resourceArn")
    if "resourceArn" + SUFFIX in parameters:
        fix = "write the resource itself; what a task calls is fixed when the flow is created"
        findings.error("E04", (*at, "resourceArn" + SUFFIX), "`resourceArn` cannot be an expression", fix)
        return _STAND_IN
    if not isinstance(arn, str):
        if "resourceArn" in parameters:
            findings.error(
                "E04", (*at, "resourceArn"), f"`resourceArn` must be text, not {kind(arn)}", "write the ARN as text"
            )
        return _STAND_IN
    if re.search(r"<[^<>\s]+>|\$\{[^{}]+\}", arn):
        return Unresolved("", arn)
    target = parse_arn(arn)
    if target is None or not isinstance(target, integration.kinds):
        fix = "see the forms of resources: acs:fc:::functions/{function}/{qualifier}, acs:fnf:::flow/{name}"
        findings.error("E04", (*at, "resourceArn"), f"`{arn:.100}` is nothing that `{action}` calls", fix)
        return _STAND_IN
    return target


def _parts(
    integration: Integration, action: str, built: Object, at: Location, findings: Findings
) -> tuple[Expr | None, Expr | None]:
    params: list[tuple[str, Expr]] = []
    sends: Expr | None = Const({}) if integration.body else None
    for key, value in built.fields:
        if key == integration.body:
            sends = value
        elif key in integration.parameters:
            params.append((integration.parameters[key], value))
        else:
            known = ("resourceArn", *integration.parameters, *([integration.body] if integration.body else []))
            fix = findings.meant(key, known) or among(known)
            findings.error("E03", (*at, key), f"`{action}` has no parameter `{key:.60}`", fix)
    _check_invocation(params, at, findings)
    if action == "MNS:SendMessage" and "Priority" not in dict(params):
        params.append(("Priority", DEFAULT_PRIORITY))
    return Object(tuple(params)), sends


def _check_invocation(params: list[tuple[str, Expr]], at: Location, findings: Findings) -> None:
    for key, value in params:
        if key == "InvocationType" and isinstance(value, Const) and value.value not in ("Sync", "Async"):
            message = f"`invocationType` must be Sync or Async, not {kind(value.value)}"
            findings.error("E04", (*at, "invocationType"), message, "write `invocationType: Sync`")


def _pattern(state: JsonObject, action: str, at: Location, findings: Findings) -> Pattern:
    if "TaskMode" not in state:
        return Pattern.REQUEST_RESPONSE
    mode = findings.text(state, "TaskMode", at, "E09")
    if mode is None:
        return Pattern.REQUEST_RESPONSE
    place = (*at, "TaskMode")
    if mode not in PATTERNS:
        fix = findings.meant(mode, MODES) or among(MODES)
        findings.error("E09", place, f"there is no task mode `{mode:.40}`", fix)
        return Pattern.REQUEST_RESPONSE
    offered = _modes(action)
    if mode not in offered:
        findings.error("E09", place, f"`{mode}` is not offered for `{action:.60}`", among(offered))
    return PATTERNS[mode]


def _modes(action: str) -> tuple[str, ...]:
    if action in INTEGRATIONS:
        return INTEGRATIONS[action].modes
    return _HTTP if action.startswith("HTTP:") else MODES[:1]


def _timeout(state: JsonObject, at: Location, findings: Findings) -> int | None:
    value = state.get("Timeout", 0)
    if isinstance(value, str) and value.isdecimal():  # typed so in one table (cloudflow.md 10, no. 10)
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_TIMEOUT:
        return value or None
    message = f"`Timeout` must be whole seconds from 0 to {LONGEST_TIMEOUT}, not {kind(value)}"
    findings.error("E11", (*at, "Timeout"), message, "leave it out for none")
    return None


def _timeout_from(state: JsonObject, at: Location, findings: Findings) -> Expr | None:
    key = "Timeout" + SUFFIX
    if key not in state:
        return None
    if "Timeout" in state:
        findings.error("E11", (*at, key), f"both `Timeout` and `{key}` are given", "keep one of the two")
    return read_value(state[key], (*at, key), OWN, findings)
