"""The documented scenarios, run with the documented functions on an embedded account in virtual time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.model.json import JsonObject
from fnfkit.testing import LocalCloud
from fnfkit.testing.run import Run

ROOT = Path(__file__).parents[2]
SERVICE = "fnf-demo"
DOCUMENTED = ("StartJob", "GetJobStatus", "Operation", "echo", "hello", "provision", "worker")


def template(name: str) -> str:
    return (ROOT / "templates" / name / "flow.fdl.yml").read_text("utf-8")


def template_input(name: str, file: str = "input.json") -> JsonObject:
    found: JsonObject = json.loads((ROOT / "templates" / name / file).read_text("utf-8"))
    return found


def printed(name: str) -> str:
    return (ROOT / "tests" / "data" / "printed" / name).read_text("utf-8")


def log(run: Run, first: int, last: int) -> list[tuple[int, str, str]]:
    """The events with these ids, as the documentation prints them."""
    return [(event.id, event.type, event.step) for event in run.history if first <= event.id <= last]


@dataclass
class Stage:
    """An account of the harness with the documented functions."""

    harness: LocalCloud
    runs: dict[str, Run] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for function in DOCUMENTED:
            self.harness.function(SERVICE, function, ROOT / "functions" / function)

    @property
    def cloud(self) -> Cloud:
        """The services behind the harness; others after a restart."""
        return self.harness.cloud

    def begin(self, definition: str, input: JsonObject | None = None) -> str:
        """Create the flow and start it; returns its name, which the execution has too."""
        name = f"run-{len(self.runs) + 1}"
        self.harness.deploy(definition, name=name)
        self.runs[name] = self.harness.start(name, input, name=name)
        return name

    def story(self, name: str) -> Run:
        """What has happened so far, and will."""
        return self.runs[name]

    def play(self, definition: str, input: JsonObject | None = None) -> Run:
        """Run a flow for as long as anything happens."""
        name = self.begin(definition, input)
        self.cloud.run_until_idle()
        return self.story(name)

    def seen(self, name: str, type: str, step: str, count: int = 1) -> bool:
        return self.story(name).count(type, step) >= count


@pytest.fixture
def stage(cloud: LocalCloud) -> Stage:
    """The test's cloud, whose time is counted and whose histories are shown when a test fails."""
    return Stage(cloud)
