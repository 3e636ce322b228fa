"""The life of an asynchronous invocation as data: its states, which may follow which, and its record (api-fc.md 5).

Every change of state goes through `moved`, which knows the table; a change that is not in it is a bug of ours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import orjson

from fnfkit.model.json import JsonObject
from fnfkit.ports.functions import TaskEvent, TaskRecord, TaskStatus

S = TaskStatus

NEXT: dict[TaskStatus, frozenset[TaskStatus]] = {
    S.ENQUEUED: frozenset({S.DEQUEUED, S.EXPIRED, S.INVALID, S.STOPPED}),
    S.DEQUEUED: frozenset({S.RUNNING, S.STOPPING}),
    S.RUNNING: frozenset({S.SUCCEEDED, S.FAILED, S.RETRYING, S.STOPPING}),
    S.RETRYING: frozenset({S.RUNNING, S.STOPPING}),
    S.STOPPING: frozenset({S.STOPPED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.STOPPED: frozenset(),
    S.EXPIRED: frozenset(),
    S.INVALID: frozenset(),
}
"""What may follow (api-fc.md 5.3, scenarios.md 10)."""

LONGEST_RETURN = 1 << 20
"""Characters of a result that a task keeps (api-fc.md 5.3)."""

PENDING, DELIVERED, UNDELIVERED = "Pending", "Succeeded", "Failed"
"""What a task says of its destination; the words are inferred."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """An accepted asynchronous invocation. `stateful` ones are tasks, which the API shows.

    `origin` is the task call of a flow that made it, so that a call repeated after a crash finds it again. `throttled`
    counts refusals for want of room since the last run, `due` is when it is tried (again).
    """

    number: int
    task: TaskRecord
    payload: bytes
    stateful: bool = False
    origin: str = ""
    throttled: int = 0
    due: int = 0

    @property
    def key(self) -> str:
        """Its place in the store."""
        return f"{self.number:016x}"

    @property
    def place(self) -> tuple[str, str]:
        """Service and function."""
        return self.task.service, self.task.function


def moved(task: TaskRecord, status: TaskStatus, at: int, detail: str = "") -> TaskRecord:
    """The task in its next state, with the event that says so."""
    if status not in NEXT[task.status]:
        raise AssertionError(f"task {task.id} cannot go from {task.status} to {status}")
    event = TaskEvent(id=len(task.events) + 1, status=status, at=at, detail=detail)
    changed = replace(task, status=status, events=(*task.events, event))
    return replace(changed, ended=at, duration=at - task.started) if status.final else changed


def write(entry: Entry) -> bytes:
    """An entry as a store keeps it, without its payload."""
    fields = {
        "task": asdict(entry.task),
        "stateful": entry.stateful,
        "origin": entry.origin,
        "throttled": entry.throttled,
        "due": entry.due,
    }
    return orjson.dumps(fields)


def read(key: str, data: bytes, payload: bytes) -> Entry:
    """The entry that was written."""
    fields: JsonObject = orjson.loads(data)
    task = fields.pop("task")
    events = tuple(
        TaskEvent(id=event["id"], status=TaskStatus(event["status"]), at=event["at"], detail=event["detail"])
        for event in task.pop("events")
    )
    record = TaskRecord(**{**task, "status": TaskStatus(task["status"]), "events": events})
    return Entry(number=int(key, 16), task=record, payload=payload, **fields)
