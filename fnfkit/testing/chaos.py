"""`pytest --fnf-chaos=N`: after a test has passed, the flows it ran are searched with N schedules of faults each.

What calls answer that go well is what they answered in the test; the inputs are those of the test.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fnfkit.model.json import Json
from fnfkit.testing.invariants import Invariant, names_of
from fnfkit.testing.local import LocalCloud
from fnfkit.testing.run import Run
from fnfkit.testing.searching import Bound, explore
from fnfkit.testing.sources import source_of, steps_of


def search(item: pytest.Item, cloud: LocalCloud) -> None:
    """Search every flow of a test, once for each input. Fails the test with the schedule that breaks a flow."""
    count = int(item.config.getoption("--fnf-chaos"))
    invariants = invariants_of(item)
    searched: set[tuple[str, str]] = set()
    for run in list(cloud.runs) if cloud.readable else ():
        key = (run.flow, json.dumps(run.input, sort_keys=True))
        if key in searched or not run.ended or run.flow in cloud.singles:
            continue
        searched.add(key)
        flow = _flow(cloud, run)
        apply = [one for one in invariants if not names_of(one) or set(names_of(one)) & set(steps_of(source_of(flow)))]
        found = explore(flow, apply, input=run.input, outcomes=answered(run), bound=Bound(schedules=count))
        if found.failure is not None:
            pytest.fail(f"--fnf-chaos broke flow {run.flow}: {found.failure}", pytrace=False)


def invariants_of(item: pytest.Item) -> list[Invariant]:
    """The invariants that a test's flows are held to; a marker may give some of them as a list."""
    given = [one for marker in item.iter_markers("invariants") for one in marker.args]
    return [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]


def _flow(cloud: LocalCloud, run: Run) -> str:
    source = cloud.sources.get(run.flow)
    return source.definition if source is not None else source_of(run.record.definition).definition


def answered(run: Run) -> dict[Any, list[Json]]:
    """What the calls of a run answered that went well, by step and in turn."""
    found: dict[Any, list[Json]] = {}
    for event in run.history:
        if event.type == "TaskSucceeded":
            found.setdefault(event.step, []).append(event.detail.get("output"))
    return found
