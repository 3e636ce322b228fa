"""Scopes and their states (cloudflow.md 2). What cannot be understood leaves a stand-in."""

from __future__ import annotations

from dataclasses import replace

from fnfkit.lang.cloudflow.constructors import read_constructor, read_expression, read_value
from fnfkit.lang.cloudflow.expressions import (
    ECHO,
    GIVES,
    ITEM,
    ITEM_OUTPUTS,
    OWN,
    TAKES,
    View,
    branch_outputs,
)
from fnfkit.lang.cloudflow.guards import read_catches, read_retries
from fnfkit.lang.cloudflow.schema import (
    BRANCH,
    LONGEST_WAIT,
    MOST_BRANCHES,
    MOST_CHILDREN,
    MOST_PARALLEL_ITEMS,
    NOT_SIMULATED,
    OPTION,
    SCOPE,
    STATES,
)
from fnfkit.lang.cloudflow.tasks import check_waiting, read_task
from fnfkit.lang.cloudflow.transitions import check_transitions, in_order
from fnfkit.lang.fdl.findings import Findings, among, kind
from fnfkit.lang.idle import warn_of_end, warn_of_idle
from fnfkit.lang.template import SUFFIX
from fnfkit.model.expr import INPUT, RESULT, SCOPE_LOCAL, Const, Expr
from fnfkit.model.flow import Arm, Choice, Fail, Foreach, Parallel, Pass, Step, Succeed, Task, Wait, When
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location


def read_scope(owner: JsonObject, what: str, at: Location, findings: Findings) -> tuple[Step, ...]:
    """The states of a scope, the one of StartAt first. Jumps stay inside the scope (cloudflow.md 2.3)."""
    states = findings.list(owner, "States", at, "E01")
    if not states and (states is not None or "States" not in owner):
        findings.error("E01", at, f"{what} has no `States`", "add `States:` with a list of states")
    start = findings.text(owner, "StartAt", at, "E01")
    if "StartAt" not in owner:
        findings.error("E01", at, f"{what} has no `StartAt`", "name the first state: `StartAt: Name`")
    place = (*at, "States")
    steps = [_state(item, (*place, position), findings) for position, item in enumerate(states or ())]
    check_transitions(states or [], steps, start, at, findings)
    places = [(*place, position) for position in range(len(steps))]
    warn_of_idle(steps, places, start, findings, options="Branches")
    return in_order(steps, start)


def _state(value: Json, at: Location, findings: Findings) -> Step:
    state = findings.mapping(value, at, "a state", "E01")
    if state is None:
        return Pass(name="", takes=SCOPE_LOCAL, gives=INPUT, end=True)
    type = findings.text(state, "Type", at, "E01")
    name = _name(state, at, findings)
    if type not in STATES:
        if type is not None:
            fix = findings.meant(type, STATES) or among(STATES)
            findings.error("E01", (*at, "Type"), f"there is no state type `{type:.40}`", fix)
        elif "Type" not in state:
            cased = next((key for key in state if key.lower() == "type"), None)
            fix = f"write `Type` instead of `{cased}`" if cased else among(STATES)
            findings.error("E01", at, "the state has no `Type`", fix)
        return Pass(name=name, takes=SCOPE_LOCAL, gives=INPUT, end=True)
    findings.known(state, STATES[type], at, f"a {type} state")
    return _finished(_body(type, state, name, at, findings), state, at, findings)


def _name(state: JsonObject, at: Location, findings: Findings) -> str:
    name = findings.text(state, "Name", at, "E02")
    if not name:
        if "Name" not in state or name == "":
            findings.error("E02", at, "the state has no `Name`", "add `Name: StateName`")
        return ""
    return name


def _body(type: str, state: JsonObject, name: str, at: Location, findings: Findings) -> Step:
    match type:
        case "Task":
            return read_task(state, name, at, findings)
        case "Wait":
            return Wait(name=name, seconds=_seconds(state, at, findings))
        case "Choice":
            return _choice(state, name, at, findings)
        case "Parallel":
            return _parallel(state, name, at, findings)
        case "Map":
            return _map(state, name, at, findings)
        case "Succeed":
            return Succeed(name=name)
        case "Fail":
            return _fail(state, name, at, findings)
        case _:
            return Pass(name=name)


