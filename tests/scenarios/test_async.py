"""Scenario 9, asynchronous invocation of functions, and what scenario 8 needs of a real Function Compute."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cloud.fnf.core import Quotas
from fnfkit.engine import NO_LIMITS, Settings
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, TaskStatus
from fnfkit.testing.fixtures import CloudMaker
from tests.fc.contract.conftest import archive
from tests.scenarios.conftest import SERVICE, Stage, template

ASYNC = "serviceParams: {InvocationType: Async}"
NAMED = "serviceParams: {InvocationType: Async, StatefulAsyncInvocationID: $.id}"


def flow(pattern: str, params: str = ASYNC, *, timeout: int = 600, more: str = "", function: str = "worker") -> str:
    return f"""
version: v1
type: flow
steps:
  - type: task
    name: job
    resourceArn: acs:fc:::services/{SERVICE}/functions/{function}
    pattern: {pattern}
    timeoutSeconds: {timeout}
    inputMappings:
      - {{target: id, source: $context.execution.name}}
      - {{target: token, source: $context.task.token}}
      - {{target: seconds, source: $input.seconds}}
      - {{target: fail, source: $input.fail}}
    {params}
    {more}
  - {{type: pass, name: next}}
"""


def quiet(definition: str) -> str:
    """Without the token, which only a task that waits for its callback has."""
    return definition.replace("      - {target: token, source: $context.task.token}\n", "")


JOB = {"seconds": 50, "fail": False}
BAD = {"seconds": 5, "fail": True}


def test_request_response_goes_on_while_the_function_sleeps(stage: Stage) -> None:
    story = stage.play(quiet(flow("requestResponse")), JOB)
    assert story.times("StepEntered", "next") == [0]
    assert (story.status, story.elapsed) == ("Succeeded", 0)
    assert stage.cloud.clock.now() - story.history[0].time == 50_000, "the function ran to its end"
    assert "is done" in stage.cloud.functions.log[-1].text


def test_request_response_does_not_hear_of_a_failure(stage: Stage) -> None:
    story = stage.play(quiet(flow("requestResponse")), BAD)
    assert story.status == "Succeeded"
    assert stage.cloud.clock.now() - story.history[0].time == 4 * 5_000 + 3_500, "one run and three retries"


def test_sync_has_the_output_after_the_end(stage: Stage) -> None:
    story = stage.play(quiet(flow("sync")), JOB)
    assert (story.status, story.elapsed) == ("Succeeded", 50)
    assert story.output["done"] is True
    assert story.count("TaskSubmitted", "job") == 1


def test_sync_fails_with_the_error_of_the_function(stage: Stage) -> None:
    stage.cloud.fc.put_async_config(SERVICE, "worker", AsyncConfig(max_retries=0))
    story = stage.play(quiet(flow("sync")), BAD)
    assert (story.status, story.error, story.elapsed) == ("Failed", "JobFailed", 5)


def test_the_retries_of_function_compute_come_before_those_of_the_flow(stage: Stage) -> None:
    stage.cloud.fc.put_async_config(SERVICE, "worker", AsyncConfig(max_retries=1))
    retry = "retry: [{errors: [JobFailed], intervalSeconds: 10, maxAttempts: 1}]"
    story = stage.play(quiet(flow("sync", more=retry)), BAD)
    assert (story.error, story.elapsed) == ("JobFailed", 2 * (5 + 0.5 + 5) + 10)
    assert story.count("TaskScheduled", "job") == 2


def test_sync_that_times_out_leaves_the_function_running(stage: Stage) -> None:
    story = stage.play(quiet(flow("sync", timeout=20)), JOB)
    assert (story.error, story.elapsed) == ("FnF.TaskTimeout", 20)
    assert "is done" in stage.cloud.functions.log[-1].text


@pytest.mark.parametrize("after", [10, 70])
def test_a_callback_before_and_after_the_end_of_the_function(stage: Stage, after: int) -> None:
    name = stage.begin(flow("waitForCallback"), JOB)
    stage.cloud.run_until(lambda: stage.seen(name, "TaskSubmitted", "job"))
    token = stage.story(name).details("TaskSubmitted", "job")[0]["output"]["taskToken"]  # type: ignore[index]
    stage.cloud.advance(after)
    assert stage.story(name).status == "Running"
    stage.cloud.flows.report_task_succeeded(str(token), '{"status": "ok"}')
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert (story.output["status"], story.elapsed) == ("ok", after)


def test_the_function_is_handed_the_token_and_may_report_itself(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(
        "import json\ndef handler(e, c):\n    print(json.loads(e)['token'])\n    raise ValueError('not looked at')\n"
    )
    stage.cloud.functions.deploy(SERVICE, "worker", code=tmp_path)
    name = stage.begin(flow("waitForCallback"), JOB)
    stage.cloud.run_until(lambda: len(stage.cloud.functions.log) == 1)
    stage.cloud.flows.report_task_succeeded(stage.cloud.functions.log[0].text, '{"by": "itself"}')
    stage.cloud.run_until_idle()
    assert stage.story(name).output["by"] == "itself"


def test_a_stateful_id_is_found_taken_once_and_can_be_stopped(stage: Stage) -> None:
    name = stage.begin(quiet(flow("sync", NAMED)), JOB)
    stage.cloud.run_until(lambda: stage.seen(name, "TaskSubmitted", "job"))
    stage.cloud.advance(1)
    task = stage.cloud.fc.get_task(SERVICE, "worker", name)
    assert (task.status, json.loads(task.payload)["id"]) == (TaskStatus.RUNNING, name)
    again = quiet(flow("sync", f"serviceParams: {{InvocationType: Async, StatefulAsyncInvocationID: {name}}}"))
    second = stage.begin(again, JOB)
    stage.cloud.advance(1)
    assert stage.story(second).error == "FC.StatefulAsyncInvocationAlreadyExists"
    stage.cloud.fc.stop_task(SERVICE, "worker", name)
    stage.cloud.run_until_idle()
    stopped = stage.story(name)
    assert (stopped.status, stopped.error, stopped.elapsed) == ("Failed", "FC.StatefulAsyncInvocationStopped", 2)
    assert stage.cloud.fc.get_task(SERVICE, "worker", name).status is TaskStatus.STOPPED


def test_an_id_made_of_the_executions_name_collides_when_the_step_is_retried(stage: Stage) -> None:
    stage.cloud.fc.put_async_config(SERVICE, "worker", AsyncConfig(max_retries=0))
    retry = "retry: [{errors: [JobFailed], intervalSeconds: 1, maxAttempts: 1}]"
    story = stage.play(quiet(flow("sync", NAMED, more=retry)), BAD)
    assert story.error == "FC.StatefulAsyncInvocationAlreadyExists"


def test_an_event_that_grew_too_old_fails_the_step(stage: Stage) -> None:
    stage.cloud.fc.put_async_config(SERVICE, "worker", AsyncConfig(max_age=30))
    stage.cloud.functions.gate.limit = 0
    story = stage.play(quiet(flow("sync")), JOB)
    assert (story.error, story.elapsed) == ("FC.StatefulAsyncInvocationExpired", 30)


def test_a_crash_repeats_no_submission(stage: Stage) -> None:
    """The flow is killed between the submission and the answer to it: the same invocation goes on."""
    name = stage.begin(quiet(flow("sync", NAMED)), JOB)
    stage.cloud.run_until(lambda: stage.seen(name, "TaskSubmitted", "job"))
    stage.cloud.advance(20)
    stage.harness.crash()
    stage.cloud.run_until_idle()
    assert stage.story(name).status == "Succeeded"
    assert len(stage.cloud.fc.list_tasks(SERVICE, "worker").items) == 1
    runs = stage.cloud.fc.get_task(SERVICE, "worker", name).events
    assert [event.status.value for event in runs] == [
        *("Enqueued", "Dequeued", "Running", "Retrying", "Running", "Succeeded")
    ]


def each(pattern: str, params: str, retry: str = "") -> str:
    return f"""
