"""Our engine as one of the contenders: what is observed of a run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from fnfkit.engine import Execution, Invoke, Limits, Reported, ReportedFailure, SetTimer, Settings, compile
from fnfkit.engine.commands import Command
from fnfkit.engine.events import Event
from fnfkit.model.flow import Flow, Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef
from tests.differential.generated import answer, steps_of
from tests.engine.driver import Accepts, Answer, Driver, Fails


@dataclass
class Observed:
    """A run: its calls in order as function and event, the spans it waited for, the steps it entered in order, which
    shows where jumps and catches lead, and how it ended."""

    calls: list[tuple[str, Json]] = field(default_factory=list)
    spans: list[float] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    status: str = ""
    output: Json = None
    error: str = ""

    def alike(self, *, ordered: bool) -> tuple[object, ...]:
        """What has to agree; where branches run side by side, only the order within each function does."""
        calls: object = self.calls
        if not ordered:
            calls = {name: [event for other, event in self.calls if other == name] for name, _ in self.calls}
        spans, entered = (self.spans, self.entered) if ordered else (sorted(self.spans), sorted(self.entered))
        return (calls, spans, entered, self.status, json.dumps(self.output, sort_keys=True), self.error)


class _Watched(Driver):
    def perform(self, command: Command) -> list[Event]:
        if isinstance(command, SetTimer):
            self.observed.spans.append((command.due - self.now) / 1000)
        return super().perform(command)

    observed: Observed


def run(flow: Flow, input: JsonObject, seed: int) -> Observed:
    """One execution of a flow against the answers of a seed."""
    observed, asked = Observed(), Counter[str]()
    # One iteration at a time, so that the order of calls is the same everywhere.
    settings = Settings(limits=Limits(execution_seconds=None, foreach_concurrency=1))
    driver = _Watched(Execution(compile(flow), "flow", "run", settings), {})
    driver.observed = observed

    def mock(call: Invoke) -> Answer:
        assert isinstance(call.target, FunctionRef)
        name = call.target.function
        observed.calls.append((name, _without_token(call.input)))
        given = answer(seed, name, asked[name])
        asked[name] += 1
        if call.pattern is Pattern.WAIT_FOR_CALLBACK:
            report: Event = (
                ReportedFailure(driver.now, call.token, given, "reported")
                if isinstance(given, str)
                else Reported(driver.now, call.token, given)
            )
            driver.later(driver.now, report)
            return Accepts()
        return Fails(given, "answered") if isinstance(given, str) else given

    driver.mocks = _Every(mock)
    driver.start(input).run()
    execution = driver.execution
    observed.status, observed.error = execution.status, execution.error
    observed.output = execution.output
    observed.entered = steps_of(one.step for one in execution.history if one.type in ("StepEntered", "StateEntered"))
    return observed


class _Every(dict[str, object]):
    """The same mock for whatever is called."""

    def __init__(self, mock: object) -> None:
        super().__init__()
        self.mock = mock

    def __missing__(self, key: str) -> object:
        return self.mock


def _without_token(event: Json) -> Json:
    return {**event, "token": "T"} if isinstance(event, dict) and "token" in event else event
