"""Payloads with types: JSON to what a handler's annotation asks for, and a handler's result back to JSON.

Dataclasses, TypedDicts, unions, lists and dicts are followed; pydantic models are recognised by their methods, so
that pydantic is not imported unless the handler did. What is not annotated comes as it is.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from fnfkit.model.json import Json, JsonObject


class InvalidPayload(ValueError):
    """The payload is not what the handler's annotation asks for; the message says where and why."""


class InvalidOutput(TypeError):
    """The handler's result cannot be the output of a task."""


def convert(value: Json, wanted: Any, where: str = "payload") -> Any:
    """The value as the type wanted. Raises `InvalidPayload`."""
    origin = get_origin(wanted)
    if wanted is Any or wanted is object:
        return value
    if origin in (Union, types.UnionType):
        return _union(value, get_args(wanted), where)
    if origin in (Required, NotRequired):
        return convert(value, get_args(wanted)[0], where)
    if origin is Literal:
        return _literal(value, get_args(wanted), where)
    if hasattr(wanted, "model_validate"):
        return _model(value, wanted, where)
    if is_typeddict(wanted):
        return _typed_dict(value, wanted, where)
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        return _dataclass(value, wanted, where)
    return _plain(value, origin or wanted, get_args(wanted), where)


def output_of(result: Any) -> JsonObject:
    """A handler's result as a task's output; None is `{}`. Raises `InvalidOutput`."""
    if result is None:
        return {}
    if hasattr(result, "model_dump"):
        result = result.model_dump(mode="json")
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        result = dataclasses.asdict(result)
    if isinstance(result, dict) and all(isinstance(key, str) for key in result):
        return result
    kind = type(result).__name__
    raise InvalidOutput(f"a task's output is a JSON object: return a dict, dataclass or model, not {kind}")


def _union(value: Json, options: tuple[Any, ...], where: str) -> Any:
    refusals = []
    for option in options:
        try:
            return convert(value, option, where)
        except InvalidPayload as refusal:
            refusals.append(str(refusal))
    raise InvalidPayload("; ".join(refusals))


def _literal(value: Json, options: tuple[Any, ...], where: str) -> Json:
    if value not in options:
        raise InvalidPayload(f"{where} is {value!r}, expected one of {', '.join(map(repr, options))}")
    return value


def _model(value: Json, wanted: Any, where: str) -> Any:
    try:
        return wanted.model_validate(value)
    except ValueError as error:  # pydantic's ValidationError is one
        raise InvalidPayload(f"{where}: {error}") from None


def _typed_dict(value: Json, wanted: Any, where: str) -> JsonObject:
    given = _object(value, where)
    hints = get_type_hints(wanted, include_extras=True)
    _need(given, [key for key, hint in hints.items() if _required(key, hint, wanted)], where)
    known = {key: convert(item, hints[key], f"{where}.{key}") for key, item in given.items() if key in hints}
    return {**given, **known}


def _required(key: str, hint: Any, wanted: Any) -> bool:
    """Where annotations are text, the class itself has not understood its markers."""
    marker = get_origin(hint)
    return marker is Required or (marker is not NotRequired and key in wanted.__required_keys__)


def _dataclass(value: Json, wanted: Any, where: str) -> Any:
    given = _object(value, where)
    hints = get_type_hints(wanted)
    fields = [field for field in dataclasses.fields(wanted) if field.init]
    missing = dataclasses.MISSING
    _need(given, [f.name for f in fields if f.default is missing and f.default_factory is missing], where)
    found = {f.name: convert(given[f.name], hints[f.name], f"{where}.{f.name}") for f in fields if f.name in given}
    return wanted(**found)


def _plain(value: Json, wanted: Any, arguments: tuple[Any, ...], where: str) -> Any:
    if wanted is None or wanted is type(None):
        if value is not None:
            raise InvalidPayload(f"{where} is {_name(value)}, expected null")
        return None
    if wanted is list and isinstance(value, list):
        return [convert(item, arguments[0], f"{where}[{at}]") for at, item in enumerate(value)] if arguments else value
    if wanted is dict and isinstance(value, dict):
        of = arguments[1] if len(arguments) == 2 else Any
        return {key: convert(item, of, f"{where}.{key}") for key, item in value.items()}
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is int and isinstance(value, bool):
        raise InvalidPayload(f"{where} is a boolean, expected int")
    if not isinstance(wanted, type):
        return value
    if not isinstance(value, wanted):
        raise InvalidPayload(f"{where} is {_name(value)}, expected {wanted.__name__}")
    return value


def _object(value: Json, where: str) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidPayload(f"{where} is {_name(value)}, expected an object")
    return value


def _need(given: JsonObject, names: Any, where: str) -> None:
    if absent := [name for name in sorted(names) if name not in given]:
        raise InvalidPayload(f"{where} has no {', '.join(absent)}")


def _name(value: Json) -> str:
    return "null" if value is None else type(value).__name__
