"""Texts of others, made fit for a line of a terminal."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with line ends, commands to terminals and other things nobody sees spelled as escapes."""
    return text if text.isprintable() else "".join(map(_spelled, text))


def _spelled(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
