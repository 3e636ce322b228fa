"""Patterns, answers, retries, catches, timeouts and callbacks of task steps (fdl.md 4)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from itertools import pairwise
from typing import Any

import pytest

from fnfkit.engine import (
    Accepted,
    Completed,
    Failed,
    Invoke,
    Reported,
    ReportedFailure,
    Retire,
    Settings,
    Start,
    TimerFired,
    TokenState,
    parse_token,
)
from fnfkit.engine.policy import backoff
from fnfkit.model.expr import SCOPE_INPUT
from fnfkit.model.flow import ANY_ERROR, Flow, Retry, Task
from fnfkit.model.names import FunctionRef, Unresolved
from tests.engine.driver import Accepts, Answer, Driver, Fails, Later, answers, drive, outline, run, steps

ARN = "resourceArn: acs:fc:::services/s/functions/f"
TASK = f"- {{type: task, name: T, {ARN}}}"
CAUGHT = f"""
- type: task
  name: T
  {ARN}
  %s
  errorMappings: [{{target: error, source: $local.error}}, {{target: cause, source: $local.cause}}]
  catch: [{{errors: [%s], goto: Z}}]
- {{type: fail, name: NotHere}}
- {{type: pass, name: Z}}
"""


def caught(answer: Answer, more: str = "", errors: str = "FnF.ALL") -> Any:
    execution = run(steps(CAUGHT % (more or "end: false", errors)), {"a": 1}, {"f": answers(answer)})
    assert execution.status == "Succeeded", (execution.error, execution.cause)
    return execution.output


def kinds(driver: Driver, step: str = "T") -> list[str]:
    return [kind for _, kind, name in outline(driver.execution) if name == step]


@pytest.mark.parametrize("output", [None, 1, True, "text", [1], [{}]])
def test_a_result_must_be_an_object(output: Any) -> None:
    execution = run(steps(TASK), {}, {"f": answers(output)})
    assert (execution.status, execution.error) == ("Failed", "FnF.InvalidLocal")
    assert execution.history[4].type == "TaskFailed"
    assert caught(output)["error"] == "FnF.InvalidLocal"


@pytest.mark.parametrize(
    ("errors", "matches"),
    [("Busy", True), ("FnF.ALL", True), ("Other, Busy", True), ("busy", False), ("FC.Unknown", False)],
)
def test_catch_matches_names_exactly_or_all(errors: str, matches: bool) -> None:
    execution = run(steps(CAUGHT % ("end: true", errors)), {}, {"f": answers(Fails("Busy", {"m": 1}))})
    if matches:
        assert execution.output == {"error": "Busy", "cause": {"m": 1}}
    else:
        assert (execution.status, execution.error, execution.cause) == ("Failed", "Busy", {"m": 1})


def test_the_first_matching_catch_wins_and_without_error_mappings_the_error_is_lost() -> None:
    text = f"""
- type: task
  name: T
  {ARN}
  catch: [{{errors: [A], goto: X}}, {{errors: [B, FnF.ALL], goto: Y}}, {{errors: [B], goto: X}}]
- {{type: pass, name: X, end: true, outputMappings: [{{target: at, source: X}}]}}
- {{type: pass, name: Y, outputMappings: [{{target: at, source: Y}}]}}
"""
    assert run(steps(text), {}, {"f": answers(Fails("B"))}).output == {"at": "Y"}
    assert run(steps(text), {}, {"f": answers(Fails("A"))}).output == {"at": "X"}


def test_a_catch_may_jump_back() -> None:
    text = f"""
