"""Workers on virtual time, in the thread of the test: the real policy, leases and ledger, without threads or sleeps.

A worker takes what becomes visible in its queue, one message at a time, whenever the cloud is driven. Waiting for
messages is no reason for time to pass; a hidden message is. A refused report or deletion leaves the message, which
comes again when its visibility ends: workers of the harness do not pause and try again in between.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Any, Self, cast

from fnfkit.cloud.clock import Timer
from fnfkit.ports import Flows, QueueAlreadyExist, Queues, ReceivedMessage
from fnfkit.testing.local import LocalCloud
from fnfkit.workers import dead_letter_queue
from fnfkit.workers.counters import Counters
from fnfkit.workers.handler import Handler, Task
from fnfkit.workers.job import Desk
from fnfkit.workers.lease import Lease
from fnfkit.workers.ledger import Ledger
from fnfkit.workers.outcome import Outcome

_WAIT = 30


class _Death(BaseException):
    """The worker's process ends here."""


@dataclass(slots=True)
class HarnessWorker:
    """A worker of one queue: what it has done so far, and how often it died."""

    queue: str
    handler: Handler
    ledger: Ledger
    counters: Counters = field(default_factory=Counters)
    deaths: int = 0
    stopped: bool = False
    tasks: list[Task] = field(default_factory=list)
    """Every task its handler was given, in order; one that comes twice is there twice."""

    def stop(self) -> None:
        """Takes no more messages."""
        self.stopped = True


class WorkerHarness:
    """Runs workers on a test's cloud."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._workers: list[tuple[HarnessWorker, dict[str, Any]]] = []
        cloud.power.on_recovered.append(self._take_up)

    def work(
        self,
        queue: str,
        handler: Callable[..., Any],
        *,
        retry: tuple[type[Exception], ...] = (),
        ledger: Ledger | None = None,
        lease: int = 30,
        max_deliveries: int = 10,
        dead_letters: str = "",
    ) -> HarnessWorker:
        """Start a worker; the queue is made if there is none. Options are those of `fnfkit.workers.Worker`.

        The ledger, in memory unless given, survives the worker's death as a file would.
        """
        cloud = self._cloud
        with suppress(QueueAlreadyExist):  # with attributes of its own
            cloud.cloud.queues.create_queue(queue)
        made = ledger or Ledger(now=lambda: cloud.clock.now() / 1000)
        worker = HarnessWorker(queue, Handler(handler, retry=retry), made)
        letters = dead_letters or dead_letter_queue(queue)
        self._workers.append((worker, {"lease": lease, "most": max_deliveries, "letters": letters}))
        self._poll(worker, **self._workers[-1][1])
        return worker

    def _take_up(self) -> None:
        for worker, options in self._workers:
            self._poll(worker, **options)

    def _poll(self, worker: HarnessWorker, **options: Any) -> None:
        if worker.stopped:
            return
        cloud = self._cloud.cloud

        def deliver(messages: tuple[ReceivedMessage, ...]) -> None:
            cloud.loop.post(lambda: self._received(worker, messages, **options))

        cloud.queues.poll(worker.queue, 1, _WAIT, deliver, background=True)

    def _received(self, worker: HarnessWorker, messages: tuple[ReceivedMessage, ...], **options: Any) -> None:
        for message in messages:
            worker.counters.add("received")
            self._do(worker, message, **options)
        self._poll(worker, **options)

    def _do(self, worker: HarnessWorker, message: ReceivedMessage, *, lease: int, most: int, letters: str) -> None:
        cloud = self._cloud
        clock = _Clock(cloud)
        remaining = message.next_visible - clock.now()
        queues = cast(Queues, _Mortal(cloud.queues, self._dies(worker, "delete"), "delete_message"))
        held = Lease(queues, worker.queue, message, clock=clock, seconds=lease, remaining=remaining)
        desk = Desk(
            queues=queues,
            flows=cast(Flows, _Mortal(cloud.flows, self._dies(worker, "report"), "report_task_")),
            handler=cast(Handler, _Watched(worker, self._dies(worker, "handler"))),
            ledger=worker.ledger,
            clock=clock,
            counters=worker.counters,
            random=Random(cloud.seed),  # noqa: S311
            dead_letters=letters,
            max_deliveries=most,
            lease_seconds=lease,
            attempts=1,
        )
        try:
            desk.do(held)
        except _Death:
            worker.deaths += 1
            held.leave()

    def _dies(self, worker: HarnessWorker, at: str) -> Callable[[], None]:
        def look() -> None:
            if self._cloud.faults.on_worker(at, worker.queue):
                raise _Death

        return look

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker, _ in self._workers:
            worker.stop()
            worker.handler.close()
            worker.ledger.close()


@dataclass(frozen=True, slots=True)
class _Clock:
    """The clock of whatever account there is after the latest crash."""

    cloud: LocalCloud

    def now(self) -> int:
        return self.cloud.clock.now()

    def call_at(self, due: int, action: Callable[[], None]) -> Timer:
        return self.cloud.clock.call_at(due, action)


class _Mortal:
    """A port that a worker may die before it reaches."""

    def __init__(self, port: object, look: Callable[[], None], prefix: str) -> None:
        self._port, self._look, self._prefix = port, look, prefix

    def __getattr__(self, name: str) -> Any:
        if name.startswith(self._prefix):
            self._look()
        return getattr(self._port, name)


@dataclass(frozen=True, slots=True)
class _Watched:
    """A handler that a worker may die in, and whose tasks are noted."""

    worker: HarnessWorker
    look: Callable[[], None]

    def run(self, task: Task) -> Outcome:
        self.worker.tasks.append(task)
        self.look()
        return self.worker.handler.run(task)
