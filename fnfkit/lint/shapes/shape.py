"""The lattice of the data-flow checker: what is known of a JSON value that may come through here.

A shape is a union with one member per kind of value. `ANY` knows nothing and never leads to a finding; `NEVER` is the
value of a place that is not reached. Joins return their left side itself when the right side adds nothing, so that a
fixpoint is seen by identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Flag
from typing import TypeAlias

from fnfkit.model.json import Json


class Kind(Flag):
    """The kinds of JSON values; a shape holds a set of them."""

    NONE = 0
    NULL = 1
    BOOL = 2
    NUMBER = 4
    STRING = 8
    OBJECT = 16
    ARRAY = 32
    SCALAR = 15
    ALL = 63


KIND_WORDS: Mapping[Kind, str] = {
    Kind.NULL: "null",
    Kind.BOOL: "a boolean",
    Kind.NUMBER: "a number",
    Kind.STRING: "a string",
    Kind.OBJECT: "an object",
    Kind.ARRAY: "an array",
}

Constant: TypeAlias = tuple[Kind, bool | int | float | str | None]
"""A scalar with its kind, because True == 1 in Python."""

MAX_CONSTANTS = 8
"""Larger sets of constants widen to the kind alone."""
MAX_DEPTH = 12
"""Objects built by mappings deeper than this widen, so that `target: all, source: $local` in a loop terminates."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an object. `maybe` names the fields that some executions lack; an `open` object may have fields
    that are not listed, a closed one has none."""

    fields: Mapping[str, Shape]
    maybe: frozenset[str] = frozenset()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of an array: its exact items, or a shape that covers each of them."""

    items: tuple[Shape, ...] | None
    element: Shape


@dataclass(frozen=True, slots=True)
class Shape:
    """A set of JSON values. `constants`, if not None, lists all the scalars in it."""

    kinds: Kind
    constants: frozenset[Constant] | None = None
    record: Record | None = None
    row: Row | None = None
    depth: int = field(default=0, compare=False)

    @property
    def is_known(self) -> bool:
        """Whether at least the kind of value is known."""
        return self.kinds != Kind.ALL

    def names(self) -> tuple[str, ...]:
        """The field names it is known to have, for suggestions."""
        return tuple(self.record.fields) if self.record else ()


_UNKNOWN_RECORD = Record({}, open=True)
NEVER = Shape(Kind.NONE)


def of_kinds(kinds: Kind) -> Shape:
    """Everything of these kinds."""
    return Shape(
        kinds,
        record=_UNKNOWN_RECORD if kinds & Kind.OBJECT else None,
        row=Row(None, ANY) if kinds & Kind.ARRAY else None,
    )


ANY: Shape = Shape(Kind.ALL, record=_UNKNOWN_RECORD)
object.__setattr__(ANY, "row", Row(None, ANY))  # the one shape that holds itself: an unknown array of unknown items
ANY_OBJECT = of_kinds(Kind.OBJECT)
ANY_SCALAR = of_kinds(Kind.SCALAR)
BOOLEAN = of_kinds(Kind.BOOL)
NUMBER = of_kinds(Kind.NUMBER)
STRING = of_kinds(Kind.STRING)
NULL = Shape(Kind.NULL, frozenset({(Kind.NULL, None)}))


def kind_of(value: Json) -> Kind:
    """The kind of a JSON value."""
    match value:
        case None:
            return Kind.NULL
        case bool():
            return Kind.BOOL
        case int() | float():
            return Kind.NUMBER
        case str():
            return Kind.STRING
        case dict():
            return Kind.OBJECT
        case _:
            return Kind.ARRAY


def exactly(value: Json) -> Shape:
    """The shape that holds this one value."""
    match value:
        case dict():
            return closed({str(key): exactly(item) for key, item in value.items()})
        case list():
            return row_of(tuple(exactly(item) for item in value))
        case _:
            kind = kind_of(value)
            return Shape(kind, frozenset({(kind, value)}))


def closed(fields: Mapping[str, Shape], maybe: Iterable[str] = ()) -> Shape:
    """An object that has exactly these fields; those named in `maybe` may be missing."""
    return of_record(Record(fields, frozenset(maybe)))


def of_record(record: Record) -> Shape:
    """An object of which `record` is known."""
    return Shape(
        Kind.OBJECT, record=record, depth=1 + max((shape.depth for shape in record.fields.values()), default=0)
    )


def row_of(items: tuple[Shape, ...]) -> Shape:
    """An array with exactly these items."""
    depth = 1 + max((item.depth for item in items), default=0)
    return Shape(Kind.ARRAY, row=Row(items, join_all(items)), depth=depth)


def array_of(element: Shape) -> Shape:
    """An array of any length whose items are all of one shape."""
    return Shape(Kind.ARRAY, row=Row(None, element), depth=1 + element.depth)


def shallow(shape: Shape) -> Shape:
    """The shape itself, or only its kinds if it is nested too deeply to be followed."""
    return shape if shape.depth < MAX_DEPTH else of_kinds(shape.kinds)


