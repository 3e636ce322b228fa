"""The documented applications: they deploy as they are, run, and leave nothing (scenarios.md, ros.md 11)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.mns.delivery import Push
from fnfkit.lang import ros
from fnfkit.ports import Fault, StackRecord
from fnfkit.server.account import serving_account

Settle = Callable[[str], StackRecord]
ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "ros"

FILES = {
    "timer, serverless": DATA / "timer-sam.yml",
    "timer": ROOT / "templates/timer/template.ros.yml",
    "topic, serverless": DATA / "topic-sam.yml",
    "topic": ROOT / "templates/topic-callback/template.ros.yml",
    "queue": ROOT / "templates/queue-worker/template.ros.yml",
    "poll": ROOT / "templates/poll/template.ros.yml",
    "transaction": ROOT / "templates/transaction/template.ros.yml",
    "callback": ROOT / "templates/callback/template.ros.yml",
    "async": DATA / "async.yml",
    "state machine": ROOT / "templates/state-machine/template.ros.yml",
}


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, text in files.items():
            opened.writestr(f"{name}.py", text)
    return buffer.getvalue()


@pytest.fixture
def deploy(cloud: Cloud, settle: Settle) -> Callable[..., StackRecord]:
    cloud.objects.put("code", "hello.zip", archive(hello='def handler(e, c):\n    return {"name": "hello world"}\n'))
    cloud.objects.put("code", "callback.zip", archive(index="def handler(environ, start):\n    return []\n"))

    def create(name: str, **parameters: str) -> StackRecord:
        stack = "ceshi_08_16" if "serverless" in name else "demo"
        id = cloud.stacks.create_stack(stack, FILES[name].read_text("utf-8"), parameters=parameters)
        record = settle(id)
        events = cloud.stacks.list_stack_events(id, size=50).items
        assert record.status == "CREATE_COMPLETE", [event.status_reason for event in events]
        return record

    return create


def run(cloud: Cloud, flow: str, input: object = None, name: str = "first") -> tuple[str, object]:
    cloud.flows.start_execution(flow, name=name, input=json.dumps(input or {}))
    cloud.run_until_idle()
    found = cloud.flows.describe_execution(flow, name)
    return found.status, json.loads(found.output) if found.output else None


def test_every_one_is_deployed_and_leaves_nothing(
    cloud: Cloud, settle: Settle, deploy: Callable[..., StackRecord]
) -> None:
    for name in FILES:
        record = deploy(name)
        cloud.stacks.delete_stack(record.id)
        assert settle(record.id).status == "DELETE_COMPLETE", name
    assert (cloud.flows.list_flows().items, cloud.queues.list_queues().items) == ((), ())
    assert (cloud.ram.roles.roles(), cloud.ram.roles.policies("Custom")) == ((), ())
    assert (cloud.topics.list_topics().items, cloud.functions.list()) == ((), ())


def table(cloud: Cloud, stack: str) -> dict[str, str]:
    return {record.logical_id: record.type for record in cloud.stacks.list_stack_resources(stack)}


def test_the_timer_application_has_its_six_resources(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy("timer, serverless")
    assert table(cloud, record.id) == {
        "service": "ALIYUN::FC::Service",
        "schedule": "ALIYUN::FNF::Schedule",
        "servicehello": "ALIYUN::FC::Function",
        "flow": "ALIYUN::FNF::Flow",
        "flowRole": "ALIYUN::RAM::Role",
        "AliyunFCInvocationAccessflowRole": "ALIYUN::RAM::AttachPolicyToRole",
    }
    physical = {record.logical_id: record.physical_id for record in cloud.stacks.list_stack_resources(record.id)}
    assert physical["flow"] == "FnFTimer-ceshi_08_16" and physical["servicehello"] == "hello"
    assert physical["service"].startswith("ceshi_08_16-service-")
    assert physical["flowRole"].startswith("ceshi-08-16-flowRole-")
    assert physical["schedule"] == physical["AliyunFCInvocationAccessflowRole"] == ""
    arn = cloud.stacks.get_stack_resource(record.id, "flowRole").attributes["Arn"]
    assert arn.startswith("acs:ram::123456789012:role/ceshi-08-16-flowrole-")


def test_the_topic_application_has_its_eleven_resources(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy("topic, serverless")
    assert table(cloud, record.id) == {
        "Topic": "ALIYUN::MNS::Topic",
        "Subscription": "ALIYUN::MNS::Subscription",
        "Service": "ALIYUN::FC::Service",
        "Servicecallback": "ALIYUN::FC::Function",
        "Servicecallbackhttp": "ALIYUN::FC::Trigger",
        "Flow": "ALIYUN::FNF::Flow",
        "FlowRole": "ALIYUN::RAM::Role",
        "ServiceRole": "ALIYUN::RAM::Role",
        "AliyunMNSFullAccessFlowRole": "ALIYUN::RAM::AttachPolicyToRole",
        "AliyunFnFFullAccessServiceRole": "ALIYUN::RAM::AttachPolicyToRole",
        "AliyunLogFullAccessServiceRole": "ALIYUN::RAM::AttachPolicyToRole",
    }
    made = [resource.logical_id for resource in cloud.stacks.list_stack_resources(record.id)]
    assert made.index("Topic") < made.index("Subscription") < made.index("Flow")


@pytest.mark.parametrize("name", ["timer", "timer, serverless"])
def test_the_timer_starts_its_flow(name: str, cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy(name, Input='{"who": "you"}')
    flow = record.output("entrypointFlowName")
    assert run(cloud, flow) == ("Succeeded", {"name": "hello world"})
    cloud.advance(150)
    runs = [item for item in cloud.flows.list_executions(flow).items if item.name.startswith("scheduled-exec-")]
    assert len(runs) == 2 and all(item.status == "Succeeded" for item in runs)
    given = json.loads(runs[0].input)
    assert given["payload"] == {"who": "you"} and given["triggerName"] == "demo-schedule"
    cloud.stacks.update_stack(record.id, FILES[name].read_text("utf-8"), parameters={"Cron": "@every 60m"})
    cloud.run_until_idle()
    cloud.advance(600)
    assert len(cloud.flows.list_executions(flow).items) == 3


@pytest.mark.parametrize("name", ["topic", "topic, serverless"])
def test_a_subscriber_reports(name: str, cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    pushed: list[dict[str, object]] = []

    def push(push: Push, answered: Callable[[int], None]) -> None:
        message = json.loads(json.loads(push.notification.text(push.format))["Message"])
        pushed.append(message)
        cloud.flows.report_task_succeeded(message["taskToken"], '{"status": "success"}')
        answered(204)

    record = deploy(name)
    cloud.topics.push_with(push)
    flow = record.output("entrypointFlowName")
    assert run(cloud, flow, {"messageBody": "hello world"}) == ("Succeeded", {"status": "success"})
    assert pushed[0]["messageBody"] == "hello world"


def test_a_push_reaches_the_function_behind_its_trigger() -> None:
    with Cloud(clock=VirtualClock(grace=0.02)) as cloud, serving_account(cloud) as served:
        text = FILES["topic"].read_text("utf-8")
        cloud.stacks.create_stack("demo", text, parameters={"Endpoint": served.endpoint})
        assert cloud.run_until(lambda: cloud.stacks.get_stack("demo").status == "CREATE_COMPLETE")
        flow = cloud.stacks.get_stack("demo").output("entrypointFlowName")
        cloud.flows.start_execution(flow, name="first", input='{"messageBody": "hello"}')
        assert cloud.run_until(lambda: cloud.flows.describe_execution(flow, "first").ended)
        found = cloud.flows.describe_execution(flow, "first")
        assert (found.status, json.loads(found.output)) == ("Succeeded", {"status": "success"})


def test_a_worker_takes_tasks_from_the_queue(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    flow = deploy("queue", QueueName="jobs").output("FlowName")
    cloud.flows.start_execution(flow, name="first")
    for _ in range(3):
        cloud.run_until_idle()
        message = cloud.queues.receive_message("jobs")
        body = json.loads(message.body)
        assert body["key"] == "value" and message.priority == 1
        cloud.flows.report_task_succeeded(body["task_token"], '{"key": "value"}')
        cloud.queues.delete_message("jobs", message.receipt_handle)
    cloud.run_until_idle()
    assert cloud.flows.describe_execution(flow, "first").status == "Succeeded"


def test_a_job_is_polled(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    status, output = run(cloud, deploy("poll").output("FlowName"), {"delay": 20})
    assert status == "Succeeded" and isinstance(output, dict) and output["job_status"] == "success"


def test_a_booking_is_undone(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    flow = deploy("transaction").output("FlowName")
    order = {f"{name}_result": "success" for name in ("buy_train_ticket", "reserve_flight", "reserve_hotel")}
    assert run(cloud, flow, order)[0] == "Succeeded"
    assert run(cloud, flow, {**order, "reserve_hotel_result": False}, "second")[0] == "Failed"
    history = cloud.flows.get_execution_history(flow, "second", limit=999).items
    entered = [event.step for event in history if event.type == "StepEntered"]
    assert entered[-3:] == ["CancelFlight", "CancelTrainTicket", "OrderFailed"]


def test_a_callback_and_a_pinned_version(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy("callback")
    flow = record.output("FlowName")
    cloud.flows.start_execution(flow, name="first")
    cloud.run_until_idle()
    history = cloud.flows.get_execution_history(flow, "first").items
    token = next(event.detail["output"]["taskToken"] for event in history if event.type == "TaskSubmitted")
    cloud.flows.report_task_succeeded(token, '{"status": "ok"}')
    cloud.run_until_idle()
    assert json.loads(cloud.flows.describe_execution(flow, "first").output) == {"s": "ok"}
    assert record.output("VersionId") == "1"
    assert run(cloud, flow.replace("callback-", "pinned-")) == ("Succeeded", {"success": True})


def test_asynchronous_calls(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy("async")
    assert run(cloud, record.output("Forget")) == ("Succeeded", {})
    assert run(cloud, record.output("Await")) == ("Succeeded", {"done": True, "given": {"id": "first"}})
    assert run(cloud, record.output("Callback"))[0] == "Running"


def test_a_state_machine(cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy("state machine")
    assert run(cloud, record.output("FlowName"), {"n": 21}) == ("Succeeded", {"doubled": 42})


@pytest.mark.parametrize(
    ("wanted", "instead", "why"),
    [
        ("Name: machine-${ALIYUN::StackName}\n          SpecVersion", "Name: other\n          SpecVersion", "other"),
        (
            "ExecutionMode: Standard",
            "ExecutionMode: Express",
            "an Express flow allows the task mode RequestComplete only",
        ),
        ("ExecutionMode: Standard", "ExecutionMode: Fast", "Standard"),
        ("ExecutionMode: Standard", "Type: StateMachine", "Type"),
        ("StartAt: InvokeFunction", "StartAt: Nowhere", "Nowhere"),
    ],
)
def test_what_no_stack_can_have_of_a_state_machine_is_said(
    wanted: str, instead: str, why: str, cloud: Cloud, settle: Settle
) -> None:
    text = FILES["state machine"].read_text("utf-8")
    assert wanted in text
    try:
        id = cloud.stacks.create_stack("demo", text.replace(wanted, instead))
    except Fault as fault:
        assert why in fault.message
        return
    record = settle(id)
    assert record.status == "CREATE_ROLLBACK_COMPLETE"
    failed = cloud.stacks.list_stack_events(id, statuses=["CREATE_FAILED"], logical_ids=["Flow"]).items
    assert why in failed[0].status_reason


@pytest.mark.parametrize("name", FILES)
def test_what_was_sent_comes_back(name: str, cloud: Cloud, deploy: Callable[..., StackRecord]) -> None:
    record = deploy(name)
    text = FILES[name].read_text("utf-8")
    assert cloud.stacks.get_template(record.id, original=True) == text
    again = cloud.stacks.preview_stack("", text, stack=record.id)
    assert {change.action for change in again} == {"None"}
    processed = ros.read(cloud.stacks.get_template(record.id)).template
    assert processed is not None
    assert {resource.id for resource in processed.resources} == set(table(cloud, record.id))
