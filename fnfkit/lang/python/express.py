"""Expressions and arguments as Python source."""

from __future__ import annotations

import keyword
import math

from fnfkit.lang.unparse import Inexpressible
from fnfkit.model.expr import (
    And,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    List,
    Negative,
    Not,
    Object,
    Or,
    Part,
    Path,
    Root,
    Slice,
    Wild,
)
from fnfkit.model.json import Json

Roots = dict[Root, str]

TAKES: Roots = {Root.SCOPE_INPUT: "input", Root.SCOPE_LOCAL: "local", Root.CONTEXT: "context_path"}
"""inputMappings, of steps and of the flow."""
GIVES: Roots = {Root.INPUT: "input", Root.RESULT: "local", Root.CONTEXT: "context_path"}
"""outputMappings and errorMappings."""
OWN: Roots = {Root.INPUT: "this"}
"""Conditions, times, collections and serviceParams."""

_CONTEXT: dict[tuple[str, ...], str] = {
    ("task", "token"): "context.task.token",
    ("execution", "name"): "context.execution.name",
    ("flow", "name"): "context.flow.name",
    ("step", "eventId"): "context.step.eventId",
}


class Source:
    """Writes expressions, and remembers which names of fnfkit they need."""

    def __init__(self) -> None:
        self.needs: set[str] = set()

    def name(self, name: str) -> str:
        """A name that has to be imported."""
        self.needs.add(name)
        return name

    def path(self, path: Path, roots: Roots) -> str:
        """A path; Inexpressible if its root has no name where it stands."""
        if path.root is Root.CONTEXT and (known := _CONTEXT.get(_keys(path.parts))) is not None:
            self.needs.add("context")
            return known
        if path.root not in roots:
            raise Inexpressible(f"a path that starts from the {path.root.value}")
        return self.name(roots[path.root]) + "".join(map(_part, path.parts))

    def source(self, expr: Expr, roots: Roots) -> str:
        """A mapping source."""
        match expr:
            case Path():
                return self.path(expr, roots)
            case Const(value):
                return constant(value)
            case _:
                raise Inexpressible(f"a {type(expr).__name__} in a mapping")

    def mapping(self, expr: Expr, roots: Roots) -> str:
        """A mapping list: a dict, or pairs if a target stands twice."""
        if not isinstance(expr, Object):
            raise Inexpressible(f"a value built by {type(expr).__name__} instead of field by field")
        pairs = [(text(target), self.source(source, roots)) for target, source in expr.fields]
        if len({target for target, _ in expr.fields}) < len(pairs):
            return f"[{', '.join(f'({target}, {source})' for target, source in pairs)}]"
        return f"{{{', '.join(f'{target}: {source}' for target, source in pairs)}}}"

    def parameters(self, expr: Expr) -> str:
        """serviceParams."""
        match expr:
            case Object(fields):
                return f"{{{', '.join(f'{text(key)}: {self.parameters(value)}' for key, value in fields)}}}"
            case List(items):
                return f"[{', '.join(map(self.parameters, items))}]"
            case _:
                return self.source(expr, OWN)

    def condition(self, expr: Expr) -> str:
        """A condition, with brackets wherever Python could read it otherwise."""
        match expr:
            case Path():
                return self.path(expr, OWN)
            case Const(value):
                return f"{self.name('literal')}({constant(value)})"
            case Comparison(op, left, right):
                other = constant(right.value) if isinstance(right, Const) else self.condition(right)
                return f"({self.condition(left)} {op.value} {other})"
            case And(left, right):
                return f"({self.condition(left)} & {self.condition(right)})"
            case Or(left, right):
                return f"({self.condition(left)} | {self.condition(right)})"
            case Not(operand):
                return f"~{self.condition(operand)}"
            case Negative(operand):
                return f"(-{self.condition(operand)})"
            case _:
                raise Inexpressible(f"a {type(expr).__name__} in a condition")


def constant(value: Json) -> str:
    """A JSON value as a Python literal."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Inexpressible("a number that is not finite")
    if isinstance(value, dict):
        return f"{{{', '.join(f'{text(key)}: {constant(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(constant, value))}]"
    return text(value) if isinstance(value, str) else repr(value)


def text(value: str) -> str:
    """A string literal, in double quotes where they need no escape."""
    literal = repr(value)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in value else literal


def is_plain(name: str) -> bool:
    """Whether a key can be written as an attribute or as an argument."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


def _keys(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(part.name for part in parts if isinstance(part, Key)) if len(parts) == 2 else ()


def _part(part: Part) -> str:
    match part:
        case Key(name):
            return f".{name}" if is_plain(name) else f"[{text(name)}]"
        case Index(position):
            return f"[{position}]"
        case Slice(start, stop):
            return f"[{'' if start is None else start}:{'' if stop is None else stop}]"
        case Wild():
            return "[...]"
