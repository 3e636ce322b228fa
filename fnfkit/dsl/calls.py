"""Calls: tasks of every kind, parts and lambdas inlined, and the words that are steps."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType

from fnfkit.dsl import shapes
from fnfkit.dsl.callee import Callee, Mode, Parameters
from fnfkit.dsl.code import Source, TaskDraft
from fnfkit.dsl.conditions import Conditions
from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.expressions import DISCARD, did_you_mean
from fnfkit.dsl.failures import Caught, caught
from fnfkit.dsl.function import Function
from fnfkit.dsl.messages import PRIORITY, Queue, Sent, Topic
from fnfkit.dsl.names import pascal
from fnfkit.dsl.scope import TOKEN, LambdaRef, NotStatic, Value
from fnfkit.dsl.statics import DynamicId
from fnfkit.dsl.words import Part, fail, parallel, wait
from fnfkit.model.expr import RESULT, Const, Expr, Key, Object, Path, Root
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json

_MESSAGING = (Queue, Topic)
_NO_RESULT = Value(None, shapes.NULL)
_PLAIN = frozenset({"__call__", "callback", "wait_for"})
"""Ways to call that leave no trace in the step's name."""
_LEAVE_OUT = frozenset({"returns"})
_SENT = shapes.shape_of(Sent)


