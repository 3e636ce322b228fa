"""State machines in the harness: coverage with arms counted by hand, replay, redrive, search, and other languages."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from fnfkit.testing import Answer, Coverage, Error, LocalCloud, error, explore, play, redrive, replay
from fnfkit.testing.arms import arms
from fnfkit.testing.cov_reports import write_lcov
from fnfkit.testing.run import Run
from fnfkit.testing.sources import CannotRead, source_of
from tests.testing.flows import ROOT
from tests.testing.test_replay import as_service, divergence

MACHINE = """
Type: StateMachine
SpecVersion: v1
Name: orders
Timeout: 900
StartAt: Fetch
States:
  - {Type: Succeed, Name: Fine}
  - Type: Task
    Name: Fetch
    Action: FC:InvokeFunction
    Parameters: {resourceArn: 'acs:fc:::functions/fetch', invocationType: Sync, body.$: $Input}
    Timeout: 5
    Retry:
      - {Errors: [Busy], MaxAttempts: 2, IntervalSeconds: 1}
      - {Errors: [FnF.TaskTimeout], MaxAttempts: 1, IntervalSeconds: 1}
    Catch:
      - {Errors: [Gone], Next: Sorry}
      - {Errors: [FnF.ALL], Next: Worse}
    Next: Kind
  - Type: Choice
    Name: Kind
    Branches:
      - {Condition: $Input.kind == "a" && $Context.Execution.Input.n > 0, Next: Both}
      - {Condition: $Input.kind == "b", Next: Each}
      - {Condition: $Input.kind == "c", Next: Both}
    Default: Fine
  - Type: Parallel
    Name: Both
    Branches:
      - StartAt: Left
        States:
          - Type: Task
            Name: Left
            Action: FC:InvokeFunction
            Parameters: {resourceArn: 'acs:fc:::functions/left', invocationType: Sync, body.$: $Input}
            End: true
      - {StartAt: Right, States: [{Type: Pass, Name: Right, End: true}]}
    Retry: [{Errors: [Again], MaxAttempts: 1, IntervalSeconds: 3}]
    Catch: [{Errors: [Bad], Next: Worse}]
    OutputConstructor: {rows: [{k: 1}]}
    Next: Each
  - Type: Map
    Name: Each
    ItemsPath: $Input.rows
    Processor: {StartAt: One, States: [{Type: Pass, Name: One, End: true}]}
    Next: Fine
  - {Type: Fail, Name: Sorry, Code: Sorry, Detail: no}
  - {Type: Pass, Name: Worse, End: true}