def _finished(body: Step, state: JsonObject, at: Location, findings: Findings) -> Step:
    """The state with its constructors and its transition."""
    takes = read_constructor(state, "InputConstructor", at, TAKES, findings)
    body = replace(body, takes=SCOPE_LOCAL if takes is None else takes)
    if isinstance(body, Fail):
        return body
    view = view_of(body)
    gives = read_constructor(state, "OutputConstructor", at, view, findings)
    writes = read_constructor(state, "GlobalConstructor", at, view, findings)
    if writes is not None and at.count("States") > 1:
        fix = "hand the value on in the OutputConstructor, and write it behind the Parallel or Map"
        findings.warn("S11", (*at, "GlobalConstructor"), "branches and iterations overwrite each other's globals", fix)
    body = replace(body, gives=raw_output(body) if gives is None else gives, globals=writes)
    if isinstance(body, Task | Parallel | Foreach):
        body = replace(body, retry=read_retries(state, at, findings), catch=read_catches(state, at, findings))
    if isinstance(body, Task):
        check_waiting(body, at, findings)
    if isinstance(body, Succeed | Choice):
        return body
    warn_of_end(state, at, findings)
    return replace(body, next=findings.text(state, "Next", at, "E05"), end=findings.flag(state, "End", at))


def view_of(step: Step) -> View:
    """What `$Output` is for a state (cloudflow.md 3.3)."""
    match step:
        case Task():
            return GIVES
        case Parallel(branches=branches):
            return replace(GIVES, branches=len(branches))
        case Foreach():
            return replace(GIVES, items=True)
        case _:
            return ECHO


def raw_output(step: Step) -> Expr:
    """The output of a state without an OutputConstructor (cloudflow.md 3.3)."""
    match step:
        case Task() | Fail():
            return RESULT
        case Parallel(branches=branches):
            return branch_outputs(len(branches))
        case Foreach():
            return ITEM_OUTPUTS
        case _:
            return INPUT


def _fail(state: JsonObject, name: str, at: Location, findings: Findings) -> Fail:
    code, detail = findings.text(state, "Code", at), findings.text(state, "Detail", at)
    if "Detail" not in state:
        # Optional in one page, required in a newer one (cloudflow.md 10, no. 5).
        findings.warn("S05", at, "the Fail has no `Detail`, which newer pages require", "add `Detail: what went wrong`")
    if "End" in state:
        findings.warn("S12", (*at, "End"), "`End` does nothing in a Fail: it ends the whole flow", "leave it out")
    return Fail(name=name, error=code or "", cause=detail or "", whole=True)


def _seconds(state: JsonObject, at: Location, findings: Findings) -> Expr:
    key = "Seconds" + SUFFIX
    match "Seconds" in state, key in state:
        case True, True:
            findings.error("E06", at, f"the wait has both `Seconds` and `{key}`", "give exactly one of the two")
        case False, False:
            findings.error("E06", at, "the wait has no `Seconds`", f"add `Seconds: 10` or `{key}: $Input.key`")
            return Const(1)
        case False, True:
            return read_value(state[key], (*at, key), OWN, findings)
    value = state["Seconds"]
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LONGEST_WAIT:
        return Const(value)
    message = f"`Seconds` must be a whole number from 1 to {LONGEST_WAIT}, not {kind(value)}"
    findings.error("E06", (*at, "Seconds"), message, "for a longer wait, loop over several")
    return Const(1)


# -- choice


def _choice(state: JsonObject, name: str, at: Location, findings: Findings) -> Choice:
    options = findings.list(state, "Branches", at, "E10")
    if not options and (options is not None or "Branches" not in state):
        findings.error("E10", at, "the Choice has no `Branches`", "add `Branches:` with `- Condition: …` items")
    place = (*at, "Branches")
    whens = tuple(_option(option, (*place, position), findings) for position, option in enumerate(options or ()))
    default = findings.text(state, "Default", at, "E05")
    if "Default" not in state:
        findings.error("E10", at, "the Choice has no `Default`", "name the state that is next if no condition holds")
    return Choice(name=name, options=whens, default=Arm(goto=default or ""))


