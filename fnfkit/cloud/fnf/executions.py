"""Executions: start, stop, describe, list, and their histories."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from itertools import islice

from fnfkit.cloud.fnf.check import (
    CAUSE_CHARS,
    ERROR_CHARS,
    check_choice,
    check_execution_name,
    check_length,
    check_limit,
    check_name,
    check_object,
    check_wait,
    shown,
)
from fnfkit.cloud.fnf.core import Core
from fnfkit.cloud.fnf.run import AnyRun, Run, StoredFlow
from fnfkit.cloud.store import StoreError
from fnfkit.engine import parse_token
from fnfkit.engine.events import Stop
from fnfkit.ports import (
    EventRecord,
    ExecutionAlreadyCompleted,
    ExecutionAlreadyExists,
    ExecutionNotExists,
    ExecutionRecord,
    InvalidArgument,
    Page,
    ResourceThrottled,
    SyncResult,
)

_LARGEST_PAGE = 100
_LARGEST_HISTORY_PAGE = 1000
_EVENT_ID = re.compile(r"[1-9][0-9]{0,11}\Z", re.ASCII)
_STATUSES = ("Starting", "Running", "Stopped", "Succeeded", "Failed", "TimedOut")


class Executions:
    """The executions of the account's flows."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sequence = 0

    def start(
        self, flow: str, name: str | None, input: str | None, *, callback: str | None = None, origin: str = ""
    ) -> AnyRun:
        """Starts an execution, or returns the running one of that name (api-fnf.md 6).

        `origin` is the id of the task call that wants a child: the execution it started before is its own, running or
        not. Raises InvalidArgument, EntityTooLarge, FlowNotExists, ExecutionAlreadyExists, ResourceThrottled.
        """
        check_name(flow, "FlowName")
        if name:
            check_name(name, "ExecutionName")
        text = input or "{}"
        value = check_object(text, "Input")
        if callback and parse_token(callback) is None:
            raise InvalidArgument("CallbackFnFTaskToken is not a task token.")
        core = self._core
        with core.lock:
            stored = core.registry.get(flow)
            _check_mode(stored, "Standard", "StartSyncExecution")
            if origin and not name:
                # The same name for the same call, so that a call repeated after a crash finds its child.
                name = str(uuid.uuid5(uuid.NAMESPACE_OID, origin))
            if name and (existing := core.archive.find(stored, name)) is not None:
                return _existing(existing, origin)
            run = self._make(stored, name or core.ids.uuid(), text)
            self._sequence += 1
            run.sequence = self._sequence
            run.callback = callback or ""
            run.origin = origin
            core.runner.start(run, value)
            core.store.commit()
            return run

    def begin_sync(self, flow: str, name: str | None, input: str | None) -> Run:
        """Starts an execution of an Express flow; its name gets a suffix (api-fnf.md 2).

        Raises InvalidArgument, EntityTooLarge, FlowNotExists, ResourceThrottled.
        """
        check_name(flow, "FlowName")
        if name:
            check_name(name, "ExecutionName")
        text = input or "{}"
        value = check_object(text, "Input")
        core = self._core
        with core.lock:
            stored = core.registry.get(flow)
            _check_mode(stored, "Express", "StartExecution")
            run = self._make(stored, f"{name or core.ids.uuid()}:{core.ids.uuid()}", text)
            core.runner.start(run, value)
            return run

    def _make(self, flow: StoredFlow, name: str, input: str) -> Run:
        core = self._core
        most = core.quotas.running_executions
        if most is not None and core.runner.running >= most:
            # No page names the code for a quota; this one means "not now" (inferred).
            raise ResourceThrottled(f"This account has {most} running executions, its quota; wait or stop some.")
        try:
            return Run(core.runner, flow, flow.revision, name, input=input, started=core.clock.now())
        except ValueError as error:
            raise InvalidArgument(f"The stored definition of flow {flow.record.name} cannot be run: {error}.") from None

    def stop(self, flow: str, name: str, error: str, cause: str) -> ExecutionRecord:
        """Stops a running execution. Raises InvalidArgument, ...NotExists, ExecutionAlreadyCompleted."""
        check_length(error, "Error", ERROR_CHARS)
        check_length(cause, "Cause", CAUSE_CHARS)
        with self._core.lock:
            run = self.find(flow, name)
            if isinstance(run, Run) and not run.ended:
                self._core.runner.fold_now(run, Stop(self._core.clock.now(), error, cause))
                if run.execution.status == "Stopped":
                    return run.record()
            raise ExecutionAlreadyCompleted(f"Execution '{name}' for flow '{flow}' has already completed.")

    def find(self, flow: str, name: str) -> AnyRun:
        """An execution. Raises InvalidArgument, FlowNotExists, ExecutionNotExists."""
        check_name(flow, "FlowName")
        check_execution_name(name, "ExecutionName")
        with self._core.lock:
            run = self._core.archive.find(self._core.registry.get(flow), name)
        if run is None:
            raise ExecutionNotExists(f"Execution {name} for flow {flow} does not exist.")
        return run

    def describe(self, flow: str, name: str, wait_seconds: int) -> ExecutionRecord:
        """An execution, once it has ended or after some seconds of cloud time; waiting drives the loop.

        Raises InvalidArgument, FlowNotExists, ExecutionNotExists.
        """
        check_wait(wait_seconds)
        run = self.find(flow, name)
        if wait_seconds and isinstance(run, Run) and not run.ended:
            self._wait(run, wait_seconds)
        with self._core.lock:
            return run.record()

    def _wait(self, run: Run, seconds: int) -> None:
        core = self._core
        over: list[bool] = []
        timer = core.clock.call_at(core.clock.now() + seconds * 1000, lambda: over.append(True))
        cancel = core.runner.watch(run, lambda: over.append(True))
        try:
            core.loop.run_until(lambda: bool(over))
        finally:
            timer.cancel()
            cancel()

    def run_sync(self, flow: str, name: str | None, input: str | None) -> SyncResult:
        """Starts an execution of an Express flow and drives the loop until it has ended.

        Raises what `begin_sync` raises.
        """
        run = self.begin_sync(flow, name, input)
        self._core.loop.run_until(lambda: run.ended)
        return self.sync_result(run)

    def sync_result(self, run: Run) -> SyncResult:
        """The answer of StartSyncExecution for an execution; one that still waits is stopped first."""
        with self._core.lock:
            if not run.ended:
                cause = "nothing is left that could end this execution: it waits for a report"
                self._core.runner.fold_now(run, Stop(self._core.clock.now(), "FnF.Timeout", cause))
            record = run.record()
        return SyncResult(
            flow=record.flow,
            name=record.name,
            status=record.status,
            error=run.error,
            cause=run.cause,
            output=record.output,
            started=record.started,
            stopped=record.stopped or record.started,
        )

    def watch(self, flow: str, name: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back once an execution has ended, at once if it has. Raises what `find` raises."""
        run = self.find(flow, name)
        if isinstance(run, Run):
            return self._core.runner.watch(run, callback)
        callback()
        return _nothing

    def list(
        self, flow: str, next_token: str | None, limit: int | None, *, admits: Callable[[ExecutionRecord], bool]
    ) -> Page[ExecutionRecord]:
        """Executions, newest first (the order is inferred); the token is the name to start from.

        Raises InvalidArgument, FlowNotExists.
        """
        check_name(flow, "FlowName")
        size = check_limit(limit, _LARGEST_PAGE)
        core = self._core
        with core.lock:
            stored = core.registry.get(flow)
            start = core.archive.find(stored, check_execution_name(next_token, "NextToken")) if next_token else None
            if next_token and start is None:
                raise InvalidArgument(f"NextToken {next_token} names no execution of flow {flow}.")
            records = (run.record() for run in core.archive.newest_first(stored, start))
            found = list(islice(filter(admits, records), size + 1))
        following = found[size].name if len(found) > size else None
        return Page(tuple(found[:size]), following)

    def history(self, flow: str, name: str, next_token: str | None, limit: int | None) -> Page[EventRecord]:
        """Events in order; the token is the id to start from. Raises InvalidArgument, ...NotExists."""
        size = check_limit(limit, _LARGEST_HISTORY_PAGE)
        first = _event_id(next_token) - 1 if next_token else 0
        run = self.find(flow, name)
        with self._core.lock:
            history = run.history()
            events = tuple(map(EventRecord._make, history[first : first + size]))
            return Page(events, str(first + size + 1) if len(history) > first + size else None)

    def recover(self, flows: Iterable[StoredFlow]) -> int:
        """Takes up the running executions of the flows; returns the time of the last thing that happened to them.

        Raises StoreError if this version refuses a definition that runs.
        """
        core = self._core
        latest = 0
        for flow in flows:
            self._sequence = max(self._sequence, core.archive.last_sequence(flow))
            latest = max(latest, core.archive.latest_end(flow))
            for sequence, name, number, input, started, callback, origin in core.archive.live(flow):
                revision = core.archive.revision(flow, number)
                try:
                    run = Run(core.runner, flow, revision, name, input=input, started=started)
                except ValueError as error:
                    place = f"execution {name} of flow {flow.record.name}"
                    raise StoreError(f"{place} cannot go on: its definition is no longer accepted: {error}") from error
                run.sequence, run.callback, run.origin = sequence, callback, origin
                flow.runs[name] = run
                self._sequence = max(self._sequence, sequence)
                latest = max(latest, core.runner.recover(run))
        core.ids.restart(self._sequence)
        core.store.commit()
        return latest


def check_status(status: str | None) -> None:
    """A Status filter. Raises InvalidArgument."""
    if status:
        check_choice(status, "Status", _STATUSES)


def _check_mode(flow: StoredFlow, mode: str, other: str) -> None:
    if flow.record.execution_mode != mode:
        raise InvalidArgument(f"Flow {flow.record.name} is of mode {flow.record.execution_mode}; use {other}.")


def _existing(run: AnyRun, origin: str) -> AnyRun:
    if not run.ended or (origin and run.origin == origin):
        return run
    raise ExecutionAlreadyExists(f"Execution {run.name} for flow {run.flow.record.name} already exists.")


def _event_id(token: str) -> int:
    if not (isinstance(token, str) and _EVENT_ID.match(token)):
        raise InvalidArgument(f"NextToken {shown(token)} is not the id of an event.")
    return int(token)


def _nothing() -> None:
    return None
