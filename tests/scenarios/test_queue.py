"""Queue tasks with an outside worker (scenarios.md 4)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Message, MessageNotExist, QpsLimitExceeded, TaskAlreadyCompleted
from fnfkit.server.account import serving_account
from fnfkit.workers import Ledger, Options, Worker
from tests.scenarios.conftest import ROOT, Stage, template

QUEUE = "fnf-demo"


@pytest.fixture
def queued(stage: Stage) -> Stage:
    stage.cloud.queues.create_queue(QUEUE)
    return stage


def work_once(cloud: Cloud, output: str = '{"key": "value"}') -> dict[str, str]:
    """What the documented worker does with one message; returns the message's body."""
    message = cloud.queues.receive_message(QUEUE, wait_seconds=10)
    body = json.loads(message.body)
    cloud.flows.report_task_succeeded(body["task_token"], output)
    cloud.queues.delete_message(QUEUE, message.receipt_handle)
    return body


def test_the_message_is_the_mapped_input_as_plain_json(queued: Stage) -> None:
    name = queued.begin(template("queue-worker"))
    queued.cloud.run_until_idle()
    message = queued.cloud.queues.receive_message(QUEUE)
    token = queued.story(name).details("TaskSubmitted", "Task_1")[0]["output"]["taskToken"]
    assert json.loads(message.body) == {"task_token": token, "key": "value"}
    assert message.priority == 1


def test_a_step_is_suspended_until_the_report_and_gives_its_output(queued: Stage) -> None:
    name = queued.begin(template("queue-worker"))
    queued.cloud.advance(3_600)
    assert queued.story(name).status == "Running"
    assert queued.story(name).count("StepExited", "Task_1") == 0
    work_once(queued.cloud)
    queued.cloud.run_until_idle()
    assert queued.story(name).details("StepExited", "Task_1")[0]["local"] == {"key": "value"}


def test_three_serial_tasks_queue_one_after_the_other(queued: Stage) -> None:
    name = queued.begin(template("queue-worker"))
    tokens = set()
    for done in range(3):
        queued.cloud.run_until_idle()
        record = queued.cloud.queues.get_queue_attributes(QUEUE)
        assert (record.active, record.inactive) == (1, 0)
        assert len(queued.story(name).path) == done + 1
        tokens.add(work_once(queued.cloud)["task_token"])
    queued.cloud.run_until_idle()
    story = queued.story(name)
    assert len(tokens) == 3
    assert (story.status, story.output) == ("Succeeded", {"key": "value"})
    with pytest.raises(MessageNotExist):
        queued.cloud.queues.receive_message(QUEUE)


def test_a_crash_between_report_and_deletion(queued: Stage) -> None:
    queued.begin(template("queue-worker"))
    queued.cloud.run_until_idle()
    first = queued.cloud.queues.receive_message(QUEUE)
    token = json.loads(first.body)["task_token"]
    queued.cloud.flows.report_task_succeeded(token, "{}")
    queued.cloud.advance(30)  # the worker has died; the visibility timeout ends
    again = [queued.cloud.queues.receive_message(QUEUE) for _ in range(2)]
    second = next(message for message in again if message.id == first.id)
    assert second.dequeue_count == 2
    with pytest.raises(TaskAlreadyCompleted):
        queued.cloud.flows.report_task_succeeded(token, "{}")
    queued.cloud.queues.delete_message(QUEUE, second.receipt_handle)


def test_a_failed_task_is_retried_with_a_new_message_and_token(queued: Stage) -> None:
    second = "  - type: task\n    name: Task_2"
    retry = "    retry: [{errors: [Busy], intervalSeconds: 5, maxAttempts: 1}]\n"
    definition = template("queue-worker").replace(second, retry + second)
    name = queued.begin(definition)
    tokens = []
    for _ in range(2):
        message = queued.cloud.queues.receive_message(QUEUE, wait_seconds=10)
        queued.cloud.queues.delete_message(QUEUE, message.receipt_handle)
        tokens.append(json.loads(message.body)["task_token"])
        queued.cloud.flows.report_task_failed(tokens[-1], "Busy", "come back later")
        queued.cloud.run_until(lambda: queued.seen(name, "TaskFailed", "Task_1", len(tokens)))
    queued.cloud.run_until_idle()
    story = queued.story(name)
    assert tokens[0] != tokens[1]
    assert (story.status, story.error) == ("Failed", "Busy")
    assert story.times("TaskFailed", "Task_1")[1] == 5


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"queues/fnf-demo": "queues/absent"}, "MNS.QueueNotExist"),
        ({"Priority: 1": "Priority: 17"}, "MNS.InvalidArgument"),
        ({"      Priority: 1\n": ""}, "MNS.InvalidArgument"),
        ({"MessageBody: $": "DelaySeconds: 5"}, "MNS.InvalidArgument"),
    ],
    ids=str,
)
def test_a_refused_send_fails_the_step_by_name(queued: Stage, change: dict[str, str], error: str) -> None:
    definition = template("queue-worker")
    for old, new in change.items():
        definition = definition.replace(old, new)
    story = queued.play(definition)
    assert (story.status, story.error) == ("Failed", error)


