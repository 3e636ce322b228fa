"""Templates with what is known before a stack exists put in: the transform, parameters, and parts of mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fnfkit.lang import ros
from fnfkit.lang.ros.references import PLACE
from fnfkit.model.json import Json
from fnfkit.model.stack import Call, Function, GetAtt, Join, Ref, Replace, Resource, Sub, Template, Value, rebuilt


def resolved(template: Template, parameters: Mapping[str, Json], *, stack: str) -> dict[str, Resource]:
    """The resources after the transform, by logical ID, with parameters in place of their references. What only the
    cloud knows, such as attributes, stays a function."""
    expanded = ros.expand(template, stack_name=stack).template
    known = _values(template, parameters)

    def change(function: Function) -> Value:
        return _changed(function, known, expanded.mappings)

    return {
        resource.id: replace(
            resource,
            properties={name: rebuilt(value, change) for name, value in resource.properties.items()},
            count=rebuilt(resource.count, change),
        )
        for resource in expanded.resources
    }


def condition(template: Template, parameters: Mapping[str, Json], name: str) -> Value:
    """What a condition says, with parameters filled in; None for no condition."""
    known = _values(template, parameters)
    given = template.conditions.get(name)
    return None if given is None else rebuilt(given, lambda function: _changed(function, known, template.mappings))


def _values(template: Template, parameters: Mapping[str, Json]) -> dict[str, Json]:
    """The values of parameters: given ones, else defaults. Pseudo parameters are known of a stack that exists."""
    defaults = {one.name: "" if one.default is None else one.default for one in template.parameters if one.has_default}
    raw = {**defaults, **parameters}
    declared = {one.name: one for one in template.parameters}
    values = {}
    for name, value in raw.items():
        try:
            values[name] = ros.parameter_value(declared[name], value) if name in declared else value
        except ros.WrongParameter:
            values[name] = value
    return values


def _changed(function: Function, known: Mapping[str, Json], mappings: Mapping[str, Json]) -> Value:
    def inner(value: Value) -> Value:
        return rebuilt(value, lambda nested: _changed(nested, known, mappings))

    match function:
        case Ref(name):
            return known.get(name, function)
        case GetAtt():
            return function
        case Sub(text, variables):
            return _sub(text, tuple((name, inner(value)) for name, value in variables), known)
        case Replace(pieces, text):
            return Replace(tuple((old, inner(new)) for old, new in pieces), inner(text))
        case Join(separator, items):
            return Join(separator, inner(items))
        case Call("Fn::FindInMap", argument):
            return _found(inner(argument), mappings, function)
        case Call(name, argument):
            return Call(name, inner(argument))


def _sub(text: str, variables: tuple[tuple[str, Value], ...], known: Mapping[str, Json]) -> Value:
    """The text with what is known in it; still a substitution if something is left."""
    own = {name for name, _ in variables}
    values = {**{name: value for name, value in known.items() if name not in own}, **_plain(variables)}
    left = False
    parts, last = [], 0
    for match in PLACE.finditer(text):
        name = match[2].strip()
        scalar = isinstance(values.get(name), str | int | float)
        left = left or not scalar
        parts += [text[last : match.start()], str(values[name]) if scalar and not match[1] else match[0]]
        last = match.end()
    made = "".join([*parts, text[last:]])
    return Sub(made, tuple(pair for pair in variables if pair[0] not in _plain(variables))) if left else made


def _plain(variables: tuple[tuple[str, Value], ...]) -> dict[str, Json]:
    return {name: value for name, value in variables if isinstance(value, str | int | float)}


def _found(argument: Value, mappings: Mapping[str, Json], function: Call) -> Value:
    try:
        table, row, key = argument
        return mappings[table][row][key]
    except (KeyError, TypeError, ValueError):
        return function
