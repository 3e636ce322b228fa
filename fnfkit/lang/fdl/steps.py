"""Reading sequences of steps (fdl.md 2). What cannot be understood leaves a stand-in, so that positions stay true."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

from fnfkit.lang.fdl.findings import Findings, among, kind
from fnfkit.lang.fdl.schema import BRANCH, DEFAULT, ITERATION, LONGEST_WAIT, MOST_BRANCHES, OPTION, STEPS
from fnfkit.lang.fdl.sources import GIVES, OWN, TAKES, read_condition, read_mappings, read_path
from fnfkit.lang.fdl.tasks import read_task
from fnfkit.model.expr import EMPTY, EVERYTHING, INPUT, RESULT, Const, Expr
from fnfkit.model.flow import Arm, Choice, Fail, Foreach, Parallel, Pass, Step, Succeed, Task, Wait, When
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d|60)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)\Z", re.ASCII
)
_KEYS = {type: frozenset(properties) for type, properties in STEPS.items()}


def read_steps(items: list[Json], at: Location, findings: Findings) -> tuple[Step, ...]:
    """A sequence; every `goto` in it must name a step of it (fdl.md 2.7, 4.7)."""
    steps = tuple(_step(item, (*at, position), findings) for position, item in enumerate(items))
    names = {step.name for step in steps}
    for position, step in enumerate(steps):
        if isinstance(step, Task | Choice):
            for place, goto in _jumps(step):
                if goto and goto not in names:
                    _missing(goto, (*at, position, *place, "goto"), names, findings)
    return steps


def _jumps(step: Task | Choice) -> list[tuple[Location, str | None]]:
    if isinstance(step, Task):
        return [(("catch", position), catch.goto) for position, catch in enumerate(step.catch)]
    options = [(("choices", position), option.arm.goto) for position, option in enumerate(step.options)]
    return [*options, (("default",), step.default.goto)] if step.default else [*options]


def _missing(goto: str, at: Location, names: set[str], findings: Findings) -> None:
    message = f"`goto: {goto:.128}` names no step of the same sequence"
    fix = findings.meant(goto, names) or "a jump reaches the neighbours of its step only, not steps inside or outside"
    findings.error("E05", at, message, fix)


def _step(value: Json, at: Location, findings: Findings) -> Step:
    step = findings.mapping(value, at, "a step", "E01")
    if step is None:
        return Pass(name="")
    type = findings.text(step, "type", at, "E01")
    name = _name(step, at, findings)
    if type not in STEPS:
        _unknown_type(step, type, at, findings)
        return Pass(name=name)
    if not step.keys() <= _KEYS[type]:
        findings.known(step, STEPS[type], at, f"a {type} step")
    return _with_mappings(_body(type, step, name, at, findings), step, at, findings)


def _name(step: JsonObject, at: Location, findings: Findings) -> str:
    if "name" not in step:
        findings.error("E02", at, "the step has no `name`", "add `name: StepName`")
        return ""
    name = findings.text(step, "name", at, "E02")
    if not name:
        if name == "":
            findings.error("E02", (*at, "name"), "the step's `name` is empty", "write `name: StepName`")
        return ""
    findings.name(name, at)
    return name


def _unknown_type(step: JsonObject, type: str | None, at: Location, findings: Findings) -> None:
    if type is None:
        if "type" not in step:
            findings.error("E01", at, "the step has no `type`", among(STEPS))
        return
    place = (*at, "type")
    if type == "loop":  # fdl.md 2.1: known to the vendor's schema only
        fix = "loop with a choice that jumps back to a step before it"
        findings.error("E01", place, "the step type `loop` is not documented and not supported", fix)
    else:
        findings.error("E01", place, f"there is no step type `{type:.40}`", findings.meant(type, STEPS) or among(STEPS))


def _body(type: str, step: JsonObject, name: str, at: Location, findings: Findings) -> Step:
    match type:
        case "task":
            return read_task(step, name, at, findings)
        case "wait":
            return _wait(step, name, at, findings)
        case "choice":
            return _choice(step, name, at, findings)
        case "parallel":
            return _parallel(step, name, at, findings)
        case "foreach":
            return _foreach(step, name, at, findings)
        case "succeed":
            return Succeed(name=name)
        case "fail":
            error = findings.text(step, "error", at) or ""
            return Fail(name=name, error=error, cause=findings.text(step, "cause", at) or "")
        case _:
            return Pass(name=name)


def _with_mappings(body: Step, step: JsonObject, at: Location, findings: Findings) -> Step:
    takes = read_mappings(step, "inputMappings", at, TAKES, findings) or EVERYTHING
    gives = read_mappings(step, "outputMappings", at, GIVES, findings)
    if gives is None:
        gives = EMPTY if isinstance(body, Parallel | Foreach) else RESULT  # fdl.md 3.3
    if isinstance(body, Succeed | Fail):
        return replace(body, takes=takes, gives=gives)
    return replace(body, takes=takes, gives=gives, end=findings.flag(step, "end", at))


# -- wait


def _wait(step: JsonObject, name: str, at: Location, findings: Findings) -> Wait:
    match "duration" in step, "timestamp" in step:
        case True, False:
            return Wait(name=name, seconds=_duration(step["duration"], (*at, "duration"), findings))
        case False, True:
            return Wait(name=name, until=_timestamp(step["timestamp"], (*at, "timestamp"), findings))
        case both, _:
            what = "both `duration` and `timestamp`" if both else "neither `duration` nor `timestamp`"
            findings.error("E06", at, f"the wait has {what}", "give exactly one of the two")
            return Wait(name=name, seconds=Const(0))


def _duration(value: Json, at: Location, findings: Findings) -> Expr:
    if isinstance(value, str) and value.startswith("$"):
        return read_path(value, at, OWN, findings, "E06") or Const(0)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_WAIT:
        return Const(value)
    fix = "for a longer wait, loop over several"
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        fix = "write `duration: 10`, or `duration: $.key` for a value of the step's input"
    message = f"`duration` must be whole seconds from 0 to {LONGEST_WAIT} or a path, not {kind(value)}"
    findings.error("E06", at, message, fix)
    return Const(0)


def _timestamp(value: Json, at: Location, findings: Findings) -> Expr:
    if isinstance(value, str) and value.startswith("$"):
        return read_path(value, at, OWN, findings, "E06") or Const(value)
    if isinstance(value, str) and _is_instant(value):
        return Const(value)
    message = f"`timestamp` must be an RFC 3339 instant or a path, not {kind(value)}"
    findings.error("E06", at, message, "write it like 2030-01-31T08:00:00Z, with its zone")
    return Const("1970-01-01T00:00:00Z")


def _is_instant(text: str) -> bool:
    match = _INSTANT.match(text)
    if match is None:
        return False
    try:
        datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return False
    return True


# -- choice


def _choice(step: JsonObject, name: str, at: Location, findings: Findings) -> Choice:
    options = findings.list(step, "choices", at)
    place = (*at, "choices")
    if "choices" not in step:
        findings.error("E03", at, "the choice has no `choices`", "add `choices:` with `- condition: …` items")
    whens = tuple(_option(option, (*place, position), findings) for position, option in enumerate(options or ()))
    default = _default(step["default"], (*at, "default"), findings) if "default" in step else None
    return Choice(name=name, options=whens, default=default)


def _option(value: Json, at: Location, findings: Findings) -> When:
    option = findings.mapping(value, at, "an option of a choice")
    if option is None:
        return When(condition=Const(False), arm=Arm())
    findings.known(option, OPTION, at, "an option of a choice")
    text = findings.text(option, "condition", at, "E07")
    if "condition" not in option:
        findings.error("E07", at, "the option has no `condition`", "add `condition: $.key == …`, or use `default`")
    condition = None if text is None else read_condition(text, (*at, "condition"), findings)
    return When(condition=condition or Const(False), arm=_arm(option, at, findings))


def _default(value: Json, at: Location, findings: Findings) -> Arm:
    default = findings.mapping(value, at, "the default of a choice")
    if default is None:
        return Arm()
    findings.known(default, DEFAULT, at, "the default of a choice")
    return _arm(default, at, findings)


def _arm(owner: JsonObject, at: Location, findings: Findings) -> Arm:
    steps = findings.list(owner, "steps", at) or []
    return Arm(steps=read_steps(steps, (*at, "steps"), findings), goto=findings.text(owner, "goto", at, "E05"))


# -- parallel, foreach


def _parallel(step: JsonObject, name: str, at: Location, findings: Findings) -> Parallel:
    place = (*at, "branches")
    branches = findings.list(step, "branches", at, "E10")
    if not branches and (branches is not None or "branches" not in step):
        findings.error("E10", at, "the parallel step has no `branches`", "add `branches:` with `- steps: …` items")
    branches = branches or []
    if len(branches) > MOST_BRANCHES:
        message = f"the parallel step has {len(branches)} branches; at most {MOST_BRANCHES} are allowed"
        findings.error("E10", place, message, "use a foreach step, or several parallel steps")
    read = (_branch(branch, (*place, position), findings) for position, branch in enumerate(branches))
    return Parallel(name=name, branches=tuple(read))


def _branch(value: Json, at: Location, findings: Findings) -> tuple[Step, ...]:
    branch = findings.mapping(value, at, "a branch", "E10")
    if branch is None:
        return ()
    findings.known(branch, BRANCH, at, "a branch")
    return _filled(branch, "the branch", at, findings)


def _filled(owner: JsonObject, what: str, at: Location, findings: Findings) -> tuple[Step, ...]:
    steps = findings.list(owner, "steps", at, "E10")
    if not steps and (steps is not None or "steps" not in owner):
        findings.error("E10", at, f"{what} has no steps", "add `steps:` with at least one step")
    return read_steps(steps or [], (*at, "steps"), findings)


def _foreach(step: JsonObject, name: str, at: Location, findings: Findings) -> Foreach:
    collection, item, index = _iteration(step, at, findings)
    steps = _filled(step, "the foreach step", at, findings)
    return Foreach(name=name, collection=collection, item=item, index=index, steps=steps)


def _iteration(step: JsonObject, at: Location, findings: Findings) -> tuple[Expr, str, str | None]:
    place = (*at, "iterationMapping")
    if "iterationMapping" not in step:
        fix = "add `iterationMapping: {collection: $.list, item: element}`"
        findings.error("E10", at, "the foreach step has no `iterationMapping`", fix)
        return INPUT, "", None
    mapping = findings.mapping(step["iterationMapping"], place, "`iterationMapping`", "E10")
    if mapping is None:
        return INPUT, "", None
    findings.known(mapping, ITERATION, place, "an iterationMapping")
    for key in ITERATION[:2]:
        if key not in mapping:
            fix = (
                "write `collection: $.list`" if key == "collection" else "name the key of one element: `item: element`"
            )
            findings.error("E10", place, f"the iterationMapping has no `{key}`", fix)
    text = findings.text(mapping, "collection", place, "E10")
    collection = None if text is None else read_path(text, (*place, "collection"), OWN, findings, "E10")
    item = findings.text(mapping, "item", place, "E10") or ""
    return collection or INPUT, item, findings.text(mapping, "index", place, "E10")
