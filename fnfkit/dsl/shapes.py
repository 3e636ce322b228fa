"""What is known of a value from Python's annotations: enough to check fields and to compare without surprises."""

from __future__ import annotations

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from fnfkit.model.json import Json


class Kind(Enum):
    """The kinds of JSON values, and ANY where nothing is known."""

    BOOL = "bool"
    NUMBER = "number"
    TEXT = "str"
    NULL = "None"
    OBJECT = "object"
    LIST = "list"
    ANY = "unknown"


SCALARS = frozenset({Kind.BOOL, Kind.NUMBER, Kind.TEXT})


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind, whether None is possible too, and the annotation it came from. A key that may lack is not `sure`."""

    kind: Kind
    optional: bool = False
    annotation: Json = None
    sure: bool = True

    def __str__(self) -> str:
        return f"{self.kind.value} or None" if self.optional and self.kind is not Kind.NULL else self.kind.value


ANY = Shape(Kind.ANY)
NULL = Shape(Kind.NULL, optional=True)
BOOL = Shape(Kind.BOOL)
NUMBER = Shape(Kind.NUMBER)
TEXT = Shape(Kind.TEXT)
OBJECT = Shape(Kind.OBJECT)
UNSURE = Shape(Kind.ANY, sure=False)
"""What a key of an untyped object holds, if the key is there at all."""

_PLAIN: dict[Json, Shape] = {bool: BOOL, int: NUMBER, float: NUMBER, str: TEXT, type(None): NULL, None: NULL}
_LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)


@lru_cache(maxsize=4096)
def _shape(annotation: Json) -> Shape:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin: Json = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union([shape_of(part) for part in arguments])
    if origin is typing.Literal:
        return _union([shape_of(type(value)) for value in arguments])
    if origin in (typing.Annotated, typing.Required, typing.Final, typing.ClassVar):
        return shape_of(arguments[0])
    if origin is typing.NotRequired:
        return dataclasses.replace(shape_of(arguments[0]), sure=False)
    if isinstance(annotation, typing.NewType):
        return shape_of(annotation.__supertype__)
    return _class(annotation, origin or annotation)


def _class(annotation: Json, origin: Json) -> Shape:
    if not isinstance(origin, type):
        return ANY
    if issubclass(origin, Enum):
        return _union([constant_shape(member.value) for member in origin])
    if issubclass(origin, str):
        return TEXT
    if origin in _LISTS:
        return Shape(Kind.LIST, annotation=annotation)
    if typing.is_typeddict(origin) or dataclasses.is_dataclass(origin) or hasattr(origin, "model_fields"):
        return Shape(Kind.OBJECT, annotation=origin)
    return OBJECT if issubclass(origin, collections.abc.Mapping) else ANY


def _union(parts: list[Shape]) -> Shape:
    some = [part for part in parts if part.kind is not Kind.NULL]
    optional = len(some) < len(parts) or any(part.optional for part in some)
    if not some:
        return NULL
    kinds = {part.kind for part in some}
    if len(kinds) > 1:
        return Shape(Kind.ANY, optional)
    same = len(set(some)) == 1
    return Shape(some[0].kind, optional, some[0].annotation if same else None)


def shape_of(annotation: Json) -> Shape:
    """The shape an annotation promises."""
    try:
        return _shape(annotation)
    except TypeError:
        return ANY


def constant_shape(value: Json) -> Shape:
    """The shape of a constant."""
    if isinstance(value, dict):
        return OBJECT
    if isinstance(value, list | tuple):
        return Shape(Kind.LIST)
    return _PLAIN.get(type(value), ANY)


@lru_cache(maxsize=1024)
def _fields(annotation: Json) -> Mapping[str, Shape] | None:
    hints = typing.get_type_hints(annotation, include_extras=True)
    if typing.is_typeddict(annotation):
        required = annotation.__required_keys__
        return {name: dataclasses.replace(shape_of(hint), sure=name in required) for name, hint in hints.items()}
    names = (
        [field.name for field in dataclasses.fields(annotation)]
        if dataclasses.is_dataclass(annotation)
        else list(annotation.model_fields)
    )
    return {name: shape_of(hints.get(name, typing.Any)) for name in names}


def fields(shape: Shape) -> Mapping[str, Shape] | None:
    """The keys of an object and their shapes, or None if its type does not tell."""
    if shape.kind is not Kind.OBJECT or shape.annotation is None:
        return None
    return _fields(shape.annotation)


def by_attribute(shape: Shape) -> bool:
    """Whether Python reads the fields as attributes (dataclass, pydantic) rather than with `["key"]`."""
    return shape.annotation is not None and not typing.is_typeddict(shape.annotation)


@dataclass(frozen=True, slots=True)
class Items:
    """In place of an annotation, for lists that the flow itself makes; `fixed` gives one shape per position."""

    shapes: tuple[Shape, ...]
    fixed: bool


def element(shape: Shape, position: int | None = None) -> Shape:
    """The shape of the elements of a list, or of the one at a position of a tuple."""
    if isinstance(shape.annotation, Items):
        return _item(shape.annotation, position)
    arguments = typing.get_args(shape.annotation) if shape.kind is Kind.LIST else ()
    if not arguments:
        return ANY
    origin: Json = typing.get_origin(shape.annotation)
    if origin is not tuple or arguments[-1] is Ellipsis:
        return shape_of(arguments[0])
    if position is not None and -len(arguments) <= position < len(arguments):
        return shape_of(arguments[position])
    return ANY


def _item(items: Items, position: int | None) -> Shape:
    if not items.fixed:
        return items.shapes[0]
    found = position is not None and -len(items.shapes) <= position < len(items.shapes)
    return items.shapes[position] if found and position is not None else ANY


def same(left: Shape, right: Shape) -> bool:
    """Whether one variable may hold both without anybody being misled."""
    return left.kind is right.kind and (left.annotation is None or left.annotation == right.annotation)
