"""What can come of a handler, as data that a ledger can keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.model.json import JsonObject

LONGEST_ERROR = 128
LONGEST_CAUSE = 4_096
"""Characters that ReportTaskFailed takes (fdl.md 4.10)."""


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done; `output` becomes the step's own local."""

    output: JsonObject


@dataclass(frozen=True, slots=True)
class Raised:
    """The work has failed for good; `error` is what retry and catch of the step look at."""

    error: str
    cause: str


@dataclass(frozen=True, slots=True)
class Again:
    """The work should be tried again with the same message, `seconds` from now."""

    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Returned by a handler that keeps the token: somebody else reports, and the message is done with."""


Outcome: TypeAlias = Done | Raised | Again | Later
Final: TypeAlias = Done | Raised | Later
"""What ends the work on a task, so that it must not be done again."""


def failure(error: BaseException) -> Raised:
    """A failure named by the exception's class, as Function Compute names those of functions (fdl.md 4.9)."""
    return trimmed(type(error).__name__, str(error) or type(error).__name__)


def trimmed(error: str, cause: str) -> Raised:
    """A failure within the lengths that a report takes."""
    return Raised(error[:LONGEST_ERROR] or "Error", cause[:LONGEST_CAUSE] or error[:LONGEST_CAUSE])


def encode(outcome: Final) -> str:
    """A final outcome as text."""
    match outcome:
        case Done(output):
            return json.dumps({"done": output})
        case Raised(error, cause):
            return json.dumps({"raised": [error, cause]})
        case Later():
            return json.dumps({"later": True})


def decode(text: str) -> Final:
    """The outcome that was encoded."""
    value = json.loads(text)
    if "done" in value:
        return Done(value["done"])
    if "raised" in value:
        return Raised(*value["raised"])
    return Later()
