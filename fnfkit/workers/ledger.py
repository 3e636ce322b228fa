"""Which tasks have been worked on: an SQLite file keyed by token, shared by the workers of a machine.

Rules of this file:
1. A task is claimed before its handler runs, and its outcome is recorded before it is reported: a crash in between
   repeats the report, not the work.
2. A claim ends with its time, so that the task of a worker that died can be taken up; the lease renews it.
3. Tokens are kept as digests: whoever reads the file cannot report anybody's task.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from fnfkit.workers.outcome import Final, decode, encode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS task (
  token BLOB PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL, outcome TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS task_until ON task (until);
"""
_CLAIM = """
INSERT INTO task (token, owner, until) VALUES (?, ?, ?)
ON CONFLICT (token) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE outcome IS NULL AND (until <= ? OR owner = excluded.owner)
"""
_RECORD = """
INSERT INTO task (token, owner, until, outcome) VALUES (?, ?, ?, ?)
ON CONFLICT (token) DO UPDATE SET owner = excluded.owner, until = excluded.until, outcome = excluded.outcome
WHERE outcome IS NULL
"""
_RELEASE = "DELETE FROM task WHERE token = ? AND owner = ? AND outcome IS NULL"
KEPT_SECONDS = 7 * 86_400
"""How long an outcome is remembered: as long as a queue may keep a message (api-mns.md 5)."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The task is this worker's to do."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else is at it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """It has been done, with this outcome."""

    outcome: Final


Standing: TypeAlias = Claimed | Busy | Recorded


class LedgerError(Exception):
    """The ledger's file cannot be used; the message says which one, why, and what to do."""


class Ledger:
    """The book of tasks. Without a path it lives in memory and only this process knows it.

    `now` gives Unix seconds; workers on several machines cannot share a file. Raises `LedgerError` for a file that is
    no ledger or cannot be opened.
    """

    def __init__(self, path: Path | str = ":memory:", *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._owner = uuid.uuid4().hex
        self._held: set[bytes] = set()
        """What this process is at: copies of a message may well reach the same worker."""
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise LedgerError(f"cannot open the ledger {path}: {error}; does its folder exist?") from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise LedgerError(f"cannot use the ledger {path}: {error}; move it away or name another file") from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        self.prune()

    def begin(self, token: str, seconds: int) -> Standing:
        """Claims a task for so many seconds, unless somebody has it or it is done."""
        key, now = _key(token), int(self._now())
        with self._lock:
            if key in self._held:
                return Busy()
            if self._db.execute(_CLAIM, (key, self._owner, now + seconds, now)).rowcount:
                self._held.add(key)
                return Claimed()
            row = self._db.execute("SELECT outcome FROM task WHERE token = ?", (key,)).fetchone()
        return Recorded(decode(row[0])) if row and row[0] else Busy()

    def renew(self, token: str, seconds: int) -> None:
        """Keeps a claim for so many more seconds."""
        statement = "UPDATE task SET until = ? WHERE token = ? AND owner = ? AND outcome IS NULL"
        with self._lock:
            self._db.execute(statement, (int(self._now()) + seconds, _key(token), self._owner))

    def record(self, token: str, outcome: Final) -> Final:
        """Writes down what came of a task; durable when this returns. The outcome that counts is the first recorded:
        that of another worker, where this one was away for so long that its claim had ended."""
        key, until = _key(token), int(self._now()) + KEPT_SECONDS
        with self._lock:
            self._held.discard(key)
            if self._db.execute(_RECORD, (key, self._owner, until, encode(outcome))).rowcount:
                return outcome
            row = self._db.execute("SELECT outcome FROM task WHERE token = ?", (key,)).fetchone()
        return decode(row[0])

    def release(self, token: str) -> None:
        """Gives a claim back: the task is to be done again."""
        key = _key(token)
        with self._lock:
            self._held.discard(key)
            self._db.execute(_RELEASE, (key, self._owner))

    def prune(self) -> int:
        """Forgets what is too old to come again; how many tasks that were."""
        with self._lock:
            return self._db.execute("DELETE FROM task WHERE until <= ?", (int(self._now()),)).rowcount

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
