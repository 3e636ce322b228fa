"""Histories that nobody should have written: each is replayed, redriven or refused, and never ends in a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from fnfkit.ports import EventRecord
from fnfkit.testing import LocalCloud, error, redrive, replay
from fnfkit.testing.trace import NotAHistory, read_file, read_history
from tests.cli.conftest import Cli
from tests.testing.flows import ASK, EVERYTHING, POLL

JUNK: tuple[object, ...] = (
    *(None, True, -1, 0, 1e308, float("inf"), float("nan"), "", "x", [], {}, [1], {"a": 1}, "9" * 30, 10**30),
    *("2020-13-45", "0001-01-01T00:00:00+14:00", "{", "[1]", "null", '{"input": 3}', '{"output": [1]}'),
    *('{"error": {"a": 1}, "cause": [1]}', '{"input": "x"}', "TaskSucceeded", "StepFailed", "ExecutionStopped"),
    *("ExecutionStarted", "Fetch", "Each", "Both"),
)


def rows(events: list[EventRecord]) -> list[dict[str, object]]:
    return [
        {
            "EventId": event.id,
            "ScheduleEventId": event.scheduled_by,
            "Type": event.type,
            "StepName": event.step,
            "Time": f"2020-08-14T11:00:{event.time % 60_000 / 1000:06.3f}Z",
            "EventDetail": json.dumps(event.detail),
        }
        for event in events
    ]


def spoilt(events: list[EventRecord], random: Random) -> str:
    """A history with a few things wrong."""
    found = rows(events)
    for _ in range(random.randint(1, 3)):
        row = random.choice(found)
        match random.randrange(10):
            case 0:
                found.remove(row) if len(found) > 1 else None
            case 1:
                found.append(dict(row))
            case 2:
                found = found[: random.randint(1, len(found))]
            case _:
                row[random.choice(list(row))] = random.choice(JUNK)
    return json.dumps({"Events": {"Event": found}})


@pytest.fixture(scope="module")
def recordings() -> list[tuple[str, list[EventRecord]]]:
    with LocalCloud() as cloud:
        cloud.stub("fetch", error("FC.ResourceThrottled"), {"kind": "b"})
        everything = cloud.run(EVERYTHING, {"items": [1, 2]}).history
        cloud.queues.create_queue("jobs")
        return [(EVERYTHING, everything), (ASK, cloud.start(ASK, key=3).succeed({"a": 1}).history)]


def test_whatever_is_recorded_is_replayed_or_refused(recordings: list[tuple[str, list[EventRecord]]]) -> None:
    refused = differing = 0
    for seed in range(1_500):
        flow, events = recordings[seed % 2]
        try:
            differing += replay(spoilt(events, Random(seed)), flow) is not None
        except NotAHistory:
            refused += 1
    assert min(refused, differing) > 100


def test_whatever_is_recorded_is_redriven_or_refused(recordings: list[tuple[str, list[EventRecord]]]) -> None:
    refused = 0
    for seed in range(300):
        flow, events = recordings[seed % 2]
        with LocalCloud() as cloud:
            cloud.queues.create_queue("jobs")
            cloud.stub("fetch", {"kind": "b"})
            try:
                redrive(cloud, spoilt(events, Random(seed)), flow)
            except NotAHistory:
                refused += 1
    assert refused > 10


def test_answers_of_steps_that_run_at_once_are_not_mixed_up(cloud: LocalCloud) -> None:
    flow = """
version: v1
type: flow
steps:
  - type: foreach
    name: Each
    iterationMapping: {collection: $.items, item: item}
    steps:
      - type: task
        name: Work
        inputMappings: [{target: item, source: $input.item}]
        resourceArn: acs:fc:::services/s/functions/work
    outputMappings: [{target: all, source: "$local[*].of"}]
  - {type: task, name: Last, resourceArn: 'acs:fc:::services/s/functions/last'}
"""
    cloud.stub("work", lambda event: {"of": event["item"]}, latency=5)
    cloud.stub("last", error("FC.Unknown"))
    failed = cloud.run(flow, items=["a", "b", "c"])
    kinds = [event.type for event in failed.history if event.step == "Work" and event.type.startswith("Task")]
    assert kinds.index("TaskSucceeded") > 2, "they are under way at once"
    work = cloud.stub("work", {"of": "anew"})
    cloud.stub("last", {})
    again = redrive(cloud, failed.history, flow)
    again.expect(status="Succeeded", output={"all": ["a", "b", "c"]})
    assert work.calls == 0


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper than any history"),
        (b'{"data":' * 20_000 + b"1" + b"}" * 20_000, "nested deeper than any history"),
        (b'{"Events": "\xe4"}', "cannot be read: 'utf-8' codec"),
        (b'{"Events":[{"EventId":1,"Ty', "this is not JSON"),
        (b'{"Events":[{"EventId":1e999,"Type":"X"}]}', "event 1 is not one of GetExecutionHistory"),
        (b'{"Events":[{"EventId":1,"Type":"X","Time":1e999}]}', "event 1 is not one of GetExecutionHistory"),
    ],
    ids=["deep", "deep data", "no text", "cut off", "endless id", "endless time"],
)
def test_files_that_are_none_say_why(tmp_path: Path, cli: Cli, data: bytes, complaint: str) -> None:
    file = tmp_path / "history.json"
    file.write_bytes(data)
    with pytest.raises(NotAHistory, match=complaint):
        read_file(file)
    refused = cli("replay", file, "--against", POLL, "--json")
    assert refused.exit == 2
    assert refused.error["code"] in ("NotAHistory", "NotText")
    with pytest.raises(NotAHistory, match=r"nowhere\.json cannot be read"):
        read_file(tmp_path / "nowhere.json")


def test_a_byte_order_mark_is_no_part_of_a_history() -> None:
    (event,) = read_history('\ufeff{"Events": [{"EventId": 1, "Type": "ExecutionStarted"}]}')
    assert event.type == "ExecutionStarted"


def test_nothing_in_a_history_commands_the_terminal(tmp_path: Path, cli: Cli) -> None:
    file = tmp_path / "history.json"
    evil = {
        "EventId": 1,
        "Type": "\x1b[31mExecution\nStarted",
        "StepName": "a\x07b",
        "EventDetail": {"error": "\x1b[2J"},
    }
    file.write_text(json.dumps({"Events": [evil]}))
    for words in ((), ("--against", POLL)):
        out = cli("replay", file, *words).out
        assert all(line.isprintable() for line in out.splitlines())
        assert "\\x1b[31mExecution\\nStarted" in out
        assert "a\\x07b" in out
