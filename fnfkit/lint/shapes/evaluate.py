"""Expressions over shapes: what a path can find, and whether it can be missing (fdl.md 3.4 to 3.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from fnfkit.lint.shapes.shape import (
    ANY,
    ANY_OBJECT,
    BOOLEAN,
    NEVER,
    NULL,
    NUMBER,
    Kind,
    Record,
    Shape,
    array_of,
    closed,
    exactly,
    join,
    join_all,
    of_kinds,
    overlay,
    row_of,
    shallow,
)
from fnfkit.model.expr import (
    And,
    Call,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    List,
    Merge,
    Negative,
    Not,
    Object,
    Or,
    Part,
    Path,
    Root,
    Slice,
    Wild,
)

Roots: TypeAlias = Mapping[Root, Shape]
"""The shapes of the values paths start from; a root that is left out is unknown."""


class Presence(Enum):
    """Whether a path finds something. UNKNOWN never leads to a finding."""

    SURE = "always there"
    UNKNOWN = "not known"
    MAYBE = "missing on some ways"
    ABSENT = "never there"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a path finds. `within` is the value that may lack part number `at`. Of a path with a wildcard nothing is
    ever missing; `is_empty` says that it never finds anything because that part is never there."""

    path: Path
    shape: Shape
    presence: Presence = Presence.SURE
    at: int = 0
    within: Shape = ANY
    is_empty: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether there is something to report."""
        return self.is_empty or self.presence in (Presence.MAYBE, Presence.ABSENT)


def look_up(path: Path, roots: Roots) -> Lookup:
    """Follow a path. After a part that can be missing the rest is unknown, so that one mistake is reported once."""
    shape = roots.get(path.root, ANY)
    presence = Presence.SURE
    for at, part in enumerate(path.parts):
        if isinstance(part, Wild | Slice):
            return _look_up_all(path, roots.get(path.root, ANY))
        found, there = _enter(shape, part)
        if there in (Presence.MAYBE, Presence.ABSENT):
            if any(isinstance(part, Wild | Slice) for part in path.parts):
                return _look_up_all(path, roots.get(path.root, ANY))
            return Lookup(path, _rest(found, path.parts[at + 1 :]), there, at, shape)
        if there is Presence.UNKNOWN:
            presence = there
        shape = found
    return Lookup(path, shape, presence)


def _look_up_all(path: Path, shape: Shape) -> Lookup:
    """A path with a wildcard: all matches, in a list; what lacks a key is skipped (fdl.md 3.5)."""
    matches = _spread(shape, path.parts)
    definite = next(at for at, part in enumerate(path.parts) if isinstance(part, Wild | Slice))
    prefix = look_up(Path(path.root, path.parts[:definite]), {path.root: shape})
    if prefix.presence is Presence.ABSENT:
        return Lookup(path, matches, Presence.SURE, prefix.at, prefix.within, is_empty=True)
    return Lookup(path, matches)


def _rest(shape: Shape, parts: tuple[Part, ...]) -> Shape:
    return look_up(Path(Root.RESULT, parts), {Root.RESULT: shape}).shape


def _enter(shape: Shape, part: Key | Index) -> tuple[Shape, Presence]:
    match part:
        case Key(name=name):
            return _field(shape, name)
        case Index(position=position):
            return _item(shape, position)


def _field(shape: Shape, name: str) -> tuple[Shape, Presence]:
    record = shape.record
    if record is None:
        return ANY, Presence.ABSENT if shape.kinds else Presence.UNKNOWN
    if shape.kinds != Kind.OBJECT:
        return record.fields.get(name, ANY), _weaken(_field_presence(record, name))
    return record.fields.get(name, ANY), _field_presence(record, name)


def _field_presence(record: Record, name: str) -> Presence:
    if name in record.fields:
        if name not in record.maybe:
            return Presence.SURE
        return Presence.UNKNOWN if record.open else Presence.MAYBE
    return Presence.UNKNOWN if record.open else Presence.ABSENT


def _weaken(presence: Presence) -> Presence:
    """Of a value that need not be an object little is certain but that a field is never there."""
    return Presence.ABSENT if presence is Presence.ABSENT else Presence.UNKNOWN


def _item(shape: Shape, position: int) -> tuple[Shape, Presence]:
    if shape.row is None:
        return ANY, Presence.ABSENT if shape.kinds else Presence.UNKNOWN
    presence = Presence.SURE if shape.kinds == Kind.ARRAY else Presence.UNKNOWN
    items = shape.row.items
    if items is None:
        return join(shape.row.element, NULL), presence
    # An index out of range yields null (fdl.md 3.5).
    return (items[position] if -len(items) <= position < len(items) else NULL), presence


def _spread(shape: Shape, parts: tuple[Part, ...]) -> Shape:
    """The list of matches."""
    matches = [shape]
    for part in parts:
        matches = [found for match in matches for found in _matches(match, part)]
    return array_of(join_all(matches))


def _matches(shape: Shape, part: Part) -> Iterator[Shape]:
    match part:
        case Key() | Index():
            found, there = _enter(shape, part)
            if there is not Presence.ABSENT:
                yield found
        case Wild():
            if shape.row is not None:
                yield shape.row.element
            if shape.record is not None:
                yield ANY if shape.record.open else join_all(shape.record.fields.values())
        case Slice():
            yield ANY
        case _:
            assert_never(part)


def evaluate(expr: Expr, roots: Roots, missing: list[Lookup]) -> Shape:
    """The shape of an expression; look-ups that can fail are appended to `missing`."""
    match expr:
        case Const(value=value):
            return exactly(value)
        case Path():
            return _evaluate_path(expr, roots, missing)
        case Object(fields=fields):
            return closed({name: shallow(evaluate(item, roots, missing)) for name, item in fields})
        case List(items=items):
            return row_of(tuple(shallow(evaluate(item, roots, missing)) for item in items))
        case Merge(parts=parts):
            return _evaluate_merge(parts, roots, missing)
        case Comparison() | And() | Or() | Not():
            return BOOLEAN
        case Negative():
            return NUMBER
        case Call():
            return ANY
        case _:
            assert_never(expr)


def _evaluate_path(path: Path, roots: Roots, missing: list[Lookup]) -> Shape:
    if not path.parts:
        return roots.get(path.root, ANY)
    found = look_up(path, roots)
    if found.is_missing:
        missing.append(found)
    return found.shape


def _evaluate_merge(parts: tuple[Expr, ...], roots: Roots, missing: list[Lookup]) -> Shape:
    result = closed({})
    for index, part in enumerate(parts):
        shape = evaluate(part, roots, missing)
        result = shape if index == 0 and shape.kinds == Kind.OBJECT else overlay(result, shape)
    return result


def unknown_object(shape: Shape) -> Shape:
    """The shape as an object: itself where it is one, else an object of which nothing is known."""
    if shape.kinds == Kind.OBJECT or shape is NEVER:
        return shape
    return ANY_OBJECT if shape.kinds & Kind.OBJECT else of_kinds(Kind.OBJECT)
