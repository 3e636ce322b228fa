"""What Function Compute promises, the same in process and through both official clients (api-fc.md 2, 3, 5, 6, 7)."""

from __future__ import annotations

import json

import pytest

from fnfkit.ports import Fault
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, InvokeOptions, TaskQuery, TaskStatus
from tests.fc.contract.conftest import Door, archive

ECHO = "def handler(event, context):\n    return event\n"
ANSWER = "def handler(event, context):\n    return {{'v': {0}}}\n"
FAIL = "def handler(event, context):\n    raise KeyError('gone')\n"
TASK = InvokeOptions(asynchronous=True, task_id="t-1", stateful=True)


def refused(code: str, status: int) -> pytest.RaisesExc[Fault]:
    return pytest.RaisesExc(Fault, check=lambda fault: (fault.code, fault.status) == (code, status))


def test_a_function_is_created_read_changed_listed_and_deleted(door: Door) -> None:
    functions, service = door.functions, door.service
    made = door.create(ECHO, environment={"A": "1"}, timeout=7, memory=256, description="first")
    assert (made.name, made.timeout, made.memory, made.environment) == ("f", 7, 256, {"A": "1"})
    assert made.size > 0 and made.checksum.isdecimal() and made.created
    assert functions.get_function(service, "f") == made
    changed = functions.update_function(service, "f", FunctionSettings(timeout=9))
    assert (changed.timeout, changed.memory, changed.checksum) == (9, 256, made.checksum)
    assert door.update(ECHO + "\n").checksum != made.checksum
    door.create(ECHO, name="g")
    assert [one.name for one in functions.list_functions(service).items] == ["f", "g"]
    assert [one.name for one in functions.list_functions(service, prefix="g").items] == ["g"]
    page = functions.list_functions(service, limit=1)
    assert [one.name for one in page.items] == ["f"]
    rest = functions.list_functions(service, limit=1, next_token=page.next_token)
    assert ([one.name for one in rest.items], rest.next_token) == (["g"], None)
    functions.delete_function(service, "f")
    with refused("FunctionNotFound", 404):
        functions.get_function(service, "f")


def test_what_is_there_already_or_not_at_all_is_refused(door: Door) -> None:
    door.create(ECHO)
    with refused("FunctionAlreadyExists", 409):
        door.create(ECHO)
    with refused("FunctionNotFound", 404):
        door.functions.delete_function(door.service, "g")
    with refused("FunctionNotFound", 404):
        door.functions.invoke(door.service, "g")
    with refused("VersionNotFound", 404):
        door.functions.invoke(door.service, "f", options=InvokeOptions(qualifier="3"))
    with refused("AliasNotFound", 404):
        door.functions.invoke(door.service, "f", options=InvokeOptions(qualifier="blue"))
    with refused("InvalidArgument", 400):
        door.functions.create_function(door.service, "g", FunctionSettings(), b"no zip")
    with refused("InvalidArgument", 400):
        door.create(ECHO, name="g", timeout=0)


def test_a_call_returns_what_the_function_returns(door: Door) -> None:
    door.create(ECHO)
    answer = door.functions.invoke(door.service, "f", b'{"a": 1}')
    assert (answer.payload, answer.error_type) == (b'{"a": 1}', "")
    assert answer.request_id and answer.version == "LATEST"


def test_a_failed_function_is_an_answer_with_its_error(door: Door) -> None:
    door.create(FAIL)
    answer = door.functions.invoke(door.service, "f")
    assert answer.error_type == "UnhandledInvocationError"
    error = json.loads(answer.payload)
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'gone'")
    assert error["stackTrace"] == [['File "/code/index.py"', "line 2", "in handler", "raise KeyError('gone')"]]


def test_the_tail_of_the_log_comes_with_the_answer(door: Door) -> None:
    door.create("def handler(event, context):\n    print('x' * 5000)\n    print('end')\n")
    log = door.functions.invoke(door.service, "f", options=InvokeOptions(tail=True)).log
    assert len(log) == 4096
    assert log.endswith("x\nend")


