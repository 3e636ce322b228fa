"""Complaints as data: a problem knows the path of what it is about, and a reader's marks know the line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

Location: TypeAlias = tuple[str | int, ...]
"""Where in a document: keys and positions from the root, e.g. ("steps", 0, "goto")."""


class Severity(Enum):
    """An error keeps the flow from running; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text: 1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: the rule's id (fdl.md 9), where, what is wrong, and what to do about it."""

    id: str
    path: Location
    message: str
    fix: str = ""
    severity: Severity = Severity.ERROR
    mark: Mark | None = None
    """Set where the place is known only by line, e.g. for text that is not YAML."""
