"""How queues lie in the store: the body of a message once, and the little that a receive changes beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from fnfkit.cloud.mns.queue import Entry
from fnfkit.cloud.store import Store
from fnfkit.ports import QueueRecord

_QUEUE, _MESSAGE, _LEASE = "mns.queue", "mns.message", "mns.lease"


def _key(queue: str, seq: int) -> str:
    return f"{queue}/{seq:016x}"


class Shelf:
    """Writes through to a durable store, and does nothing for one that keeps nothing."""

    __slots__ = ("_durable", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._durable = store.durable

    def put_queue(self, record: QueueRecord) -> None:
        """Keeps a queue's attributes."""
        if self._durable:
            self._store.put(_QUEUE, record.name, orjson.dumps(asdict(record)))

    def drop_queue(self, name: str, messages: Iterator[Entry]) -> None:
        """Forgets a queue and all in it."""
        if self._durable:
            self._store.delete(_QUEUE, name)
            for entry in messages:
                self.drop_message(name, entry)

    def put_message(self, queue: str, entry: Entry) -> None:
        """Keeps a new message."""
        if self._durable:
            record = [entry.id, entry.body, entry.md5, entry.priority, entry.enqueued, entry.visible, entry.generation]
            self._store.put(_MESSAGE, _key(queue, entry.seq), orjson.dumps(record))

    def put_lease(self, queue: str, entry: Entry) -> None:
        """Keeps what a receive or a change of visibility has changed."""
        if self._durable:
            record = [entry.visible, entry.first_dequeued, entry.dequeued, entry.generation]
            self._store.put(_LEASE, _key(queue, entry.seq), orjson.dumps(record))

    def drop_message(self, queue: str, entry: Entry) -> None:
        """Forgets a message; nothing of it stays behind."""
        if self._durable:
            key = _key(queue, entry.seq)
            self._store.delete(_MESSAGE, key)
            if entry.generation:
                self._store.delete(_LEASE, key)

    def commit(self) -> None:
        """Makes the changes so far durable: what has been accepted survives a crash."""
        if self._durable:
            self._store.commit()

    def queues(self) -> Iterator[QueueRecord]:
        """The queues kept."""
        for _, value in self._store.scan(_QUEUE):
            yield QueueRecord(**orjson.loads(value))

    def latest(self) -> int:
        """The last instant that the records tell of; 0 if there are none."""
        records = list(self.queues())
        messages = (entry for record in records for entry in self.messages(record.name))
        instants = (max(entry.enqueued, entry.first_dequeued) for entry in messages)
        return max((0, *(record.modified for record in records), *instants))

    def messages(self, queue: str) -> Iterator[Entry]:
        """The messages kept of a queue, oldest first."""
        leases = {key: orjson.loads(value) for key, value in self._store.scan(_LEASE, f"{queue}/")}
        for key, value in self._store.scan(_MESSAGE, f"{queue}/"):
            id, body, md5, priority, enqueued, visible, generation = orjson.loads(value)
            entry = Entry(int(key.rpartition("/")[2], 16), id, body, md5, priority, enqueued, visible)
            entry.generation = generation
            if lease := leases.get(key):
                entry.visible, entry.first_dequeued, entry.dequeued, entry.generation = lease
            yield entry
