"""The worker: receives tasks from queues, runs handlers, reports, deletes; and leaves nothing behind when it ends.

Threads: one per queue receives (a long poll is all it does), `concurrency` of them run handlers, the clock renews
leases. A message is in hand from its receive to its end; there is room for `concurrency` plus `prefetch` of them.

To drain: no more receives, and long polls are ended where the port can; what is in the buffer is given back; what runs
is waited for, its leases renewed.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from random import Random
from types import FrameType
from typing import Any, Protocol, TypeVar, runtime_checkable

from fnfkit.model.names import dead_letter_queue
from fnfkit.ports import Fault, MessageNotExist, Queues, ReceivedMessage
from fnfkit.workers.backoff import delay, pause
from fnfkit.workers.clock import Clock, SystemClock
from fnfkit.workers.counters import Counters
from fnfkit.workers.handler import Handler
from fnfkit.workers.job import Desk, Reports
from fnfkit.workers.lease import Lease
from fnfkit.workers.ledger import Ledger
from fnfkit.workers.room import Room

F = TypeVar("F", bound=Callable[..., Any])

DRAINED, NOT_DRAINED, LOST = 0, 1, 2
"""What `run` returns: all work ended; some handlers did not end in time; a handler took its thread down."""

_BATCH = 16
_GIVE_BACK_SECONDS = 1
_INTERRUPT_SECONDS = 0.1
_LOOK_SECONDS = 0.2
_log = logging.getLogger("fnfkit.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a worker works. Times are in seconds.

    `lease` is what each renewal of a message's visibility asks for; `max_deliveries` after how many a message is
    poison; `attempts` how often a report or deletion is tried while trouble may pass; `dead_letters` names the queue
    for what cannot be worked on (empty: the queue's name with -dlq); `drain` is how long running handlers may take
    to end.
    """

    concurrency: int = 1
    prefetch: int | None = None
    wait: int = 10
    lease: int = 30
    max_deliveries: int = 10
    attempts: int = 6
    drain: float = 25
    dead_letters: str = ""

    def __post_init__(self) -> None:
        for name, low, high in (("concurrency", 1, 1_000), ("wait", 0, 30), ("lease", 2, 43_200)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, not {getattr(self, name)}")


@runtime_checkable
class Interruptible(Protocol):
    """A port whose long polls can be ended from another thread."""

    def interrupt(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Inbox:
    """What a thread takes from the buffer: a job and the desk to do it at."""

    desk: Desk
    lease: Lease


class Worker:
    """Works on the tasks that flows send to queues. `queues` and `flows` are ports: embedded, served or the real ones.

    `ledger` remembers what was done across crashes (in memory unless given); `clock` is time. Handlers are named with
    `task`, or given to `run` together with `queue`.
    """

    def __init__(
        self,
        queues: Queues,
        flows: Reports,
        *,
        queue: str = "",
        options: Options | None = None,
        ledger: Ledger | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.counters = Counters()
        self._queues, self._flows, self._queue = queues, flows, queue
        self._options = options or Options()
        self._ledger = ledger or Ledger()
        self._clock = clock or SystemClock()
        self._random = Random()  # noqa: S311 - spreads retries, guards nothing
        self._handlers: dict[str, Handler] = {}
        prefetch = self._options.concurrency if self._options.prefetch is None else self._options.prefetch
        self._room = Room(self._options.concurrency + prefetch)
        self._inbox: SimpleQueue[_Inbox | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._crash: BaseException | None = None
        self._periods: dict[str, int] = {}

    def task(self, queue: str, *, retry: tuple[type[Exception], ...] = ()) -> Callable[[F], F]:
        """Names the handler of a queue; the function stays what it is. Exceptions in `retry` leave the message."""

        def register(function: F) -> F:
            self._handlers[queue] = Handler(function, retry=retry)
            return function

        return register

    def run(self, handler: Callable[..., Any] | None = None) -> int:
        """Works until `stop`, SIGTERM or SIGINT; returns DRAINED, NOT_DRAINED or LOST."""
        if handler is not None:
            if not self._queue:
                raise ValueError("name the queue of the handler: Worker(queues, flows, queue='fnf-demo')")
            self.task(self._queue)(handler)
        if not self._handlers:
            raise ValueError("the worker has no handler: give one to run, or name some with @worker.task('fnf-demo')")
        with _signals(self.stop):
            return self._run()

    def stop(self) -> None:
        """Has the worker drain and end; from any thread, and from a signal handler."""
        self._stopping.set()

    def _run(self) -> int:
        workers = [self._thread(self._work, number) for number in range(self._options.concurrency)]
        fetchers = [self._thread(self._fetch, queue) for queue in self._handlers]
        while not self._stopping.wait(_LOOK_SECONDS):  # a signal that reached another thread is handled in this one
            pass
        self._room.close()
        drained = threading.Event()
        threading.Thread(target=self._drain, args=(fetchers, workers, drained), daemon=True).start()
        drained.wait(self._options.drain)
        if self._crash is not None:
            _log.error("a handler took its thread down: %r", self._crash)
            return LOST
        return DRAINED if drained.is_set() else NOT_DRAINED

    def _drain(
        self, fetchers: list[threading.Thread], workers: list[threading.Thread], drained: threading.Event
    ) -> None:
        self._give_back()
        for thread in fetchers:
            self._end_polling(thread)
        self._give_back()
        for _ in workers:  # after the last message, so that none of them is forgotten in the buffer
            self._inbox.put(None)
        for thread in workers:
            thread.join()
        drained.set()

    def _give_back(self) -> None:
        with suppress(Empty):
            while True:
                if (job := self._inbox.get_nowait()) is not None:
                    job.lease.leave(_GIVE_BACK_SECONDS)

    def _end_polling(self, thread: threading.Thread) -> None:
        while thread.is_alive():
            if isinstance(self._queues, Interruptible):
                self._queues.interrupt()
            thread.join(_INTERRUPT_SECONDS)

    def _thread(self, target: Callable[[Any], None], argument: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=(argument,), name=f"fnfkit-worker-{argument}", daemon=True)
        thread.start()
        return thread

    # Receiving

    def _fetch(self, queue: str) -> None:
        desk, failures = self._desk(queue), 0
        while wanted := self._room.take(_BATCH):
            taken = 0
            try:
                messages = self._queues.batch_receive_message(queue, wanted, wait_seconds=self._options.wait)
                for message in messages:
                    self._inbox.put(_Inbox(desk, self._lease(queue, message)))
                taken, failures = len(messages), 0
            except MessageNotExist:
                failures = 0
            except Fault as fault:
                if self._stopping.is_set():
                    return
                failures += 1
                self.counters.add("faults")
                _log.warning("cannot receive from %s: %s", queue, fault, extra={"queue": queue, "error": fault.code})
            self.counters.add("received", taken)
            self._room.give(wanted - taken)
            if failures:
                pause(self._clock, delay(failures, self._random), self._stopping)

    def _lease(self, queue: str, message: ReceivedMessage) -> Lease:
        if message.dequeue_count == 1:  # both times are the service's, so that no clocks are compared
            self._periods[queue] = message.next_visible - message.first_dequeued
        remaining = self._periods.get(queue, 0)
        seconds = self._options.lease
        return Lease(self._queues, queue, message, clock=self._clock, seconds=seconds, remaining=remaining)

    def _desk(self, queue: str) -> Desk:
        return Desk(
            queues=self._queues,
            flows=self._flows,
            handler=self._handlers[queue],
            ledger=self._ledger,
            clock=self._clock,
            counters=self.counters,
            random=self._random,
            dead_letters=self._options.dead_letters or dead_letter_queue(queue),
            max_deliveries=self._options.max_deliveries,
            lease_seconds=self._options.lease,
            attempts=self._options.attempts,
        )

    # Working

    def _work(self, _number: int) -> None:
        try:
            while (job := self._inbox.get()) is not None:
                self._do(job)
                self._room.give(1)
        except BaseException as crash:  # a handler that raised SystemExit or worse: say so and end
            self._crash = crash
            self.stop()
        finally:
            for handler in self._handlers.values():
                handler.close()

    def _do(self, job: _Inbox) -> None:
        if self._stopping.is_set():
            job.lease.leave(_GIVE_BACK_SECONDS)
            return
        try:
            job.desk.do(job.lease)
        except BaseException:
            job.lease.leave()
            raise


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT drain, where signals can be handled: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
