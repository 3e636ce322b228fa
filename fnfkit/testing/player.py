"""Plays one execution on the engine alone, with a chooser who decides what happens to each call.

The rules of this file:

1. An answer that is there at once goes first, then the work left over, then slow answers, then the earliest timer:
   the order of the cloud's own runner (fdl.md 6.3), so that what is found here happens there.
2. Every event is journaled before it is folded; a crash folds the journal again and issues outstanding commands anew.
3. An execution that nothing can move any more, but its limit of a year, is stuck.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from fnfkit.cloud.fc.outcome import Raised, Returned
from fnfkit.engine import Execution, Program, Settings, advance
from fnfkit.engine.commands import Abandon, CancelTimer, Command, Invoke, SetTimer
from fnfkit.engine.events import (
    Accepted,
    Completed,
    Event,
    Failed,
    Reported,
    ReportedFailure,
    Resume,
    Start,
    TimerFired,
)
from fnfkit.engine.history import HistoryEvent
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.roles import path_of
from fnfkit.testing.schedule import (
    Answer,
    Crash,
    Error,
    Lost,
    Outcome,
    Schedule,
    Slow,
    Success,
    TimedOut,
    Twice,
)

MOST_EVENTS = 20_000
"""Events an execution may take before it is given up as endless."""
_SETTINGS = Settings()
_SUCCESS = Success()
Chooser = Callable[["Occasion"], Outcome]


class ResultSource(Protocol):
    """Gives calls that go well their results."""

    def of(self, call: Invoke, local: Json) -> Returned | Raised: ...


@dataclass(frozen=True, slots=True)
class Occasion:
    """A call that is about to be made: the `number`-th of its step, from 1; `visit` is the visit of the step."""

    step: str
    number: int
    call: Invoke
    visit: int


@dataclass(frozen=True, slots=True)
class Effect:
    """Work that was done: by which call, with which event and result, and whether the flow ever knew.

    `late` tells that the flow had ended.
    """

    step: str
    event: JsonObject
    output: Json
    known: bool
    late: bool = False


@dataclass(slots=True)
class Played:
    """An execution that was played: how it ended, what happened, and what had effect outside."""

    input: JsonObject
    schedule: Schedule
    status: str = ""
    output: Json = None
    error: str = ""
    stuck: bool = False
    history: list[HistoryEvent] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    occasions: list[Occasion] = field(default_factory=list)
    answers: dict[str, list[Returned | Raised]] = field(default_factory=dict)
    """What the calls of each step came to by themselves, in order, whatever was made of it on its way."""

    @property
    def path(self) -> list[str]:
        """The steps in the order they were entered."""
        return path_of(self.history)

    def check(self, *invariants: Callable[[Played], str | None]) -> Played:
        """Raises AssertionError with everything that an invariant has to complain about."""
        __tracebackhide__ = True
        if complaints := [complaint for invariant in invariants if (complaint := complaint_of(invariant, self))]:
            raise AssertionError("\n".join(complaints))
        return self


def complaint_of(invariant: Callable[[Played], str | None], played: Played) -> str:
    """What an invariant has to complain about, empty if it holds. Raises TypeError if it says neither."""
    complaint: object = invariant(played)
    if complaint is None:
        return ""
    if not isinstance(complaint, str):
        name = getattr(invariant, "__name__", repr(invariant))
        kind = type(complaint).__name__
        raise TypeError(f"an invariant returns a complaint (a text), or None if it holds; {name} returned {kind}")
    return complaint


class Player:
    """Plays executions of one program."""

    def __init__(self, program: Program, results: Callable[[], ResultSource], settings: Settings = _SETTINGS) -> None:
        self._program, self._results, self._settings = program, results, settings

    def play(self, input: JsonObject, choose: Chooser) -> Played:
        """Play one execution to its end."""
        return _Game(self._program, self._results(), self._settings, choose).run(input)


def by_schedule(schedule: Schedule) -> Chooser:
    """A chooser who does what a schedule says."""
    table = {(answer.step, answer.number): answer.outcome for answer in schedule}
    return lambda occasion: table.get((occasion.step, occasion.number), _SUCCESS)


class _Game:
    def __init__(self, program: Program, results: ResultSource, settings: Settings, choose: Chooser) -> None:
        self.program, self.results, self.settings, self.choose = program, results, settings, choose
        self.execution = Execution(program, "flow", "explored", settings)
        self.journal: list[Event] = []
        self.answers: deque[Event] = deque()
        self.slow: deque[Event] = deque()
        self.timers: list[tuple[int, int]] = []
        self.cancelled: set[int] = set()
        self.counts: Counter[str] = Counter()
        self.persistent: dict[int, Error] = {}
        self.now = 0
        self.played = Played({}, ())
        self.crashed = False

    def run(self, input: JsonObject) -> Played:
        played = self.played
        played.input = input
        more = self._feed(Start(0, input))
        for _ in range(MOST_EVENTS):
            if self.crashed:
                more = self._recover()
                continue
            event = self._next(more)
            if event is None:
                break
            more = self._feed(event)
        execution = self.execution
        played.status, played.output, played.error = execution.status, execution.output, execution.error
        played.history, played.stuck = execution.history, not execution.ended
        return played

    def _feed(self, event: Event) -> bool:
        self.journal.append(event)
        transition = advance(self.execution, event)
        self._perform(transition.commands)
        return transition.more

    def _next(self, more: bool) -> Event | None:
        if self.execution.ended:
            return None
        if self.answers:
            return self.answers.popleft()
        if more:
            return Resume(self.now)
        if self.slow:
            return self.slow.popleft()
        while self.timers:
            due, timer = heapq.heappop(self.timers)
            if timer not in self.cancelled:
                self.now = max(self.now, due)
                return TimerFired(self.now, timer)
        return None

    def _perform(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Invoke():
                    self._invoke(command)
                case SetTimer(timer=timer, due=due):
                    if not self._is_year(timer):
                        heapq.heappush(self.timers, (due, timer))
                case CancelTimer(timer=timer):
                    self.cancelled.add(timer)
                case Abandon():
                    pass

    def _is_year(self, timer: int) -> bool:
        deadline = self.execution.deadline
        return deadline is not None and deadline.timer == timer and self.program.timeout is None

    def _recover(self) -> bool:
        """The engine again, from its journal; calls in progress are made again."""
        self.crashed = False
        self.answers.clear()
        self.slow.clear()
        self.timers.clear()
        self.cancelled.clear()
        self.execution = Execution(self.program, "flow", "explored", self.settings)
        more = False
        for event in self.journal:
            more = advance(self.execution, event).more
        self._perform(self.execution.outstanding())
        return more

    def _invoke(self, call: Invoke) -> None:
        self.counts[call.step] += 1
        run = self.execution.calls.get(call.call)
        visit = run.entered if run is not None else 0
        occasion = Occasion(call.step, self.counts[call.step], call, visit)
        self.played.occasions.append(occasion)
        outcome = self.persistent.get(visit) or self.choose(occasion)
        if not isinstance(outcome, Success) and visit not in self.persistent:
            self.played.schedule += (Answer(occasion.step, occasion.number, outcome),)
        self._settle(call, visit, outcome)

    def _settle(self, call: Invoke, visit: int, outcome: Outcome) -> None:
        match outcome:
            case Success():
                self.answers.extend(self._success(call))
            case Slow():
                self.slow.extend(self._success(call))
            case Error():
                if outcome.always:
                    self.persistent[visit] = outcome
                if outcome.after_effect:
                    self._unheard(call)
                self.answers.extend(_failure(call, self.now, outcome.name))
            case TimedOut() | Lost():
                self._unheard(call)
                if call.pattern is not Pattern.REQUEST_RESPONSE:
                    self.answers.append(Accepted(self.now, call.call))
            case Twice():
                self._unheard(call)
                self.answers.extend(self._success(call))
            case Crash():
                self._unheard(call)
                self.crashed = True

    def _success(self, call: Invoke) -> list[Event]:
        """The events of a call that goes well, or fails by itself."""
        found = self._result(call)
        if isinstance(found, Raised):
            return _failure(call, self.now, found.error)
        self._effect(call, found.value, known=True)
        accepted = Accepted(self.now, call.call)
        match call.pattern:
            case Pattern.REQUEST_RESPONSE:
                return [Completed(self.now, call.call, found.value)]
            case Pattern.SYNC:
                return [accepted, Completed(self.now, call.call, found.value)]
            case Pattern.WAIT_FOR_CALLBACK:
                return [accepted, Reported(self.now, call.token, found.value)]

    def _result(self, call: Invoke) -> Returned | Raised:
        run = self.execution.calls.get(call.call)
        found = self.results.of(call, run.scope.local if run is not None else None)
        self.played.answers.setdefault(call.step, []).append(found)
        return found

    def _unheard(self, call: Invoke) -> None:
        """The call does its work, unless it fails by itself, and the flow does not know."""
        found = self._result(call)
        if isinstance(found, Returned):
            self._effect(call, found.value, known=False)

    def _effect(self, call: Invoke, output: Json, *, known: bool) -> None:
        self.played.effects.append(Effect(call.step, call.input, output, known, late=self.execution.ended))


def _failure(call: Invoke, now: int, error: str) -> list[Event]:
    cause = {"errorMessage": "injected by the search", "errorType": error}
    if call.pattern is Pattern.WAIT_FOR_CALLBACK:
        return [Accepted(now, call.call), ReportedFailure(now, call.token, error, "injected by the search")]
    return [Failed(now, call.call, error, cause)]
