"""State machines in an embedded account: the checklist of scenarios.md 11, and what CreateFlow checks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import FlowRecord, InvalidArgument, TaskAlreadyCompleted, TaskInvalidState
from fnfkit.ports.functions import AsyncConfig, FunctionSettings
from tests.fc.contract.conftest import archive

LATEST = "acs:fc:us-west-1:123456789012:functions/work/LATEST"


def definition(mode: str = "RequestComplete", kind: str = "Async", arn: str = LATEST, name: str = "MyFlow") -> str:
    """The printed machine, as JSON on one line."""
    parameters = {"invocationType": kind, "resourceArn": arn, "body.$": "$Input"}
    task = {"Type": "Task", "Name": "InvokeFunction", "Action": "FC:InvokeFunction", "TaskMode": mode}
    state = {**task, "Parameters": parameters, "End": True}
    machine = {"Type": "StateMachine", "Name": name, "SpecVersion": "v1", "StartAt": "InvokeFunction"}
    return json.dumps({**machine, "States": [state]})


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(0)) as made:
        made.functions.stub("", "work", lambda event: {"did": event}, latency=5)
        yield made


def create(cloud: Cloud, text: str, mode: str = "", name: str = "MyFlow") -> FlowRecord:
    return cloud.flows.create_flow(name, text, execution_mode=mode)


def run(cloud: Cloud, input: str = '{"n": 1}') -> tuple[str, str, int]:
    name = cloud.flows.start_execution("MyFlow", input=input).name
    cloud.run_until(lambda: cloud.flows.describe_execution("MyFlow", name).stopped is not None)
    record = cloud.flows.describe_execution("MyFlow", name)
    assert record.stopped is not None
    return record.status, record.output, record.stopped - record.started


def failure(cloud: Cloud) -> str:
    """The error name with which an execution fails."""
    assert run(cloud)[0] == "Failed"
    (execution,) = cloud.flows.list_executions("MyFlow").items
    return str(cloud.flows.get_execution_history("MyFlow", execution.name).items[-1].detail["error"])


def deploy(cloud: Cloud, code: str, name: str = "work") -> None:
    cloud.fc.create_function("", name, FunctionSettings(), archive(index=code))


def publish(cloud: Cloud) -> None:
    """A function of FC 3.0: version 1 under the alias `prod`, and newer code that is not published."""
    answer = "def handler(event, context):\n    return {{'v': {}}}\n"
    deploy(cloud, answer.format(1), "job")
    cloud.fc.publish_version("", "job")
    cloud.fc.create_alias("", "job", "prod", "1")
    cloud.fc.update_function("", "job", code=archive(index=answer.format(2)))


@pytest.mark.parametrize("busy", [False, True])
def test_the_printed_form_ends_before_its_task_does(busy: bool) -> None:
    """scenarios.md 11: the flow has Succeeded while the task is Running, or Enqueued behind another one."""
    with Cloud(clock=VirtualClock(0)) as cloud:
        deploy(cloud, "import time\ndef handler(event, context):\n    time.sleep(5)\n    return b'{}'\n")
        cloud.fc.put_async_config("", "work", AsyncConfig(stateful=True))
        if busy:
            cloud.fc.limit("", "work", 0)
        create(cloud, definition())
        assert run(cloud) == ("Succeeded", "{}", 0)
        (task,) = cloud.fc.list_tasks("", "work").items
        assert task.status.value == ("Enqueued" if busy else "Running")
        cloud.fc.limit("", "work", None)
        cloud.run_until_idle()
        (task,) = cloud.fc.list_tasks("", "work").items
        assert task.status.value == "Succeeded"


def test_waiting_for_the_system_does_what_the_text_promised(cloud: Cloud) -> None:
    create(cloud, definition("WaitForSystemCallback"))
    assert run(cloud) == ("Succeeded", '{"did":{"n":1}}', 5_000)


def test_a_task_that_fails_fails_the_state() -> None:
    with Cloud(clock=VirtualClock(0)) as cloud:
        deploy(cloud, "def handler(event, context):\n    raise KeyError('gone')\n")
        cloud.fc.put_async_config("", "work", AsyncConfig(stateful=True, max_retries=0))
        create(cloud, definition("WaitForSystemCallback"))
        assert failure(cloud) == "KeyError"
        (task,) = cloud.fc.list_tasks("", "work").items
        assert task.status.value == "Failed"


def test_express_flows_answer_synchronously_and_only_so(cloud: Cloud) -> None:
    create(cloud, definition(kind="Sync"), "Express")
    with pytest.raises(InvalidArgument, match="StartSyncExecution"):
        cloud.flows.start_execution("MyFlow")
    result = cloud.flows.start_sync_execution("MyFlow", input='{"n": 2}')
    assert (result.status, result.output) == ("Succeeded", '{"did":{"n":2}}')


def test_the_printed_form_runs_in_express_mode_too(cloud: Cloud) -> None:
    create(cloud, definition(), "Express")
    assert cloud.flows.start_sync_execution("MyFlow").status == "Succeeded"


def test_standard_flows_do_not_answer_synchronously(cloud: Cloud) -> None:
    create(cloud, definition(kind="Sync"))
    with pytest.raises(InvalidArgument, match="StartExecution"):
        cloud.flows.start_sync_execution("MyFlow")


@pytest.mark.parametrize("mode", ["WaitForSystemCallback", "WaitForCustomCallback"])
def test_express_flows_take_request_complete_only(cloud: Cloud, mode: str) -> None:
    with pytest.raises(InvalidArgument, match="RequestComplete only"):
        create(cloud, definition(mode), "Express")
    create(cloud, definition(kind="Sync"), "Express")
    with pytest.raises(InvalidArgument, match="RequestComplete only"):
        cloud.flows.update_flow("MyFlow", definition=definition(mode))


def test_express_flows_wait_twenty_seconds_at_most(cloud: Cloud) -> None:
    def waiting(seconds: str) -> str:
        head = "Type: StateMachine\nSpecVersion: v1\nName: MyFlow\nStartAt: W\nStates:\n"
        return f"{head}  - {{Type: Wait, Name: W, {seconds}, End: true}}\n"

    with pytest.raises(InvalidArgument, match="20 seconds"):
        create(cloud, waiting("Seconds: 21"), "Express")
    create(cloud, waiting('"Seconds.$": $Input.s'), "Express")
    assert cloud.flows.start_sync_execution("MyFlow", input='{"s": 20}').status == "Succeeded"
    assert cloud.flows.start_sync_execution("MyFlow", input='{"s": 21}').status == "Failed"


def test_express_executions_last_five_minutes(cloud: Cloud) -> None:
    text = "Type: StateMachine\nSpecVersion: v1\nName: MyFlow\nStartAt: W\nStates:\n"
    text += "  - {Type: Wait, Name: W, Seconds: 20, Next: W}\n"
    create(cloud, text, "Express")
    result = cloud.flows.start_sync_execution("MyFlow")
    assert result.stopped is not None
    assert (result.status, result.stopped - result.started) == ("TimedOut", 300_000)


def test_the_inner_name_must_be_the_flows_own(cloud: Cloud) -> None:
    with pytest.raises(InvalidArgument, match="its Name is 'Other'"):
        create(cloud, definition(name="Other"))
    create(cloud, definition())
    with pytest.raises(InvalidArgument, match="its Name is 'Other'"):
        cloud.flows.update_flow("MyFlow", definition=definition(name="Other"))


def test_errors_of_a_definition_have_their_line(cloud: Cloud) -> None:
    with pytest.raises(InvalidArgument, match="line 1: there is no task mode `Sometimes`"):
        create(cloud, definition("Sometimes"))


@pytest.mark.parametrize("arn", [LATEST, "acs:fc:::functions/work/LATEST", "acs:fc:::functions/work"])
def test_functions_have_arns_without_a_service(cloud: Cloud, arn: str) -> None:
    create(cloud, definition(kind="Sync", arn=arn))
    assert run(cloud)[:2] == ("Succeeded", '{"did":{"n":1}}')


@pytest.mark.parametrize(("qualifier", "value"), [("/prod", 1), ("/1", 1), ("/LATEST", 2), ("", 2)])
def test_a_qualifier_chooses_the_code(cloud: Cloud, qualifier: str, value: int) -> None:
    publish(cloud)
    create(cloud, definition(kind="Sync", arn=f"acs:fc:us-west-1:123456789012:functions/job{qualifier}"))
    assert run(cloud)[:2] == ("Succeeded", f'{{"v":{value}}}')


@pytest.mark.parametrize(("mode", "kind"), [("RequestComplete", "Sync"), ("WaitForSystemCallback", "Async")])
@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("job/nobody", "FC.AliasNotFound"),
        ("job/9", "FC.VersionNotFound"),
        ("nothing/prod", "FC.FunctionNotFound"),
    ],
)
def test_a_qualifier_nobody_knows_fails_the_state(
    cloud: Cloud, mode: str, kind: str, function: str, error: str
) -> None:
    publish(cloud)
    create(cloud, definition(mode, kind, f"acs:fc:::functions/{function}"))
    assert failure(cloud) == error


def test_a_child_is_awaited_or_only_started(cloud: Cloud) -> None:
    cloud.flows.create_flow("child", definition(kind="Sync", name="child"))
    for mode, expected in (("WaitForSystemCallback", {"did": {"k": 1}}), ("RequestComplete", None)):
        task = f"Action: 'FNF:StartExecution', TaskMode: {mode}"
        parameters = f"Parameters: {{resourceArn: 'acs:fnf:::flow/child', executionName: {mode}, input: {{k: 1}}}}"
        text = "Type: StateMachine\nSpecVersion: v1\nName: MyFlow\nStartAt: C\nStates:\n"
        text += f"  - {{Type: Task, Name: C, {task}, {parameters}, End: true}}\n"
        if mode == "RequestComplete":
            cloud.flows.update_flow("MyFlow", definition=text)
        else:
            create(cloud, text)
        output = json.loads(run(cloud)[1])
        assert output == expected or (output["FlowName"], output["ExecutionName"]) == ("child", mode)


def test_executions_survive_a_restart_in_their_language() -> None:
    store = MemoryStore(durable=True)
    text = "Type: StateMachine\nSpecVersion: v1\nName: MyFlow\nStartAt: W\nStates:\n"
    text += "  - {Type: Wait, Name: W, Seconds: 20, Next: D}\n  - {Type: Pass, Name: D, End: true}\n"
    before = Cloud(clock=VirtualClock(0), store=store)
    create(before, text)
    name = before.flows.start_execution("MyFlow", input='{"n": 1}').name
    before.run_until(lambda: len(before.flows.get_execution_history("MyFlow", name).items) >= 3)
    after = Cloud(clock=VirtualClock(0), store=store)
    after.recover()
    after.run_until_idle()
    record = after.flows.describe_execution("MyFlow", name)
    assert (record.status, record.output) == ("Succeeded", '{"n":1}')


# -- reports on tasks of state machines (api-fnf.md 6, fdl.md 4.10: the callback interface is that of FDL)

WAITING = """Type: StateMachine
SpecVersion: v1
Name: MyFlow
StartAt: Ask
States:
  - Type: Task
    Name: Ask
    Action: MNS:SendMessage
    TaskMode: WaitForCustomCallback
    Timeout: 60
    Parameters: {resourceArn: "acs:mns:::/queues/q/messages", message: $TOKEN}
    Retry: [{Errors: [Again], MaxAttempts: 2, IntervalSeconds: 1}]
    Catch: [{Errors: [FnF.TaskTimeout], Next: Late}]
    End: true
  - {Type: Pass, Name: Late, OutputConstructor: {late: true}, End: true}
