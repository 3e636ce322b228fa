"""A recorded history as a regression test: the flow is played with the recorded answers and must do the same again.

Branches are compared each by itself, since a real service interleaves them in its own way; so are times, tokens and
the spelling of resources, which differ from account to account.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from fnfkit.engine import Execution, Settings, advance, compile, parse_token
from fnfkit.engine.commands import Command, Invoke, SetTimer
from fnfkit.engine.events import Accepted, Completed, Event, Failed, Reported, ReportedFailure, Resume, Start, Stop
from fnfkit.engine.events import TimerFired as Fired
from fnfkit.engine.state import TaskRun
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json
from fnfkit.model.printable import visible
from fnfkit.ports import EventRecord
from fnfkit.testing.roles import CALL, Role, position_of, role_of
from fnfkit.testing.sources import AnyFlow, source_of
from fnfkit.testing.table import summary
from fnfkit.testing.trace import ENDS, FAILURES, Fact, input_of, read_file, read_history

Scope: TypeAlias = tuple[tuple[str, int], ...]
"""A branch or iteration by the container steps and numbers that lead to it; () is the flow's own sequence."""
_COMPARED = ("input", "output", "local", "error", "goto", "next", "retryCount")
_NAME = "replayed-5c1f0e9a7d"
"""Stands for the name of the execution, which a history does not tell."""
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
            words = () if event is None else (str(event.id), event.type, event.step, summary(event))
            lines.append(f"  {name}: {' '.join(visible(word) for word in words if word) or 'nothing'}")
        return "\n".join(lines)


def replay(
    history: Sequence[EventRecord] | Path | str, flow: AnyFlow, *, settings: Settings | None = None
) -> Divergence | None:
    """Play a flow with the answers of a recorded history; the first divergence, or None.

    The history may be the JSON of GetExecutionHistory, or a file of it. Raises `NotAHistory`, `CannotRead`.
    """
    recorded = events_of(history)
    source = source_of(flow)
    execution = Execution(compile(source.flow), source.name, _NAME, settings or Settings())
    _Replay(recorded, execution).run()
    replayed = [
        EventRecord(id=e.id, scheduled_by=e.scheduled_by, type=e.type, step=e.step, time=e.at, detail=e.detail)
        for e in execution.history
    ]
    return _compare(recorded, replayed)


def events_of(history: Sequence[EventRecord] | Path | str) -> list[EventRecord]:
    """The events of a history in whatever form. Raises `NotAHistory`."""
    if isinstance(history, Path):
        return read_file(history)
    return read_history(history) if isinstance(history, str) else list(history)


class _Frame(NamedTuple):
    """A branch or iteration under way, by name and number, and the step it stands at; the flow's own has no name."""

    name: str = ""
    number: int = 0
    step: str = ""
    failed: bool = False


class Scopes:
    """Follows a history through its branches (fdl.md 6.2)."""

    def __init__(self) -> None:
        self._after: dict[int, tuple[_Frame, ...]] = {}
        self._begun: dict[int, int] = {}

    def place(self, event: Fact) -> Scope:
        """The scope an event belongs to; events must come in order."""
        frames = own = self._after.get(event.scheduled_by, _ROOT)
        role = role_of(event)
        match role:
            case Role.ENTERED:
                frames = own = (*frames[:-1], frames[-1]._replace(step=event.step, failed=False))
            case Role.BRANCH_ENTERED:
                frames = own = self._branch(frames, event)
            case Role.BRANCH_LEFT:
                frames = frames[:-1] or _ROOT
            case Role.FAILED | Role.RAN_OUT | Role.LEFT | Role.CONCLUDED:
                frames = own = _out_to(frames, event.step, failed=role in (Role.FAILED, Role.RAN_OUT))
            case _:
                pass
        self._after[event.id] = frames
        return () if event.type in ENDS else _scope(own)

    def _branch(self, frames: tuple[_Frame, ...], event: Fact) -> tuple[_Frame, ...]:
        if frames[-1].failed and len(frames) > 1:  # the container runs its branches again (cloudflow.md 6)
            frames = frames[:-1]
        number = position_of(event)
        if number is None:
            number = self._begun.get(event.scheduled_by, 0)
            self._begun[event.scheduled_by] = number + 1
        return (*frames, _Frame(event.step, number))

    def after(self, id: int) -> Scope:
        """The scope that an event scheduled by that one belongs to."""
        return _scope(self._after.get(id, _ROOT))


_ROOT = (_Frame(),)


def _scope(frames: tuple[_Frame, ...]) -> Scope:
    return tuple((frame.name, frame.number) for frame in frames[1:])


