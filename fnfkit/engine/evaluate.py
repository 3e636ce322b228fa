"""Expressions compiled to closures.

Two values are in view of any expression: a *left* one (the scope's input, or the step's own input) and a *right* one
(the scope's local, or the step's own result), besides `$context`. Which roots those are is fixed when a step is
compiled, so a closure takes the two values and knows no names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from fnfkit.engine.builtins import BUILTINS, DRAW, MISSING
from fnfkit.engine.coerce import equal, number, ordered, truth
from fnfkit.engine.errors import EvaluationError, Flaw
from fnfkit.engine.paths import lookup
from fnfkit.engine.sizes import LEVEL, UNLIMITED, weigh, weigh_flat
from fnfkit.model.expr import (
    And,
    Call,
    Compare,
    Comparison,
    Const,
    Expr,
    Key,
    List,
    Merge,
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

Evaluate: TypeAlias = Callable[[Json, Json, Json], Json]
"""(left, right, context) -> value. Raises EvaluationError."""

MAX_NESTING = 64
"""Levels of an expression tree; a deeper one has no value (inferred)."""
_CONTEXT_WEIGHT = 4096
_PATH_WEIGHT = LEVEL + 8
_SMALL = 2048


@dataclass(frozen=True, slots=True)
class View:
    """Which roots an expression may read, how messages spell them, and whether a missing path is null. With `raw` the
    scope's local is in view besides, by way of the context."""

    left: Root
    right: Root | None
    spellings: tuple[str, str]
    missing_is_null: bool = False
    raw: bool = False


SCOPE_VIEW = View(Root.SCOPE_INPUT, Root.SCOPE_LOCAL, ("$input", "$local"))
OWN_VIEW = View(Root.INPUT, Root.RESULT, ("$input", "$local"))
INPUT_VIEW = View(Root.INPUT, None, ("$", ""))


@dataclass(frozen=True, slots=True)
class Formula:
    """A compiled expression. Its value weighs at most `base + left * (left's weight) + right * (right's weight)`."""

    evaluate: Evaluate
    base: int = 0
    left: int = 0
    right: int = 0
    uses_context: bool = False

    def weight(self, value: Json, left: int, right: int) -> int:
        """The weight of a value of this formula, by the weights of what it was made from."""
        bound = self.base + self.left * left + self.right * right
        # A field of a large value is mostly small: look before the bound grows from step to step.
        return bound if bound < _SMALL else weigh_flat(value) or bound


def formula(expr: Expr, view: View) -> Formula:
    """Compile an expression that reads the roots of `view`."""
    bound = _bound(expr, view, MAX_NESTING)
    return replace(bound, evaluate=_closure(expr, view, MAX_NESTING))


def holds(condition: Formula, input: Json, context: Json = None) -> bool:
    """Whether a condition is taken: any error, a missing path above all, means no (fdl.md 3.6, 5.3)."""
    try:
        return truth(condition.evaluate(input, None, context))
    except Flaw:
        return False


def _closure(expr: Expr, view: View, levels: int) -> Evaluate:
    if levels == 0:
        return _failing(f"the expression is nested deeper than {MAX_NESTING} levels")
    match expr:
        case Const(value):
            return lambda left, right, context: value
        case Path():
            return _path(expr, view)
        case Object(fields):
            if all(isinstance(field, Const) for _, field in fields):
                constant = {name: field.value for name, field in fields if isinstance(field, Const)}
                return lambda left, right, context: constant
            return _object(tuple((name, _closure(field, view, levels - 1)) for name, field in fields))
        case List(items):
            parts = tuple(_closure(item, view, levels - 1) for item in items)
            return lambda left, right, context: [part(left, right, context) for part in parts]
        case Merge(merged):
            return _merge(tuple(_closure(part, view, levels - 1) for part in merged))
        case Comparison(op, one, other):
            return _comparison(op, _closure(one, view, levels - 1), _closure(other, view, levels - 1))
        case And():
            return _chain([_closure(term, view, levels - 1) for term in _terms(expr, And)], False)
        case Or():
            return _chain([_closure(term, view, levels - 1) for term in _terms(expr, Or)], True)
        case Not(operand):
            inner = _closure(operand, view, levels - 1)
            return lambda left, right, context: not truth(inner(left, right, context))
        case Negative(operand):
            return _negative(_closure(operand, view, levels - 1))
        case Call(function, arguments):
            return _call(function, tuple(_closure(argument, view, levels - 1) for argument in arguments))
        case _:
            assert_never(expr)


def _failing(message: str) -> Evaluate:
    def fail(left: Json, right: Json, context: Json) -> Json:
        raise EvaluationError(message)

    return fail


def _path(path: Path, view: View) -> Evaluate:
    if path.root is view.left:
        if not path.parts:
            return lambda left, right, context: left
        follow = lookup(path.parts, view.spellings[0], view.missing_is_null)
        return lambda left, right, context: follow(left)
    if path.root is view.right:
        if not path.parts:
            return lambda left, right, context: right
        follow = lookup(path.parts, view.spellings[1], view.missing_is_null)
        return lambda left, right, context: follow(right)
    if path.root is Root.SCOPE_LOCAL and view.raw:
        # The raw input beside the step's own (model.flow).
        follow = lookup((Key("local"), *path.parts), "$context", view.missing_is_null)
        return lambda left, right, context: follow(context)
    if path.root is Root.CONTEXT:
        follow = lookup(path.parts, "$context", view.missing_is_null)
        return lambda left, right, context: follow(context)
    return _failing(f"the {path.root.value} cannot be read here")


