"""Conditions over shapes: can an option be taken, can it be passed over (fdl.md 5.2, 5.3)?"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from fnfkit.lint.shapes.coerce import EITHER, EVERY_TRUTH, Truth, boolean, compare, may_equal, of
from fnfkit.lint.shapes.evaluate import Lookup, Presence, Roots, evaluate, look_up
from fnfkit.lint.shapes.shape import ANY, Constant, Kind, Record, Shape
from fnfkit.model.expr import And, Compare, Comparison, Expr, Key, Negative, Not, Or, Path, Root, Slice, Wild

Truths = frozenset[Truth]
ERROR: Truths = frozenset({Truth.ERROR})
_MIXED = Kind.OBJECT | Kind.ARRAY


@dataclass(slots=True)
class Verdict:
    """What a condition can come to, the paths in it that are never there, and its comparisons with their shapes."""

    truths: Truths
    absent: list[Lookup] = field(default_factory=list)
    compared: list[tuple[Comparison, Shape, Shape]] = field(default_factory=list)

    @property
    def may_hold(self) -> bool:
        """Whether the option can be taken."""
        return Truth.TRUE in self.truths

    @property
    def must_hold(self) -> bool:
        """Whether the option is always taken once it is tried."""
        return self.truths == {Truth.TRUE}


def judge(condition: Expr, roots: Roots) -> Verdict:
    """Evaluate a whole condition: it is taken if it comes to true through `bool`; an error is not taken."""
    verdict = Verdict(frozenset())
    verdict.truths = _truths(condition, roots, verdict)
    return verdict


def _truths(expr: Expr, roots: Roots, verdict: Verdict) -> Truths:
    match expr:
        case And(left=left, right=right):
            return _both(Truth.FALSE, left, right, roots, verdict)
        case Or(left=left, right=right):
            return _both(Truth.TRUE, left, right, roots, verdict)
        case Not(operand=operand):
            return frozenset(_NEGATED[truth] for truth in _truths(operand, roots, verdict))
        case Comparison():
            return _comparison(expr, roots, verdict)
        case _:
            shape, presence = _operand(expr, roots, verdict)
            return _with_errors(_coerced(shape), presence)


_NEGATED = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.ERROR: Truth.ERROR}


def _both(stop: Truth, left: Expr, right: Expr, roots: Roots, verdict: Verdict) -> Truths:
    """`&&` stops at an exact false, `||` at an exact true; a value that is only coerced goes on (fdl.md 5.3)."""
    first, second = _truths(left, roots, verdict), _truths(right, roots, verdict)
    result: set[Truth] = set(first & {stop, Truth.ERROR})
    if _NEGATED[stop] in first:
        result |= second
    elif stop in first and not _is_exact(left):
        result |= second & ERROR
    return frozenset(result)


def _is_exact(expr: Expr) -> bool:
    return isinstance(expr, And | Or | Not | Comparison)


def _comparison(expr: Comparison, roots: Roots, verdict: Verdict) -> Truths:
    left, left_there = _operand(expr.left, roots, verdict)
    right, right_there = _operand(expr.right, roots, verdict)
    verdict.compared.append((expr, left, right))
    return _with_errors(_with_errors(compared(expr.op, left, right), left_there), right_there)


def _operand(expr: Expr, roots: Roots, verdict: Verdict) -> tuple[Shape, Presence]:
    match expr:
        case Path():
            found = look_up(expr, roots)
            if found.presence is Presence.ABSENT:
                verdict.absent.append(found)
            return found.shape, found.presence
        case And() | Or() | Not() | Comparison():
            truths = _truths(expr, roots, verdict)
            constants = frozenset((Kind.BOOL, truth is Truth.TRUE) for truth in truths - ERROR)
            there = Presence.SURE if not truths & ERROR else Presence.ABSENT if truths == ERROR else Presence.UNKNOWN
            return Shape(Kind.BOOL, constants or None), there
        case Negative(operand=operand):
            _, there = _operand(operand, roots, verdict)
            return ANY, Presence.ABSENT if there is Presence.ABSENT else Presence.UNKNOWN
        case _:
            return evaluate(expr, roots, []), Presence.SURE


def _with_errors(truths: Truths, presence: Presence) -> Truths:
    match presence:
        case Presence.SURE:
            return truths
        case Presence.ABSENT:
            return ERROR
        case _:
            return truths | ERROR


def _coerced(shape: Shape) -> Truths:
    """A value through `bool`; objects and arrays have none."""
    if not shape.kinds:
        return EVERY_TRUTH
    truths: set[Truth] = set(ERROR if shape.kinds & _MIXED else ())
    if shape.kinds & Kind.SCALAR:
        truths |= _coerced_scalar(shape)
    return frozenset(truths)


def _coerced_scalar(shape: Shape) -> Truths:
    if shape.constants is None:
        return EVERY_TRUTH if shape.kinds & Kind.STRING else EITHER
    coerced = (boolean(value) for _, value in shape.constants)
    return frozenset(Truth.ERROR if value is None else of(value) for value in coerced)


def compared(op: Compare, left: Shape, right: Shape) -> Truths:
    """What a comparison of two values of these shapes can come to."""
    pairs = _pairs(left, right)
    if pairs is not None:
        outcomes = {compare(op, one[1], other[1]) for one, other in pairs}
        return EVERY_TRUTH if None in outcomes else frozenset(truth for truth in outcomes if truth)
    if op not in (Compare.EQ, Compare.NE):
        return EVERY_TRUTH
    if not may_be_equal(left, right):
        return frozenset({Truth.FALSE if op is Compare.EQ else Truth.TRUE})
    return EITHER


def _pairs(left: Shape, right: Shape) -> list[tuple[Constant, Constant]] | None:
    if (left.kinds | right.kinds) & _MIXED or left.constants is None or right.constants is None:
        return None
    return list(product(left.constants, right.constants))


def may_be_equal(left: Shape, right: Shape) -> bool:
    """Whether `==` can be true for some pair of values."""
    if left.kinds & right.kinds & _MIXED or not left.kinds or not right.kinds:
        return True
    scalars, others = left.kinds & Kind.SCALAR, right.kinds & Kind.SCALAR
    if not scalars or not others:
        return False
    for mine, kinds in ((left.constants, others), (right.constants, scalars)):
        if mine is not None and not any(may_equal(value, kinds) for _, value in mine):
            return False
    return True


def refined(shape: Shape, condition: Expr) -> Shape:
    """The input of an option that is taken: the keys its condition cannot do without are there."""
    record = shape.record
    if record is None or shape.kinds != Kind.OBJECT or not record.maybe:
        return shape
    there = frozenset(_needed(condition))
    return Shape(Kind.OBJECT, record=Record(record.fields, record.maybe - there, record.open), depth=shape.depth)


def _needed(expr: Expr) -> list[str]:
    match expr:
        case And(left=left, right=right):
            return _needed(left) + _needed(right)
        case _:
            return _evaluated(expr)


def _evaluated(expr: Expr) -> list[str]:
    """The keys looked up whatever the values are: the right side of `&&` and `||` may be skipped."""
    match expr:
        case Comparison(left=left, right=right):
            return _evaluated(left) + _evaluated(right)
        case And(left=left) | Or(left=left) | Not(operand=left) | Negative(operand=left):
            return _evaluated(left)
        case Path(root=Root.INPUT, parts=(Key(name=name), *rest)):
            return [] if any(isinstance(part, Wild | Slice) for part in rest) else [name]
        case _:
            return []
