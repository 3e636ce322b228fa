"""What a command shows to people, before it is decided how: plain text for pipes, colours for terminals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from fnfkit.model.printable import visible


class Tone(Enum):
    """What a line means, for renderers that can show it."""

    PLAIN = "plain"
    QUIET = "quiet"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Heading:
    """Starts a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one per line."""

    items: tuple[tuple[str, str, Tone], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A text in some language, shown as it is."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; what does not show, such as line ends, is spelled out in its cells."""

    cells: tuple[str, ...]
    tone: Tone = Tone.PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(map(visible, self.cells)))


@dataclass(frozen=True, slots=True)
class Table:
    """A table; columns whose title starts with `>` are aligned to the right."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


Block: TypeAlias = Heading | Line | Facts | Code | Table


def lines_of(table: Table) -> list[str]:
    """The lines of a table, its titles first, with the columns below each other."""
    titles = tuple(title.removeprefix(">") for title in table.columns)
    lines = [titles, *(row.cells for row in table.rows)]
    widths = [max(len(cells[column]) for cells in lines) for column in range(len(titles))]
    rights = [title.startswith(">") for title in table.columns]
    return ["  ".join(map(_padded, cells, widths, rights)).rstrip() for cells in lines]


def _padded(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def tone_of_status(status: str) -> Tone:
    """The tone of an execution's status."""
    if status == "Succeeded":
        return Tone.GOOD
    return Tone.BAD if status in ("Failed", "TimedOut", "Stopped") else Tone.PLAIN
