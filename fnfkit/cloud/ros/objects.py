"""Objects that templates name as code: the little of OSS that deployment needs, buckets with archives in them.

Implements `fnfkit.ports.Objects`.
"""

from __future__ import annotations

import re

from fnfkit.cloud.store import Store
from fnfkit.ports import Fault

_TABLE = "oss.object"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")


class Objects:
    """The objects of an account by bucket and key, kept in its store. Callers hold the account's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, bytes] = {}

    def create_bucket(self, bucket: str) -> None:
        """Buckets need no making here; the name is checked."""
        if not _BUCKET.match(bucket):
            raise Fault.of(
                "InvalidBucketName", 400, f"The bucket name {bucket!r} is not allowed: use 3 to 63 of a-z 0-9 -."
            )

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Keeps an object, in place of the one that was there."""
        if self._store.durable:
            self._store.put(_TABLE, f"{bucket}/{key}", data)
            self._store.commit()
        else:
            self._held[f"{bucket}/{key}"] = data

    def get(self, bucket: str, key: str) -> bytes:
        """An object. Raises `NoSuchKey`, the name OSS has for it."""
        found = self._held.get(f"{bucket}/{key}", self._store.get(_TABLE, f"{bucket}/{key}"))
        if found is None:
            raise Fault.of("NoSuchKey", 404, f"There is no object {key} in the bucket {bucket}: upload the code first.")
        return found

    def delete(self, bucket: str, key: str) -> None:
        """Removes an object; an absent one is no fault."""
        self._held.pop(f"{bucket}/{key}", None)
        self._store.delete(_TABLE, f"{bucket}/{key}")
        self._store.commit()
