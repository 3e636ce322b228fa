"""Code packages: zip archives that are checked before anything of them touches the disk, and unpacked once.

The rules of this file:

1. A name that is absolute, leads upwards or is a link is refused, and so is an archive that unpacks to too much: what
   an archive *says* of its sizes is checked first, what really comes out while it does.
2. Packages are kept by the digest of their bytes. A package never changes, so versions share it.
3. Folders are unpacked below one temporary folder, which goes when the account is closed.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fnfkit.cloud.store import Store
from fnfkit.ports import InvalidArgument

LARGEST_ZIP = 50 * 1024 * 1024
"""Bytes of an archive that comes with a request (inferred: no table of the references gives it)."""
LARGEST_FOLDER = 500 * 1024 * 1024
MOST_FILES = 20_000
LITTER = frozenset({"__pycache__", ".git"})
"""Folders that are left out when a folder is packed."""

_TABLE = "fc.package"
_CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is kept: its digest, its size in bytes and the checksum the API shows."""

    digest: str
    size: int
    checksum: str


class Packages:
    """The code packages of an account."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._archives: dict[str, bytes] = {}
        self._root: Path | None = None

    def keep(self, archive: bytes) -> Package:
        """Checks a zip archive and keeps it; it is durable with the next commit. Raises `InvalidArgument`."""
        check(archive)
        digest = hashlib.sha256(archive).hexdigest()
        if self._store.durable:
            self._store.put(_TABLE, digest, archive)
        else:
            self._archives[digest] = archive
        return Package(digest, len(archive), str(crc64(archive)))

    def archive(self, digest: str) -> bytes:
        """The bytes of a package."""
        return self._archives.get(digest) or self._store.get(_TABLE, digest) or b""

    def folder(self, digest: str) -> Path:
        """Where a package is, or will be, unpacked."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="fnfkit-code-"))
        return self._root / digest[:32]

    def unpacked(self, digest: str) -> Path:
        """The folder of a package, unpacked on first use. Raises `InvalidArgument` if it unpacks to too much."""
        folder = self.folder(digest)
        if not folder.is_dir():
            fresh = Path(tempfile.mkdtemp(dir=folder.parent))
            unpack(self.archive(digest), fresh)
            fresh.chmod(0o755)
            fresh.rename(folder)
        return folder

    def sweep(self, used: set[str]) -> None:
        """Forgets the packages nobody uses."""
        for digest in {digest for digest, _ in self._store.scan(_TABLE)} - used:
            self._store.delete(_TABLE, digest)
        for digest in self._archives.keys() - used:
            del self._archives[digest]

    def close(self) -> None:
        """Removes the unpacked folders."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None


def pack(folder: Path) -> bytes:
    """A folder as an archive; equal folders give equal bytes. Raises `InvalidArgument` if it is too large."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not LITTER & set(path.parts))
    _check_amount(len(files), sum(path.stat().st_size for path in files))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644) << 16
            archive.writestr(info, path.read_bytes())
    return buffer.getvalue()


def check(archive: bytes) -> None:
    """Raises `InvalidArgument` for what is no zip, would leave its folder, or would fill the disk."""
    if len(archive) > LARGEST_ZIP:
        raise InvalidArgument(f"the code package has {len(archive)} bytes; at most {LARGEST_ZIP} are taken.")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        raise InvalidArgument(f"the code package is not a zip archive: {error}") from None
    _check_amount(len(entries), sum(entry.file_size for entry in entries))
    for entry in entries:
        _check_entry(entry)


def unpack(archive: bytes, folder: Path) -> None:
    """Writes the files of a checked archive below a folder."""
    left = LARGEST_FOLDER
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for entry in opened.infolist():
                left -= _write(opened, entry, folder / entry.filename, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise InvalidArgument(f"the code package cannot be unpacked: {error}") from None


def _check_amount(files: int, size: int) -> None:
    if files > MOST_FILES:
        raise InvalidArgument(f"the code has {files} files; at most {MOST_FILES} are taken.")
    if size > LARGEST_FOLDER:
        raise InvalidArgument(f"the code has {size} bytes unpacked; at most {LARGEST_FOLDER} are taken.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not PurePosixPath(name).parts:
        raise InvalidArgument(f"the code package holds an entry named {name!r}, which names no file.")
    if "\\" in name or "\0" in name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise InvalidArgument(f"the code package holds {name!r}, which would leave its folder.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InvalidArgument(f"the code package holds {name!r}, which is neither a file nor a folder.")
    if entry.flag_bits & 1:
        raise InvalidArgument(f"the code package holds {name!r}, which is encrypted.")


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, room: int) -> int:
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, path.open("wb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > room:
                raise OSError(f"it has more than {LARGEST_FOLDER} bytes unpacked")
            target.write(chunk)
    path.chmod(0o755 if (entry.external_attr >> 16) & stat.S_IXUSR else 0o644)
    return written


_POLYNOMIAL = 0xC96C5795D7870F42
"""CRC-64 ECMA-182, bits reversed."""


def _tables() -> list[list[int]]:
    first = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        first.append(value)
    tables = [first]
    for _ in range(7):
        tables.append([first[value & 0xFF] ^ value >> 8 for value in tables[-1]])
    return tables


_T = _tables()


def crc64(data: bytes) -> int:
    """CRC-64 ECMA as the API shows it of code (api-fc.md 2.1), eight bytes at a time."""
    t0, t1, t2, t3, t4, t5, t6, t7 = _T
    crc = 0xFFFFFFFFFFFFFFFF
    whole = len(data) & ~7
    for (word,) in struct.iter_unpack("<Q", memoryview(data)[:whole]):
        crc ^= word
        crc = (
            t7[crc & 0xFF]
            ^ t6[crc >> 8 & 0xFF]
            ^ t5[crc >> 16 & 0xFF]
            ^ t4[crc >> 24 & 0xFF]
            ^ t3[crc >> 32 & 0xFF]
            ^ t2[crc >> 40 & 0xFF]
            ^ t1[crc >> 48 & 0xFF]
            ^ t0[crc >> 56]
        )
    for byte in data[whole:]:
        crc = t0[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFFFFFFFFFF
