"""`pytest --fnf-chaos=N`: after a test has passed, the flows it ran are searched with N schedules of faults each.

What calls answer that go well is what they answered in the test; the inputs are those of the test.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fnfkit.model.json import Json
from fnfkit.testing.local import LocalCloud
from fnfkit.testing.run import Run
from fnfkit.testing.searching import Bound, explore
from fnfkit.testing.sources import AnyFlow, source_of


def search(item: pytest.Item, cloud: LocalCloud) -> None:
    """Search every flow of a test, once for each input. Fails the test with the schedule that breaks a flow."""
    count = int(item.config.getoption("--fnf-chaos"))
    invariants = [one for marker in item.iter_markers("invariants") for one in marker.args]
    searched: set[tuple[str, str]] = set()
    for run in list(cloud.runs):
        key = (run.flow, json.dumps(run.input, sort_keys=True))
        if key in searched or not run.ended or run.flow in cloud.singles:
            continue
        searched.add(key)
        found = explore(
            _flow(cloud, run), invariants, input=run.input, outcomes=answered(run), bound=Bound(schedules=count)
        )
        if found.failure is not None:
            pytest.fail(f"--fnf-chaos broke flow {run.flow}: {found.failure}", pytrace=False)


def _flow(cloud: LocalCloud, run: Run) -> AnyFlow:
    source = cloud.sources.get(run.flow)
    return source.definition if source is not None else source_of(run.record.definition).definition


def answered(run: Run) -> dict[Any, list[Json]]:
    """What the calls of a run answered that went well, by step and in turn."""
    found: dict[Any, list[Json]] = {}
    for event in run.history:
        if event.type == "TaskSucceeded":
            found.setdefault(event.step, []).append(event.detail.get("output"))
    return found
