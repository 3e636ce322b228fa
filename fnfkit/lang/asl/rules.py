"""Conditions back into choice rules. Conditions that coerce become tests by type, and a missing path is not taken,
as it is in the other languages (fdl.md 5.3)."""

from __future__ import annotations

import re

from fnfkit.lang.asl.choices import KINDS, OPERATORS, TYPES, compared
from fnfkit.lang.asl.expressions import spelled_path
from fnfkit.lang.unparse import Inexpressible
from fnfkit.model.expr import And, Call, Compare, Comparison, Const, Expr, Not, Or, Path, Root
from fnfkit.model.json import Json, JsonObject

_COERCED = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z|(?i:true|false)\Z")
_ORDERS = {
    Compare.EQ: "Equals",
    Compare.LT: "LessThan",
    Compare.GT: "GreaterThan",
    Compare.LE: "LessThanEquals",
    Compare.GE: "GreaterThanEquals",
}
_MIRRORED = {
    Compare.LT: Compare.GT,
    Compare.GT: Compare.LT,
    Compare.LE: Compare.GE,
    Compare.GE: Compare.LE,
    Compare.EQ: Compare.EQ,
    Compare.NE: Compare.NE,
}


def rule(condition: Expr) -> JsonObject:
    """The rule that holds where the condition is taken. Raises ValueError if there is none."""
    return _flat(_typed(condition) or _taken(condition))


def _flat(value: JsonObject) -> JsonObject:
    """The rule without an And inside an And, nor an Or inside an Or."""
    out: JsonObject = {}
    for key, inner in value.items():
        if key in ("And", "Or"):
            rules = [_flat(one) for one in inner]
            out[key] = [part for one in rules for part in (one[key] if one.keys() == {key} else [one])]
        else:
            out[key] = _flat(inner) if key == "Not" else inner
    return out


# -- what the reader makes of rules, exactly


def _typed(expr: Expr) -> JsonObject | None:
    match expr:
        case Comparison(Compare.NE, Call("kindOf", (Path() as path,)), Const("missing")):
            return _test(path, "IsPresent", True)
        case Comparison(Compare.EQ, Call("kindOf", (Call("instant", (Path() as path,)),)), Const("number")):
            return _test(path, "IsTimestamp", True)
        case Comparison(Compare.EQ, Call("kindOf", (Path() as path,)), Const(name)) if name in KINDS.values():
            return _test(path, next(key for key, value in KINDS.items() if value == name), True)
        case Call("matches", (Path() as path, Const(str() as pattern))):
            return _test(path, "StringMatches", pattern)
    if (found := _compared(expr)) is not None:
        return found
    match expr:
        case And(left, right):
            return _both("And", _typed(left), _typed(right))
        case Or(left, right):
            return _both("Or", _typed(left), _typed(right))
        case Not(operand) if (inner := _typed(operand)) is not None:
            return {"Not": inner}
        case _:
            return None


def _both(name: str, left: JsonObject | None, right: JsonObject | None) -> JsonObject | None:
    if left is None or right is None:
        return None
    first = left[name] if left.keys() == {name} else [left]
    return {name: [*first, right]}


def _compared(expr: Expr) -> JsonObject | None:
    """The operator whose meaning an expression is."""
    operands = _operands(expr)
    for one in operands:
        if not isinstance(one, Path):  # a constant is never the variable of a rule
            continue
        for other in operands:
            for name, (type, order) in OPERATORS.items():
                if isinstance(other, Const):
                    if not isinstance(other.value, TYPES[type]) or (
                        isinstance(other.value, bool) != (type == "Boolean")
                    ):
                        continue
                    if compared(type, order, one, other) == expr:
                        return _test(one, name, other.value)
                elif isinstance(other, Path) and compared(type, order, one, other) == expr:
                    return _test(one, f"{name}Path", spelled_path(other, Root.INPUT))
    return None


