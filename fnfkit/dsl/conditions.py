"""Tests lowered to branches: as one condition where possible, else as several with jumps between them."""

from __future__ import annotations

import ast
from abc import abstractmethod
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import pairwise

from fnfkit.dsl import shapes
from fnfkit.dsl.code import BranchDraft, Jump, Label, Option, Source
from fnfkit.dsl.comparisons import (
    Leaf,
    equality,
    harmless,
    mirrored,
    not_boolean,
    null_test,
    plain_text,
    python,
    same_kind,
    subject,
)
from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.expressions import Expressions
from fnfkit.dsl.names import pascal
from fnfkit.dsl.refs import Constant
from fnfkit.dsl.scope import LambdaRef, NotStatic, Value
from fnfkit.dsl.shapes import Kind
from fnfkit.model.expr import And, Compare, Comparison, Const, Expr, Key, Not, Or, Path, Root

_OPERATORS: dict[type[ast.cmpop], Compare] = {
    ast.Eq: Compare.EQ,
    ast.NotEq: Compare.NE,
    ast.Lt: Compare.LT,
    ast.LtE: Compare.LE,
    ast.Gt: Compare.GT,
    ast.GtE: Compare.GE,
    ast.Is: Compare.EQ,
    ast.IsNot: Compare.NE,
}
_MEMBERSHIP, _IDENTITY = (ast.In, ast.NotIn), (ast.Is, ast.IsNot)
_PURE = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Compare, ast.BoolOp, ast.Tuple, ast.List, ast.cmpop)
_PURE_TOO = (ast.boolop, ast.unaryop, ast.operator, ast.expr_context, ast.UnaryOp, ast.BinOp, ast.JoinedStr)


