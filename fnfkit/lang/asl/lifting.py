"""Literals inside functions: templates have them, intrinsic functions do not, so states before them build them."""

from __future__ import annotations

from dataclasses import dataclass, field

from fnfkit.lang.translate.translation import at
from fnfkit.lang.trees import children, with_paths
from fnfkit.model.expr import SCOPE_LOCAL, Call, Const, Expr, List, Merge, Object, Path, Root


@dataclass(slots=True)
class Lifted:
    """What has to be in the raw input under a name before an expression can be written, in order."""

    expr: Expr
    built: list[tuple[str, Expr]] = field(default_factory=list)
    wrapped: bool = False
    """Whether the raw input is to be put under `raw` first, because the expression reads all of it."""


RAW_ITSELF = at(SCOPE_LOCAL, "raw")


def lifted(expr: Expr) -> Lifted:
    """An expression over the raw input, with every literal inside a function replaced by a path."""
    made = Lifted(expr)
    result = _template(expr, made)
    if made.built and _reads_all(expr):
        return replace_raw(lifted(with_paths(expr, _below_raw)))
    made.expr = result
    return made


def replace_raw(made: Lifted) -> Lifted:
    """The same, with the raw input to be wrapped first."""
    made.wrapped = True
    return made


def _below_raw(path: Path) -> Path:
    return Path(Root.SCOPE_LOCAL, (*RAW_ITSELF.parts, *path.parts)) if path.root is Root.SCOPE_LOCAL else path


def _reads_all(expr: Expr) -> bool:
    return expr == SCOPE_LOCAL or any(map(_reads_all, children(expr)))


def _template(expr: Expr, made: Lifted) -> Expr:
    match expr:
        case Object(fields):
            return Object(tuple((key, _template(value, made)) for key, value in fields))
        case List(items) if all(isinstance(item, Const | Object | List) for item in items):
            return List(tuple(_template(item, made) for item in items))
        case _:
            return _function(expr, made)


def _function(expr: Expr, made: Lifted) -> Expr:
    match expr:
        case Merge(parts):
            return Merge(tuple(_argument(part, made) for part in parts))
        case List(items):
            return List(tuple(_argument(item, made) for item in items))
        case Call(name, arguments):
            return Call(name, tuple(_argument(argument, made) for argument in arguments))
        case _:
            return expr


def _argument(expr: Expr, made: Lifted) -> Expr:
    match expr:
        case Object() | Const(dict() | list()):
            content = _template(expr, made)
            name = f"built{len(made.built) + 1}"
            made.built.append((name, content))
            return at(SCOPE_LOCAL, name)
        case _:
            return _function(expr, made)


def is_template(expr: Expr) -> bool:
    """Whether an expression is a payload template as a whole."""
    return isinstance(expr, Object) or (isinstance(expr, Const) and isinstance(expr.value, dict))
