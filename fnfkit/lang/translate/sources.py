"""Expressions as FDL can have them: objects built field by field from paths and constants (fdl.md 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnfkit.lang.translate.origins import Keys
from fnfkit.lang.translate.translation import at
from fnfkit.lang.translate.undone import Foreign
from fnfkit.lang.trees import children, rebuilt
from fnfkit.lang.unparse import function_words
from fnfkit.model.expr import Call, Const, Expr, Key, List, Merge, Object, Path, Root
from fnfkit.model.flow import Choice, Fail, Foreach, Step, Task, Wait, bodies

TOKEN = Path(Root.CONTEXT, (Key("task"), Key("token")))


def flat(expr: Expr, keys: Mapping[Path, Keys]) -> Expr:
    """The expression with unions of objects, whose keys are known, written out as objects. Raises Foreign."""
    expr = rebuilt(expr, lambda child: flat(child, keys))
    if not isinstance(expr, Merge):
        return expr
    fields: dict[str, Expr] = {}
    for part in expr.parts:
        fields |= dict(fields_of(part, keys, "a union with an object whose keys are not known"))
    return Object(tuple(fields.items()))


def fields_of(expr: Expr, keys: Mapping[Path, Keys], otherwise: str) -> tuple[tuple[str, Expr], ...]:
    """The fields of an object. Raises Foreign with `otherwise` where they are not known."""
    match expr:
        case Object(fields):
            return tuple(dict(fields).items())
        case Const(dict() as value):
            return tuple((key, Const(item)) for key, item in value.items())
        case Path() if (known := keys.get(expr)) is not None:
            return tuple((key, at(expr, key)) for key in known)
        case Path() | Const():
            raise Foreign(otherwise)
        case _:
            raise Foreign(computed(expr))


def computed(expr: Expr) -> str:
    """What FDL has no form for."""
    match expr:
        case Call(function, _):
            return function_words(function)
        case List():
            return "a list that is computed"
        case Object() | Const() | Path():
            return "an object inside an object"
        case _:
            return f"the operator {type(expr).__name__} outside of a condition"


def paths(expr: Expr) -> Iterator[Path]:
    """Every path in an expression."""
    if isinstance(expr, Path):
        yield expr
    for child in children(expr):
        yield from paths(child)


def reads(expr: Expr | None, root: Root) -> bool:
    """Whether an expression reads a root."""
    return expr is not None and any(path.root is root for path in paths(expr))


def check(expr: Expr) -> None:
    """Raises Foreign where serviceParams cannot have an expression: they are data with paths in it."""
    if not isinstance(expr, Const | Path | Object | List):
        raise Foreign(computed(expr))
    for child in children(expr):
        check(child)


def check_condition(expr: Expr) -> None:
    """Raises Foreign where a condition calls a function."""
    if isinstance(expr, Call):
        raise Foreign(computed(expr))
    for child in children(expr):
        check_condition(child)


def of_step(step: Step) -> Iterator[Expr]:
    """Every expression of a step and of the steps inside it."""
    yield step.takes
    if isinstance(step, Fail):
        return
    yield from (expr for expr in (step.gives, step.globals) if expr is not None)
    match step:
        case Task():
            parts = [step.params, step.sends, step.timeout_from, step.on_error]
            yield from (expr for expr in (*parts, *(entry.gives for entry in step.catch)) if expr is not None)
        case Wait(seconds=seconds, until=until):
            yield from (expr for expr in (seconds, until) if expr is not None)
        case Choice(options=options):
            yield from (option.condition for option in options)
        case Foreach(collection=collection, each=each):
            yield from (expr for expr in (collection, each) if expr is not None)
    for body in bodies(step):
        for inner in body:
            yield from of_step(inner)
