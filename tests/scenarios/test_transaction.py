"""Scenario 2: a transaction of several steps, with compensation (scenarios.md 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnfkit.testing.run import Run
from tests.scenarios.conftest import SERVICE, Stage, log, printed, template, template_input

BOOKING = template("transaction")
ALL_WELL = {"buy_train_ticket_result": "success", "reserve_flight_result": "success", "reserve_hotel_result": "success"}


def booked(story: Run, operation: str, step: str) -> object:
    return story.details("TaskSucceeded", step)[0]["output"][f"{operation}_txnID"]  # type: ignore[index]


def given(story: Run, step: str) -> dict[str, object]:
    (scheduled,) = story.details("TaskScheduled", step)
    return scheduled["input"]  # type: ignore[return-value]


def test_every_booking_succeeds(stage: Stage) -> None:
    story = stage.play(BOOKING, ALL_WELL)
    assert story.status == "Succeeded"
    assert story.path == ["BuyTrainTicket", "ReserveFlight", "ReserveHotel", "OrderSucceeded"]


@pytest.mark.parametrize("failing", [False, "fail"])
def test_the_train_fails(stage: Stage, failing: object) -> None:
    story = stage.play(BOOKING, ALL_WELL | {"buy_train_ticket_result": failing})
    assert (story.status, story.error) == ("Failed", "OrderFailed")
    assert story.path == ["BuyTrainTicket", "OrderFailed"]
    assert story.count("TaskStarted", "BuyTrainTicket") == 1


def test_the_flight_fails(stage: Stage) -> None:
    story = stage.play(BOOKING, ALL_WELL | {"reserve_flight_result": False})
    assert story.status == "Failed"
    assert story.path == ["BuyTrainTicket", "ReserveFlight", "CancelTrainTicket", "OrderFailed"]
    assert given(story, "CancelTrainTicket") == {
        "operation": "cancel_train_ticket",
        "buy_train_ticket_txnID": booked(story, "buy_train_ticket", "BuyTrainTicket"),
    }


def test_the_hotel_fails(stage: Stage) -> None:
    story = stage.play(BOOKING, template_input("transaction", "input-hotel-fails.json"))
    assert (story.status, story.elapsed) == ("Failed", 7)
    assert story.times("TaskStarted", "ReserveHotel") == [0, 1, 3, 7]
    assert story.path[-3:] == ["CancelFlight", "CancelTrainTicket", "OrderFailed"]
    assert given(story, "CancelFlight") == {
        "operation": "cancel_flight",
        "reserve_flight_txnID": booked(story, "reserve_flight", "ReserveFlight"),
    }
    assert given(story, "CancelTrainTicket") == {
        "operation": "cancel_train_ticket",
        "buy_train_ticket_txnID": booked(story, "buy_train_ticket", "BuyTrainTicket"),
    }


def test_the_printed_log_of_the_retries(stage: Stage) -> None:
    story = stage.play(BOOKING, ALL_WELL | {"reserve_hotel_result": False})
    attempt = ("TaskScheduled", "TaskStarted", "TaskFailed")
    types = ["StepEntered", *attempt * 3, "TaskScheduled", "TaskStarted"]
    assert log(story, 12, 23) == [(id, type, "ReserveHotel") for id, type in enumerate(types, 12)]
    assert log(story, 24, 25) == [(24, "TaskFailed", "ReserveHotel"), (25, "StepExited", "ReserveHotel")]


def test_the_printed_detail_of_the_caught_step(stage: Stage) -> None:
    story = stage.play(BOOKING, ALL_WELL | {"reserve_hotel_result": False})
    (detail,) = story.details("StepExited", "ReserveHotel")
    assert {key: detail[key] for key in ("input", "error", "retryCount", "goto", "resourceArn", "cause")} == {
        "input": {"operation": "reserve_hotel", "reserve_hotel": False},
        "error": "FC.Unknown",
        "retryCount": 3,
        "goto": "CancelFlight",
        "resourceArn": "acs:fc:::services/fnf-demo/functions/Operation",
        "cause": {
            "errorMessage": "Process exited unexpectedly before completing request (duration: 0ms, "
            "maxMemoryUsage: 0.00MB)"
        },
    }
    assert set(detail["local"]) == {  # type: ignore[call-overload]
        "buy_train_ticket",
        "buy_train_ticket_txnID",
        "reserve_flight",
        "reserve_flight_txnID",
    }


def test_the_hotel_succeeds_at_the_third_call(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(
        "import json, os\n"
        "def handler(event, context):\n"
        "    order = json.loads(event)\n"
        "    count = os.path.join(os.path.dirname(__file__), 'calls')\n"
        "    if order['operation'] == 'reserve_hotel':\n"
        "        with open(count, 'a') as file: file.write('x')\n"
        "        if os.path.getsize(count) < 3: exit()\n"
        "    return {order['operation']: 'success'}\n"
    )
    stage.cloud.functions.deploy(SERVICE, "Operation", code=tmp_path)
    story = stage.play(BOOKING, ALL_WELL)
    assert story.status == "Succeeded"
    assert story.count("TaskFailed", "ReserveHotel") == 2
    assert story.times("TaskStarted", "ReserveHotel") == [0, 1, 3]


def test_the_printed_input_never_failed_with_the_printed_function(stage: Stage) -> None:
    """The published function compares with False, so the text "fail" of the published input is a success."""

    def as_published(event: dict[str, object]) -> dict[str, object]:
        operation = str(event["operation"])
        if event.get(operation) is False:
            raise SystemExit
        return {operation: "success", f"{operation}_txnID": "id"}

    stage.cloud.functions.stub(SERVICE, "Operation", as_published)
    assert stage.play(BOOKING, ALL_WELL | {"reserve_hotel_result": "fail"}).status == "Succeeded"
    assert stage.play(BOOKING, ALL_WELL | {"reserve_hotel_result": False}).status == "Failed"


def test_the_printed_compensation_cancels_the_train_with_the_flights_id(stage: Stage) -> None:
    story = stage.play(printed("transaction.fdl.yml"))
    assert story.status == "Succeeded"
    assert given(story, "CancelTrainTicket") == {
        "operation": "cancel_train_ticket",
        "reserve_flight_txnID": booked(story, "reserve_flight", "ReserveFlight"),
    }


@pytest.mark.durable
def test_a_restart_between_the_compensations_repeats_nothing(stage: Stage) -> None:
    calls: list[str] = []

    def counted(event: dict[str, object]) -> dict[str, object]:
        name = str(event["operation"])
        calls.append(name)
        if event.get(name) is False:
            raise SystemExit
        return {name: "success", f"{name}_txnID": f"{name}-1"}

    stage.harness.stub(f"{SERVICE}/Operation", counted)
    name = stage.begin(BOOKING, ALL_WELL | {"reserve_hotel_result": False})
    assert stage.cloud.run_until(lambda: stage.seen(name, "StepExited", "CancelFlight"))
    at_restart = list(calls)
    stage.harness.restart()
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert at_restart.count("cancel_flight") == 1
    assert calls.count("cancel_flight") == 1
    assert "cancel_train_ticket" in calls
    assert (story.status, story.error) == ("Failed", "OrderFailed")
    assert story.count("TaskSucceeded", "CancelFlight") == story.count("TaskSucceeded", "CancelTrainTicket") == 1
    assert [event.id for event in story.history] == list(range(1, len(story.history) + 1))
