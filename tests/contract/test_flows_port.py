"""The Serverless Workflow port: one suite for the embedded cloud and for the official SDK over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.ports import (
    EntityTooLarge,
    ExecutionAlreadyCompleted,
    ExecutionNotExists,
    Fault,
    FlowNotExists,
    Flows,
    InvalidArgument,
    ScheduleAlreadyExists,
    ScheduleNotExists,
    TaskAlreadyCompleted,
)
from tests.contract.conftest import Waiting, token_of
from tests.contract.flows import CALLBACK, FAIL, NOTHING, PASS, WAIT

MISSING = "no-such-thing"


def test_a_flow_lives(flows: Flows) -> None:
    created = flows.create_flow("f", PASS, description="says hello", role_arn="acs:ram::123456789012:role/r")
    assert (created.name, created.definition, created.description) == ("f", PASS, "says hello")
    assert (created.type, created.execution_mode) == ("FDL", "Standard")
    assert created.role_arn == "acs:ram::123456789012:role/r"
    assert created.created == created.modified > 0
    assert created.id
    assert flows.describe_flow("f") == created
    updated = flows.update_flow("f", definition=NOTHING)
    assert (updated.definition, updated.description, updated.id) == (NOTHING, "says hello", created.id)
    assert flows.update_flow("f", description="other").description == "other"
    assert flows.describe_flow("f").definition == NOTHING
    flows.delete_flow("f")
    with pytest.raises(FlowNotExists):
        flows.describe_flow("f")


def test_a_description_may_be_left_out_or_emptied(flows: Flows) -> None:
    assert flows.create_flow("f", NOTHING).description == ""
    flows.update_flow("f", description="x" * 128)
    assert flows.update_flow("f", description="").description == ""
    assert flows.describe_flow("f").description == ""
    for call in (flows.update_flow, lambda name, description: flows.create_flow("g", NOTHING, description=description)):
        with pytest.raises(InvalidArgument):
            call("f", description="x" * 129)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a" * 129, "名", "a/b"])
def test_bad_names(flows: Flows, name: str) -> None:
    with pytest.raises(InvalidArgument):
        flows.create_flow(name, NOTHING)
    assert flows.list_flows().items == ()


@pytest.mark.parametrize(
    "definition", ["", "- 1", "version: v1\ntype: flow\n", "{", "version: v1\ntype: flow\nsteps: [1]"]
)
def test_bad_definitions(flows: Flows, definition: str) -> None:
    with pytest.raises(InvalidArgument):
        flows.create_flow("f", definition)
    assert flows.list_flows().items == ()


def test_flows_are_listed_by_name_and_page(flows: Flows) -> None:
    for name in ("b", "a", "c"):
        flows.create_flow(name, NOTHING)
    whole = flows.list_flows()
    assert ([flow.name for flow in whole.items], whole.next_token) == (["a", "b", "c"], None)
    assert whole.items[0] == flows.describe_flow("a")
    first = flows.list_flows(limit=2)
    assert ([flow.name for flow in first.items], first.next_token) == (["a", "b"], "c")
    second = flows.list_flows(limit=2, next_token=first.next_token)
    assert ([flow.name for flow in second.items], second.next_token) == (["c"], None)


def test_bad_settings(flows: Flows) -> None:
    with pytest.raises(InvalidArgument):
        flows.create_flow("f", NOTHING, type="ASL")
    with pytest.raises(InvalidArgument):
        flows.create_flow("f", NOTHING, execution_mode="Fast")
    with pytest.raises(InvalidArgument):
        flows.create_flow("f", NOTHING, role_arn="root")


@pytest.mark.parametrize(
    "call",
    [
        lambda flows: flows.describe_flow(MISSING),
        lambda flows: flows.update_flow(MISSING, description="x"),
        lambda flows: flows.delete_flow(MISSING),
        lambda flows: flows.start_execution(MISSING),
        lambda flows: flows.start_sync_execution(MISSING),
        lambda flows: flows.stop_execution(MISSING, "e"),
        lambda flows: flows.describe_execution(MISSING, "e"),
        lambda flows: flows.describe_execution(MISSING, "e", wait_seconds=5),
        lambda flows: flows.list_executions(MISSING),
        lambda flows: flows.get_execution_history(MISSING, "e"),
        lambda flows: flows.create_schedule(MISSING, "s", "0 * * * * *"),
        lambda flows: flows.list_schedules(MISSING),
    ],
)
def test_no_such_flow(flows: Flows, call: Callable[[Flows], object]) -> None:
    with pytest.raises(FlowNotExists):
        call(flows)


@pytest.mark.parametrize("text", ["x", "[]", "1", '"a"', "{", "null", '{"a": NaN}'])
def test_input_is_an_object(flows: Flows, text: str) -> None:
    flows.create_flow("f", NOTHING)
    with pytest.raises(InvalidArgument):
        flows.start_execution("f", name="e", input=text)
    with pytest.raises(ExecutionNotExists):
        flows.describe_execution("f", "e")


def test_input_has_a_limit(flows: Flows) -> None:
    flows.create_flow("f", NOTHING)
    with pytest.raises(EntityTooLarge):
        flows.start_execution("f", name="e", input=json.dumps({"a": "x" * 64 * 1024}))
    assert flows.list_executions("f").items == ()


def test_a_long_poll_ends_with_its_time(flows: Flows, cloud: Cloud, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    waiting("e")
    before = cloud.clock.now()
    assert flows.describe_execution("callback", "e", wait_seconds=7).status == "Running"
    assert cloud.clock.now() == before + 7_000


def test_a_long_poll_ends_with_the_execution(flows: Flows, cloud: Cloud) -> None:
    flows.create_flow("wait", WAIT)
    started = flows.start_execution("wait", name="e")
    ended = flows.describe_execution("wait", "e", wait_seconds=60)
    assert (ended.status, ended.stopped) == ("Succeeded", started.started + 30_000)
    assert cloud.clock.now() == started.started + 30_000


def test_an_execution_is_stopped(flows: Flows, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    waiting("e")
    stopped = flows.stop_execution("callback", "e", error="Enough", cause="of it")
    assert stopped.status == "Stopped"
    assert flows.describe_execution("callback", "e") == stopped
    last = flows.get_execution_history("callback", "e").items[-1]
    assert (last.type, last.detail["error"], last.detail["cause"]) == ("ExecutionStopped", "Enough", "of it")
    with pytest.raises(ExecutionAlreadyCompleted):
        flows.stop_execution("callback", "e")


def test_a_history(flows: Flows, cloud: Cloud) -> None:
    flows.create_flow("f", PASS)
    flows.start_execution("f", name="e", input='{"name": "x"}')
    flows.describe_execution("f", "e", wait_seconds=60)
    history = flows.get_execution_history("f", "e")
    assert [event.type for event in history.items] == [
        "ExecutionStarted",
        "StepEntered",
        "StepStarted",
        "StepSucceeded",
        "StepExited",
        "ExecutionSucceeded",
    ]
    assert [event.id for event in history.items] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in history.items] == ["", "hello", "hello", "hello", "hello", ""]
    assert history.next_token is None
    assert history == cloud.flows.get_execution_history("f", "e")
    pages = [flows.get_execution_history("f", "e", limit=4)]
    assert pages[0].next_token == "5"
    pages.append(flows.get_execution_history("f", "e", limit=4, next_token="5"))
    assert pages[1].next_token is None
    assert tuple(event for page in pages for event in page.items) == history.items


def test_a_task_is_reported_as_succeeded(flows: Flows, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    task = waiting("e")
    event = flows.report_task_succeeded(task.token, '{"status": "ok"}')
    ended = flows.describe_execution("callback", "e", wait_seconds=60)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"s": "ok"})
    history = {record.id: record for record in flows.get_execution_history("callback", "e").items}
    assert history[event].type == "TaskSucceeded"
    with pytest.raises(TaskAlreadyCompleted):
        flows.report_task_succeeded(task.token, "{}")
    with pytest.raises(TaskAlreadyCompleted):
        flows.report_task_failed(task.token, "E")


def test_a_task_is_reported_as_failed(flows: Flows, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    task = waiting("e")
    event = flows.report_task_failed(task.token, "Broken", "by hand")
    assert flows.describe_execution("callback", "e", wait_seconds=60).status == "Failed"
    history = {record.id: record for record in flows.get_execution_history("callback", "e").items}
    assert history[event].type == "TaskFailed"
    assert (history[event].detail["error"], history[event].detail["cause"]) == ("Broken", "by hand")


def test_the_token_of_a_page_is_the_next_name(flows: Flows, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    for name in ("a", "b"):
        waiting(name)
    assert flows.list_executions("callback", limit=1).next_token in ("a", "b")


def test_reports_that_are_refused(flows: Flows, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    task = waiting("e")
    refused: list[Callable[[], int]] = [
        lambda: flows.report_task_succeeded("nonsense", "{}"),
        lambda: flows.report_task_succeeded("", "{}"),
        lambda: flows.report_task_succeeded(task.token[:-6] + "AAAA==", "{}"),
        lambda: flows.report_task_succeeded(task.token, "[]"),
        lambda: flows.report_task_succeeded(task.token, "not JSON"),
        lambda: flows.report_task_failed(task.token, ""),
        lambda: flows.report_task_failed(task.token, "E" * 129),
        lambda: flows.report_task_failed(task.token, "E", "c" * 4097),
    ]
    for report in refused:
        with pytest.raises(InvalidArgument):
            report()
    assert flows.describe_execution("callback", "e").status == "Running"


def test_the_end_of_a_child_reports_its_parent(flows: Flows, cloud: Cloud, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    flows.create_flow("child", PASS.replace("greeting", "status"))
    parent = waiting("parent")
    flows.start_execution("child", name="c", input='{"name": "c"}', callback_token=parent.token)
    ended = flows.describe_execution("callback", "parent", wait_seconds=60)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"s": "hello"})
    with pytest.raises(InvalidArgument):
        flows.start_execution("child", callback_token="nonsense")


def test_a_synchronous_execution(flows: Flows) -> None:
    flows.create_flow("f", PASS, execution_mode="Express")
    result = flows.start_sync_execution("f", name="e", input='{"name": "x"}')
    assert (result.flow, result.status, result.error, result.cause) == ("f", "Succeeded", "", "")
    assert result.name.startswith("e:")
    assert json.loads(result.output) == {"greeting": "hello", "name": "x"}
    assert flows.start_sync_execution("f", name="e", input='{"name": "x"}').name != result.name


def test_a_synchronous_execution_takes_its_time(flows: Flows) -> None:
    flows.create_flow("f", WAIT, execution_mode="Express")
    result = flows.start_sync_execution("f")
    assert (result.status, result.stopped - result.started) == ("Succeeded", 30_000)


def test_a_failed_synchronous_execution_is_an_answer(flows: Flows) -> None:
    flows.create_flow("f", FAIL, execution_mode="Express")
    result = flows.start_sync_execution("f")
    assert (result.status, result.error, result.cause) == ("Failed", "Sorry", "as asked")


def test_a_synchronous_execution_ends_after_five_minutes_at_the_latest(flows: Flows) -> None:
    flows.create_flow("f", CALLBACK, execution_mode="Express")
    result = flows.start_sync_execution("f", name="e")
    assert (result.status, result.error, result.output) == ("TimedOut", "FnF.Timeout", "")
    assert result.stopped - result.started == 300_000
    assert "300 seconds" in result.cause


def test_modes_are_kept_apart(flows: Flows) -> None:
    flows.create_flow("standard", NOTHING)
    flows.create_flow("express", NOTHING, execution_mode="Express")
    with pytest.raises(Fault):
        flows.start_sync_execution("standard")
    with pytest.raises(Fault):
        flows.start_execution("express")
    with pytest.raises(InvalidArgument):
        flows.start_sync_execution("express", input="[]")


def test_a_schedule_lives(flows: Flows) -> None:
    flows.create_flow("f", NOTHING)
    created = flows.create_schedule("f", "s", "0 0 12 * * *", description="noon", payload='{"a": 1}', enabled=False)
    assert (created.flow, created.name, created.cron) == ("f", "s", "0 0 12 * * *")
    assert (created.description, created.payload, created.enabled) == ("noon", '{"a": 1}', False)
    assert created.id
    assert flows.describe_schedule("f", "s") == created
    updated = flows.update_schedule("f", "s", enabled=True, description="later")
    assert (updated.enabled, updated.description, updated.cron) == (True, "later", "0 0 12 * * *")
    assert flows.list_schedules("f").items == (updated,)
    flows.delete_schedule("f", "s")
    assert flows.list_schedules("f").items == ()
    with pytest.raises(ScheduleNotExists):
        flows.describe_schedule("f", "s")


def test_schedules_are_paged(flows: Flows) -> None:
    flows.create_flow("f", NOTHING)
    for name in ("a", "b", "c"):
        flows.create_schedule("f", name, "0 * * * * *", enabled=False)
    first = flows.list_schedules("f", limit=2)
    assert [schedule.name for schedule in first.items] == ["a", "b"]
    second = flows.list_schedules("f", limit=2, next_token=first.next_token)
    assert ([schedule.name for schedule in second.items], second.next_token) == (["c"], None)


def test_schedules_that_are_refused(flows: Flows) -> None:
    flows.create_flow("f", NOTHING)
    flows.create_schedule("f", "s", "0 * * * * *")
    with pytest.raises(ScheduleAlreadyExists):
        flows.create_schedule("f", "s", "0 * * * * *")
    for wrong in ("", "soon", "* * * * *", "99 * * * * *"):
        with pytest.raises(InvalidArgument):
            flows.create_schedule("f", "t", wrong)
        with pytest.raises(InvalidArgument):
            flows.update_schedule("f", "s", cron=wrong)
    with pytest.raises(InvalidArgument):
        flows.create_schedule("f", "t", "0 * * * * *", payload="[]")
    for call in (flows.describe_schedule, flows.delete_schedule, flows.update_schedule):
        with pytest.raises(ScheduleNotExists):
            call("f", MISSING)
    assert [schedule.name for schedule in flows.list_schedules("f").items] == ["s"]


def test_a_schedule_starts_executions(flows: Flows, cloud: Cloud) -> None:
    flows.create_flow("f", NOTHING)
    flows.create_schedule("f", "s", "0 * * * * *", payload='{"a": 1}')
    cloud.advance(60)
    (run,) = flows.list_executions("f").items
    assert run.name.startswith("scheduled-exec-")
    assert json.loads(run.input)["triggerName"] == "s"


def test_deleting_a_flow_ends_what_is_known_of_it(flows: Flows, waiting: Callable[[str], Waiting]) -> None:
    flows.create_flow("callback", CALLBACK)
    waiting("e")
    flows.delete_flow("callback")
    with pytest.raises(FlowNotExists):
        flows.get_execution_history("callback", "e")
    flows.create_flow("callback", NOTHING)
    assert flows.list_executions("callback").items == ()


def test_the_token_is_what_the_function_received(flows: Flows, cloud: Cloud) -> None:
    received: list[object] = []
    cloud.functions.stub("fnf-demo", "echo", lambda event: received.append(event) or event)
    flows.create_flow("callback", CALLBACK)
    flows.start_execution("callback", name="e")
    assert token_of(cloud, "callback", "e") == received[0]["taskToken"]  # type: ignore[index]