"""
"""By hand: 10 states; edges: Fetch 3, Kind 3, Left 1, Right 1, Both 2, One 1, Each 1, Fine 1, Worse 1; options 4;
retries: Fetch 2, Both 1; catches: Fetch 2, Both 1; timeouts: Fetch and the flow; Each with 0, 1 and many."""
BY_HAND = {"step": 10, "edge": 14, "option": 4, "retry": 3, "catch": 3, "timeout": 2, "items": 3}


def test_totals_are_those_counted_by_hand() -> None:
    found = arms(source_of(MACHINE).flow)
    assert Counter(arm.kind for arm in found) == BY_HAND
    assert len({arm.key for arm in found}) == len(found) == 39


def machine(cloud: LocalCloud, *fetch: object, left: object = None, **more: object) -> Run:
    cloud.stub("fetch", *fetch)
    cloud.stub("left", *(left if isinstance(left, tuple) else (left or {"l": 1},)))
    return cloud.run(MACHINE, {"n": 1, **more})


def covered(*runs: Run) -> Coverage:
    coverage = Coverage()
    for run in runs:
        coverage.add(source_of(MACHINE), run.history)
    return coverage


def names(coverage: Coverage) -> set[str]:
    (flow,) = coverage
    return {str(arm) for arm in flow.covered}


def counts(run: Run) -> Counter[str]:
    (flow,) = covered(run)
    return Counter({str(arm): flow.hits(arm) for arm in flow.covered})


def test_one_way_through_takes_exactly_its_arms(cloud: LocalCloud) -> None:
    run = machine(cloud, {"kind": "a"})
    assert (run.status, run.path) == ("Succeeded", ["Fetch", "Kind", "Both", "Left", "Right", "Each", "One", "Fine"])
    assert names(covered(run)) == {
        *("step Fetch", "Fetch -> Kind", "step Kind", "Kind: option 1", "Kind -> Both", "step Both", "step Left"),
        *("Left -> (end)", "step Right", "Right -> (end)", "Both -> Each", "step Each", "Each: items 1", "step One"),
        *("One -> (end)", "Each -> Fine", "step Fine", "Fine -> (end)"),
    }


def test_options_that_lead_to_the_same_state_are_told_apart(cloud: LocalCloud) -> None:
    assert counts(machine(cloud, {"kind": "c"}))["Kind: option 3"] == 1
    assert counts(machine(cloud, {"kind": "a"}, n=0))["Kind: option default"] == 1
    found = counts(machine(cloud, {"kind": "b", "rows": []}))
    assert (found["Kind: option 2"], found["Kind -> Each"], found["Each: items 0"]) == (1, 1, 1)
    assert counts(machine(cloud, {"kind": "b", "rows": [{}, {}]}))["Each: items many"] == 1


def test_retries_and_catches_of_a_state(cloud: LocalCloud) -> None:
    found = counts(machine(cloud, error("Busy"), error("Busy"), {"kind": "x"}))
    assert found["Fetch: retry 1 (Busy)"] == 2
    assert not any("catch" in name or "timeout" in name for name in found)
    found = counts(machine(cloud, error("Busy"), error("Busy"), error("Busy")))
    assert (found["Fetch: retry 1 (Busy)"], found["Fetch: catch 2 (FnF.ALL)"], found["Fetch -> Worse"]) == (2, 1, 1)
    found = counts(machine(cloud, error("Gone")))
    assert (found["Fetch: catch 1 (Gone)"], found["Fetch -> Sorry"], found["step Sorry"]) == (1, 1, 1)


def test_attempts_that_ran_out_of_time_leave_no_event_and_are_found(cloud: LocalCloud) -> None:
    cloud.faults.lose_answer("Fetch")
    run = machine(cloud, {"kind": "x"})
    assert [event.type for event in run.history if event.step == "Fetch"] == [
        *("StateEntered", "StateStarted", "TaskSucceeded", "StateSucceeded")
    ]
    assert run.times("TaskSucceeded", "Fetch") == [6]
    found = counts(run)
    assert (found["Fetch: timeout"], found["Fetch: retry 2 (FnF.TaskTimeout)"]) == (1, 1)
    cloud.faults.lose_answer("Fetch", times=2)
    run = machine(cloud, {"kind": "x"})
    found = counts(run)
    assert (found["Fetch: timeout"], found["Fetch: retry 2 (FnF.TaskTimeout)"]) == (2, 1)
    assert (run.path[-1], found["Fetch: catch 2 (FnF.ALL)"]) == ("Worse", 1)
    cloud.faults.lose_answer("Fetch", after=1)
    found = counts(machine(cloud, error("Busy"), {"kind": "x"}, {"kind": "x"}))
    assert (found["Fetch: timeout"], found["Fetch: retry 1 (Busy)"], found["Fetch: retry 2 (FnF.TaskTimeout)"]) == (
        1,
        1,
        1,
    )


def test_a_container_tries_again_and_catches(cloud: LocalCloud) -> None:
    found = counts(machine(cloud, {"kind": "a"}, left=(error("Again"), {"l": 1})))
    assert (found["Both: retry 1 (Again)"], found["step Left"], found["step Both"], found["Both -> Each"]) == (
        1,
        2,
        1,
        1,
    )
    run = machine(cloud, {"kind": "a"}, left=(error("Again"), error("Bad")))
    found = counts(run)
    assert (found["Both: retry 1 (Again)"], found["Both: catch 1 (Bad)"], found["Both -> Worse"]) == (1, 1, 1)
    assert (run.status, run.path[-1]) == ("Succeeded", "Worse")
    run = machine(cloud, {"kind": "a"}, left=error("Other"))
    assert run.error == "Other"
    assert "step Worse" not in counts(run)


def test_everything_can_be_taken_but_the_timeout_of_the_flow(cloud: LocalCloud) -> None:
    for answers, left, rows in (
        (({"kind": "a"},), error("Bad"), []),
        ((error("Busy"), {"kind": "a"}), (error("Again"), {}), []),
        (({"kind": "b", "rows": []},), None, []),
        (({"kind": "b", "rows": [1, 2]},), None, []),
        (({"kind": "c"},), None, []),
        (({"kind": "x"},), None, []),
        ((error("Gone"),), None, []),
    ):
        machine(cloud, *answers, left=left, rows=rows)
    cloud.faults.lose_answer("Fetch", times=2)
    machine(cloud, {"kind": "x"})
    whole = covered(*cloud.runs)
    (flow,) = whole
    assert [str(arm) for arm in flow.missing] == ["(flow): timeout"]
    assert (whole.covered, whole.total) == (38, 39)
    cloud.stub("fetch", {}, latency=4)
    slow = cloud.run(MACHINE.replace("Timeout: 900", "Timeout: 2"), {}, name="slow")
    assert slow.status == "TimedOut"
    assert "(flow): timeout" in names(covered(slow))


@pytest.mark.parametrize("kind", ["a", "b", "x"])
def test_recorded_executions_do_the_same_again(cloud: LocalCloud, kind: str) -> None:
    run = machine(cloud, {"kind": kind, "rows": [{"k": 1}, {"k": 2}]})
    assert replay(run.history, MACHINE) is None
    assert replay(as_service(run.history), MACHINE) is None


def test_failures_retries_and_timeouts_do_the_same_again(cloud: LocalCloud) -> None:
    runs = [
        machine(cloud, error("Busy"), {"kind": "a"}, left=(error("Again"), {"l": 2})),
        machine(cloud, {"kind": "a"}, left=(error("Again"), error("Bad"))),
        machine(cloud, {"kind": "a"}, left=error("Other")),
        machine(cloud, error("Gone")),
    ]
    for times in (1, 2):
        cloud.faults.lose_answer("Fetch", times=times)
        runs.append(machine(cloud, {"kind": "x"}))
    assert [run.status for run in runs] == ["Succeeded", "Succeeded", "Failed", "Failed", "Succeeded", "Succeeded"]
    assert [replay(run.history, MACHINE) for run in runs] == [None] * 6


def test_the_first_divergence_is_named(cloud: LocalCloud) -> None:
    events = machine(cloud, {"kind": "a"}).history
    assert divergence(replay(events, MACHINE.replace('$Input.kind == "a"', '$Input.kind == "z"'))) == (
        "event 9 is another",
        "StateEntered Both",
        "StateEntered Fine",
    )
    assert divergence(replay(events, MACHINE.replace("rows: [{k: 1}]", "rows: [{k: 2}]"))) == (
        "event 22 has another output",
        "StateSucceeded Both",
        "StateSucceeded Both",
    )
    inner = MACHINE.replace("[{Type: Pass, Name: Right, End: true}]", "[{Type: Succeed, Name: Right2}]").replace(
        "StartAt: Right", "StartAt: Right2"
    )
    found = divergence(replay(events, inner))
    assert found[1:] == ("StateEntered Right", "StateEntered Right2")
    caught = machine(cloud, error("Gone")).history
    elsewhere = MACHINE.replace("{Errors: [Gone], Next: Sorry}", "{Errors: [Gone], Next: Worse}")
    assert divergence(replay(caught, elsewhere)) == (
        "event 5 has another next",
        "StateFailed Fetch",
        "StateFailed Fetch",
    )


def test_names_of_executions_are_no_divergence(cloud: LocalCloud) -> None:
    machine = """