BURST = """
version: v1
type: flow
steps:
  - type: foreach
    name: each
    iterationMapping: {collection: $.items, item: item}
    steps:
      - type: task
        name: send
        resourceArn: acs:mns:::DESTINATION/messages
        pattern: requestResponse
        serviceParams: {MessageBody: $.item, Priority: 1}
RETRY
"""
RETRY = "        retry: [{errors: [MNS.QpsLimitExceeded], intervalSeconds: 1, maxAttempts: 5}]"


def burst(destination: str, retry: str = "") -> str:
    return BURST.replace("DESTINATION", destination).replace("RETRY", retry)


@pytest.mark.parametrize("destination", [f"/queues/{QUEUE}", "/topics/t"])
def test_throttled_sends_are_retried_until_they_pass(queued: Stage, destination: str) -> None:
    queued.cloud.topics.create_topic("t")
    items = {"items": [f"m{number}" for number in range(12)]}
    queued.cloud.mns.limit_sends(5)
    refused = queued.play(burst(destination), items)
    assert (refused.status, refused.error) == ("Failed", "MNS.QpsLimitExceeded")
    queued.cloud.mns.limit_sends(5)
    story = queued.play(burst(destination, RETRY), items)
    assert story.status == "Succeeded"
    assert story.count("TaskFailed", "send") > 0
    assert story.count("TaskSucceeded", "send") == 12
    assert story.elapsed > 0


@pytest.mark.throttling
def test_an_account_that_throttles_has_a_rate_of_its_own(queued: Stage) -> None:
    cloud = queued.cloud
    with pytest.raises(QpsLimitExceeded) as refused:
        for _ in range(2_001):
            cloud.queues.send_message(QUEUE, "x")
    assert (refused.value.code, refused.value.status) == ("QpsLimitExceeded", 503)
    assert cloud.queues.get_queue_attributes(QUEUE).active == 2_000
    cloud.advance(1)
    cloud.queues.batch_send_message(QUEUE, [Message("y")] * 16)


def test_without_waiting_the_answer_of_the_send_is_the_result(queued: Stage) -> None:
    definition = (
        template("queue-worker").replace("    pattern: waitForCallback\n", "").replace("$context.task.token", "none")
    )
    story = queued.play(definition)
    message = queued.cloud.queues.receive_message(QUEUE)
    assert set(story.output) == {"MessageId", "RequestId", "MessageBodyMD5"}
    assert story.output["MessageBodyMD5"] == message.body_md5


def test_the_documented_worker_does_three_tasks_and_outlives_an_empty_queue(stage: Stage) -> None:
    cloud = stage.cloud
    cloud.queues.create_queue(QUEUE)
    name = stage.begin(template("queue-worker"))
    with serving_account(cloud) as served:
        environment = {
            "REGION": "cn-hangzhou",
            "ACCOUNT_ID": cloud.account_id,
            "AK_ID": DEFAULT_KEY_ID,
            "AK_SECRET": DEFAULT_KEY_SECRET,
            "MNS_ENDPOINT": served.endpoint,
            "FNF_ENDPOINT": served.endpoint,
        }
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(ROOT / "templates" / "queue-worker" / "worker.py")],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: list[str] = []
        assert worker.stdout is not None
        for line in worker.stdout:
            lines.append(line)
            if "nothing received: MessageNotExist" in line and cloud.flows.describe_execution(name, name).ended:
                break
        assert worker.poll() is None
        worker.terminate()
        worker.communicate()
    story = stage.story(name)
    assert (story.status, story.output) == ("Succeeded", {"key": "value"})
    assert sum("working on" in line for line in lines) == 3
    assert not any(DEFAULT_KEY_SECRET in line for line in lines)


def test_the_worker_of_the_library_does_the_same(stage: Stage) -> None:
    cloud = stage.cloud
    cloud.queues.create_queue(QUEUE)
    name = stage.begin(template("queue-worker"))
    ledger = Ledger()
    worker = Worker(cloud.queues, cloud.flows, queue=QUEUE, options=Options(wait=5), ledger=ledger, clock=cloud.clock)
    with serving_account(cloud):
        thread = threading.Thread(target=worker.run, args=(lambda payload: {"key": payload["key"]},))
        thread.start()
        ended = threading.Event()
        cloud.flows.on_end(name, name, ended.set)
        assert ended.wait(10)
        worker.stop()
        thread.join()
    ledger.close()
    assert stage.story(name).output == {"key": "value"}
