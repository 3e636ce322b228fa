"""Values: names, fields, constants, objects, and what has to be computed by steps first."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import typing
from abc import abstractmethod
from collections.abc import Iterable

from fnfkit.dsl import shapes
from fnfkit.dsl.code import Handler, PassDraft
from fnfkit.dsl.errors import EXPRESSIONS, Complaint, unsupported
from fnfkit.dsl.names import pascal
from fnfkit.dsl.refs import Constant
from fnfkit.dsl.scope import LambdaRef, NotStatic, Static, Value, Variable, no_path
from fnfkit.dsl.shapes import Kind, Shape
from fnfkit.dsl.statics import Statics, as_value
from fnfkit.dsl.values import to_json
from fnfkit.model.expr import Index, Key, Path, Root, Wild
from fnfkit.model.json import Json

DISCARD = ""
"""In place of a key: nobody wants the result."""


class Expressions(Statics):
    """Lowers expressions to values; what needs steps emits them first."""

    @abstractmethod
    def call(self, node: ast.Call, into: str | None) -> Value:
        """Lower a call; its result goes under `into`, a key of its own if None."""

    @abstractmethod
    def choose(self, test: ast.expr, yes: ast.expr, no: ast.expr, into: str) -> Value:
        """Lower `yes if test else no` into a key."""

    @abstractmethod
    def comprehension(self, node: ast.ListComp, into: str | None) -> Value:
        """Lower a list comprehension."""

    def value(self, node: ast.expr) -> Value:
        """The value of an expression."""
        match node:
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Constant(value=constant):
                no_path(constant, node)
                if (found := as_value(constant)) is None:
                    raise Complaint(node, f"a {type(constant).__name__} has no JSON form", "write a text or a number")
                return found
            case ast.Attribute():
                return self._field(node)
            case ast.Subscript():
                return self._item(node)
            case ast.Call():
                return self.call(node, None)
            case ast.Dict():
                return self.build(node, self.fresh("object"))
            case ast.ListComp():
                return self.comprehension(node, None)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.choose(test, body, orelse, self.fresh("value"))
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self._truth(node, self.fresh("flag"))
            case _:
                return self._constant(node)

    def into(self, node: ast.expr, key: str) -> Value:
        """Evaluate an expression under a key; the value is read from there afterwards."""
        match node:
            case ast.Call():
                value = self.call(node, key)
            case ast.ListComp():
                value = self.comprehension(node, key)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                value = self.choose(test, body, orelse, key)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                value = self._truth(node, key)
            case ast.Dict() if self.constant(node) is None:
                value = self.build(node, key)
            case _:
                value = self.value(node)
        if value.parts != (Key(key),):
            self.put([(key, value)], node)
        return Value((Key(key),), value.shape)

    def _truth(self, node: ast.expr, key: str) -> Value:
        yes, no = (ast.copy_location(ast.Constant(flag), node) for flag in (True, False))
        return self.choose(node, yes, no, key)

    def _constant(self, node: ast.expr) -> Value:
        found = self.constant(node)
        if found is not None:
            return found
        if type(node) in EXPRESSIONS:
            raise unsupported(node)
        raise Complaint(node, f"{ast.unparse(node)} has no JSON form", "pass a value, a dict or a list")

    # -- names

    def _name(self, node: ast.Name, name: str) -> Value:
        binding = self.frame.bindings.get(name)
        match binding:
            case Variable():
                return self._variable(node, binding)
            case Value():
                return binding
            case Handler():
                fix = f"read {name}.error or {name}.cause; caught({name}) gives both"
                raise Complaint(node, "an error is not a JSON value", fix)
            case LambdaRef() | Static():
                return self._static_value(node)
            case None:
                return self._static_value(node)

    def _static_value(self, node: ast.Name) -> Value:
        try:
            found = self.static(node)
        except NotStatic:
            close = did_you_mean(node.id, self.frame.bindings)
            raise Complaint(node, f"the name {node.id} is not defined", close) from None
        if (value := as_value(found)) is None:
            fix = f"call it: {node.id}(...)" if callable(found) else "pass a text, a number, a dict or a list"
            raise Complaint(node, f"{node.id} is not a JSON value", fix)
        return value

    def _variable(self, node: ast.Name, variable: Variable) -> Value:
        if node.id not in self.frame.assigned:
            fix = f"assign {node.id} before the if, the loop or the try"
            raise Complaint(node, f"{node.id} may have no value here: not every way to this line assigns it", fix)
        variable.used = True
        shape = variable.shape or shapes.ANY
        if node.id in self.frame.sure:
            shape = dataclasses.replace(shape, optional=False)
        return Value((Key(variable.key),), shape)

    # -- fields

    def _field(self, node: ast.Attribute) -> Value:
        if isinstance(node.value, ast.Name):
            binding = self.frame.bindings.get(node.value.id)
            if isinstance(binding, Handler):
                return self._error_field(node, binding)
            if binding is None or isinstance(binding, Static):
                return self._constant(node)
        elif (found := self.constant(node)) is not None:
            return found
        if self._is_caught(node.value):
            return self._error_field(node, self._handler(node.value))
        return self._member(node, self.value(node.value), node.attr, attribute=True)

    def _item(self, node: ast.Subscript) -> Value:
        base = self.value(node.value)
        at = self.constant(node.slice)
        key = at.const if at is not None else None
        if isinstance(key, str):
            return self._member(node, base, key, attribute=False)
        if isinstance(key, int) and not isinstance(key, bool):
            return self._position(node, base, key)
        reason = "FDL looks up constant keys and positions only"
        raise Complaint(node.slice, reason, "put the look-up in a function; a comprehension walks a list")

    def _position(self, node: ast.Subscript, base: Value, position: int) -> Value:
        if base.shape.kind not in (Kind.LIST, Kind.ANY):
            raise Complaint(node, f"{ast.unparse(node.value)} is {base.shape}, not a list")
        if position < 0:
            raise Complaint(node.slice, "FDL counts positions from the start only", "have a function pick the element")
        if base.parts is None:
            if position >= len(base.const):
                raise Complaint(node, "the list is shorter than that")
            return as_value(base.const[position]) or base
        return Value((*base.parts, Index(position)), shapes.element(base.shape, position), None, base.context)

    def _member(self, node: ast.expr, base: Value, name: str, *, attribute: bool) -> Value:
        if base.shape.optional and base.shape.kind is not Kind.ANY:
            text = _owner(node)
            raise Complaint(node, f"{text} may be None here", f"test it first: if {text} is not None: ...")
        if base.shape.kind not in (Kind.OBJECT, Kind.ANY):
            raise Complaint(node, f"{_owner(node)} is {base.shape} and has no field {name}", _methods(base.shape))
        if attribute is not shapes.by_attribute(base.shape):
            text = _owner(node)
            fix = f"{text}.{name}" if shapes.by_attribute(base.shape) else f'{text}["{name}"]'
            raise Complaint(node, "Python reads this field in another way", f"write {fix}")
        if base.parts is None:
            if name not in base.const:
                raise Complaint(node, f"there is no key {name}", did_you_mean(name, base.const))
            return as_value(base.const[name]) or base
        shape = self._field_shape(node, base, name)
        if shape.optional and self.frame.sure and ast.unparse(node) in self.frame.sure:
            shape = dataclasses.replace(shape, optional=False)
        return Value((*base.parts, Key(name)), shape)

    def _field_shape(self, node: ast.expr, base: Value, name: str) -> Shape:
        known = shapes.fields(base.shape)
        if known is None:
            return shapes.UNSURE
        if name not in known:
            raise Complaint(node, f"{_owner(node)} has no field {name}", did_you_mean(name, known))
        return known[name]

    # -- caught errors

    def _is_caught(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and self._names_caught(node.func) and len(node.args) == 1

    @abstractmethod
    def _names_caught(self, node: ast.expr) -> bool:
        """Whether the expression is the function `caught`."""

    def _handler(self, node: ast.expr) -> Handler:
        argument = node.args[0] if isinstance(node, ast.Call) else node
        binding = self.frame.bindings.get(argument.id) if isinstance(argument, ast.Name) else None
        if not isinstance(binding, Handler):
            raise Complaint(argument, "caught(...) takes the error of an except clause", "except SomeError as error:")
        return binding

    def _error_field(self, node: ast.expr, handler: Handler) -> Value:
        name = node.attr if isinstance(node, ast.Attribute) else ""
        if name not in ("error", "cause"):
            raise Complaint(node, "an error has .error and .cause only", did_you_mean(name, ("error", "cause")))
        return self.error_part(handler, name)

    def error_part(self, handler: Handler, name: str) -> Value:
        """The name or the cause of a caught error; the tasks that may raise it leave it under a key (fdl.md 4.8)."""
        if name not in handler.wants:
            handler.wants[name] = self.fresh(name)
        self.wrote(handler.wants[name])
        return Value((Key(handler.wants[name]),), shapes.TEXT if name == "error" else shapes.ANY)

    # -- objects

    def object_fields(self, node: ast.expr) -> list[tuple[str, ast.expr | Json]] | None:
        """The fields of an object that is written out: a dict, a dataclass call, `dict(...)`; else None."""
        if isinstance(node, ast.Dict):
            return [(self._literal_key(key, node), value) for key, value in zip(node.keys, node.values, strict=True)]
        if not isinstance(node, ast.Call) or (made := self._class(node.func)) is None:
            return None
        return self._arguments(node, made)

    def _class(self, node: ast.expr) -> Json:
        try:
            found = self.static(node)
        except NotStatic:
            return None
        return found if isinstance(found, type) and shapes.shape_of(found).kind is Kind.OBJECT else None

    def _literal_key(self, key: ast.expr | None, node: ast.Dict) -> str:
        if key is None:
            raise Complaint(node, "FDL names every key of an object", "write the keys one by one")
        found = self.constant(key)
        if found is None or not isinstance(found.const, str):
            raise Complaint(key, "the keys of an object are constant texts in FDL", "have a function build the object")
        return found.const

    def _arguments(self, node: ast.Call, made: Json) -> list[tuple[str, ast.expr | Json]]:
        known = shapes.fields(shapes.shape_of(made))
        if node.args and (known is None or typing.is_typeddict(made) or len(node.args) > len(known)):
            raise Complaint(node.args[0], f"{made.__name__} takes its fields by name here", "write key=value")
        given: dict[str, ast.expr | Json] = dict(zip(known or (), node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg is None:
                raise Complaint(keyword.value, "FDL names every key of an object", "write the keys one by one")
            if known is not None and keyword.arg not in known:
                raise Complaint(
                    keyword, f"{made.__name__} has no field {keyword.arg}", did_you_mean(keyword.arg, known)
                )
            given[keyword.arg] = keyword.value
        if known is None:
            return list(given.items())
        return [
            (name, given[name] if name in given else self._default(node, made, name))
            for name in known
            if name in given or not typing.is_typeddict(made)
        ]

    def _default(self, node: ast.Call, made: Json, name: str) -> Json:
        for field in dataclasses.fields(made) if dataclasses.is_dataclass(made) else ():
            if field.name == name and field.default is not dataclasses.MISSING:
                return _default_value(field.default)
            if field.name == name and field.default_factory is not dataclasses.MISSING:
                return _default_value(field.default_factory())
        model_field = getattr(made, "model_fields", {}).get(name)
        if model_field is not None and not model_field.is_required():
            return _default_value(model_field.get_default(call_default_factory=True))
        raise Complaint(node, f"{made.__name__} needs the field {name}", f"add {name}=...")

    def field_values(self, fields: Iterable[tuple[str, ast.expr | Json]]) -> dict[str, Value]:
        """The values of the fields of an object, in order."""
        return {name: item if isinstance(item, Value) else self.value(item) for name, item in fields}

    def kept_values(self, fields: list[tuple[str, ast.expr | Json]]) -> dict[str, Value]:
        """The values of the fields of an object that another step than a task makes."""
        values = self.field_values(fields)
        for name, item in fields:
            if isinstance(item, ast.expr):
                self.kept(values[name], item)
        return values

    def build(self, node: ast.expr, key: str) -> Value:
        """Build an object that is written out, under a key; one pass step, whose own input is the object."""
        values = self.kept_values(self.object_fields(node) or [])
        made = self._class(node.func) if isinstance(node, ast.Call) else None
        shape = shapes.shape_of(made) if made is not None else shapes.OBJECT
        return self.object_of(node, values, key, shape)

    def object_of(self, node: ast.expr, values: dict[str, Value], key: str, shape: Shape) -> Value:
        """An object of values under a key: a pass step whose own input is the object; no step if all is constant."""
        if all(value.parts is None for value in values.values()):
            return Value(None, shape, {name: value.const for name, value in values.items()})
        takes = {name: self.source(value) for name, value in values.items()}
        self.emit(PassDraft(node=node, hint=f"Build{pascal(key)}", takes=takes, gives={key: Path(Root.INPUT)}))
        self.wrote(key)
        return Value((Key(key),), shape)

    # -- projections

    def projected(self, base: Value, item: str, node: ast.expr) -> Value | None:
        """`[x.a.b for x in base]` as a path, or None if the element is anything else (fdl.md 3.5)."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id != item or not names or base.parts is None:
            return None
        value = Value((*base.parts, Wild()), shapes.element(base.shape))
        for name in reversed(names):
            value = self._member(node, value, name, attribute=True)
        return Value(value.parts, Shape(Kind.LIST, annotation=shapes.Items((value.shape,), fixed=False)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A way out for a name that is nearly right, else the names there are."""
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(names[:8])}" if names else ""


def _default_value(default: Json) -> Value:
    return (as_value(default) if isinstance(default, Constant) else None) or Value(None, shapes.ANY, to_json(default))


def _owner(node: ast.expr) -> str:
    return ast.unparse(node.value) if isinstance(node, ast.Attribute | ast.Subscript) else ast.unparse(node)


def _methods(shape: Shape) -> str:
    return f"FDL has no methods of {shape.kind.value}: put it in a function" if shape.kind is not Kind.NULL else ""