def describe(shape: Shape) -> str:
    """The shape in words, e.g. "a string or null", "\"running\" or \"success\""."""
    if shape.constants is not None and not shape.kinds & (Kind.OBJECT | Kind.ARRAY) and len(shape.constants) <= 3:
        return " or ".join(sorted(_spell(value) for _, value in shape.constants))
    if not shape.is_known:
        return "any value"
    return " or ".join(words for kind, words in KIND_WORDS.items() if shape.kinds & kind)


def _spell(value: bool | int | float | str | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case _:
            return str(value)


def join_all(shapes: Iterable[Shape]) -> Shape:
    """The least shape known to cover all of them."""
    result = NEVER
    for shape in shapes:
        result = join(result, shape)
    return result


_Memo: TypeAlias = dict[tuple[int, int], Shape]


def join(left: Shape, right: Shape) -> Shape:
    """The least shape known to cover both; `left` itself if it already covers `right`."""
    return _join(left, right, {})


def _join(left: Shape, right: Shape, memo: _Memo) -> Shape:
    if left is right or not right.kinds or left is ANY:
        return left
    if not left.kinds or right is ANY:
        return right
    key = (id(left), id(right))
    if key not in memo:
        memo[key] = _join_members(left, right, memo)
    return memo[key]


def _join_members(left: Shape, right: Shape, memo: _Memo) -> Shape:
    constants = _join_constants(left, right)
    record = _join_records(left.record, right.record, memo)
    row = _join_rows(left.row, right.row, memo)
    kinds = left.kinds | right.kinds
    if kinds == left.kinds and constants == left.constants and record is left.record and row is left.row:
        return left
    return Shape(kinds, constants, record, row, max(left.depth, right.depth))


def _join_constants(left: Shape, right: Shape) -> frozenset[Constant] | None:
    known = [shape.constants for shape in (left, right) if shape.kinds & Kind.SCALAR]
    if any(constants is None for constants in known):
        return None
    union = frozenset[Constant]().union(*(constants for constants in known if constants is not None))
    return union if known and len(union) <= MAX_CONSTANTS else None


def _join_records(left: Record | None, right: Record | None, memo: _Memo) -> Record | None:
    if left is right or right is None:
        return left
    if left is None:
        return right
    fields, changed = dict(left.fields), False
    for name, shape in right.fields.items():
        mine = fields.get(name, ANY if left.open else NEVER)
        if mine is shape:
            continue
        fields[name] = joined = _join(mine, shape, memo)
        changed = changed or joined is not mine
    if right.open:
        for name in left.fields.keys() - right.fields.keys():
            changed = changed or fields[name] is not ANY
            fields[name] = ANY
    # A field that only one side lists is one the other side may lack, be it open or closed.
    maybe = left.maybe | right.maybe | (left.fields.keys() ^ right.fields.keys())
    if not changed and maybe == left.maybe and (left.open or not right.open):
        return left
    return Record(fields, frozenset(maybe), left.open or right.open)


def _join_rows(left: Row | None, right: Row | None, memo: _Memo) -> Row | None:
    if left is right or right is None:
        return left
    if left is None:
        return right
    element = _join(left.element, right.element, memo)
    items = left.items
    if left.items is not None:
        items = _join_items(left.items, right.items, memo)
    same = items is left.items or (items is not None and items == left.items)
    return left if same and element is left.element else Row(items, element)


def _join_items(left: tuple[Shape, ...], right: tuple[Shape, ...] | None, memo: _Memo) -> tuple[Shape, ...] | None:
    if right is None or len(left) != len(right):
        return None
    return tuple(_join(mine, other, memo) for mine, other in zip(left, right, strict=True))


def overlay(base: Shape, top: Shape) -> Shape:
    """The shallow union of two objects, `top` wins (fdl.md 3.3). Members of `top` that are no objects are left out."""
    if base.record is None or top.record is None:
        return top if top.record is not None else base
    below, above = base.record, top.record
    if not above.open and not above.maybe:
        fields = {**below.fields, **above.fields} if above.fields else below.fields
        maybe = below.maybe.difference(above.fields) if below.maybe else below.maybe
    else:
        fields, maybe = _overlay_fields(below, above), _unsure(below, above) | _unsure(above, below)
    record = Record(fields, maybe, below.open or above.open)
    return Shape(Kind.OBJECT, record=record, depth=max(base.depth, top.depth))


def _unsure(record: Record, other: Record) -> frozenset[str]:
    return frozenset(name for name in record.maybe if name not in other.fields or name in other.maybe)


def _overlay_fields(below: Record, above: Record) -> dict[str, Shape]:
    fields = dict.fromkeys(below.fields, ANY) if above.open else dict(below.fields)
    for name, shape in above.fields.items():
        if name not in above.maybe:
            fields[name] = shape
        elif name in below.fields:
            fields[name] = join(fields[name], shape)
        else:
            fields[name] = ANY if below.open else shape
    return fields