def _option(value: Json, at: Location, findings: Findings) -> When:
    option = findings.mapping(value, at, "a branch of a Choice", "E10")
    if option is None:
        return When(condition=Const(False), arm=Arm(goto=""))
    findings.known(option, OPTION, at, "a branch of a Choice")
    text = findings.text(option, "Condition", at, "E07")
    if "Condition" not in option:
        findings.error("E07", at, "the branch has no `Condition`", "add `Condition: $Input.key == …`")
    goto = findings.text(option, "Next", at, "E05")
    if "Next" not in option:
        findings.error("E05", at, "the branch has no `Next`", "name the state that is next: `Next: Name`")
    condition = None if text is None else read_expression(text, (*at, "Condition"), OWN, findings, "E07")
    return When(condition=condition or Const(False), arm=Arm(goto=goto or ""))


# -- parallel, map


def _parallel(state: JsonObject, name: str, at: Location, findings: Findings) -> Parallel:
    branches = findings.list(state, "Branches", at, "E10")
    place = (*at, "Branches")
    if not branches and (branches is not None or "Branches" not in state):
        findings.error("E10", at, "the Parallel has no `Branches`", "add `Branches:` with `- StartAt: …` items")
    branches = branches or []
    if len(branches) > MOST_BRANCHES:
        message = f"the Parallel has {len(branches)} branches; at most {MOST_BRANCHES} are allowed"
        findings.error("E10", place, message, "use a Map, or several Parallel states")
    scopes = (_branch(branch, (*place, position), findings) for position, branch in enumerate(branches))
    return Parallel(name=name, branches=tuple(scopes))


def _branch(value: Json, at: Location, findings: Findings) -> tuple[Step, ...]:
    branch = findings.mapping(value, at, "a branch", "E10")
    if branch is None:
        return ()
    findings.known(branch, BRANCH, at, "a branch")
    return read_scope(branch, "the branch", at, findings)


def _map(state: JsonObject, name: str, at: Location, findings: Findings) -> Foreach:
    distributed = "ProcessorConfig" in state
    for key in NOT_SIMULATED:
        if key in state:
            findings.warn("S06", (*at, key), f"`{key}` has no effect here: it is not simulated", "")
    each = read_constructor(state, "ItemConstructor", at, ITEM, findings)
    if each is not None and not distributed:
        fix = "add `ProcessorConfig: {ExecutionMode: Standard}`"
        findings.error("E10", (*at, "ItemConstructor"), "only a distributed Map has an `ItemConstructor`", fix)
    return Foreach(
        name=name,
        collection=_items(state, at, findings),
        item="",
        each=RESULT if each is None else each,
        concurrency=_concurrency(state, at, findings, distributed=distributed),
        steps=_processor(state, at, findings),
    )


def _items(state: JsonObject, at: Location, findings: Findings) -> Expr:
    if "ItemsPath" not in state:
        if "ItemReader" not in state:
            findings.error("E10", at, "the Map has no `ItemsPath`", "add `ItemsPath: $Input.list`")
        return Const([])
    text = findings.text(state, "ItemsPath", at, "E10")
    return (text and read_expression(text, (*at, "ItemsPath"), OWN, findings, "E10")) or Const([])


def _concurrency(state: JsonObject, at: Location, findings: Findings, *, distributed: bool) -> int | None:
    key = "MaxConcurrency"
    if "MaxConcuccency" in state:  # so spelled in the vendor's tables (cloudflow.md 10, no. 4)
        findings.warn("S02", (*at, "MaxConcuccency"), "`MaxConcuccency` is misspelt", f"write `{key}`")
        key = "MaxConcurrency" if key in state else "MaxConcuccency"
    most = MOST_CHILDREN if distributed else MOST_PARALLEL_ITEMS
    value = state.get(key)
    if value is None and key not in state:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    message = f"`MaxConcurrency` must be a whole number from 1 to {most}, not {kind(value)}"
    findings.error("E10", (*at, key), message, "leave it out for 40")
    return None


def _processor(state: JsonObject, at: Location, findings: Findings) -> tuple[Step, ...]:
    place = (*at, "Processor")
    if "Processor" not in state:
        findings.error("E10", at, "the Map has no `Processor`", "add `Processor: {StartAt: …, States: […]}`")
        return ()
    processor = findings.mapping(state["Processor"], place, "`Processor`", "E10")
    if processor is None:
        return ()
    findings.known(processor, SCOPE, place, "a Processor")
    return read_scope(processor, "the Processor", place, findings)
