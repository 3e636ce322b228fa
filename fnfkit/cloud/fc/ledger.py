"""What an account knows of asynchronous invocations, kept in its store until seven days after their end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from fnfkit.cloud.fc import tasks
from fnfkit.cloud.fc.faults import TaskAlreadyExists, TaskNotFound
from fnfkit.cloud.fc.tasks import Entry
from fnfkit.cloud.store import Store
from fnfkit.ports import InvalidArgument, Page
from fnfkit.ports.functions import LATEST, TaskQuery, TaskRecord, TaskStatus

RETENTION = 7 * 86_400_000
"""Milliseconds that the end of a task is remembered (api-fc.md 5.3)."""

PAGE, LARGEST_PAGE = 50, 100

_ENTRY, _PAYLOAD = "fc.invocation", "fc.payload"


class Ledger:
    """The entries by number, by task id and by origin. Callers hold the lock and commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: dict[int, Entry] = {}
        self._tasks: dict[str, Entry] = {}
        self._origins: dict[str, Entry] = {}
        self._ended: OrderedDict[int, int] = OrderedDict()
        """Number -> when it ended, in order of the ends."""
        self._last = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def recover(self) -> None:
        """Takes up what the store has kept."""
        for key, data in self._store.scan(_ENTRY):
            entry = tasks.read(key, data, self._store.get(_PAYLOAD, key) or b"")
            self._index(entry)
            self._last = max(self._last, entry.number)
        ended = sorted((entry.task.ended, entry.number) for entry in self if entry.task.status.final)
        self._ended = OrderedDict((number, at) for at, number in ended)

    def add(self, task: TaskRecord, payload: bytes, *, stateful: bool, origin: str) -> Entry:
        """Takes an invocation. Raises `TaskAlreadyExists`: the id of a task is taken for all functions of the account
        (fdl.md 4.4) until the task is forgotten."""
        if stateful and task.id in self._tasks:
            raise TaskAlreadyExists(f"the asynchronous task '{task.id}' exists already; choose another id")
        self._last += 1
        entry = Entry(number=self._last, task=task, payload=payload, stateful=stateful, origin=origin, due=task.started)
        self._index(entry)
        if self._store.durable:
            self._store.put(_PAYLOAD, entry.key, payload)
        self.keep(entry)
        return entry

    def keep(self, entry: Entry) -> None:
        """Notes a change; one that ends an entry which nobody can ask for forgets it."""
        if entry.task.status.final:
            self._ended[entry.number] = entry.task.ended
            if self._is_over(entry):
                self._forget(entry)
                return
        if self._store.durable:
            self._store.put(_ENTRY, entry.key, tasks.write(entry))

    def _is_over(self, entry: Entry) -> bool:
        asked_for = entry.stateful or (entry.origin and self._store.durable)
        return not asked_for and entry.task.destination_status != tasks.PENDING

    def of_origin(self, origin: str) -> Entry | None:
        """What a flow's task call has made before."""
        return self._origins.get(origin) if origin else None

    def task(self, service: str, function: str, id: str, qualifier: str = "") -> Entry:
        """Raises `TaskNotFound`; the qualifier only narrows the search."""
        entry = self._tasks.get(id)
        if entry is None or entry.place != (service, function) or qualifier not in ("", entry.task.qualifier):
            raise TaskNotFound(f"the asynchronous task '{id}' does not exist in function '{function}'")
        return entry

    def page(
        self, place: tuple[str, str], query: TaskQuery, limit: int | None, next_token: str | None
    ) -> Page[TaskRecord]:
        """The tasks of a function, the first accepted first (or last). Raises `InvalidArgument`."""
        size = PAGE if limit is None else limit
        if not 1 <= size <= LARGEST_PAGE:
            raise InvalidArgument(f"limit {size} is not between 1 and {LARGEST_PAGE}")
        if query.status and query.status not in set(TaskStatus):
            raise InvalidArgument(f"status {query.status!r} is not one of {', '.join(TaskStatus)}")
        after = _number(next_token)
        found = [entry for entry in self if entry.stateful and entry.place == place and _fits(entry.task, query)]
        found.sort(key=lambda entry: entry.number, reverse=query.descending)
        if after is not None:
            found = [entry for entry in found if (entry.number < after) == query.descending and entry.number != after]
        page = found[:size]
        return Page(tuple(entry.task for entry in page), f"{page[-1].number:x}" if len(found) > size else None)

    def purge(self, now: int) -> None:
        """Forgets what ended seven days ago."""
        while self._ended:
            number, at = next(iter(self._ended.items()))
            if at > now - RETENTION:
                return
            self._forget(self._entries[number])

    def _index(self, entry: Entry) -> None:
        self._entries[entry.number] = entry
        if entry.stateful:
            self._tasks[entry.task.id] = entry
        if entry.origin:
            self._origins[entry.origin] = entry

    def _forget(self, entry: Entry) -> None:
        self._entries.pop(entry.number, None)
        self._ended.pop(entry.number, None)
        if self._tasks.get(entry.task.id) is entry:
            del self._tasks[entry.task.id]
        self._origins.pop(entry.origin, None)
        if self._store.durable:
            self._store.delete(_ENTRY, entry.key)
            self._store.delete(_PAYLOAD, entry.key)


def _fits(task: TaskRecord, query: TaskQuery) -> bool:
    return (
        task.qualifier == (query.qualifier or LATEST)
        and query.status in ("", task.status)
        and task.id.startswith(query.prefix)
        and (query.begin is None or task.started >= query.begin)
        and (query.end is None or task.started <= query.end)
    )


def _number(token: str | None) -> int | None:
    try:
        return int(token, 16) if token else None
    except ValueError:
        raise InvalidArgument(f"nextToken {token!r} is none that a listing has given") from None
