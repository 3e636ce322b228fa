"""Which arms an execution took, read from its history alone.

Every event names the event that scheduled it. Within a sequence that is the sequence's previous event, for the first
event of a branch or body the container's own, so a history can be followed from scope to scope even where branches
interleave and step names repeat (fdl.md 6.2, 6.3).

Histories of state machines say less (cloudflow.md 8.1). What they leave out is told by what comes later: which option
was taken by the state that is next, a retry by another answer, attempts that ran out of time by the time that passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fnfkit.engine.errors import TASK_TIMEOUT
from fnfkit.lint.tree import Sequence, bodies_of
from fnfkit.model.flow import Catch, Choice, Flow, Foreach, Parallel, Retry, Step, Task
from fnfkit.model.json import Json
from fnfkit.model.problem import Location
from fnfkit.testing.arms import END, Arm, entry_for, entry_label
from fnfkit.testing.attempts import Attempts, silent
from fnfkit.testing.judging import View, count_label, labels_of
from fnfkit.testing.roles import Role, goto_of, position_of, role_of
from fnfkit.testing.trace import Fact

_ENDS_SCOPE = "ExecutionSucceeded"


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a scope stands after an event: the sequence, and the step that was entered last in it.

    `left` tells that the step has been exited; `inner` is the body a container goes on with; `begun` the event that
    began the step; `error` how the latest attempt of a task failed, `failure` how the step did; `labels` the options
    that a choice may have taken, the likeliest first; `attempts` those of a task whose history says little.
    """

    sequence: Sequence
    outer: _Here | None
    position: int = -1
    left: bool = False
    inner: Sequence | None = None
    begun: int = 0
    error: str = ""
    failure: str = ""
    raw: Json = None
    labels: tuple[str, ...] = ()
    attempts: Attempts | None = None

    @property
    def step(self) -> Step:
        return self.sequence.steps[self.position]

    @property
    def at(self) -> Location:
        return (*self.sequence.at, self.position)

    def enter(self, position: int, raw: Json) -> _Here:
        """At another step of the sequence."""
        return _Here(self.sequence, self.outer, position, raw=raw)


@dataclass(slots=True)
class _Walk:
    """The places after each event, by event id."""

    view: View
    silent: bool
    """Whether the history leaves out calls and exits."""
    places: dict[int, _Here] = field(default_factory=dict)
    branches: dict[int, int] = field(default_factory=dict)
    """How many branches each event that began a container has begun."""


def taken(flow: Flow, events: Iterable[Fact]) -> Iterator[Arm]:
    """The arms of the flow that the events show, as often as they were taken. Events that do not fit are passed over:
    a history of another definition proves nothing."""
    for event, _, found in _walked(flow, events):
        if event.type == "ExecutionTimedOut" and flow.timeout is not None:
            yield Arm("timeout", (), "(flow)")
        yield from found


def located(flow: Flow, events: Iterable[Fact]) -> Iterator[tuple[Fact, Location]]:
    """The events that belong to a step, with where it stands in the flow."""
    return ((event, here.at) for event, here, _ in _walked(flow, events) if here is not None and here.position >= 0)


def _walked(flow: Flow, events: Iterable[Fact]) -> Iterator[tuple[Fact, _Here | None, list[Arm]]]:
    """Each event with the place after it, None where that is not known, and the arms it shows to be taken."""
    walk = _Walk(View(flow), silent(flow))
    root = _Here(Sequence(flow.steps, ("steps",), None), None)
    for event in events:
        if event.type == "ExecutionStarted":
            walk.view.execution = event.detail.get("input")
        before = root if event.type == "ExecutionStarted" else walk.places.get(event.scheduled_by)
        if before is None:
            yield event, None, []
            continue
        after, found = _follow(walk, before, event)
        walk.places[event.id] = after
        yield event, after, found