""".replace("message: $TOKEN", "message.$: $Context.Current.TaskToken")


def waiting(cloud: Cloud) -> str:
    """Start the machine that waits; returns its first token."""
    cloud.queues.create_queue("q")
    create(cloud, WAITING)
    cloud.flows.start_execution("MyFlow", name="run")
    return next_token(cloud)


def next_token(cloud: Cloud) -> str:
    cloud.run_until(lambda: cloud.queues.get_queue_attributes("q").active > 0)
    message = cloud.queues.receive_message("q")
    cloud.queues.delete_message("q", message.receipt_handle)
    return message.body


def status(cloud: Cloud) -> str:
    return cloud.flows.describe_execution("MyFlow", "run").status


def test_a_second_report_is_refused_also_when_the_execution_has_ended(cloud: Cloud) -> None:
    token = waiting(cloud)
    cloud.flows.report_task_succeeded(token, "{}")
    cloud.run_until(lambda: status(cloud) == "Succeeded")
    for _ in range(2):
        with pytest.raises(TaskAlreadyCompleted):
            cloud.flows.report_task_succeeded(token, "{}")
    with pytest.raises(TaskAlreadyCompleted):
        cloud.flows.report_task_failed(token, "Late", "")


def test_a_report_after_the_timeout_is_told_that_the_task_is_over(cloud: Cloud) -> None:
    token = waiting(cloud)
    cloud.run_until(lambda: status(cloud) == "Succeeded")
    assert cloud.flows.describe_execution("MyFlow", "run").output == '{"late":true}'
    with pytest.raises(TaskAlreadyCompleted):
        cloud.flows.report_task_succeeded(token, "{}")


def test_the_tokens_of_earlier_attempts_are_known_too(cloud: Cloud) -> None:
    first = waiting(cloud)
    cloud.flows.report_task_failed(first, "Again", "")
    second = next_token(cloud)
    assert first != second
    with pytest.raises(TaskInvalidState):
        cloud.flows.report_task_succeeded(first, "{}")
    cloud.flows.stop_execution("MyFlow", "run", error="Enough", cause="")
    for token in (first, second):
        with pytest.raises(TaskAlreadyCompleted):
            cloud.flows.report_task_succeeded(token, "{}")


def test_a_token_that_was_never_given_is_not_known(cloud: Cloud) -> None:
    token = waiting(cloud)
    cloud.flows.report_task_succeeded(token, "{}")
    cloud.run_until(lambda: status(cloud) == "Succeeded")
    _, flow, execution, event, signature = base64.b64decode(token).decode().split("#")
    forged = [f"v1#{flow}#{execution}#{number}#{signature}" for number in (1, 3, 99)]
    forged.append(f"v1#{flow}#{execution}#{event}#{base64.b64encode(bytes(20)).decode()}")
    for text in forged:
        with pytest.raises(InvalidArgument, match="not the token of a task"):
            cloud.flows.report_task_succeeded(base64.b64encode(text.encode()).decode(), "{}")


def test_ended_executions_know_their_tokens_after_a_restart() -> None:
    store = MemoryStore(durable=True)
    with Cloud(clock=VirtualClock(0), store=store) as before:
        token = waiting(before)
        before.flows.report_task_succeeded(token, "{}")
        before.run_until(lambda: status(before) == "Succeeded")
    with Cloud(clock=VirtualClock(0), store=store) as after:
        after.recover()
        with pytest.raises(TaskAlreadyCompleted):
            after.flows.report_task_succeeded(token, "{}")
