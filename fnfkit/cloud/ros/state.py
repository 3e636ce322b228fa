"""What is kept of a stack: its template, its resources as they are, and the work under way.

The rules of this file:

1. A stack is written whole, in one record, before and after every step of its work. What a record says is under way
   may have happened in part: recovery looks, see `Work.again`.
2. Deleted stacks are kept, so that their ids can still be read (api-ros.md 4).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum

import orjson

from fnfkit.cloud.store import Store
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES, StackEvent

_STACK, _EVENT, _SET = "ros.stack", "ros.event", "ros.changeset"


class Action(StrEnum):
    """What is done with a stack; the status of the stack is this and an ending (api-ros.md 4)."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CREATE_ROLLBACK = "CREATE_ROLLBACK"
    ROLLBACK = "ROLLBACK"

    @property
    def deletes(self) -> bool:
        """Whether it ends without resources."""
        return self in (Action.DELETE, Action.CREATE_ROLLBACK)


@dataclass(slots=True, kw_only=True)
class Made:
    """A resource as it is. `properties` are resolved; `leans` are the IDs it was made after."""

    id: str
    type: str
    status: str
    reason: str = ""
    physical: str = ""
    properties: JsonObject = field(default_factory=dict)
    attributes: JsonObject = field(default_factory=dict)
    leans: list[str] = field(default_factory=list)
    retained: bool = False
    created: int = 0
    updated: int = 0

    @property
    def healthy(self) -> bool:
        """Whether it is as its properties say."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(slots=True, kw_only=True)
class Source:
    """What a stack is made of: the text, and the parameters that callers gave."""

    text: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Work:
    """What is under way. `done` are the resources dealt with, `doomed` what a replacement left behind."""

    action: Action
    started: int
    done: list[str] = field(default_factory=list)
    doomed: list[Made] = field(default_factory=list)
    retain: list[str] = field(default_factory=list)
    replacement: bool = False
    disable_rollback: bool = False
    recreate: list[str] = field(default_factory=list)
    """Resources that go first, to be made anew."""
    cancelled: bool = False
    """Whether the work is to end after the resource under way."""
    again: str = ""
    """The resource that a crash interrupted; only set in memory."""


@dataclass(slots=True, kw_only=True)
class Stack:
    """A stack of the account."""

    id: str
    name: str
    status: str
    reason: str = ""
    source: Source
    previous: Source | None = None
    resources: dict[str, Made] = field(default_factory=dict)
    outputs: list[JsonObject] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES
    disable_rollback: bool = False
    protected: bool = False
    ram_role_name: str = ""
    parent: str = ""
    """The id of the stack that this one is a resource of."""
    policy: JsonObject | None = None
    created: int = 0
    updated: int | None = None
    number: int = 0
    events: int = 0
    work: Work | None = None

    @property
    def gone(self) -> bool:
        """Whether the stack was deleted; its name is free then."""
        return self.status == "DELETE_COMPLETE"


@dataclass(slots=True, kw_only=True)
class ChangeSet:
    """A prepared change."""

    id: str
    name: str
    type: str
    stack_id: str
    source: Source
    status: str
    reason: str = ""
    execution: str
    description: str = ""
    replacement: bool = False
    policy: str = ""
    """The stack policy from the change on; empty for the one the stack has."""
    policy_during: str = ""
    """The stack policy that counts for the change only."""
    changes: list[JsonObject] = field(default_factory=list)
    created: int = 0


class Shelf:
    """Stacks, events and change sets in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, stack: Stack) -> None:
        """Writes a stack; durable with the next commit."""
        if self._store.durable:
            self._store.put(_STACK, stack.id, orjson.dumps(asdict(stack)))

    def keep_event(self, event: StackEvent, number: int) -> None:
        """Writes an event."""
        if self._store.durable:
            self._store.put(_EVENT, f"{event.stack_id}/{number:08x}", orjson.dumps(asdict(event)))

    def keep_set(self, change: ChangeSet) -> None:
        """Writes a change set."""
        if self._store.durable:
            self._store.put(_SET, change.id, orjson.dumps(asdict(change)))

    def drop_set(self, change: ChangeSet) -> None:
        """Forgets a change set."""
        self._store.delete(_SET, change.id)

    def commit(self) -> None:
        """Makes it durable."""
        if self._store.durable:
            self._store.commit()

    def stacks(self) -> list[Stack]:
        """The stacks kept, oldest first."""
        found = [_stack(orjson.loads(value)) for _, value in self._store.scan(_STACK)]
        return sorted(found, key=lambda stack: stack.number)

    def events(self, stack: Stack) -> list[StackEvent]:
        """The events kept of a stack, oldest first."""
        return [StackEvent(**orjson.loads(value)) for _, value in self._store.scan(_EVENT, f"{stack.id}/")]

    def sets(self) -> list[ChangeSet]:
        """The change sets kept."""
        return [_change_set(orjson.loads(value)) for _, value in self._store.scan(_SET)]


def _stack(fields: JsonObject) -> Stack:
    resources = {id: Made(**made) for id, made in fields["resources"].items()}
    more = {
        "source": Source(**fields["source"]),
        "previous": _source(fields["previous"]),
        "resources": resources,
        "work": _work(fields["work"]),
    }
    return Stack(**{**fields, **more})


def _source(fields: Json) -> Source | None:
    return None if fields is None else Source(**fields)


def _work(fields: Json) -> Work | None:
    if fields is None:
        return None
    doomed = [Made(**made) for made in fields["doomed"]]
    return Work(**{**fields, "action": Action(fields["action"]), "doomed": doomed, "again": ""})


def _change_set(fields: JsonObject) -> ChangeSet:
    return ChangeSet(**{**fields, "source": Source(**fields["source"])})
