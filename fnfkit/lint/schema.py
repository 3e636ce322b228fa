"""A JSON Schema of FDL for editors, built from the property tables of the reader (fdl.md 1.1, 2.1).

It is a help while typing; what a schema cannot say (names, gotos, the grammar of conditions) `check` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fnfkit.lang.fdl.schema import (
    BRANCH,
    CATCH,
    DEFAULT,
    FLOW,
    ITERATION,
    LONGEST_INTERVAL,
    LONGEST_WAIT,
    MAPPING,
    MOST_BRANCHES,
    OPTION,
    RETRY,
    STEPS,
    TOLERATED,
    VERSIONS,
)
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEXT: JsonObject = {"type": "string"}
_NAME: JsonObject = {"type": "string", "minLength": 1}
_SECONDS: JsonObject = {"type": "integer", "minimum": 1}
_PATH: JsonObject = {"type": "string", "pattern": r"^\$"}
_ERRORS: JsonObject = {"type": "array", "items": _TEXT, "minItems": 1}
_MAPPINGS: JsonObject = {"$ref": "#/$defs/mappings"}
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "choice": ("choices",),
    "parallel": ("branches",),
    "foreach": ("iterationMapping", "steps"),
}
_ONE_OF: Mapping[str, tuple[str, ...]] = {"task": ("resourceArn", "action"), "wait": ("duration", "timestamp")}


def fdl_schema() -> JsonObject:
    """The schema, JSON Schema 2020-12."""
    return {
        "$schema": DIALECT,
        "title": "Flow Definition Language v1",
        **_object((*FLOW, *TOLERATED), ("version", "type", "steps"), {"type": {"const": "flow"}, "name": {}}),
        "$defs": {
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            "step": _step(),
            "mappings": {"type": "array", "items": _object(MAPPING, ("target",), {})},
            **{f"{type}Step": _step_of(type, properties) for type, properties in STEPS.items()},
        },
    }


def _step() -> JsonObject:
    """A chain of conditions rather than oneOf, so that editors complain about the property and not about the step."""
    rules = [
        {"if": {"properties": {"type": {"const": type}}}, "then": {"$ref": f"#/$defs/{type}Step"}} for type in STEPS
    ]
    return {
        "type": "object",
        "required": ["type", "name"],
        "properties": {"type": {"enum": list(STEPS)}},
        "allOf": rules,
    }


def _step_of(type: str, properties: tuple[str, ...]) -> JsonObject:
    schema = _object(properties, ("type", "name", *_REQUIRED.get(type, ())), {"type": {"const": type}})
    if type in _ONE_OF:
        schema["oneOf"] = [{"required": [name]} for name in _ONE_OF[type]]
    return schema


def _object(properties: Iterable[str], required: Iterable[str], special: Mapping[str, Json]) -> JsonObject:
    return {
        "type": "object",
        "properties": {name: special.get(name, PROPERTIES[name]) for name in properties},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: JsonObject, least: int = 0, most: int | None = None) -> JsonObject:
    limits = {"minItems": least} if least else {}
    return {"type": "array", "items": items, **limits, **({"maxItems": most} if most else {})}


PROPERTIES: dict[str, JsonObject] = {
    "version": {"enum": list(VERSIONS)},
    "name": _NAME,
    "type": _TEXT,
    "end": {"type": "boolean"},
    "steps": {"$ref": "#/$defs/steps"},
    "inputMappings": _MAPPINGS,
    "outputMappings": _MAPPINGS,
    "errorMappings": _MAPPINGS,
    "timeoutSeconds": _SECONDS,
    "target": _TEXT,
    "source": {},
    "resourceArn": _TEXT,
    "action": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]*:[A-Za-z][A-Za-z0-9_]*$"},
    "pattern": {"enum": [pattern.value for pattern in Pattern]},
    "serviceParams": {"type": "object"},
    "duration": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT}, _PATH]},
    "timestamp": _TEXT,
    "condition": _TEXT,
    "goto": _NAME,
    "collection": _PATH,
    "item": _NAME,
    "index": _NAME,
    "error": _TEXT,
    "cause": _TEXT,
    "errors": _ERRORS,
    "intervalSeconds": {"type": "integer", "minimum": 1, "maximum": LONGEST_INTERVAL},
    "maxIntervalSeconds": {"type": "integer", "minimum": 1, "maximum": LONGEST_INTERVAL},
    "maxAttempts": {"type": "integer", "minimum": 0},
    "multiplier": {"type": "number", "minimum": 1},
}
"""Property -> what its value may be, wherever it stands."""
PROPERTIES |= {
    "choices": _list(_object(OPTION, ("condition",), {})),
    "default": _object(DEFAULT, (), {}),
    "branches": _list(_object(BRANCH, ("steps",), {}), 1, MOST_BRANCHES),
    "iterationMapping": _object(ITERATION, ("collection", "item"), {}),
    "retry": _list(_object(RETRY, ("errors",), {})),
    "catch": _list(_object(CATCH, ("errors", "goto"), {})),
}
