"""Control flow: if, while and try, with what each way through them surely assigns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from fnfkit.dsl.code import Handler, Item, Jump, Label, Sequence
from fnfkit.dsl.comparisons import Leaf
from fnfkit.dsl.conditions import is_pure, proven
from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.failures import CloudError, patterns
from fnfkit.dsl.outcomes import Outcomes
from fnfkit.dsl.scope import Loop, NotStatic
from fnfkit.dsl.words import fail
from fnfkit.model.expr import Const, Expr

Body = list[ast.stmt]


class Control(Outcomes):
    """Lowers control flow."""

    def _if(self, node: ast.If) -> bool:
        cases, rest = self._open_cases(*_cases(node))
        if not cases:
            return self.block(rest)
        if not rest and all(_idle(body) for _, body in cases):
            raise Complaint(node, "this if does nothing", "remove it")
        leaves = self._plain_leaves(cases, rest)
        if leaves is not None:
            self._arms_if(node, leaves, [*(body for _, body in cases), rest])
            return True
        return self._flat_if(cases, rest)

    def _open_cases(self, cases: list[tuple[ast.expr, Body]], rest: Body) -> tuple[list[tuple[ast.expr, Body]], Body]:
        """Without the cases that are decided before the flow runs."""
        still: list[tuple[ast.expr, Body]] = []
        for test, body in cases:
            known = self.constant(test)
            if known is None or not isinstance(known.const, bool):
                still.append((test, body))
            elif known.const:
                return still, body
        return still, rest

    def _plain_leaves(self, cases: list[tuple[ast.expr, Body]], rest: Body) -> list[Leaf] | None:
        """The tests of an if whose bodies can stand in the choice: they come back and jump nowhere."""
        if not rest or self.sequence.handlers or not all(map(_straight, [rest, *(body for _, body in cases)])):
            return None
        if any(self._jumps(statement) for body in [rest, *(body for _, body in cases)] for statement in body):
            return None
        leaves = [leaf for test, _ in cases if (leaf := self.single(test)) is not None]
        if len(leaves) < len(cases) or any(isinstance(leaf.expr, Const) for leaf in leaves):
            return None
        if any(leaf.inverted for leaf in leaves) and len(leaves) > 1:
            return None
        return leaves

    def _jumps(self, statement: ast.stmt) -> bool:
        """Whether a straight statement may still need jumps, or ends the line."""
        value = getattr(statement, "value", None)
        return isinstance(statement, ast.Expr) and isinstance(value, ast.Call) and self._called(value) is fail

    def _arms_if(self, node: ast.If, leaves: list[Leaf], bodies: list[Body]) -> None:
        """A choice whose options hold the bodies (fdl.md 2.7)."""
        facts = self.frame.sure
        known = [facts | proven(node.test, True), facts | proven(node.test, False)] if len(leaves) == 1 else []
        lowered: list[Sequence] = []
        ends: list[set[str]] = []
        for number, body in enumerate(bodies):
            mark = len(self.frame.trail)
            with self.inner(arm=True) as arm, self._knowing(known[number] if known else facts):
                self.block(body)
            lowered.append(arm)
            ends.append(self.frame.take_back(mark))
        tests: list[tuple[Expr, str]] = [(leaf.expr, leaf.subject) for leaf in leaves]
        self.arms(node.test, tests, lowered[::-1] if leaves[0].inverted else lowered)
        self.frame.join(ends)

    @contextmanager
    def _knowing(self, facts: set[str]) -> Iterator[None]:
        """Within this way, these are surely not None; behind it, only what it did not assign anew."""
        before, self.frame.sure = self.frame.sure, set(facts)
        try:
            yield
        finally:
            self.frame.sure = before & self.frame.sure

    def _flat_if(self, cases: list[tuple[ast.expr, Body]], rest: Body) -> bool:
        after = Label()
        ends: list[set[str]] = []
        lines: list[tuple[list[Item], bool]] = []
        facts = set(self.frame.sure)
        for test, body in cases:
            then, other = Label(), Label()
            self.jump(test, then, other)
            lines.append(self._arm(body, then, facts | proven(test, True), ends, after))
            self.emit(other)
            facts |= proven(test, False)
        otherwise = Label()
        self.emit(Jump(otherwise))
        line, alive = self._arm(rest, otherwise, facts, ends, after)
        self._place(lines, line, alive)
        self.emit(after)
        self.frame.join(ends)
        if not rest and not any(comes_back for _, comes_back in lines):
            self.frame.sure = facts
        return bool(ends)

    def _arm(
        self, body: Body, start: Label, facts: set[str], ends: list[set[str]], after: Label
    ) -> tuple[list[Item], bool]:
        """One way through an if or a try, on a line of its own, and whether it comes back."""
        mark, before = len(self.frame.trail), self.frame.sure
        with self.line([start]) as line, self._knowing(facts):
            if alive := self.block(body):
                self.emit(Jump(after))
        names = self.frame.take_back(mark)
        if alive:
            ends.append(names)
        else:
            self.frame.sure = before
        return line, alive

    def _place(self, lines: list[tuple[list[Item], bool]], line: list[Item], alive: bool) -> None:
        """Arms that come back stand in the main line, the others behind its end; the else arm comes last."""
        for arm, comes_back in lines:
            if comes_back:
                self.code += arm
            else:
                self.sequence.cold.append(arm)
        if alive or not any(comes_back for _, comes_back in lines):
            self.code += line
        else:
            self.sequence.cold.append(line)

    # -- while

    def _while(self, node: ast.While) -> bool:
        if _idle(node.body, ast.Continue) and is_pure(node.test):
            raise Complaint(node, "this loop does nothing but turn", "call or wait inside it")
        loop = Loop(Label(), Label(), len(self.frame.trail))
        forever = self._is_true(node.test)
        body, otherwise = Label(), Label()
        self.frame.sure = set()
        self.emit(loop.top)
        if not forever:
            self.jump(node.test, body, otherwise)
        self.emit(body)
        self.frame.sure = proven(node.test, True)
        with self._looping(loop):
            if self.block(node.body):
                self.emit(Jump(loop.top))
        self.frame.take_back(loop.mark)
        self.frame.sure = set()
        self.emit(otherwise)
        if not forever and self.block(node.orelse):
            loop.exits.append(self.frame.take_back(loop.mark))
        self.emit(loop.after)
        self.frame.join(loop.exits)
        return bool(loop.exits)

    def _is_true(self, test: ast.expr) -> bool:
        value = self.constant(test)
        return value is not None and value.const is True

    @contextmanager
    def _looping(self, loop: Loop) -> Iterator[None]:
        self.frame.loops.append(loop)
        try:
            yield
        finally:
            self.frame.loops.pop()

    def _leave_loop(self, node: ast.Break | ast.Continue) -> None:
        loop = self.frame.loops[-1]
        if isinstance(node, ast.Break):
            loop.exits.append(set(self.frame.trail[loop.mark :]))
        self.emit(Jump(loop.after if isinstance(node, ast.Break) else loop.top))

    # -- try

    def _try(self, node: ast.Try) -> bool:
        if node.finalbody:
            reason = "after `finally` Python raises the error again, and no step can do that with its own name"
            raise Complaint(
                node.finalbody[0], reason, "repeat the calls in except Exception, and end that with fail(...)"
            )
        handlers = [Handler(self._errors(clause), Label()) for clause in node.handlers]
        mark, after = len(self.frame.trail), Label()
        outer = self.sequence.handlers
        self.sequence.handlers = (*handlers, *outer)
        complaints = len(self.diagnostics)
        alive = self.block(node.body)
        self.sequence.handlers = outer
        if alive and node.orelse:
            alive = self.block(node.orelse)
        names = self.frame.take_back(mark)
        ends = [names] if alive else []
        self.frame.sure = set()
        for clause, handler in zip(node.handlers, handlers, strict=True):
            if not handler.reached and len(self.diagnostics) == complaints:
                raise Complaint(clause, "nothing in this try can fail", "only calls of functions, queues and flows can")
            self._clause(clause, handler, after, ends)
        self.emit(after)
        self.frame.join(ends)
        return bool(ends)

    def _clause(self, clause: ast.ExceptHandler, handler: Handler, after: Label, ends: list[set[str]]) -> None:
        if clause.name:
            self.frame.bindings[clause.name] = handler
        line, _ = self._arm(clause.body, handler.label, set(), ends, after)
        self.sequence.cold.append(line)
        if clause.name:
            self.frame.bindings.pop(clause.name, None)

    def _errors(self, clause: ast.ExceptHandler) -> tuple[str, ...]:
        if clause.type is None:
            raise Complaint(
                clause, "a bare except would catch fail(...) too, which no step can", "write except Exception"
            )
        nodes = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
        names: dict[str, None] = {}
        for node in nodes:
            error = self._exception(node)
            if error is CloudError:
                reason = "CloudError is any error of a sub-flow in Python, and a step catches by name"
                raise Complaint(node, reason, "write except Exception, or derive a class with the error's name")
            names.update(dict.fromkeys(patterns(error)))
        return tuple(names)

    def _exception(self, node: ast.expr) -> type[Exception]:
        try:
            found = self.static(node)
        except NotStatic:
            found = None
        if not isinstance(found, type) or not issubclass(found, Exception):
            fix = "name a class: FC.Unknown, FnF.TaskTimeout, your own exception, or Exception for all"
            raise Complaint(node, f"{ast.unparse(node)} is no exception that a task can fail with", fix)
        return found


def _cases(node: ast.If) -> tuple[list[tuple[ast.expr, Body]], Body]:
    """The tests of an if with their bodies, elif by elif, and the else body."""
    cases = [(node.test, node.body)]
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        cases.append((node.test, node.body))
    return cases, node.orelse


def _idle(body: Body, *also: type[ast.stmt]) -> bool:
    return all(
        isinstance(statement, (ast.Pass, *also))
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in body
    )


def _straight(body: Body) -> bool:
    return bool(body) and all(isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) for statement in body)
