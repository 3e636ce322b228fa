"""One execution of a flow that the embedded account does not store, for its language is not the account's: the engine
runs it, its tasks call what the account has, and its timers are the account's."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from fnfkit.cli.running import Outcome
from fnfkit.cloud.targets import TaskCall
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
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json
from fnfkit.ports import EventRecord, ExecutionRecord

if TYPE_CHECKING:
    from fnfkit.cloud.clock import Timer
    from fnfkit.cloud.cloud import Cloud

STARTED = "run"


def interpret(cloud: Cloud, flow: Flow, definition: str, input: str, *, name: str) -> Outcome:
    """Runs a flow to its end. `definition` is its text, which the outcome shows."""
    began = time.perf_counter()
    run = _Interpretation(cloud, flow, name)
    started = cloud.clock.now()
    run.tell(Start(started, json.loads(input)))
    cloud.run_until(lambda: run.execution.ended)
    execution = run.execution
    record = ExecutionRecord(
        flow=name,
        name=STARTED,
        definition=definition,
        input=input,
        output=_text(execution.output) if execution.status == "Succeeded" else "",
        status=execution.status,
        started=started,
        stopped=execution.now if execution.ended else None,
    )
    events = [
        EventRecord(
            id=event.id,
            scheduled_by=event.scheduled_by,
            type=event.type,
            step=event.step,
            time=event.at,
            detail=event.detail,
        )
        for event in execution.history
    ]
    wall_time = (time.perf_counter() - began) * 1000
    return Outcome(record=record, events=events, cloud_time=execution.now - started, wall_time=wall_time, log=[])


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Interpretation:
    """Drives an execution; takes the answers of its calls."""

    def __init__(self, cloud: Cloud, flow: Flow, name: str) -> None:
        self.cloud = cloud
        self.account = cloud.account_id
        self.flow_name, self.name, self.key = name, STARTED, f"{name}/{STARTED}"
        self.execution = Execution(compile(flow), name, STARTED, Settings())
        self.timers: dict[int, Timer] = {}
        self.calls: dict[int, TaskCall] = {}
        self.pending: list[Event] = []

    def now(self) -> int:
        return self.cloud.clock.now()

    def answer(self, call: int, event: Accepted | Completed | Failed) -> None:
        """An answer of a target."""
        if self.calls[call].abandoned:
            return
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Folds an event, performs what follows, and goes on while there is work; answers on the way wait in line."""
        self.pending.append(event)
        if len(self.pending) > 1:
            return
        while self.pending:
            transition = advance(self.execution, self.pending[0])
            for command in transition.commands:
                self.perform(command)
            if transition.more and len(self.pending) == 1:
                self.pending.append(Resume(self.now()))
            self.pending.pop(0)

    def perform(self, command: Command) -> None:
        match command:
            case SetTimer(timer, due):
                self.timers[timer] = self.cloud.clock.call_at(due, lambda: self.tell(TimerFired(self.now(), timer)))
            case CancelTimer(timer):
                self.timers[timer].cancel()
            case Abandon(call):
                self.calls[call].abandon()
            case Invoke():
                self.calls[command.call] = TaskCall(self, command)
                self.cloud.targets.invoke(self.calls[command.call])
