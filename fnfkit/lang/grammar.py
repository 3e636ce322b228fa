"""The parser of conditions and paths (fdl.md 3.5, 5.2), driven by a table so that other dialects can share it.

A Pratt parser: binary operators are folded in a loop, so that only brackets and prefixes recurse; both are
bounded, and so is the height of the tree, because whoever walks it later may recurse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fnfkit.lang.lexer import ExpressionError, Token, string, words
from fnfkit.lang.trees import height
from fnfkit.model.expr import (
    And,
    Call,
    Compare,
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

DEEPEST = 100
"""Brackets and prefixes that may stand inside one another."""
HIGHEST = 200
"""Levels a tree may have: one per operator of a flat chain."""

_BINDING = {"||": 1, "&&": 2} | {op.value: 3 for op in Compare}
_COMPARE = {op.value: op for op in Compare}
_LITERALS = {"true": Const(True), "false": Const(False), "null": Const(None)}
_OPERATORS = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!` before the value",
    "-": 'there is no arithmetic; a key that holds `-` stands in brackets: `["my-key"]`',
    ")": "there is one `)` too many",
}
_SELECT = "select the elements in a task"
_PLAIN_PATH = re.compile(r"(\$[A-Za-z]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)*)\Z")
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a place of a dialect allows: its roots by spelling, calls, array and object literals."""

    roots: Mapping[str, Root]
    calls: bool = False
    literals: bool = False
    quotes: frozenset[str] = frozenset({"string", "raw"})
    """The documented kinds of string; the others are read with a note."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is read but should not be written: the rule's id (fdl.md 9), a 1-based column, what, and why."""

    id: str
    column: int
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """An expression and the notes about it."""

    expr: Expr
    notes: tuple[Note, ...] = ()


def parse(text: str, grammar: Grammar) -> Parsed:
    """The expression a text spells. Raises ExpressionError."""
    return _Parser(words(text), grammar).whole()


def parse_path(text: str, grammar: Grammar) -> Parsed:
    """The path a text spells; anything but a path is an error. Raises ExpressionError."""
    if (match := _PLAIN_PATH.match(text)) and match[1] in grammar.roots:
        return Parsed(Path(grammar.roots[match[1]], tuple(map(Key, match[2].split(".")[1:]))))
    return _Parser(words(text), grammar).only_path()


