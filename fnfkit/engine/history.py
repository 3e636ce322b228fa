"""The event history of an execution (fdl.md 6.2 to 6.4)."""

from __future__ import annotations

from typing import NamedTuple

from fnfkit.model.json import JsonObject


class HistoryEvent(NamedTuple):
    """One record. `at` is in Unix milliseconds; `detail` becomes JSON text only when somebody reads it."""

    id: int
    scheduled_by: int
    """Id of the event that triggered this one; 0 for ExecutionStarted (fdl.md 6.2)."""
    type: str
    step: str
    """Empty for events of the execution itself."""
    at: int
    detail: JsonObject
