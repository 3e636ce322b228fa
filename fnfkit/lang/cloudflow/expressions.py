"""Expressions of state machines and what they mean (cloudflow.md 3.2, 3.3, 4).

What `$Input` and `$Output` are depends on the place, and `$Context.Current` repeats them: a *view* resolves that when
an expression is read, and spells it again when one is written. `$Output` of a Parallel or Map is an object around the
list that the model has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from fnfkit.lang.grammar import Grammar
from fnfkit.lang.lexer import ExpressionError
from fnfkit.lang.trees import rebuilt, with_paths
from fnfkit.model.expr import (
    INPUT,
    RESULT,
    SCOPE_LOCAL,
    Call,
    Const,
    Expr,
    Index,
    Key,
    List,
    Merge,
    Object,
    Part,
    Path,
    Root,
)

GRAMMAR = Grammar(
    {
        "$Input": Root.INPUT,
        "$Output": Root.RESULT,
        "$Context": Root.CONTEXT,
        # While an expression is text, two roots of scopes stand for what only this language has.
        "$Global": Root.SCOPE_INPUT,
        "$Item": Root.SCOPE_LOCAL,
    },
    calls=True,
    literals=True,
    quotes=frozenset({"string", "raw", "single"}),
)
_GLOBAL, _ITEM = Root.SCOPE_INPUT, Root.SCOPE_LOCAL

Parts: TypeAlias = tuple[Part, ...]

CONTEXT: dict[tuple[str, str], tuple[str, str]] = {
    ("Execution", "Name"): ("execution", "name"),
    ("Execution", "Input"): ("execution", "input"),
    ("Execution", "RoleArn"): ("execution", "role"),
    ("Current", "Name"): ("step", "name"),
    ("Current", "RetryCount"): ("step", "retries"),
    ("Current", "TaskToken"): ("task", "token"),
}
"""Where the model's context has what `$Context` shows."""
_SPELLED = {there: here for here, there in CONTEXT.items()}
GLOBALS = Path(Root.CONTEXT, (Key("globals"),))


@dataclass(frozen=True, slots=True)
class View:
    """What the roots mean at a place. `input` is `$Input`; `output` is `$Output`, `item` is `$Item`, `error` says
    that an error is at hand. `branches` and `items` tell how `$Output` wraps the result of a Parallel or Map."""

    input: Path = INPUT
    output: Path | None = None
    item: Path | None = None
    error: bool = False
    branches: int = 0
    items: bool = False


TAKES = View(input=SCOPE_LOCAL)
"""InputConstructor."""
OWN = View()
"""Parameters, conditions, ItemsPath, Seconds, Timeout."""
GIVES = View(output=RESULT)
"""OutputConstructor and GlobalConstructor of a Task."""
ECHO = View(output=INPUT)
"""The same, of a state whose raw output is its input (cloudflow.md 3.3)."""
CATCH = View(error=True)
ITEM = View(item=RESULT)
"""ItemConstructor."""