- {{type: pass, name: Again}}
- {{type: task, name: T, {ARN}, catch: [{{errors: [FnF.ALL], goto: Again}}]}}
"""
    driver = drive(steps(text), {"f": answers(Fails("A"), Fails("B"), {"ok": 1})}).start().run()
    assert driver.execution.output == {"ok": 1}
    assert len(driver.invokes) == 3


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        (Retry(("E",), 10, 300, 6, 2), [10, 20, 40, 80, 160, 300]),
        (Retry(("E",)), [1, 2, 4]),
        (Retry(("E",), 1, 86400, 3, 1.5), [1, 1.5, 2.25]),
        (Retry(("E",), 5, 86400, 3, 1), [5, 5, 5]),
        (Retry(("E",), 1, 86400, 0, 2), []),
        (Retry((ANY_ERROR,), 0, 0, 2, 2), [0, 0]),
    ],
    ids=repr,
)
def test_retry_delays(policy: Retry, delays: list[float]) -> None:
    task = Task(name="T", target=FunctionRef("f"), retry=(policy,))
    driver = drive(Flow(takes=SCOPE_INPUT, steps=(task,)), {"f": answers(Fails("E"))}).start().run()
    scheduled = [event.at for event in driver.execution.history if event.type == "TaskScheduled"]
    assert [(later - at) / 1000 for at, later in pairwise(scheduled)] == delays
    counts = [event.detail["retryCount"] for event in driver.execution.history if event.type == "TaskScheduled"]
    assert counts == list(range(len(delays) + 1)) == [invoke.attempt for invoke in driver.invokes]
    assert len({invoke.call for invoke in driver.invokes}) == len(driver.invokes)


def test_a_back_off_stays_at_its_maximum_however_often_it_grows() -> None:
    assert backoff(Retry(("E",), 1, 60, 99_999, 2), 50_000) == 60_000
    assert backoff(Retry(("E",), 3, 60, 9, 1.1), 2) == 3_300


def test_each_policy_has_a_counter_and_the_total_is_reported() -> None:
    text = f"""
- type: task
  name: T
  {ARN}
  retry:
    - {{errors: [A], intervalSeconds: 1, maxAttempts: 2}}
    - {{errors: [FnF.ALL], intervalSeconds: 7, maxAttempts: 1}}
  catch: [{{errors: [FnF.ALL], goto: Z}}]
- {{type: pass, name: Z}}
"""
    driver = drive(steps(text), {"f": answers(*map(Fails, ["A", "B", "A", "A"]))}).start().run()
    scheduled = [event.at for event in driver.execution.history if event.type == "TaskScheduled"]
    assert scheduled == [0, 1000, 8000, 10_000]
    exited = next(event for event in driver.execution.history if event.type == "StepExited")
    assert (exited.detail["retryCount"], exited.detail["error"]) == (3, "A")


def test_timeout_of_each_attempt() -> None:
    text = f"""
- type: task
  name: T
  {ARN}
  timeoutSeconds: 5
  retry: [{{errors: [FnF.TaskTimeout], intervalSeconds: 2, maxAttempts: 1}}]
"""
    driver = drive(steps(text), {"f": answers(Later(5_001, {}), Later(4_999, {"ok": 1}))}).start().run()
    assert kinds(driver) == [
        *("StepEntered", "TaskScheduled", "TaskStarted", "TaskTimedOut"),
        *("TaskScheduled", "TaskStarted", "TaskSucceeded", "StepExited"),
    ]
    assert driver.execution.output == {"ok": 1}
    assert driver.execution.ended_at == 5_000 + 2_000 + 4_999
    assert driver.abandoned == [driver.invokes[0].call]
    assert caught(Later(9_000, {}), "timeoutSeconds: 5")["error"] == "FnF.TaskTimeout"


@pytest.mark.parametrize("pattern", ["sync", "requestResponse"])
def test_late_doubled_and_unknown_answers_change_nothing(pattern: str) -> None:
    text = f"""
