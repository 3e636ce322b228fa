"""The values of a template that can be told without asking the cloud, beyond parameters: names of its own resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from fnfkit.lang.ros.references import PLACE
from fnfkit.model.json import Json
from fnfkit.model.stack import Function, GetAtt, Join, Ref, Replace, Resource, Sub, Value, rebuilt, walk

Resources: TypeAlias = Mapping[str, Resource]
"""By logical ID, with parameters filled in; see `resolve.resolved`."""

_ROLE = "ALIYUN::RAM::Role"
_FLOW = "ALIYUN::FNF::Flow"


def known(value: Value, resources: Resources, account: str) -> Json:
    """The value, or None if some of it only the cloud knows. `account` is the account's number, for ARNs of roles."""
    made = rebuilt(value, lambda function: _changed(function, resources, account))
    return None if any(True for _ in walk(made)) else made


def _changed(function: Function, resources: Resources, account: str) -> Value:
    def inner(value: Value) -> Value:
        return rebuilt(value, lambda nested: _changed(nested, resources, account))

    match function:
        case GetAtt(id, attribute):
            return _attribute(function, resources.get(id), attribute, resources, account)
        case Ref(id) if id in resources and resources[id].type == _FLOW:
            return _attribute(function, resources[id], "Name", resources, account)
        case Sub(text, variables):
            return _filled(function, text, {name: inner(value) for name, value in variables}, resources, account)
        case Replace(pieces, text):
            return _replaced(function, tuple((old, inner(new)) for old, new in pieces), inner(text))
        case Join(separator, items):
            parts = inner(items)
            plain = isinstance(parts, list) and all(isinstance(part, str) for part in parts)
            return separator.join(parts) if plain else function
        case _:
            return function


def _attribute(
    function: Function, resource: Resource | None, attribute: str, resources: Resources, account: str
) -> Value:
    """An attribute that is a property of the same name, and the ARN of a role (ros.md 7 to 9)."""
    if resource is None:
        return function
    if resource.type == _ROLE and attribute == "Arn":
        name = known(resource.properties.get("RoleName"), resources, account)
        return f"acs:ram::{account}:role/{name.lower()}" if isinstance(name, str) and account else function
    value = known(resource.properties.get(attribute), resources, account)
    return function if value is None else value


def _filled(function: Function, text: str, own: Mapping[str, Value], resources: Resources, account: str) -> Value:
    parts, last = [], 0
    for match in PLACE.finditer(text):
        name = match[2].strip()
        value: Value = f"${{{name}}}" if match[1] else own.get(name)
        if value is None:
            id, _, attribute = name.partition(".")
            value = _attribute(function, resources.get(id), attribute, resources, account)
        if not isinstance(value, str | int | float):
            return function
        parts += [text[last : match.start()], str(value)]
        last = match.end()
    return "".join([*parts, text[last:]])


def _replaced(function: Function, pieces: tuple[tuple[str, Value], ...], text: Value) -> Value:
    if not isinstance(text, str) or not all(isinstance(new, str) for _, new in pieces):
        return function
    for old, new in pieces:
        text = text.replace(old, new)
    return text
