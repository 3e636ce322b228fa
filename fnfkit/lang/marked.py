"""YAML and JSON as plain data that remembers its lines.

The parser is PyYAML's, in C; building the data is ours, because the text may be hostile: no Python tags, no
recursion, bounded nesting, bounded aliases, and no value that JSON has no room for. Loading never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from fnfkit.lang.scalars import WORDS, number, resolve
from fnfkit.lang.unreadable import ID, Unreadable, check_characters, stream_problem, syntax_problem
from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Mark, Problem, Severity

DEEPEST = 128
"""Collections that may stand inside one another."""
MOST_ALIASED = 100_000
"""Values that all aliases of a document together may stand for."""

_STANDARD = "tag:yaml.org,2002:"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under an application tag such as `!Ref`, kept opaque (fdl.md 1)."""

    tag: str
    value: Json


class Marks(Mapping[Location, Mark]):
    """The marks of a document; each Mark is made when asked for, because most never are."""

    __slots__ = ("_places",)

    def __init__(self, places: dict[Location, tuple[int, int]]) -> None:
        self._places = places

    def __getitem__(self, location: Location) -> Mark:
        line, column = self._places[location]
        return Mark(line + 1, column + 1)

    def __iter__(self) -> Iterator[Location]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@dataclass(frozen=True, slots=True)
class Document:
    """A loaded text. `value` holds Tagged for application tags. If `readable` is false nothing was built.

    The mark of a member of a mapping is the place of its key. Values behind an alias have no marks of their own.
    """

    value: Json
    marks: Mapping[Location, Mark]
    problems: tuple[Problem, ...]
    readable: bool = True


def load(text: str) -> Document:
    """The one document of a YAML or JSON text. Never raises; problems have the id E00 and a mark or path; the one
    warning, about numbers that YAML versions read differently, has W10."""
    loader = _Loader()
    try:
        check_characters(text)
        loader.run(text)
    except Unreadable as stop:
        return Document(None, Marks({}), (*loader.problems, stop.problem), readable=False)
    except yaml.MarkedYAMLError as error:
        return Document(None, Marks({}), (*loader.problems, syntax_problem(text, error)), readable=False)
    except yaml.YAMLError as error:
        return Document(None, Marks({}), (*loader.problems, stream_problem(text, error)), readable=False)
    return Document(loader.value, Marks(loader.places), tuple(loader.problems))


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been seen. `child` is where its next value goes: None in a mapping that
    waits for a key."""

    value: Json
    location: Location
    anchor: str | None = None
    tag: str | None = None
    child: Location | None = None


@dataclass(slots=True)
class _Loader:
    """Folds the parser's events into data with an explicit stack; below the document lies a list that takes it."""

    places: dict[Location, tuple[int, int]] = field(default_factory=lambda: {(): (0, 0)})
    problems: list[Problem] = field(default_factory=list)
    root: list[Json] = field(default_factory=list)
    anchors: dict[str, Json] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    sound: set[str] = field(default_factory=set)
    aliased: int = 0

    @property
    def value(self) -> Json:
        return self.root[0] if self.root else None

    def run(self, text: str) -> None:
        parser = yaml.CLoader(_SURROGATES.sub(_joined, text) if text.lstrip()[:1] == "{" else text)
        self.stack.append(_Open(self.root, ()))
        try:
            while (event := parser.get_event()) is not None:
                self.fold(event)
        finally:
            parser.dispose()

    def fold(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.open(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self.open(event, [])
        elif isinstance(event, yaml.CollectionEndEvent):
            self.close()
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root:
            raise _stop(event, "the text holds more than one document", "keep one flow per file, without `---`")

    # -- places

    def locate(self, event: yaml.Event) -> Location:
        """Where the value that begins here goes; notes its line."""
        top = self.stack[-1]
        if type(top.value) is list:
            location = (*top.location, len(top.value)) if len(self.stack) > 1 else ()
            self.places[location] = _spot(event)
            return location
        if top.child is None:
            raise _stop(event, "a key is not text", "write keys as plain words")
        return top.child

    def put(self, value: Json) -> None:
        top = self.stack[-1]
        if type(top.value) is list:
            top.value.append(value)
        else:
            assert top.child is not None
            top.value[top.child[-1]] = value
            top.child = None

    def problem(self, event: yaml.Event, location: Location, message: str, fix: str) -> None:
        line, column = _spot(event)
        self.problems.append(Problem(ID, location, message, fix, mark=Mark(line + 1, column + 1)))

    # -- events

    def scalar(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1]
        if top.child is None and type(top.value) is dict:
            self.key(event, top)
            return
        location = self.locate(event)
        value = self.scalar_value(event, location)
        if event.anchor is not None:
            self.anchors[event.anchor] = value
        self.put(value)

    def key(self, event: yaml.ScalarEvent, top: _Open) -> None:
        name = event.value
        location = (*top.location, name)
        if name not in self.sound:
            self.check_key(event, name, location)
        if name in top.value:
            first = self.places[location][0] + 1
            self.problem(
                event, location, f"the key `{name}` stands twice (first in line {first})", "remove one of them"
            )
        self.places[location] = _spot(event)
        top.child = location

    def check_key(self, event: yaml.ScalarEvent, name: str, location: Location) -> None:
        """Each spelling is checked until it was found sound: documents repeat few keys often."""
        if (event.implicit[0] and not self.is_text(name)) or _CONTROL.search(name):
            self.problem(event, location, f"the key `{name:.40}` is not text", "put the key into double quotes")
        elif event.implicit[0]:
            self.sound.add(name)

    def is_text(self, name: str) -> bool:
        try:
            return isinstance(resolve(name), str)
        except ValueError:
            return False

    def scalar_value(self, event: yaml.ScalarEvent, location: Location) -> Json:
        text, tag = event.value, event.tag
        try:
            if tag is None or tag == "!":
                value = self.plain(event, location) if event.implicit[0] else self.checked(event, location)
            else:
                value = _tagged(tag, text)
        except ValueError as error:
            fix = "put it into double quotes if it is text"
            self.problem(event, location, str(error), fix)
            value = text
        return value

    def plain(self, event: yaml.ScalarEvent, location: Location) -> Json:
        value = resolve(event.value)
        if type(value) is int and _LEADING_ZERO.match(event.value):
            fix = f'write "{event.value}" for text, or the number without zeros before it'
            message = f"{event.value:.40} is {value} to some YAML readers and octal to others"
            mark = Mark(*(place + 1 for place in _spot(event)))
            self.problems.append(Problem("W10", location, message, fix, Severity.WARNING, mark))
        return value

    def checked(self, event: yaml.ScalarEvent, location: Location) -> str:
        text: str = event.value
        if bad := _CONTROL.search(text):
            fix = "remove it; only tab and line feed are allowed in text"
            self.problem(event, location, f"the text holds the control character U+{ord(bad[0]):04X}", fix)
        return text

    def open(self, event: yaml.CollectionStartEvent, value: Json) -> None:
        location = self.locate(event)
        if len(self.stack) > DEEPEST:
            raise _stop(
                event, f"values are nested more than {DEEPEST} deep", "move inner steps into a flow of their own"
            )
        tag: str | None = event.tag
        if tag is not None and tag.startswith(_STANDARD):
            if tag not in (_STANDARD + "map", _STANDARD + "seq"):
                self.problem(event, location, f"the tag {_short(tag)} is not supported", "remove the tag")
            tag = None
        self.stack.append(_Open(value, location, event.anchor, None if tag == "!" else tag))

    def close(self) -> None:
        top = self.stack.pop()
        value = top.value
        if type(value) is dict and "<<" in value:
            value = self.merged(value, top.location)
        if top.tag is not None:
            value = Tagged(top.tag, value)
        if top.anchor is not None:
            self.anchors[top.anchor] = value
        self.put(value)

    def alias(self, event: yaml.AliasEvent) -> None:
        self.locate(event)
        if event.anchor not in self.anchors:
            raise _stop(event, f"the alias *{event.anchor} has no finished anchor before it", "write the value out")
        value = self.anchors[event.anchor]
        self.aliased += _size(value, MOST_ALIASED - self.aliased, DEEPEST - len(self.stack))
        if self.aliased > MOST_ALIASED:
            raise _stop(event, f"aliases stand for more than {MOST_ALIASED} values or too deep", "write the values out")
        self.put(value)

    def merged(self, value: dict[str, Json], location: Location) -> dict[str, Json]:
        """The YAML merge key: the members of other mappings, unless the mapping has its own."""
        sources = value["<<"] if type(value["<<"]) is list else [value["<<"]]
        if not all(type(source) is dict for source in sources):
            fix = "merge a mapping: `<<: *name`"
            self.problems.append(Problem(ID, (*location, "<<"), "`<<` merges mappings only", fix))
            return value
        own = {key: item for key, item in value.items() if key != "<<"}
        others = {key: item for source in reversed(sources) for key, item in source.items()}
        return {**{key: item for key, item in others.items() if key not in own}, **own}


def _stop(event: yaml.Event, message: str, fix: str) -> Unreadable:
    return Unreadable(message, fix, *_spot(event))


def _spot(event: yaml.Event) -> tuple[int, int]:
    """The 0-based line and column of an event."""
    mark = event.start_mark
    return (mark.line, mark.column) if mark else (0, 0)


def _joined(match: re.Match[str]) -> str:
    """JSON escapes characters beyond U+FFFF as pairs, YAML as one."""
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _short(tag: str) -> str:
    return "!!" + tag.removeprefix(_STANDARD) if tag.startswith(_STANDARD) else tag


def _tagged(tag: str, text: str) -> Json:
    """The value under an explicit tag. Raises ValueError for tags that are neither JSON's nor an application's."""
    match tag.removeprefix(_STANDARD):
        case same if same == tag:
            return Tagged(tag, text)
        case "str":
            return text
        case "null" | "bool" if text in WORDS:
            return WORDS[text]
        case "int" | "float" if not isinstance(value := number(text), str):
            return value
        case _:
            raise ValueError(f"the tag {_short(tag)} is not supported for `{text:.40}`")


def _size(value: Json, most: int, deepest: int) -> int:
    """The values inside a value, counted until there are more than `most`; `most` + 1 if deeper than `deepest`."""
    level, count = [value], 0
    while level:
        count += len(level)
        if count > most or deepest < 0:
            return most + 1
        level = [child for parent in level for child in _inner(parent)]
        deepest -= 1
    return count


def _inner(value: Json) -> list[Json]:
    if isinstance(value, Tagged):
        return [value.value]
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