def _out_to(frames: tuple[_Frame, ...], step: str, *, failed: bool) -> tuple[_Frame, ...]:
    """The frames up to the one that stands at a step; all of them if none does, as around the steps of an option."""
    for count in range(len(frames), 0, -1):
        if frames[count - 1].step == step:
            return (*frames[: count - 1], frames[count - 1]._replace(failed=failed))
    return frames


class _Replay:
    """Drives the engine with recorded answers, each at its recorded time."""

    def __init__(self, recorded: list[EventRecord], execution: Execution) -> None:
        self.execution = execution
        self.silent = not execution.words.task_scheduled
        self.recorded = recorded
        self.attempts: dict[tuple[Scope, str], deque[list[EventRecord]]] = defaultdict(deque)
        self.queue: list[tuple[int, int, int, Event]] = []
        self.timers: list[tuple[int, int]] = []
        self.planned: set[int] = set()
        self.scopes = Scopes()
        self.placed = 0
        self._collect()

    def _collect(self) -> None:
        """The events of each attempt after its start, by scope and step. Where calls are not recorded, the first
        attempt begins with the step, and every other with the answer to it."""
        scopes, open_ = Scopes(), dict[tuple[Scope, str], list[EventRecord]]()
        begins = Role.BEGUN if self.silent else Role.CALLED
        for event in self.recorded:
            key, role = (scopes.place(event), event.step), role_of(event)
            if role is begins or (self.silent and role in CALL and open_.get(key)):
                open_[key] = []
                self.attempts[key].append(open_[key])
            if role in CALL and role is not Role.CALLED and key in open_:
                open_[key].append(event)

    def run(self) -> None:
        start = self.recorded[0].time if self.recorded else 0
        for event in self.recorded:
            if event.type == "ExecutionStopped":
                stop = Stop(event.time, str(event.detail.get("error", "")), str(event.detail.get("cause", "")))
                self._await(event, stop)
        more = self._feed(Start(start, input_of(self.recorded)))
        for _ in range(MOST_EVENTS):
            if self.execution.ended:
                return
            following = self._turn() or (Resume(self.execution.now) if more else self._next())
            if following is None:
                return
            more = self._feed(following)

    def _turn(self) -> Event | None:
        """The next answer, if it had come before whatever else is to be done now: a branch that fails at once keeps
        those after it from beginning."""
        if (
            self.queue
            and self.queue[0][0] <= self.execution.now
            and self.queue[0][1] <= len(self.execution.history) + 1
        ):
            return heapq.heappop(self.queue)[-1]
        return None

    def _await(self, record: EventRecord, event: Event) -> None:
        """Has an answer come when it was recorded; of two records with one id, as nobody should write them, in turn."""
        heapq.heappush(self.queue, (record.time, record.id, len(self.queue), event))

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
            return heapq.heappop(self.queue)[-1]
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
                if attempts and not self._runs_out(run, attempts[0]):
                    self._plan(command, attempts.popleft())
            case SetTimer(timer=timer, due=due):
                year = self.execution.deadline is not None and self.execution.deadline.timer == timer
                if not (year and self.execution.program.timeout is None):
                    heapq.heappush(self.timers, (due, timer))
            case _:
                pass

    def _runs_out(self, run: TaskRun | None, attempt: list[EventRecord]) -> bool:
        """Whether the recorded attempt is a later one, since this one had ended of time, of which nothing tells."""
        if not self.silent or run is None or not run.timeout or not attempt:
            return False
        return attempt[0].time > self.execution.now + 1000 * run.timeout

    def _plan(self, call: Invoke, attempt: list[EventRecord]) -> None:
        """Has the answers of an attempt come as they were recorded."""
        for record in attempt:
            event = _answer(call, record)
            if event is not None:
                self._await(record, event)
                if not isinstance(event, Accepted):
                    self.planned.add(call.call)


def _answer(call: Invoke, record: EventRecord) -> Event | None:
    detail, callback = record.detail, call.pattern is Pattern.WAIT_FOR_CALLBACK
    error, cause = str(detail.get("error", "")), detail.get("cause", "")
    match record.type:
        case "TaskSubmitted":
            return Accepted(record.time, call.call)
        case "TaskSucceeded" if callback:
            return Reported(record.time, call.token, detail.get("output", {}))
        case "TaskSucceeded":
            return Completed(record.time, call.call, detail.get("output", {}))
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
            return theirs == ours or parse_token(ours) is not None or _named(theirs, ours)
        case _:
            return bool(theirs == ours)


def _named(theirs: str, ours: str) -> bool:
    """Whether a text differs in the name of the execution only."""
    parts = ours.split(_NAME)
    return len(parts) > 1 and re.fullmatch(".+".join(map(re.escape, parts)), theirs, re.DOTALL) is not None
