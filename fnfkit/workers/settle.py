"""What to do with a message: pure decisions, tabled in tests.

The rules, in the order they are looked at:

1. A message that names no task cannot be worked on: it is parked.
2. A message delivered more than `max_deliveries` times is poison: its task is reported failed, then it is parked.
3. A handler's result or failure is reported; "again" leaves the message, "later" means somebody else reports.
4. A report comes before the deletion. `TaskAlreadyCompleted` is as good as accepted: somebody has reported.
5. `TaskInvalidState` may be a report that came before the step had suspended: the message is left and comes again;
   the ledger keeps the outcome, so the work is not done again. Poison is parked all the same.
6. What a report refuses for good (an unknown token, an ended flow) is parked; an output that is refused is first
   turned into a failure. Trouble that may pass (throttling, 5xx, no answer, missing rights) leaves the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from fnfkit.ports import (
    EntityTooLarge,
    Fault,
    InvalidArgument,
    MissingRequiredParams,
    TaskAlreadyCompleted,
    TaskInvalidState,
)
from fnfkit.workers.outcome import Again, Done, Later, Outcome, Raised, trimmed


class Settlement(Enum):
    """What happens to the message in the end."""

    DELETE = "delete"
    LEAVE = "leave"
    """It becomes visible again by itself, and is delivered once more."""
    PARK = "park"
    """It moves to the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the flow; what becomes of the message depends on the answer."""

    outcome: Done | Raised
    then: Settlement = Settlement.DELETE


@dataclass(frozen=True, slots=True)
class Settle:
    """Nothing to tell. `seconds` is when a message that is left becomes visible; None leaves it as it is."""

    settlement: Settlement
    reason: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Run the handler."""


Decision: TypeAlias = Work | Report | Settle

POISON = "PoisonMessage"
REFUSED_OUTPUT = "OutputRefused"

_FOR_GOOD = (400, 404)


def on_arrival(*, has_token: bool, deliveries: int, max_deliveries: int) -> Decision:
    """Before the work: rules 1 and 2."""
    if not has_token:
        return Settle(Settlement.PARK, "the message names no task token")
    if deliveries > max_deliveries:
        cause = f"delivered {deliveries} times without an end; at most {max_deliveries} are allowed"
        return Report(Raised(POISON, cause), then=Settlement.PARK)
    return Work()


def on_outcome(outcome: Outcome) -> Decision:
    """After the work: rule 3."""
    match outcome:
        case Again(seconds, reason):
            return Settle(Settlement.LEAVE, reason, seconds)
        case Later():
            return Settle(Settlement.DELETE, "somebody else reports")
        case Done() | Raised():
            return Report(outcome)


def on_answer(report: Report, refusal: Fault | None) -> Decision:
    """After the report, accepted if there is no refusal: rules 4 to 6."""
    match refusal:
        case None:
            return Settle(report.then, "reported")
        case TaskAlreadyCompleted():
            return Settle(report.then, "reported before")
        case TaskInvalidState() if report.then is Settlement.DELETE:
            return Settle(Settlement.LEAVE, "the task cannot be reported now")
        case TaskInvalidState():
            return Settle(report.then, "the task cannot be reported")
        case EntityTooLarge() | InvalidArgument() | MissingRequiredParams() if isinstance(report.outcome, Done):
            return Report(trimmed(REFUSED_OUTPUT, str(refusal)), report.then)
        case Fault(status=status) if status in _FOR_GOOD:
            return Settle(Settlement.PARK, str(refusal))
        case _:
            return Settle(Settlement.LEAVE, str(refusal))


def may_pass(refusal: Fault) -> bool:
    """Whether it is worth asking again soon: no answer, throttling, or trouble inside the service."""
    return refusal.status == 0 or refusal.status == 429 or refusal.status >= 500
