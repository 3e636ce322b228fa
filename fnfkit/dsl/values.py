"""Python values to JSON and back: what a function gets as its event and what its answer becomes."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum

from fnfkit.model.json import Json


def to_json(value: Json) -> Json:
    """The JSON form of a dataclass, pydantic model, enum, mapping, sequence or scalar; TypeError for anything else."""
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__} has no JSON form: use a dataclass, a dict, a list or a scalar")


def from_json(annotation: Json, value: Json) -> Json:
    """A JSON value as the annotated type; a value that has the type already stays what it is."""
    origin: Json = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        some = [part for part in arguments if part is not type(None)]
        return from_json(some[0], value) if value is not None and len(some) == 1 else value
    if origin in (list, tuple) and isinstance(value, list | tuple):
        return _sequence(origin, arguments, value)
    if not isinstance(annotation, type) or not isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        known = [field.name for field in dataclasses.fields(annotation) if field.init and field.name in value]
        return annotation(**{name: from_json(hints[name], value[name]) for name in known})
    validate = getattr(annotation, "model_validate", None)
    return validate(value) if validate else value


def _sequence(origin: Json, arguments: tuple[Json, ...], value: Json) -> Json:
    if origin is list:
        return [from_json(arguments[0], item) for item in value]
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(from_json(arguments[0], item) for item in value)
    if len(arguments) != len(value):
        return tuple(value)
    return tuple(from_json(part, item) for part, item in zip(arguments, value, strict=True))
