"""Who is told of the clouds of this process: a test run counts every one of them, whoever made it.

Clouds are made in tests, in helpers of tests and in fixtures of others, where nothing of pytest is handed on, so this
list is the one thing in the package that all of a process shares. Only who came last is told: a test run inside a test
run counts for itself.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

RUN = "FNFKIT_TEST_RUN"
"""The environment variable that tells processes started by a test run where to leave their sums."""


def folder_of_run() -> Path:
    """Where processes that this one starts leave their sums; named after it, and not there before the first of them."""
    return Path(tempfile.gettempdir(), f"fnfkit-{os.getpid()}-{os.urandom(8).hex()}")


def made(folder: Path) -> bool:
    """Makes that folder, for its user alone; False if the test run is over, so that nobody would ever look."""
    if sys.platform != "win32":  # where signal 0 is no question
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except ProcessLookupError:
            return False
    folder.mkdir(mode=0o700, exist_ok=True)
    return True


class Watcher(Protocol):
    """Somebody who wants to know of clouds."""

    def opened(self, cloud: Any) -> None:
        """A `LocalCloud` was made."""
        ...

    def closing(self, cloud: Any) -> None:
        """It is about to be closed; everything can still be asked of it."""
        ...

    def played(self, source: Any, events: Any) -> None:
        """A flow was played on the engine alone; these are the events of its execution."""
        ...


_WATCHERS: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Tell this one from now on, and nobody else."""
    _WATCHERS.append(watcher)


def unwatch(watcher: Watcher) -> None:
    """Tell this one no longer."""
    _WATCHERS.remove(watcher)


def opened(cloud: Any) -> None:
    """Say that a cloud was made."""
    if not _WATCHERS and (folder := os.environ.get(RUN)):
        watch(import_module("fnfkit.testing.child").Child(Path(folder)))
    for watcher in _WATCHERS[-1:]:
        watcher.opened(cloud)


def closing(cloud: Any) -> None:
    """Say that a cloud ends."""
    for watcher in _WATCHERS[-1:]:
        watcher.closing(cloud)


def played(source: Any, events: Any) -> None:
    """Say that a flow was played without a cloud."""
    for watcher in _WATCHERS[-1:]:
        watcher.played(source, events)


def counted(account: Any) -> AbstractContextManager[None]:
    """Within, a plain account counts for the test run that has started this process, if one has."""
    folder = os.environ.get(RUN)
    if not folder:
        return nullcontext()
    counting: AbstractContextManager[None] = import_module("fnfkit.testing.child").counting(account, Path(folder))
    return counting