def _follow(walk: _Walk, here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    """The place after an event, and the arms the event shows to be taken."""
    match role_of(event):
        case Role.ENTERED:
            return _entered(here, event)
        case Role.BEGUN:
            return _started(walk, here, event)
        case Role.LEFT:
            return _exited(walk, _back(here, event.step), event)
        case Role.BRANCH_ENTERED:
            return _branch(walk, here, event)
        case Role.BRANCH_LEFT:
            return _ended(here)
        case Role.CALLED if here.error and isinstance(here.step, Task):
            return replace(here, error=""), _entry("retry", here, here.step.retry, here.error)
        case Role.ANSWERED | Role.REFUSED | Role.EXPIRED | Role.RAN_OUT:
            return _answered(here, event)
        case Role.CONCLUDED:
            inner = _back(here, event.step)
            return inner, _edge_to_end(here) if inner is not here else []
        case Role.FAILED:
            return replace(_back(here, event.step), failure=str(event.detail.get("error", ""))), []
        case _:
            return _ended(here) if event.type == _ENDS_SCOPE else (here, [])


def _entered(here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    if here.inner is not None:
        here = _Here(here.inner, here)
    position = here.sequence.position(event.step)
    if position is None:
        return here, []
    after = here.enter(position, event.detail.get("input"))
    edge = [Arm("edge", here.at, here.step.name, event.step)] if here.left else []
    return after, [*_decided(here, event.step), *edge, Arm("step", after.at, event.step)]


def _decided(here: _Here, name: str) -> Iterator[Arm]:
    """The option that a choice has taken, seen by where it has led."""
    if not (here.left and isinstance(here.step, Choice)):
        return
    gotos = dict(zip([str(number) for number in range(1, len(here.step.options) + 1)], here.step.options, strict=True))
    leading = [
        label
        for label in here.labels
        if name == (gotos[label].arm.goto if label in gotos else here.step.default and here.step.default.goto)
    ]
    if leading:
        yield Arm("option", here.at, here.step.name, leading[0])


def _started(walk: _Walk, here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    if here.position < 0:
        return here, []
    input = event.detail.get("input")
    here = replace(here, begun=event.id)
    match here.step:
        case Choice() as choice:
            labels, bodies = labels_of(choice, input, walk.view.context(choice.name, here.raw)), _bodies(here)
            if walk.silent:
                return replace(here, labels=labels), []
            return replace(here, inner=bodies.get(labels[0])), [Arm("option", here.at, choice.name, labels[0])]
        case Foreach() as each:
            label = count_label(each, input, walk.view.context(each.name, here.raw))
            here = replace(here, inner=next(bodies_of(each, here.at)), labels=(label,) if label else ())
            return here, [Arm("items", here.at, each.name, label)] if label else []
        case Task() as task if walk.silent:
            return replace(here, attempts=Attempts.begin(task, event)), []
        case _:
            return here, []


def _bodies(here: _Here) -> dict[str, Sequence]:
    """The steps in the options of a choice, and in its default, by label; those that have none are left out."""
    if not isinstance(here.step, Choice):
        return {}
    names = [str(number) for number in range(1, len(here.step.options) + 1)]
    return {
        name: body for name, body in zip([*names, "default"], bodies_of(here.step, here.at), strict=False) if body.steps
    }


def _answered(here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    """An attempt has ended, one way or another."""
    arms: list[Arm] = []
    attempts = here.attempts
    if attempts is not None:
        attempts, errors = attempts.ended(event)
        for error in errors:
            arms += [Arm("timeout", here.at, event.step)] if error == TASK_TIMEOUT else []
            arms += _entry("retry", here, attempts.task.retry, error)
    if role_of(event) in (Role.EXPIRED, Role.RAN_OUT):
        arms.append(Arm("timeout", here.at, event.step))
    error = "" if role_of(event) is Role.ANSWERED else str(event.detail.get("error", ""))
    failure = error if role_of(event) is Role.RAN_OUT else ""
    return replace(here, error=error, failure=failure, attempts=attempts), arms


def _branch(walk: _Walk, here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    arms: list[Arm] = []
    if here.failure:
        again = _container(here)
        if again is None or not isinstance(again.step, Parallel | Foreach):
            return here, []
        if position_of(event) == 0:
            arms = _entry("retry", again, again.step.retry, here.failure)
        here = replace(again, failure="")
    number = walk.branches.get(here.begun, 0)
    walk.branches[here.begun] = number + 1
    bodies = list(bodies_of(here.step, here.at)) if here.position >= 0 else []
    if isinstance(here.step, Parallel):
        known = position_of(event)
        number = number if known is None else known
    else:
        number = 0
    return (_Here(bodies[number], replace(here, inner=None)) if number < len(bodies) else here), arms


def _container(here: _Here) -> _Here | None:
    """The container that deals with the failure of a step inside it, by running its branches again."""
    found = here.outer
    while found is not None:
        if isinstance(found.step, Parallel | Foreach) and entry_for(found.step.retry, here.failure) is not None:
            return found
        found = found.outer
    return None


def _exited(walk: _Walk, here: _Here, event: Fact) -> tuple[_Here, list[Arm]]:
    arms: list[Arm] = []
    if here.position < 0:
        return here, []
    if goto_of(event) is not None and isinstance(here.step, Task | Parallel | Foreach):
        arms = _entry("catch", here, here.step.catch, str(event.detail.get("error", "")))
    elif isinstance(here.step, Foreach) and not here.labels:
        seen = walk.branches.get(here.begun, 0)  # what it iterates over cannot be told from here
        arms = [Arm("items", here.at, here.step.name, ("0", "1")[seen] if seen < 2 else "many")]
    return replace(here, left=True, inner=None, error="", failure="", attempts=None), arms


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
