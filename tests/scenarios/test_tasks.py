"""Scenario 10: asynchronous task mode, as the checklist has it (scenarios.md 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.tasks import NEXT
from fnfkit.ports import Fault
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, InvokeOptions, TaskQuery, TaskStatus
from tests.fc.contract.conftest import archive
from tests.scenarios.conftest import ROOT, Stage, deploy, template, template_input

WORKER = (ROOT / "functions" / "worker" / "index.py").read_text("utf-8")
S = TaskStatus


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.fc.create_function("", "worker", FunctionSettings(timeout=600), archive(index=WORKER))
        cloud.fc.put_async_config("", "worker", AsyncConfig(stateful=True))
        yield cloud


def start(cloud: Cloud, task_id: str = "", **job: object) -> str:
    options = InvokeOptions(asynchronous=True, task_id=task_id)
    return cloud.fc.invoke("", "worker", json.dumps({"seconds": 30, **job}).encode(), options).task_id


def status(cloud: Cloud, task_id: str) -> TaskStatus:
    return cloud.fc.get_task("", "worker", task_id).status


def test_the_transitions_are_those_of_the_documentation() -> None:
    documented = {
        (S.ENQUEUED, S.DEQUEUED),
        (S.DEQUEUED, S.RUNNING),
        *((S.RUNNING, after) for after in (S.SUCCEEDED, S.FAILED, S.RETRYING, S.STOPPING)),
        (S.RETRYING, S.RUNNING),
        (S.STOPPING, S.STOPPED),
        *((S.ENQUEUED, after) for after in (S.EXPIRED, S.INVALID, S.STOPPED)),
        # "Any unfinished one may be stopped" (api-fc.md 5.3):
        (S.DEQUEUED, S.STOPPING),
        (S.RETRYING, S.STOPPING),
    }
    assert {(before, after) for before, follow in NEXT.items() for after in follow} == documented
    assert len(S) == 10


def test_an_id_is_refused_twice_also_after_the_first_has_ended(cloud: Cloud) -> None:
    start(cloud, "job")
    for _ in range(2):
        with pytest.raises(Fault) as caught:
            start(cloud, "job")
        assert (caught.value.code, caught.value.status) == ("StatefulAsyncInvocationAlreadyExists", 409)
        cloud.run_until_idle()
    assert status(cloud, "job") is S.SUCCEEDED


def test_without_an_id_the_request_id_is_it(cloud: Cloud) -> None:
    task_id = start(cloud)
    cloud.run_until_idle()
    task = cloud.fc.get_task("", "worker", task_id)
    assert task.id == task.request_id == task_id


def test_stopping_before_during_and_after(cloud: Cloud) -> None:
    cloud.functions.gate.limit = 1
    start(cloud, "first")
    start(cloud, "second")
    cloud.advance(10)
    assert (status(cloud, "first"), status(cloud, "second")) == (S.RUNNING, S.ENQUEUED)
    cloud.fc.stop_task("", "worker", "second")
    cloud.fc.stop_task("", "worker", "first")
    cloud.run_until_idle()
    assert (status(cloud, "first"), status(cloud, "second")) == (S.STOPPED, S.STOPPED)
    assert cloud.fc.get_task("", "worker", "first").duration == 10_000
    start(cloud, "third")
    cloud.run_until_idle()
    cloud.fc.stop_task("", "worker", "third")
    assert status(cloud, "third") is S.SUCCEEDED


def test_a_second_to_live_before_a_blocked_queue(cloud: Cloud) -> None:
    cloud.fc.put_async_config("", "worker", AsyncConfig(stateful=True, max_age=1))
    cloud.functions.gate.limit = 1
    start(cloud, "holds-the-place")
    start(cloud, "waits")
    cloud.run_until_idle()
    task = cloud.fc.get_task("", "worker", "waits")
    assert (task.status, task.duration) == (S.EXPIRED, 1_000)
    assert S.RUNNING not in {event.status for event in task.events}
    assert status(cloud, "holds-the-place") is S.SUCCEEDED


@pytest.mark.parametrize("retries", [0, 3, 8])
def test_one_run_and_the_retries_then_failed_and_the_destination(cloud: Cloud, retries: int) -> None:
    cloud.queues.create_queue("failures")
    where = "acs:mns:cn-hangzhou:123456789012:/queues/failures/messages"
    cloud.fc.put_async_config("", "worker", AsyncConfig(stateful=True, max_retries=retries, on_failure=where))
    start(cloud, "job", fail=True, seconds=1)
    cloud.run_until_idle()
    task = cloud.fc.get_task("", "worker", "job")
    assert sum(event.status is S.RUNNING for event in task.events) == 1 + retries
    assert (task.status, task.retries) == (S.FAILED, retries)
    outcome = json.loads(cloud.queues.receive_message("failures").body)
    assert outcome["requestContext"]["approximateInvokeCount"] == 1 + retries


def test_a_list_by_status_and_what_is_older_than_seven_days(cloud: Cloud) -> None:
    cloud.fc.put_async_config("", "worker", AsyncConfig(stateful=True, max_retries=0))
    start(cloud, "good")
    start(cloud, "bad", fail=True)

    def ids(wanted: str = "") -> list[str]:
        return [task.id for task in cloud.fc.list_tasks("", "worker", TaskQuery(status=wanted)).items]

    assert ids("Enqueued") == ["good", "bad"]
    cloud.advance(1)
    assert ids("Running") == ["good", "bad"]
    cloud.run_until_idle()
    assert (ids("Succeeded"), ids("Failed"), ids()) == (["good"], ["bad"], ["good", "bad"])
    cloud.advance(7 * 86_400)
    assert ids() == []


def test_a_synchronous_call_is_no_task(cloud: Cloud) -> None:
    assert json.loads(cloud.fc.invoke("", "worker", b'{"seconds": 3}').payload)["done"] is True
    assert cloud.fc.list_tasks("", "worker").items == ()


@pytest.mark.parametrize(
    ("file", "ended", "error", "seconds"),
    [("input.json", "Succeeded", "", 30), ("input-fails.json", "Failed", "JobFailed", 4 * 30 + 3.5)],
)
def test_the_template_follows_its_task_to_the_end(
    stage: Stage, file: str, ended: str, error: str, seconds: float
) -> None:
    stage.cloud.fc.create_function("", "worker", FunctionSettings(timeout=600), archive(index=WORKER))
    story = stage.play(template("async-tasks"), template_input("async-tasks", file))
    assert (story.status, story.error, story.seconds) == (ended, error, seconds)
    (task,) = stage.cloud.fc.list_tasks("", "worker").items
    assert (task.status.value, task.id) == (ended, story.record.name)


def test_a_task_survives_a_kill_of_the_account(tmp_path: Path) -> None:
    from fnfkit.cloud.store_sqlite import SqliteStore

    path = tmp_path / "account.sqlite"
    with Cloud(store=SqliteStore(path)) as before:
        deploy(before)
        before.fc.create_function("", "worker", FunctionSettings(timeout=600), archive(index=WORKER))
        before.fc.put_async_config("", "worker", AsyncConfig(stateful=True))
        start(before, "job")
        before.advance(10)
    with Cloud(store=SqliteStore(path)) as after:
        after.recover()
        after.run_until_idle()
        assert status(after, "job") is S.SUCCEEDED
