"""Reading task steps: target, pattern, parameters, retry and catch (fdl.md 4)."""

from __future__ import annotations

import math
import re

from fnfkit.lang.fdl.findings import Findings, among, kind
from fnfkit.lang.fdl.schema import CATCH, LONGEST_INTERVAL, RETRY
from fnfkit.lang.fdl.sources import GIVES, read_mappings, read_parameters
from fnfkit.lang.marked import Tagged
from fnfkit.model.expr import Expr, Object
from fnfkit.model.flow import Catch, Pattern, Retry, Task
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import ActionRef, QueueRef, Target, TopicRef, Unresolved, parse_arn
from fnfkit.model.problem import Location

_PLACEHOLDER = re.compile(r"<[^<>\s]+>|\$\{[^{}]+\}")
_FORMS = (
    "acs:fc:{region}:{account}:services/{service}/functions/{function}",
    "acs:mns:{region}:{account}:/queues/{queue}/messages",
    "acs:mns:{region}:{account}:/topics/{topic}/messages",
    "acs:fnf:{region}:{account}:flow/{name}",
)
_RESOURCE = re.compile(r"acs:(fc|mns|fnf)(:[^/]*?):*(services/.+|functions/.+|/queues/.+|/topics/.+|flow/.+)\Z")
_ACTION = re.compile(r"([A-Za-z][\w-]*):([A-Za-z]\w*)\Z", re.ASCII)
_PATTERNS = {pattern.value: pattern for pattern in Pattern}
_STAND_IN = Unresolved("", "")


def read_task(step: JsonObject, name: str, at: Location, findings: Findings) -> Task:
    """The parts of a task that other steps lack; the caller adds mappings and `end`."""
    target = read_target(step, at, findings)
    return Task(
        name=name,
        target=target,
        pattern=_pattern(step, target, at, findings),
        params=_parameters(step, at, findings),
        timeout=findings.seconds(step, "timeoutSeconds", at) if "timeoutSeconds" in step else None,
        retry=_retries(step, at, findings) if "retry" in step else (),
        catch=_catches(step, at, findings) if "catch" in step else (),
        on_error=read_mappings(step, "errorMappings", at, GIVES, findings) if "errorMappings" in step else None,
    )


# -- target


def read_target(step: JsonObject, at: Location, findings: Findings) -> Target:
    """What the task calls: exactly one of resourceArn and action (fdl.md 4.1)."""
    match "resourceArn" in step, "action" in step:
        case True, True:
            fix = "keep resourceArn for functions, queues, topics and flows, action for other services"
            findings.error("E04", (*at, "action"), "the task has both `resourceArn` and `action`", fix)
        case False, False:
            fix = f"add `resourceArn: {_FORMS[0]}`"
            findings.error("E04", at, "the task has neither `resourceArn` nor `action`", fix)
            return _STAND_IN
    key = "resourceArn" if "resourceArn" in step else "action"
    return _target(step[key], key, (*at, key), findings)


def _target(value: Json, key: str, at: Location, findings: Findings) -> Target:
    filled_in = key == "resourceArn"  # by deployment, and only there (fdl.md 1)
    if filled_in and isinstance(value, Tagged) and isinstance(value.value, str):
        return Unresolved(value.tag, value.value)
    if not isinstance(value, str):
        findings.error("E04", at, f"`{key}` must be text, not {kind(value)}", _correction("", key))
        return _STAND_IN
    if filled_in and _PLACEHOLDER.search(value):
        return Unresolved("", value)
    target = parse_arn(value) if filled_in else _action(value)
    if target is not None:
        return target
    findings.error("E04", at, f"`{value:.100}` is not a form of `{key}`", _correction(value, key))
    return Unresolved("", value)


def _action(text: str) -> ActionRef | None:
    match = _ACTION.match(text)
    return ActionRef(match[1], match[2]) if match else None


def _correction(text: str, key: str) -> str:
    if key == "action":
        return "write `service:Api`, such as `fnf:StartExecution`"
    if match := _RESOURCE.match(text):
        region, account = (*match[2].strip(":").split(":"), "")[:2]
        fixed = f"acs:{match[1]}:{region}:{account}:{match[3]}"
        if fixed != text and parse_arn(fixed):
            return f"the number of colons is wrong: write `{fixed}`"
    return "write one of " + ", ".join(f"`{form}`" for form in _FORMS) + "; region and account may be empty"


# -- pattern, parameters


def _pattern(step: JsonObject, target: Target, at: Location, findings: Findings) -> Pattern:
    if "pattern" not in step:
        return Pattern.REQUEST_RESPONSE
    text = findings.text(step, "pattern", at, "E09")
    if text is None:
        return Pattern.REQUEST_RESPONSE
    place = (*at, "pattern")
    pattern = _PATTERNS.get(text)
    if pattern is None:
        fix = findings.meant(text, _PATTERNS) or among(_PATTERNS)
        findings.error("E09", place, f"there is no pattern `{text:.40}`", fix)
        return Pattern.REQUEST_RESPONSE
    offered = _offered(target)
    if pattern not in offered:
        what = "an action" if isinstance(target, ActionRef) else "a queue or topic"
        message = f"the pattern `{text}` is not offered for {what}"
        findings.error("E09", place, message, among(other.value for other in offered))
    return pattern


