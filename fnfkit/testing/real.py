"""Tests on the real account, and over HTTP by the official SDK: the same calls, through the same port.

Who implements the port for the real service is found by its entry point, group `fnfkit.flows`, so that this package
knows ports only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from fnfkit.dsl.app import App
from fnfkit.lang import dialects
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord, Fault, FlowAlreadyExists, Flows
from fnfkit.testing.attempts import silent
from fnfkit.testing.calls import Called, CallLog, told
from fnfkit.testing.endpoint import Endpoint
from fnfkit.testing.local import LocalCloud, input_of
from fnfkit.testing.run import Run
from fnfkit.testing.sources import AnyFlow, source_of

GROUP, NAME = "fnfkit.flows", "aliyun"
POLL_SECONDS = 5


class NoOfficialDoor(RuntimeError):
    """Nothing that is installed can talk to the real service."""


def official_flows(endpoint: Endpoint | None = None) -> Flows:
    """The flows at an endpoint, or those of the real account, through the official SDK."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == NAME]
    if not found:
        raise NoOfficialDoor(f"no package offers {NAME} in {GROUP}; install fnfkit itself again (pip install -e .)")
    connect: Callable[..., Flows] = found[0].load()
    if endpoint is None:
        return connect()
    return connect(
        endpoint=endpoint.url,
        access_key_id=endpoint.access_key_id,
        access_key_secret=endpoint.access_key_secret,
        region=endpoint.region,
    )


class ToldCalls(CallLog):
    """The calls that the histories of the real account tell of."""

    def __init__(self, cloud: RealCloud) -> None:
        super().__init__()
        self._cloud = cloud

    def attempts(self, execution: str) -> Iterator[Called]:
        """The attempts of runs so far. Raises TypeError for a state machine: its history shows no calls."""
        return (called for run in self._cloud.runs if execution in ("", run.name) for called in self._told(run))

    def _told(self, run: Run) -> list[Called]:
        record, events = self._cloud.evidence(run.flow, run.name)
        flow = dialects.read(record.definition or self._cloud.flows.describe_flow(run.flow).definition).flow
        if flow is None or silent(flow):
            raise TypeError(
                f"the history of {run.flow} shows no calls: ask for its path, or test it on the target local"
            )
        return told(flow, run.flow, run.name, events)


class RealCloud(LocalCloud):
    """The real account behind the methods that make sense there: `deploy`, `start`, `run`, and what runs tell.

    When it is closed, flows that it created are deleted, and those that were there before have their definition back.
    Functions, queues, topics, schedules, stubs, faults and time are not its to change.
    """

    def __init__(self, flows: Flows | None = None, *, poll: float = POLL_SECONDS) -> None:
        door = official_flows() if flows is None else flows
        super().__init__()
        self.calls = ToldCalls(self)
        self.door = door
        self._poll = poll
        self._made: list[str] = []
        self._before: dict[str, str] = {}

    def _store(self, source: Any) -> None:
        try:
            self.flows.create_flow(source.name, source.definition, description="made by a test")
            self._made.append(source.name)
        except FlowAlreadyExists:
            if source.name not in self._made:
                self._before.setdefault(source.name, self.flows.describe_flow(source.name).definition)
            self.flows.update_flow(source.name, definition=source.definition)

    def _put_app(self, app: App, root: Path) -> None:
        for flow in app.flows.values():
            self._put(source_of(flow))

    def start(self, flow: AnyFlow, input: JsonObject | None = None, *, name: str = "", **inputs: Json) -> Run:
        """Start an execution; without a name the service chooses one."""
        flow_name = self._flow(flow)
        given = input_of(flow, input, inputs)
        record = self.flows.start_execution(flow_name, name=name or None, input=json.dumps(given))
        run = Run(self, flow_name, record.name)
        self.runs.append(run)
        return run

    def finish(self, run: Run) -> None:
        """Wait, in real time, until a run has ended."""
        while not self.flows.describe_execution(run.flow, run.name, wait_seconds=round(self._poll)).ended:
            time.sleep(self._poll)

    def stub(self, function: object, *answers: Any, latency: float | None = None) -> Any:
        """There are no stubs in the real account. Raises TypeError."""
        raise TypeError("the real account has no stubs: deploy the function, or run this test on the target local")

    def records(self) -> Iterator[ExecutionRecord]:
        """The executions that were started here; the account may have many others."""
        return (self.flows.describe_execution(run.flow, run.name) for run in self.runs)

    def evidence(self, flow: str, name: str) -> tuple[ExecutionRecord, list[EventRecord]]:
        """An execution and its events."""
        return self.flows.describe_execution(flow, name), self.history(flow, name)

    def close(self) -> None:
        """Leave the account as it was, once the runs are counted. Raises the first refusal, after all was tried."""
        super().close()
        refused: list[Fault] = []
        while self._made or self._before:
            try:
                self._take_back()
            except Fault as fault:
                refused.append(fault)
        if refused:
            raise refused[0]

    def _take_back(self) -> None:
        if self._made:
            self.flows.delete_flow(self._made.pop())
        else:
            name, definition = self._before.popitem()
            self.flows.update_flow(name, definition=definition)
