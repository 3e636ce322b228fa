"""Comparisons that decide as Python would. Where FDL's coercions differ (fdl.md 5.3): other operators, or an error.

Rules of the file. A leaf is one FDL condition. A *fragile* leaf is false because its evaluation fails (an order with
null fails), so it may stand alone or under `&&`, nowhere else. An *inverted* leaf holds if its condition is not taken.
A leaf that *requires* a key which may lack gets a choice of its own, so that a missing key fails the step as it fails
Python.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.scope import Value
from fnfkit.dsl.shapes import SCALARS, Kind
from fnfkit.model.expr import And, Compare, Comparison, Const, Expr, Key, Not, Or

_OPPOSITE = {
    Compare.EQ: Compare.NE,
    Compare.NE: Compare.EQ,
    Compare.LT: Compare.GE,
    Compare.GE: Compare.LT,
    Compare.GT: Compare.LE,
    Compare.LE: Compare.GT,
}
_NUMERIC = re.compile(r"\s*[+-]?[0-9._]|\s*[+-]?(inf|nan)", re.IGNORECASE)
_TYPED = "annotate the function's result with a dataclass or a TypedDict"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition; see the rules of the file. `subject` names the step."""

    expr: Expr
    subject: str = ""
    fragile: bool = False
    inverted: bool = False
    requires: tuple[Value, ...] = ()

    def negated(self) -> Leaf:
        """The leaf that holds exactly when this one does not."""
        if self.fragile or self.inverted or self.requires:
            return replace(self, inverted=not self.inverted)
        return replace(self, expr=_negated(self.expr))


def _negated(expr: Expr) -> Expr:
    match expr:
        case Comparison(op=op, left=left, right=right):
            return Comparison(_OPPOSITE[op], left, right)
        case Not(operand=operand):
            return operand
        case Const(value=value):
            return Const(not value)
        case _:
            return Not(expr)


def null_test(node: ast.expr, op: Compare, value: Value, path: Expr) -> Leaf:
    """`== null` is true for 0, false and "" too, but only null fails in an order (fdl.md 5.3)."""
    if op not in (Compare.EQ, Compare.NE):
        raise Complaint(node, "None has no place in an order", "compare with == or !=")
    if value.shape.kind in (Kind.OBJECT, Kind.LIST):
        return Leaf(Comparison(op, path, Const(None)))
    return Leaf(not_null(path), fragile=True, inverted=op is Compare.EQ)


def not_null(path: Expr) -> Expr:
    return Comparison(Compare.GE, path, Const(""))


def harmless(right: Value) -> bool:
    """A constant text that is neither a number nor a truth value is equal to itself only (fdl.md 5.3)."""
    text = right.const if right.parts is None else None
    if not isinstance(text, str) or _NUMERIC.match(text):
        return False
    return text.lower() not in ("true", "false", "t", "f")


def plain_text(node: ast.expr, op: Compare, left: Value, one: Expr, other: Expr) -> Leaf:
    """A comparison with such a constant, which decides as Python for every other type."""
    if left.shape.kind not in (Kind.TEXT, Kind.ANY, Kind.NULL):
        raise Complaint(node, f"this compares {left.shape} with str, which are never equal")
    return Leaf(Comparison(op, one, other))


def same_kind(node: ast.expr, left: Value, right: Value) -> None:
    """Complains of operands whose comparison FDL would coerce (fdl.md 5.3)."""
    kinds = (left.shape.kind, right.shape.kind)
    if Kind.ANY in kinds:
        reason = 'the type is not known, and FDL would compare 1, "1" and true as equal'
        raise Complaint(node, reason, _TYPED)
    if kinds[0] is not kinds[1]:
        raise Complaint(node, f"this compares {left.shape} with {right.shape}", "compare values of one type")
    if kinds[0] not in SCALARS:
        raise Complaint(
            node, "FDL compares texts, numbers and truth values only", "have a function compare, or a field"
        )


def equality(node: ast.expr, op: Compare, left: Value, right: Value, paths: tuple[Expr, Expr]) -> Leaf:
    """`==` or `!=` of two values of one scalar kind, of which one may be None."""
    one, other = paths
    if left.shape.optional and right.shape.optional:
        raise Complaint(node, "both sides may be None, which FDL takes for 0 and false", "test one first: is not None")
    if left.shape.kind is Kind.TEXT:
        return _text_equality(op, one, other, left.shape.optional or right.shape.optional)
    guarded = one if left.shape.optional else other if right.shape.optional else None
    if guarded is None or (right.parts is None and right.const):
        return Leaf(Comparison(op, one, other))
    equal = And(not_null(guarded), Comparison(Compare.EQ, one, other))
    return Leaf(equal, fragile=True, inverted=op is Compare.NE)


def _text_equality(op: Compare, one: Expr, other: Expr, optional: bool) -> Leaf:
    """`==` would take "1" and "1.0" for equal; an order of two texts is exact (fdl.md 5.3)."""
    if op is Compare.NE and not optional:
        return Leaf(Or(Comparison(Compare.LT, one, other), Comparison(Compare.GT, one, other)))
    equal = And(Comparison(Compare.LE, one, other), Comparison(Compare.GE, one, other))
    return Leaf(equal, fragile=optional, inverted=op is Compare.NE)


def not_boolean(text: str, value: Value) -> tuple[str, str]:
    """The reason and the way out for a test that is no bool."""
    reason = "a condition in FDL is true or false, never merely truthy"
    match value.shape.kind:
        case Kind.TEXT:
            return reason, f'write {text} != ""'
        case Kind.NUMBER:
            return reason, f"write {text} != 0"
        case Kind.ANY:
            return "the type of the condition is not known", f"{_TYPED}: bool"
        case _ if value.shape.optional:
            return reason, f"write {text} is not None"
        case _:
            return reason, "have a function give a bool"


def mirrored(op: Compare) -> Compare:
    """The operator with its sides exchanged."""
    return {
        Compare.LT: Compare.GT,
        Compare.GT: Compare.LT,
        Compare.LE: Compare.GE,
        Compare.GE: Compare.LE,
    }.get(op, op)


def python(op: Compare, left: Value, right: Value) -> bool:
    """What Python says about two constants."""
    one, other = left.const, right.const
    match op:
        case Compare.EQ:
            return bool(one == other)
        case Compare.NE:
            return bool(one != other)
        case Compare.LT:
            return bool(one < other)
        case Compare.LE:
            return bool(one <= other)
        case Compare.GT:
            return bool(one > other)
        case Compare.GE:
            return bool(one >= other)


def subject(value: Value) -> str:
    """The name of what is compared: the last key of its path."""
    for part in reversed(value.parts or ()):
        if isinstance(part, Key):
            return part.name
    return ""
