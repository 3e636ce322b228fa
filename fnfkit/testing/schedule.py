"""Schedules: what happens to the calls of one execution, as data that can be searched, shrunk and pasted into a test.

A schedule names only what is out of the ordinary. Every other call is answered well, at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Success:
    """The call is answered well; what with, the outcomes of the search say."""


@dataclass(frozen=True, slots=True)
class Error:
    """The call fails with an error: once, or with `always` at every attempt of this visit of the step. With
    `after_effect` it had done its work when it failed."""

    name: str
    always: bool = False
    after_effect: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The call does its work and takes longer than the step's timeout."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The call does its work, and nobody ever hears of it: a callback that is never sent."""


@dataclass(frozen=True, slots=True)
class Twice:
    """The call is delivered twice; its answer counts once."""


@dataclass(frozen=True, slots=True)
class Crash:
    """The call does its work, then the engine dies before it knows. It recovers, and calls again."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The call is answered well, when nothing else is left to happen."""


Outcome: TypeAlias = Success | Error | TimedOut | Lost | Twice | Crash | Slow


@dataclass(frozen=True, slots=True)
class Answer:
    """What happens to a call: the `number`-th (from 1) that a step makes in the execution."""

    step: str
    number: int
    outcome: Outcome


Schedule: TypeAlias = tuple[Answer, ...]


class NoSuchStep(ValueError):
    """A schedule or an invariant names a step that the flow does not have; the message names those it has."""


def check_names(names: Iterable[str], steps: Collection[str], who: str) -> None:
    """Raises `NoSuchStep` if one of the names is none of the steps."""
    unknown = sorted({name for name in names if name not in steps})
    if unknown:
        known = ", ".join(steps)
        raise NoSuchStep(f"{who} names {', '.join(unknown)}, which the flow does not have; its steps are: {known}")


def weight(schedule: Schedule) -> tuple[int, int]:
    """How much there is to understand in a schedule: the number of answers, then how odd they are."""
    return len(schedule), sum(_oddity(answer.outcome) for answer in schedule)


def simpler(outcome: Outcome) -> list[Outcome]:
    """Outcomes that are easier to understand and may do as well."""
    match outcome:
        case Error(name=name, always=always, after_effect=after):
            forms = [Error(name), Error(name, always=always), Error(name, after_effect=after)]
            return [form for form in dict.fromkeys(forms) if _oddity(form) < _oddity(outcome)]
        case _:
            return []


def _oddity(outcome: Outcome) -> int:
    match outcome:
        case Error(always=always, after_effect=after):
            return always + 2 * after
        case _:
            return 1
