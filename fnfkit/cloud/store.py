"""Where an account keeps what must survive: tables of records and append-only streams of events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class StoreError(Exception):
    """A store cannot be used; the message says which one, why, and what to do."""


@contextmanager
def readable() -> Iterator[None]:
    """Within, a record that makes no sense is an error of the store that had it: raises StoreError."""
    try:
        yield
    except (LookupError, TypeError, ValueError) as error:
        raise StoreError(
            f"what the store has kept cannot be read: {type(error).__name__}: {error}; it is damaged, or was written "
            "by another fnfkit; move it away or name another"
        ) from error


class Store(Protocol):
    """Changes are buffered until `commit`; when it returns they are durable (as far as the store is).

    `durable` tells callers whether encoding anything for it is worth while: a plain memory store drops everything.
    Reads see buffered changes. Callers serialise access: a store is used by one thread at a time.
    """

    durable: bool

    def put(self, table: str, key: str, value: bytes) -> None: ...

    def get(self, table: str, key: str) -> bytes | None: ...

    def delete(self, table: str, key: str) -> None: ...

    def scan(self, table: str, prefix: str = "", start: str = "") -> Iterator[tuple[str, bytes]]:
        """Records whose key has the prefix and is not before `start`, in key order."""
        ...

    def append(self, stream: str, record: bytes) -> None: ...

    def read(self, stream: str) -> list[bytes]: ...

    def drop(self, stream: str) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None:
        """Forgets the changes since the last commit, as a crash would."""
        ...

    def close(self) -> None: ...


class Changes:
    """What was put, deleted, appended and dropped since the last commit; the later change of a key wins."""

    __slots__ = ("appended", "dropped", "records")

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], bytes | None] = {}
        """(table, key) -> value, or None where the record was deleted."""
        self.appended: dict[str, list[bytes]] = {}
        self.dropped: set[str] = set()
        """Streams whose committed part goes; what was appended after the drop is in `appended`."""

    def __bool__(self) -> bool:
        return bool(self.records or self.appended or self.dropped)

    def append(self, stream: str, record: bytes) -> None:
        """Adds to a stream."""
        records = self.appended.get(stream)
        if records is None:
            self.appended[stream] = [record]
        else:
            records.append(record)

    def drop(self, stream: str) -> None:
        """Empties a stream, and spares the store what was appended since the last commit."""
        self.appended.pop(stream, None)
        self.dropped.add(stream)

    def overlay(self, table: str, prefix: str, start: str) -> dict[str, bytes | None]:
        """The changed records of a range."""
        return {
            key: value
            for (name, key), value in self.records.items()
            if name == table and key.startswith(prefix) and key >= start
        }
