"""What an unquoted YAML word means, and which text needs quotes.

The core schema of YAML 1.2 decides: dates, `yes`, `on` and `1:30` are text. The writer quotes more than the
reader needs, so that a YAML 1.1 reader sees the same types.
"""

from __future__ import annotations

import json
import math
import re

from fnfkit.model.json import Json

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_RADIX = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_LARGEST = 2**63

_PLAIN = re.compile(r"[A-Za-z_$/(][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff#:]*\Z")
_INNER_COLON = re.compile(r"[A-Za-z_$/][\w$/.:\[\]*-]*[\w/\]*]\Z", re.ASCII)
_YAML_1_1 = ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF")
_OTHER_TYPES = WORDS.keys() | _YAML_1_1
_ESCAPED = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")


class NotANumber(ValueError):
    """A number JSON has no room for: not finite, or beyond 64 bits."""


def resolve(text: str) -> Json:
    """The value of an unquoted word. Raises NotANumber."""
    if text in WORDS:
        return WORDS[text]
    return number(text) if text[0] in _NUMERIC else text


def number(text: str) -> Json:
    """The number a word spells, else the word itself. Raises NotANumber."""
    if _INTEGER.match(text):
        return _integer(text, 10)
    if _FLOAT.match(text):
        value = float(text)
        if not math.isfinite(value):
            raise NotANumber(f"the number {text:.40} is too large")
        return value
    if _RADIX.match(text):
        return _integer(text, 0)
    if _NOT_FINITE.match(text):
        raise NotANumber(f"{text} is not a number that JSON has")
    return text


def _integer(text: str, base: int) -> int:
    value = int(text, base) if len(text) < 80 else _LARGEST
    if not -_LARGEST <= value < _LARGEST:
        raise NotANumber(f"the number {text:.40} is too large: at most 63 bits")
    return value


def written(text: str) -> str:
    """A string as YAML: plain where every reader takes it for the same text, else in double quotes."""
    if _is_plain(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _is_plain(text: str) -> bool:
    if text in _OTHER_TYPES or text[-1] == " ":
        return False
    return bool(_PLAIN.match(text) or _INNER_COLON.match(text))