Type: StateMachine
SpecVersion: v1
Name: names
StartAt: A
States:
  - {Type: Pass, Name: A, OutputConstructor: {id.$: $Context.Execution.Name, n.$: $Input.n}, End: true}
"""
    events = cloud.run(machine, {"n": 3}).history
    assert replay(events, machine) is None
    assert replay(events, machine.replace("n.$: $Input.n", "n: 4")) is not None


def test_a_failed_execution_goes_on_from_its_failed_state(cloud: LocalCloud) -> None:
    recorded = machine(cloud, {"kind": "a"}, left=error("Other")).history
    fetch = cloud.stub("fetch", error("Unexpected"))
    cloud.stub("left", {"l": 3})
    again = redrive(cloud, recorded, MACHINE)
    assert (again.status, fetch.calls) == ("Succeeded", 0)


def test_tokens_of_states_that_wait(cloud: LocalCloud) -> None:
    text = (ROOT / "templates" / "state-machine" / "flow.cloudflow.yml").read_text("utf-8")
    cloud.stub("work", {})
    waits = text.replace("TaskMode: WaitForSystemCallback", "TaskMode: WaitForCustomCallback")
    assert waits != text
    run = cloud.start(waits, n=1)
    assert run.token()
    assert run.succeed({"by": "hand"}).status == "Succeeded"
    assert replay(run.history, waits) is None


def test_the_search_plays_state_machines() -> None:
    played = play(MACHINE, [Answer("Fetch", 1, Error("Gone"))], input={"n": 1})
    assert (played.status, played.path) == ("Failed", ["Fetch", "Sorry"])
    found = explore(MACHINE, [lambda played: "sorry" if "Sorry" in played.path else None], input={"n": 1})
    assert found.failure is not None
    assert found.failure.schedule == (Answer("Fetch", 1, Error("Gone")),)


def test_a_page_shows_a_state_machine(cloud: LocalCloud, tmp_path: Path) -> None:
    page = machine(cloud, {"kind": "a"}).report(tmp_path / "page.html").read_text("utf-8")
    assert page.count('class="bar') >= 8
    assert "Both" in page


def test_states_map_to_the_lines_they_are_written_on(cloud: LocalCloud, tmp_path: Path) -> None:
    file = tmp_path / "orders.cloudflow.yml"
    file.write_text(MACHINE)
    coverage = Coverage()
    cloud.stub("fetch", {"kind": "x"})
    run = cloud.run(file, {"n": 1})
    assert run.flow == "orders"
    coverage.add(cloud.sources["orders"], run.history)
    write_lcov(coverage, tmp_path / "lcov.info")
    lines = MACHINE.splitlines()
    hits = [
        line.removeprefix("DA:").split(",")
        for line in (tmp_path / "lcov.info").read_text().splitlines()
        if line[:3] == "DA:"
    ]
    found = {lines[int(number) - 1].strip(): int(count) for number, count in hits}
    assert len(found) >= 8
    assert found["- {Type: Succeed, Name: Fine}"] == 1
    assert all(line.startswith("- ") or "States" in line for line in found)


ASL = {
    "StartAt": "Fetch",
    "TimeoutSeconds": 60,
    "States": {
        "Fine": {"Type": "Succeed"},
        "Fetch": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:fetch",
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fine"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.rows",
            "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}},
            "Next": "Fine",
        },
    },
}


def test_a_state_machine_of_another_cloud_runs(cloud: LocalCloud, tmp_path: Path) -> None:
    file = tmp_path / "fetching.asl.json"
    file.write_text(json.dumps(ASL, indent=1))
    cloud.stub("fetch", error("Busy"), {"rows": [{"a": 1}]}, error("Gone"))
    runs = [cloud.run(file, {}), cloud.run(file, {})]
    assert [run.status for run in runs] == ["Succeeded", "Succeeded"]
    assert [run.path for run in runs] == [["Fetch", "Each", "One", "Fine"], ["Fetch", "Fine"]]
    assert runs[0].flow == "fetching"
    coverage = Coverage()
    for run in runs:
        coverage.add(cloud.sources["fetching"], run.history)
        assert replay(run.history, file) is None
    (flow,) = coverage
    # 4 steps, 5 edges, a retry, a catch, a timeout, 3 counts
    assert len(flow.arms) == 4 + 5 + 1 + 1 + 1 + 3
    assert [str(arm) for arm in flow.missing] == ["(flow): timeout", "Each: items 0", "Each: items many"]
    assert flow.line(("steps", 0)) == next(
        number for number, line in enumerate(file.read_text().splitlines(), 1) if '"Fetch": {' in line
    )


def test_what_no_service_can_run_says_so() -> None:
    test = {"Variable": "$.n", "StringGreaterThan": "a", "Next": "Fine"}
    choice = {"Type": "Choice", "Choices": [test], "Default": "Fine"}
    text = json.dumps({"StartAt": "Kind", "States": {"Kind": choice, "Fine": {"Type": "Succeed"}}})
    with pytest.raises(
        CannotRead, match="CloudFlow cannot express this flow: a comparison that does not coerce at States/0"
    ):
        source_of(text)
    with pytest.raises(CannotRead, match="no state type"):
        source_of(json.dumps(ASL).replace("Succeed", "Succed"))
    with pytest.raises(CannotRead, match="E05"):
        source_of(MACHINE.replace("Next: Kind", "Next: Kinds"))
