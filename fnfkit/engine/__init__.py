"""The interpreter: pure, it knows no text format, no HTTP and no clock; time comes in with each event."""

from fnfkit.engine.commands import Abandon, CancelTimer, Command, Invoke, SetTimer
from fnfkit.engine.events import (
    Accepted,
    Completed,
    Event,
    Failed,
    Reported,
    ReportedFailure,
    Resume,
    Retire,
    Start,
    Stop,
    TimerFired,
)
from fnfkit.engine.execution import Execution, Status
from fnfkit.engine.history import HistoryEvent
from fnfkit.engine.program import Program, compile
from fnfkit.engine.settings import NO_LIMITS, Limits, Settings
from fnfkit.engine.tokens import TokenState, parse_token
from fnfkit.engine.turn import Transition, advance

__all__ = [
    "NO_LIMITS",
    "Abandon",
    "Accepted",
    "CancelTimer",
    "Command",
    "Completed",
    "Event",
    "Execution",
    "Failed",
    "HistoryEvent",
    "Invoke",
    "Limits",
    "Program",
    "Reported",
    "ReportedFailure",
    "Resume",
    "Retire",
    "SetTimer",
    "Settings",
    "Start",
    "Status",
    "Stop",
    "TimerFired",
    "TokenState",
    "Transition",
    "advance",
    "compile",
    "parse_token",
]
