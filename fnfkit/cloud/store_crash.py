"""A store that crashes the cloud at a chosen commit, for tests of recovery.

store = MemoryStore(durable=True)
cloud = Cloud(store=CrashingStore(store, commits=3))
...                            # raises Crash once the third commit is done, or is refused
again = Cloud(store=store)     # what a new process would find
again.recover()
"""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.cloud.store import Store


class Crash(BaseException):
    """The process dies here. Not an Exception, so that nothing on the way tries to go on."""


class CrashingStore:
    """Passes everything on to a store, and raises `Crash` at commit number `commits`, counting those that change
    something: after it has been done, or with `lost=True` instead of doing it. Every later call raises too."""

    def __init__(self, store: Store, *, commits: int, lost: bool = False) -> None:
        self._store = store
        self._left = commits
        self._lost = lost
        self._changed = False
        self.durable = store.durable

    def put(self, table: str, key: str, value: bytes) -> None:
        """Sets a record."""
        self._change()
        self._store.put(table, key, value)

    def get(self, table: str, key: str) -> bytes | None:
        """A record, or None."""
        return self._store.get(table, key)

    def delete(self, table: str, key: str) -> None:
        """Removes a record."""
        self._change()
        self._store.delete(table, key)

    def scan(self, table: str, prefix: str = "", start: str = "") -> Iterator[tuple[str, bytes]]:
        """Records in key order."""
        return self._store.scan(table, prefix, start)

    def append(self, stream: str, record: bytes) -> None:
        """Adds to a stream."""
        self._change()
        self._store.append(stream, record)

    def read(self, stream: str) -> list[bytes]:
        """The records of a stream."""
        return self._store.read(stream)

    def drop(self, stream: str) -> None:
        """Empties a stream."""
        self._change()
        self._store.drop(stream)

    def commit(self) -> None:
        """Commits, and crashes when the time has come."""
        if not self._changed:
            return
        self._changed = False
        self._left -= 1
        if self._left == 0 and self._lost:
            self._store.rollback()
            raise Crash
        self._store.commit()
        if self._left == 0:
            raise Crash

    def rollback(self) -> None:
        """Forgets the changes since the last commit."""
        self._changed = False
        self._store.rollback()

    def close(self) -> None:
        """Leaves the store open, for the cloud that recovers."""

    def _change(self) -> None:
        if self._left <= 0:
            raise Crash
        self._changed = True
