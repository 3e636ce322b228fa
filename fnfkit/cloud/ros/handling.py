"""What every handler of a resource type offers, and what it is given to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.ram import Ram
from fnfkit.cloud.ros.objects import Objects
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault, Flows, Queues, Topics


class Account(Protocol):
    """The services that resources are made in."""

    @property
    def flows(self) -> Flows: ...

    @property
    def queues(self) -> Queues: ...

    @property
    def topics(self) -> Topics: ...

    @property
    def functions(self) -> FunctionService: ...

    @property
    def ram(self) -> Ram: ...

    @property
    def objects(self) -> Objects: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def region(self) -> str: ...

    @property
    def account_id(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do with a resource. `before` are the properties it has; `again` says that a crash cut the same order
    off, so that it may be done already."""

    stack: str
    id: str
    type: str
    properties: JsonObject
    physical: str = ""
    before: JsonObject = field(default_factory=dict)
    attributes: JsonObject = field(default_factory=dict)
    again: bool = False
    rolling_back: bool = False

    def text(self, name: str, default: str = "") -> str:
        """A property as text."""
        return text_of(self.properties.get(name, default))

    def number(self, name: str) -> int | None:
        """A property as a whole number, None if it is not given."""
        return number_of(self.properties.get(name))

    def flag(self, name: str) -> bool | None:
        """A property as a truth value, None if it is not given."""
        return flag_of(self.properties.get(name))

    def map(self, name: str) -> JsonObject:
        """A property that is a mapping."""
        return self.properties.get(name) or {}


@dataclass(frozen=True, slots=True)
class Built:
    """What a resource is now: its physical ID and its attributes (ros.md 7 to 9)."""

    physical: str
    attributes: JsonObject = field(default_factory=dict)


Done: TypeAlias = Callable[[Built | Fault], None]


@dataclass(frozen=True, slots=True)
class Pending:
    """Work that takes its time: `start` begins it, has `Done` called once, and returns how to give it up."""

    start: Callable[[Done], Callable[[], None]]


Outcome: TypeAlias = Built | Pending


class Handler(Protocol):
    """One resource type. Methods raise `Fault`; deleting what is not there is none."""

    def exists(self, order: Order) -> bool:
        """Whether something of that name is there already."""
        ...

    def create(self, order: Order) -> Outcome: ...

    def update(self, order: Order) -> Outcome: ...

    def delete(self, order: Order) -> Pending | None: ...


def text_of(value: Json) -> str:
    """A resolved value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def number_of(value: Json) -> int | None:
    """A resolved value as a whole number."""
    return None if value is None or value == "" else int(float(value))


def flag_of(value: Json) -> bool | None:
    """A resolved value as a truth value."""
    return None if value is None or value == "" else str(value).lower() == "true"


def found(ask: Callable[[], object], *absent: str) -> bool:
    """Whether a question is answered, rather than refused with one of the codes for things that are not there."""
    try:
        ask()
    except Fault as fault:
        if fault.code in absent:
            return False
        raise
    return True


def quiet(act: Callable[[], object], *absent: str) -> None:
    """Does something to a thing that may be gone."""
    found(act, *absent)
