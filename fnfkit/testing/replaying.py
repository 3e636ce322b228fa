"""A recorded history as a regression test: the flow is played with the recorded answers and must do the same again.

Branches are compared each by itself, since a real service interleaves them in its own way; so are times, tokens and
the spelling of resources, which differ from account to account.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from fnfkit.engine import Execution, Settings, advance, compile, parse_token
from fnfkit.engine.commands import Command, Invoke, SetTimer
from fnfkit.engine.events import Accepted, Completed, Event, Failed, Reported, ReportedFailure, Resume, Start, Stop
from fnfkit.engine.events import TimerFired as Fired
from fnfkit.engine.state import TaskRun
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json
from fnfkit.ports import EventRecord
from fnfkit.testing.sources import AnyFlow, source_of
from fnfkit.testing.table import summary
from fnfkit.testing.trace import ENDS, FAILURES, Fact, input_of, read_history

Scope: TypeAlias = tuple[tuple[str, int], ...]
"""A branch or iteration by the container steps and numbers that lead to it; () is the flow's own sequence."""
_ENTERS, _LEAVES = ("BranchEntered", "IterationEntered"), ("BranchExited", "IterationExited")
_COMPARED = ("input", "output", "local", "error", "goto", "retryCount")
MOST_EVENTS = 50_000


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where the flow does something else than was recorded; None stands for nothing at all."""

    recorded: EventRecord | None
    replayed: EventRecord | None
    what: str

    def __str__(self) -> str:
        lines = [self.what]
        for name, event in (("recorded", self.recorded), ("replayed", self.replayed)):
            shown = "nothing" if event is None else f"{event.id} {event.type} {event.step} {summary(event)}".rstrip()
            lines.append(f"  {name}: {shown}")
        return "\n".join(lines)


def replay(
    history: Sequence[EventRecord] | Path | str, flow: AnyFlow, *, settings: Settings | None = None
) -> Divergence | None:
    """Play a flow with the answers of a recorded history; the first divergence, or None.

    The history may be the JSON of GetExecutionHistory, or a file of it. Raises `NotAHistory`, `CannotRead`.
    """
    recorded = events_of(history)
    execution = Execution(compile(source_of(flow).flow), "flow", "replayed", settings or Settings())
    _Replay(recorded, execution).run()
    replayed = [
        EventRecord(id=e.id, scheduled_by=e.scheduled_by, type=e.type, step=e.step, time=e.at, detail=e.detail)
        for e in execution.history
    ]
    return _compare(recorded, replayed)


def events_of(history: Sequence[EventRecord] | Path | str) -> list[EventRecord]:
    """The events of a history in whatever form."""
    if isinstance(history, Path):
        history = history.read_text("utf-8")
    return read_history(history) if isinstance(history, str) else list(history)


class Scopes:
    """Follows a history through its branches (fdl.md 6.2)."""

    def __init__(self) -> None:
        self._after: dict[int, Scope] = {0: ()}
        self._begun: dict[int, int] = {}

    def place(self, event: Fact) -> Scope:
        """The scope an event belongs to; events must come in order."""
        scope = self._after.get(event.scheduled_by, ())
        if event.type in _ENTERS:
            number = self._begun.get(event.scheduled_by, 0)
            self._begun[event.scheduled_by] = number + 1
            scope = (*scope, (event.step, number))
        leaves = event.type in _LEAVES or (event.type == "StepFailed" and bool(scope) and scope[-1][0] == event.step)
        self._after[event.id] = scope[:-1] if leaves else scope
        if event.type in ENDS:
            return ()
        return scope[:-1] if leaves and event.type == "StepFailed" else scope

    def after(self, id: int) -> Scope:
        """The scope that an event scheduled by that one belongs to."""
        return self._after.get(id, ())


class _Replay:
    """Drives the engine with recorded answers, each at its recorded time."""

    def __init__(self, recorded: list[EventRecord], execution: Execution) -> None:
        self.execution = execution
        self.recorded = recorded
        self.attempts: dict[tuple[Scope, str], deque[list[EventRecord]]] = defaultdict(deque)
        self.queue: list[tuple[int, int, Event]] = []
        self.timers: list[tuple[int, int]] = []
        self.planned: set[int] = set()
        self.scopes = Scopes()
        self.placed = 0
        self._collect()

    def _collect(self) -> None:
        """The events of each attempt after its start, by scope and step."""
        scopes, open_ = Scopes(), dict[tuple[Scope, str], list[EventRecord]]()
        for event in self.recorded:
            key = (scopes.place(event), event.step)
            if event.type == "TaskScheduled":
                open_[key] = []
                self.attempts[key].append(open_[key])
            elif event.type.startswith("Task") and key in open_:
                open_[key].append(event)

    def run(self) -> None:
        start = self.recorded[0].time if self.recorded else 0
        for event in self.recorded:
            if event.type == "ExecutionStopped":
                stop = Stop(event.time, str(event.detail.get("error", "")), str(event.detail.get("cause", "")))
                heapq.heappush(self.queue, (event.time, event.id, stop))
        more = self._feed(Start(start, input_of(self.recorded)))
        for _ in range(MOST_EVENTS):
            if self.execution.ended:
                return
            following = Resume(self.execution.now) if more else self._next()
            if following is None:
                return
            more = self._feed(following)

    def _feed(self, event: Event) -> bool:
        transition = advance(self.execution, event)
        for entry in self.execution.history[self.placed :]:
            self.scopes.place(entry)
        self.placed = len(self.execution.history)
        for command in transition.commands:
            self._perform(command)
        return transition.more

    def _next(self) -> Event | None:
        due = self.timers[0][0] if self.timers else None
        if self.queue and (due is None or self.queue[0][0] <= due or self._overtaken()):
            return heapq.heappop(self.queue)[2]
        if due is None:
            return None
        due, timer = heapq.heappop(self.timers)
        return Fired(due, timer)

    def _overtaken(self) -> bool:
        """Whether the next timer limits a call whose answer is recorded: then it did not fire."""
        alarm = self.execution.timers.get(self.timers[0][1])
        return alarm is not None and isinstance(alarm.run, TaskRun) and alarm.run.call in self.planned

    def _perform(self, command: Command) -> None:
        match command:
            case Invoke(call=call):
                run = self.execution.calls.get(call)
                scope = self.scopes.after(run.scope.last) if run is not None else ()
                attempts = self.attempts.get((scope, command.step))
                self._plan(command, attempts.popleft() if attempts else [])
            case SetTimer(timer=timer, due=due):
                year = self.execution.deadline is not None and self.execution.deadline.timer == timer
                if not (year and self.execution.program.timeout is None):
                    heapq.heappush(self.timers, (due, timer))
            case _:
                pass

    def _plan(self, call: Invoke, attempt: list[EventRecord]) -> None:
        """Has the answers of an attempt come as they were recorded."""
        for record in attempt:
            event = _answer(call, record)
            if event is not None:
                heapq.heappush(self.queue, (record.time, record.id, event))
                if not isinstance(event, Accepted):
                    self.planned.add(call.call)


def _answer(call: Invoke, record: EventRecord) -> Event | None:
    detail, callback = record.detail, call.pattern is Pattern.WAIT_FOR_CALLBACK
    error, cause = str(detail.get("error", "")), detail.get("cause", "")
    match record.type:
        case "TaskSubmitted":
            return Accepted(record.time, call.call)
        case "TaskSucceeded" if callback:
            return Reported(record.time, call.token, detail.get("output") or {})
        case "TaskSucceeded":
            return Completed(record.time, call.call, detail.get("output") or {})
        case "TaskFailed" if callback:
            return ReportedFailure(
                record.time, call.token, error, cause if isinstance(cause, str) else json.dumps(cause)
            )
        case "TaskFailed" | "TaskSubmitFailed":
            return Failed(record.time, call.call, error, cause)
        case _:
            return None


def _compare(recorded: list[EventRecord], replayed: list[EventRecord]) -> Divergence | None:
    theirs, ours = _by_scope(recorded), _by_scope(replayed)
    found = [difference for scope in {**theirs, **ours} if (difference := _first(theirs[scope], ours[scope]))]
    return min(found, key=_order, default=None)


def _order(divergence: Divergence) -> tuple[int, int]:
    at = divergence.recorded or divergence.replayed
    return (0, 0) if at is None else (divergence.recorded is None, at.id)


def _by_scope(events: list[EventRecord]) -> defaultdict[Scope, list[EventRecord]]:
    scopes, found = Scopes(), defaultdict[Scope, list[EventRecord]](list)
    for event in events:
        found[scopes.place(event)].append(event)
    return found


def _first(theirs: list[EventRecord], ours: list[EventRecord]) -> Divergence | None:
    for recorded, replayed in zip(theirs, ours, strict=False):
        if (recorded.type, recorded.step) != (replayed.type, replayed.step):
            return Divergence(recorded, replayed, f"event {recorded.id} is another")
        for key in _differing(recorded, replayed):
            return Divergence(recorded, replayed, f"event {recorded.id} has another {key}")
    if len(theirs) > len(ours):
        return Divergence(theirs[len(ours)], None, f"event {theirs[len(ours)].id} does not come")
    if len(ours) > len(theirs):
        more = theirs[-1].type not in ENDS if theirs else True
        return Divergence(None, ours[len(theirs)], "an event comes that was not recorded") if more else None
    return None


def _differing(recorded: EventRecord, replayed: EventRecord) -> Iterator[str]:
    if recorded.type in FAILURES:
        return
    for key in _COMPARED:
        both = key in recorded.detail and key in replayed.detail
        if both and not _same(recorded.detail[key], replayed.detail[key]):
            yield key


def _same(theirs: Json, ours: Json) -> bool:
    match theirs, ours:
        case dict(), dict():
            return theirs.keys() == ours.keys() and all(_same(theirs[key], ours[key]) for key in theirs)
        case list(), list():
            return len(theirs) == len(ours) and all(map(_same, theirs, ours))
        case str(), str():
            return theirs == ours or parse_token(ours) is not None
        case _:
            return bool(theirs == ours)