def test_versions_stay_and_aliases_move(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create(ANSWER.format(1))
    assert functions.publish_version(service, "f", "first").id == "1"
    with refused("InvalidArgument", 400):
        functions.publish_version(service, "f")
    assert functions.create_alias(service, "f", "online", "1").version == "1"
    door.update(ANSWER.format(2))

    def value(qualifier: str) -> int:
        answer = functions.invoke(service, "f", options=InvokeOptions(qualifier=qualifier))
        return int(json.loads(answer.payload)["v"])

    assert [value(qualifier) for qualifier in ("", "LATEST", "1", "online")] == [2, 2, 1, 1]
    assert functions.publish_version(service, "f").id == "2"
    functions.update_alias(service, "f", "online", "2")
    assert [value(qualifier) for qualifier in ("1", "online")] == [1, 2]
    assert [version.id for version in functions.list_versions(service, "f").items] == ["1", "2"]
    functions.delete_version(service, "f", "2")
    with refused("VersionNotFound", 404):
        value("online")
    door.update(ANSWER.format(3))
    assert functions.publish_version(service, "f").id == "3", "numbers are not used again"
    functions.delete_alias(service, "f", "online")
    with refused("AliasNotFound", 404):
        functions.get_alias(service, "f", "online")
    with refused("VersionNotFound", 404):
        functions.create_alias(service, "f", "other", "9")


def test_a_weighted_alias_shares_the_calls_out(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create(ANSWER.format(1))
    functions.publish_version(service, "f")
    door.update(ANSWER.format(2))
    functions.publish_version(service, "f")
    alias = functions.create_alias(service, "f", "split", "1", weights={"2": 0.3})
    assert alias.weights == {"2": 0.3}
    calls = 300 if not door.over_http else 60
    split = InvokeOptions(qualifier="split")
    values = [json.loads(functions.invoke(service, "f", options=split).payload)["v"] for _ in range(calls)]
    assert 0.15 * calls < values.count(2) < 0.45 * calls
    with refused("InvalidArgument", 400):
        functions.update_alias(service, "f", "split", "1", weights={"2": 1.5})


def test_instances_kept_ready_make_the_first_call_warm(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create("import json\ndef handler(event, context):\n    return {'cold': context.cold_start}\n")
    functions.publish_version(service, "f")
    functions.create_alias(service, "f", "online", "1")
    made = functions.put_provision(service, "f", "online", 2)
    assert made.target == 2
    if not door.over_http:  # processes take a moment to start
        door.cloud.run_until(lambda: functions.get_provision(service, "f", "online").current == 2)
    assert functions.get_provision(service, "f", "online").current == 2

    def cold(qualifier: str) -> bool:
        answer = functions.invoke(service, "f", options=InvokeOptions(qualifier=qualifier))
        return bool(json.loads(answer.payload)["cold"])

    assert [cold("online"), cold(""), cold("")] == [False, True, False]


def test_an_asynchronous_configuration_is_kept_and_checked(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create(ECHO)
    queue = "acs:mns:cn-hangzhou:123456789012:/queues/q/messages"
    config = AsyncConfig(stateful=True, max_age=60, max_retries=2, on_success=queue, on_failure=queue)
    functions.put_async_config(service, "f", config)
    found = functions.get_async_config(service, "f")
    assert (found.stateful, found.max_age, found.max_retries) == (True, 60, 2)
    assert (found.on_success, found.on_failure, found.qualifier) == (queue, queue, "LATEST")
    with refused("InvalidArgument", 400):
        functions.put_async_config(service, "f", AsyncConfig(max_retries=9))
    functions.delete_async_config(service, "f")
    with refused("AsyncConfigNotExists", 404):
        functions.get_async_config(service, "f")


def test_a_task_is_accepted_found_listed_and_unique(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create(ECHO)
    accepted = functions.invoke(service, "f", b'{"a": 1}', TASK)
    assert (accepted.payload, accepted.error_type) == (b"", "")
    with refused("StatefulAsyncInvocationAlreadyExists", 409):
        functions.invoke(service, "f", b"{}", TASK)
    door.settle()
    task = functions.get_task(service, "f", "t-1")
    assert (task.status, task.request_id) == (TaskStatus.SUCCEEDED, accepted.request_id)
    assert (task.payload, task.returned) == ('{"a": 1}', '{"a": 1}')
    assert [event.status for event in task.events] == ["Enqueued", "Dequeued", "Running", "Succeeded"]
    with refused("StatefulAsyncInvocationAlreadyExists", 409):
        functions.invoke(service, "f", b"{}", TASK)
    assert [one.id for one in functions.list_tasks(service, "f").items] == ["t-1"]
    assert functions.list_tasks(service, "f", TaskQuery(status="Failed")).items == ()
    with refused("StatefulAsyncInvocationNotFound", 404):
        functions.get_task(service, "f", "other")
    with refused("InvalidArgument", 400):
        functions.list_tasks(service, "f", TaskQuery(status="Sleeping"))


def test_the_request_id_is_the_id_of_a_task_without_one(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create(ECHO)
    functions.put_async_config(service, "f", AsyncConfig(stateful=True))
    accepted = functions.invoke(service, "f", b"{}", InvokeOptions(asynchronous=True))
    functions.invoke(service, "f", b"{}")
    door.settle()
    assert [task.id for task in functions.list_tasks(service, "f").items] == [accepted.request_id]


def test_a_task_is_stopped(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create("import time\ndef handler(event, context):\n    time.sleep(50)\n")
    with door.cloud.clock.hold() if door.over_http else door.cloud.lock:
        functions.invoke(service, "f", b"{}", TASK)
        functions.stop_task(service, "f", "t-1")
    door.settle()
    assert functions.get_task(service, "f", "t-1").status is TaskStatus.STOPPED
    functions.stop_task(service, "f", "t-1")
    with refused("StatefulAsyncInvocationNotFound", 404):
        functions.stop_task(service, "f", "t-2")


def test_tasks_are_paged_in_order(door: Door) -> None:
    functions, service = door.functions, door.service
    door.create(ECHO)
    for number in range(5):
        options = InvokeOptions(asynchronous=True, task_id=f"job-{number}", stateful=True)
        functions.invoke(service, "f", b"{}", options)
    door.settle()
    first = functions.list_tasks(service, "f", limit=3)
    rest = functions.list_tasks(service, "f", limit=3, next_token=first.next_token)
    assert [task.id for task in (*first.items, *rest.items)] == [f"job-{number}" for number in range(5)]
    assert rest.next_token is None
    newest = functions.list_tasks(service, "f", TaskQuery(descending=True), limit=2)
    assert [task.id for task in newest.items] == ["job-4", "job-3"]


def test_events_beyond_the_limits_are_refused(door: Door) -> None:
    door.create(ECHO)
    with refused("EntityTooLarge", 400):
        door.functions.invoke(door.service, "f", b"x" * (128 * 1024 + 1), TASK)
    assert len(door.functions.invoke(door.service, "f", b"x" * 200_000).payload) == 200_000


def test_services_are_kept_while_they_hold_anything(door: Door) -> None:
    functions = door.functions
    if not door.service:
        assert functions.list_services().items == ()
        return
    door.create(ECHO)
    assert [one.name for one in functions.list_services().items] == ["svc"]
    with refused("ServiceNotEmpty", 409):
        functions.delete_service("svc")
    functions.publish_version("svc", "f")
    functions.delete_function("svc", "f")
    with refused("ServiceNotEmpty", 409):
        functions.delete_service("svc")
    functions.delete_version("svc", "f", "1")
    functions.delete_service("svc")
    with refused("ServiceNotFound", 404):
        functions.get_service("svc")
    with refused("ServiceAlreadyExists", 409):
        functions.create_service("other")
        functions.create_service("other")


def test_an_archive_that_leaves_its_folder_is_refused(door: Door) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("index.py", ECHO)
        packed.writestr("../outside.py", "x = 1\n")
    with refused("InvalidArgument", 400):
        door.functions.create_function(door.service, "f", FunctionSettings(), buffer.getvalue())
    assert archive(index=ECHO)
