"""The type rules of conditions (fdl.md 5.3)."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

from fnfkit.engine.errors import EvaluationError
from fnfkit.engine.sizes import MAX_DEPTH, depth_of, text_of
from fnfkit.model.expr import Compare
from fnfkit.model.json import Json

Number: TypeAlias = int | float

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_BOOLS = {"true": True, "TRUE": True, "false": False, "FALSE": False}
_NUMBERS = (int, float)


def number(value: Json) -> Number | None:
    """A number itself, or a string that is wholly a decimal number; booleans are no numbers."""
    kind = type(value)
    if kind in _NUMBERS:
        found: Number = value
        return found
    if kind is str and _DECIMAL.match(value):
        parsed = float(value)
        return None if math.isinf(parsed) else parsed
    return None


def boolean(value: Json) -> bool | None:
    """The truth of a value, or None if it has none."""
    if value is True or value is False:
        return bool(value)
    if value is None:
        return False
    if type(value) is str and value in _BOOLS:
        return _BOOLS[value]
    found = number(value)
    return None if found is None else found != 0


def truth(value: Json) -> bool:
    """The truth of a value. Raises EvaluationError if it has none."""
    found = boolean(value)
    if found is None:
        raise EvaluationError(f"a value of type {kind_of(value)} is neither true nor false")
    return found


def equal(left: Json, right: Json) -> bool:
    """`==`: the first rule that applies decides; numbers, booleans, numeric text, truth values, deep equality."""
    if type(left) is bool and type(right) is bool:
        return left is right
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return one == other
    first, second = boolean(left), boolean(right)
    if first is not None and second is not None:
        return first is second
    return same(left, right)


def ordered(op: Compare, left: Json, right: Json) -> bool:
    """`<`, `<=`, `>`, `>=`. Raises EvaluationError if a side is null."""
    if type(left) is str and type(right) is str:
        return _order(op, left, right)
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return _order(op, one, other)
    if left is None or right is None:
        raise EvaluationError(f"null has no place in an order: {op.value} needs two values")
    return _order(op, scalar_text(left), scalar_text(right))


def _order(op: Compare, left: Json, right: Json) -> bool:
    if op is Compare.LT:
        return bool(left < right)
    if op is Compare.LE:
        return bool(left <= right)
    if op is Compare.GT:
        return bool(left > right)
    return bool(left >= right)


def same(left: Json, right: Json) -> bool:
    """Deep equality of JSON values, without recursion; `true` is not 1 in here."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if kind_of(one) != kind_of(other):
            return False
        if type(one) is dict:
            if one.keys() != other.keys():
                return False
            pairs += [(item, other[key]) for key, item in one.items()]
        elif type(one) is list:
            if len(one) != len(other):
                return False
            pairs += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def kind_of(value: Json) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def scalar_text(value: Json) -> str:
    """The text form that an order of unlike values compares; integral floats are written without a fraction."""
    if type(value) is str:
        return value
    if type(value) is float and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if depth_of(value) > MAX_DEPTH:
        raise EvaluationError(f"a value nested deeper than {MAX_DEPTH} levels has no text form")
    return text_of(value)