- {{type: task, name: T, {ARN}, pattern: {pattern}, timeoutSeconds: 5}}
- {{type: wait, name: W, duration: 9}}
"""
    driver = drive(steps(text), {"f": answers(Later(1_000_000, {}))}).start()
    call = driver.invokes[0].call
    execution = driver.execution
    for event in (Accepted(1, 99), Completed(1, 99, {}), Failed(1, 99, "E", ""), TimerFired(1, 99), Start(1, {"x": 1})):
        before = (list(execution.history), execution.outstanding())
        driver.tell(event)
        assert (list(execution.history), execution.outstanding()) == before
    driver.tell(Completed(1, call, {"a": 1}))
    after = list(execution.history)
    for event in (Completed(2, call, {"a": 2}), Accepted(2, call), Failed(2, call, "E", ""), TimerFired(2, call)):
        driver.tell(event)
        assert execution.history == after
    driver.run()
    assert execution.output == {"a": 1}


def test_sync_waits_for_the_end_of_the_job() -> None:
    text = f"- {{type: task, name: T, {ARN}, pattern: sync}}"
    driver = drive(steps(text), {"f": answers(Accepts(Later(3_000, {"ok": 1})))}).start().run()
    assert kinds(driver) == [
        *("StepEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded", "StepExited")
    ]
    assert driver.execution.ended_at == 3_000
    driver = drive(steps(text), {"f": answers(Accepts(Later(3_000, Fails("E"))))}).start().run()
    assert kinds(driver)[3:] == ["TaskSubmitted", "TaskFailed", "StepFailed"]
    driver = drive(steps(text), {"f": answers(Fails("E"))}).start().run()
    assert kinds(driver)[3:] == ["TaskSubmitFailed", "StepFailed"]
    driver = drive(steps(text), {"f": answers({"ok": 1})}).start().run()
    assert kinds(driver)[3:] == ["TaskSucceeded", "StepExited"]


def test_a_submitted_job_is_attached_to_again_and_a_submitted_callback_is_not() -> None:
    for pattern, again in (("sync", 1), ("waitForCallback", 0), ("requestResponse", 1)):
        text = f"- {{type: task, name: T, {ARN}, pattern: {pattern}}}"
        driver = drive(steps(text), {"f": answers(Accepts())}).start()
        calls = [command for command in driver.execution.outstanding() if isinstance(command, Invoke)]
        assert calls == driver.invokes[:again], pattern


def test_service_parameters_see_the_mapped_input_nested_values_too() -> None:
    text = """
- type: task
  name: T
  action: fnf:StartExecution
  inputMappings: [{target: who, source: $input.name}]
  serviceParams: {FlowName: child, Input: {deep: [$.who]}, All: $}
"""
    driver = drive(steps(text), {"T": answers({})}).start({"name": "n"}).run()
    assert driver.invokes[0].params == {"FlowName": "child", "Input": {"deep": ["n"]}, "All": {"who": "n"}}
    scheduled = driver.execution.history[2].detail
    assert scheduled["resourceArn"] == "fnf:StartExecution"
    assert drive(steps(TASK), {"f": answers({})}).start().invokes[0].params is None


def test_mappings_without_a_value_are_errors_that_a_catch_takes() -> None:
    for more in ("inputMappings: [{target: x, source: $input.no}]", "outputMappings: [{target: x, source: $local.no}]"):
        output = caught({"ok": 1}, more)
        assert output["error"] == "FnF.RuntimeError"
        assert ".no does not exist" in output["cause"]
    assert "$.no does not exist" in caught({}, "serviceParams: {Input: $.no}")["cause"]
    wrong = (CAUGHT % ("end: true", "FnF.ALL")).replace("$local.cause", "$local.nothing")
    execution = run(steps(wrong), {}, {"f": answers(Fails("E"))})
    assert (execution.status, execution.error) == ("Failed", "FnF.RuntimeError")


def test_a_placeholder_cannot_be_called() -> None:
    flow = Flow(takes=SCOPE_INPUT, steps=(Task(name="T", target=Unresolved("!Ref", "Service/Function")),))
    execution = run(flow)
    assert (execution.status, execution.error) == ("Failed", "FnF.RuntimeError")
    assert "!Ref Service/Function" in execution.cause


CALLBACK = f"""
- type: task
  name: T
  {ARN}
  pattern: waitForCallback
  timeoutSeconds: 100
  inputMappings: [{{target: token, source: $context.task.token}}, {{target: a, source: $input.a}}]
  serviceParams: {{Input: $}}
  %s
