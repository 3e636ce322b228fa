"""The functions that expressions may call (cloudflow.md 4.2), and typed tests for conditions without coercion.

A function gets JSON values and returns one; what it cannot take raises EvaluationError. The engine is deterministic,
so the functions that draw by chance get their bytes from the execution.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fnfkit.engine.coerce import kind_of, same, scalar_text
from fnfkit.engine.errors import EvaluationError
from fnfkit.engine.sizes import MAX_DEPTH, depth_of, text_of
from fnfkit.engine.times import instant
from fnfkit.model.json import Json
from fnfkit.model.patterns import Expression, WrongPattern, found, wildcard

MISSING: Final = object()
"""What a lenient function is given for a path that does not exist."""
DRAW: Final = object()
"""The key of a context under which an execution keeps its source of chance: a function that yields 16 bytes."""

_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_MOST_ITEMS = 10_000
"""Items a function may make; keeps a range from filling the memory (inferred)."""
_LONGEST_SUBJECT = 4_096
"""Characters a pattern is run over (inferred)."""
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function and how many arguments it takes. `chance` functions get bytes before their arguments; `lenient` ones
    get MISSING for a path that does not exist."""

    run: Callable[..., Json]
    least: int
    most: int
    chance: bool = False
    lenient: bool = False

    def takes(self, count: int) -> bool:
        """Whether this many arguments are right."""
        return self.least <= count <= self.most

    @property
    def arity(self) -> str:
        """How many arguments are right, in words."""
        if self.most >= _MANY:
            return f"{self.least} or more arguments"
        return f"{self.least} argument{'' if self.least == 1 else 's'}"


def _is_text(value: Json, function: str) -> str:
    if type(value) is not str:
        raise EvaluationError(f"{function} needs text, not {_kind(value)}")
    return value


def _is_list(value: Json, function: str) -> list[Json]:
    if type(value) is not list:
        raise EvaluationError(f"{function} needs an array, not {_kind(value)}")
    return value


def _is_object(value: Json, function: str) -> dict[str, Json]:
    if type(value) is not dict:
        raise EvaluationError(f"{function} needs an object, not {_kind(value)}")
    return value


def _is_int(value: Json, function: str) -> int:
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise EvaluationError(f"{function} needs a whole number, not {_kind(value)}")
    return value


def _kind(value: Json) -> str:
    kind = kind_of(value)
    return kind if kind == "null" else f"{'an' if kind[0] in 'ao' else 'a'} {kind}"


# -- text


def _format(template: Json, *values: Json) -> Json:
    pieces = _is_text(template, "format").split("{}")
    if len(pieces) != len(values) + 1:
        raise EvaluationError(f"format has {len(pieces) - 1} places and {len(values)} values")
    texts = [*(value if type(value) is str else _json_text(value) for value in values), ""]
    return "".join(piece + text for piece, text in zip(pieces, texts, strict=True))


def _json_text(value: Json) -> str:
    if depth_of(value) > MAX_DEPTH:
        raise EvaluationError(f"a value nested deeper than {MAX_DEPTH} levels has no text form")
    return scalar_text(value) if kind_of(value) == "number" else text_of(value)


