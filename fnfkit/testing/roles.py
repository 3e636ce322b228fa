"""What an event means, in whichever language its flow was written.

The engine writes histories in the words of the flow (`model.vocabulary`); this is the one place that reads those words
back. The two languages differ in more than names: state machines have no event for leaving a state, for calling a
target, nor for an attempt that ran out of time and is repeated, and put a pseudo-state around each branch and iteration
(cloudflow.md 8.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto

from fnfkit.model.vocabulary import STATES, STEPS, Vocabulary
from fnfkit.testing.trace import Fact


class Role(Enum):
    """What happens. A step is entered, begun, concluded and left, or has failed; a call is made and answered."""

    ENTERED = auto()
    BEGUN = auto()
    CONCLUDED = auto()
    """The step has its output, and is about to be left."""
    LEFT = auto()
    """The step is over, well or by a catch."""
    FAILED = auto()
    RAN_OUT = auto()
    """The step failed because the last attempt at its call ran out of time; whether it is caught comes next."""
    BRANCH_ENTERED = auto()
    BRANCH_LEFT = auto()
    CALLED = auto()
    WAITS = auto()
    """The call is under way."""
    ANSWERED = auto()
    REFUSED = auto()
    """The attempt has failed."""
    EXPIRED = auto()
    """The attempt ran out of time."""


def _roles(words: Vocabulary) -> dict[str, Role]:
    roles = {
        words.entered: Role.ENTERED,
        words.started: Role.BEGUN,
        words.succeeded: Role.CONCLUDED if words.exited else Role.LEFT,
        words.failed: Role.FAILED,
        words.exited: Role.LEFT,
        words.timed_out: Role.RAN_OUT,
        words.task_scheduled: Role.CALLED,
        words.task_started: Role.WAITS,
        words.task_submitted: Role.WAITS,
        words.task_succeeded: Role.ANSWERED,
        words.task_submit_failed: Role.REFUSED,
        words.task_failed: Role.REFUSED,
        words.task_timed_out: Role.EXPIRED,
    }
    if not words.branch:
        roles |= dict.fromkeys((words.branch_entered, words.iteration_entered), Role.BRANCH_ENTERED)
        roles |= dict.fromkeys((words.branch_exited, words.iteration_exited), Role.BRANCH_LEFT)
    return {type: role for type, role in roles.items() if type}


def _pseudo(words: Vocabulary) -> re.Pattern[str]:
    """The names of the pseudo-steps around branches and iterations, with the position as a group."""
    names = [re.escape(name).replace(r"\{\}", r"(\d+)") for name in (words.branch, words.iteration)]
    return re.compile("|".join(names))


_ROLES = _roles(STEPS) | _roles(STATES)
"""The types that both languages have mean the same in both."""
_PSEUDO = _pseudo(STATES)
_AROUND = {Role.ENTERED: Role.BRANCH_ENTERED, Role.LEFT: Role.BRANCH_LEFT}
_STATE_TYPES = frozenset(_roles(STATES)) - frozenset(_roles(STEPS))

FAILURES = frozenset({Role.REFUSED, Role.EXPIRED})
"""What ends an attempt badly."""
CALL = FAILURES | {Role.CALLED, Role.WAITS, Role.ANSWERED}
"""What happens to a call."""


def role_of(event: Fact) -> Role | None:
    """What an event means; None for those of the execution itself, and for what no language has."""
    role = _ROLES.get(event.type)
    if event.type not in _STATE_TYPES:
        return role
    if role is Role.FAILED and "next" in event.detail:
        return Role.LEFT
    return _AROUND.get(role, role) if role is not None and _PSEUDO.fullmatch(event.step) else role


def position_of(event: Fact) -> int | None:
    """Which branch or iteration an event is about, where its name tells."""
    found = _PSEUDO.fullmatch(event.step) if event.type in _STATE_TYPES else None
    return None if found is None else int(found[found.lastindex or 0])


def goto_of(event: Fact) -> str | None:
    """Where a catch has led to, None if none has."""
    goto = event.detail.get("goto", event.detail.get("next"))
    return None if goto is None else str(goto)


def is_state_machine(events: Iterable[Fact]) -> bool:
    """Whether a history is that of a state machine."""
    return any(event.type in _STATE_TYPES for event in events)


def open_visits(events: Iterable[Fact]) -> frozenset[int]:
    """The visits of tasks, by the id of the event that entered them, that wait for their answer."""
    visits: dict[int, int] = {}
    latest: dict[int, Role | None] = {}
    waits = {Role.CALLED, Role.WAITS}
    for event in events:
        role = role_of(event)
        visit = event.id if role is Role.ENTERED else visits.get(event.scheduled_by)
        if event.type in _STATE_TYPES:
            waits |= {Role.BEGUN, Role.REFUSED}  # calls show in no other way, and repeated ones in none
        if visit is not None:
            visits[event.id], latest[visit] = visit, role
    return frozenset(visit for visit, role in latest.items() if role in waits)


def path_of(events: Iterable[Fact]) -> list[str]:
    """The steps in the order they were entered."""
    return [event.step for event in events if role_of(event) is Role.ENTERED]
