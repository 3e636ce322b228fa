"""How wide texts are in a monospaced type, and texts that are cut where they would be too wide."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

EM = 0.602
"""Width of a character in common monospaced types, in parts of their size."""


def width_of(text: str, size: int) -> float:
    """Pixels of a text."""
    return sum(map(_cells, text)) * size * EM


def cut(text: str, cells: int) -> str:
    """A text of at most so many characters, on one line; wide ones count twice."""
    line = " ".join(text.split())
    if sum(map(_cells, line)) <= cells:
        return line
    kept, used = "", 1
    for character in line:
        used += _cells(character)
        if used > cells:
            break
        kept += character
    return kept.rstrip() + "…"


def _cells(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
