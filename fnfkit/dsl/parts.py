"""Parts: functions whose steps stand where they are called, with their parameters bound to the arguments."""

from __future__ import annotations

import ast
import inspect
from abc import abstractmethod
from collections.abc import Iterator

from fnfkit.dsl import shapes
from fnfkit.dsl.code import Label
from fnfkit.dsl.containers import Containers
from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.expressions import DISCARD
from fnfkit.dsl.scope import Binding, Frame, Inline, LambdaRef, NotStatic, Static, Value, Variable
from fnfkit.dsl.source import source_of
from fnfkit.dsl.statics import as_value
from fnfkit.dsl.words import Part
from fnfkit.model.expr import Key
from fnfkit.model.json import Json

_DEEPEST = 30


class Parts(Containers):
    """Lowers the calls of parts."""

    @abstractmethod
    def block(self, statements: list[ast.stmt]) -> bool:
        """Lower statements; whether the line goes on after them."""

    @abstractmethod
    def declare(self, statements: list[ast.stmt]) -> None:
        """Take in the annotations of a function's body."""

    def inline(self, part: Part[..., Json], node: ast.Call, into: str | None) -> Value:
        """The steps of a part, with its parameters bound to the arguments."""
        frame = self._part_frame(part, node)
        key = into if into is not None else self.fresh(f"{part.body.__name__}_result")
        frame.inline = result = Inline(key, Label())
        before = self.place
        if self.place is None and frame.text.file != self.frame.text.file:
            self.place = node
        with self.within(frame):
            self.declare(frame.text.node.body)
            alive = self.block(frame.text.node.body)
        self.place = before
        if alive and result.returned and key != DISCARD:
            raise Complaint(node, f"{part.body.__name__} can end without a result", "end it with return or fail(...)")
        self.emit(result.after)
        if not result.returned or key == DISCARD:
            return Value(None, shapes.NULL)
        return Value((Key(key),), result.shape or shapes.ANY)

    def _part_frame(self, part: Part[..., Json], node: ast.Call) -> Frame:
        depth, frame = 0, self.frame
        while frame.caller is not None:
            depth, frame = depth + 1, frame.caller
        if depth > _DEEPEST:
            raise Complaint(
                node, "parts call each other without end", "a part cannot call itself: FDL has no recursion"
            )
        text = source_of(part.body)
        frame = Frame(text, statics_of(part.body), caller=self.frame)
        signature = inspect.signature(part.body)
        given = self._part_arguments(part, signature, node)
        frame.counts = assigned_names(text.node.body)
        for name in frame.counts:
            if name in signature.parameters:
                raise Complaint(node, f"{part.body.__name__} assigns its parameter {name}", "use a name of its own")
            frame.bindings[name] = Variable(self.fresh(name))
        frame.bindings.update(given)
        return frame

    def _part_arguments(
        self, part: Part[..., Json], signature: inspect.Signature, node: ast.Call
    ) -> dict[str, Binding]:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
        try:
            bound = signature.bind(*node.args, **keywords).arguments
        except TypeError as error:
            raise Complaint(node, f"{part.body.__name__}: {error}") from None
        given = {name: self._bound(name, argument) for name, argument in bound.items()}
        self.keep()
        for name, parameter in signature.parameters.items():
            if name not in given:
                given[name] = as_value(parameter.default) or Static(parameter.default)
        return given

    def _bound(self, name: str, node: ast.expr) -> Binding:
        if isinstance(node, ast.Lambda):
            return LambdaRef(node, self.frame)
        try:
            found = self.static(node)
        except NotStatic:
            return self.argument(name, node)
        if isinstance(found, LambdaRef):
            return found
        value = as_value(found)
        if value is None and isinstance(found, dict | list):  # it holds something of the context object
            return self.argument(name, node)
        return value or Static(found)


def statics_of(function: Json) -> dict[str, Json]:
    """Everything a function can name that is not its own: globals, and variables of enclosing functions."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    enclosing = {name: cell.cell_contents for name, cell in cells}
    return {**function.__globals__, **enclosing} if enclosing else function.__globals__


def assigned_names(statements: list[ast.stmt]) -> dict[str, int]:
    """The names a function assigns, in order, and how often each stands on a left side."""
    names: dict[str, int] = {}
    for statement in own_statements(statements):
        for target in _targets(statement):
            for name in _target_names(target):
                names[name] = names.get(name, 0) + 1
    return names


def own_statements(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, and those inside them."""
    rest = list(reversed(statements))
    while rest:
        statement = rest.pop()
        yield statement
        for field in ("body", "orelse", "finalbody"):
            rest += reversed(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            rest += reversed(handler.body)


def _targets(statement: ast.stmt) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.For(target=target):
            return [target]
        case _:
            return []


def _target_names(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple | ast.List):
        return [name for item in target.elts for name in _target_names(item)]
    return []
