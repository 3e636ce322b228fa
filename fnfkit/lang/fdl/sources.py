"""Values that may be paths: mapping sources, serviceParams, conditions. Which root `$local` is depends on the place
(fdl.md 3.2), so each place has its own grammar."""

from __future__ import annotations

import re

from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.fdl.schema import MAPPING
from fnfkit.lang.grammar import Grammar, Parsed, parse, parse_path
from fnfkit.lang.lexer import ExpressionError
from fnfkit.lang.marked import Tagged
from fnfkit.model.expr import Const, Expr, List, Object, Path, Root
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

TAKES = Grammar({"$input": Root.SCOPE_INPUT, "$local": Root.SCOPE_LOCAL, "$context": Root.CONTEXT})
"""Step inputMappings."""
GIVES = Grammar({"$input": Root.INPUT, "$local": Root.RESULT, "$context": Root.CONTEXT})
"""Step and flow outputMappings, and errorMappings, where `$local` holds error and cause."""
FLOW_TAKES = Grammar({"$input": Root.SCOPE_INPUT, "$context": Root.CONTEXT})
"""Flow inputMappings: the flow has no local yet."""
OWN = Grammar({"$": Root.INPUT})
"""Conditions, durations, timestamps, collections and serviceParams."""

PATH_SOURCE = re.compile(r"\$(?:input|local|context)(?=[.\[]|\Z)")
"""How a mapping source that is a path begins; every other text is a constant (fdl.md 3.4)."""
PATH_PARAMETER = re.compile(r"\$(?=[.\[]|\Z)")
"""How a parameter that is a path begins (fdl.md 4.4)."""

_PATH_HINT = 'a path is a root and `.key`, `[0]`, `[*]` or `["my-key"]`'
_CONDITION_HINT = 'compare values of the step\'s input, such as `$.key == "text" && $.count < 3`'


def read_mappings(owner: JsonObject, key: str, at: Location, grammar: Grammar, findings: Findings) -> Expr | None:
    """The object that a mapping list builds; None if there is no list."""
    items = findings.list(owner, key, at)
    if items is None:
        return None
    place = (*at, key)
    fields = (_item(item, (*place, position), grammar, findings) for position, item in enumerate(items))
    return Object(tuple(field for field in fields if field is not None))


def _item(value: Json, at: Location, grammar: Grammar, findings: Findings) -> tuple[str, Expr] | None:
    item = findings.mapping(value, at, "an item of a mapping list")
    if item is None:
        return None
    if not item.keys() <= _MAPPING_KEYS:
        findings.known(item, MAPPING, at, "a mapping item")
    target = findings.text(item, "target", at)
    if target is None:
        if "target" not in item:
            findings.error("E11", at, "the mapping item has no `target`", "name the key to set: `target: key`")
        return None
    return target, _source(item.get("source"), (*at, "source"), grammar, findings)


_MAPPING_KEYS = frozenset(MAPPING)


def _source(value: Json, at: Location, grammar: Grammar, findings: Findings) -> Expr:
    if isinstance(value, str) and PATH_SOURCE.match(value):
        return read_path(value, at, grammar, findings) or Const(value)
    return Const(plain(value, at, findings))


def plain(value: Json, at: Location, findings: Findings) -> Json:
    """A constant; reports what deployment would have to fill in, which only a task's target can hold."""
    if isinstance(value, Tagged):
        fix = "write the value itself; deployment fills in `resourceArn` only"
        findings.error("E11", at, f"a constant must be JSON, not {kind(value)}", fix)
        return plain(value.value, at, findings)
    if isinstance(value, dict):
        return {key: plain(item, (*at, key), findings) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, (*at, position), findings) for position, item in enumerate(value)]
    return value


def read_path(text: str, at: Location, grammar: Grammar, findings: Findings, id: str = "E12") -> Path | None:
    """The path a text spells; None if, reported, it spells none."""
    try:
        parsed = parse_path(text, grammar)
    except ExpressionError as error:
        findings.error(id, at, f"`{text:.60}` is not a path: {error}", error.fix or _PATH_HINT)
        return None
    _notes(parsed, at, findings)
    return parsed.expr if isinstance(parsed.expr, Path) else None


def read_condition(text: str, at: Location, findings: Findings) -> Expr | None:
    """The condition a text spells; None if, reported, it spells none (fdl.md 5)."""
    try:
        parsed = parse(text, OWN)
    except ExpressionError as error:
        findings.error("E07", at, f"the condition `{text:.60}` does not parse: {error}", error.fix or _CONDITION_HINT)
        return None
    _notes(parsed, at, findings)
    return parsed.expr


def _notes(parsed: Parsed, at: Location, findings: Findings) -> None:
    for note in parsed.notes:
        findings.warn(note.id, at, f"column {note.column}: {note.message}", note.fix)


def read_parameters(value: Json, at: Location, findings: Findings) -> Expr:
    """serviceParams: `$` and `$.path` are paths into the step's input, also inside nested values (fdl.md 4.4, 4.5)."""
    if isinstance(value, str) and PATH_PARAMETER.match(value):
        return read_path(value, at, OWN, findings) or Const(value)
    if isinstance(value, dict):
        members = {key: read_parameters(item, (*at, key), findings) for key, item in value.items()}
        if all(isinstance(member, Const) for member in members.values()):
            return Const({key: member.value for key, member in members.items() if isinstance(member, Const)})
        return Object(tuple(members.items()))
    if isinstance(value, list):
        items = [read_parameters(item, (*at, position), findings) for position, item in enumerate(value)]
        if all(isinstance(item, Const) for item in items):
            return Const([item.value for item in items if isinstance(item, Const)])
        return List(tuple(items))
    return Const(plain(value, at, findings))
