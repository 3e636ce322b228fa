"""Scenario 5: callbacks on asynchronous tasks (scenarios.md 5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnfkit.ports import Fault
from tests.scenarios.conftest import SERVICE, Stage, log, template

CALLBACK = template("callback")
CAUGHT = (
    CALLBACK
    + """\
    timeoutSeconds: 600
    errorMappings:
      - target: why
        source: $local.error
      - target: what
        source: $local.cause
    catch:
      - errors: [FnF.ALL]
        goto: Handled
  - type: pass
    name: Handled
"""
)


def waiting(stage: Stage, definition: str = CALLBACK) -> tuple[str, str]:
    """The name of an execution that waits, and its token."""
    name = stage.begin(definition)
    assert stage.cloud.run_until(lambda: stage.seen(name, "TaskSubmitted", "mytask"))
    (detail,) = stage.story(name).details("TaskSubmitted", "mytask")
    return name, detail["output"]["taskToken"]  # type: ignore[index]


def test_the_printed_log_up_to_the_suspension(stage: Stage) -> None:
    name, token = waiting(stage)
    stage.cloud.run_until_idle()
    story = stage.story(name)
    types = ["ExecutionStarted", "StepEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted"]
    assert [event.type for event in story.history] == types
    assert story.status == "Running"
    assert story.history[-1].detail == {"output": {"taskToken": token}}


def test_the_function_gets_the_token_and_its_answer_is_not_the_steps(stage: Stage) -> None:
    events: list[dict[str, object]] = []

    def keep(event: dict[str, object]) -> dict[str, object]:
        events.append(event)
        return {"status": "from the function"}

    stage.cloud.functions.stub(SERVICE, "echo", keep)
    name, token = waiting(stage)
    assert events == [{"taskToken": token}]
    stage.cloud.flows.report_task_succeeded(token, '{"status": "ok", "more": 1}')
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert (story.status, story.output) == ("Succeeded", {"s": "ok"})
    assert log(story, 6, 8) == [
        (6, "TaskSucceeded", "mytask"),
        (7, "StepExited", "mytask"),
        (8, "ExecutionSucceeded", ""),
    ]


def test_a_reported_failure_reaches_the_catch(stage: Stage) -> None:
    name, token = waiting(stage, CAUGHT)
    stage.cloud.flows.report_task_failed(token, "Denied", "not today")
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert (story.status, story.output) == ("Succeeded", {"why": "Denied", "what": "not today"})


def test_a_reported_failure_that_nobody_catches_fails_the_execution(stage: Stage) -> None:
    name, token = waiting(stage)
    stage.cloud.flows.report_task_failed(token, "Denied", "not today")
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert (story.status, story.error) == ("Failed", "Denied")


def test_a_task_that_nobody_reports_times_out(stage: Stage) -> None:
    name, token = waiting(stage, CAUGHT)
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert (story.output["why"], story.elapsed) == ("FnF.TaskTimeout", 600)
    with pytest.raises(Fault) as caught:
        stage.cloud.flows.report_task_succeeded(token, "{}")
    assert caught.value.code in ("TaskAlreadyCompleted", "TaskInvalidState")


def test_a_second_report_is_refused_and_changes_nothing(stage: Stage) -> None:
    name, token = waiting(stage)
    stage.cloud.flows.report_task_succeeded(token, '{"status": "first"}')
    for report in (
        lambda: stage.cloud.flows.report_task_succeeded(token, '{"status": "second"}'),
        lambda: stage.cloud.flows.report_task_failed(token, "Late"),
    ):
        with pytest.raises(Fault) as caught:
            report()
        assert (caught.value.code, caught.value.status) == ("TaskAlreadyCompleted", 400)
    stage.cloud.run_until_idle()
    assert stage.story(name).output == {"s": "first"}


@pytest.mark.parametrize("token", ["bm8gdG9rZW4=", "x", "djEjYSNiIzIjYWFhYQ=="])
def test_a_token_that_nobody_gave_out_is_refused(stage: Stage, token: str) -> None:
    name, _ = waiting(stage)
    with pytest.raises(Fault) as caught:
        stage.cloud.flows.report_task_succeeded(token, "{}")
    assert caught.value.code == "InvalidArgument"
    assert stage.story(name).status == "Running"


def test_a_token_completes_its_own_execution_only(stage: Stage) -> None:
    (first, token), (second, other) = waiting(stage), waiting(stage)
    assert token != other
    stage.cloud.flows.report_task_succeeded(token, '{"status": "ok"}')
    stage.cloud.run_until_idle()
    assert (stage.story(first).status, stage.story(second).status) == ("Succeeded", "Running")


def test_a_function_may_report_before_it_returns(stage: Stage) -> None:
    flows = stage.cloud.flows

    def report(event: dict[str, str]) -> dict[str, object]:
        flows.report_task_succeeded(event["taskToken"], json.dumps({"status": "early"}))
        return {}

    stage.cloud.functions.stub(SERVICE, "echo", report)
    story = stage.play(CALLBACK)
    assert (story.status, story.output) == ("Succeeded", {"s": "early"})


def test_a_report_may_come_while_an_asynchronous_function_still_runs(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("import time\ndef handler(e, c):\n    time.sleep(30)\n    return {}\n")
    stage.cloud.functions.deploy(SERVICE, "echo", code=tmp_path)
    name, token = waiting(stage, CALLBACK + "    serviceParams:\n      InvocationType: Async\n")
    stage.cloud.flows.report_task_succeeded(token, '{"status": "ok"}')
    stage.cloud.run_until_idle()
    story = stage.story(name)
    assert (story.status, story.elapsed) == ("Succeeded", 0)
