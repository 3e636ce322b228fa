"""A store in memory: one that drops everything, or one that keeps encoded records for crash tests."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.cloud.store import Changes


class MemoryStore:
    """Keeps nothing, and says so with `durable = False`; with `durable=True` it keeps what was committed, so that
    a new cloud over the same store recovers what the old one had."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self._tables: dict[str, dict[str, bytes]] = {}
        self._streams: dict[str, list[bytes]] = {}
        self._changes = Changes()

    def put(self, table: str, key: str, value: bytes) -> None:
        """Sets a record."""
        if self.durable:
            self._changes.records[table, key] = value

    def get(self, table: str, key: str) -> bytes | None:
        """A record, or None."""
        if (table, key) in self._changes.records:
            return self._changes.records[table, key]
        return self._tables.get(table, {}).get(key)

    def delete(self, table: str, key: str) -> None:
        """Removes a record; an absent one is no error."""
        if self.durable:
            self._changes.records[table, key] = None

    def scan(self, table: str, prefix: str = "", start: str = "") -> Iterator[tuple[str, bytes]]:
        """Records whose key has the prefix and is not before `start`, in key order."""
        found: dict[str, bytes | None] = {
            key: value for key, value in self._tables.get(table, {}).items() if key.startswith(prefix) and key >= start
        }
        found.update(self._changes.overlay(table, prefix, start))
        for key in sorted(found):
            if (value := found[key]) is not None:
                yield key, value

    def append(self, stream: str, record: bytes) -> None:
        """Adds to a stream."""
        if self.durable:
            self._changes.append(stream, record)

    def read(self, stream: str) -> list[bytes]:
        """The records of a stream, oldest first."""
        kept = [] if stream in self._changes.dropped else self._streams.get(stream, [])
        return kept + self._changes.appended.get(stream, [])

    def drop(self, stream: str) -> None:
        """Empties a stream."""
        if self.durable:
            self._changes.drop(stream)

    def commit(self) -> None:
        """Makes the changes part of what survives."""
        if not self._changes:
            return
        changes, self._changes = self._changes, Changes()
        for (table, key), value in changes.records.items():
            if value is None:
                self._tables.get(table, {}).pop(key, None)
            else:
                self._tables.setdefault(table, {})[key] = value
        for stream in changes.dropped:
            self._streams.pop(stream, None)
        for stream, records in changes.appended.items():
            self._streams.setdefault(stream, []).extend(records)

    def rollback(self) -> None:
        """Forgets the changes since the last commit."""
        self._changes = Changes()

    def close(self) -> None:
        """Nothing to release."""
