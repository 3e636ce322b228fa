"""The queue of asynchronous invocations: what is submitted, asked for and stopped (api-fc.md 5).

An invocation is committed before anybody is told that it was accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fnfkit.cloud.fc.checks import check_task_id
from fnfkit.cloud.fc.destinations import Destinations
from fnfkit.cloud.fc.dispatch import Dispatcher, Watch, remembered
from fnfkit.cloud.fc.ledger import Ledger
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.fc.tasks import S
from fnfkit.cloud.store import Store
from fnfkit.model.names import FunctionRef
from fnfkit.ports import EntityTooLarge, Page
from fnfkit.ports.functions import LATEST, TaskEvent, TaskQuery, TaskRecord

LARGEST_EVENT = 128 * 1024
"""Bytes of an asynchronous event (api-fc.md 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is to be done later. `origin` names the task call of a flow that wants it."""

    service: str
    function: str
    payload: bytes
    qualifier: str = ""
    task_id: str = ""
    stateful: bool = False
    origin: str = ""


class InvocationQueue:
    """The asynchronous invocations of an account."""

    def __init__(self, functions: FunctionService, store: Store, destinations: Destinations) -> None:
        self._functions = functions
        self._store = store
        self._lock = functions.lock
        self._now = functions.clock.now
        self._ledger = Ledger(store)
        self._dispatcher = Dispatcher(functions, store, self._ledger, destinations)
        destinations.submit = self._submit_to
        functions.on_removed = self._invalidate

    def recover(self) -> None:
        """Takes up what the store has kept: what waited waits on, what ran runs again."""
        with self._lock:
            self._ledger.recover()
            for entry in self._ledger:
                self._dispatcher.take_up(entry)
            self._store.commit()

    def submit(self, order: Submission) -> TaskRecord:
        """Accepts an invocation; when this returns it is durable. Made again by the same origin it is the same one.

        Raises what `FunctionService.find` raises, `TaskAlreadyExists`, `EntityTooLarge` and `InvalidArgument`.
        """
        size = len(order.payload)
        if size > LARGEST_EVENT:
            raise EntityTooLarge(f"the event has {size} bytes; asynchronous ones may have {LARGEST_EVENT}")
        with self._lock:
            now = self._now()
            self._ledger.purge(now)
            if known := self._ledger.of_origin(order.origin):
                return known.task
            self._functions.find(order.service, order.qualifier, order.function)
            config = self._dispatcher.config(order.service, order.function, order.qualifier)
            stateful = order.stateful or config.stateful
            task = self._accepted(order, now, stateful=stateful)
            entry = self._ledger.add(task, order.payload, stateful=stateful, origin=order.origin)
            self._store.commit()
            self._dispatcher.schedule(entry)
            return task

    def watch(self, origin: str, watch: Watch) -> Callable[[], None]:
        """Tells of the end of what an origin has submitted, at once if it is over; returns how to stop that."""
        with self._lock:
            entry = self._ledger.of_origin(origin)
            if entry is None:
                return _nothing
            if not entry.task.status.final:
                return self._dispatcher.watch(entry, watch)
        watch(entry.task, remembered(entry.task))
        return _nothing

    def stop(self, service: str, function: str, task_id: str, qualifier: str = "") -> None:
        """Ends a task, wherever it is; one that has ended stays as it is (undetermined, api-fc.md 5.3).

        Raises `TaskNotFound`.
        """
        with self._lock:
            self._ledger.purge(self._now())
            end = self._dispatcher.stop(self._ledger.task(service, function, task_id, qualifier))
        end()

    def task(self, service: str, function: str, task_id: str, qualifier: str = "") -> TaskRecord:
        """Raises `TaskNotFound`."""
        with self._lock:
            self._ledger.purge(self._now())
            return self._ledger.task(service, function, task_id, qualifier).task

    def page(
        self, service: str, function: str, query: TaskQuery, *, limit: int | None, next_token: str | None
    ) -> Page[TaskRecord]:
        """The tasks of a function. Raises `FunctionNotFound`, `InvalidArgument`."""
        with self._lock:
            self._ledger.purge(self._now())
            self._functions.find(service, "", function)
            return self._ledger.page((service, function), query, limit, next_token)

    def _accepted(self, order: Submission, now: int, *, stateful: bool) -> TaskRecord:
        request_id = self._functions.new_request_id()
        return TaskRecord(
            id=check_task_id(order.task_id) if stateful and order.task_id else request_id,
            service=order.service,
            function=order.function,
            qualifier=order.qualifier or LATEST,
            status=S.ENQUEUED,
            request_id=request_id,
            started=now,
            payload=order.payload.decode("utf-8", "replace"),
            events=(TaskEvent(id=1, status=S.ENQUEUED, at=now),),
        )

    def _submit_to(self, target: FunctionRef, payload: bytes) -> TaskRecord:
        return self.submit(
            Submission(service=target.service, function=target.function, qualifier=target.qualifier, payload=payload)
        )

    def _invalidate(self, service: str, function: str) -> None:
        """Has what waits for a function looked at now: it has been deleted."""
        for entry in self._ledger:
            if entry.place == (service, function) and entry.task.status is S.ENQUEUED:
                entry.due = self._now()
                self._dispatcher.schedule(entry)


def _nothing() -> None:
    return None
