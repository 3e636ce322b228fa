"""What a translator hands over, and the shape of the data it works on.

A flow that accumulates keeps two values per scope, its input and its local. Where every output replaces the input of
the next state, both travel in one object, the *envelope*: `{"input": …, "local": …}`. A state adds its own input as
`own`, so that its parts can read that, and gives the envelope with the new local.
"""

from __future__ import annotations

from dataclasses import dataclass

from fnfkit.lang.dialect import Unsupported
from fnfkit.lang.trees import with_paths
from fnfkit.model.expr import INPUT, RESULT, SCOPE_LOCAL, Call, Const, Expr, Index, Key, Merge, Object, Part, Path, Root
from fnfkit.model.flow import Flow

NOTHING = Const({})


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated flow and what could not be carried; places are those of the flow that was translated."""

    flow: Flow
    unsupported: tuple[Unsupported, ...] = ()


def at(root: Path, *names: str) -> Path:
    """A path below a root."""
    return Path(root.root, (*root.parts, *map(Key, names)))


RAW_INPUT, RAW_LOCAL = at(SCOPE_LOCAL, "input"), at(SCOPE_LOCAL, "local")
OWN_INPUT, OWN_LOCAL, OWN = at(INPUT, "input"), at(INPUT, "local"), at(INPUT, "own")
BOTH = Merge((RAW_INPUT, RAW_LOCAL))


def opened(takes: Expr) -> Object:
    """The input of a state: the envelope with the step's own input in it."""
    return Object((("input", RAW_INPUT), ("local", RAW_LOCAL), ("own", takes)))


def closed(gives: Expr, *more: tuple[str, Expr]) -> Object:
    """The output of a state: the envelope with what it gives merged into the local."""
    local = OWN_LOCAL if gives == NOTHING else Merge((OWN_LOCAL, gives))
    return Object((("input", OWN_INPUT), ("local", local), *more))


def of_scope(expr: Expr) -> Expr:
    """An expression over a scope, over the envelope."""
    return with_paths(expr, _of_scope)


def _of_scope(path: Path) -> Expr:
    match path.root:
        case Root.SCOPE_INPUT:
            return Path(Root.SCOPE_LOCAL, (Key("input"), *path.parts))
        case Root.SCOPE_LOCAL:
            return Path(Root.SCOPE_LOCAL, (Key("local"), *path.parts))
        case _:
            return path


def of_own(expr: Expr, result: Expr = RESULT) -> Expr:
    """An expression over a step's own input and result, over the state's input and `result`."""

    def change(path: Path) -> Expr:
        match path.root:
            case Root.INPUT:
                return Path(Root.INPUT, (Key("own"), *path.parts))
            case Root.RESULT:
                return below(result, path.parts)
            case _:
                return path

    return with_paths(expr, change)


def below(expr: Expr, parts: tuple[Part, ...]) -> Expr:
    """What lies at a path below the value of an expression."""
    if not parts:
        return expr
    if isinstance(expr, Path):
        return Path(expr.root, (*expr.parts, *parts))
    match expr, parts[0]:
        case Object(fields), Key(name) if name in dict(fields):
            return below(dict(fields)[name], parts[1:])
        case Const(dict() as value), Key(name) if name in value:
            return below(Const(value[name]), parts[1:])
        case _, Key(name) | Index(name):
            return below(Call("get", (expr, Const(name))), parts[1:])
        case _:
            # The only other values here are empty objects, in which nothing matches (fdl.md 3.5).
            return Const([])
