"""Scenario 10: asynchronous task mode, as the checklist has it (scenarios.md 10)."""

from __future__ import annotations

import json

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.tasks import NEXT
from fnfkit.ports import Fault
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, InvokeOptions, TaskQuery, TaskStatus
from fnfkit.testing import LocalCloud
from tests.fc.contract.conftest import archive
from tests.scenarios.conftest import ROOT, Stage, template, template_input

WORKER = (ROOT / "functions" / "worker" / "index.py").read_text("utf-8")
S = TaskStatus


@pytest.fixture
def account(cloud: LocalCloud) -> Cloud:
    account = cloud.cloud
    account.fc.create_function("", "worker", FunctionSettings(timeout=600), archive(index=WORKER))
    account.fc.put_async_config("", "worker", AsyncConfig(stateful=True))
    return account


def start(account: Cloud, task_id: str = "", **job: object) -> str:
    options = InvokeOptions(asynchronous=True, task_id=task_id)
    return account.fc.invoke("", "worker", json.dumps({"seconds": 30, **job}).encode(), options).task_id


def status(account: Cloud, task_id: str) -> TaskStatus:
    return account.fc.get_task("", "worker", task_id).status


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


def test_an_id_is_refused_twice_also_after_the_first_has_ended(account: Cloud) -> None:
    start(account, "job")
    for _ in range(2):
        with pytest.raises(Fault) as caught:
            start(account, "job")
        assert (caught.value.code, caught.value.status) == ("StatefulAsyncInvocationAlreadyExists", 409)
        account.run_until_idle()
    assert status(account, "job") is S.SUCCEEDED


def test_without_an_id_the_request_id_is_it(account: Cloud) -> None:
    task_id = start(account)
    account.run_until_idle()
    task = account.fc.get_task("", "worker", task_id)
    assert task.id == task.request_id == task_id


def test_stopping_before_during_and_after(account: Cloud) -> None:
    account.functions.gate.limit = 1
    start(account, "first")
    start(account, "second")
    account.advance(10)
    assert (status(account, "first"), status(account, "second")) == (S.RUNNING, S.ENQUEUED)
    account.fc.stop_task("", "worker", "second")
    account.fc.stop_task("", "worker", "first")
    account.run_until_idle()
    assert (status(account, "first"), status(account, "second")) == (S.STOPPED, S.STOPPED)
    assert account.fc.get_task("", "worker", "first").duration == 10_000
    start(account, "third")
    account.run_until_idle()
    account.fc.stop_task("", "worker", "third")
    assert status(account, "third") is S.SUCCEEDED


def test_a_second_to_live_before_a_blocked_queue(account: Cloud) -> None:
    account.fc.put_async_config("", "worker", AsyncConfig(stateful=True, max_age=1))
    account.functions.gate.limit = 1
    start(account, "holds-the-place")
    start(account, "waits")
    account.run_until_idle()
    task = account.fc.get_task("", "worker", "waits")
    assert (task.status, task.duration) == (S.EXPIRED, 1_000)
    assert S.RUNNING not in {event.status for event in task.events}
    assert status(account, "holds-the-place") is S.SUCCEEDED


@pytest.mark.parametrize("retries", [0, 3, 8])
def test_one_run_and_the_retries_then_failed_and_the_destination(account: Cloud, retries: int) -> None:
    account.queues.create_queue("failures")
    where = "acs:mns:cn-hangzhou:123456789012:/queues/failures/messages"
    account.fc.put_async_config("", "worker", AsyncConfig(stateful=True, max_retries=retries, on_failure=where))
    start(account, "job", fail=True, seconds=1)
    account.run_until_idle()
    task = account.fc.get_task("", "worker", "job")
    assert sum(event.status is S.RUNNING for event in task.events) == 1 + retries
    assert (task.status, task.retries) == (S.FAILED, retries)
    outcome = json.loads(account.queues.receive_message("failures").body)
    assert outcome["requestContext"]["approximateInvokeCount"] == 1 + retries


def test_a_list_by_status_and_what_is_older_than_seven_days(account: Cloud) -> None:
    account.fc.put_async_config("", "worker", AsyncConfig(stateful=True, max_retries=0))
    start(account, "good")
    start(account, "bad", fail=True)

    def ids(wanted: str = "") -> list[str]:
        return [task.id for task in account.fc.list_tasks("", "worker", TaskQuery(status=wanted)).items]

    assert ids("Enqueued") == ["good", "bad"]
    account.advance(1)
    assert ids("Running") == ["good", "bad"]
    account.run_until_idle()
    assert (ids("Succeeded"), ids("Failed"), ids()) == (["good"], ["bad"], ["good", "bad"])
    account.advance(7 * 86_400)
    assert ids() == []


def test_a_synchronous_call_is_no_task(account: Cloud) -> None:
    assert json.loads(account.fc.invoke("", "worker", b'{"seconds": 3}').payload)["done"] is True
    assert account.fc.list_tasks("", "worker").items == ()


@pytest.mark.parametrize(
    ("file", "ended", "error", "seconds"),
    [("input.json", "Succeeded", "", 30), ("input-fails.json", "Failed", "JobFailed", 4 * 30 + 3.5)],
)
def test_the_template_follows_its_task_to_the_end(
    stage: Stage, file: str, ended: str, error: str, seconds: float
) -> None:
    stage.cloud.fc.create_function("", "worker", FunctionSettings(timeout=600), archive(index=WORKER))
    story = stage.play(template("async-tasks"), template_input("async-tasks", file))
    assert (story.status, story.error, story.elapsed) == (ended, error, seconds)
    (task,) = stage.cloud.fc.list_tasks("", "worker").items
    assert (task.status.value, task.id) == (ended, story.name)


@pytest.mark.durable
def test_a_task_survives_a_kill_of_the_account(cloud: LocalCloud, account: Cloud) -> None:
    start(account, "job")
    account.advance(10)
    assert status(account, "job") is S.RUNNING
    cloud.crash()
    cloud.run_until_idle()
    assert status(cloud.cloud, "job") is S.SUCCEEDED
    assert len(cloud.cloud.fc.list_tasks("", "worker").items) == 1
