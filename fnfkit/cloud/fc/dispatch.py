"""Running what the queue of asynchronous invocations holds: when there is room, again if it fails (api-fc.md 5.2).

The rules of this file:

1. State changes happen with the lock held and are committed; functions, destinations and watchers run without it.
2. What was running when the account went down runs again: delivery is at least once (api-fc.md 5.2).
3. Want of room is no failure: it is tried again after a growing while, uncounted, until the event is too old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from fnfkit.cloud.clock import Timer
from fnfkit.cloud.fc.destinations import Destinations
from fnfkit.cloud.fc.function import Answer, Call
from fnfkit.cloud.fc.ledger import Ledger
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.fc.tasks import DELIVERED, LONGEST_RETURN, PENDING, UNDELIVERED, Entry, S, moved
from fnfkit.cloud.store import Store
from fnfkit.ports import Fault
from fnfkit.ports.functions import AsyncConfig, TaskRecord

FIRST_WAIT, LONGEST_WAIT = 0.5, 5 * 3600.0
"""Seconds of the back-off that doubles (api-fc.md 5.2); that failed runs wait as long is inferred."""

DEFAULTS = AsyncConfig()

Watch = Callable[[TaskRecord, Answer | None], None]
"""Told of the end of an invocation; the answer is None if the function did not run to its end."""


class Dispatcher:
    """Takes entries of a ledger through their states. Methods that say so are called with the lock held."""

    def __init__(self, functions: FunctionService, store: Store, ledger: Ledger, destinations: Destinations) -> None:
        self._functions = functions
        self._store = store
        self._ledger = ledger
        self._destinations = destinations
        self._lock = functions.lock
        self._now = functions.clock.now
        self._timers: dict[int, Timer] = {}
        self._running: dict[int, Callable[[], None]] = {}
        """What ends the runs in progress."""
        self._watches: dict[int, list[Watch]] = {}

    def take_up(self, entry: Entry) -> None:
        """Goes on with an entry after a restart; with the lock held."""
        match entry.task.status:
            case S.DEQUEUED | S.RUNNING:
                if entry.task.status is S.DEQUEUED:
                    self._move(entry, S.RUNNING)
                self._move(entry, S.RETRYING, "the account was restarted")
            case S.STOPPING:
                self._end(entry, S.STOPPED, None)
            case _ if entry.task.destination_status == PENDING:
                self._functions.later(0, partial(self._deliver, entry, remembered(entry.task)))
        if entry.task.status in (S.ENQUEUED, S.RETRYING):
            self.schedule(entry)

    def config(self, service: str, function: str, qualifier: str) -> AsyncConfig:
        """What is configured for a function, or the defaults."""
        return self._functions.releases.config(service, function, qualifier) or DEFAULTS

    def schedule(self, entry: Entry) -> None:
        """Has an entry tried when it is due; with the lock held."""
        self._unschedule(entry)
        self._timers[entry.number] = self._functions.clock.call_at(entry.due, partial(self._attempt, entry))

    def watch(self, entry: Entry, watch: Watch) -> Callable[[], None]:
        """Tells of the end of an entry that has not ended; with the lock held. Returns how to stop that."""
        watches = self._watches.setdefault(entry.number, [])
        watches.append(watch)
        return partial(_remove, watches, watch)

    def stop(self, entry: Entry) -> Callable[[], None]:
        """Ends an entry, wherever it is; with the lock held. Returns what to call without it."""
        match entry.task.status:
            case S.ENQUEUED:
                self._unschedule(entry)
                self._end(entry, S.STOPPED, None)
            case S.RETRYING:
                self._unschedule(entry)
                self._move(entry, S.STOPPING)
                self._end(entry, S.STOPPED, None)
            case S.RUNNING:
                self._move(entry, S.STOPPING)
        return self._running.get(entry.number, _nothing)

    def _unschedule(self, entry: Entry) -> None:
        timer = self._timers.pop(entry.number, None)
        if timer is not None:
            timer.cancel()

    def _move(self, entry: Entry, status: S, detail: str = "") -> None:
        entry.task = moved(entry.task, status, self._now(), detail)
        self._ledger.keep(entry)
        self._store.commit()

    def _attempt(self, entry: Entry) -> None:
        with self._lock:
            self._timers.pop(entry.number, None)
            if entry.task.status not in (S.ENQUEUED, S.RETRYING):
                return
            config = self.config(entry.task.service, entry.task.function, entry.task.qualifier)
            expiry = entry.task.started + config.max_age * 1000
            if entry.task.status is S.ENQUEUED and self._now() >= expiry:
                self._end(entry, S.EXPIRED, None)
                return
        self._run(entry, config, expiry)

    def _run(self, entry: Entry, config: AsyncConfig, expiry: int) -> None:
        task = entry.task
        call = Call(payload=entry.payload, request_id=task.request_id, qualifier=task.qualifier)
        done = partial(self._answered, entry, config, expiry)
        try:
            deployed = self._functions.find(task.service, task.qualifier, task.function)
            end = self._functions.begin(deployed, call, done, on_enter=partial(self._begun, entry))
        except Fault as fault:
            self._refused(entry, expiry, fault)
            return
        with self._lock:
            if entry.number in self._running:  # else it has been answered already
                self._running[entry.number] = end
            stopping = entry.task.status is S.STOPPING
        if stopping:
            end()

    def _begun(self, entry: Entry) -> None:
        """There is room: the invocation leaves the queue."""
        with self._lock:
            if entry.task.status is S.ENQUEUED:
                entry.task = moved(entry.task, S.DEQUEUED, self._now())
            entry.throttled = 0
            self._running[entry.number] = _nothing
            self._move(entry, S.RUNNING)

    def _refused(self, entry: Entry, expiry: int, fault: Fault) -> None:
        """Function Compute did not take the call, or a stub says that it did not."""
        with self._lock:
            self._running.pop(entry.number, None)
            if entry.task.status.final:
                return
            if fault.status == 429 or fault.status >= 500:
                self._put_off(entry, expiry, fault.code)
            elif entry.task.status is S.ENQUEUED:
                self._end(entry, S.INVALID, None, fault.code)
            else:
                if entry.task.status is S.RETRYING:
                    self._move(entry, S.RUNNING)
                self._end(entry, S.FAILED, None, fault.code)

    def _put_off(self, entry: Entry, expiry: int, code: str) -> None:
        wait = min(FIRST_WAIT * 2 ** min(entry.throttled, 30), LONGEST_WAIT)
        entry.throttled += 1
        entry.due = self._now() + round(wait * 1000)
        if entry.task.status is S.RUNNING:  # a stub that refuses after it has been reached
            self._move(entry, S.RETRYING, code)
        if entry.task.status is S.ENQUEUED:
            entry.due = min(entry.due, expiry)
        self._ledger.keep(entry)
        self._store.commit()
        self.schedule(entry)

    def _answered(self, entry: Entry, config: AsyncConfig, expiry: int, answer: Answer) -> None:
        with self._lock:
            self._running.pop(entry.number, None)
            entry.task = replace(entry.task, instance=answer.instance)
            if entry.task.status is S.STOPPING:
                self._end(entry, S.STOPPED, None)
            elif not answer.error_type:
                self._end(entry, S.SUCCEEDED, answer)
            else:
                self._failed(entry, config, expiry, answer)

    def _failed(self, entry: Entry, config: AsyncConfig, expiry: int, answer: Answer) -> None:
        retries = entry.task.retries
        due = self._now() + round(FIRST_WAIT * 2**retries * 1000)
        if retries >= config.max_retries or due > expiry:
            self._end(entry, S.FAILED, answer, answer.error_type)
            return
        entry.task = replace(entry.task, retries=retries + 1)
        entry.due = due
        self._move(entry, S.RETRYING, _error(answer.error_type))
        self.schedule(entry)

    def _end(self, entry: Entry, status: S, answer: Answer | None, error: str = "") -> None:
        returned = answer.body.decode("utf-8", "replace")[:LONGEST_RETURN] if answer else ""
        wanted = self._destination(entry, status)
        entry.task = replace(entry.task, error=error, returned=returned, destination_status=PENDING if wanted else "")
        self._move(entry, status, _error(error) if error else "")
        watches = self._watches.pop(entry.number, [])
        if wanted or watches:
            self._functions.later(0, partial(self._tell, entry, answer, watches))

    def _tell(self, entry: Entry, answer: Answer | None, watches: list[Watch]) -> None:
        for watch in tuple(watches):
            watch(entry.task, answer)
        self._deliver(entry, answer)

    def _destination(self, entry: Entry, status: S) -> str:
        config = self.config(entry.task.service, entry.task.function, entry.task.qualifier)
        if status is S.SUCCEEDED:
            return config.on_success
        return config.on_failure if status in (S.FAILED, S.EXPIRED) else ""

    def _deliver(self, entry: Entry, answer: Answer | None) -> None:
        if entry.task.destination_status != PENDING:
            return
        delivered = self._destinations.deliver(self._destination(entry, entry.task.status), entry.task, answer)
        with self._lock:
            entry.task = replace(entry.task, destination_status=DELIVERED if delivered else UNDELIVERED)
            self._ledger.keep(entry)
            self._store.commit()


def remembered(task: TaskRecord) -> Answer | None:
    """The answer as far as a task that has ended still knows it."""
    if task.status not in (S.SUCCEEDED, S.FAILED) or (task.status is S.FAILED and not task.returned):
        return None
    return Answer(body=task.returned.encode(), error_type=task.error, request_id=task.request_id)


def _error(name: str) -> str:
    return f'{{"Error":"{name}"}}'


def _remove(watches: list[Watch], watch: Watch) -> None:
    if watch in watches:
        watches.remove(watch)


def _nothing() -> None:
    return None
