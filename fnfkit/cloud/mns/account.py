"""What the Message Service keeps about the account as a whole (api-mns.md 2)."""

from __future__ import annotations

from threading import RLock

from fnfkit.cloud.store import Store

_TABLE = "mns.account"
_BUCKET = "LoggingBucket"


class AccountAttributes:
    """The bucket that operation logs would go to; the emulator writes none."""

    def __init__(self, store: Store, lock: RLock) -> None:
        self._store, self._lock = store, lock
        stored = store.get(_TABLE, _BUCKET)
        self._bucket = stored.decode() if stored else ""

    @property
    def logging_bucket(self) -> str:
        """The bucket's name, empty if there is none."""
        return self._bucket

    def set_logging_bucket(self, name: str) -> None:
        """Names the bucket; an empty name takes it away."""
        with self._lock:
            self._bucket = name
            self._store.put(_TABLE, _BUCKET, name.encode())
            self._store.commit()