"""


def waiting(answer: Answer = None, more: str = "end: true") -> Driver:
    accepts = Accepts() if answer is None else answer
    return drive(steps(CALLBACK % more), {"f": answers(accepts)}).start({"a": 1})


def test_token_layout() -> None:
    token = waiting().invokes[0].token
    text = b64decode(token).decode()
    assert text.startswith("v1#flow#run#2#")
    assert len(b64decode(text.split("#")[4])) == 20
    assert parse_token(token) == ("flow", "run", 2)
    assert waiting().invokes[0].token == token


SHAPES = ["v1", "v2#f#e#2#s", "v1#f#e#x#s", "v1#f#e#2", "v1#f#e#2#s#t", "v1#f#e##s", "v1#f#e#99999999999999999#s"]


@pytest.mark.parametrize("text", ["", "x", "é", "=", "//4=", *(b64encode(shape.encode()).decode() for shape in SHAPES)])
def test_text_that_is_no_token(text: str) -> None:
    driver = waiting()
    assert parse_token(text) is None
    assert driver.execution.waiting_token(text) is TokenState.UNKNOWN
    before = list(driver.execution.history)
    driver.tell(Reported(5, text, {}))
    assert driver.execution.history == before


def test_a_report_ends_the_step_once() -> None:
    driver = waiting()
    token, execution = driver.invokes[0].token, driver.execution
    assert execution.waiting_token(token) is TokenState.PENDING
    assert kinds(driver)[-1] == "TaskSubmitted"
    driver.tell(Reported(5, token, {"ok": 1}))
    assert execution.waiting_token(token) is TokenState.COMPLETED
    assert execution.output == {"ok": 1}
    after = list(execution.history)
    driver.tell(Reported(6, token, {"ok": 2})).tell(ReportedFailure(6, token, "E", ""))
    assert execution.history == after


def test_tokens_of_others_are_unknown() -> None:
    driver = waiting()
    token = driver.invokes[0].token
    for execution in (
        drive(steps(CALLBACK % "end: true"), {"f": answers(Accepts())}, Settings(token_key=b"other")).start({"a": 1}),
        drive(steps(TASK), {"f": answers(Later(1, {}))}).start(),
    ):
        assert execution.execution.waiting_token(token) is TokenState.UNKNOWN
        before = list(execution.execution.history)
        assert execution.tell(Reported(1, token, {})).execution.history == before
    driver.execution.name = "another"
    assert driver.execution.waiting_token(token) is TokenState.UNKNOWN


def test_an_early_report_comes_before_the_acceptance() -> None:
    driver = waiting(Later(50, Accepts()))
    token = driver.invokes[0].token
    driver.tell(Reported(5, token, {"ok": 1})).run()
    assert kinds(driver)[3:] == ["TaskSubmitted", "TaskSucceeded", "StepExited"]
    driver = waiting(Later(50, Accepts()))
    driver.tell(ReportedFailure(5, token, "E", "c")).run()
    assert kinds(driver)[3:] == ["TaskSubmitted", "TaskFailed", "StepFailed"]


def test_what_the_function_itself_does_after_its_submission_is_ignored() -> None:
    for answer in (Accepts({"own": 1}), Accepts(Fails("E")), {"own": 1}):
        driver = waiting(answer)
        assert kinds(driver)[-1] == "TaskSubmitted"
        driver.tell(Reported(5, driver.invokes[0].token, {"ok": 1})).run()
        assert driver.execution.output == {"ok": 1}
    driver = waiting(Fails("FC.FunctionNotFound", "gone"))
    assert kinds(driver)[3:] == ["TaskSubmitFailed", "StepFailed"]
    assert driver.execution.waiting_token(driver.invokes[0].token) is TokenState.SUPERSEDED


def test_a_retry_sends_a_new_token_and_supersedes_the_old() -> None:
    driver = waiting(more="retry: [{errors: [FnF.ALL], intervalSeconds: 1, maxAttempts: 2}]")
    execution = driver.execution
    driver.tell(ReportedFailure(0, driver.invokes[0].token, "E", ""))
    assert execution.waiting_token(driver.invokes[0].token) is TokenState.COMPLETED
    driver.run(1_000)
    first, second = driver.invokes
    assert first.token != second.token
    assert second.input == {"token": second.token, "a": 1}
    assert second.params == {"Input": second.input}
    assert execution.waiting_token(first.token) is TokenState.SUPERSEDED
    assert execution.waiting_token(second.token) is TokenState.PENDING
    before = list(execution.history)
    assert driver.tell(Reported(1_000, first.token, {})).execution.history == before
    driver.run(101_000)
    assert execution.waiting_token(second.token) is TokenState.SUPERSEDED
    driver.run(5_000)
    driver.tell(Reported(driver.now, driver.invokes[2].token, {"ok": 1}))
    assert execution.output == {"ok": 1}
    states = [execution.waiting_token(invoke.token) for invoke in driver.invokes]
    assert states == [TokenState.SUPERSEDED, TokenState.SUPERSEDED, TokenState.COMPLETED]
    assert execution.waiting_token(execution.sign(2, 3)) is TokenState.UNKNOWN


def test_a_failed_branch_takes_back_what_its_siblings_wait_for() -> None:
    text = f"""
