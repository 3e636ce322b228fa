"""Running a flow as the Python it is: what was called, in which order, with which arguments.

The words of the language (`wait`, `fail`, a function's call) look up the run they belong to. Outside a run a
function is just the function, and `wait` returns at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from fnfkit.dsl.failures import Caught, Failing, FlowFailed, FnF, caught
from fnfkit.dsl.values import to_json
from fnfkit.model.flow import ANY_ERROR, Pattern, Retry
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import Target

T = TypeVar("T")


class Call(NamedTuple):
    """One call of a task: what was called, how, and with which event."""

    target: Target
    pattern: Pattern
    event: JsonObject


def _no_time(seconds: float) -> None:
    """Waits are over at once."""


@dataclass(slots=True)
class Run:
    """One native run: `calls` in order, `stubs` that answer in place of the cloud, and the clock behind `wait`.

    A stub is found by its target (the ARN as text, or the bare name) and gets the event.
    """

    stubs: Mapping[str, Callable[[JsonObject], Json]] = field(default_factory=dict)
    sleep: Callable[[float], None] = _no_time
    calls: list[Call] = field(default_factory=list)
    failures: dict[int, BaseException] = field(default_factory=dict)

    def perform(self, call: Call, policies: Sequence[Retry], answer: Callable[[], Json]) -> Json:
        """Make a call, again and again as its retry policies say (fdl.md 4.6)."""
        tries = [0] * len(policies)
        while True:
            self.calls.append(call)
            try:
                return self._answer(call, answer)
            except Exception as error:
                self.failures[id(error)] = error
                if (delay := _delay(policies, tries, caught(error).error)) is None:
                    raise
            self.sleep(delay)

    def _answer(self, call: Call, answer: Callable[[], Json]) -> Json:
        stub = self.stubs.get(str(call.target)) or self.stubs.get(_name(call.target))
        result = stub(call.event) if stub else answer()
        if to_json(result) is not None and not isinstance(to_json(result), dict):
            raise FnF.InvalidLocal(f"{call.target} gave {type(result).__name__}, and a task's result is an object")
        return result

    def failed(self, error: BaseException) -> Caught | None:
        """The failure of a task that an exception stands for, or None if the flow's own code raised it."""
        return caught(error) if id(error) in self.failures else None


def _name(target: Target) -> str:
    return str(target).removesuffix("/messages").rpartition("/")[2]


def _delay(policies: Sequence[Retry], tries: list[int], error: str) -> float | None:
    for number, policy in enumerate(policies):
        if error in policy.errors or ANY_ERROR in policy.errors:
            tries[number] += 1
            if tries[number] > policy.attempts:
                return None
            return min(policy.interval * policy.multiplier ** (tries[number] - 1), policy.max_interval)
    return None


_CURRENT: ContextVar[Run | None] = ContextVar("fnfkit_native_run", default=None)


def current() -> Run | None:
    """The native run this code is part of, if any."""
    return _CURRENT.get()


@contextmanager
def native(
    stubs: Mapping[str, Callable[[JsonObject], Json]] | None = None, sleep: Callable[[float], None] = _no_time
) -> Iterator[Run]:
    """Flows called with `.native(...)` inside use these stubs and this clock, and leave their calls in `run.calls`."""
    run = Run(stubs or {}, sleep)
    token = _CURRENT.set(run)
    try:
        yield run
    finally:
        _CURRENT.reset(token)


def execute(body: Callable[[], T]) -> T:
    """Run a flow's body; what would fail its execution raises FlowFailed."""
    run = _CURRENT.get()
    if run is None:
        with native():
            return execute(body)
    try:
        return body()
    except Failing as failing:
        raise FlowFailed(failing.error, failing.cause) from None
    except Exception as error:
        if (failure := run.failed(error)) is None:
            raise
        raise FlowFailed(failure.error, failure.cause) from error