version: v1
type: flow
steps:
  - type: foreach
    name: all
    iterationMapping: {{collection: $.items, item: item}}
    steps:
      - type: task
        name: one
        resourceArn: acs:fc:::services/{SERVICE}/functions/nap
        pattern: {pattern}
        {params}
        {retry}
    outputMappings: [{{target: done, source: '$local[*].ok'}}]
"""


@pytest.fixture
def crowd(make_cloud: CloudMaker) -> Stage:
    """An account with the documented limit of 300 instances, and flows without limits of their own."""
    stage = Stage(make_cloud(settings=Settings(limits=NO_LIMITS), quotas=Quotas(running_executions=10_000)))
    stage.cloud.functions.gate.limit = 300
    code = archive(index="import time\ndef handler(e, c):\n    time.sleep(1)\n    return {'ok': True}\n")
    stage.cloud.fc.create_function(SERVICE, "nap", FunctionSettings(), code)
    return stage


ITEMS = {"items": list(range(1000))}


def in_time(run: Callable[[], object]) -> None:
    began = time.perf_counter()
    run()
    assert time.perf_counter() - began < 10


def test_a_thousand_synchronous_calls_are_throttled_and_retried(crowd: Stage) -> None:
    throttled = "retry: [{errors: [FC.ResourceThrottled], intervalSeconds: 1, maxAttempts: 10, multiplier: 1}]"

    def run() -> None:
        story = crowd.play(each("requestResponse", "", throttled), ITEMS)
        assert (story.status, len(story.output["done"])) == ("Succeeded", 1000)  # type: ignore[arg-type]
        failed = story.details("TaskFailed", "one")
        assert {detail["error"] for detail in failed} == {"FC.ResourceThrottled"}
        # 300 of 1,000 find room in the first second, 300 of 700 in the next, and so on.
        assert len(failed) == 700 + 400 + 100
        assert story.elapsed == 4

    in_time(run)


def test_without_retries_a_thousand_synchronous_calls_fail(crowd: Stage) -> None:
    assert crowd.play(each("requestResponse", ""), ITEMS).error == "FC.ResourceThrottled"


@pytest.mark.parametrize("pattern", ["requestResponse", "sync"])
def test_a_thousand_asynchronous_calls_finish_without_a_failure(crowd: Stage, pattern: str) -> None:
    def run() -> None:
        definition = each(pattern, ASYNC)
        if pattern == "requestResponse":
            definition = definition.replace("    outputMappings: [{target: done, source: '$local[*].ok'}]\n", "")
        story = crowd.play(definition, ITEMS)
        assert story.status == "Succeeded"
        assert story.count("TaskFailed", "one") == 0
        assert story.count("TaskSucceeded", "one") == 1000

    in_time(run)
    assert crowd.cloud.functions.gate.running == 0


def test_a_thousand_callbacks_wait_without_a_failure(crowd: Stage) -> None:
    code = archive(index="import json\ndef handler(e, c):\n    print(json.loads(e)['token'])\n")
    crowd.cloud.fc.update_function(SERVICE, "nap", code=code)
    token = "inputMappings: [{target: token, source: $context.task.token}]"

    def run() -> None:
        name = crowd.begin(each("waitForCallback", ASYNC, token), ITEMS)
        crowd.cloud.run_until(lambda: len(crowd.cloud.functions.log) == 1000)
        for line in tuple(crowd.cloud.functions.log):
            crowd.cloud.flows.report_task_succeeded(line.text, '{"ok": true}')
        crowd.cloud.run_until_idle()
        story = crowd.story(name)
        assert (story.status, story.count("TaskFailed", "one")) == ("Succeeded", 0)

    in_time(run)


def test_the_template_waits_in_its_three_ways(stage: Stage) -> None:
    definition = template("async-invocation")
    name = stage.begin(definition)
    stage.cloud.run_until(lambda: stage.seen(name, "TaskSubmitted", "WaitForAReport"))
    story = stage.story(name)
    assert story.times("StepExited", "FireAndForget") == [0]
    assert story.times("StepExited", "WaitForItsEnd") == [60]
    token = story.details("TaskSubmitted", "WaitForAReport")[0]["output"]["taskToken"]  # type: ignore[index]
    stage.cloud.flows.report_task_succeeded(str(token), '{"status": "ok"}')
    stage.cloud.run_until_idle()
    assert stage.story(name).output == {"done": True, "status": "ok"}


# Scenario 8: every error name by a real cause


def throttled(stage: Stage) -> None:
    stage.cloud.functions.gate.limit = 0


def limited(stage: Stage) -> None:
    stage.cloud.fc.limit(SERVICE, "f", 0)


def removed(stage: Stage) -> None:
    stage.cloud.fc.delete_function(SERVICE, "f")


def coded(source: str, **settings: object) -> Callable[[Stage], None]:
    def change(stage: Stage) -> None:
        given = FunctionSettings(**settings)  # type: ignore[arg-type]
        stage.cloud.fc.update_function(SERVICE, "f", given, archive(index=source))

    return change


CAUSES: list[tuple[str, Callable[[Stage], None]]] = [
    ("FC.ResourceThrottled", throttled),
    ("FC.ResourceThrottled", limited),
    ("FC.FunctionNotFound", removed),
    ("FC.Unknown", coded("def handler(e, c):\n    exit()\n")),
    ("FC.Unknown", coded("import os\ndef handler(e, c):\n    os._exit(1)\n")),
    ("FC.Unknown", coded("import time\ndef handler(e, c):\n    time.sleep(9)\n", timeout=5)),
    (
        "ErrorNeedsRetry",
        coded("class ErrorNeedsRetry(Exception): pass\ndef handler(e, c):\n    raise ErrorNeedsRetry\n"),
    ),
    ("ImportModuleError", coded("import nothing_like_it\n")),
    ("HandlerNotFound", coded("x = 1\n")),
    ("TypeError", coded("def handler(e, c):\n    return object()\n")),
    ("FnF.InvalidLocal", coded("def handler(e, c):\n    return ['no', 'object']\n")),
    ("FnF.TaskTimeout", coded("import time\ndef handler(e, c):\n    time.sleep(50)\n")),
]


@pytest.mark.parametrize("by", ["name", "FnF.ALL"])
@pytest.mark.parametrize(("name", "cause"), CAUSES)
def test_every_error_has_a_real_cause(stage: Stage, name: str, cause: Callable[[Stage], None], by: str) -> None:
    stage.cloud.fc.create_function(SERVICE, "f", FunctionSettings(), archive(index="def handler(e, c): return {}\n"))
    cause(stage)
    errors = name if by == "name" else by
    story = stage.play(f"""
