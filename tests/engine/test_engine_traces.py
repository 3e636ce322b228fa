"""The worked traces of fdl.md 10 and the printed ones, event by event, with recovery at every event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fnfkit.engine import Event, Execution, Invoke, Reported, ReportedFailure, Resume, Settings, advance, compile
from fnfkit.model.json import Json
from tests.engine.driver import Accepts, Answer, Driver, Fails, Later, flow_of, key_of

STATE_MACHINES = Path(__file__).parents[1] / "data" / "cloudflow" / "traces"
TRACES = [*sorted((Path(__file__).parent / "traces").glob("*.yml")), *sorted(STATE_MACHINES.glob("*.yml"))]
traces = pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


class World:
    """What the trace says of the outside: answers in order, each call's answer fixed once it was given."""

    def __init__(self, trace: dict[str, Any]) -> None:
        self.trace = trace
        self.left = {key: list(given) for key, given in trace.get("answers", {}).items()}
        self.given: dict[int, dict[str, Any]] = {}
        self.reports = list(trace.get("reports", []))
        self.tokens: list[str] = []
        self.program = compile(flow_of(trace["flow"]))

    def driver(self) -> Driver:
        driver = Driver(Execution(self.program, "flow", "run", Settings()), {})
        driver.mocks = {key: lambda invoke: self.answer(driver, invoke) for key in self.left}
        return driver

    def answer(self, driver: Driver, invoke: Invoke) -> Answer:
        if invoke.call not in self.given:
            self.given[invoke.call] = self.left[key_of(invoke)].pop(0)
            if invoke.token:
                self.tokens.append(invoke.token)
                self.plan_report(driver, invoke.token)
        return self.made(self.given[invoke.call])

    def plan_report(self, driver: Driver, token: str) -> None:
        if self.reports:
            report = self.reports.pop(0)
            driver.later(driver.now + report["after"], event_of(report, driver.now + report["after"], token))

    def made(self, answer: dict[str, Any]) -> Answer:
        made: Answer = Fails(answer["error"], answer["cause"]) if "error" in answer else answer.get("output")
        if answer.get("accept"):
            made = Accepts(made)
        return Later(answer["after"], made) if "after" in answer else made


def event_of(report: dict[str, Any], at: int, token: str) -> Event:
    if "error" in report:
        return ReportedFailure(at, token, report["error"], report["cause"])
    return Reported(at, token, report["output"])


def filled(value: Json, token: str) -> Json:
    """`T` in a trace stands for the token."""
    if isinstance(value, dict):
        return {key: filled(item, token) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, token) for item in value]
    return token if value == "T" else value


@traces
def test_trace(path: Path) -> None:
    trace = load(path)
    world = World(trace)
    driver = world.driver().start(trace["input"]).run()
    history = driver.execution.history
    token = world.tokens[0] if world.tokens else ""
    assert [[event.id, event.type, event.step] for event in history] == [row[:3] for row in trace["events"]]
    for event, row in zip(history, trace["events"], strict=True):
        if len(row) > 3:
            assert event.detail == filled(row[3], token), event
            assert list(event.detail) == list(row[3])
    for number, at in trace.get("times", {}).items():
        assert history[number - 1].at == at, history[number - 1]
    scheduled = {event.id: event.id - 1 for event in history} | trace.get("scheduled_by", {})
    assert {event.id: event.scheduled_by for event in history} == scheduled
    assert (driver.execution.status, driver.execution.error) == (trace["status"], trace.get("error", ""))
    assert driver.execution.output == trace.get("output")
    for key, inputs in trace.get("inputs", {}).items():
        assert [call.input for call in driver.invokes if key_of(call) == key] == filled(inputs, token)
    for key, params in trace.get("params", {}).items():
        assert [call.params for call in driver.invokes if key_of(call) == key] == filled(params, token)
    assert not driver.execution.outstanding()


def state(execution: Execution) -> tuple[Any, ...]:
    return (list(execution.history), execution.outstanding(), execution.status, execution.output, execution.error)


@traces
def test_folding_the_journal_again_gives_the_same_execution(path: Path) -> None:
    trace = load(path)
    driver = World(trace).driver()
    states: list[tuple[Any, ...]] = []
    driver.watch = lambda execution: states.append(state(execution))
    driver.start(trace["input"]).run()
    again = Execution(compile(flow_of(trace["flow"])), "flow", "run", Settings())
    for event, expected in zip(driver.journal, states, strict=True):
        advance(again, event)
        assert state(again) == expected


@traces
def test_recovery_at_every_event_reaches_the_same_end(path: Path) -> None:
    trace = load(path)
    whole = World(trace).driver().start(trace["input"]).run()
    expected = [event._replace(at=0) for event in whole.execution.history]
    for crash in range(1, len(whole.journal) + 1):
        world = World(trace)
        driver = world.driver()
        # The outside did what the journal shows; it hears again of whatever was outstanding.
        before = world.driver().start(trace["input"])
        while len(before.journal) < crash:
            before.run(0 if not before.due else before.due[0][0] - before.now)
        for event in before.journal[:crash]:
            advance(driver.execution, event)
            driver.now = event.at
        for command in driver.execution.outstanding():
            for answer in driver.perform(command):
                driver.tell(answer)
        for at, _, event in before.due:
            if isinstance(event, Reported | ReportedFailure):
                driver.later(at, event)
        if driver.execution.agenda:
            driver.tell(Resume(driver.now))
        driver.run()
        assert [event._replace(at=0) for event in driver.execution.history] == expected, crash
