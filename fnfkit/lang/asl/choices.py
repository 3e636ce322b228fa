"""Choice rules as expressions: typed tests without the coercions of the other languages."""

from __future__ import annotations

from fnfkit.lang.asl.expressions import read_path
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.model.expr import And, Call, Compare, Comparison, Const, Expr, Not, Or
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Numeric": (int, float),
    "Boolean": (bool,),
    "Timestamp": (str,),
}
_KINDS = {"String": "string", "Numeric": "number", "Boolean": "boolean"}
_ORDERS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
OPERATORS: dict[str, tuple[str, str]] = {
    f"{type}{order}": (type, order) for type in TYPES for order in (_ORDERS if type != "Boolean" else _ORDERS[:1])
}
"""Operator -> the type it tests and the relation; each has a form with `Path` behind it."""
KINDS = {"IsNull": "null", "IsString": "string", "IsNumeric": "number", "IsBoolean": "boolean"}
_NEVER = Const(False)


def kind_is(value: Expr, name: str) -> Expr:
    """Whether a value is of a JSON type."""
    return Comparison(Compare.EQ, Call("kindOf", (value,)), Const(name))


def present(value: Expr) -> Expr:
    """Whether a path exists."""
    return Comparison(Compare.NE, Call("kindOf", (value,)), Const("missing"))


def relation(order: str, one: Expr, other: Expr) -> Expr:
    """One of the five relations between values of one type."""
    match order:
        case "Equals":
            return Call("same", (one, other))
        case "LessThan":
            return Call("precedes", (one, other))
        case "GreaterThan":
            return Call("precedes", (other, one))
        case "LessThanEquals":
            return Or(Call("precedes", (one, other)), Call("same", (one, other)))
        case _:
            return Or(Call("precedes", (other, one)), Call("same", (one, other)))


def read_rule(value: Json, at: Location, dollar: Expr, findings: Findings, *, top: bool) -> Expr:
    """A choice rule; `top` rules have a Next besides."""
    rule = findings.mapping(value, at, "a choice rule", "E07")
    if rule is None:
        return _NEVER
    keys = [key for key in rule if key not in ("Next", "Comment", "Variable")]
    if not top and "Next" in rule:
        findings.error("E07", (*at, "Next"), "only whole rules have a `Next`", "move it to the outermost rule")
    if len(keys) != 1:
        findings.error("E07", at, f"a choice rule has one operator, not {len(keys)}", "combine rules with And, Or, Not")
        return _NEVER
    (operator,) = keys
    place = (*at, operator)
    if operator in ("And", "Or"):
        return _joined(operator, rule, place, dollar, findings)
    if operator == "Not":
        return Not(read_rule(rule["Not"], place, dollar, findings, top=False))
    return _test(operator, rule, at, dollar, findings)


def _joined(operator: str, rule: JsonObject, at: Location, dollar: Expr, findings: Findings) -> Expr:
    rules = rule[operator]
    if not isinstance(rules, list) or not rules:
        findings.error("E07", at, f"`{operator}` needs a list of rules", "write the rules it joins")
        return _NEVER
    first, *others = (
        read_rule(inner, (*at, number), dollar, findings, top=False) for number, inner in enumerate(rules)
    )
    for other in others:
        first = And(first, other) if operator == "And" else Or(first, other)
    return first


def _test(operator: str, rule: JsonObject, at: Location, dollar: Expr, findings: Findings) -> Expr:
    text = findings.text(rule, "Variable", at, "E07")
    if "Variable" not in rule:
        findings.error("E07", at, "the rule has no `Variable`", "name what it tests: `Variable: $.key`")
    variable = None if text is None else read_path(text, (*at, "Variable"), dollar, findings)
    if variable is None:
        return _NEVER
    value, place = rule[operator], (*at, operator)
    if operator in ("IsPresent", "IsTimestamp", *KINDS):
        return _kind_test(operator, variable, value, place, findings)
    if operator == "StringMatches" and isinstance(value, str):
        return Call("matches", (variable, Const(value)))
    base = operator.removesuffix("Path")
    if base not in OPERATORS:
        fix = findings.meant(operator, OPERATORS) or "such as StringEquals, NumericLessThan, IsPresent"
        findings.error("E07", place, f"there is no operator `{operator:.40}`", fix)
        return _NEVER
    type, order = OPERATORS[base]
    if operator != base:
        other = read_path(value, place, dollar, findings) if isinstance(value, str) else None
        return _NEVER if other is None else compared(type, order, variable, other)
    if not isinstance(value, TYPES[type]) or (isinstance(value, bool) and type != "Boolean"):
        findings.error("E07", place, f"`{operator}` needs a value of its type, not {kind(value)}", "write such a value")
        return _NEVER
    return compared(type, order, variable, Const(value))


def compared(type: str, order: str, one: Expr, other: Expr) -> Expr:
    """A comparison of two values of a type; two paths may hold anything, so their type is tested too."""
    if type == "Timestamp":
        return relation(order, Call("instant", (one,)), Call("instant", (other,)))
    if isinstance(other, Const):
        return relation(order, one, other)
    return And(kind_is(one, _KINDS[type]), relation(order, one, other))


def _kind_test(operator: str, variable: Expr, value: Json, at: Location, findings: Findings) -> Expr:
    if not isinstance(value, bool):
        findings.error("E07", at, f"`{operator}` must be true or false, not {kind(value)}", "write `true`")
        return _NEVER
    if operator == "IsPresent":
        test = present(variable)
    elif operator == "IsTimestamp":
        test = kind_is(Call("instant", (variable,)), "number")
    else:
        test = kind_is(variable, KINDS[operator])
    return test if value else Not(test)
