"""The documented scenarios, run with the documented functions on an embedded account in virtual time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.ports import EventRecord, ExecutionRecord
from fnfkit.testing import LocalCloud

ROOT = Path(__file__).parents[2]
SERVICE = "fnf-demo"
DOCUMENTED = ("StartJob", "GetJobStatus", "Operation", "echo", "hello", "provision", "worker")


def template(name: str) -> str:
    return (ROOT / "templates" / name / "flow.fdl.yml").read_text("utf-8")


def template_input(name: str, file: str = "input.json") -> object:
    return json.loads((ROOT / "templates" / name / file).read_text("utf-8"))


def printed(name: str) -> str:
    return (ROOT / "tests" / "data" / "printed" / name).read_text("utf-8")


def deploy(cloud: Cloud) -> Cloud:
    for function in DOCUMENTED:
        cloud.functions.deploy(SERVICE, function, code=ROOT / "functions" / function)
    return cloud


@dataclass
class Story:
    """An execution that has been driven as far as it goes."""

    record: ExecutionRecord
    events: list[EventRecord]

    @property
    def status(self) -> str:
        return self.record.status

    @property
    def output(self) -> dict[str, object]:
        return json.loads(self.record.output)

    @property
    def error(self) -> str:
        return self.events[-1].detail.get("error", "")

    @property
    def seconds(self) -> float:
        return (self.events[-1].time - self.events[0].time) / 1000

    def count(self, type: str, step: str) -> int:
        return Counter((event.type, event.step) for event in self.events)[type, step]

    def times(self, type: str, step: str) -> list[float]:
        return [
            (event.time - self.events[0].time) / 1000
            for event in self.events
            if (event.type, event.step) == (type, step)
        ]

    def entered(self) -> list[str]:
        return [event.step for event in self.events if event.type == "StepEntered"]

    def details(self, type: str, step: str) -> list[dict[str, object]]:
        return [event.detail for event in self.events if (event.type, event.step) == (type, step)]

    def log(self, first: int, last: int) -> list[tuple[int, str, str]]:
        return [(event.id, event.type, event.step) for event in self.events if first <= event.id <= last]


@dataclass
class Stage:
    """An account with the documented functions."""

    cloud: Cloud
    names: Iterator[str] = field(default_factory=lambda: (f"run-{number}" for number in range(1, 1000)))

    def begin(self, definition: str, input: object = None) -> str:
        """Create the flow and start it; returns its name, which the execution has too."""
        name = next(self.names)
        self.cloud.flows.create_flow(name, definition)
        self.cloud.flows.start_execution(name, name=name, input=json.dumps(input if input is not None else {}))
        return name

    def story(self, name: str) -> Story:
        """What has happened so far."""
        events: list[EventRecord] = []
        token: str | None = None
        while True:
            page = self.cloud.flows.get_execution_history(name, name, next_token=token, limit=999)
            events += page.items
            token = page.next_token
            if token is None:
                return Story(self.cloud.flows.describe_execution(name, name), events)

    def play(self, definition: str, input: object = None) -> Story:
        """Run a flow for as long as anything happens."""
        name = self.begin(definition, input)
        self.cloud.run_until_idle()
        return self.story(name)

    def seen(self, name: str, type: str, step: str, count: int = 1) -> bool:
        return self.story(name).count(type, step) >= count


@pytest.fixture
def stage(cloud: LocalCloud) -> Stage:
    """The account of the harness, whose time is counted and whose histories are shown when a test fails."""
    return Stage(deploy(cloud.cloud))