def _offered(target: Target) -> tuple[Pattern, ...]:
    match target:  # fdl.md 4.2
        case ActionRef():
            return (Pattern.REQUEST_RESPONSE,)
        case QueueRef() | TopicRef():
            return (Pattern.REQUEST_RESPONSE, Pattern.WAIT_FOR_CALLBACK)
        case _:
            return tuple(Pattern)


def _parameters(step: JsonObject, at: Location, findings: Findings) -> Expr | None:
    if "serviceParams" not in step:
        return None
    place = (*at, "serviceParams")
    params = findings.mapping(step["serviceParams"], place, "`serviceParams`")
    if params is None:
        return None
    return Object(tuple((key, read_parameters(item, (*place, key), findings)) for key, item in params.items()))


# -- retry and catch


def _retries(step: JsonObject, at: Location, findings: Findings) -> tuple[Retry, ...]:
    policies = findings.list(step, "retry", at, "E08") or []
    place = (*at, "retry")
    return tuple(_retry(policy, (*place, position), findings) for position, policy in enumerate(policies))


def _retry(value: Json, at: Location, findings: Findings) -> Retry:
    policy = findings.mapping(value, at, "a retry policy", "E08")
    if policy is None:
        return Retry(())
    findings.known(policy, RETRY, at, "a retry policy")
    errors = _errors(policy, at, findings)
    return Retry(
        errors,
        _whole(policy, "intervalSeconds", at, (1, LONGEST_INTERVAL), 1, findings=findings),
        _whole(policy, "maxIntervalSeconds", at, (1, LONGEST_INTERVAL), LONGEST_INTERVAL, findings=findings),
        _whole(policy, "maxAttempts", at, (0, 2**31 - 1), 3, findings=findings),
        _multiplier(policy, at, findings),
    )


def _whole(
    owner: JsonObject, key: str, at: Location, limits: tuple[int, int], default: int, *, findings: Findings
) -> int:
    value = owner.get(key, default)
    low, high = limits
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    message = f"`{key}` must be a whole number from {low} to {high}, not {kind(value)}"
    findings.error("E08", (*at, key), message, f"leave it out for {default}")
    return default


def _multiplier(policy: JsonObject, at: Location, findings: Findings) -> float:
    value = policy.get("multiplier", 2)
    # That it may not shrink the delay is inferred; 1 and 1.5 are seen (fdl.md 4.6).
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 1:
        return value
    message = f"`multiplier` must be a number of 1 or more, not {kind(value)}"
    findings.error("E08", (*at, "multiplier"), message, "leave it out for 2")
    return 2


def _catches(step: JsonObject, at: Location, findings: Findings) -> tuple[Catch, ...]:
    entries = findings.list(step, "catch", at, "E08") or []
    place = (*at, "catch")
    return tuple(_catch(entry, (*place, position), findings) for position, entry in enumerate(entries))


def _catch(value: Json, at: Location, findings: Findings) -> Catch:
    entry = findings.mapping(value, at, "a catch", "E08")
    if entry is None:
        return Catch((), "")
    if "steps" in entry:
        fix = "put the steps after the task and name the first one with `goto`"
        findings.error("E03", (*at, "steps"), "`steps` in a catch is not documented and not supported", fix)
    findings.known(entry, (*CATCH, "steps"), at, "a catch")
    goto = findings.text(entry, "goto", at, "E08")
    if "goto" not in entry:
        findings.error("E08", at, "the catch has no `goto`", "name a step beside the task: `goto: StepName`")
    return Catch(_errors(entry, at, findings), goto or "")


def _errors(owner: JsonObject, at: Location, findings: Findings) -> tuple[str, ...]:
    names = findings.list(owner, "errors", at, "E08")
    place = (*at, "errors")
    if not names:
        if names is not None or "errors" not in owner:
            findings.error(
                "E08", at if names is None else place, "`errors` names no error", "write `errors: [FnF.ALL]`"
            )
        return ()
    for position, name in enumerate(names):
        if not isinstance(name, str):
            findings.error("E08", (*place, position), f"an error name must be text, not {kind(name)}", _outdent(name))
    return tuple(name for name in names if isinstance(name, str))


def _outdent(item: Json) -> str:
    """The layout the vendor's documents lost: the keys of a policy stand beside `errors` (fdl.md 8, no. 4)."""
    misplaced = [key for key in (*RETRY, *CATCH) if isinstance(item, dict) and key in item]
    if misplaced:
        return f"move `{misplaced[0]}` to the column of `errors`: it is its neighbour, not an item of it"
    return "write a text such as FC.Unknown"
