"""Where a ResultPath puts a result: merges of the raw input with objects of one key, one inside the other."""

from __future__ import annotations

from fnfkit.model.expr import SCOPE_LOCAL, Expr, Key, Merge, Object, Path


def put(value: Expr, names: tuple[str, ...], *, into: Path = SCOPE_LOCAL) -> Expr:
    """The raw input with a value below the keys that are named.

    Step Functions makes the objects on the way where there are none; here they have to be there.
    """
    first, *rest = names
    inner = put(value, tuple(rest), into=_below(into, first)) if rest else value
    return Merge((into, Object(((first, inner),))))


def placed_value(expr: Expr, *, into: Path = SCOPE_LOCAL) -> tuple[tuple[str, ...], Expr] | None:
    """The keys and the value of which `put` makes an expression; None if it makes no such expression."""
    match expr:
        case Merge((raw, Object(((name, value),)))) if raw == into:
            names, inner = placed_value(value, into=_below(into, name)) or ((), value)
            return (name, *names), inner
        case _:
            return None


def _below(path: Path, name: str) -> Path:
    return Path(path.root, (*path.parts, Key(name)))
