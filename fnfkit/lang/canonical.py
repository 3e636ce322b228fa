"""Canonical YAML: block style, two spaces, keys in the order given, text quoted only where it must be."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from urllib.parse import quote

from fnfkit.lang.marked import DEEPEST, Tagged
from fnfkit.lang.scalars import written
from fnfkit.model.json import Json

LONGEST_KEY = 1000
"""Characters of a written key; YAML's own limit is 1024."""

_SHORT_TAG = re.compile(r"![A-Za-z0-9_./:-]*\Z")
_TAG_SIGNS = "!:/,.;?@&=+$-_~*'()#[]"


def dump(value: Json) -> str:
    """The canonical text of a value that is `representable`; Tagged values are written with their tag."""
    lines: list[str] = []
    if isinstance(value, dict) and value:
        _mapping(value, "", "", lines)
    elif isinstance(value, list) and value:
        _sequence(value, "", "", lines)
    else:
        lines.append(_scalar(value))
    lines.append("")
    return "\n".join(lines)


_written_key = lru_cache(maxsize=256)(written)
"""Keys are few and come again and again."""


def _mapping(value: Json, first: str, pad: str, lines: list[str]) -> None:
    """Appends the lines of a mapping: `first` opens its first line, `pad` the others."""
    inner = pad + "  "
    for key, item in value.items():
        head = f"{first}{_written_key(key)}:"
        first = pad
        kind = type(item)
        if kind is str:
            lines.append(f"{head} {written(item)}")
        elif kind is list and item:
            lines.append(head)
            _sequence(item, inner, inner, lines)
        elif kind is dict and item:
            lines.append(head)
            _mapping(item, inner, inner, lines)
        else:
            lines.append(f"{head} {_scalar(item)}")


def _sequence(value: Json, first: str, pad: str, lines: list[str]) -> None:
    inner = pad + "  "
    for item in value:
        head = first + "- "
        first = pad
        kind = type(item)
        if kind is dict and item:
            _mapping(item, head, inner, lines)
        elif kind is list and item:
            _sequence(item, head, inner, lines)
        else:
            lines.append(head + _scalar(item))


def _scalar(value: Json) -> str:
    if isinstance(value, str):
        return written(value)
    if isinstance(value, Tagged):
        return f"{_tag(value.tag)} {written(str(value.value))}"
    if value is None or isinstance(value, bool | dict | list):
        return json.dumps(value)
    text = repr(value)
    # A YAML 1.1 reader takes 1e-09 for text and 1.0e-09 for a number.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _tag(tag: str) -> str:
    return tag if _SHORT_TAG.match(tag) else f"!<{quote(tag, safe=_TAG_SIGNS)}>"


def representable(value: Json, deepest: int = DEEPEST) -> bool:
    """Whether a value survives writing and reading: JSON without NaN, within 63 bits, no control characters or
    halves of surrogate pairs, and not nested deeper than `deepest`."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return text_is_representable(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, float):
        return math.isfinite(value)
    if deepest <= 0:
        return False
    if isinstance(value, dict):
        return all(key_is_representable(key) and representable(item, deepest - 1) for key, item in value.items())
    return isinstance(value, list) and all(representable(item, deepest - 1) for item in value)


def key_is_representable(key: Json) -> bool:
    """Whether a key survives: YAML reads no longer ones, and gives `<<` a meaning."""
    return isinstance(key, str) and key != "<<" and text_is_representable(key) and len(written(key)) <= LONGEST_KEY


def text_is_representable(text: str) -> bool:
    """Whether a text survives writing and reading."""
    if text.isprintable():
        return True
    return not any((char < " " and char not in "\t\n\r") or "\ud800" <= char <= "\udfff" for char in text)
