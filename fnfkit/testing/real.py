"""Tests on the real account, and over HTTP by the official SDK: the same calls, through the same port.

Who implements the port for the real service is found by its entry point, group `fnfkit.flows`, so that this package
knows ports only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Any

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord, FlowAlreadyExists, Flows
from fnfkit.testing.endpoint import Endpoint
from fnfkit.testing.local import LocalCloud, input_of
from fnfkit.testing.run import Run
from fnfkit.testing.sources import AnyFlow

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


class RealCloud(LocalCloud):
    """The real account behind the methods that make sense there: `deploy`, `start`, `run`, and what runs tell.

    Flows that it creates are deleted when it is closed; functions, stubs, faults and time are not its to change.
    """

    def __init__(self, flows: Flows | None = None, *, poll: float = POLL_SECONDS) -> None:
        super().__init__()
        self.door = official_flows() if flows is None else flows
        self._poll = poll
        self._made: list[str] = []

    def _store(self, source: Any) -> None:
        try:
            self.flows.create_flow(source.name, source.definition, description="made by a test")
            self._made.append(source.name)
        except FlowAlreadyExists:
            self.flows.update_flow(source.name, definition=source.definition)

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
        """Delete the flows that were made, once they are counted."""
        super().close()
        while self._made:
            self.flows.delete_flow(self._made.pop())
