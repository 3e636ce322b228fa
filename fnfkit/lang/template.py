"""Templates of data in which a key that ends in `.$` holds an expression (cloudflow.md 3.3); state machines of more
than one language have them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.marked import Tagged
from fnfkit.model.expr import Const, Expr, List, Object
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

SUFFIX = ".$"
ReadText: TypeAlias = Callable[[str, Location], Expr | None]
"""Reads the text of an expression; None if, reported, it spells none."""

_LOOKS_LIKE_PATH = re.compile(r"\$(?:(?:Input|Output|Context|Global|Item|input|local|context)\b|\$?[.\[]|\$?\Z)")


def read_template(value: Json, at: Location, read: ReadText, findings: Findings) -> Expr:
    """What a template builds: mappings and lists recursively, constants where nothing is computed."""
    if isinstance(value, dict):
        return _mapping(value, at, read, findings)
    if isinstance(value, list):
        items = [read_template(item, (*at, position), read, findings) for position, item in enumerate(value)]
        if all(isinstance(item, Const) for item in items):
            return Const([item.value for item in items if isinstance(item, Const)])
        return List(tuple(items))
    if isinstance(value, Tagged):
        findings.error("E11", at, f"a constant must be JSON, not {kind(value)}", "write the value itself")
        return Const(str(value.value))
    if isinstance(value, str) and _LOOKS_LIKE_PATH.match(value):
        fix = f"write `{at[-1]}.$: {value:.60}` for the value it names"
        findings.warn("S01", at, f"`{value:.60}` is plain text under a key without `.$`", fix)
    return Const(value)


def _mapping(value: JsonObject, at: Location, read: ReadText, findings: Findings) -> Expr:
    fields: dict[str, Expr] = {}
    for key, item in value.items():
        place, name = (*at, key), key.removesuffix(SUFFIX)
        if key.endswith(SUFFIX):
            if name in value:
                fix = "keep one of the two: both build the same key"
                findings.error("E11", place, f"both `{name}` and `{key}` are given", fix)
            fields[name] = read_suffixed(item, place, read, findings)
        else:
            fields[key] = read_template(item, place, read, findings)
    if all(isinstance(field, Const) for field in fields.values()):
        return Const({name: field.value for name, field in fields.items() if isinstance(field, Const)})
    return Object(tuple(fields.items()))


def read_suffixed(value: Json, at: Location, read: ReadText, findings: Findings) -> Expr:
    """The value of a key that ends in `.$`."""
    if isinstance(value, str):
        return read(value, at) or Const(None)
    fix = "drop the suffix here and put it on the inner keys" if isinstance(value, dict) else "drop the suffix `.$`"
    findings.error("E12", at, f"`{at[-1]}` needs an expression, not {kind(value)}", fix)
    return Const(None)
