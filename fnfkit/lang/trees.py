"""Expression trees, walked without recursion where they may be high."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.model.expr import And, Call, Comparison, Const, Expr, List, Merge, Negative, Not, Object, Or, Path


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


def rebuilt(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The expression with each of its children replaced by what `change` makes of it."""
    match expr:
        case Object(fields):
            return Object(tuple((key, change(value)) for key, value in fields))
        case List(items):
            return List(tuple(map(change, items)))
        case Merge(parts):
            return Merge(tuple(map(change, parts)))
        case Comparison(op, left, right):
            return Comparison(op, change(left), change(right))
        case And(left, right):
            return And(change(left), change(right))
        case Or(left, right):
            return Or(change(left), change(right))
        case Not(operand):
            return Not(change(operand))
        case Negative(operand):
            return Negative(change(operand))
        case Call(function, arguments):
            return Call(function, tuple(map(change, arguments)))
        case Const() | Path():
            return expr


def with_paths(expr: Expr, change: Callable[[Path], Expr]) -> Expr:
    """The expression with every path in it replaced."""
    return change(expr) if isinstance(expr, Path) else rebuilt(expr, lambda child: with_paths(child, change))
