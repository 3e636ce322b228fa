"""What is known of resource types: their properties, constraints and attributes (ros.md 13)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from fnfkit.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """What a property takes. `updatable` is None where no page says (ros.md 7)."""

    type: str
    required: bool = False
    updatable: bool | None = None
    constraints: JsonObject = field(default_factory=dict)
    properties: dict[str, Property] | None = None
    items: Property | None = None
    open: bool = False
    accepts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    variant_key: str = ""
    variants: dict[str, dict[str, Property]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A resource type. `children` are the types that may stand inside it in SAM templates, `events` what a SAM
    function may be called by."""

    name: str
    properties: dict[str, Property]
    attributes: tuple[str, ...]
    require_one_of: tuple[tuple[str, ...], ...] = ()
    require_when: tuple[tuple[dict[str, tuple[str, ...]], tuple[str, ...]], ...] = ()
    transform: bool = False
    children: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    events: dict[str, dict[str, Property]] = field(default_factory=dict)


@cache
def types() -> dict[str, ResourceType]:
    """Every type, by name."""
    raw: JsonObject = json.loads(resources.files("fnfkit.lang.ros").joinpath("schema.json").read_text("utf-8"))
    return {name: _type(name, entry) for name, entry in raw.items()}


def replaces(type: str, property: str) -> bool:
    """Whether a changed property needs a new resource. Where no page says, it is changed in place (inferred)."""
    known = types().get(type)
    spec = known.properties.get(property) if known else None
    return spec is not None and spec.updatable is False


def _type(name: str, raw: JsonObject) -> ResourceType:
    whens = (
        ({key: tuple(values) for key, values in when["if"].items()}, tuple(when["then"]))
        for when in raw.get("requireWhen", [])
    )
    return ResourceType(
        name=name,
        properties=_properties(raw["properties"]),
        attributes=tuple(raw.get("attributes", ())),
        require_one_of=tuple(tuple(group) for group in raw.get("requireOneOf", ())),
        require_when=tuple(whens),
        transform=raw.get("transform", False),
        children=tuple(raw.get("childTypes", ())),
        siblings=tuple(raw.get("siblings", ())),
        events={event: _properties(specs) for event, specs in raw.get("events", {}).items()},
    )


def _properties(raw: JsonObject) -> dict[str, Property]:
    return {name: _property(spec) for name, spec in raw.items()}


def _property(raw: JsonObject) -> Property:
    inner: Json = raw.get("properties")
    return Property(
        type=raw["type"],
        required=raw.get("required", False),
        updatable=raw.get("updatable"),
        constraints=raw.get("constraints", {}),
        properties=None if inner is None else _properties(inner),
        items=_property(raw["items"]) if "items" in raw else None,
        open=raw.get("open", False),
        accepts=tuple(raw.get("accepts", ())),
        aliases=tuple(raw.get("aliases", ())),
        variant_key=raw.get("variantKey", ""),
        variants={name: _properties(specs) for name, specs in raw.get("variants", {}).items()},
    )
