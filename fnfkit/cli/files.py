"""Files that are named on the command line."""

from __future__ import annotations

from pathlib import Path

from fnfkit.cli.refusal import Refusal


def read_text(path: Path, what: str) -> str:
    """The text of a file. Raises `Refusal`."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise Refusal("FileNotFound", f"{what} {path} does not exist") from None
    except IsADirectoryError:
        raise Refusal("NotAFile", f"{what} {path} is a folder", "name the file in it") from None
    except UnicodeDecodeError as error:
        raise Refusal("NotText", f"{what} {path} is not UTF-8 text: {error}") from None
    except OSError as error:
        raise Refusal("Unreadable", f"{what} {path} cannot be read: {error.strerror}") from None


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folders it needs. Raises `Refusal`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """The same for data."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise Refusal("Unwritable", f"{path} cannot be written: {error.strerror}") from None


def parted(given: str) -> tuple[str, str] | None:
    """FILE.py and NAME of `FILE.py:NAME`, MODULE and NAME of `MODULE:NAME`; None for anything else."""
    front, colon, name = given.rpartition(":")
    is_module = front.endswith(".py") or all(part.isidentifier() for part in front.split("."))
    return (front, name) if colon and name.isidentifier() and is_module and not Path(given).exists() else None
