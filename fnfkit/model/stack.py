"""Stack templates as frozen data (ros.md 1 to 4): what is to be made, and the functions that tie it together.

A *value* is JSON with functions in it: any node may be a `Ref`, `GetAtt`, `Sub`, `Replace`, `Join` or, for the other
functions, a `Call`. Maps and lists are plain dicts and lists and, as everywhere in the model, never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location

Value: TypeAlias = Json
"""JSON, or a function that yields it, or a map or list that holds functions."""

VERSION = "2015-09-01"
"""The one template format version (ros.md 1)."""
SERVERLESS = "Aliyun::Serverless-2018-04-03"
"""The one transform (ros.md 6)."""
NO_VALUE = "ALIYUN::NoValue"

PSEUDO_PARAMETERS = frozenset(
    {
        *("ALIYUN::StackName", "ALIYUN::StackId", "ALIYUN::Region", "ALIYUN::TenantId", "ALIYUN::AccountId"),
        *("ALIYUN::ResourceGroupId", NO_VALUE, "ALIYUN::Index"),
    }
)
"""ros.md 4."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a parameter, or the physical ID of a resource."""

    name: str


@dataclass(frozen=True, slots=True)
class GetAtt:
    """An attribute of a resource."""

    resource: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Sub:
    """Text with `${Name}` and `${Resource.Attribute}` in it; `variables` are names of its own."""

    text: str
    variables: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Replace:
    """Text in which plain pieces are replaced; pieces that do not occur are no error."""

    pieces: tuple[tuple[str, Value], ...]
    text: Value


@dataclass(frozen=True, slots=True)
class Join:
    """Texts joined by a separator; `items` is a list, or a function that yields one."""

    separator: str
    items: Value


@dataclass(frozen=True, slots=True)
class Call:
    """Any other function, such as `Fn::Select`, with its argument."""

    function: str
    argument: Value


Function: TypeAlias = Ref | GetAtt | Sub | Replace | Join | Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter and its constraints (ros.md 2). `has_default` tells a default of null from none."""

    name: str
    type: str = "String"
    default: Json = None
    has_default: bool = False
    allowed_values: tuple[Json, ...] = ()
    allowed_pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    no_echo: bool = False
    description: Json = ""
    more: JsonObject = field(default_factory=dict)
    """What only concerns consoles, as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource (ros.md 3). `more` holds the siblings of Properties that only a transform understands, such as the
    functions of a SAM service and their events. `origin` is where in the text it was written."""

    id: str
    type: str
    properties: dict[str, Value] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str = ""
    deletion_policy: str = ""
    count: Value = None
    metadata: JsonObject = field(default_factory=dict)
    more: dict[str, Value] = field(default_factory=dict)
    origin: Location = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A named result of a stack."""

    name: str
    value: Value
    description: Json = ""
    condition: str = ""
    more: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A stack template. Conditions, mappings, rules and locals are values as written."""

    resources: tuple[Resource, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[Output, ...] = ()
    mappings: JsonObject = field(default_factory=dict)
    conditions: dict[str, Value] = field(default_factory=dict)
    rules: dict[str, Value] = field(default_factory=dict)
    locals: dict[str, Value] = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)
    description: Json = ""
    transform: str = ""

    def resource(self, id: str) -> Resource | None:
        """The resource of that logical ID."""
        return next((resource for resource in self.resources if resource.id == id), None)


def arguments(function: Function) -> Iterator[Value]:
    """The values inside a function."""
    match function:
        case Ref() | GetAtt():
            return
        case Sub(variables=pairs):
            yield from (value for _, value in pairs)
        case Replace(pieces=pairs, text=text):
            yield from (value for _, value in pairs)
            yield text
        case Join(items=items):
            yield items
        case Call(argument=argument):
            yield argument


def walk(value: Value, path: Location = ()) -> Iterator[tuple[Location, Function]]:
    """Every function in a value, outermost first, with the place of the nearest map or list entry it stands in."""
    if isinstance(value, Function):
        yield path, value
        for inner in arguments(value):
            yield from walk(inner, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from walk(item, (*path, position))


def rebuilt(value: Value, change: Callable[[Function], Value]) -> Value:
    """The value with every outermost function replaced by what `change` makes of it."""
    if isinstance(value, Function):
        return change(value)
    if isinstance(value, Mapping):
        return {key: rebuilt(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [rebuilt(item, change) for item in value]
    return value
