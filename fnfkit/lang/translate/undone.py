"""Expressions over the envelope, as they were before it."""

from __future__ import annotations

from fnfkit.lang.translate.translation import BOTH, NOTHING, OWN_INPUT, OWN_LOCAL, RAW_INPUT, RAW_LOCAL
from fnfkit.lang.trees import rebuilt, with_paths
from fnfkit.model.expr import EVERYTHING, RESULT, Call, Const, Expr, Index, Key, Merge, Object, Path, Root
from fnfkit.model.flow import Catch


class Foreign(ValueError):
    """A state that does not keep the envelope."""


def rejoined(expr: Expr) -> Expr:
    """The list of all branches, which state machines have to build from an object, as the result it is."""
    match expr:
        case Call("toArray", arguments) if arguments and all(
            argument == Path(Root.RESULT, (Index(number),)) for number, argument in enumerate(arguments)
        ):
            return RESULT
        case _:
            return rebuilt(expr, rejoined)


def unwrapped(path: Path) -> Path:
    match path:
        case Path(Root.RESULT, (Index(0), *rest)):
            return Path(Root.RESULT, tuple(rest))
        case _:
            return path


# -- expressions


def takes_of(expr: Expr) -> Expr:
    """What a step took. Raises Foreign."""
    match expr:
        case Object((("input", input), ("local", local), ("own", own))) if (input, local) == (RAW_INPUT, RAW_LOCAL):
            if own == BOTH:
                return EVERYTHING
            return listed(
                with_paths(own, lambda path: parted(path, Root.SCOPE_LOCAL, Root.SCOPE_INPUT, Root.SCOPE_LOCAL))
            )
        case _:
            raise Foreign("an input built without an input and a local of the scope")


def gives_of(expr: Expr, default: Expr) -> Expr:
    """What a step gave; `default` where that was nothing. Raises Foreign."""
    match expr:
        case Object((("input", input), ("local", local), *_)) if input == OWN_INPUT:
            if local == OWN_LOCAL:
                return default
            if isinstance(local, Merge) and len(local.parts) == 2 and local.parts[0] == OWN_LOCAL:
                return listed(own_of(local.parts[1]))
    raise Foreign("an output that does not add to the local of the scope")


def caught_by(entry: Catch) -> tuple[Catch, Expr | None]:
    """A catch, and what the task gave it. Raises Foreign."""
    if entry.gives is None:
        raise Foreign("a catch that gives nothing")
    given = gives_of(entry.gives, NOTHING)
    return Catch(entry.errors, entry.goto), None if given == NOTHING else given


def listed(expr: Expr) -> Expr:
    """Constant objects field by field, as mapping lists have them."""
    if isinstance(expr, Const) and isinstance(expr.value, dict):
        return Object(tuple((key, Const(value)) for key, value in expr.value.items()))
    return expr


def own_of(expr: Expr) -> Expr:
    """An expression over the step's own input."""
    return with_paths(expr, lambda path: rooted(path, Root.INPUT, ("own",), Root.INPUT))


def rooted(path: Path, root: Root, prefix: tuple[str, ...], becomes: Root) -> Path:
    """A path below a prefix of a root, as one of another root."""
    if path.root is not root:
        return path
    names = tuple(part.name for part in path.parts[: len(prefix)] if isinstance(part, Key))
    if names != prefix:
        raise Foreign("a path that leaves what the state keeps for itself")
    return Path(becomes, path.parts[len(prefix) :])


def parted(path: Path, root: Root, input: Root, local: Root) -> Path:
    """A path into the envelope, as one into the input or the local."""
    if path.root is not root:
        return path
    match path.parts:
        case (Key("input"), *rest):
            return Path(input, tuple(rest))
        case (Key("local"), *rest):
            return Path(local, tuple(rest))
        case _:
            raise Foreign("the input and local of a scope at once")
