"""Replay and redrive: recorded executions against flows, and failed ones taken up where they failed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fnfkit.ports import EventRecord
from fnfkit.testing import LocalCloud, error, redrive, replay
from fnfkit.testing.replaying import Divergence
from fnfkit.testing.run import Run
from fnfkit.testing.trace import NotAHistory, read_history
from tests.cli.conftest import Cli
from tests.testing.flows import ASK, BOOKED, CALLBACK, EVERYTHING, FUNCTIONS, POLL, TRANSACTION

BRANCHES = """
version: v1
type: flow
steps:
  - type: parallel
    name: Both
    branches:
      - steps:
          - {type: task, name: Slow, resourceArn: 'acs:fc:::services/s/functions/slow'}
          - {type: pass, name: AfterSlow}
      - steps:
          - {type: wait, name: Wait, duration: 5}
          - {type: task, name: Quick, resourceArn: 'acs:fc:::services/s/functions/quick'}
  - {type: succeed, name: Done}
"""


def as_service(events: list[EventRecord]) -> str:
    """What GetExecutionHistory of the real service answers (api-fnf.md 2)."""
    rows = [
        {
            "EventId": event.id,
            "ScheduleEventId": event.scheduled_by,
            "Type": event.type,
            "StepName": event.step,
            "Time": f"2020-08-14T11:{event.time // 60_000 % 60:02d}:{event.time % 60_000 / 1000:06.3f}Z",
            "EventDetail": json.dumps(event.detail),
        }
        for event in events
    ]
    return json.dumps({"RequestId": "r", "Events": {"Event": rows}})


def transaction(cloud: LocalCloud) -> Run:
    cloud.deploy(TRANSACTION, functions=FUNCTIONS)
    return cloud.run("transaction", {**BOOKED, "reserve_hotel_result": False})


def test_a_recorded_execution_does_the_same_again(cloud: LocalCloud) -> None:
    assert replay(transaction(cloud).history, TRANSACTION) is None
    assert replay(as_service(transaction(cloud).history), TRANSACTION) is None


def test_polls_waits_retries_timeouts_and_loops(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    assert replay(cloud.run("poll", delay=20).history, POLL) is None
    cloud.stub("fetch", error("FC.ResourceThrottled"), {"kind": "b"})
    assert replay(cloud.run(EVERYTHING, {"items": [1, 2, 3]}).history, EVERYTHING) is None
    cloud.stub("fetch", {}, latency=7)
    run = cloud.run(EVERYTHING, {"items": []})
    assert run.count("TaskTimedOut") == 2
    assert replay(run.history, EVERYTHING) is None


def test_callbacks_with_their_tokens_and_stopped_executions(cloud: LocalCloud) -> None:
    cloud.deploy(CALLBACK, functions=FUNCTIONS)
    assert replay(cloud.run("callback").succeed({"status": "ok"}).history, CALLBACK) is None
    stopped = cloud.run("callback")
    cloud.flows.stop_execution("callback", stopped.name, error="Enough", cause="of this")
    assert stopped.status == "Stopped"
    assert replay(stopped.history, CALLBACK) is None


def test_an_execution_that_still_runs_is_compared_as_far_as_it_is(cloud: LocalCloud) -> None:
    cloud.deploy(CALLBACK, functions=FUNCTIONS)
    assert replay(cloud.run("callback").history, CALLBACK) is None


def test_branches_may_interleave_in_another_way(cloud: LocalCloud) -> None:
    cloud.stub("slow", {"s": 1}, latency=3)
    cloud.stub("quick", {"q": 1}, latency=4)
    events = cloud.run(BRANCHES).history
    assert replay(events, BRANCHES) is None
    changed = BRANCHES.replace("AfterSlow", "AfterAll")
    found = replay(events, changed)
    assert found is not None
    assert (found.recorded.step, found.replayed.step) == ("AfterSlow", "AfterAll")  # type: ignore[union-attr]


def divergence(found: Divergence | None) -> tuple[str, str, str]:
    assert found is not None
    recorded, replayed = found.recorded, found.replayed
    return (
        found.what,
        "" if recorded is None else f"{recorded.type} {recorded.step}",
        "" if replayed is None else f"{replayed.type} {replayed.step}",
    )


def test_the_first_divergence_is_named(cloud: LocalCloud) -> None:
    events = transaction(cloud).history
    text = TRANSACTION.read_text("utf-8")
    renamed = text.replace("CancelFlight", "UndoFlight")
    assert divergence(replay(events, renamed))[1:] == ("StepExited ReserveHotel", "StepExited ReserveHotel")
    assert divergence(replay(events, renamed))[0] == "event 25 has another goto"
    mapped = text.replace("source: $input.reserve_flight_result", "source: $input.buy_train_ticket_result")
    assert replay(events, mapped) is None, "both are true here"
    other = text.replace("source: reserve_flight\n", "source: reserve_plane\n")
    assert divergence(replay(events, other)) == (
        "event 8 has another input",
        "TaskScheduled ReserveFlight",
        "TaskScheduled ReserveFlight",
    )
    fewer = text.replace("        goto: CancelFlight", "        goto: OrderFailed")
    assert divergence(replay(events, fewer))[0] == "event 25 has another goto"


def test_less_and_more_than_was_recorded(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    short = "version: v1\ntype: flow\nsteps:\n  - {type: pass, name: A}\n"
    long = short + "  - {type: pass, name: B}\n"
    events = cloud.run(long).history
    assert divergence(replay(events, short)) == ("event 6 is another", "StepEntered B", "ExecutionSucceeded ")
    assert divergence(replay(events[:5], short)) == ("an event comes that was not recorded", "", "ExecutionSucceeded ")
    assert replay(cloud.run(short).history, short) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "not JSON"),
        ("[]", "no events"),
        ('{"Events": [3]}', "event 1 is int"),
        ('{"Events": [{"EventId": 1}]}', "event 1 is not one of"),
        ('{"Events": [{"EventId": 1, "Type": "X", "Time": "yesterday"}]}', "event 1 is not one of"),
        ('{"Events": [{"EventId": "x", "Type": "X"}]}', "event 1 is not one of"),
        ('{"Events": [{"EventId": 1, "Type": "X", "EventDetail": "{"}]}', "event 1 is not one of"),
    ],
)
def test_what_is_no_history_says_why(text: str, complaint: str) -> None:
    with pytest.raises(NotAHistory, match=complaint):
        read_history(text)


def test_a_failed_execution_goes_on_from_its_failed_step(cloud: LocalCloud) -> None:
    done: list[str] = []

    def operation(event: dict[str, object]) -> dict[str, object]:
        done.append(str(event["operation"]))
        return {str(event["operation"]): "again"}

    text = TRANSACTION.read_text("utf-8").replace(
        "          - FnF.ALL\n        goto", "          - Other\n        goto"
    )
    cloud.stub("Operation", {"buy_train_ticket": "first"}, error("FC.Unknown"))
    failed = cloud.run(text, BOOKED)
    assert (failed.status, failed.path[-1]) == ("Failed", "ReserveFlight")
    cloud.stub("Operation", operation)
    again = redrive(cloud, failed.history, text)
    again.expect(status="Succeeded", path=["BuyTrainTicket", "ReserveFlight", "ReserveHotel", "OrderSucceeded"])
    assert done == ["reserve_flight", "reserve_hotel"]
    assert again.output["buy_train_ticket"] == "first"
    assert cloud.run(text, BOOKED).output["buy_train_ticket"] == "again", "the recording is over"


def test_recorded_callbacks_are_reported_again(cloud: LocalCloud) -> None:
    cloud.queues.create_queue("jobs")
    text = ASK + "  - {type: task, name: Last, resourceArn: 'acs:fc:::services/s/functions/last'}\n"
    cloud.stub("last", error("FC.Unknown"))
    failed = cloud.start(text, key=3).succeed({"answer": 42})
    assert failed.status == "Failed"
    cloud.stub("last", {"fine": True})
    again = redrive(cloud, as_service(failed.history), text)
    again.expect(status="Succeeded", output={"answer": 42, "fine": True})


def test_the_command_line(cli: Cli, cloud: LocalCloud, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text(as_service(transaction(cloud).history))
    good = cli("replay", file, "--against", TRANSACTION)
    assert (good.exit, good.out) == (0, "the flow does again what was recorded: 39 events\n")
    assert cli("replay", file, "--json").data["events"][0]["type"] == "ExecutionStarted"  # type: ignore[index]
    shown = cli("replay", file)
    assert shown.exit == 0
    assert re.search(r"39 events, ExecutionFailed; give --against", shown.out)
    other = tmp_path / "other.fdl.yml"
    other.write_text(TRANSACTION.read_text("utf-8").replace("CancelFlight", "UndoFlight"))
    bad = cli("replay", file, "--against", other)
    assert bad.exit == 1
    assert bad.out.startswith("event 25 has another goto\n  recorded: 25 StepExited ReserveHotel")
    data = cli("replay", file, "--against", other, "--json").data
    assert data["divergence"]["recorded"]["id"] == 25  # type: ignore[index]
    file.write_text("{}")
    refused = cli("replay", file, "--json")
    assert (refused.exit, refused.error["code"]) == (2, "NotAHistory")
