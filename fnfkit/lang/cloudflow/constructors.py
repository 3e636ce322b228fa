"""Constructors, `.$` values and conditions, as expressions (cloudflow.md 3.3, 3.4)."""

from __future__ import annotations

import re

from fnfkit.lang.cloudflow.expressions import GRAMMAR, View, lowered
from fnfkit.lang.cloudflow.schema import FUNCTIONS, MANY, MOST_NESTED_CALLS
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.grammar import parse
from fnfkit.lang.lexer import ExpressionError
from fnfkit.lang.template import read_suffixed, read_template
from fnfkit.lang.trees import children
from fnfkit.model.expr import Call, Expr
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

_LOWER_ROOT = re.compile(r"\$(input|output|context|global|item|local)\b")
_HINT = "write a path such as $Input.key, a literal or a function call"


def read_constructor(owner: JsonObject, key: str, at: Location, view: View, findings: Findings) -> Expr | None:
    """What a constructor builds; None if there is none."""
    if key not in owner:
        return None
    value, place = owner[key], (*at, key)
    if isinstance(value, str):
        return read_expression(value, place, view, findings)
    if not isinstance(value, dict):
        findings.error("E11", place, f"`{key}` must be a mapping or an expression, not {kind(value)}", _HINT)
        return None
    return constructed(value, place, view, findings)


def constructed(value: Json, at: Location, view: View, findings: Findings) -> Expr:
    """The expression of a constructor's value: `key.$` holds an expression, any other key a constant."""
    return read_template(value, at, lambda text, place: read_expression(text, place, view, findings), findings)


def read_value(value: Json, at: Location, view: View, findings: Findings) -> Expr:
    """The value of a key that ends in `.$`."""
    return read_suffixed(value, at, lambda text, place: read_expression(text, place, view, findings), findings)


def read_expression(text: str, at: Location, view: View, findings: Findings, id: str = "E12") -> Expr | None:
    """The expression a text spells; None if, reported, it spells none."""
    try:
        parsed = parse(text, GRAMMAR)
        _check_calls(parsed.expr, at, findings)
        expr = lowered(parsed.expr, view)
    except ExpressionError as error:
        fix = error.fix or _HINT
        if match := _LOWER_ROOT.search(text):
            fix = f"roots begin with a capital here: `${match[1].capitalize()}`"
            if match[1] == "local":
                fix = "a state has no local: its input is the output of the state before it, `$Input`"
        findings.error(id, at, f"`{text:.60}` is no expression: {error}", fix)
        return None
    for note in parsed.notes:
        findings.warn(note.id, at, f"column {note.column}: {note.message}", note.fix)
    return expr


def _check_calls(expr: Expr, at: Location, findings: Findings) -> None:
    """Functions exist, take what they are given, and nest no deeper than allowed (cloudflow.md 3.3, 4.2)."""
    level = [(expr, 0)]
    deepest = 0
    while level:
        node, depth = level.pop()
        if isinstance(node, Call):
            depth += 1
            _check_call(node, at, findings)
        deepest = max(deepest, depth)
        level += [(child, depth) for child in children(node)]
    if deepest > MOST_NESTED_CALLS:
        message = f"function calls are nested {deepest} deep; at most {MOST_NESTED_CALLS} are allowed"
        findings.error("E12", at, message, "build a part of it in a state before")


def _check_call(call: Call, at: Location, findings: Findings) -> None:
    arity = FUNCTIONS.get(call.function)
    if arity is None:
        fix = findings.meant(call.function, FUNCTIONS) or "there are " + ", ".join(FUNCTIONS)
        findings.error("E12", at, f"there is no function `{call.function:.40}`", fix)
        return
    least, most = arity
    if not least <= len(call.arguments) <= most:
        takes = f"{least} or more" if most == MANY else str(least)
        message = f"`{call.function}` takes {takes} arguments, not {len(call.arguments)}"
        findings.error("E12", at, message, "see the list of built-in functions")
