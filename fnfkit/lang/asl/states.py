"""Scopes and their states. What cannot be understood leaves a stand-in."""

from __future__ import annotations

import math
from dataclasses import replace

from fnfkit.lang.asl.choices import read_rule
from fnfkit.lang.asl.expressions import read_path
from fnfkit.lang.asl.paths import effective, given, output, placed, template
from fnfkit.lang.asl.schema import BRANCH, CATCH, ERRORS, RESERVED, RETRY, SCOPE, STATES
from fnfkit.lang.asl.tasks import read_task
from fnfkit.lang.cloudflow.transitions import in_order
from fnfkit.lang.fdl.findings import Findings, among, kind
from fnfkit.lang.idle import warn_of_end, warn_of_idle
from fnfkit.model.expr import INPUT, RESULT, SCOPE_LOCAL, Const, Expr, Key, Object, Path, Root
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Foreach,
    Parallel,
    Pass,
    Retry,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

NO_CHOICE = "States.NoChoiceMatched"
ERROR = Object((("Error", Path(Root.RESULT, (Key("error"),))), ("Cause", Path(Root.RESULT, (Key("cause"),)))))
"""What a Catch puts into the raw input."""


def read_scope(owner: JsonObject, what: str, at: Location, findings: Findings) -> tuple[Step, ...]:
    """The states of a scope, the one of StartAt first."""
    states = findings.mapping(owner.get("States", {}), (*at, "States"), "`States`", "E01") or {}
    if not states:
        findings.error("E01", at, f"{what} has no `States`", "add `States` with a state by name")
    start = findings.text(owner, "StartAt", at, "E01")
    if "StartAt" not in owner:
        findings.error("E01", at, f"{what} has no `StartAt`", "name the first state")
    steps: list[Step] = []
    places: list[Location] = []
    for name, value in states.items():
        steps += _state(name, value, (*at, "States", name), findings)
        places += [(*at, "States", name)] * (len(steps) - len(places))
    names = {step.name for step in steps}
    for step in steps:
        for goto in _jumps(step):
            if goto not in names:
                _missing(goto, (*at, "States", step.name), names, findings)
    if start is not None and start not in names:
        _missing(start, (*at, "StartAt"), names, findings)
    warn_of_idle(steps, places, start, findings, options="Choices")
    return in_order(steps, start)


def _jumps(step: Step) -> list[str]:
    match step:
        case Choice(options=options, default=default):
            arms = [*(option.arm for option in options), *([default] if default else [])]
            return [arm.goto for arm in arms if arm.goto]
        case Succeed() | Fail():
            return []
        case Task() | Parallel() | Foreach():
            return [*([step.next] if step.next else []), *(entry.goto for entry in step.catch if entry.goto)]
        case _:
            return [step.next] if step.next else []


def _goto(owner: JsonObject, key: str, at: Location, id: str, findings: Findings) -> str | None:
    goto = findings.text(owner, key, at, id)
    if goto == "":
        findings.error(id, (*at, key), f"`{key}` names no state", "name the state that is next")
    return goto


def _missing(goto: str, at: Location, names: set[str], findings: Findings) -> None:
    fix = findings.meant(goto, names) or "a jump reaches states of its own scope only"
    findings.error("E05", at, f"`{goto:.80}` names no state of the same scope", fix)


def _state(name: str, value: Json, at: Location, findings: Findings) -> list[Step]:
    state = findings.mapping(value, at, "a state", "E01")
    stand_in: Step = Pass(name=name, takes=SCOPE_LOCAL, gives=INPUT, end=True)
    if state is None:
        return [stand_in]
    type = findings.text(state, "Type", at, "E01")
    if type not in STATES:
        if type is not None or "Type" not in state:
            fix = (type and findings.meant(type, STATES)) or among(STATES)
            findings.error("E01", at, f"there is no state type `{type}`", fix)
        return [stand_in]
    findings.known(state, STATES[type], at, f"a {type} state")
    if type == "Choice":
        return _choice(state, name, at, findings)
    return [_onward(_body(type, state, name, at, findings), state, at, findings)]


def _onward(step: Step, state: JsonObject, at: Location, findings: Findings) -> Step:
    if isinstance(step, Succeed | Fail | Choice):
        return step
    warn_of_end(state, at, findings)
    next, end = _goto(state, "Next", at, "E05", findings), findings.flag(state, "End", at)
    if end and "Next" in state:
        findings.error("E05", (*at, "Next"), "the state has both `Next` and `End`", "keep one of the two")
    if not end and "Next" not in state:
        findings.error("E05", at, "the state has neither `Next` nor `End`", "add `Next`, or `End: true`")
    return replace(step, next=next, end=end)