version: v1
type: flow
steps:
  - type: task
    name: call
    resourceArn: acs:fc:::services/{SERVICE}/functions/f
    timeoutSeconds: 20
    retry: [{{errors: [{errors}], intervalSeconds: 2, maxAttempts: 1}}]
    catch: [{{errors: [{errors}], goto: caught}}]
    errorMappings: [{{target: error, source: $local.error}}]
  - {{type: fail, name: missed, error: NotCaught}}
  - {{type: pass, name: caught}}
""")
    assert (story.status, story.output["error"]) == ("Succeeded", name)
    assert story.count("TaskScheduled", "call") == 2


@pytest.mark.parametrize(
    ("params", "arn", "error"),
    [
        ("{InvocationType: Later}", f"services/{SERVICE}/functions/worker", "FC.InvalidArgument"),
        (
            "{InvocationType: Async, StatefulAsyncInvocationID: '1 bad'}",
            f"services/{SERVICE}/functions/worker",
            "FC.InvalidArgument",
        ),
        ("{InvocationType: Async}", "services/nowhere/functions/worker", "FC.ServiceNotFound"),
        ("{InvocationType: Async}", f"services/{SERVICE}.blue/functions/worker", "FC.AliasNotFound"),
        ("{InvocationType: Async}", "functions/nothing/LATEST", "FC.FunctionNotFound"),
    ],
)
def test_a_submission_that_is_refused_fails_the_step_at_once(stage: Stage, params: str, arn: str, error: str) -> None:
    story = stage.play(f"""
version: v1
type: flow
steps:
  - type: task
    name: call
    resourceArn: acs:fc:::{arn}
    pattern: sync
    serviceParams: {params}
""")
    assert (story.error, story.elapsed) == (error, 0)


def test_an_event_too_large_for_an_asynchronous_call_is_refused(make_cloud: CloudMaker) -> None:
    stage = Stage(make_cloud(settings=Settings(limits=NO_LIMITS)))
    more = "".join(f"      - {{target: more{n}, source: $input.fail}}\n" for n in range(3))
    definition = quiet(flow("sync")).replace("    inputMappings:\n", f"    inputMappings:\n{more}")
    assert stage.play(definition, {**JOB, "fail": "x" * 50_000}).error == "FC.EntityTooLarge"