- type: parallel
  name: P
  branches:
    - steps: [{{type: task, name: T, {ARN}, timeoutSeconds: 50}}]
    - steps:
        - type: foreach
          name: E
          iterationMapping: {{collection: $.xs, item: x}}
          steps: [{{type: wait, name: W, duration: 40}}]
    - steps: [{{type: task, name: C, {ARN}, pattern: waitForCallback}}]
    - steps: [{{type: wait, name: S, duration: 1}}, {{type: fail, name: F, error: Bad}}]
    - steps:
        - type: choice
          name: N
          choices: [{{condition: "true", steps: [{{type: task, name: D, {ARN}}}]}}]
"""
    driver = drive(steps(text), {"f": answers(Later(90_000, {}), Accepts(), Later(90_000, {}))}).start({"xs": [1, 2]})
    token = next(invoke.token for invoke in driver.invokes if invoke.token)
    pending = set(driver.execution.timers)
    driver.run()
    execution = driver.execution
    assert (execution.status, execution.error, execution.ended_at) == ("Failed", "Bad", 1_000)
    assert sorted(driver.abandoned) == sorted(invoke.call for invoke in driver.invokes)
    assert len(pending - driver.cancelled) == 1  # the one that fired
    assert execution.outstanding() == []
    assert execution.waiting_token(token) is TokenState.SUPERSEDED


def test_without_fail_fast_the_other_branches_run_to_their_end() -> None:
    text = f"""
- type: parallel
  name: P
  branches:
    - steps: [{{type: fail, name: F, error: First}}]
    - steps: [{{type: task, name: T, {ARN}}}]
    - steps: [{{type: wait, name: S, duration: 1}}, {{type: fail, name: G, error: Second}}]
    - steps: [{{type: wait, name: W, duration: %d}}]
"""
    for last in (0, 9):
        mocks = {"f": answers(Later(500, {}))}
        execution = run(steps(text % last), {}, mocks, Settings(fail_fast=False))
        assert (execution.status, execution.error, execution.ended_at) == ("Failed", "First", max(1, last) * 1000)
        assert [event.step for event in execution.history if event.type == "BranchExited"] == ["P", "P"]
        assert [event.step for event in execution.history if event.type == "StepFailed"] == ["F", "G", "P"]


def test_a_deleted_flow_stops_after_the_current_step() -> None:
    text = f"- {{type: task, name: T, {ARN}}}\n- {{type: pass, name: Next}}"
    driver = drive(steps(text), {"f": answers(Later(1_000, {"a": 1}))}).start()
    driver.tell(Retire(10)).run()
    assert driver.execution.status == "Stopped"
    assert outline(driver.execution)[-2:] == [(6, "StepExited", "T"), (7, "ExecutionStopped", "")]
    driver = drive(steps(TASK), {"f": answers(Later(1_000, {"a": 1}))}).start()
    assert driver.tell(Retire(10)).run().execution.status == "Succeeded"


def test_a_deleted_flow_lets_the_current_step_of_every_branch_finish() -> None:
    text = """
- type: foreach
  name: E
  iterationMapping: {collection: $.xs, item: x}
  steps: [{type: wait, name: W, duration: $.x}, {type: pass, name: Never}]
"""
    driver = drive(steps(text)).start({"xs": [1, 5]})
    driver.tell(Retire(10)).run()
    assert (driver.execution.status, driver.execution.ended_at) == ("Stopped", 5_000)
    assert not [event for event in driver.execution.history if event.step == "Never"]
