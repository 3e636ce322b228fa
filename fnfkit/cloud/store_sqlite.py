"""A store in one SQLite file: write-ahead log, one connection, one transaction per commit."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fnfkit.cloud.store import Changes, StoreError
from fnfkit.model.json import Json

_APPLICATION = 0x464E464B
"""Marks the file as ours ("FNFK")."""
_VERSION = 1
# Records are in the order they were written, so that the large ones of a commit share a page; journals are short-lived.
_SCHEMA = """
CREATE TABLE record (area TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (area, key));
CREATE TABLE journal (stream TEXT NOT NULL, number INTEGER NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY (stream, number)) WITHOUT ROWID;
"""
_PUT, _MORE = "INSERT OR REPLACE INTO record VALUES (?, ?, ?)", ", (?, ?, ?)"
_FEW = 4
"""Records that are written by one statement."""
_PAGE = 1024
"""Bytes of a page of a new file. A commit writes every page it touches, and most touch a few short rows: a quarter of
SQLite's usual page saves a fifth of the time of a commit."""
_LOG = 40 * 1024 * 1024
"""Bytes in the log before SQLite copies them into the file: larger means fewer, longer pauses."""


class SqliteStore:
    """Survives the process, and a crash of the process at any instant (synchronous NORMAL: a power cut may lose the
    last commits, never the file). One process at a time; a second one is refused. Raises StoreError."""

    durable = True

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._changes = Changes()
        self._failed = ""
        self._db = self._open()
        self._number = int(self._db.execute("SELECT coalesce(max(number), 0) FROM journal").fetchone()[0])

    def _open(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"cannot open the store {self.path}: {error}; does its folder exist?") from error
        try:
            self._prepare(db)
        except sqlite3.OperationalError as error:
            db.close()
            raise StoreError(self._refusal(error)) from error
        except sqlite3.DatabaseError as error:
            db.close()
            message = f"{self.path} is damaged or no SQLite file ({error}); move it away or name another file"
            raise StoreError(message) from error
        except StoreError:
            db.close()
            raise
        return db

    def _refusal(self, error: sqlite3.OperationalError) -> str:
        if "locked" in str(error):
            return f"the store {self.path} is in use by another process; stop that one or name another file"
        return f"cannot use the store {self.path}: {error}; check its permissions and the free space"

    def _prepare(self, db: sqlite3.Connection) -> None:
        # Exclusive locking keeps other processes out for as long as the store is open.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA synchronous = NORMAL")
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._check(db)
        else:
            db.execute(f"PRAGMA page_size = {_PAGE}")
        db.execute("PRAGMA journal_mode = WAL")
        page = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute(f"PRAGMA wal_autocheckpoint = {_LOG // page}")
        db.execute("BEGIN EXCLUSIVE")
        if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("COMMIT")

    def _check(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise StoreError(f"{self.path} is a database of another program; name another file for the store")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            raise StoreError(
                f"the store {self.path} has format {version} and this fnfkit reads format {_VERSION}; "
                "use the fnfkit that wrote it, or name another file"
            )

    def put(self, table: str, key: str, value: bytes) -> None:
        """Sets a record."""
        self._changes.records[table, key] = value

    def get(self, table: str, key: str) -> bytes | None:
        """A record, or None."""
        if (table, key) in self._changes.records:
            return self._changes.records[table, key]
        try:
            row = self._db.execute("SELECT value FROM record WHERE area = ? AND key = ?", (table, key)).fetchone()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return None if row is None else bytes(row[0])

    def delete(self, table: str, key: str) -> None:
        """Removes a record; an absent one is no error."""
        self._changes.records[table, key] = None

    def scan(self, table: str, prefix: str = "", start: str = "") -> Iterator[tuple[str, bytes]]:
        """Records whose key has the prefix and is not before `start`, in key order."""
        changed = self._changes.overlay(table, prefix, start)
        fresh = sorted((key, value) for key, value in changed.items() if value is not None)
        kept = ((key, value) for key, value in self._rows_from(table, prefix, start) if key not in changed)
        yield from heapq.merge(kept, fresh)

    def _rows_from(self, table: str, prefix: str, start: str) -> Iterator[tuple[str, bytes]]:
        text = "SELECT key, value FROM record WHERE area = ? AND key >= ? ORDER BY key"
        rows = self._rows(text, table, max(prefix, start))
        for key, value in rows:
            if not key.startswith(prefix):
                return
            yield key, value

    def _rows(self, query: str, *values: str) -> Iterator[tuple[Json, ...]]:
        try:
            yield from self._db.execute(query, values)
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"{self.path} cannot be read: {error}; restore it, or name another file")

    def append(self, stream: str, record: bytes) -> None:
        """Adds to a stream."""
        self._changes.append(stream, record)

    def read(self, stream: str) -> list[bytes]:
        """The records of a stream, oldest first."""
        appended = self._changes.appended.get(stream, [])
        if stream in self._changes.dropped:
            return list(appended)
        rows = self._rows("SELECT record FROM journal WHERE stream = ? ORDER BY number", stream)
        return [record for (record,) in rows] + appended

    def drop(self, stream: str) -> None:
        """Empties a stream."""
        self._changes.drop(stream)

    def commit(self) -> None:
        """Writes the changes in one transaction.

        Raises StoreError, for instance on a full disk; and again on every later commit, since from then on what is in
        memory is ahead of the file.
        """
        if self._failed:
            raise StoreError(self._failed)
        if not self._changes:
            return
        changes, self._changes = self._changes, Changes()
        try:
            self._write(changes)
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self._failed = f"cannot write the store {self.path}: {error}; check the free space, then start again"
            raise StoreError(self._failed) from error

    def _write(self, changes: Changes) -> None:
        put = [(area, key, value) for (area, key), value in changes.records.items() if value is not None]
        if len(put) == len(changes.records) <= _FEW and not (changes.dropped or changes.appended):
            # A statement outside a transaction is one by itself.
            self._db.execute(_PUT + _MORE * (len(put) - 1), [field for row in put for field in row])
            return
        db = self._db
        db.execute("BEGIN")
        db.executemany(_PUT, put)
        if len(put) < len(changes.records):
            gone = [place for place, value in changes.records.items() if value is None]
            db.executemany("DELETE FROM record WHERE area = ? AND key = ?", gone)
        if changes.dropped:
            db.executemany("DELETE FROM journal WHERE stream = ?", [(stream,) for stream in changes.dropped])
        if changes.appended:
            db.executemany("INSERT INTO journal VALUES (?, ?, ?)", self._numbered(changes.appended))
        db.execute("COMMIT")

    def _numbered(self, appended: dict[str, list[bytes]]) -> Iterator[tuple[str, int, bytes]]:
        for stream, records in appended.items():
            for record in records:
                self._number += 1
                yield stream, self._number, record

    def rollback(self) -> None:
        """Forgets the changes since the last commit."""
        self._changes = Changes()

    def close(self) -> None:
        """Releases the file, without what was not committed."""
        self._db.close()
