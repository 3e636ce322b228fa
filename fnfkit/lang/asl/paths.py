"""InputPath, Parameters, ResultSelector, ResultPath and OutputPath: what a state takes and gives."""

from __future__ import annotations

from fnfkit.lang.asl.expressions import GRAMMAR, prepared, read_expression, read_path
from fnfkit.lang.asl.places import put
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.grammar import parse_path
from fnfkit.lang.lexer import ExpressionError
from fnfkit.lang.template import read_template
from fnfkit.model.expr import SCOPE_LOCAL, Const, Expr, Key, Path, Root
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Location

NOTHING = Const({})


def effective(state: JsonObject, at: Location, findings: Findings) -> Expr:
    """The effective input: the raw input after InputPath; null makes it empty."""
    if "InputPath" not in state:
        return SCOPE_LOCAL
    if state["InputPath"] is None:
        return NOTHING
    text = findings.text(state, "InputPath", at)
    return (text is not None and read_path(text, (*at, "InputPath"), SCOPE_LOCAL, findings)) or SCOPE_LOCAL


def template(state: JsonObject, key: str, dollar: Expr, at: Location, findings: Findings) -> Expr | None:
    """A payload template; None if there is none."""
    if key not in state:
        return None
    place = (*at, key)
    if not isinstance(state[key], dict):
        findings.error("E11", place, f"`{key}` must be a mapping, not {kind(state[key])}", "write `key: value` lines")
        return None
    return read_template(
        state[key], place, lambda text, where: read_expression(text, where, dollar, findings), findings
    )


def given(state: JsonObject, result: Expr, at: Location, findings: Findings) -> Expr:
    """What a state gives: its result put into the raw input by ResultPath, and what OutputPath takes of that."""
    return output(state, placed(state, result, at, findings), at, findings)


def placed(state: JsonObject, result: Expr, at: Location, findings: Findings) -> Expr:
    """The result, put into the raw input where ResultPath says."""
    if "ResultPath" not in state:
        return result
    if state["ResultPath"] is None:
        return SCOPE_LOCAL
    text, place = findings.text(state, "ResultPath", at), (*at, "ResultPath")
    if text is None:
        return result
    try:
        path = parse_path(prepared(text), GRAMMAR).expr
    except ExpressionError as error:
        findings.error("E12", place, f"`{text:.60}` is not a path: {error}", error.fix or "write a path such as $.key")
        return result
    match path:
        case Path(Root.INPUT, ()):
            return result
        case Path(Root.INPUT, parts) if all(isinstance(part, Key) for part in parts):
            return put(result, tuple(part.name for part in parts if isinstance(part, Key)))
        case _:
            findings.error("E12", place, f"`{text:.60}` is more than keys of the input", "write `$.key`")
            return result


def output(state: JsonObject, whole: Expr, at: Location, findings: Findings) -> Expr:
    """What OutputPath takes; null makes it empty."""
    if "OutputPath" not in state:
        return whole
    if state["OutputPath"] is None:
        return NOTHING
    text = findings.text(state, "OutputPath", at)
    if text is None:
        return whole
    return read_path(text, (*at, "OutputPath"), whole, findings) or whole
