"""Path coverage: totals counted by hand, arms taken exactly, and never more than all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from fnfkit.model.flow import Flow
from fnfkit.testing import Coverage, LocalCloud, error, play
from fnfkit.testing.arms import arms
from fnfkit.testing.cov_reports import terminal, write_html, write_json, write_lcov
from fnfkit.testing.sources import source_of
from fnfkit.testing.taken import taken
from tests.lang.flow_strategies import flows
from tests.testing.flows import BOOKED, CALL, EVERYTHING, FUNCTIONS, POLL, TRANSACTION, app, price, quote

BY_HAND = {
    EVERYTHING: {"step": 11, "edge": 13, "option": 3, "catch": 2, "retry": 2, "timeout": 2, "items": 3},
    CALL: {"step": 3, "edge": 4, "catch": 1, "retry": 1, "timeout": 1},
}


@pytest.mark.parametrize("text", BY_HAND, ids=["everything", "call"])
def test_totals_are_those_counted_by_hand(text: str) -> None:
    found = arms(source_of(text).flow)
    assert Counter(arm.kind for arm in found) == BY_HAND[text]
    assert len({arm.key for arm in found}) == len(found)


def test_the_documented_flows_counted_by_hand() -> None:
    # poll: 7 steps; 4 edges in a row, 3 by goto, 1 to the end; 3 options and a default
    assert len(arms(source_of(POLL).flow)) == 7 + 4 + 3 + 1 + 4
    # transaction: 7 steps; 3 catches with their edges, 3 retries, and 6 edges besides: 2 to the next booking, to
    # OrderSucceeded, from there to the end, from CancelFlight, from CancelTrainTicket
    assert len(arms(source_of(TRANSACTION).flow)) == 7 + 3 + 3 + 3 + 6


def covered(*histories: object, text: str = EVERYTHING) -> Coverage:
    coverage = Coverage()
    source = source_of(text)
    coverage.add_flow(source)
    for history in histories:
        coverage.add(source, history)  # type: ignore[arg-type]
    return coverage


def names(coverage: Coverage) -> set[str]:
    (flow,) = coverage
    return {str(arm) for arm in flow.covered}


def test_one_way_through_takes_exactly_its_arms(cloud: LocalCloud) -> None:
    cloud.stub("fetch", {"kind": "a"})
    run = cloud.run(EVERYTHING, {"items": []})
    assert run.status == "Succeeded"
    assert names(covered(run.history)) == {
        *("step Fetch", "Fetch -> Kind", "step Kind", "Kind: option 1", "step InA", "InA -> (end)"),
        *("Kind -> Both", "step Both", "step Left", "Left -> (end)", "step Right", "Right -> (end)", "Both -> Each"),
        *("step Each", "Each: items 0", "Each -> Fine", "step Fine", "Fine -> (end)"),
    }


def test_every_arm_can_be_taken(cloud: LocalCloud) -> None:
    def ways() -> None:
        for kind, items in (("a", []), ("b", [1]), ("c", [1, 2])):
            cloud.stub("fetch", {"kind": kind})
            cloud.run(EVERYTHING, {"items": items})
        cloud.stub("fetch", error("FC.ResourceThrottled"), error("FC.Unknown"))
        cloud.run(EVERYTHING, {"items": []})
        cloud.stub("fetch", {"kind": "a"}, latency=6)
        cloud.run(EVERYTHING, {"items": []})
        cloud.stub("fetch", error("FC.ResourceThrottled"))
        cloud.run(EVERYTHING, {"items": []})

    ways()
    whole = covered(*(run.history for run in cloud.runs))
    (flow,) = whole
    assert [str(arm) for arm in flow.missing] == ["(flow): timeout"]
    assert (whole.covered, whole.total) == (35, 36)
    slow = EVERYTHING.replace("timeoutSeconds: 900", "timeoutSeconds: 2")
    cloud.stub("fetch", {}, latency=4)
    assert cloud.run(slow, {"items": []}, name="slow").status == "TimedOut"
    (flow,) = covered(cloud.runs[-1].history, text=slow)
    assert "(flow): timeout" in {str(arm) for arm in flow.covered}


def test_counts_tell_how_often(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    run = cloud.run("poll", delay=20)
    counts = Counter(str(arm) for arm in taken(source_of(POLL).flow, run.history))
    assert counts["step GetJobStatus"] == 4
    assert counts["CheckJobComplete -> Wait10s"] == counts["CheckJobComplete: option 3"] == 3
    assert counts["CheckJobComplete: option 1"] == 1


def test_the_coverage_of_the_mended_transaction_is_complete(cloud: LocalCloud) -> None:
    cloud.deploy(TRANSACTION, functions=FUNCTIONS)
    for failing in (None, *BOOKED):
        cloud.run("transaction", {**BOOKED, **({failing: False} if failing else {})})
    for compensation in ("CancelFlight", "CancelTrainTicket"):
        cloud.faults.fail(compensation)
    cloud.run("transaction", {**BOOKED, "reserve_hotel_result": False})
    coverage = Coverage()
    for run in cloud.runs:
        coverage.add(cloud.sources["transaction"], run.history)
    assert coverage.percent == 100


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(flows())
def test_whatever_runs_takes_only_arms_there_are(flow: Flow) -> None:
    played = play(flow, input={"a": 1, "b": [1, 2]})
    there = {arm.key for arm in arms(flow)}
    found = {arm.key for arm in taken(flow, played.history)}
    assert found <= there
    entered = {event.step for event in played.history if event.type == "StepEntered"}
    assert {arm.step for arm in taken(flow, played.history) if arm.kind == "step"} == entered


def test_the_history_of_another_flow_proves_nothing(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    run = cloud.run(CALL)
    coverage = covered(run.history, run.history[:3], [])
    assert (coverage.covered, coverage.percent) == (0, 0)


def test_merging_is_adding(cloud: LocalCloud) -> None:
    cloud.stub("fetch", {"kind": "a"})
    first = covered(cloud.run(EVERYTHING, {"items": []}).history)
    cloud.stub("fetch", {"kind": "b"})
    second = covered(cloud.run(EVERYTHING, {"items": [1]}).history)
    merged = Coverage()
    for part in (first, second, first):
        merged.merge(json.loads(json.dumps(part.dump())))
    (flow,) = merged
    assert names(merged) == names(first) | names(second)
    assert flow.counts["step", "steps/0", ""] == 3
    assert merged.percent <= 100


def test_python_flows_map_to_python_lines(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.deploy(app, stubs={price: {"price": 1}})
    run = cloud.run(quote, item="chair")
    coverage = Coverage()
    coverage.add(cloud.sources["quote"], run.history)
    write_lcov(coverage, tmp_path / "lcov.info")
    lines = (tmp_path / "lcov.info").read_text().splitlines()
    path = Path(__file__).with_name("flows.py")
    assert f"SF:{path}" in lines
    source = path.read_text().splitlines()
    hits = {source[int(number) - 1].strip(): int(count) for number, count in _records(lines, "DA:")}
    assert hits["found = price(item=item)"] == 1
    assert hits["wait(seconds=5)"] == 1
    assert hits["found = doubled(price=found.price)"] == 0
    assert lines[0] == "TN:" and lines[-1] == "end_of_record"


def _records(lines: list[str], prefix: str) -> list[list[str]]:
    return [line.removeprefix(prefix).split(",") for line in lines if line.startswith(prefix)]


def test_texts_have_no_lines_and_files_do(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    cloud.stub("f", {})
    cloud.run(CALL)
    cloud.run("poll", delay=5)
    coverage = Coverage()
    for run in cloud.runs:
        coverage.add(cloud.sources[run.flow], run.history)
    write_lcov(coverage, tmp_path / "lcov.info")
    text = (tmp_path / "lcov.info").read_text()
    assert text.count("SF:") == 1
    steps = [line.strip() for line in POLL.read_text().splitlines()]
    for number, _ in _records(text.splitlines(), "DA:"):
        assert steps[int(number) - 1].startswith("- type:")
    assert "BRF:12\n" in text


def test_the_reports_say_the_same(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.stub("fetch", {"kind": "<b>&"})
    coverage = covered(cloud.run(EVERYTHING, {"items": [1]}).history)
    lines = list(terminal(coverage))
    assert lines[-1].split() == ["total", "36", "18", "50.0%"]
    assert "Fetch: retry 1 (FC.ResourceThrottled)" in lines[1]
    write_json(coverage, tmp_path / "c.json")
    data = json.loads((tmp_path / "c.json").read_text())
    assert (data["arms"], data["taken"], round(data["percent"], 1)) == (36, 18, 50)
    write_html(coverage, tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text()
    assert page.count('<tr class="hit">') == 18
    assert page.count('<tr class="miss">') == 18
    assert "http" not in page


def test_nothing_ran() -> None:
    assert list(terminal(Coverage())) == ["no flow was executed"]
    assert Coverage().percent == 100
