"""Statements: one after another, each complaint noted, and sagas."""

from __future__ import annotations

import ast

from fnfkit.dsl.code import Handler, Item, Jump, Label, TaskDraft
from fnfkit.dsl.control import Control
from fnfkit.dsl.errors import Complaint, unsupported
from fnfkit.dsl.expressions import DISCARD
from fnfkit.dsl.failures import patterns
from fnfkit.dsl.scope import Reported, Value
from fnfkit.dsl.words import saga
from fnfkit.model.expr import Key


class Statements(Control):
    """Lowers statements."""

    def block(self, statements: list[ast.stmt]) -> bool:
        """Lower statements one after another; whether the line goes on after the last."""
        alive = True
        for statement in statements:
            self.frame.at = statement
            try:
                if not alive:
                    raise Complaint(statement, "this never runs", "remove it, or what ends the flow before it")
                alive = self.statement(statement)
            except Complaint as complaint:
                self.complain(complaint)
            except Reported:
                continue
            else:
                continue
            self._forgive(statement)
            alive = True
        return alive

    def _forgive(self, statement: ast.stmt) -> None:
        """After a complaint its names count as assigned, so that one mistake is one complaint."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in self.frame.bindings:
                self.frame.assign(node.id)

    def statement(self, node: ast.stmt) -> bool:
        """Lower one statement; whether the line goes on after it."""
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(node, targets, value)
            case ast.Expr(value=value):
                return self._expression(node, value)
            case ast.If():
                return self._if(node)
            case ast.Return(value=value):
                self._return(node, value)
                return False
            case ast.While():
                return self._while(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.Try():
                return self._try(node)
            case ast.With():
                return self._with(node)
            case ast.Break() | ast.Continue():
                self._leave_loop(node)
                return False
            case ast.Pass():
                pass
            case _:
                raise unsupported(node)
        return True

    # -- saga

    def _with(self, node: ast.With) -> bool:
        item = node.items[0]
        call = item.context_expr
        if len(node.items) > 1 or not isinstance(call, ast.Call) or self._called(call) is not saga:
            raise Complaint(call, "only `with saga() as tx` is a construct of flows", "call functions directly")
        if not isinstance(item.optional_vars, ast.Name):
            raise Complaint(call, "a saga needs a name", "with saga() as tx:")
        given = dict(zip(("error", "cause"), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        texts = {name: self._constant_text(argument) for name, argument in given.items()}
        return self._saga(node, item.optional_vars.id, texts.get("error", "SagaFailed"), texts.get("cause", ""))

    def _saga(self, node: ast.With, name: str, error: str, cause: str) -> bool:
        """A chain: the handler after each step undoes it and goes on to the one that undoes the step before."""
        outer = self.sequence.handlers
        last = Handler(patterns(Exception), Label())
        with self.line([last.label]) as line:
            self.emit_fail(node.items[0].context_expr, error, cause)
        chain = [line]
        self.sequence.handlers = (last,)
        alive = True
        for statement in node.body:
            if (do := _do(statement, name)) is None:
                _refuse_inner_do(statement, name)
                alive = self.block([statement])
            elif (undo := self._done(statement, *do)) is not None:
                last, line = self._undone(undo, outer, last)
                chain.append(line)
        self.sequence.handlers = outer
        self.sequence.cold += reversed(chain)
        return alive

    def _done(self, statement: ast.stmt, target: ast.expr | None, call: ast.Call) -> tuple[ast.expr, Value] | None:
        """Lower `t = tx.do(call, undo=...)`; what undoes it, and the result that is handed to it."""
        undo = next((keyword.value for keyword in call.keywords if keyword.arg == "undo"), None)
        if len(call.args) != 1 or len(call.keywords) > 1 or (call.keywords and undo is None):
            raise Complaint(
                call, "tx.do takes one call, and undo= by name", "tx.do(buy(), undo=lambda t: cancel(id=t.id))"
            )
        if target is None:
            value = self.into(call.args[0], self.fresh("done"))
        else:
            assert isinstance(target, ast.Name)
            if self.frame.counts.get(target.id, 0) > 1:
                raise Complaint(target, f"{target.id} is assigned again, and undoing needs it", "use a name of its own")
            self._assign_name(statement, target, call.args[0])
            value = self.value(ast.copy_location(ast.Name(target.id, ast.Load()), target))
        return None if undo is None else (undo, value)

    def _undone(
        self, undo: tuple[ast.expr, Value], outer: tuple[Handler, ...], last: Handler
    ) -> tuple[Handler, list[Item]]:
        node, value = undo
        if not isinstance(node, ast.Lambda) or not isinstance(node.body, ast.Call) or len(node.args.args) != 1:
            fix = "undo=lambda t: cancel(id=t.id)"
            raise Complaint(node, "undo is a lambda with one parameter that makes one call", fix)
        parameter = node.args.args[0].arg
        before = self.frame.bindings.get(parameter)
        self.frame.bindings[parameter] = value
        handler = Handler(patterns(Exception), Label())
        self.sequence.handlers = outer
        first = value.parts[0] if value.parts else None
        name = first.name if isinstance(first, Key) else ""
        with self.line([handler.label]) as line, self.called(name):
            self.call(node.body, DISCARD)
            _name_after_second(line[-1])
            self.emit(Jump(last.label))
        self.sequence.handlers = (handler,)
        del self.frame.bindings[parameter]
        if before is not None:
            self.frame.bindings[parameter] = before
        return handler, line


def _name_after_second(item: Item) -> None:
    """A compensation is named after what it undoes, unless its function's name says that already."""
    if isinstance(item, TaskDraft) and item.second and not item.hint.endswith(item.second[len(item.hint) :]):
        item.hint = item.second


def _refuse_inner_do(statement: ast.stmt, name: str) -> None:
    """What is undone after a failure is known only of calls that stand in the saga's own body."""
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr="do") if owner == name:
                reason = f"{name}.do stands inside another statement, and undoing would depend on the way taken"
                raise Complaint(node, reason, f"make `t = {name}.do(...)` a statement of the saga's own body")
            case _:
                pass


def _do(statement: ast.stmt, name: str) -> tuple[ast.expr | None, ast.Call] | None:
    match statement:
        case ast.Assign(targets=[ast.Name() as target], value=ast.Call() as call):
            found: ast.expr | None = target
        case ast.Expr(value=ast.Call() as call):
            found = None
        case _:
            return None
    match call.func:
        case ast.Attribute(value=ast.Name(id=owner), attr="do") if owner == name:
            return found, call
        case _:
            return None