def _string_to_json(text: Json) -> Json:
    try:
        value = json.loads(_is_text(text, "stringToJson"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"stringToJson: the text is not JSON: {error}") from error
    if depth_of(value) > MAX_DEPTH:
        raise EvaluationError(f"stringToJson: JSON nested deeper than {MAX_DEPTH} levels")
    return value


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _split(text: Json, separator: Json) -> Json:
    sign = _is_text(separator, "split")
    if not sign:
        raise EvaluationError("split needs a separator that is not empty")
    return _is_text(text, "split").split(sign)


def _tokens(text: Json, separators: Json) -> Json:
    """What stands between characters that all are separators; nothing between two of them is no token."""
    kept, signs = [""], set(_is_text(separators, "tokens"))
    for sign in _is_text(text, "tokens"):
        if sign in signs:
            kept.append("")
        else:
            kept[-1] += sign
    return [token for token in kept if token]


def _regex_match(text: Json, pattern: Json) -> Json:
    # The order of the arguments is inferred (cloudflow.md 4.2).
    subject = _is_text(text, "regexMatchString")
    if len(subject) > _LONGEST_SUBJECT:
        raise EvaluationError(f"regexMatchString looks at {_LONGEST_SUBJECT} characters at most")
    try:
        return found(_is_text(pattern, "regexMatchString"), subject)
    except WrongPattern as error:
        raise EvaluationError(f"regexMatchString: {error}") from error


def _matches(text: Json, pattern: Json) -> Json:
    """`*` stands for any characters; a backslash takes the next sign as it is."""
    if type(text) is not str or type(pattern) is not str:
        return False
    return _wildcard(pattern).match(text) is not None


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> Expression:
    chunks = [""]
    for word in re.findall(r"\\.|\*|[^\\*]+|\\\Z", pattern, re.DOTALL):
        if word == "*":
            chunks.append("")
        else:
            chunks[-1] += re.escape(word.removeprefix("\\"))
    return wildcard(chunks)


def _to_base64(text: Json) -> Json:
    return base64.b64encode(_is_text(text, "toBase64").encode("utf-8", "surrogatepass")).decode()


def _from_base64(text: Json) -> Json:
    try:
        return base64.b64decode(_is_text(text, "fromBase64"), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise EvaluationError(f"fromBase64: {error}") from error


def _hash(text: Json, algorithm: Json) -> Json:
    if algorithm not in _ALGORITHMS:
        raise EvaluationError(f"hash knows {', '.join(_ALGORITHMS)}, not {algorithm!r:.40}")
    data = (text if type(text) is str else _json_text(text)).encode("utf-8", "surrogatepass")
    return hashlib.new(_ALGORITHMS[algorithm], data, usedforsecurity=False).hexdigest()


# -- numbers and chance


def _int_add(one: Json, other: Json) -> Json:
    return _is_int(one, "intAdd") + _is_int(other, "intAdd")


def _random_int(drawn: bytes, low: Json, high: Json) -> Json:
    """Both bounds are drawn too, but for a higher one that is equal (inferred, cloudflow.md 4.2)."""
    first, last = _is_int(low, "randomInt"), _is_int(high, "randomInt")
    if last < first:
        raise EvaluationError(f"randomInt: {first} is above {last}")
    return first + int.from_bytes(drawn) % max(1, last - first)


def _uuid(drawn: bytes) -> Json:
    return str(uuid.UUID(bytes=drawn, version=4))


# -- collections


def _length(value: Json) -> Json:
    if type(value) not in (str, list, dict):
        raise EvaluationError(f"length needs text, an array or an object, not {_kind(value)}")
    return len(value)


def _get(collection: Json, key: Json) -> Json:
    if type(collection) is dict and type(key) is str and key in collection:
        return collection[key]
    if type(collection) is list:
        position = _is_int(key, "get")
        if -len(collection) <= position < len(collection):
            return collection[position]
    raise EvaluationError(f"get: there is no {key!r:.40} in {_kind(collection)}")


def _contains(items: Json, value: Json) -> Json:
    return any(same(item, value) for item in _is_list(items, "arrayContains"))


def _unique(items: Json) -> Json:
    kept: list[Json] = []
    for item in _is_list(items, "arrayUnique"):
        if not any(same(item, other) for other in kept):
            kept.append(item)
    return kept


def _partition(items: Json, size: Json) -> Json:
    width, whole = _is_int(size, "arrayPartition"), _is_list(items, "arrayPartition")
    if width < 1:
        raise EvaluationError(f"arrayPartition needs a size of 1 or more, not {width}")
    return [whole[start : start + width] for start in range(0, len(whole), width)]


def _range(first: Json, last: Json, step: Json) -> Json:
    start, stop, stride = (_is_int(value, "arrayRange") for value in (first, last, step))
    if stride == 0:
        raise EvaluationError("arrayRange needs a step other than 0")
    numbers = range(start, stop + (1 if stride > 0 else -1), stride)
    if len(numbers) > _MOST_ITEMS:
        raise EvaluationError(f"arrayRange makes {_MOST_ITEMS} numbers at most")
    return list(numbers)


def _merge(one: Json, other: Json) -> Json:
    return {**_is_object(one, "jsonMerge"), **_is_object(other, "jsonMerge")}


def _keys(value: Json) -> Json:
    return sorted(_is_object(value, "mapKeys"))  # the order is inferred (cloudflow.md 4.2)


def _values(value: Json) -> Json:
    return [item for _, item in sorted(_is_object(value, "mapValues").items())]


# -- typed tests


def _kind_of(value: Json) -> Json:
    return "missing" if value is MISSING else kind_of(value)


def _precedes(one: Json, other: Json) -> Json:
    """Whether one value comes before another of its kind; numbers and texts only, anything else does not."""
    kind = kind_of(one)
    return kind in ("number", "string") and kind == kind_of(other) and bool(one < other)


def _instant(value: Json) -> Json:
    """Milliseconds of an RFC 3339 instant, or null."""
    try:
        return instant(value) if type(value) is str else None
    except (ValueError, OverflowError):
        return None


BUILTINS: dict[str, Builtin] = {
    "format": Builtin(_format, 1, _MANY),
    "length": Builtin(_length, 1, 1),
    "regexMatchString": Builtin(_regex_match, 2, 2),
    "split": Builtin(_split, 2, 2),
    "tokens": Builtin(_tokens, 2, 2),
    "get": Builtin(_get, 2, 2),
    "intAdd": Builtin(_int_add, 2, 2),
    "randomInt": Builtin(_random_int, 2, 2, chance=True),
    "uuid": Builtin(_uuid, 0, 0, chance=True),
    "arrayContains": Builtin(_contains, 2, 2),
    "arrayUnique": Builtin(_unique, 1, 1),
    "arrayPartition": Builtin(_partition, 2, 2),
    "arrayRange": Builtin(_range, 3, 3),
    "toArray": Builtin(lambda *items: list(items), 0, _MANY),
    "mapKeys": Builtin(_keys, 1, 1),
    "mapValues": Builtin(_values, 1, 1),
    "jsonMerge": Builtin(_merge, 2, 2),
    "stringToJson": Builtin(_string_to_json, 1, 1),
    "jsonToString": Builtin(_json_text, 1, 1),
    "fromBase64": Builtin(_from_base64, 1, 1),
    "toBase64": Builtin(_to_base64, 1, 1),
    "hash": Builtin(_hash, 2, 2),
    "kindOf": Builtin(_kind_of, 1, 1, lenient=True),
    "same": Builtin(same, 2, 2),
    "precedes": Builtin(_precedes, 2, 2),
    "matches": Builtin(_matches, 2, 2),
    "instant": Builtin(_instant, 1, 1),
}
"""By name: those of cloudflow.md 4.2, one more on texts and two on arrays, and the typed tests from `kindOf` on."""
