"""What can go wrong inside a step, before it becomes a flow error: an error name and a cause in the history."""

from __future__ import annotations

RUNTIME_ERROR = "FnF.RuntimeError"
INVALID_LOCAL = "FnF.InvalidLocal"
TASK_TIMEOUT = "FnF.TaskTimeout"
TIMEOUT = "FnF.Timeout"


class Flaw(Exception):
    """The step at hand fails with `FnF.RuntimeError`; the message is the cause. Never leaves the engine."""


class EvaluationError(Flaw):
    """An expression has no value: a missing path, or operands without a common type (fdl.md 3.6, 5.3)."""


class Oversize(Flaw):
    """A step's data is too large or too deep, which fails the execution whatever a catch says (fdl.md 3.1)."""


class EventLimit(Exception):
    """The history is full (fdl.md 6.5). Never leaves the engine."""
