"""Which steps can be written as they are, without states before and after them."""

from __future__ import annotations

from fnfkit.lang.asl.lifting import is_template, lifted
from fnfkit.lang.asl.places import placed_value
from fnfkit.lang.trees import children
from fnfkit.model.expr import INPUT, RESULT, SCOPE_LOCAL, Const, Expr, Object, Path, Root
from fnfkit.model.flow import Foreach, Parallel, Pass, Task


def writable_pass(step: Pass) -> bool:
    """Whether a Pass can be written as it is."""
    takes_all = step.takes == SCOPE_LOCAL or isinstance(step.takes, Path)
    if not takes_all and not (is_template(step.takes) and not lifted(step.takes).built):
        return False
    match step.gives:
        case Path(Root.INPUT, _) | Const():
            return True
        case gives:
            found = placed_value(gives)
            return gives == SCOPE_LOCAL if found is None else found[1] == INPUT or isinstance(found[1], Const)


def rebased(step: Task | Parallel | Foreach) -> bool:
    """Whether nothing but the call itself reads the step's own input, and the call takes it as it is."""
    if mentions(step.gives, Root.INPUT) or any(mentions(entry.gives, Root.INPUT) for entry in step.catch):
        return False
    if isinstance(step, Task):
        return step.sends is None and step.params in (None, INPUT, Const({}), Object(())) and plain(step.takes)
    return isinstance(step.takes, Path) or (isinstance(step, Parallel) and plain(step.takes))


def plain(expr: Expr) -> bool:
    """Whether a path or a template says what a call is given."""
    return isinstance(expr, Path) or (is_template(expr) and not lifted(expr).built)


def writable_result(gives: Expr) -> bool:
    """Whether ResultSelector, ResultPath and OutputPath can say what a call gives."""
    match gives:
        case Path(Root.RESULT, _):
            return True
        case Path(Root.SCOPE_LOCAL, ()):
            return True
        case _:
            found = placed_value(gives)
            return selector(gives) if found is None else found[1] == RESULT or selector(found[1])


def selector(expr: Expr) -> bool:
    readable = not mentions(expr, Root.SCOPE_LOCAL) and not mentions(expr, Root.INPUT)
    return is_template(expr) and readable and not lifted(expr).built


def mentions(expr: Expr | None, root: Root) -> bool:
    if expr is None:
        return False
    return (isinstance(expr, Path) and expr.root is root) or any(mentions(child, root) for child in children(expr))


def is_path(expr: Expr, root: Root) -> bool:
    """Whether an expression is a path below a root."""
    return isinstance(expr, Path) and expr.root is root


def paths(expr: Expr) -> list[Path]:
    """Every path in an expression."""
    return [expr] if isinstance(expr, Path) else [path for child in children(expr) for path in paths(child)]


def reads_all(expr: Expr) -> bool:
    """Whether an expression reads the whole raw input."""
    return SCOPE_LOCAL in paths(expr)
