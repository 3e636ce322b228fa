"""What the types of a project promise to the checker: the shapes of inputs, events and results."""

from __future__ import annotations

import typing
from dataclasses import replace

from fnfkit.dsl.app import App
from fnfkit.dsl.callee import Callee, hints_of
from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.dsl.function import Function
from fnfkit.dsl.shapes import Items, Kind, Shape, fields, shape_of
from fnfkit.lint import Promises, from_schema
from fnfkit.model.json import Json, JsonObject

_TYPES = {
    Kind.BOOL: "boolean",
    Kind.NUMBER: "number",
    Kind.TEXT: "string",
    Kind.NULL: "null",
    Kind.OBJECT: "object",
    Kind.LIST: "array",
}
_DEEPEST = 8
"""Types that hold themselves are unknown from here on."""


def promises_of(app: App, given: Promises) -> Promises:
    """What is given by hand, and for the rest what the annotations of functions and flows say."""
    results, parameters = {}, {}
    for function in app.functions.values():
        name = f"{function.ref.service}/{function.ref.function}".lstrip("/")
        if (schema := schema_of(function.returns())) != {}:
            results[name] = from_schema(schema)
        if (event := event_schema(function)) is not None:
            parameters[name] = from_schema(event)
    for flow in app.flows.values():
        if isinstance(flow, PythonFlow) and (schema := schema_of(flow.returns())) != {}:
            results[flow.name] = from_schema(schema)
    return replace(given, results=results | dict(given.results), parameters=parameters | dict(given.parameters))


def promises_for(flow: PythonFlow[..., Json] | StepsFlow, known: Promises) -> Promises:
    """The same, with the flow's own parameters as its input unless that was given by hand."""
    if known.input != Promises().input or (schema := event_schema(flow)) is None:
        return known
    return replace(known, input=from_schema(schema | {"additionalProperties": True}))


def event_schema(callee: Callee) -> JsonObject | None:
    """The JSON Schema of the object that arguments make; None if any names are taken."""
    if not isinstance(callee, Function | PythonFlow) or (parameters := callee.parameters()).open:
        return None
    hints = hints_of(callee.body)
    return {
        "type": "object",
        "properties": {name: schema_of(shape_of(hints.get(name, typing.Any))) for name in parameters.names},
        "required": sorted(parameters.required),
        "additionalProperties": False,
    }


def schema_of(shape: Shape, depth: int = 0) -> JsonObject:
    """The JSON Schema of an annotation; `{}` where nothing is known."""
    if shape.kind is Kind.ANY or depth > _DEEPEST:
        return {}
    type = _TYPES[shape.kind]
    schema: JsonObject = {"type": [type, "null"] if shape.optional and type != "null" else type}
    if shape.kind is Kind.LIST and not isinstance(shape.annotation, Items):
        arguments = typing.get_args(shape.annotation)
        return schema | ({"items": schema_of(shape_of(arguments[0]), depth + 1)} if len(arguments) == 1 else {})
    members = fields(shape)
    if members is None:
        return schema
    return schema | {
        "properties": {name: schema_of(member, depth + 1) for name, member in members.items()},
        "required": [name for name, member in members.items() if member.sure],
        "additionalProperties": False,
    }
