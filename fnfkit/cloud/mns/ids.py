"""Numbers that are never given twice, also not after a crash: they are reserved in blocks before they are used."""

from __future__ import annotations

from fnfkit.cloud.store import Store

_TABLE = "mns.ids"
_KEY = "next"
_BLOCK = 10_000


class Ids:
    """A counter over the whole account. A block is durable with the commit of the first change that uses it."""

    __slots__ = ("_next", "_reserved", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        stored = store.get(_TABLE, _KEY)
        self._next = self._reserved = int(stored) if stored else 1

    def next(self) -> int:
        """The next number."""
        number = self._next
        if number >= self._reserved:
            self._reserved = number + _BLOCK
            self._store.put(_TABLE, _KEY, str(self._reserved).encode())
        self._next = number + 1
        return number


def message_id(account: str, seq: int, now: int) -> str:
    """An id of the form the service uses: account, time and number in hex (api-mns.md 3)."""
    return f"{int(account or 0):016X}-1-{now:X}-{seq:09X}"
