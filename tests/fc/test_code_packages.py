"""Code packages: what is refused before it touches the disk, and what comes out (api-fc.md 2.1)."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from fnfkit.cloud.fc import packages
from fnfkit.cloud.fc.packages import Packages, crc64, pack, unpack
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import InvalidArgument


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for entry, data in entries:
            archive.writestr(entry, data)
    return buffer.getvalue()


def link(name: str, to: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, to.encode()


@pytest.mark.parametrize(
    "name", ["../out.py", "/etc/out.py", "a/../../out.py", "..", "a\\..\\..\\out.py", "C:\\out.py", "sub/../../x"]
)
def test_a_name_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="would leave its folder"):
        Packages(MemoryStore()).keep(zipped(("index.py", b""), (name, b"x")))


def test_links_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="neither a file nor a folder"):
        Packages(MemoryStore()).keep(zipped(link("out", "/etc"), ("out/passwd", b"x")))


@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidArgument, match="not a zip archive"):
        Packages(MemoryStore()).keep(data)


def test_a_bomb_is_refused_by_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LARGEST_FOLDER", 1_000_000)
    bomb = zipped(("zeros", b"\0" * 2_000_000), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10_000
    with pytest.raises(InvalidArgument, match="2000000 bytes unpacked"):
        Packages(MemoryStore()).keep(bomb)


def test_a_bomb_that_lies_about_its_size_does_not_fill_the_disk(tmp_path: Path) -> None:
    bomb = bytearray(zipped(("zeros", b"\0" * 200_000), compression=zipfile.ZIP_DEFLATED))
    size = (200_000).to_bytes(4, "little")
    while (at := bomb.find(size)) >= 0:
        bomb[at : at + 4] = (10).to_bytes(4, "little")
    kept = Packages(MemoryStore())
    package = kept.keep(bytes(bomb))
    with pytest.raises(InvalidArgument, match="cannot be unpacked"):
        kept.unpacked(package.digest)
    written = sum(path.stat().st_size for path in kept.folder(package.digest).parent.rglob("*") if path.is_file())
    assert written <= 1_000
    kept.close()


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_FILES", 3)
    with pytest.raises(InvalidArgument, match="4 files"):
        Packages(MemoryStore()).keep(zipped(*((f"{number}.py", b"") for number in range(4))))


def test_an_encrypted_archive_is_refused() -> None:
    archive = bytearray(zipped(("index.py", b"x")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.find(mark) + offset] |= 1
    with pytest.raises(InvalidArgument, match="encrypted"):
        Packages(MemoryStore()).keep(bytes(archive))


def test_equal_folders_make_equal_packages_and_come_out_as_they_went_in(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name
        (folder / "sub").mkdir(parents=True)
        (folder / "index.py").write_text("x = 1\n")
        (folder / "sub" / "run.sh").write_text("#!/bin/sh\n")
        (folder / "sub" / "run.sh").chmod(0o755)
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "index.pyc").write_bytes(name.encode())
    first, second = pack(tmp_path / "a"), pack(tmp_path / "b")
    assert first == second
    unpack(first, tmp_path / "out")
    found = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*"))
    assert found == ["index.py", "sub", "sub/run.sh"]
    assert (tmp_path / "out" / "sub" / "run.sh").stat().st_mode & 0o111


def test_the_checksum_is_crc64_ecma() -> None:
    assert crc64(b"") == 0
    assert crc64(b"123456789") == 0x995DC9BBDF1939FA
    assert crc64(bytes(range(256)) * 3 + b"odd") == _slow(bytes(range(256)) * 3 + b"odd")


def _slow(data: bytes) -> int:
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFFFFFFFFFF


def test_packages_nobody_uses_are_swept() -> None:
    store = MemoryStore(durable=True)
    kept = Packages(store)
    used, unused = kept.keep(zipped(("a.py", b"1"))), kept.keep(zipped(("a.py", b"2")))
    kept.sweep({used.digest})
    assert kept.archive(used.digest) and not kept.archive(unused.digest)