def _body(type: str, state: JsonObject, name: str, at: Location, findings: Findings) -> Step:
    input = effective(state, at, findings)
    match type:
        case "Task":
            return _guarded(read_task(state, name, input, at, findings), state, at, findings)
        case "Pass":
            takes = template(state, "Parameters", input, at, findings) or input
            result: Expr = Const(state["Result"]) if "Result" in state else INPUT
            if "Result" in state and "Parameters" in state:
                findings.warn(
                    "S12", (*at, "Parameters"), "`Parameters` does nothing beside `Result`", "keep one of the two"
                )
            return Pass(name=name, takes=takes, gives=given(state, result, at, findings))
        case "Wait":
            return _wait(state, name, input, at, findings)
        case "Succeed":
            return Succeed(name=name, takes=input, gives=output(state, INPUT, at, findings))
        case "Fail":
            error, cause = findings.text(state, "Error", at), findings.text(state, "Cause", at)
            return Fail(name=name, error=error or "", cause=cause or "", takes=SCOPE_LOCAL)
        case "Parallel":
            return _guarded(_parallel(state, name, input, at, findings), state, at, findings)
        case _:
            return _guarded(_map(state, name, input, at, findings), state, at, findings)


# -- wait, choice


def _wait(state: JsonObject, name: str, input: Expr, at: Location, findings: Findings) -> Wait:
    keys = [key for key in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if key in state]
    gives = output(state, INPUT, at, findings)
    if len(keys) != 1:
        findings.error("E06", at, f"the wait has {len(keys)} lengths", "give one of Seconds, SecondsPath, Timestamp")
        return Wait(name=name, seconds=Const(0), takes=input, gives=gives)
    (key,) = keys
    extent: Expr = Const(state[key])
    if key.endswith("Path"):
        text = findings.text(state, key, at, "E06")
        extent = (text is not None and read_path(text, (*at, key), INPUT, findings)) or Const(0)
    elif key == "Seconds" and (not isinstance(state[key], int) or isinstance(state[key], bool) or state[key] < 0):
        findings.error("E06", (*at, key), f"`Seconds` must be whole seconds, not {kind(state[key])}", "such as 10")
        extent = Const(0)
    if key.startswith("Seconds"):
        return Wait(name=name, seconds=extent, takes=input, gives=gives)
    return Wait(name=name, until=extent, takes=input, gives=gives)


def _choice(state: JsonObject, name: str, at: Location, findings: Findings) -> list[Step]:
    rules = findings.list(state, "Choices", at, "E10")
    if not rules:
        findings.error("E10", at, "the Choice has no `Choices`", "add a list of rules")
    whens = tuple(_when(rule, (*at, "Choices", number), findings) for number, rule in enumerate(rules or ()))
    default = _goto(state, "Default", at, "E05", findings)
    input, gives = effective(state, at, findings), output(state, INPUT, at, findings)
    nothing: list[Step] = []
    if default is None:
        default = f"{name}: no choice matched"
        nothing = [Fail(name=default, error=NO_CHOICE, cause="no rule of the Choice holds", takes=SCOPE_LOCAL)]
    made = Choice(name=name, options=whens, default=Arm(goto=default), takes=input, gives=gives)
    return [made, *nothing]


def _when(value: Json, at: Location, findings: Findings) -> When:
    condition = read_rule(value, at, INPUT, findings, top=True)
    goto = _goto(value, "Next", at, "E05", findings) if isinstance(value, dict) else ""
    if isinstance(value, dict) and "Next" not in value:
        findings.error("E05", at, "the rule has no `Next`", "name the state that is next")
    return When(condition=condition, arm=Arm(goto=goto or ""))


# -- parallel, map


def _parallel(state: JsonObject, name: str, input: Expr, at: Location, findings: Findings) -> Parallel:
    branches = findings.list(state, "Branches", at, "E10")
    if not branches:
        findings.error("E10", at, "the Parallel has no `Branches`", "add a list of branches")
    scopes = tuple(
        _inner(branch, (*at, "Branches", number), findings, BRANCH) for number, branch in enumerate(branches or ())
    )
    takes = template(state, "Parameters", input, at, findings) or input
    return Parallel(name=name, branches=scopes, takes=takes, gives=_result(state, at, findings))


def _inner(value: Json, at: Location, findings: Findings, known: tuple[str, ...] = SCOPE) -> tuple[Step, ...]:
    scope = findings.mapping(value, at, "a scope", "E10")
    if scope is None:
        return ()
    findings.known(scope, known, at, "a scope")
    if isinstance(config := scope.get("ProcessorConfig"), dict) and config.get("Mode") == "DISTRIBUTED":
        findings.error("E10", (*at, "ProcessorConfig"), "distributed maps are not supported", "write `Mode: INLINE`")
    return read_scope(scope, "the scope", at, findings)


def _result(state: JsonObject, at: Location, findings: Findings) -> Expr:
    return given(state, template(state, "ResultSelector", RESULT, at, findings) or RESULT, at, findings)


