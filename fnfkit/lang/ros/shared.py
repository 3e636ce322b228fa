"""`Globals` of SAM templates: properties that services, functions and flows share.

Neither the transform nor ros.md 6 knows this section. The local tools do, and published applications use it, so it is
put into the resources when a template is read: mappings are merged, of anything else the resource's own wins.
"""

from __future__ import annotations

from dataclasses import replace

from fnfkit.lang.ros.findings import Findings
from fnfkit.lang.ros.functions import read_value
from fnfkit.model.json import Json
from fnfkit.model.stack import Resource, Value

SECTION = "Globals"
_PREFIX = "Aliyun::Serverless::"
_KINDS = ("Service", "Function", "Flow")


def shared(raw: Json, resources: tuple[Resource, ...], findings: Findings) -> tuple[Resource, ...]:
    """The resources with what a template's Globals give them."""
    entries = findings.mapping(raw, (SECTION,), SECTION)
    findings.known(entries, _KINDS, (SECTION,), SECTION)
    given: dict[str, dict[str, Value]] = {}
    for name in _KINDS:
        properties = findings.mapping(entries.get(name), (SECTION, name), f"{SECTION}.{name}")
        given[name] = {key: read_value(item, (SECTION, name, key), findings) for key, item in properties.items()}
    return tuple(_resource(resource, given) for resource in resources) if entries else resources


def _resource(resource: Resource, given: dict[str, dict[str, Value]]) -> Resource:
    kind = resource.type.removeprefix(_PREFIX)
    if kind not in ("Service", "Flow") or kind == resource.type:
        return resource
    more = {name: _child(child, given["Function"]) for name, child in resource.more.items()}
    return replace(resource, properties=_merged(given[kind], resource.properties), more=more)


def _child(child: Value, given: dict[str, Value]) -> Value:
    if not isinstance(child, dict) or child.get("Type") != f"{_PREFIX}Function":
        return child
    properties = child.get("Properties") or {}
    return {**child, "Properties": _merged(given, properties)} if isinstance(properties, dict) else child


def _merged(common: dict[str, Value], own: dict[str, Value]) -> dict[str, Value]:
    both = {name: _value(common[name], own[name]) for name in own if name in common}
    return {**common, **own, **both}


def _value(common: Value, own: Value) -> Value:
    return _merged(common, own) if isinstance(common, dict) and isinstance(own, dict) else own
