"""Waiting for the files of a project to change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

_SECONDS = 0.3
_SKIPPED = {".fnfkit", ".git", "__pycache__", ".venv", "node_modules"}


def changes_of(folder: Path) -> Iterator[None]:
    """Yields at once, and again after every change of a file in a folder."""
    before = state_of(folder)
    yield
    while True:
        time.sleep(_SECONDS)
        now = state_of(folder)
        if now != before:
            before = now
            yield


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Time and size of every file of a project."""
    found = {}
    for file in folder.rglob("*"):
        if not _SKIPPED & set(file.relative_to(folder).parts):
            try:
                stat = file.stat()
            except OSError:  # it has just been removed
                continue
            if file.is_file():
                found[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return found