def _call(function: str, arguments: tuple[Evaluate, ...]) -> Evaluate:
    builtin = BUILTINS.get(function)
    if builtin is None:
        return _failing(f"there is no function {function}")
    if not builtin.takes(len(arguments)):
        return _failing(f"{function} takes {builtin.arity}, not {len(arguments)}")
    run = builtin.run
    if builtin.chance:
        return lambda left, right, context: run(context[DRAW](), *(item(left, right, context) for item in arguments))
    if builtin.lenient:
        return lambda left, right, context: run(*(_or_missing(item, left, right, context) for item in arguments))
    return lambda left, right, context: run(*(item(left, right, context) for item in arguments))


def _or_missing(argument: Evaluate, left: Json, right: Json, context: Json) -> Json:
    try:
        return argument(left, right, context)
    except EvaluationError:
        return MISSING


def _object(fields: tuple[tuple[str, Evaluate], ...]) -> Evaluate:
    return lambda left, right, context: {name: field(left, right, context) for name, field in fields}


def _merge(parts: tuple[Evaluate, ...]) -> Evaluate:
    def merge(left: Json, right: Json, context: Json) -> Json:
        union: dict[str, Json] = {}
        for part in parts:
            value = part(left, right, context)
            if type(value) is not dict:
                raise EvaluationError("only objects can be merged")
            union |= value
        return union

    return merge


def _comparison(op: Compare, one: Evaluate, other: Evaluate) -> Evaluate:
    if op is Compare.EQ:
        return lambda left, right, context: equal(one(left, right, context), other(left, right, context))
    if op is Compare.NE:
        return lambda left, right, context: not equal(one(left, right, context), other(left, right, context))
    return lambda left, right, context: ordered(op, one(left, right, context), other(left, right, context))


def _terms(expr: Expr, kind: type[And] | type[Or]) -> list[Expr]:
    """`a && b && c` as [a, b, c]: a chain groups to the left and may be long, so it is no nesting."""
    terms: list[Expr] = []
    while isinstance(expr, kind):
        terms.append(expr.right)
        expr = expr.left
    return [expr, *reversed(terms)]


def _chain(terms: list[Evaluate], decisive: bool) -> Evaluate:
    """`&&` (decided by an exact false) or `||` (by an exact true); else both sides by their truth (fdl.md 5.3)."""
    first, *others = terms

    def chain(left: Json, right: Json, context: Json) -> Json:
        value = first(left, right, context)
        for term in others:
            if value is decisive:
                return decisive
            one, other = truth(value), truth(term(left, right, context))
            value = one or other if decisive else one and other
        return value

    return chain


def _negative(operand: Evaluate) -> Evaluate:
    def negate(left: Json, right: Json, context: Json) -> Json:
        value = number(operand(left, right, context))
        if value is None:
            raise EvaluationError("only a number can be negated")
        return -value

    return negate


def _bound(expr: Expr, view: View, levels: int) -> Formula:
    """The weight of an expression, as a Formula still without its closure."""
    match expr:
        case Const(value):
            return Formula(_NOTHING, weigh(value))
        case Path(root, parts):
            matches = any(isinstance(part, Wild | Slice) for part in parts)
            base = _PATH_WEIGHT if matches or parts else 0
            if root is Root.CONTEXT:
                return Formula(_NOTHING, _context_weight(parts), uses_context=True)
            if root is Root.SCOPE_LOCAL and view.raw:
                return Formula(_NOTHING, UNLIMITED, uses_context=True)
            return Formula(_NOTHING, base, int(root is view.left), int(root is view.right))
        case Object(fields):
            own = LEVEL + 3 + sum(6 * len(name) + 4 for name, _ in fields)
            return _sum(own, [field for _, field in fields], view, levels)
        case List(items):
            return _sum(LEVEL + 3 + len(items), list(items), view, levels)
        case Merge(parts):
            return _sum(LEVEL + 3, list(parts), view, levels)
        case Negative(operand):
            return _sum(28, [operand], view, levels)
        case Comparison(_, one, other):
            return replace(_sum(0, [one, other], view, levels), base=28, left=0, right=0)
        case Not(operand):
            return replace(_sum(0, [operand], view, levels), base=28, left=0, right=0)
        case And() | Or():
            return _sum(28, _terms(expr, type(expr)), view, levels)
        case Call(function, arguments):
            # What a function makes of its arguments has no bound but its size, which is measured when it matters.
            bound = _sum(0, list(arguments), view, levels)
            chance = function in BUILTINS and BUILTINS[function].chance
            return replace(bound, base=UNLIMITED, uses_context=bound.uses_context or chance)
        case _:
            assert_never(expr)


def _context_weight(parts: tuple[Part, ...]) -> int:
    """Names and numbers are small; data is not, and is measured when it matters."""
    match parts:
        case (Key("flow" | "task" | "step"), *_) | (Key("execution"), Key("name" | "role" | "started")):
            return _CONTEXT_WEIGHT
        case _:
            return UNLIMITED


def _sum(own: int, parts: list[Expr], view: View, levels: int) -> Formula:
    if levels == 0:
        return Formula(_NOTHING)
    bounds = [_bound(part, view, levels - 1) for part in parts]
    return Formula(
        _NOTHING,
        own + sum(bound.base for bound in bounds),
        sum(bound.left for bound in bounds),
        sum(bound.right for bound in bounds),
        any(bound.uses_context for bound in bounds),
    )


_NOTHING: Evaluate = _failing("the expression is not compiled")