@dataclass(slots=True)
class _Parser:
    tokens: list[Token]
    grammar: Grammar
    position: int = 0
    depth: int = 0
    notes: list[Note] = field(default_factory=list)

    def whole(self) -> Parsed:
        expr = self.expression(0)
        if self.peek().kind != "end":
            raise self.unexpected("an operator or the end", _OPERATORS.get(self.peek().text, ""))
        if height(expr) > HIGHEST:
            raise ExpressionError(1, f"more than {HIGHEST} operators follow one another", "split the condition")
        return Parsed(expr, tuple(self.notes))

    def only_path(self) -> Parsed:
        if self.peek().kind != "root":
            raise self.unexpected(f"a path that starts with {self.roots()}")
        path = self.path()
        if self.peek().kind != "end":
            raise self.unexpected("`.key`, `[n]`, `[*]` or the end", _OPERATORS.get(self.peek().text, ""))
        return Parsed(path, tuple(self.notes))

    # -- tokens

    def peek(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def accept(self, sign: str) -> bool:
        token = self.peek()
        found = token.kind == "sign" and token.text == sign
        self.position += found
        return found

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.unexpected(f"`{sign}`")

    def unexpected(self, expected: str, fix: str = "") -> ExpressionError:
        token = self.peek()
        found = "the text ends" if token.kind == "end" else f"found `{token.text}`"
        return ExpressionError(token.column, f"expected {expected}, but {found}", fix)

    def roots(self) -> str:
        return " or ".join(f"`{root}`" for root in self.grammar.roots)

    def note(self, id: str, column: int, message: str, fix: str = "") -> None:
        self.notes.append(Note(id, column, message, fix))

    # -- expressions

    def expression(self, floor: int) -> Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            message = f"brackets or prefixes are nested more than {DEEPEST} deep"
            raise ExpressionError(self.peek().column, message, "remove brackets or split the condition")
        left, before = self.prefix(), 0
        while (binding := self.binding()) > floor:
            operator = self.take()
            if binding == before == 3:
                self.note("W10", operator.column, "comparisons are chained", "say what is meant with `&&` or brackets")
            left, before = _binary(operator.text, left, self.expression(binding)), binding
        self.depth -= 1
        return left

    def binding(self) -> int:
        token = self.peek()
        return _BINDING.get(token.text, 0) if token.kind == "sign" else 0

    def prefix(self) -> Expr:
        token = self.peek()
        if token.kind != "sign" or token.text not in "!-":
            return self.primary()
        self.take()
        if token.text == "-" and self.peek().kind == "number":
            return Const(-_number(self.take()))
        operand = self.operand()
        return Not(operand) if token.text == "!" else Negative(operand)

    def operand(self) -> Expr:
        """A prefix binds to the next primary only (fdl.md 5.2)."""
        return self.expression(4)

    def primary(self) -> Expr:
        token = self.peek()
        match token.kind:
            case "number":
                return Const(_number(self.take()))
            case "string" | "raw" | "single":
                return Const(self.quoted())
            case "root":
                return self.path()
            case "name":
                return self.named()
        if self.accept("("):
            inner = self.expression(0)
            self.expect(")")
            return inner
        if self.grammar.literals and self.accept("["):
            return List(self.items("]"))
        if self.grammar.literals and self.accept("{"):
            return self.object()
        raise self.unexpected("a value")

    def quoted(self) -> str:
        token = self.take()
        if token.kind not in self.grammar.quotes:
            self.note("W10", token.column, "single quotes are not documented", 'write "…"')
        return string(token)

    def named(self) -> Expr:
        token = self.take()
        if token.text in _LITERALS:
            if token.text == "null":
                self.note("W10", token.column, "`null` is not documented", "test a value that is always set")
            return _LITERALS[token.text]
        if self.grammar.calls and self.accept("("):
            return Call(token.text, self.items(")"))
        if token.text in ("and", "or", "not"):
            fix = "write `&&`, `||` and `!`"
        elif self.accept("("):
            fix = "this language has no functions: compute the value in a task"
        else:
            root = next(iter(self.grammar.roots))
            fix = f'write `{root}.{token.text}` for the value of that key, or `"{token.text}"` for the text'
        raise ExpressionError(token.column, f"`{token.text}` is not a value", fix)

    def items(self, close: str) -> tuple[Expr, ...]:
        items: list[Expr] = []
        while not self.accept(close):
            if items:
                self.expect(",")
            items.append(self.expression(0))
        return tuple(items)

    def object(self) -> Expr:
        fields: list[tuple[str, Expr]] = []
        while not self.accept("}"):
            if fields:
                self.expect(",")
            if self.peek().kind not in ("string", "raw", "single"):
                raise self.unexpected("a key in quotes")
            key = self.quoted()
            self.expect(":")
            fields.append((key, self.expression(0)))
        return Object(tuple(fields))

    # -- paths

    def path(self) -> Path:
        token = self.take()
        root = self.grammar.roots.get(token.text)
        if root is None:
            name = next(iter(self.grammar.roots))
            fix = f"write `{name}`" + (" alone" if name == "$" else "")
            raise ExpressionError(
                token.column, f"`{token.text}` is not known here; paths start with {self.roots()}", fix
            )
        parts: list[Part] = []
        while True:
            if self.accept("."):
                parts.append(self.member())
            elif self.accept("["):
                parts.append(self.bracket())
            elif (after := self.peek()).text[:1] == "." and after.kind == "number":
                raise self.unexpected("a key after `.`", f"write `[{after.text[1:]}]`")
            elif after.text == "..":
                raise ExpressionError(
                    after.column, "recursive descent `..` is not documented and not supported", _SELECT
                )
            else:
                return Path(root, tuple(parts))

    def member(self) -> Part:
        if self.accept("*"):
            return Wild()
        if self.peek().kind != "name":
            raise self.unexpected("a key after `.`", 'put other keys into brackets: `["my-key"]`, `[0]`')
        return Key(self.take().text)

    def bracket(self) -> Part:
        part = self.inside()
        self.expect("]")
        return part

    def inside(self) -> Part:
        if self.accept("*"):
            return Wild()
        token = self.peek()
        if token.kind in ("string", "raw", "single"):
            return Key(self.quoted())
        if token.text == "?":
            raise ExpressionError(token.column, "filters `[?…]` are not documented and not supported", _SELECT)
        start = self.position_or_none()
        if not self.accept(":"):
            if start is None:
                raise self.unexpected("a position, a key in quotes or `*` in `[…]`")
            return Index(start)
        self.note("W13", token.column, "slices are not documented", "select in a task")
        return Slice(start, self.position_or_none())

    def position_or_none(self) -> int | None:
        negative = self.accept("-")
        if self.peek().kind != "number":
            if negative:
                raise self.unexpected("a number after `-`")
            return None
        token = self.take()
        value = _number(token)
        if not isinstance(value, int):
            raise ExpressionError(token.column, f"a position is a whole number, not {token.text}", "write `[0]`")
        return -value if negative else value


def _binary(operator: str, left: Expr, right: Expr) -> Expr:
    if operator == "&&":
        return And(left, right)
    if operator == "||":
        return Or(left, right)
    return Comparison(_COMPARE[operator], left, right)


def _number(token: Token) -> int | float:
    text = token.text
    value = int(text) if text.isdecimal() and len(text) < 20 else float(text)
    if value >= (_LARGEST if isinstance(value, int) else float("inf")) or (text.isdecimal() and len(text) >= 20):
        raise ExpressionError(token.column, f"the number {text[:40]} is too large", "use at most 63 bits")
    return value
