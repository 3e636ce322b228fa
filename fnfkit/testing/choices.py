"""What can happen to a call: the outcomes a search tries, one for each way the flow could react.

Errors that the same retry and the same catch take are equivalent, so one of them is tried. A task that catches an
error says by that that it may fail for good; one that only retries it relies on the error passing, so there it strikes
single attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.lint.tree import Place, places_of
from fnfkit.model.flow import ANY_ERROR, Flow, Foreach, Parallel, Pattern, Task
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, Target, TopicRef
from fnfkit.testing.arms import entry_for
from fnfkit.testing.schedule import Crash, Error, Lost, Outcome, Slow, TimedOut, Twice

_TIMEOUT = "FnF.TaskTimeout"


@dataclass(frozen=True, slots=True)
class Menu:
    """The outcomes of each task besides success, simplest first."""

    outcomes: Mapping[str, tuple[Outcome, ...]]
    tasks: Mapping[str, Task]

    def of(self, step: str) -> tuple[Outcome, ...]:
        """Those of a step."""
        return self.outcomes.get(step, ())


def menu(
    flow: Flow, errors: Iterable[str] = (), only: Iterable[type[Outcome]] | None = None, *, endless: bool = False
) -> Menu:
    """The menu of a flow. `errors` are tried beside those that are declared; `only` leaves out other kinds. With
    `endless` calls may never be answered where nothing but the flow's own timeout ends that."""
    places = list(places_of(flow))
    tasks = {place.step.name: place.step for place in places if isinstance(place.step, Task)}
    around = {place.step.name: _around(place, places) for place in places}
    concurrent = any(type(place.step).__name__ in ("Parallel", "Foreach") for place in places_of(flow))
    kinds = tuple(only) if only is not None else None
    found = {}
    for name, task in tasks.items():
        outcomes = _outcomes(task, around[name], tuple(errors), concurrent)
        if endless and task.timeout is None and Lost() not in outcomes:
            outcomes.append(Lost())
        found[name] = tuple(one for one in outcomes if kinds is None or isinstance(one, kinds))
    return Menu(found, tasks)


Guarded: TypeAlias = Task | Parallel | Foreach


def _around(place: Place, places: Sequence[Place]) -> list[Guarded]:
    """The containers a step stands in that retry or catch by themselves (cloudflow.md 6)."""
    return [
        other.step
        for other in places
        if isinstance(other.step, Parallel | Foreach)
        and (other.step.retry or other.step.catch)
        and len(other.at) < len(place.at)
        and place.at[: len(other.at)] == other.at
    ]


def _outcomes(task: Task, around: list[Guarded], errors: tuple[str, ...], concurrent: bool) -> list[Outcome]:
    names = _representatives([task, *around], errors)
    outcomes: list[Outcome] = []
    for name in names:
        retried = entry_for(task.retry, name) is not None
        if not retried or entry_for(task.catch, name) is not None:
            outcomes.append(Error(name, always=retried))
        if retried:
            outcomes.append(Error(name))
        outcomes.append(Error(name, after_effect=True))
    if task.timeout is not None:
        outcomes.append(TimedOut())
    elif task.pattern is Pattern.WAIT_FOR_CALLBACK:
        outcomes.append(Lost())
    outcomes += [Twice(), Crash()]
    return [*outcomes, Slow()] if concurrent else outcomes


def _representatives(guards: Sequence[Guarded], errors: tuple[str, ...]) -> list[str]:
    """One error for each way the task, which comes first, and the containers around it can react."""
    lists = [[*(one.errors for one in guard.retry), *(one.errors for one in guard.catch)] for guard in guards]
    declared = [name for errors_of in lists for names in errors_of for name in names]
    usual = [name for guard in guards if isinstance(guard, Task) for name in _usual(guard.target, guard.pattern)]
    names = [name for name in (*declared, *usual, *errors) if name != ANY_ERROR]
    classes: dict[tuple[int | None, ...], str] = {}
    for name in names:
        if name != _TIMEOUT:
            reaction = [entry_for(part, name) for guard in guards for part in (guard.retry, guard.catch)]
            classes.setdefault(tuple(reaction), name)
    return list(classes.values())


def _usual(target: Target, pattern: Pattern) -> tuple[str, ...]:
    """Errors that every call of such a target may meet (fdl.md 4.9)."""
    match target:
        case FunctionRef():
            return ("FC.Unknown", "FC.ResourceThrottled")
        case QueueRef() | TopicRef():
            return (
                ("MNS.InternalError", "WorkerFailed")
                if pattern is Pattern.WAIT_FOR_CALLBACK
                else ("MNS.InternalError",)
            )
        case FlowRef():
            return ("FnF.Timeout", "ChildFailed")
        case _:
            return ("FnF.RuntimeError",)
