"""Which arms an execution took, read from its history alone.

Every event names the event that scheduled it. Within a sequence that is the sequence's previous event, for the first
event of a branch or body the container's own, so a history can be followed from scope to scope even where branches
interleave and step names repeat (fdl.md 6.2, 6.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fnfkit.engine.errors import Flaw
from fnfkit.engine.evaluate import INPUT_VIEW, Formula, formula, holds
from fnfkit.lint.tree import Sequence, bodies_of
from fnfkit.model.expr import Expr
from fnfkit.model.flow import Catch, Choice, Flow, Foreach, Parallel, Retry, Step, Task
from fnfkit.model.json import Json
from fnfkit.model.problem import Location
from fnfkit.testing.arms import END, NO_OPTION, Arm, entry_for, entry_label
from fnfkit.testing.trace import FAILURES, Fact


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a scope stands after an event: the sequence, and the step that was entered last in it.

    `left` tells that the step has been exited; `inner` is the body a container goes on with; `begun` how many branches
    a parallel has begun; `error` how the latest attempt of a task failed.
    """

    sequence: Sequence
    outer: _Here | None
    position: int = -1
    left: bool = False
    inner: Sequence | None = None
    error: str = ""

    @property
    def step(self) -> Step:
        return self.sequence.steps[self.position]

    @property
    def at(self) -> Location:
        return (*self.sequence.at, self.position)


@dataclass(slots=True)
class _Walk:
    """The places after each event, by event id."""

    places: dict[int, _Here] = field(default_factory=dict)
    branches: dict[int, int] = field(default_factory=dict)
    """How many branches each StepStarted of a parallel has begun."""


def taken(flow: Flow, events: Iterable[Fact]) -> Iterator[Arm]:
    """The arms of the flow that the events show, as often as they were taken. Events that do not fit are passed over:
    a history of another definition proves nothing."""
    walk = _Walk()
    root = _Here(Sequence(flow.steps, ("steps",), None), None)
    for event in events:
        if event.type == "ExecutionTimedOut" and flow.timeout is not None:
            yield Arm("timeout", (), "(flow)")
        before = root if event.type == "ExecutionStarted" else walk.places.get(event.scheduled_by)
        if before is None:
            continue
        after, found = _follow(walk, before, event)
        yield from found
        walk.places[event.id] = after


def _follow(walk: _Walk, here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    """The place after an event, and the arms the event shows to be taken."""
    match event.type:
        case "StepEntered":
            return _entered(here, event.step)
        case "StepStarted":
            return _started(here, event.detail.get("input"))
        case "StepExited":
            return _exited(_back(here, event.step), event)
        case "BranchEntered" | "IterationEntered":
            return _branch(walk, here, event), []
        case "BranchExited" | "IterationExited" | "ExecutionSucceeded":
            return _ended(here)
        case "TaskScheduled" if here.error and isinstance(here.step, Task):
            return replace(here, error=""), _entry("retry", here, here.step.retry, here.error)
        case type if type in FAILURES:
            arms = [Arm("timeout", here.at, event.step)] if type == "TaskTimedOut" else []
            return replace(here, error=str(event.detail.get("error", ""))), arms
        case "StepSucceeded" | "StepFailed":
            inner = _back(here, event.step)
            ends = inner is not here and event.type == "StepSucceeded"
            return inner, _edge_to_end(here) if ends else []
        case _:
            return here, []


def _entered(here: _Here, name: str) -> tuple[_Here, list[Arm]]:
    if here.inner is not None:
        here = _Here(here.inner, here)
    position = here.sequence.position(name)
    if position is None:
        return here, []
    after = replace(here, position=position, left=False, inner=None, error="")
    edge = [Arm("edge", here.at, here.step.name, name)] if here.left else []
    return after, [*edge, Arm("step", after.at, name)]


def _started(here: _Here, input: Json) -> tuple[_Here, list[Arm]]:
    if here.position < 0:
        return here, []
    match here.step:
        case Choice() as choice:
            label, body = _option(choice, here.at, input)
            return replace(here, inner=body), [Arm("option", here.at, choice.name, label)]
        case Foreach() as each:
            body = next(bodies_of(each, here.at))
            return replace(here, inner=body), [Arm("items", here.at, each.name, label) for label in _count(each, input)]
        case _:
            return here, []


def _option(choice: Choice, at: Location, input: Json) -> tuple[str, Sequence | None]:
    bodies = list(bodies_of(choice, at))
    for number, option in enumerate(choice.options):
        if holds(_formula(option.condition), input):
            return str(number + 1), bodies[number] if bodies[number].steps else None
    if choice.default is None:
        return NO_OPTION, None
    return "default", bodies[-1] if bodies[-1].steps else None


def _count(each: Foreach, input: Json) -> list[str]:
    try:
        items = _formula(each.collection).evaluate(input, None, None)
    except Flaw:
        return []
    return [("0", "1")[len(items)] if len(items) < 2 else "many"] if isinstance(items, list) else []


def _formula(expr: Expr) -> Formula:
    return formula(expr, INPUT_VIEW)


def _branch(walk: _Walk, here: _Here, event: Fact) -> _Here:
    bodies = list(bodies_of(here.step, here.at)) if here.position >= 0 else []
    number = 0
    if isinstance(here.step, Parallel):
        number = walk.branches.get(event.scheduled_by, 0)
        walk.branches[event.scheduled_by] = number + 1
    return _Here(bodies[number], replace(here, inner=None)) if number < len(bodies) else here


def _exited(here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    arms: list[Arm] = []
    if "goto" in event.detail and isinstance(here.step, Task):
        arms = _entry("catch", here, here.step.catch, str(event.detail.get("error", "")))
    return replace(here, left=True, inner=None, error=""), arms


def _ended(here: _Here) -> tuple[_Here, list[Arm]]:
    """The end of a scope: whatever was left last led there."""
    after = here if here.outer is None else replace(here.outer, inner=None)
    return after, _edge_to_end(here)


def _edge_to_end(here: _Here) -> list[Arm]:
    return [Arm("edge", here.at, here.step.name, END)] if here.left else []


def _back(here: _Here, name: str) -> _Here:
    """The scope in which the step of that name is under way: this one, or one around it."""
    found: _Here | None = here
    while found is not None:
        if found.position >= 0 and not found.left and found.step.name == name:
            return found
        found = found.outer
    return here


def _entry(kind: str, here: _Here, entries: tuple[Retry, ...] | tuple[Catch, ...], error: str) -> list[Arm]:
    number = entry_for(entries, error)
    return [] if number is None else [Arm(kind, here.at, here.step.name, entry_label(entries, number))]