class Meaningless(ExpressionError):
    """An expression that parses and means nothing here."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(1, message, fix)


# -- reading


def lowered(expr: Expr, view: View) -> Expr:
    """What an expression means at a place, constants folded. Raises ExpressionError."""
    return folded(with_paths(expr, lambda path: _meaning(path, view)))


def folded(expr: Expr) -> Expr:
    """Literals of constants as constants, and the functions that the model has a form of its own for."""
    expr = rebuilt(expr, folded)
    match expr:
        case Object(fields) if all(isinstance(value, Const) for _, value in fields):
            return Const({key: value.value for key, value in fields if isinstance(value, Const)})
        case List(items) if all(isinstance(item, Const) for item in items):
            return Const([item.value for item in items if isinstance(item, Const)])
        case Call("jsonMerge", (Merge(parts), other)):
            return Merge((*parts, other))
        case Call("jsonMerge", arguments):
            return Merge(arguments)
        case Call("fromJSON", arguments):
            return Call("stringToJson", arguments)
        case _:
            return expr


def _meaning(path: Path, view: View) -> Expr:
    match path.root:
        case Root.INPUT:
            return _longer(view.input, path.parts)
        case Root.RESULT:
            return _output(path.parts, view)
        case Root.CONTEXT:
            return _context(path.parts, view)
        case root if root is _GLOBAL:
            return _longer(GLOBALS, path.parts)
        case _:
            if view.item is None:
                raise Meaningless("`$Item` is the element of a Map, in its ItemConstructor only", "use `$Input`")
            return _longer(view.item, path.parts)


def _longer(path: Path, parts: Parts) -> Path:
    return replace(path, parts=(*path.parts, *parts))


def _output(parts: Parts, view: View) -> Expr:
    if view.output is None:
        fix = "build what you need in the OutputConstructor"
        raise Meaningless("`$Output` is known in OutputConstructor and GlobalConstructor only", fix)
    if view.branches:
        return _branches(parts, view.branches)
    if view.items:
        return _items(parts)
    return _longer(view.output, parts)


def _branches(parts: Parts, count: int) -> Expr:
    match parts:
        case ():
            return branch_outputs(count)
        case (Key(name), *rest):
            position = name.removeprefix("Branch")
            if name == f"Branch{position}" and position.isdecimal() and int(position) < count:
                return Path(Root.RESULT, (Index(int(position)), *rest))
            known = "Branch0" if count == 1 else f"Branch0 to Branch{count - 1}"
            raise Meaningless(f"the output of this Parallel has no `{name:.40}`, only {known}")
        case _:
            return Path(Root.RESULT, parts)


def _items(parts: Parts) -> Expr:
    match parts:
        case ():
            return ITEM_OUTPUTS
        case (Key("Items"), *rest):
            return Path(Root.RESULT, tuple(rest))
        case _:
            raise Meaningless("the output of a Map has the one key `Items`", "write `$Output.Items`")


def branch_outputs(count: int) -> Object:
    """The raw output of a Parallel (cloudflow.md 2.9)."""
    return Object(tuple((f"Branch{at}", Path(Root.RESULT, (Index(at),))) for at in range(count)))


ITEM_OUTPUTS = Object((("Items", RESULT),))
"""The raw output of a Map (cloudflow.md 2.10)."""


def _context(parts: Parts, view: View) -> Expr:
    match parts:
        case ():
            return Object((("Execution", _group("Execution", view)), ("Current", _group("Current", view))))
        case (Key("Execution" | "Current" as group),):
            return _group(group, view)
        case (Key("Current"), Key("Input"), *rest):
            return _longer(view.input, tuple(rest))
        case (Key("Current"), Key("Output"), *rest):
            return _output(tuple(rest), view)
        case (Key("Current"), Key("Error"), *rest):
            return _error(tuple(rest), view)
        case (Key(group), Key(name), *rest) if (group, name) in CONTEXT:
            return Path(Root.CONTEXT, (*map(Key, CONTEXT[group, name]), *rest))
        case _:
            known = ", ".join(f"$Context.{group}.{name}" for group, name in CONTEXT)
            raise Meaningless("`$Context` has nothing of that name", f"there are {known}, $Context.Current.Input")


def _group(group: str, view: View) -> Object:
    own = ((name, Path(Root.CONTEXT, tuple(map(Key, there)))) for (of, name), there in CONTEXT.items() if of == group)
    fields: tuple[tuple[str, Expr], ...] = tuple(field for field in own if field[0] != "TaskToken")
    return Object((*fields, ("Input", view.input)) if group == "Current" else fields)


def _error(parts: Parts, view: View) -> Expr:
    if not view.error:
        fix = "put it into the OutputConstructor of the Catch"
        raise Meaningless("`$Context.Current.Error` is known in the OutputConstructor of a Catch only", fix)
    match parts:
        case ():
            return Object((("Code", _ERROR), ("Detail", _CAUSE)))
        case (Key("Code"), *rest):
            return _longer(_ERROR, tuple(rest))
        case (Key("Detail"), *rest):
            return _longer(_CAUSE, tuple(rest))
        case _:
            raise Meaningless("an error has `Code` and `Detail`")


_SPELLED_CODE = Path(Root.CONTEXT, (Key("Current"), Key("Error"), Key("Code")))
_SPELLED_DETAIL = Path(Root.CONTEXT, (Key("Current"), Key("Error"), Key("Detail")))
_ERROR, _CAUSE = Path(Root.RESULT, (Key("error"),)), Path(Root.RESULT, (Key("cause"),))


# -- writing


def spelled(path: Path, view: View) -> Expr:
    """The path as this language has it at a place, in terms of its grammar. Raises ValueError."""
    if path.root is Root.CONTEXT:
        return _spelled_context(path.parts)
    if path.root is Root.RESULT:
        return _spelled_result(path, view)
    if path.root is view.input.root:
        return Path(Root.INPUT, path.parts)
    raise ValueError(f"the {path.root.value} in this place")


def _spelled_context(parts: Parts) -> Path:
    match parts:
        case (Key("globals"), *rest):
            return Path(_GLOBAL, tuple(rest))
        case (Key(group), Key(name), *rest) if (group, name) in _SPELLED:
            return Path(Root.CONTEXT, (*map(Key, _SPELLED[group, name]), *rest))
        case _:
            raise ValueError("a part of the context that this language does not show")


def _spelled_result(path: Path, view: View) -> Expr:
    if view.error:
        match path.parts:
            case (Key("error" | "cause" as name), *rest):
                code = Key("Code" if name == "error" else "Detail")
                return Path(Root.CONTEXT, (Key("Current"), Key("Error"), code, *rest))
        if path.parts:
            raise ValueError("an unusual part of an error")
        return Object((("error", _SPELLED_CODE), ("cause", _SPELLED_DETAIL)))
    if view.item is not None:
        return Path(_ITEM, path.parts)
    if view.output is None or view.output.root is not Root.RESULT:
        raise ValueError("the result in this place")
    if view.branches:
        return _spelled_branch(path.parts, view.branches)
    return Path(Root.RESULT, (Key("Items"), *path.parts) if view.items else path.parts)


def _spelled_branch(parts: Parts, count: int) -> Expr:
    match parts:
        case ():
            return Call("toArray", tuple(Path(Root.RESULT, (Key(f"Branch{at}"),)) for at in range(count)))
        case (Index(position), *rest) if -count <= position < count:
            return Path(Root.RESULT, (Key(f"Branch{position % count}"), *rest))
        case (Index(), *_) | (Key(), *_):
            raise ValueError("a branch that does not exist")
        case _:
            return Path(Root.RESULT, parts)
