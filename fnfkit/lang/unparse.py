"""Canonical text of expressions, such that `parse(unparse(e)) == e`."""

from __future__ import annotations

import json
import math
import re

from fnfkit.lang.grammar import HIGHEST, Grammar
from fnfkit.lang.lexer import LONGEST
from fnfkit.lang.trees import height
from fnfkit.model.expr import (
    And,
    Call,
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
    Wild,
)
from fnfkit.model.json import Json

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_OR, _AND, _COMPARISON, _PREFIX, _PRIMARY = 1, 2, 3, 4, 5


class Inexpressible(ValueError):
    """A feature of an expression that the grammar has no text for."""


_TYPED = {
    "same": "a comparison that does not coerce",
    "precedes": "a comparison that does not coerce",
    "instant": "a comparison of instants",
    "matches": "a comparison with wildcards",
    "kindOf": "a test of a value's type",
    "tokens": "a split at several separators",
}
"""What functions are called that no language writes as functions."""


def function_words(name: str) -> str:
    """A function in an author's words."""
    return _TYPED.get(name) or f"the function {name}"


def unparse(expr: Expr, grammar: Grammar) -> str:
    """The canonical text of an expression. Raises Inexpressible."""
    if isinstance(expr, Path):
        return path_text(expr, grammar)
    if height(expr) > HIGHEST:
        raise Inexpressible(f"an expression of more than {HIGHEST} levels")
    text = _Writer(grammar).text(expr, _OR)
    if len(text) > LONGEST:
        raise Inexpressible(f"an expression of more than {LONGEST} characters")
    return text


def path_text(path: Path, grammar: Grammar) -> str:
    """The canonical text of a path. Raises Inexpressible."""
    for name, root in grammar.roots.items():
        if root is path.root:
            return name + "".join(map(_part, path.parts))
    raise Inexpressible(f"the {path.root.value} in this place")


def _part(part: Part) -> str:
    match part:
        case Key(name):
            return f".{name}" if _NAME.match(name) else f"[{json.dumps(name, ensure_ascii=False)}]"
        case Index(position):
            return f"[{position}]"
        case Wild():
            return "[*]"
        case _:
            start = "" if part.start is None else part.start
            return f"[{start}:{'' if part.stop is None else part.stop}]"


class _Writer:
    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar

    def text(self, expr: Expr, floor: int) -> str:
        text, binding = self.bound(expr)
        return text if binding >= floor else f"({text})"

    def bound(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Path():
                return path_text(expr, self.grammar), _PRIMARY
            case Const(value):
                return _constant(value), _PREFIX if isinstance(value, int | float) and _negative(value) else _PRIMARY
            case Comparison(op, left, right):
                return f"{self.text(left, _PREFIX)} {op.value} {self.text(right, _PREFIX)}", _COMPARISON
            case And(left, right):
                return f"{self.text(left, _AND)} && {self.text(right, _COMPARISON)}", _AND
            case Or(left, right):
                return f"{self.text(left, _OR)} || {self.text(right, _AND)}", _OR
            case Not(operand):
                return f"!{self.text(operand, _PREFIX)}", _PREFIX
            case Negative(Const() as operand):
                return f"-({self.text(operand, _OR)})", _PREFIX
            case Negative(operand):
                return f"-{self.text(operand, _PRIMARY)}", _PREFIX
            case Call(function, arguments) if self.grammar.calls:
                return f"{function}({self.joined(arguments)})", _PRIMARY
            case List(items) if self.grammar.literals:
                return f"[{self.joined(items)}]", _PRIMARY
            case Object(fields) if self.grammar.literals:
                pairs = (f"{json.dumps(key, ensure_ascii=False)}: {self.text(value, _OR)}" for key, value in fields)
                return "{" + ", ".join(pairs) + "}", _PRIMARY
            case _:
                raise Inexpressible(f"{type(expr).__name__} in an expression")

    def joined(self, items: tuple[Expr, ...]) -> str:
        return ", ".join(self.text(item, _OR) for item in items)


def _negative(value: float) -> bool:
    return math.copysign(1, value) < 0


def _constant(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and abs(value) < 2**63:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise Inexpressible(f"the constant {value!r:.40} in an expression")
