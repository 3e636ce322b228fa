"""Expressions back into FDL: mapping lists, serviceParams, conditions and times."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.lang.canonical import key_is_representable, representable
from fnfkit.lang.fdl.sources import FLOW_TAKES, GIVES, OWN, PATH_PARAMETER, PATH_SOURCE, TAKES
from fnfkit.lang.grammar import Grammar
from fnfkit.lang.marked import DEEPEST
from fnfkit.lang.trees import height
from fnfkit.lang.unparse import Inexpressible, path_text, unparse
from fnfkit.model.expr import Const, Expr, List, Object, Path
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

__all__ = ["FLOW_TAKES", "GIVES", "TAKES", "Expressions"]

_NOTHING = object()


class Expressions:
    """Writes expressions; tells `unsupported(path, feature)` what has no form in FDL."""

    def __init__(self, unsupported: Callable[[Location, str], None]) -> None:
        self.unsupported = unsupported

    def mappings(self, expr: Expr, at: Location, grammar: Grammar) -> list[JsonObject] | None:
        """The mapping list that builds an object; None if, told, no list does."""
        if not isinstance(expr, Object):
            self.unsupported(at, f"a value built by {_kind(expr)} instead of field by field")
            return None
        items: list[JsonObject] = []
        for position, (target, source) in enumerate(expr.fields):
            place = (*at, position)
            if not representable(target):
                self.unsupported(place, "a key with control characters or halves of surrogate pairs")
                continue
            items.append({"target": target, "source": self.source(source, (*place, "source"), grammar)})
        return items

    def source(self, expr: Expr, at: Location, grammar: Grammar) -> Json:
        if isinstance(expr, Path):
            return self.path(expr, at, grammar)
        value = constant(expr) if height(expr) <= DEEPEST else _NOTHING
        if value is _NOTHING:
            self.unsupported(at, f"{_kind(expr)} in a mapping")
            return None
        if isinstance(value, str) and PATH_SOURCE.match(value):
            self.unsupported(at, f"the constant text `{value:.60}`, which reads as a path")
            return None
        return self.plain(value, at)

    def path(self, path: Path, at: Location, grammar: Grammar) -> str:
        try:
            text = path_text(path, grammar)
        except Inexpressible as error:
            self.unsupported(at, str(error))
            return ""
        return str(self.plain(text, at) or "")

    def own_path(self, expr: Expr, at: Location) -> str:
        """A path into the step's own input."""
        if isinstance(expr, Path):
            return self.path(expr, at, OWN)
        self.unsupported(at, f"{_kind(expr)} instead of a path")
        return "$"

    def plain(self, value: Json, at: Location) -> Json:
        if representable(value, DEEPEST - len(at)):
            return value
        self.unsupported(at, "a constant that YAML cannot carry: not finite, beyond 63 bits, control text, or too deep")
        return None

    def time(self, expr: Expr, at: Location) -> Json:
        """A duration or timestamp: a constant, or a path into the step's own input."""
        match expr:
            case Path():
                return self.path(expr, at, OWN)
            case Const(int() as value) if not isinstance(value, bool):
                return self.plain(value, at)
            case Const(str() as value) if not value.startswith("$"):
                return self.plain(value, at)
            case _:
                self.unsupported(at, f"{_kind(expr)} as a time")
                return 0

    def condition(self, expr: Expr, at: Location) -> str:
        try:
            text = unparse(expr, OWN)
        except Inexpressible as error:
            self.unsupported(at, str(error))
            return "false"
        if representable(text):
            return text
        self.unsupported(at, "control characters in a condition")
        return "false"

    def parameters(self, expr: Expr, at: Location) -> JsonObject | None:
        """serviceParams; None if, told, they are no object."""
        if isinstance(expr, Object):
            return self.members(expr.fields, at)
        value = constant(expr)
        if isinstance(value, dict):
            return self.members(tuple((key, Const(item)) for key, item in value.items()), at)
        self.unsupported(at, f"serviceParams built by {_kind(expr)}")
        return None

    def members(self, fields: tuple[tuple[str, Expr], ...], at: Location) -> JsonObject:
        out: JsonObject = {}
        for key, value in fields:
            if key_is_representable(key):
                out[key] = self.parameter(value, (*at, key))
            else:
                self.unsupported(at, f"the key `{key!r:.40}`, which YAML cannot carry")
        return out

    def parameter(self, expr: Expr, at: Location) -> Json:
        if len(at) > DEEPEST:
            self.unsupported(at, "a parameter nested this deep")
            return None
        match expr:
            case Path():
                return self.path(expr, at, OWN)
            case Object(fields):
                return self.members(fields, at)
            case List(items):
                return [self.parameter(item, (*at, position)) for position, item in enumerate(items)]
            case Const(value):
                if reads_as_path(value):
                    self.unsupported(at, "a constant text that begins like a path")
                    return None
                return self.plain(value, at)
            case _:
                self.unsupported(at, f"{_kind(expr)} in serviceParams")
                return None


def constant(expr: Expr) -> Json:
    """The value of an expression made of constants only, else the marker for nothing."""
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, List):
        items = [constant(item) for item in expr.items]
        return _NOTHING if any(item is _NOTHING for item in items) else items
    if isinstance(expr, Object):
        fields = {key: constant(value) for key, value in expr.fields}
        return _NOTHING if any(value is _NOTHING for value in fields.values()) else fields
    return _NOTHING


def reads_as_path(value: Json) -> bool:
    """Whether a constant holds a text that serviceParams would take for a path."""
    level = [value]
    while level:
        if any(isinstance(item, str) and PATH_PARAMETER.match(item) for item in level):
            return True
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return False


def _kind(expr: Expr) -> str:
    return {
        "Const": "a constant",
        "Path": "a path",
        "Object": "an object with paths",
        "List": "a list with paths",
        "Merge": "a union of objects",
        "Call": "a function call",
    }.get(type(expr).__name__, "an operator")
