"""Where an account keeps what must survive: tables of records and append-only streams of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Store(Protocol):
    """Changes are buffered until `commit`; when it returns they are durable (as far as the store is).

    `durable` tells callers whether encoding anything for it is worth while: a plain memory store drops everything.
    """

    durable: bool

    def put(self, table: str, key: str, value: bytes) -> None: ...

    def get(self, table: str, key: str) -> bytes | None: ...

    def delete(self, table: str, key: str) -> None: ...

    def scan(self, table: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """Records whose key has the prefix, in key order."""
        ...

    def append(self, stream: str, record: bytes) -> None: ...

    def read(self, stream: str) -> list[bytes]: ...

    def drop(self, stream: str) -> None: ...

    def commit(self) -> None: ...

    def close(self) -> None: ...