class Conditions(Expressions):
    """Lowers tests to branches."""

    @abstractmethod
    def opened(self, ref: LambdaRef, call: ast.Call) -> AbstractContextManager[ast.expr]:
        """Enter the frame of a lambda with its parameters bound to the arguments of a call; gives its body."""

    def jump(self, test: ast.expr, yes: Label, no: Label) -> None:
        """Go to `yes` if the test holds, else to `no`."""
        test = self._spelled_out(test)
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.jump(operand, no, yes)
            case ast.BoolOp(op=op, values=values):
                self._jump_each(test, isinstance(op, ast.And), values, yes, no)
            case ast.Call() if (ref := self._lambda(test)) is not None:
                with self.opened(ref, test) as body:
                    self.jump(body, yes, no)
            case _:
                self._branch(test, self._atom(test), yes, no)

    def _jump_each(self, test: ast.BoolOp, all_: bool, values: list[ast.expr], yes: Label, no: Label) -> None:
        if is_pure(test) and (leaf := self.leaf(test)) is not None:
            self._branch(test, leaf, yes, no)
            return
        before = self.frame.sure
        for value in values[:-1]:
            follow = Label()
            self.jump(value, follow if all_ else yes, no if all_ else follow)
            self.emit(follow)
            self.frame.sure = self.frame.sure | proven(value, all_)
        self.jump(values[-1], yes, no)
        self.frame.sure = before

    def _spelled_out(self, test: ast.expr) -> ast.expr:
        """`x in (a, b)` and `a < b < c` as `or` and `and`, where looking at x or b twice takes no step."""
        if not isinstance(test, ast.Compare) or (len(test.ops) == 1 and not isinstance(test.ops[0], _MEMBERSHIP)):
            return test
        if not is_pure(test):
            return test
        if isinstance(test.ops[0], _MEMBERSHIP) and len(test.ops) == 1:
            members = test.comparators[0]
            if not isinstance(members, ast.Tuple | ast.List) or not members.elts:
                return test
            each: list[ast.expr] = [_equals(test, member) for member in members.elts]
            joined = each[0] if len(each) == 1 else ast.copy_location(ast.BoolOp(ast.Or(), each), test)
            inside = isinstance(test.ops[0], ast.In)
            return joined if inside else ast.copy_location(ast.UnaryOp(ast.Not(), joined), test)
        if len(test.ops) > 1:
            operands = [test.left, *test.comparators]
            pairs = zip(test.ops, pairwise(operands), strict=True)
            links: list[ast.expr] = [ast.copy_location(ast.Compare(a, [op], [b]), test) for op, (a, b) in pairs]
            return ast.copy_location(ast.BoolOp(ast.And(), links), test)
        return test

    def _branch(self, node: ast.expr, leaf: Leaf, yes: Label, no: Label) -> None:
        if leaf.inverted:
            yes, no = no, yes
        if isinstance(leaf.expr, Const):
            self.emit(Jump(yes if leaf.expr.value else no))
            return
        expr, takes = self._explicit(leaf)
        option = Option(condition=expr, label=yes, node=node)
        self.emit(BranchDraft(node=node, hint=f"Check{pascal(leaf.subject)}", options=[option], takes=takes))
        self.emit(Jump(no))

    def _explicit(self, leaf: Leaf) -> tuple[Expr, dict[str, Source]]:
        """Keys that may lack are mapped, and a mapping of a missing key fails (fdl.md 3.6)."""
        takes: dict[str, Source] = {}
        expr = leaf.expr
        for number, value in enumerate(leaf.requires):
            last = value.parts[-1] if value.parts else None
            name = last.name if isinstance(last, Key) and last.name not in takes else f"value{number + 1}"
            takes[name] = self.source(value)
            expr = _renamed(expr, Path(Root.INPUT, value.parts or ()), Path(Root.INPUT, (Key(name),)))
        return expr, takes

    def leaf(self, test: ast.expr) -> Leaf | None:
        """A whole test as one condition, or None if that takes several."""
        test = self._spelled_out(test)
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.leaf(operand)
                return inner.negated() if inner is not None else None
            case ast.BoolOp(op=op, values=values):
                return self._joined(isinstance(op, ast.And), self._leaves(isinstance(op, ast.And), values))
            case _:
                return self._atom(test)

    def _leaves(self, all_: bool, values: list[ast.expr]) -> list[Leaf | None]:
        before, leaves = self.frame.sure, []
        for value in values:
            leaves.append(self.leaf(value))
            self.frame.sure = self.frame.sure | proven(value, all_)
        self.frame.sure = before
        return leaves

    def single(self, test: ast.expr) -> Leaf | None:
        """A test as one condition on the default input, or None if that takes steps or several conditions."""
        leaf = self.leaf(test) if is_pure(test) else None
        return None if leaf is None or leaf.requires else leaf

    def _joined(self, all_: bool, leaves: list[Leaf | None]) -> Leaf | None:
        known = [leaf for leaf in leaves if leaf is not None]
        if len(known) < len(leaves) or any(leaf.inverted or leaf.requires for leaf in known):
            return None
        if not all_ and any(leaf.fragile for leaf in known):
            return None
        if any(isinstance(leaf.expr, Const) for leaf in known):
            return None
        expr = known[0].expr
        for leaf in known[1:]:
            expr = And(expr, leaf.expr) if all_ else Or(expr, leaf.expr)
        return Leaf(expr, known[0].subject, fragile=any(leaf.fragile for leaf in known))

    def _lambda(self, node: ast.Call) -> LambdaRef | None:
        if not isinstance(node.func, ast.Name):
            return None
        binding = self.frame.bindings.get(node.func.id)
        return binding if isinstance(binding, LambdaRef) else None

    # -- atoms

    def _atom(self, node: ast.expr) -> Leaf:
        if isinstance(node, ast.Compare):
            return self._compare(node)
        value = self.value(node)
        if value.parts is None:
            if not isinstance(value.const, bool):
                raise Complaint(node, "a condition in FDL is true or false, never merely truthy", "compare it")
            return Leaf(Const(value.const))
        if value.shape.kind is not Kind.BOOL:
            raise Complaint(node, *not_boolean(ast.unparse(node), value))
        requires = () if value.shape.sure else (value,)
        return Leaf(self.own(value, node), subject(value), requires=requires)

    def _compare(self, node: ast.Compare) -> Leaf:
        operands = [node.left, *node.comparators]
        if isinstance(node.ops[0], _MEMBERSHIP):
            return self._member_of(node)
        values = [self.value(operand) for operand in operands]
        leaves: list[Leaf | None] = []
        for op, (left, right) in zip(node.ops, pairwise(values), strict=True):
            if type(op) not in _OPERATORS:
                raise Complaint(node, "FDL cannot ask whether a list or an object contains something", "ask a function")
            if isinstance(op, _IDENTITY) and not (right.parts is None and right.const in (None, True, False)):
                raise Complaint(node, "`is` compares with None, True and False only", "write ==")
            leaves.append(self._compared(node, _OPERATORS[type(op)], left, right))
        joined = leaves[0] if len(leaves) == 1 else self._joined(True, leaves)
        if joined is None:
            raise Complaint(node, "this chain of comparisons takes more than one step", "write them with `and`")
        return joined

    def _member_of(self, node: ast.Compare) -> Leaf:
        try:
            members = self.static(node.comparators[0])
        except NotStatic:
            members = None
        known = isinstance(members, list | tuple) and not any(isinstance(item, Constant) for item in members)
        if not known or not members or len(node.ops) > 1:
            reason = "FDL cannot ask whether a list or an object contains something"
            raise Complaint(node, reason, 'write x in ("a", "b") with constants, or ask a function')
        left = self.value(node.left)
        each = [
            self._compared(node, Compare.EQ, left, Value(None, shapes.constant_shape(item), item)) for item in members
        ]
        joined = each[0] if len(each) == 1 else self._joined(False, list(each))
        if joined is None:
            raise Complaint(node, "this test takes more than one step", "write the comparisons one by one with `or`")
        return joined.negated() if isinstance(node.ops[0], ast.NotIn) else joined

    def _compared(self, node: ast.expr, op: Compare, left: Value, right: Value) -> Leaf:
        if left.parts is None and right.parts is None:
            return Leaf(Const(python(op, left, right)))
        if left.parts is None:
            left, right, op = right, left, mirrored(op)
        paths = tuple(value for value in (left, right) if value.parts is not None)
        requires = paths if any(not value.shape.sure for value in paths) else ()
        leaf = self._decided(node, op, left, right)
        return replace(leaf, subject=subject(left), requires=requires)

    def _decided(self, node: ast.expr, op: Compare, left: Value, right: Value) -> Leaf:
        one, other = self.own(left, node), self.own(right, node)
        if right.parts is None and right.const is None:
            return null_test(node, op, left, one)
        if op in (Compare.EQ, Compare.NE) and harmless(right):
            return plain_text(node, op, left, one, other)
        same_kind(node, left, right)
        optional = left.shape.optional or right.shape.optional
        if op in (Compare.EQ, Compare.NE):
            return equality(node, op, left, right, (one, other))
        if optional:
            raise Complaint(node, "a value that may be None has no place in an order", "test it first: is not None")
        if left.shape.kind is Kind.BOOL:
            raise Complaint(node, "an order of True and False surprises readers and FDL", "compare with ==")
        return Leaf(Comparison(op, one, other))


