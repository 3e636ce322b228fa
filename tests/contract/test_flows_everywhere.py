"""The Serverless Workflow port where all clouds agree: the embedded one, in process and served, and Step Functions."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fnfkit.ports import (
    ExecutionAlreadyCompleted,
    ExecutionAlreadyExists,
    ExecutionNotExists,
    FlowAlreadyExists,
    FlowNotExists,
    Flows,
    InvalidArgument,
    TaskAlreadyCompleted,
)
from tests.contract.doors import Door

MISSING = "no-such-thing"


def test_a_flow_lives(door: Door) -> None:
    flows, texts = door.flows, door.texts
    created = flows.create_flow("f", texts.passes)
    assert (created.name, created.definition, created.description) == ("f", texts.passes, "")
    assert (created.type, created.execution_mode) == (texts.type, "Standard")
    assert created.created == created.modified > 0
    assert created.id
    assert flows.describe_flow("f") == created
    updated = flows.update_flow("f", definition=texts.nothing)
    assert (updated.name, updated.definition, updated.id) == ("f", texts.nothing, created.id)
    assert flows.describe_flow("f").definition == texts.nothing
    flows.delete_flow("f")
    with pytest.raises(FlowNotExists):
        flows.describe_flow("f")


def test_flows_are_listed_page_by_page(door: Door) -> None:
    assert door.flows.list_flows().items == ()
    for name in ("a", "b", "c"):
        door.flows.create_flow(name, door.texts.nothing)
    whole = door.flows.list_flows()
    assert ([flow.name for flow in whole.items], whole.next_token) == (["a", "b", "c"], None)
    assert whole.items[0].id == door.flows.describe_flow("a").id
    first = door.flows.list_flows(limit=2)
    second = door.flows.list_flows(limit=2, next_token=first.next_token)
    assert [[flow.name for flow in page.items] for page in (first, second)] == [["a", "b"], ["c"]]
    assert second.next_token is None


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**15])
def test_limits_of_pages(door: Door, limit: int) -> None:
    with pytest.raises(InvalidArgument):
        door.flows.list_flows(limit=limit)


def test_a_name_is_taken_once(door: Door) -> None:
    door.flows.create_flow("f", door.texts.passes)
    for definition in (door.texts.nothing, door.texts.passes):
        with pytest.raises(FlowAlreadyExists):
            door.flows.create_flow("f", definition)
    assert door.flows.describe_flow("f").definition == door.texts.passes


@pytest.mark.parametrize("definition", ["", "- 1", "{", "{}"])
def test_bad_definitions(door: Door, definition: str) -> None:
    with pytest.raises(InvalidArgument):
        door.flows.create_flow("f", definition)
    assert door.flows.list_flows().items == ()


def test_bad_settings(door: Door) -> None:
    for settings in ({"type": "BPMN"}, {"execution_mode": "Fast"}):
        with pytest.raises(InvalidArgument):
            door.flows.create_flow("f", door.texts.nothing, **settings)


@pytest.mark.parametrize(
    "call",
    [
        lambda flows: flows.describe_flow(MISSING),
        lambda flows: flows.update_flow(MISSING, description="x"),
        lambda flows: flows.delete_flow(MISSING),
        lambda flows: flows.start_execution(MISSING),
        lambda flows: flows.stop_execution(MISSING, "e"),
        lambda flows: flows.describe_execution(MISSING, "e"),
        lambda flows: flows.describe_execution(MISSING, "e", wait_seconds=5),
        lambda flows: flows.list_executions(MISSING),
        lambda flows: flows.get_execution_history(MISSING, "e"),
    ],
)
def test_no_such_flow(door: Door, call: Callable[[Flows], object]) -> None:
    with pytest.raises(FlowNotExists):
        call(door.flows)


def test_an_execution_lives(door: Door) -> None:
    flows, given = door.flows, '{"name": "世界 +%&="}'
    flows.create_flow("f", door.texts.passes)
    started = flows.start_execution("f", name="e", input=given)
    assert (started.flow, started.name, json.loads(started.input)) == ("f", "e", json.loads(given))
    assert started.definition == door.texts.passes
    ended = flows.describe_execution("f", "e", wait_seconds=60)
    assert (ended.status, ended.ended) == ("Succeeded", True)
    assert json.loads(ended.output) == {"greeting": "hello", "name": "世界 +%&="}
    assert ended.stopped is not None
    assert ended.stopped >= ended.started == started.started
    assert flows.describe_execution("f", "e") == ended


def test_a_name_is_made_up(door: Door) -> None:
    door.flows.create_flow("f", door.texts.nothing)
    one, two = door.flows.start_execution("f"), door.flows.start_execution("f")
    assert one.name != two.name
    assert door.flows.describe_execution("f", one.name, wait_seconds=60).status == "Succeeded"


def test_names_of_executions(door: Door) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    token = door.waiting("e")
    again = flows.start_execution("callback", name="e", input='{"other": 1}')
    assert (again.name, again.input, again.ended) == ("e", "{}", False)
    flows.report_task_succeeded(token, '{"status": "ok"}')
    assert flows.describe_execution("callback", "e", wait_seconds=60).ended
    with pytest.raises(ExecutionAlreadyExists):
        flows.start_execution("callback", name="e")


@pytest.mark.parametrize("text", ["x", "{", "{'a': 1}"])
def test_input_is_json(door: Door, text: str) -> None:
    door.flows.create_flow("f", door.texts.nothing)
    with pytest.raises(InvalidArgument):
        door.flows.start_execution("f", name="e", input=text)
    with pytest.raises(ExecutionNotExists):
        door.flows.describe_execution("f", "e")


def test_a_failed_execution(door: Door) -> None:
    door.flows.create_flow("f", door.texts.fails)
    door.flows.start_execution("f", name="e")
    ended = door.flows.describe_execution("f", "e", wait_seconds=60)
    assert (ended.status, ended.output) == ("Failed", "")
    last = door.flows.get_execution_history("f", "e").items[-1]
    assert (last.type, last.detail["error"], last.detail["cause"]) == ("ExecutionFailed", "Sorry", "as asked")


@pytest.mark.parametrize(
    "call",
    [
        lambda flows: flows.describe_execution("f", MISSING),
        lambda flows: flows.describe_execution("f", MISSING, wait_seconds=5),
        lambda flows: flows.stop_execution("f", MISSING),
        lambda flows: flows.get_execution_history("f", MISSING),
    ],
)
def test_no_such_execution(door: Door, call: Callable[[Flows], object]) -> None:
    door.flows.create_flow("f", door.texts.nothing)
    with pytest.raises(ExecutionNotExists):
        call(door.flows)


@pytest.mark.parametrize("seconds", [-1, 61])
def test_limits_of_long_polls(door: Door, seconds: int) -> None:
    door.flows.create_flow("f", door.texts.nothing)
    door.flows.start_execution("f", name="e")
    with pytest.raises(InvalidArgument):
        door.flows.describe_execution("f", "e", wait_seconds=seconds)


def test_an_execution_is_stopped(door: Door) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    door.waiting("e")
    flows.stop_execution("callback", "e", error="Enough", cause="of it")
    stopped = flows.describe_execution("callback", "e", wait_seconds=60)
    assert stopped.status == "Stopped"
    last = flows.get_execution_history("callback", "e").items[-1]
    assert (last.type, last.detail["error"], last.detail["cause"]) == (door.texts.stopped, "Enough", "of it")
    with pytest.raises(ExecutionAlreadyCompleted):
        flows.stop_execution("callback", "e")


def test_executions_are_listed_filtered_and_paged(door: Door) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    times = []
    for name in ("a1", "a2", "b1"):
        door.waiting(name)
        times.append(flows.describe_execution("callback", name).started)
        door.pause()
    flows.stop_execution("callback", "a2")
    flows.describe_execution("callback", "a2", wait_seconds=60)

    def names(**filters: object) -> list[str]:
        return [run.name for run in flows.list_executions("callback", **filters).items]  # type: ignore[arg-type]

    assert names() == ["b1", "a2", "a1"]
    assert names(status="Running") == ["b1", "a1"]
    assert names(status="Stopped") == ["a2"]
    assert names(name_prefix="a") == ["a2", "a1"]
    assert names(started_begin=times[1]) == ["b1", "a2"]
    assert names(started_end=times[1] - 1) == ["a1"]
    first = flows.list_executions("callback", limit=2)
    assert [run.name for run in first.items] == ["b1", "a2"]
    assert names(limit=2, next_token=first.next_token) == ["a1"]
    assert first.items[1].stopped == flows.describe_execution("callback", "a2").stopped
    with pytest.raises(InvalidArgument):
        names(limit=101)
    with pytest.raises(InvalidArgument):
        names(status="Sleeping")


def test_a_history(door: Door) -> None:
    flows = door.flows
    flows.create_flow("f", door.texts.passes)
    flows.start_execution("f", name="e", input='{"name": "x"}')
    flows.describe_execution("f", "e", wait_seconds=60)
    history = flows.get_execution_history("f", "e")
    assert [event.type for event in history.items] == ["ExecutionStarted", *door.texts.events, "ExecutionSucceeded"]
    count = len(history.items)
    assert [event.id for event in history.items] == [*range(1, count + 1)]
    assert [event.step for event in history.items] == ["", *["hello"] * (count - 2), ""]
    assert history.next_token is None
    pages = [flows.get_execution_history("f", "e", limit=count - 1)]
    assert pages[0].next_token == str(count)
    pages.append(flows.get_execution_history("f", "e", limit=count - 1, next_token=str(count)))
    assert pages[1].next_token is None
    assert tuple(event for page in pages for event in page.items) == history.items


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": 1001}, {"next_token": "x"}])
def test_limits_of_histories(door: Door, arguments: dict[str, object]) -> None:
    door.flows.create_flow("f", door.texts.nothing)
    door.flows.start_execution("f", name="e")
    with pytest.raises(InvalidArgument):
        door.flows.get_execution_history("f", "e", **arguments)  # type: ignore[arg-type]


def test_a_task_is_reported_as_succeeded(door: Door) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    token = door.waiting("e")
    flows.report_task_succeeded(token, '{"status": "ok"}')
    ended = flows.describe_execution("callback", "e", wait_seconds=60)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"s": "ok"})
    assert "TaskSucceeded" in [event.type for event in flows.get_execution_history("callback", "e").items]
    with pytest.raises(TaskAlreadyCompleted):
        flows.report_task_succeeded(token, "{}")
    with pytest.raises(TaskAlreadyCompleted):
        flows.report_task_failed(token, "E")


def test_a_task_is_reported_as_failed(door: Door) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    flows.report_task_failed(door.waiting("e"), "Broken", "by hand")
    assert flows.describe_execution("callback", "e", wait_seconds=60).status == "Failed"
    (failed,) = [event for event in flows.get_execution_history("callback", "e").items if event.type == "TaskFailed"]
    assert (failed.detail["error"], failed.detail["cause"]) == ("Broken", "by hand")


def test_a_token_opens_its_own_task_only(door: Door) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    one, two = door.waiting("one"), door.waiting("two")
    assert one != two
    flows.report_task_succeeded(one, '{"status": 1}')
    assert flows.describe_execution("callback", "one", wait_seconds=60).status == "Succeeded"
    assert flows.describe_execution("callback", "two").status == "Running"


@pytest.mark.parametrize("token", ["nonsense", ""])
def test_tokens_that_nobody_has_issued(door: Door, token: str) -> None:
    flows = door.flows
    flows.create_flow("callback", door.texts.callback)
    door.waiting("e")
    with pytest.raises(InvalidArgument):
        flows.report_task_succeeded(token, "{}")
    with pytest.raises(InvalidArgument):
        flows.report_task_failed(token, "E")
    assert flows.describe_execution("callback", "e").status == "Running"
