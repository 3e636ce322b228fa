"""The stores keep what was committed, whatever they are made of."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cloud.store import Store, StoreError
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.cloud.store_sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore(durable=True) if request.param == "memory" else SqliteStore(tmp_path / "store.db")


def test_reads_see_changes_before_and_after_the_commit(store: Store) -> None:
    store.put("t", "a", b"1")
    assert store.get("t", "a") == b"1"
    store.commit()
    assert store.get("t", "a") == b"1"
    store.delete("t", "a")
    assert store.get("t", "a") is None
    store.commit()
    assert store.get("t", "a") is None and list(store.scan("t")) == []


def test_a_scan_is_in_key_order_within_prefix_and_start_over_old_and_new(store: Store) -> None:
    for key in ("a/2", "a/1", "b/1", "a/4"):
        store.put("t", key, key.encode())
    store.put("other", "a/0", b"")
    store.commit()
    store.put("t", "a/3", b"a/3")
    store.put("t", "a/2", b"new")
    store.delete("t", "a/4")
    assert list(store.scan("t", "a/")) == [("a/1", b"a/1"), ("a/2", b"new"), ("a/3", b"a/3")]
    assert [key for key, _ in store.scan("t", "a/", "a/2")] == ["a/2", "a/3"]
    assert [key for key, _ in store.scan("t")] == ["a/1", "a/2", "a/3", "b/1"]


def test_streams_keep_their_order_and_can_be_dropped(store: Store) -> None:
    store.append("s", b"1")
    store.commit()
    store.append("s", b"2")
    store.append("z", b"x")
    assert store.read("s") == [b"1", b"2"]
    store.commit()
    store.drop("s")
    store.append("s", b"3")
    assert store.read("s") == [b"3"]
    store.commit()
    assert store.read("s") == [b"3"] and store.read("z") == [b"x"] and store.read("none") == []


def test_a_rollback_forgets_what_was_not_committed(store: Store) -> None:
    store.put("t", "a", b"1")
    store.commit()
    store.put("t", "a", b"2")
    store.append("s", b"1")
    store.rollback()
    assert store.get("t", "a") == b"1" and store.read("s") == []


def test_a_plain_memory_store_keeps_nothing() -> None:
    store = MemoryStore()
    store.put("t", "a", b"1")
    store.append("s", b"1")
    store.delete("t", "b")
    store.drop("s")
    store.commit()
    assert store.get("t", "a") is None and store.read("s") == [] and not store.durable


def test_sqlite_keeps_what_was_committed_and_loses_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    store.put("t", "a", b"1")
    store.append("s", b"1")
    store.commit()
    store.put("t", "b", b"2")
    store.close()
    again = SqliteStore(path)
    assert [key for key, _ in again.scan("t")] == ["a"]
    again.append("s", b"2")
    again.commit()
    assert again.read("s") == [b"1", b"2"]
    again.close()


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    code = (
        "import sys\n"
        "from fnfkit.cloud.store import StoreError\n"
        "from fnfkit.cloud.store_sqlite import SqliteStore\n"
        "try: SqliteStore(sys.argv[1])\n"
        "except StoreError as error: print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert "is in use by another process" in answer.stdout and not answer.stderr
    store.close()
    SqliteStore(path).close()


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all" * 100)


def _foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE things (name TEXT)")
    db.commit()
    db.close()


def _newer(path: Path) -> None:
    SqliteStore(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_garbage, "damaged or no SQLite file"),
        (_foreign, "database of another program"),
        (_newer, "has format 99"),
        (_folder, "cannot open the store"),
    ],
)
def test_files_that_are_no_store_are_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "store.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError, match=message) as caught:
        SqliteStore(path)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does its folder exist"):
        SqliteStore(tmp_path / "none" / "store.db")


def test_a_damaged_page_is_an_error_with_the_file_name(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqliteStore(path).close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * (4096 - 100)
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match=r"store\.db"):
        SqliteStore(path)


def test_a_store_that_could_not_write_takes_nothing_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.put("t", "a", b"1")
    store.commit()
    store._db.execute("PRAGMA query_only = ON")
    store.put("t", "b", b"2")
    with pytest.raises(StoreError, match=r"cannot write the store .*store\.db"):
        store.commit()
    store._db.execute("PRAGMA query_only = OFF")
    store.put("t", "c", b"3")
    with pytest.raises(StoreError, match="start again"):
        store.commit()
    store.close()
    again = SqliteStore(tmp_path / "store.db")
    assert [key for key, _ in again.scan("t")] == ["a"]
    again.close()