def _renamed(expr: Expr, old: Path, new: Path) -> Expr:
    match expr:
        case Path():
            return new if expr == old else expr
        case Comparison(op=op, left=left, right=right):
            return Comparison(op, _renamed(left, old, new), _renamed(right, old, new))
        case And(left=left, right=right):
            return And(_renamed(left, old, new), _renamed(right, old, new))
        case Or(left=left, right=right):
            return Or(_renamed(left, old, new), _renamed(right, old, new))
        case Not(operand=operand):
            return Not(_renamed(operand, old, new))
        case _:
            return expr


def _equals(test: ast.Compare, member: ast.expr) -> ast.Compare:
    return ast.copy_location(ast.Compare(test.left, [ast.Eq()], [member]), test)


def is_pure(node: ast.expr) -> bool:
    """Whether evaluating it takes no step, so that it may be evaluated though Python would not come to it."""
    return all(isinstance(part, _PURE + _PURE_TOO) for part in ast.walk(node))


def proven(test: ast.expr, holds: bool) -> set[str]:
    """What is surely not None once the test has held, or has not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return proven(operand, not holds)
        case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) is holds:
            return set().union(*(proven(value, holds) for value in values))
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=None)]):
            wanted = (ast.IsNot, ast.NotEq) if holds else (ast.Is, ast.Eq)
            return {ast.unparse(left)} if isinstance(op, wanted) else set()
        case _:
            return set()