class Calls(Conditions):
    """Lowers calls."""

    @abstractmethod
    def inline(self, part: Part[..., Json], node: ast.Call, into: str | None) -> Value:
        """Put the steps of a part where it is called."""

    @abstractmethod
    def side_by_side(self, node: ast.Call, into: str | None) -> Value:
        """Lower `parallel(...)`."""

    def call(self, node: ast.Call, into: str | None) -> Value:
        """Lower a call."""
        found = self._called(node)
        if isinstance(found, Callee):
            return self.task(found, "__call__", node, into)
        if isinstance(found, MethodType) and isinstance(found.__self__, Callee):
            return self.task(found.__self__, found.__name__, node, into)
        if isinstance(found, Part):
            return self.inline(found, node, into)
        if isinstance(found, LambdaRef):
            with self.opened(found, node) as body:
                return self.into(body, into) if into else self.value(body)
        if found is parallel:
            return self.side_by_side(node, into)
        if found is caught:
            return self._caught(node, into)
        if self.object_fields(node) is not None:
            return self.build(node, into or self.fresh("object"))
        raise self._no_call(node, found)

    def _called(self, node: ast.Call) -> Json:
        try:
            return self.static(node.func)
        except NotStatic:
            return None

    def _no_call(self, node: ast.Call, found: Json) -> Complaint:
        text = ast.unparse(node.func)
        if found is wait or found is fail:
            return Complaint(node, f"{text}(...) has no result", "write it as a statement of its own")
        if isinstance(node.func, ast.Name) and found is None and node.func.id not in self.frame.bindings:
            return Complaint(node.func, f"the name {text} is not defined", did_you_mean(text, self.frame.statics))
        reason = f"{text} is no step: a flow calls functions, queues, topics, flows and parts"
        return Complaint(node, reason, "decorate your own function with @app.function, and call that")

    def _names_caught(self, node: ast.expr) -> bool:
        try:
            return self.static(node) is caught
        except NotStatic:
            return False

    def _caught(self, node: ast.Call, into: str | None) -> Value:
        handler = self._handler(node)
        fields = {name: self.error_part(handler, name) for name in ("error", "cause")}
        return self.object_of(node, fields, into or self.fresh("caught"), shapes.shape_of(Caught))

    # -- lambdas

    @contextmanager
    def opened(self, ref: LambdaRef, call: ast.Call) -> Iterator[ast.expr]:
        """Enter the frame of a lambda with its parameters bound."""
        names = [argument.arg for argument in ref.node.args.args]
        if len(call.args) != len(names) or call.keywords:
            raise Complaint(call, f"this calls a function of {len(names)} parameters")
        values = [self.value(argument) for argument in call.args]
        self.keep()
        before = {name: ref.frame.bindings.get(name) for name in names}
        with self.within(ref.frame):
            ref.frame.bindings.update(zip(names, values, strict=True))
            try:
                yield ref.node.body
            finally:
                for name, binding in before.items():
                    ref.frame.bindings.pop(name)
                    if binding is not None:
                        ref.frame.bindings[name] = binding

    # -- tasks

    def task(self, callee: Callee, method: str, node: ast.Call, into: str | None) -> Value:
        """Lower the call of a handle."""
        mode = callee.MODES.get(method)
        if mode is None:
            ways = ", ".join(f".{name}(...)" for name in callee.MODES if name != "__call__")
            raise Complaint(node, f"{callee.title} cannot be called like this", f"there is {ways}" if ways else "")
        params: Expr | None
        if isinstance(callee, _MESSAGING):
            takes, params, returns = self._message(callee, node)
        else:
            takes, params = self._event(callee, mode, node)
            returns = callee.returns() if mode.answers else shapes.NULL
        if mode.pattern is not Pattern.WAIT_FOR_CALLBACK and Path(Root.CONTEXT, TOKEN) in takes.values():
            waiting = [
                f".{name}(...)" for name, way in callee.MODES.items() if way.pattern is Pattern.WAIT_FOR_CALLBACK
            ]
            reason = f"this hands out a token that nobody waits for: .{method}(...) goes on without a report"
            raise Complaint(
                node, reason.replace(".__call__(...)", "a plain call"), f"write {waiting[0]}" if waiting else ""
            )
        key = into if into is not None else self.fresh(f"{callee.title}_result")
        title = callee.title if method in _PLAIN else f"{method}_{callee.title}"
        draft = TaskDraft(
            node=node,
            hint=pascal(title),
            second=pascal(f"{title}_{self.naming or into}") if self.naming or into else "",
            chosen=callee.step,
            target=callee.target,
            pattern=mode.pattern,
            takes=takes,
            params=params,
            limit=callee.limit,
            policies=callee.policies,
            handlers=self.sequence.handlers,
        )
        for handler in draft.handlers:
            handler.reached = True
        self.emit(draft)
        if key == DISCARD or returns.kind is shapes.Kind.NULL:
            return _NO_RESULT
        draft.gives[key] = RESULT
        draft.temporary = key if into is None else ""
        self.wrote(key)
        return Value((Key(key),), returns)

    def keep(self) -> None:
        """The last result is looked at more than once."""
        if self.code and isinstance(draft := self.code[-1], TaskDraft):
            draft.temporary = ""

    def _event(self, callee: Callee, mode: Mode, node: ast.Call) -> tuple[dict[str, Source], Expr | None]:
        given = self.arguments(callee.parameters(), node, callee.title)
        values = {name: self.argument(name, item) for name, item in given.items()}
        takes = {name: self.source(value) for name, value in values.items()}
        if not mode.asynchronous:
            return takes, None
        params: list[tuple[str, Expr]] = [("InvocationType", Const("Async"))]
        if isinstance(callee, Function) and callee.id:
            params.append(("StatefulAsyncInvocationID", self._identity(callee.id, values)))
        return takes, Object(tuple(params))

    def argument(self, name: str, node: ast.expr) -> Value:
        """The value of an argument; an object that is written out is kept under the parameter's name."""
        if isinstance(node, ast.Dict) and self.constant(node) is None:
            return self.build(node, self.fresh(name))
        return self.value(node)

    def _identity(self, id_: Json, values: dict[str, Value]) -> Expr:
        if not isinstance(id_, DynamicId):
            return Const(id_)
        value = self.value(id_.node)
        if isinstance(value.const, str) and value.const.startswith("$"):
            raise Complaint(id_.node, "FDL reads a text that begins like this as a path", "use another id")
        if value.parts is None:
            return Const(value.const)
        for name, argument in values.items():
            if argument == value:
                return Path(Root.INPUT, (Key(name),))
        reason = "the id must be one of the arguments: FDL reads it from the event"
        raise Complaint(id_.node, reason, "pass it to the function too")

    def arguments(self, parameters: Parameters, node: ast.Call, title: str) -> dict[str, ast.expr]:
        """The arguments of a call by parameter name, in the order they are written."""
        if len(node.args) > parameters.positional:
            raise Complaint(node.args[parameters.positional], f"{title} takes no such argument", "write key=value")
        given: dict[str, ast.expr] = {}
        for name, argument in zip(parameters.names, node.args, strict=False):
            if isinstance(argument, ast.Starred):
                raise Complaint(argument, "FDL names every key of an event", "write the arguments one by one")
            given[name] = argument
        for keyword in node.keywords:
            if keyword.arg is None:
                raise Complaint(keyword.value, "FDL names every key of an event", "write the arguments one by one")
            if keyword.arg in given:
                raise Complaint(keyword, f"{keyword.arg} is given twice", "leave one out")
            if keyword.arg not in parameters.names and not parameters.open:
                fix = did_you_mean(keyword.arg, parameters.names)
                raise Complaint(keyword, f"{title} has no parameter {keyword.arg}", fix)
            given[keyword.arg] = keyword.value
        if not parameters.required <= given.keys():
            missing = [name for name in parameters.names if name in parameters.required and name not in given]
            raise Complaint(node, f"{title} needs {', '.join(missing)}", f"add {missing[0]}=...")
        return given

    # -- messages

    def _message(self, callee: Queue | Topic, node: ast.Call) -> tuple[dict[str, Source], Expr, shapes.Shape]:
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        body = node.args[0] if len(node.args) == 1 else given.pop("body", None)
        known = {"priority": "Priority", "delay": "DelaySeconds"}
        if isinstance(callee, Topic):
            known = {"tag": "MessageTag", "attributes": "MessageAttributes"}
        if body is None or len(node.args) > 1 or not given.keys() <= known.keys() | _LEAVE_OUT:
            raise Complaint(node, f"a message to {callee.title} is one body and {', '.join(known)} by name")
        settings = {known[name]: self._setting(item) for name, item in given.items() if name in known}
        if isinstance(callee, Queue):
            settings.setdefault("Priority", Const(PRIORITY))
        takes, message = self._body(body)
        returns = self.static(given["returns"]) if "returns" in given else dict
        params = Object((("MessageBody", message), *sorted(settings.items(), reverse=True)))
        sent = ast.unparse(node.func).rpartition(".")[2] != "call"
        return takes, params, _SENT if sent else shapes.shape_of(returns)

    def _setting(self, node: ast.expr) -> Const:
        value = self.constant(node)
        if value is None or value.parts is not None:
            raise Complaint(node, "the settings of a message are constants here", "use @app.steps for computed ones")
        return Const(value.const)

    def _body(self, node: ast.expr) -> tuple[dict[str, Source], Expr]:
        """A body that is written out is the step's whole input; any other is one key of it (fdl.md 4.4)."""
        fields = self.object_fields(node)
        if fields is not None:
            values = self.field_values(fields)
            return {name: self.source(value) for name, value in values.items()}, Path(Root.INPUT)
        value = self.value(node)
        if value.parts is None and isinstance(value.const, str) and not value.const.startswith("$"):
            return {}, Const(value.const)
        return {"body": self.source(value)}, Path(Root.INPUT, (Key("body"),))