def _map(state: JsonObject, name: str, input: Expr, at: Location, findings: Findings) -> Foreach:
    text = findings.text(state, "ItemsPath", at, "E10")
    collection = INPUT if text is None else read_path(text, (*at, "ItemsPath"), INPUT, findings)
    for newer, older in (("ItemProcessor", "Iterator"), ("ItemSelector", "Parameters")):
        if newer in state and older in state:
            findings.error("E11", (*at, older), f"both `{newer}` and `{older}` are given", f"keep `{newer}`")
    key = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
    if key not in state:
        findings.error("E10", at, "the Map has no `ItemProcessor`", "add `ItemProcessor` with StartAt and States")
    selector = "ItemSelector" if "ItemSelector" in state else "Parameters"
    return Foreach(
        name=name,
        collection=collection or INPUT,
        item="",
        each=template(state, selector, INPUT, at, findings) or RESULT,
        concurrency=_whole(state, "MaxConcurrency", at, (0, 1_000), 0, findings=findings) or None,
        steps=_inner(state.get(key, {}), (*at, key), findings) if key in state else (),
        takes=input,
        gives=_result(state, at, findings),
    )


# -- retry and catch


def _guarded(step: Task | Parallel | Foreach, state: JsonObject, at: Location, findings: Findings) -> Step:
    retries = findings.list(state, "Retry", at, "E08") or []
    catches = findings.list(state, "Catch", at, "E08") or []
    for key, rules in (("Retry", retries), ("Catch", catches)):
        for position, rule in enumerate(rules[:-1]):
            if isinstance(rule, dict) and rule.get("ErrorEquals") == ["States.ALL"]:
                message = "the rule for `States.ALL` must be the last"
                findings.error("E08", (*at, key, position), message, "move it to the end")
    return replace(
        step,
        retry=tuple(_retry(rule, (*at, "Retry", number), findings) for number, rule in enumerate(retries)),
        catch=tuple(_catch(rule, (*at, "Catch", number), findings) for number, rule in enumerate(catches)),
    )


def _retry(value: Json, at: Location, findings: Findings) -> Retry:
    rule = findings.mapping(value, at, "a retrier", "E08")
    if rule is None:
        return Retry(())
    findings.known(rule, RETRY, at, "a retrier")
    if rule.get("JitterStrategy", "NONE") != "NONE":
        message = "`JitterStrategy` has no effect here: delays have no jitter"
        findings.warn("S06", (*at, "JitterStrategy"), message, "leave it out, or write `NONE`")
    rate = rule.get("BackoffRate", 2)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not math.isfinite(rate) or rate < 1:
        findings.error("E08", (*at, "BackoffRate"), f"`BackoffRate` must be 1 or more, not {kind(rate)}", "such as 2")
        rate = 2
    return Retry(
        _errors(rule, at, findings),
        _whole(rule, "IntervalSeconds", at, (1, 99_999_999), 1, findings=findings),
        _whole(rule, "MaxDelaySeconds", at, (1, 31_622_400), 86_400, findings=findings),
        _whole(rule, "MaxAttempts", at, (0, 99_999_999), 3, findings=findings),
        rate,
    )


def _whole(
    owner: JsonObject, key: str, at: Location, limits: tuple[int, int], default: int, *, findings: Findings
) -> int:
    value = owner.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and limits[0] <= value <= limits[1]:
        return value
    message = f"`{key}` must be a whole number from {limits[0]} to {limits[1]}, not {kind(value)}"
    findings.error("E08", (*at, key), message, f"leave it out for {default}")
    return default


def _catch(value: Json, at: Location, findings: Findings) -> Catch:
    rule = findings.mapping(value, at, "a catcher", "E08")
    if rule is None:
        return Catch((), "", ERROR)
    findings.known(rule, CATCH, at, "a catcher")
    goto = _goto(rule, "Next", at, "E08", findings)
    if "Next" not in rule:
        findings.error("E08", at, "the catcher has no `Next`", "name the state that is next")
    return Catch(_errors(rule, at, findings), goto or "", placed(rule, ERROR, at, findings))


def _errors(rule: JsonObject, at: Location, findings: Findings) -> tuple[str, ...]:
    names = findings.list(rule, "ErrorEquals", at, "E08")
    texts = [name for name in names or () if isinstance(name, str)]
    if not names or len(texts) < len(names):
        findings.error("E08", at, "`ErrorEquals` must name errors", "write `ErrorEquals: [States.ALL]`")
        return ()
    if "States.ALL" in names and len(names) > 1:
        findings.error(
            "E08", (*at, "ErrorEquals"), "`States.ALL` must stand alone", "give it a rule of its own, the last"
        )
    for position, name in enumerate(texts):
        if name.startswith("States.") and name not in RESERVED:
            fix = findings.meant(name, RESERVED) or among(RESERVED)
            findings.warn("S13", (*at, "ErrorEquals", position), f"there is no reserved error `{name:.60}`", fix)
    if "States.TaskFailed" in names:
        place = (*at, "ErrorEquals")
        findings.error("E08", place, "`States.TaskFailed` has no counterpart", "name the errors, or States.ALL")
    return tuple(ERRORS.get(name, name) for name in texts)
