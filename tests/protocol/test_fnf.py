"""Records on the wire: what the server writes, the client reads as the same record."""

from __future__ import annotations

import json

import pytest

from fnfkit.ports.flows import EventRecord, ExecutionRecord, FlowRecord, ScheduleRecord, SyncResult
from fnfkit.protocol.fnf import EVENT, EXECUTION, FLOW, SCHEDULE, SYNC, Shape

AT = 1_577_934_245_006
STAMP = "2020-01-02T03:04:05.006Z"

FLOW_RECORD = FlowRecord(
    name="f",
    id="i",
    definition="d",
    description="t",
    role_arn="r",
    external_storage_location="/x",
    created=AT,
    modified=AT + 1,
)
RUNNING = ExecutionRecord(
    flow="f", name="e", definition="d", input='{"a": 1}', output="", status="Running", started=AT, stopped=None
)
EVENT_RECORD = EventRecord(
    id=3,
    scheduled_by=2,
    type="TaskFailed",
    step="s",
    time=AT,
    detail={"error": "E", "cause": {"深": [1, None, "\ud800", 2**65]}},
)
SCHEDULE_RECORD = ScheduleRecord(
    flow="f", name="s", id="i", description="", payload="{}", cron="0 * * * * *", enabled=True, created=AT, modified=AT
)
SYNC_RESULT = SyncResult(
    flow="f", name="e:u", status="Failed", error="E", cause="C", output="", started=AT, stopped=AT + 5
)


@pytest.mark.parametrize(
    ("shape", "record"),
    [
        (FLOW, FLOW_RECORD),
        (EXECUTION, RUNNING),
        (EXECUTION, RUNNING._replace(status="Succeeded", output="{}", stopped=AT + 9)),
        (EVENT, EVENT_RECORD),
        (SYNC, SYNC_RESULT),
    ],
)
def test_records_round_trip(shape: Shape, record: object) -> None:
    wire = json.loads(json.dumps(shape.write(record)))
    assert type(record)(**shape.read({**wire, "Unknown": 1})) == record


def test_a_schedule_does_not_carry_its_flow() -> None:
    wire = SCHEDULE.write(SCHEDULE_RECORD)
    assert "FlowName" not in wire
    assert ScheduleRecord(flow="f", **SCHEDULE.read(wire)) == SCHEDULE_RECORD


def test_a_running_execution_has_empty_strings() -> None:
    assert EXECUTION.write(RUNNING) == {
        "FlowName": "f",
        "Name": "e",
        "FlowDefinition": "d",
        "Input": '{"a": 1}',
        "Output": "",
        "Status": "Running",
        "StartedTime": STAMP,
        "StoppedTime": "",
    }


def test_event_detail_is_json_inside_json() -> None:
    wire = EVENT.write(EVENT_RECORD)
    assert wire["Time"] == STAMP
    assert json.loads(wire["EventDetail"]) == EVENT_RECORD.detail


def test_missing_fields_are_blank() -> None:
    assert EXECUTION.read({"FlowName": "f", "Output": None}) == {
        **RUNNING._replace(name="", definition="", input="", status="", started=0)._asdict(),
    }
    assert EVENT.read({})["detail"] == {}
