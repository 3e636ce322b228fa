"""Paths compiled to look-ups (fdl.md 3.5, 3.6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from fnfkit.engine.errors import EvaluationError
from fnfkit.model.expr import Index, Key, Part, Slice, Wild
from fnfkit.model.json import Json

Lookup: TypeAlias = Callable[[Json], Json]


def lookup(parts: tuple[Part, ...], spelling: str, missing_is_null: bool) -> Lookup:
    """What follows `parts` from a root value.

    A missing key on a definite path raises EvaluationError with the path's text, or yields null if `missing_is_null`.
    """
    text = spelling + "".join(_spell(part) for part in parts)
    if any(isinstance(part, Wild | Slice) for part in parts):
        return _matches(parts)
    if all(isinstance(part, Key) for part in parts):
        return _keys(tuple(part.name for part in parts if isinstance(part, Key)), text, missing_is_null)
    return _definite(parts, text, missing_is_null)


def _missing(text: str, missing_is_null: bool) -> None:
    if not missing_is_null:
        raise EvaluationError(f"the path {text} does not exist; map it, or set it in an earlier step")


def _keys(names: tuple[str, ...], text: str, missing_is_null: bool) -> Lookup:
    def follow(value: Json) -> Json:
        try:
            for name in names:
                value = value[name]
        except (KeyError, TypeError):
            return _missing(text, missing_is_null)
        return value

    return follow


def _definite(parts: tuple[Part, ...], text: str, missing_is_null: bool) -> Lookup:
    def follow(value: Json) -> Json:
        for part in parts:
            found = list(_select(part, value))
            if not found:
                return _missing(text, missing_is_null)
            value = found[0]
        return value

    return follow


def _matches(parts: tuple[Part, ...]) -> Lookup:
    """With a wildcard the path yields all matches in document order; what lacks a key is skipped (fdl.md 3.5)."""

    def follow(value: Json) -> Json:
        found = [value]
        for part in parts:
            found = [match for item in found for match in _select(part, item)]
        return found

    return follow


def _select(part: Part, value: Json) -> Iterator[Json]:
    match part, value:
        case Key(name), dict():
            if name in value:
                yield value[name]
        case Index(position), list():
            # An index out of range is null (fdl.md 3.5).
            yield value[position] if -len(value) <= position < len(value) else None
        case Wild(), dict():
            yield from value.values()
        case Wild(), list():
            yield from value
        case Slice(start, stop), list():
            yield from value[start:stop]


def _spell(part: Part) -> str:
    match part:
        case Key(name):
            return f".{name}" if name.isidentifier() else f"[{json.dumps(name, ensure_ascii=False)}]"
        case Index(position):
            return f"[{position}]"
        case Wild():
            return "[*]"
        case Slice(start, stop):
            return f"[{'' if start is None else start}:{'' if stop is None else stop}]"
