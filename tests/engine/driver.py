"""Drives one execution in virtual time, with mocks for what its tasks call.

A mock gets the Invoke command and answers with an output, with `Fails`, with `Accepts` (the task then waits for a
report, or for the answer that follows), or with `Later`, which delays any of these.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fnfkit.engine import (
    Abandon,
    Accepted,
    CancelTimer,
    Command,
    Completed,
    Event,
    Execution,
    Failed,
    Invoke,
    Resume,
    SetTimer,
    Settings,
    Start,
    TimerFired,
    advance,
    compile,
)
from fnfkit.lang.dialects import read
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef

HUNDRED_DAYS = 100 * 86_400_000


@dataclass(frozen=True)
class Fails:
    """The call ends badly."""

    error: str
    cause: Json = ""


@dataclass(frozen=True)
class Accepts:
    """The call is accepted; `then`, if any, is its end."""

    then: Answer | None = None


@dataclass(frozen=True)
class Later:
    """An answer after a latency in milliseconds."""

    ms: int
    answer: Answer


Answer = Json | Fails | Accepts | Later
Mock = Callable[[Invoke], Answer]


@dataclass
class Driver:
    """Time is in milliseconds. `journal` holds every event that was folded, `invokes` every call that was made.

    `watch`, if given, is called after every event.
    """

    execution: Execution
    mocks: Mapping[str, Mock]
    now: int = 0
    journal: list[Event] = field(default_factory=list)
    invokes: list[Invoke] = field(default_factory=list)
    abandoned: list[int] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)
    watch: Callable[[Execution], None] | None = None
    due: list[tuple[int, int, Event]] = field(default_factory=list)
    count: int = 0

    def start(self, input: JsonObject | None = None) -> Driver:
        return self.tell(Start(self.now, {} if input is None else input))

    def tell(self, event: Event) -> Driver:
        """Fold an event, perform the commands, and go on while there is work at this time."""
        pending = [event]
        while pending:
            event = pending.pop(0)
            self.journal.append(event)
            transition = advance(self.execution, event)
            if self.watch is not None:
                self.watch(self.execution)
            for command in transition.commands:
                pending += self.perform(command)
            if transition.more and not pending:
                pending.append(Resume(self.now))
        return self

    def run(self, within: int | None = None) -> Driver:
        """Let a span of time pass; without one, whatever it takes until nothing is due in the next hundred days."""
        end = self.now + (HUNDRED_DAYS if within is None else within)
        while self.due and self.due[0][0] <= end:
            at, _, event = heapq.heappop(self.due)
            if not (isinstance(event, TimerFired) and event.timer in self.cancelled):
                self.now = at
                self.tell(event)
        self.now = self.now if within is None else end
        return self

    def later(self, at: int, event: Event) -> None:
        """Tell the execution an event at an instant."""
        self.count += 1
        heapq.heappush(self.due, (at, self.count, event))

    def perform(self, command: Command) -> list[Event]:
        """Perform a command; the events are its immediate answers."""
        match command:
            case SetTimer(timer, due):
                self.later(due, TimerFired(due, timer))
            case CancelTimer(timer):
                self.cancelled.add(timer)
            case Abandon(call):
                self.abandoned.append(call)
                self.due = [entry for entry in self.due if getattr(entry[2], "call", None) != call]
                heapq.heapify(self.due)
            case Invoke():
                self.invokes.append(command)
                return self._answer(command.call, self.mocks[key_of(command)](command), self.now)
        return []

    def _answer(self, call: int, answer: Answer, at: int) -> list[Event]:
        match answer:
            case Later(ms, then):
                return self._answer(call, then, at + ms)
            case Accepts(None):
                return self._send(Accepted(at, call))
            case Accepts(then):
                return self._send(Accepted(at, call)) + self._answer(call, then, at)
            case Fails(error, cause):
                return self._send(Failed(at, call, error, cause))
            case _:
                return self._send(Completed(at, call, answer))

    def _send(self, event: Event) -> list[Event]:
        if event.at == self.now:
            return [event]
        self.later(event.at, event)
        return []


def key_of(invoke: Invoke) -> str:
    """Mocks are found by the function's name, or else by the step's."""
    return invoke.target.function if isinstance(invoke.target, FunctionRef) else invoke.step


def flow_of(text: str) -> Flow:
    """The flow of a text, FDL or CloudFlow, that must be without errors."""
    reading = read(text)
    assert not reading.errors, reading.errors
    assert reading.flow is not None
    return reading.flow


def steps(text: str) -> Flow:
    """The flow of a `steps:` list in FDL."""
    return flow_of("version: v1\ntype: flow\nsteps:\n" + text)


def drive(flow: Flow, mocks: Mapping[str, Mock] | None = None, settings: Settings | None = None) -> Driver:
    """A driver for a fresh execution `run` of a flow `flow`."""
    return Driver(Execution(compile(flow), "flow", "run", settings or Settings()), mocks or {})


def run(
    flow: Flow,
    input: JsonObject | None = None,
    mocks: Mapping[str, Mock] | None = None,
    settings: Settings | None = None,
) -> Execution:
    """Run a flow to its end and return the execution."""
    return drive(flow, mocks, settings).start(input).run().execution


def outline(execution: Execution) -> list[tuple[int, str, str]]:
    """Ids, types and step names of the history."""
    return [(event.id, event.type, event.step) for event in execution.history]


def answers(*given: Answer) -> Mock:
    """A mock that gives each answer once, in order, and the last one ever after."""
    left = list(given)
    return lambda invoke: left.pop(0) if len(left) > 1 else left[0]
