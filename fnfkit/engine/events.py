"""What comes in: the facts an execution is told. Each carries its time in Unix milliseconds.

These events are what a durable store journals; folding them again over the same program gives the same execution.

No event is ever changed. The classes are not frozen, since making a frozen object takes four times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.model.json import Json, JsonObject


@dataclass(slots=True)
class Start:
    """Begin with the execution's input."""

    at: int
    input: JsonObject


@dataclass(slots=True)
class Resume:
    """Go on with the work left over from a transition that said `more`."""

    at: int


@dataclass(slots=True)
class Accepted:
    """The target has taken the call; the task now waits for its end (patterns sync and waitForCallback)."""

    at: int
    call: int


@dataclass(slots=True)
class Completed:
    """The call has ended well. `output` should be a JSON object; anything else is `FnF.InvalidLocal`."""

    at: int
    call: int
    output: Json


@dataclass(slots=True)
class Failed:
    """The call could not be made, or has ended badly."""

    at: int
    call: int
    error: str
    cause: Json


@dataclass(slots=True)
class Reported:
    """ReportTaskSucceeded for a task that waits for its callback."""

    at: int
    token: str
    output: JsonObject


@dataclass(slots=True)
class ReportedFailure:
    """ReportTaskFailed for a task that waits for its callback."""

    at: int
    token: str
    error: str
    cause: str


@dataclass(slots=True)
class TimerFired:
    """A timer set by a `SetTimer` command is due."""

    at: int
    timer: int


@dataclass(slots=True)
class Stop:
    """StopExecution."""

    at: int
    error: str
    cause: str


@dataclass(slots=True)
class Retire:
    """The flow was deleted: finish the current step, then stop (api-fnf.md 6)."""

    at: int


Event: TypeAlias = (
    Start | Resume | Accepted | Completed | Failed | Reported | ReportedFailure | TimerFired | Stop | Retire
)
