"""What the fixtures give; loaded when the first of them is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Unpack

import pytest

from fnfkit.cloud.fc.runtime import Latency
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    EventRecord,
    MessageNotExist,
    QueueAttributes,
    QueueRecord,
    ReceivedMessage,
    SentMessage,
)
from fnfkit.testing.local import LocalCloud, Options
from fnfkit.testing.real import RealCloud, official_flows
from fnfkit.testing.run import Run
from fnfkit.testing.sources import AnyFlow
from fnfkit.testing.trace import read_file, read_history

TARGETS = ("local", "served", "real")


class RunFlow(Protocol):
    """`cloud.run`."""

    def __call__(self, flow: AnyFlow, input: JsonObject | None = None, *, name: str = "", **inputs: Json) -> Run: ...


def cloud_of(request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    """The cloud of a test, made as its markers say."""
    target = _argument(request, "target", "local")
    if target not in TARGETS:
        raise pytest.UsageError(f"@pytest.mark.target({target!r}): the targets are {', '.join(TARGETS)}")
    if target == "real" and not request.config.getoption("--fnf-real"):
        pytest.skip("runs on the real account only; ask for that with --fnf-real")
    with ExitStack() as stack:
        cloud = stack.enter_context(_real() if target == "real" else _local(request))
        if target == "served":
            cloud.door = official_flows(stack.enter_context(cloud.serve()))
        yield cloud


def _real() -> LocalCloud:
    try:
        return RealCloud()
    except Exception as problem:  # whatever keeps the SDK from connecting, e.g. that there are no credentials
        pytest.fail(f"the real account cannot be used: {problem}", pytrace=False)


def _local(request: pytest.FixtureRequest) -> LocalCloud:
    durable = request.node.get_closest_marker("durable") is not None
    return LocalCloud(
        seed=int(_number(request, "seed")),
        latency=_latency(request),
        throttle=request.node.get_closest_marker("throttling") is not None,
        store=request.getfixturevalue("tmp_path") / "account.db" if durable else None,
    )


def _latency(request: pytest.FixtureRequest) -> float | Latency:
    found = request.node.get_closest_marker("latency")
    if found is None or not found.kwargs:
        return float(_number(request, "latency"))
    try:
        return Latency(*found.args, **found.kwargs)
    except TypeError:
        raise pytest.UsageError("@pytest.mark.latency takes seconds, or cold= and warm=") from None


def _argument(request: pytest.FixtureRequest, marker: str, default: Any) -> Any:
    found = request.node.get_closest_marker(marker)
    if found is None:
        return default
    if len(found.args) != 1 or found.kwargs:
        raise pytest.UsageError(f"@pytest.mark.{marker} takes one argument")
    return found.args[0]


def _number(request: pytest.FixtureRequest, marker: str) -> float:
    found = _argument(request, marker, 0)
    if not isinstance(found, int | float):
        raise pytest.UsageError(f"@pytest.mark.{marker} takes a number, not {found!r}")
    return found


class CloudMaker:
    """Makes clouds, and closes them when the test is over."""

    def __init__(self) -> None:
        self._made = ExitStack()

    def __call__(self, **options: Unpack[Options]) -> LocalCloud:
        """A cloud with these options of `LocalCloud`."""
        return self._made.enter_context(LocalCloud(**options))

    def __enter__(self) -> CloudMaker:
        return self

    def __exit__(self, *error: object) -> None:
        self._made.close()


@dataclass(frozen=True, slots=True)
class TestClock:
    """Virtual time."""

    __test__ = False
    cloud: LocalCloud

    @property
    def now(self) -> int:
        """Unix milliseconds."""
        return self.cloud.clock.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the test began."""
        return self.cloud.elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due."""
        self.cloud.advance(seconds)


@dataclass(frozen=True, slots=True)
class QueueMaker:
    """Makes queues."""

    cloud: LocalCloud

    def __call__(self, name: str = "jobs", **attributes: int) -> TestQueue:
        """A queue with these attributes, e.g. `visibility_timeout=5`; one that exists already is taken as it is."""
        self.cloud.cloud.queues.create_queue(name, QueueAttributes(**attributes))  # type: ignore[arg-type]
        return TestQueue(self.cloud, name)


@dataclass(frozen=True, slots=True)
class TestQueue:
    """A queue, as a test looks at it."""

    __test__ = False
    cloud: LocalCloud
    name: str

    def send(self, body: str, *, delay_seconds: int | None = None, priority: int | None = None) -> SentMessage:
        """Send a message."""
        return self.cloud.queues.send_message(self.name, body, delay_seconds=delay_seconds, priority=priority)

    def receive(self, wait_seconds: int = 0) -> ReceivedMessage | None:
        """The next message, hidden for the visibility timeout; None if there is none within the wait."""
        try:
            return self.cloud.queues.receive_message(self.name, wait_seconds=wait_seconds)
        except MessageNotExist:
            return None

    def delete(self, message: ReceivedMessage) -> None:
        """Delete a message that was received."""
        self.cloud.queues.delete_message(self.name, message.receipt_handle)

    @property
    def record(self) -> QueueRecord:
        """Its attributes and counters."""
        return self.cloud.cloud.queues.get_queue_attributes(self.name)

    def __len__(self) -> int:
        record = self.record
        return record.active + record.inactive + record.delayed


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads histories."""

    cloud: LocalCloud

    def __call__(self, what: Run | Path | str) -> list[EventRecord]:
        """The events of a run, or of a file or text with the JSON of GetExecutionHistory. Raises `NotAHistory`."""
        if isinstance(what, Run):
            return what.history
        return read_file(what) if isinstance(what, Path) else read_history(what)