def _operands(expr: Expr) -> list[Expr]:
    match expr:
        case Call("same" | "precedes", arguments):
            return [
                argument.arguments[0] if isinstance(argument, Call) and argument.function == "instant" else argument
                for argument in arguments
            ]
        case Or(left, _) | And(_, left):
            return _operands(left)
        case _:
            return []


def _test(variable: Expr, operator: str, value: Json) -> JsonObject:
    if not isinstance(variable, Path):
        raise Inexpressible("a test of a computed value")
    return {"Variable": spelled_path(variable, Root.INPUT), operator: value}


# -- conditions that coerce


def _taken(expr: Expr) -> JsonObject:
    """The rule for "evaluates, and to true"."""
    match expr:
        case Const(value):
            return _constant(bool(value))
        case Not(operand):
            return _refused(operand)
        case And(left, right):
            return {"And": [_taken(left), _taken(right)]}
        case Or(left, right):
            return {"Or": [_taken(left), {"And": [_refused(left), _taken(right)]}]}
        case _:
            return _guarded(expr, holds=True)


def _refused(expr: Expr) -> JsonObject:
    """The rule for "evaluates, and to false"."""
    match expr:
        case Const(value):
            return _constant(not value)
        case Not(operand):
            return _taken(operand)
        case And(left, right):
            return {"Or": [_refused(left), {"And": [_taken(left), _refused(right)]}]}
        case Or(left, right):
            return {"And": [_refused(left), _refused(right)]}
        case _:
            return _guarded(expr, holds=False)


def _constant(value: bool) -> JsonObject:
    always: JsonObject = {"Variable": "$", "IsPresent": True}
    return always if value else {"Not": always}


def _guarded(expr: Expr, *, holds: bool) -> JsonObject:
    typed = _typed(expr)
    if typed is not None:
        return typed if holds else {"Not": typed}
    test, paths = _coercing(expr)
    guards = [_test(path, "IsPresent", True) for path in paths]
    return {"And": [*guards, test if holds else {"Not": test}]}


def _coercing(expr: Expr) -> tuple[JsonObject, list[Path]]:
    match expr:
        case Path() as path:
            return _truth(path), [path]
        case Comparison(Compare.NE, left, right):
            test, paths = _coercing(Comparison(Compare.EQ, left, right))
            return {"Not": test}, paths
        case Comparison(op, Path() as path, Const(value)):
            return _against(op, path, value), [path]
        case Comparison(op, Const(value), Path() as path):
            return _against(_MIRRORED[op], path, value), [path]
        case Comparison(Compare.GT | Compare.GE as op, left, right) if left == right:
            # Of a path and itself both orders say the same, and a reader cannot tell which one was meant.
            return _coercing(Comparison(_MIRRORED[op], left, right))
        case Comparison(op, Path() as one, Path() as other):
            order, where = _ORDERS[op], spelled_path(other, Root.INPUT)
            types = ("String", "Numeric", "Boolean") if op is Compare.EQ else ("String", "Numeric")
            return {"Or": [_test(one, f"{type}{order}Path", where) for type in types]}, [one, other]
        case _:
            raise Inexpressible(f"{type(expr).__name__} in a condition")


def _truth(path: Path) -> JsonObject:
    number = {"And": [_test(path, "IsNumeric", True), {"Not": _test(path, "NumericEquals", 0)}]}
    words = [_test(path, "StringEquals", word) for word in ("true", "TRUE")]
    return {"Or": [_test(path, "BooleanEquals", True), *words, number]}


def _against(op: Compare, path: Path, value: Json) -> JsonObject:
    order = _ORDERS[op]
    match value:
        case bool() if op is Compare.EQ:
            return _test(path, "BooleanEquals", value)
        case None if op is Compare.EQ:
            return _test(path, "IsNull", True)
        case int() | float() if not isinstance(value, bool):
            return _test(path, f"Numeric{order}", value)
        case str() if not _COERCED.match(value):
            return _test(path, f"String{order}", value)
        case _:
            raise Inexpressible(f"a comparison with {value!r:.40}, which coerces")
