"""Asynchronous invocations: states, retries, age, destinations, retention, and what survives (api-fc.md 5)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from fnfkit.cloud.fc.tasks import NEXT, moved
from fnfkit.cloud.store_crash import Crash, CrashingStore
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import Fault, MessageNotExist
from fnfkit.ports.functions import AsyncConfig, InvokeOptions, TaskQuery, TaskRecord, TaskStatus
from tests.fc.accounts import Durable

S = TaskStatus
ECHO = "def handler(event, context):\n    return event\n"
SLOW = "import time\ndef handler(event, context):\n    time.sleep(50)\n    return {'slept': 50}\n"
FAIL = "class Broken(Exception): pass\ndef handler(event, context):\n    raise Broken('no')\n"
QUEUE = "acs:mns:cn-hangzhou:123456789012:/queues/outcomes/messages"


@pytest.fixture
def account() -> Iterator[Durable]:
    durable = Durable()
    yield durable
    durable.cloud.close()


def blocked(account: Durable) -> None:
    """No room for any call."""
    account.cloud.functions.gate.limit = 0


@pytest.mark.parametrize("status", list(S))
def test_only_legal_transitions_can_be_made(status: S) -> None:
    task = TaskRecord(id="t", service="", function="f", status=status, request_id="r", started=0)
    for other in S:
        if other in NEXT[status]:
            assert moved(task, other, 5).status is other
        else:
            with pytest.raises(AssertionError, match="cannot go"):
                moved(task, other, 5)
    assert bool(NEXT[status]) != status.final


def test_every_status_is_reached(account: Durable) -> None:
    account.create(SLOW, "slow")
    account.create(FAIL, "fail", AsyncConfig(max_retries=1))
    account.create(ECHO, "echo")
    account.submit("done", "echo")
    account.submit("failed", "fail")
    account.submit("stopped", "slow")
    account.until(lambda: account.task("stopped", "slow").status is S.RUNNING)
    account.cloud.fc.stop_task("", "slow", "stopped")
    account.cloud.run_until_idle()
    blocked(account)
    account.create(ECHO, "old", AsyncConfig(max_age=1))
    account.create(ECHO, "gone")
    account.submit("expired", "old")
    account.submit("invalid", "gone")
    account.cloud.fc.delete_function("", "gone")
    account.cloud.run_until_idle()
    seen = {
        event.status
        for name, task in [
            *(("echo", "done"), ("fail", "failed"), ("slow", "stopped")),
            *(("old", "expired"), ("gone", "invalid")),
        ]
        for event in account.task(task, name).events
    }
    assert seen == set(S)
    for name, task in (("echo", "done"), ("fail", "failed"), ("slow", "stopped"), ("old", "expired")):
        path = account.statuses(task, name)
        assert all(after in NEXT[before] for before, after in itertools.pairwise(path))


def test_one_run_and_so_many_retries_then_failed(account: Durable) -> None:
    account.create(FAIL, config=AsyncConfig(max_retries=2))
    account.submit("t")
    account.cloud.run_until_idle()
    task = account.task("t")
    assert (task.status, task.retries, task.error) == (S.FAILED, 2, "UnhandledInvocationError")
    assert account.statuses("t") == [
        *(S.ENQUEUED, S.DEQUEUED, S.RUNNING, S.RETRYING, S.RUNNING, S.RETRYING, S.RUNNING, S.FAILED)
    ]
    assert account.times("t", S.RUNNING) == [0, 0.5, 1.5]
    assert json.loads(task.returned)["errorType"] == "Broken"
    assert task.events[3].detail == '{"Error":"UnhandledInvocationError"}'


def test_the_default_is_three_retries(account: Durable) -> None:
    account.create(FAIL)
    account.submit("t")
    account.cloud.run_until_idle()
    assert len(account.times("t", S.RUNNING)) == 4


def test_a_retry_that_would_come_too_late_is_not_made(account: Durable) -> None:
    account.create("import time\ndef handler(e, c):\n    time.sleep(2)\n    exit()\n", config=AsyncConfig(max_age=3))
    account.submit("t")
    account.cloud.run_until_idle()
    assert account.times("t", S.RUNNING) == [0, 2.5]


def test_an_event_that_finds_no_room_within_its_age_expires_without_a_run(account: Durable) -> None:
    account.create(ECHO, config=AsyncConfig(max_age=1, on_failure=QUEUE))
    account.cloud.queues.create_queue("outcomes")
    blocked(account)
    account.submit("t")
    account.cloud.run_until_idle()
    assert (account.statuses("t"), account.times("t", S.EXPIRED)) == ([S.ENQUEUED, S.EXPIRED], [1])
    account.cloud.functions.gate.limit = None
    account.cloud.advance(100)
    assert account.task("t").status is S.EXPIRED
    outcome = json.loads(account.cloud.queues.receive_message("outcomes").body)
    assert outcome["requestContext"]["condition"] == "EventAgeExceeded"
    assert outcome["requestContext"]["approximateInvokeCount"] == 0


def test_throttled_events_wait_longer_and_longer_and_are_not_counted(account: Durable) -> None:
    account.create(ECHO)
    blocked(account)
    account.submit("t")
    account.cloud.advance(20)
    account.cloud.functions.gate.limit = 1
    account.cloud.run_until_idle()
    task = account.task("t")
    assert (task.status, task.retries) == (S.SUCCEEDED, 0)
    assert account.times("t", S.RUNNING) == [31.5], "tried at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s"


def test_stopping_in_every_state(account: Durable) -> None:
    account.create(SLOW)
    account.create(FAIL, "fail")
    blocked(account)
    account.submit("enqueued")
    account.cloud.fc.stop_task("", "f", "enqueued")
    assert account.statuses("enqueued") == [S.ENQUEUED, S.STOPPED]
    account.cloud.functions.gate.limit = None
    account.submit("running")
    account.until(lambda: account.task("running").status is S.RUNNING)
    account.cloud.fc.stop_task("", "f", "running")
    account.cloud.run_until_idle()
    assert account.statuses("running")[-2:] == [S.STOPPING, S.STOPPED]
    assert account.task("running").duration == 0, "the function was woken, not waited for"
    account.submit("retrying", "fail")
    account.until(lambda: account.task("retrying", "fail").status is S.RETRYING)
    account.cloud.fc.stop_task("", "fail", "retrying")
    assert account.statuses("retrying", "fail")[-2:] == [S.STOPPING, S.STOPPED]
    before = account.task("running")
    account.cloud.fc.stop_task("", "f", "running")
    assert account.task("running") == before


@pytest.mark.parametrize(("source", "status"), [(ECHO, S.SUCCEEDED), (FAIL, S.FAILED)])
def test_the_outcome_goes_to_a_queue(account: Durable, source: str, status: S) -> None:
    account.cloud.queues.create_queue("outcomes")
    account.create(source, config=AsyncConfig(max_retries=1, on_success=QUEUE, on_failure=QUEUE))
    account.submit("t", payload={"n": 1})
    account.cloud.run_until_idle()
    task = account.task("t")
    assert (task.status, task.destination_status) == (status, "Succeeded")
    outcome = json.loads(account.cloud.queues.receive_message("outcomes").body)
    failed = status is S.FAILED
    assert outcome == {
        "timestamp": task.ended,
        "requestContext": {
            "requestId": task.request_id,
            "functionArn": "acs:fc:cn-hangzhou:123456789012:functions/f",
            "condition": "RetriesExhausted" if failed else "",
            "approximateInvokeCount": 2 if failed else 1,
        },
        "requestPayload": '{"n": 1}',
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError" if failed else ""},
        "responsePayload": task.returned,
    }


def test_the_outcome_goes_to_a_topic_and_to_a_function(account: Durable) -> None:
    account.cloud.topics.create_topic("t")
    account.cloud.queues.create_queue("fan")
    account.cloud.topics.subscribe("t", "s", "acs:mns:cn-hangzhou:123456789012:queues/fan")
    account.create(ECHO, config=AsyncConfig(on_success="acs:mns:::/topics/t/messages"))
    account.create("import json\ndef handler(e, c):\n    print(json.loads(e)['requestPayload'])\n", "after")
    account.create(ECHO, "other", AsyncConfig(on_success="acs:fc:::functions/after"))
    account.submit("one")
    account.submit("two", "other", {"two": 2})
    account.cloud.run_until_idle()
    assert "requestPayload" in account.cloud.queues.receive_message("fan").body
    assert [line.text for line in account.cloud.functions.log] == ['{"two": 2}']


@pytest.mark.parametrize("where", [QUEUE, "acs:eventbridge:::eventbus/x", "acs:fc:::functions/nobody"])
def test_an_outcome_that_cannot_be_sent_is_said_so(account: Durable, where: str) -> None:
    account.create(ECHO, config=AsyncConfig(on_success=where))
    account.submit("t")
    account.cloud.run_until_idle()
    assert (account.task("t").status, account.task("t").destination_status) == (S.SUCCEEDED, "Failed")


def test_ended_tasks_vanish_after_seven_days_and_their_ids_are_free(account: Durable) -> None:
    account.create(ECHO)
    account.submit("t")
    account.cloud.run_until_idle()
    account.cloud.advance(7 * 86_400 - 1)
    with pytest.raises(Fault, match="StatefulAsyncInvocationAlreadyExists"):
        account.submit("t")
    account.cloud.advance(1)
    with pytest.raises(Fault, match="StatefulAsyncInvocationNotFound"):
        account.task("t")
    assert account.cloud.fc.list_tasks("", "f").items == ()
    account.submit("t")
    tables = (
        [key for key, _ in account.store.scan("fc.invocation")],
        [key for key, _ in account.store.scan("fc.payload")],
    )
    assert [len(keys) for keys in tables] == [1, 1]


def test_the_id_of_a_task_is_taken_for_all_functions(account: Durable) -> None:
    account.create(ECHO)
    account.create(ECHO, "g")
    account.submit("t")
    with pytest.raises(Fault, match="StatefulAsyncInvocationAlreadyExists"):
        account.submit("t", "g")


def test_listing_by_status_time_and_prefix(account: Durable) -> None:
    account.create("def handler(e, c):\n    if b'bad' in e: exit()\n", config=AsyncConfig(max_retries=0))
    start = account.cloud.clock.now()
    for name, payload in (("a1", ""), ("a2", "bad"), ("b1", "")):
        account.submit(name, payload=payload)
        account.cloud.run_until_idle()
        account.cloud.advance(10)

    def ids(query: TaskQuery) -> list[str]:
        return [task.id for task in account.cloud.fc.list_tasks("", "f", query).items]

    assert ids(TaskQuery(status="Failed")) == ["a2"]
    assert ids(TaskQuery(prefix="a")) == ["a1", "a2"]
    assert ids(TaskQuery(begin=start + 5_000, end=start + 15_000)) == ["a2"]
    assert ids(TaskQuery(descending=True)) == ["b1", "a2", "a1"]
    assert ids(TaskQuery(qualifier="other")) == []


def test_calls_that_are_no_tasks_leave_nothing_behind(account: Durable) -> None:
    account.create(ECHO)
    account.cloud.fc.invoke("", "f", b"{}", InvokeOptions(asynchronous=True, task_id="ignored"))
    account.cloud.fc.invoke("", "f", b"{}")
    account.cloud.run_until_idle()
    assert account.cloud.fc.list_tasks("", "f").items == ()
    assert list(account.store.scan("fc.invocation")) == list(account.store.scan("fc.payload")) == []


def test_accepted_invocations_survive_in_every_state(account: Durable) -> None:
    account.create(SLOW)
    account.create(FAIL, "fail")
    account.submit("running")
    account.submit("retrying", "fail")
    account.until(lambda: account.task("retrying", "fail").status is S.RETRYING)
    blocked(account)
    account.submit("enqueued", payload={"big": "x" * 1000})
    account.cloud.advance(0.2)
    account.crash()
    account.cloud.run_until_idle()
    assert account.statuses("running")[:5] == [S.ENQUEUED, S.DEQUEUED, S.RUNNING, S.RETRYING, S.RUNNING]
    assert account.task("running").events[3].detail == "the account was restarted"
    assert account.task("running").status is account.task("enqueued").status is S.SUCCEEDED
    assert account.task("running").retries == 0
    assert account.task("retrying", "fail").status is S.FAILED
    assert len(account.task("enqueued").payload) == 1011


def test_code_versions_aliases_and_configurations_survive(account: Durable) -> None:
    account.create("def handler(e, c):\n    return {'v': 1}\n", config=AsyncConfig(max_retries=5))
    account.cloud.fc.publish_version("", "f")
    account.cloud.fc.create_alias("", "f", "online", "1")
    account.cloud.fc.put_provision("", "f", "online", 1)
    account.cloud.fc.limit("", "f", 7)
    account.crash()
    fc = account.cloud.fc
    answer = fc.invoke("", "f", b"{}", InvokeOptions(qualifier="online"))
    assert (answer.payload, answer.version) == (b'{"v": 1}', "1")
    assert fc.get_async_config("", "f").max_retries == 5
    assert fc.get_provision("", "f", "online").current == 1
    assert account.cloud.functions.gate.maxima == {("", "f"): 7}
    assert answer.request_id not in {"", account.cloud.functions.new_request_id()}


def test_a_crash_at_every_commit_loses_no_accepted_task() -> None:
    """Killed at commit n, for every n, before and after it: what was accepted runs to its end afterwards."""

    def story(account: Durable, accepted: list[str]) -> None:
        account.cloud.queues.create_queue("outcomes")
        account.create(FAIL, "fail", AsyncConfig(max_retries=1, on_failure=QUEUE))
        account.create(ECHO, config=AsyncConfig(on_success=QUEUE))
        for name, function in (("one", "f"), ("two", "fail"), ("three", "f")):
            account.submit(name, function)
            accepted.append(f"{function}/{name}")
        account.cloud.run_until_idle()

    commits = 0
    for lost in (False, True):
        for number in range(1, 200):
            store, accepted = MemoryStore(durable=True), list[str]()
            account = Durable(store)
            crashing = CrashingStore(store, commits=number, lost=lost)
            try:
                account.crash(crashing)
                story(account, accepted)
            except Crash:
                account.crash(store)
            else:
                commits = number
                break
            account.cloud.run_until_idle()
            for place in accepted:
                function, name = place.split("/")
                task = account.task(name, function)
                assert task.status is (S.FAILED if function == "fail" else S.SUCCEEDED), (number, lost, task)
                assert task.destination_status == "Succeeded"
            account.cloud.close()
    assert 15 < commits < 150


def test_outcomes_are_sent_at_least_once(account: Durable) -> None:
    account.cloud.queues.create_queue("outcomes")
    account.create(ECHO, config=AsyncConfig(on_success=QUEUE))
    account.submit("t")
    account.until(lambda: account.task("t").status is S.SUCCEEDED)
    account.crash()
    account.cloud.run_until_idle()
    assert account.cloud.queues.receive_message("outcomes").body
    with pytest.raises(MessageNotExist):
        account.cloud.queues.receive_message("outcomes")
