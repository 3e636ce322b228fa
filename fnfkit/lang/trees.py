"""Expression trees, walked without recursion where they may be high."""

from __future__ import annotations

from fnfkit.model.expr import And, Call, Comparison, Const, Expr, List, Negative, Not, Object, Or, Path


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside an expression."""
    match expr:
        case Comparison(left=left, right=right) | And(left, right) | Or(left, right):
            return (left, right)
        case Not(operand) | Negative(operand):
            return (operand,)
        case List(items) | Call(arguments=items):
            return items
        case Object(fields):
            return tuple(value for _, value in fields)
        case Const() | Path():
            return ()
        case merge:
            return merge.parts


def height(expr: Expr) -> int:
    """The levels of a tree, found without recursion."""
    level, levels = [expr], 0
    while level:
        level = [child for parent in level for child in children(parent)]
        levels += 1
    return levels
