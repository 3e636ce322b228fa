"""Clouds of a process that a test has started, such as a script or a server of its own, on their way into the sums.

The test run names a folder in the environment; a process that finds it there, and is no test run itself, leaves a file
in it when it ends in order. One that is killed is not counted.
"""

from __future__ import annotations

import atexit
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from fnfkit.cloud.cloud import Cloud
from fnfkit.ports import EventRecord, ExecutionRecord
from fnfkit.testing.coverage import Coverage
from fnfkit.testing.local import LocalCloud
from fnfkit.testing.records import events_of, executions_of
from fnfkit.testing.run import Run
from fnfkit.testing.single import Single
from fnfkit.testing.sources import Source
from fnfkit.testing.tally import Countable, Tally
from fnfkit.testing.trace import Fact
from fnfkit.testing.watch import made


class Child:
    """Counts the clouds of this process, and writes the sums when it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tally = Tally(Coverage())
        self._alive: WeakSet[LocalCloud] = WeakSet()
        atexit.register(self._send)

    def opened(self, cloud: LocalCloud) -> None:
        """Know of a cloud."""
        self._alive.add(cloud)

    def closing(self, cloud: Countable) -> None:
        """Count a cloud."""
        if isinstance(cloud, LocalCloud):
            self._alive.discard(cloud)
        self._tally.count(cloud)

    def played(self, source: Source, events: Sequence[Fact]) -> None:
        """Count the paths of a flow that was played."""
        if self._tally.coverage is not None:
            self._tally.coverage.add(source, events)

    def _send(self) -> None:
        for cloud in list(self._alive):
            self._tally.count(cloud)
        if not made(self._folder):
            return
        handle, name = tempfile.mkstemp(suffix=".part", dir=self._folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self._tally.dump(), file)
        os.replace(name, Path(name).with_suffix(".json"))


class Account:
    """A plain account that a process serves, such as that of `fnfkit dev`, as it is counted: from now on."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.runs: tuple[Run, ...] = ()
        self.sources: dict[str, Source] = {}
        self.singles: dict[str, Single] = {}
        self._began = cloud.clock.now()

    @property
    def elapsed(self) -> float:
        """Seconds of the account's time."""
        return (self.cloud.clock.now() - self._began) / 1000

    def records(self) -> Iterator[ExecutionRecord]:
        """The executions that were started since."""
        return (record for record in executions_of(self.cloud.flows) if record.started >= self._began)

    def evidence(self, flow: str, name: str) -> tuple[ExecutionRecord, list[EventRecord]]:
        """An execution and its events."""
        return self.cloud.flows.describe_execution(flow, name), events_of(self.cloud.flows, flow, name)


@contextmanager
def counting(cloud: Cloud, folder: Path) -> Iterator[None]:
    """Count what happens on an account within, for the test run that looks into the folder."""
    account, child = Account(cloud), Child(folder)
    try:
        yield
    finally:
        child.closing(account)


def collect(folder: Path, tally: Tally) -> None:
    """Add what other processes have left in a folder."""
    for file in sorted(folder.glob("*.json")):
        tally.merge(json.loads(file.read_text("utf-8")))
