"""What goes out: the wishes of an execution. Whoever drives the engine performs them, outside any lock.

Outstanding commands are part of the execution's state (`Execution.outstanding()`), so that recovery issues them again.

No command is ever changed. The classes are not frozen, since making a frozen object takes four times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.model.flow import Pattern
from fnfkit.model.json import JsonObject
from fnfkit.model.names import Target


@dataclass(slots=True)
class Invoke:
    """Call a task's target. Answer with `Completed` or `Failed`; for patterns that wait, first with `Accepted`.

    `call` is unique within the execution. `input` is the mapped step input, `params` the evaluated serviceParams
    (None if the step has none), `token` the callback token (empty unless the pattern waits for a callback).
    """

    call: int
    step: str
    target: Target
    pattern: Pattern
    input: JsonObject
    params: JsonObject | None
    token: str
    attempt: int


@dataclass(slots=True)
class Abandon:
    """The answer to a call no longer matters (timeout, stop, a failed sibling branch)."""

    call: int


@dataclass(slots=True)
class SetTimer:
    """Send `TimerFired(timer)` at `due`, in Unix milliseconds."""

    timer: int
    due: int


@dataclass(slots=True)
class CancelTimer:
    """The timer no longer matters."""

    timer: int


Command: TypeAlias = Invoke | Abandon | SetTimer | CancelTimer
