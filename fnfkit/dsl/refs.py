"""Paths as Python: `local.x`, `input.x`, `this.x`, `context.task.token`, and conditions of them (fdl.md 3.2, 5)."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Self, TypeAlias

from fnfkit.model.expr import (
    And,
    Compare,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    Negative,
    Not,
    Or,
    Part,
    Path,
    Root,
    Slice,
    Wild,
)
from fnfkit.model.json import Json


class Operand:
    """Something a condition can compare. `==`, `<`, `&`, `|`, `~` build conditions; they compare nothing themselves."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: Json) -> Condition:  # type: ignore[override]
        return _compare(Compare.EQ, self, other)

    def __ne__(self, other: Json) -> Condition:  # type: ignore[override]
        return _compare(Compare.NE, self, other)

    def __lt__(self, other: Json) -> Condition:
        return _compare(Compare.LT, self, other)

    def __le__(self, other: Json) -> Condition:
        return _compare(Compare.LE, self, other)

    def __gt__(self, other: Json) -> Condition:
        return _compare(Compare.GT, self, other)

    def __ge__(self, other: Json) -> Condition:
        return _compare(Compare.GE, self, other)

    def __and__(self, other: Json) -> Condition:
        return Condition(And(expr_of(self), expr_of(other)))

    def __or__(self, other: Json) -> Condition:
        return Condition(Or(expr_of(self), expr_of(other)))

    def __invert__(self) -> Condition:
        return Condition(Not(expr_of(self)))

    def __neg__(self) -> Condition:
        return Condition(Negative(expr_of(self)))

    def __bool__(self) -> bool:
        raise TypeError(
            "a path has no value yet: combine conditions with & | ~ and compare with == None, never with is"
        )


class Condition(Operand):
    """A condition of a choice (fdl.md 5)."""

    __slots__ = ("_expr",)

    def __init__(self, expr: Expr) -> None:
        self._expr = expr


class Ref(Operand):
    """A path: `.key`, `["key"]`, `[0]`, `[...]` for every element, `[a:b]`."""

    __slots__ = ("_parts", "_root")

    def __init__(self, root: str, parts: tuple[Part, ...] = ()) -> None:
        self._root = root
        self._parts = parts

    def __getattr__(self, name: str) -> Ref:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Ref(self._root, (*self._parts, Key(name)))

    def __getitem__(self, at: str | int | slice | EllipsisType) -> Ref:
        return Ref(self._root, (*self._parts, _part(at)))

    def __iter__(self) -> None:
        raise TypeError("a path has no elements yet: write path[...] for all of them")


def _part(at: str | int | slice | EllipsisType) -> Part:
    match at:
        case str():
            return Key(at)
        case int():
            return Index(at)
        case slice(start=start, stop=stop):
            return Slice(start, stop)
        case _:
            return Wild()


def literal(value: Json) -> Condition:
    """A constant as an operand, for a condition that begins with one."""
    return Condition(Const(value))


def _compare(op: Compare, left: Json, right: Json) -> Condition:
    return Condition(Comparison(op, expr_of(left), expr_of(right)))


def expr_of(value: Json) -> Expr:
    """An operand of a condition, a duration or a serviceParams value: paths look at the step's own input."""
    if isinstance(value, Condition):
        return value._expr
    if isinstance(value, Ref):
        root = Root.CONTEXT if value._root == "context" else Root.INPUT
        return Path(root, value._parts)
    if isinstance(value, Constant):
        return Path(Root.CONTEXT, value.parts)
    return Const(value)


def source_of(value: Json, roots: dict[str, Root]) -> Expr:
    """A mapping source; `roots` says what `local` and `input` mean where it stands (fdl.md 3.2)."""
    if isinstance(value, Ref):
        if value._root not in roots:
            raise TypeError(f"`{value._root}` cannot stand in this mapping: use {' or '.join(sorted(roots))}")
        return Path(roots[value._root], value._parts)
    if isinstance(value, Constant):
        return Path(Root.CONTEXT, value.parts)
    if isinstance(value, Condition):
        raise TypeError("a condition is no value: FDL compares in a choice only")
    return Const(value)


class Constant:
    """A value of the context object, which Python sees as its type (fdl.md 3.7)."""

    parts: tuple[Part, ...]


class ContextText(str, Constant):
    """A text of the context object."""

    def __new__(cls, *keys: str) -> Self:
        text = super().__new__(cls, "$context." + ".".join(keys))
        text.parts = tuple(Key(key) for key in keys)
        return text


class TaskToken(ContextText):
    """The token with which somebody reports that a task has ended (fdl.md 4.10)."""


class ContextNumber(int, Constant):
    """A number of the context object."""

    def __new__(cls, *keys: str) -> Self:
        number = super().__new__(cls, 0)
        number.parts = tuple(Key(key) for key in keys)
        return number


@dataclass(frozen=True, slots=True)
class TaskContext:
    """`context.task`."""

    token: TaskToken


@dataclass(frozen=True, slots=True)
class NamedContext:
    """`context.execution` and `context.flow`."""

    name: ContextText


@dataclass(frozen=True, slots=True)
class StepContext:
    """`context.step`."""

    eventId: ContextNumber


@dataclass(frozen=True, slots=True)
class Context:
    """The context object (fdl.md 3.7)."""

    task: TaskContext
    execution: NamedContext
    flow: NamedContext
    step: StepContext


local = Ref("local")
"""In inputMappings the local of the scope; in outputMappings the step's own result."""
input = Ref("input")
"""In inputMappings the input of the scope; in outputMappings the step's own input."""
context_path = Ref("context")
"""The context object as a path, for keys that `context` does not list."""
this = Ref("this")
"""The step's own input, in conditions, durations, collections and serviceParams: FDL's `$`."""
context = Context(
    TaskContext(TaskToken("task", "token")),
    NamedContext(ContextText("execution", "name")),
    NamedContext(ContextText("flow", "name")),
    StepContext(ContextNumber("step", "eventId")),
)
"""The context object: `context.task.token`, `context.execution.name`, `context.flow.name`, `context.step.eventId`."""

Anything: TypeAlias = Json
"""What a mapping item can be: a path or a JSON constant."""
