"""Failures inside containers: no path of their own, and yet what a test should have seen once for every branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnfkit.lint.tree import Sequence, bodies_of, places_of
from fnfkit.model.flow import Fail, Flow, Foreach, Parallel, Step, Task
from fnfkit.testing.arms import Arm
from fnfkit.testing.roles import Role, role_of
from fnfkit.testing.taken import located
from fnfkit.testing.trace import Fact

FAILURE = "failure"


def breakable(flow: Flow) -> Iterator[Arm]:
    """One for each branch, and one for the iterations of each foreach, in which something can fail."""
    for place in places_of(flow):
        if isinstance(place.step, Parallel | Foreach):
            for number, body in enumerate(bodies_of(place.step, place.at), 1):
                if any(map(_can_fail, _inside(body))):
                    yield _arm(place.step, body, number)


def broken(flow: Flow, events: Iterable[Fact]) -> Iterator[Arm]:
    """Those of them that a history shows: a step inside failed, whatever the container made of it."""
    goals = list(breakable(flow))
    for event, at in located(flow, events) if goals else ():
        if role_of(event) in (Role.FAILED, Role.RAN_OUT):
            yield from (goal for goal in goals if at[: len(goal.at)] == goal.at and len(at) > len(goal.at))


def _arm(step: Step, body: Sequence, number: int) -> Arm:
    return Arm(FAILURE, body.at, step.name, f"in branch {number}" if isinstance(step, Parallel) else "in an iteration")


def _inside(body: Sequence) -> Iterator[Step]:
    for _, step, at in body.places():
        yield step
        for inner in bodies_of(step, at):
            yield from _inside(inner)


def _can_fail(step: Step) -> bool:
    return isinstance(step, Task | Fail)
