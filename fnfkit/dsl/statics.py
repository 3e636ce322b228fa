"""What is known before a flow runs: constants, folded arithmetic, functions and their settings, classes."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from enum import Enum
from types import MethodType

from fnfkit.dsl.callee import Callee
from fnfkit.dsl.errors import Complaint
from fnfkit.dsl.refs import Constant
from fnfkit.dsl.scope import Frame, LambdaRef, NotStatic, Scope, Static, Value
from fnfkit.dsl.shapes import TEXT, constant_shape
from fnfkit.model.json import Json

_SCALARS = (bool, int, float, str)
_FOLDS: Mapping[type[ast.operator], Callable[[Json, Json], Json]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class Statics(Scope):
    """The moves for what is known before the flow runs."""

    def static(self, node: ast.expr) -> Json:
        """The value an expression has at compile time. NotStatic if it depends on the flow's data."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._static_binding(name)
            case ast.Attribute(value=inner, attr=attribute):
                return self._attribute(node, self.static(inner), attribute)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return [self.static(item) for item in items]
            case ast.Dict(keys=keys, values=values):
                return {self._key(key): self.static(value) for key, value in zip(keys, values, strict=True)}
            case ast.Call():
                return self._configured(node)
            case _:
                return self._folded(node)

    def _static_binding(self, name: str) -> Json:
        match self.frame.bindings.get(name):
            case None:
                return self.static_name(name)
            case Static(value=value):
                return value
            case LambdaRef() as ref:
                return ref
            case Value(parts=None, const=const):
                return const
            case _:
                raise NotStatic(name)

    def _attribute(self, node: ast.Attribute, owner: Json, name: str) -> Json:
        if not hasattr(owner, name):
            raise Complaint(node, f"{ast.unparse(node.value)} has no {name}")
        return getattr(owner, name)

    def _key(self, node: ast.expr | None) -> str:
        key = self.static(node) if node is not None else None
        if not isinstance(key, str):
            raise NotStatic
        return key

    def _folded(self, node: ast.expr) -> Json:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._known(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _FOLDS:
                return self._fold(node, _FOLDS[type(op)], self._known(left), self._known(right))
            case ast.JoinedStr(values=values):
                return "".join(str(self.static(value)) for value in values)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._known(value)
            case _:
                raise NotStatic

    def _known(self, node: ast.expr) -> Json:
        """What an expression computes with: what the context object holds is not known before the flow runs."""
        found = self.static(node)
        if isinstance(found, Constant):
            raise NotStatic
        return found

    def _fold(self, node: ast.expr, fold: Callable[[Json, Json], Json], left: Json, right: Json) -> Json:
        if not isinstance(left, _SCALARS) or not isinstance(right, _SCALARS):
            raise NotStatic
        try:
            return fold(left, right)
        except (TypeError, ZeroDivisionError) as error:
            raise Complaint(node, f"this constant cannot be computed: {error}") from None

    def _configured(self, node: ast.Call) -> Json:
        """A handle with settings: `fn.retry(...)`, `.timeout(...)`, `.at(...)`."""
        if not isinstance(node.func, ast.Attribute):
            raise NotStatic
        method = self.static(node.func)
        if not isinstance(method, MethodType) or not isinstance(method.__self__, Callee):
            raise NotStatic
        if method.__name__ not in Callee.SETTINGS:
            raise NotStatic
        if method.__name__ == "stateful":
            return method(DynamicId(node, self.frame))
        try:
            arguments = [self._known(item) for item in node.args]
            named = {item.arg: self._known(item.value) for item in node.keywords if item.arg}
        except NotStatic:
            fix = "write constants; FDL has no way to compute them"
            raise Complaint(node, f"the settings of .{method.__name__}(...) must be known in advance", fix) from None
        try:
            return method(*arguments, **named)
        except TypeError as error:
            raise Complaint(node, str(error)) from None

    def constant(self, node: ast.expr) -> Value | None:
        """A constant as a value, or None if the expression is none."""
        try:
            found = self.static(node)
        except NotStatic:
            return None
        return as_value(found)


class DynamicId:
    """The id of a stateful invocation, as the expression it was written as."""

    def __init__(self, node: ast.Call, frame: Frame) -> None:
        self.node = node.args[0] if node.args else node.keywords[0].value
        self.frame = frame


def as_value(found: Json) -> Value | None:
    """Something known in advance as a value of the flow, or None if it has no JSON form."""
    if isinstance(found, Constant):
        return Value(found.parts, TEXT, context=True)
    if isinstance(found, Enum):
        found = found.value
    if found is None or isinstance(found, _SCALARS):
        return Value(None, constant_shape(found), found)
    if isinstance(found, dict | list | tuple) and _is_json(found):
        plain = list(found) if isinstance(found, tuple) else found
        return Value(None, constant_shape(plain), plain)
    return None


def _is_json(found: Json) -> bool:
    if isinstance(found, Constant):  # of the context object: a text or number in Python only
        return False
    if isinstance(found, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in found.items())
    if isinstance(found, list | tuple):
        return all(_is_json(item) for item in found)
    return found is None or isinstance(found, _SCALARS)
