"""The comparison rules of conditions on single scalars (fdl.md 5.3), for conditions whose outcome is certain.

An error, which makes a condition not true, is `Truth.ERROR` here.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from enum import Enum

from fnfkit.lint.shapes.shape import Kind, kind_of
from fnfkit.model.expr import Compare
from fnfkit.model.json import Json

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


class Truth(Enum):
    """What a condition, or a part of one, can come to."""

    TRUE = "true"
    FALSE = "false"
    ERROR = "an error"


EVERY_TRUTH = frozenset(Truth)
EITHER = frozenset({Truth.TRUE, Truth.FALSE})

_ORDER: Mapping[Compare, Callable[[Json, Json], bool]] = {
    Compare.LT: operator.lt,
    Compare.LE: operator.le,
    Compare.GT: operator.gt,
    Compare.GE: operator.ge,
}


def of(value: bool) -> Truth:
    """A Python truth as a condition's."""
    return Truth.TRUE if value else Truth.FALSE


def number(value: Json) -> float | int | None:
    """`num(v)`: a number, or a string that is a decimal as a whole; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _DECIMAL.match(value):
        return None
    parsed = float(value)
    return None if math.isinf(parsed) else parsed


def boolean(value: Json) -> bool | None:
    """`bool(v)`; None where there is none."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in ("true", "TRUE"):
        return True
    if value in ("false", "FALSE"):
        return False
    amount = number(value)
    return None if amount is None else amount != 0


def compare(op: Compare, left: Json, right: Json) -> Truth | None:
    """The outcome for two scalars; None where the rules say too little to be sure."""
    if op in (Compare.EQ, Compare.NE):
        return of(equal(left, right) == (op is Compare.EQ))
    return _order(_ORDER[op], left, right)


def equal(left: Json, right: Json) -> bool:
    """`==` of two scalars: numbers, then booleans, then as they are."""
    if isinstance(left, bool) and isinstance(right, bool):
        return left is right
    for coerce in (number, boolean):
        pair = (coerce(left), coerce(right))
        if pair[0] is not None and pair[1] is not None:
            return pair[0] == pair[1]
    return kind_of(left) == kind_of(right) and bool(left == right)


def _order(test: Callable[[Json, Json], bool], left: Json, right: Json) -> Truth | None:
    if isinstance(left, str) and isinstance(right, str):
        return of(test(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass")))
    numbers = (number(left), number(right))
    if numbers[0] is not None and numbers[1] is not None:
        return of(test(*numbers))
    if left is None or right is None:
        return Truth.ERROR
    return None  # text forms: how a number is spelt is not documented


def may_equal(value: Json, kinds: Kind) -> bool:
    """Whether some value of these kinds equals the scalar."""
    truth = boolean(value)
    return bool(
        kinds & kind_of(value)
        or (number(value) is not None and kinds & (Kind.NUMBER | Kind.STRING))
        or (truth is not None and kinds & (Kind.BOOL | Kind.NUMBER | Kind.STRING))
        or (truth is False and kinds & Kind.NULL)
    )
