"""What is Step Functions' own in the port of flows; what all clouds share is in tests/contract."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from fnfkit.aws import StepFunctionsFlows
from fnfkit.aws.events import read_events
from fnfkit.ports import (
    AccessDenied,
    ActionNotSupported,
    ExecutionNotExists,
    Fault,
    FlowNotExists,
    Flows,
    InvalidArgument,
    MissingRequiredParams,
    Page,
    ResourceThrottled,
    TaskAlreadyCompleted,
)
from fnfkit.workers import Callback
from tests.aws.moto_account import ROLE, MotoAccount, account, waiting

NOTHING = json.dumps({"Comment": "does nothing", "StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:f"
RUN = "arn:aws:states:us-east-1:123456789012:execution:f:e"
QUEUES = "https://sqs.us-east-1.amazonaws.com/123456789012"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
MACHINE = {
    "stateMachineArn": ARN,
    "name": "f",
    "definition": NOTHING,
    "roleArn": ROLE,
    "type": "EXPRESS",
    "creationDate": MOMENT,
}


class Stubbed:
    """Step Functions that answers as it is told, where moto does not."""

    def __init__(self) -> None:
        self.session = account()
        self.session._account = "123456789012"
        self.stub = Stubber(self.session.client("stepfunctions"))
        self.slept: list[float] = []
        self.flows = StepFunctionsFlows(self.session, sleep=self.slept.append)

    def answers(self, operation: str, **answer: Any) -> None:
        self.stub.add_response(operation, answer)

    def refuses(self, operation: str, code: str) -> None:
        self.stub.add_client_error(operation, code, "as told", http_status_code=400)


@pytest.fixture
def stubbed() -> Any:
    found = Stubbed()
    with found.stub:
        yield found
        found.stub.assert_no_pending_responses()


@pytest.fixture
def flows(moto: MotoAccount) -> StepFunctionsFlows:
    return StepFunctionsFlows(moto.session)


def test_a_flow_is_as_it_was_made(flows: StepFunctionsFlows) -> None:
    made = flows.create_flow("f", NOTHING, description="does nothing", role_arn=ROLE, execution_mode="Express")
    assert (made.id, made.type, made.role_arn, made.execution_mode) == (ARN, "ASL", ROLE, "Express")
    assert made.description == "does nothing"
    (listed,) = flows.list_flows().items
    assert (listed.name, listed.definition, listed.execution_mode) == ("f", "", "Express")


def test_what_a_flow_cannot_have(flows: StepFunctionsFlows) -> None:
    with pytest.raises(MissingRequiredParams, match="give role_arn"):
        flows.create_flow("f", NOTHING)
    with pytest.raises(ActionNotSupported, match="write it as the definition's Comment"):
        flows.create_flow("f", NOTHING, role_arn=ROLE, description="something else")
    with pytest.raises(ActionNotSupported, match="external_storage_location"):
        flows.create_flow("f", NOTHING, role_arn=ROLE, external_storage_location="oss://x")
    with pytest.raises(InvalidArgument, match=r"f: .*mismatched input"):
        flows.create_flow("f", "version: v1\ntype: flow\n", role_arn=ROLE)
    assert flows.list_flows().items == ()
    flows.create_flow("f", NOTHING, role_arn=ROLE)
    with pytest.raises(ActionNotSupported, match="Comment"):
        flows.update_flow("f", description="something else")
    assert flows.update_flow("f", description="does nothing").definition == NOTHING


@pytest.mark.parametrize(
    "call",
    [
        lambda flows: flows.create_schedule("f", "s", "0 * * * * *"),
        lambda flows: flows.update_schedule("f", "s", enabled=False),
        lambda flows: flows.describe_schedule("f", "s"),
        lambda flows: flows.list_schedules("f"),
        lambda flows: flows.delete_schedule("f", "s"),
    ],
)
def test_there_are_no_schedules(flows: StepFunctionsFlows, call: Callable[[Flows], object]) -> None:
    with pytest.raises(ActionNotSupported, match="EventBridge"):
        call(flows)


def test_an_execution_reports_to_nobody(flows: StepFunctionsFlows) -> None:
    flows.create_flow("f", NOTHING, role_arn=ROLE)
    with pytest.raises(ActionNotSupported, match="sends the report"):
        flows.start_execution("f", callback_token="T")
    assert flows.list_executions("f").items == ()


ANSWERS: list[tuple[str, type[Fault]]] = [
    ("TaskTimedOut", TaskAlreadyCompleted),
    ("TaskDoesNotExist", ExecutionNotExists),
    ("InvalidToken", InvalidArgument),
    ("InvalidOutput", InvalidArgument),
]


def test_the_page_on_workers_says_how_answers_are_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "workers.md").read_text("utf-8")
    rows = page.partition("<!-- answers -->")[2].partition("<!-- end of answers -->")[0]
    assert re.findall(r"(?m)^\| `(\w+)`.*\| `(\w+)` \|$", rows) == [(code, kind.__name__) for code, kind in ANSWERS]


@pytest.mark.parametrize("report", ["send_task_success", "send_task_failure"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [*ANSWERS, ("ThrottlingException", ResourceThrottled), ("AccessDeniedException", AccessDenied)],
)
def test_what_is_answered_to_reports(stubbed: Stubbed, report: str, code: str, kind: type[Fault]) -> None:
    stubbed.refuses(report, code)
    with pytest.raises(kind, match=f"{report} of the token: as told") as refused:
        if report == "send_task_success":
            stubbed.flows.report_task_succeeded("SECRET-TOKEN", "{}")
        else:
            stubbed.flows.report_task_failed("SECRET-TOKEN", "E")
    assert "SECRET-TOKEN" not in str(refused.value)


def test_a_late_report_counts_no_more(moto: MotoAccount) -> None:
    """A step has timed out, and another one waits: the first token is spent, the second is good."""
    moto.queues.create_queue("q")
    flows = StepFunctionsFlows(moto.session, role_arn=ROLE)
    body = {"QueueUrl": f"{QUEUES}/q", "MessageBody": {"task_token.$": "$$.Task.Token"}}
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "again"}]
    machine = json.loads(waiting("sqs:sendMessage", body, TimeoutSeconds=10, Catch=caught))
    machine["States"]["again"] = json.loads(waiting("sqs:sendMessage", body))["States"]["work"]
    flows.create_flow("f", json.dumps(machine))
    flows.start_execution("f", name="e")
    first, second = (json.loads(moto.message("q"))["task_token"] for _ in range(2))
    assert Callback(flows).succeed(first, {"n": 1}) is False
    assert Callback(flows).succeed(second, {"n": 2}) is True
    ended = flows.describe_execution("f", "e", wait_seconds=30)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"n": 2})
    assert Callback(flows).fail(second, "TooLate") is False


def test_a_synchronous_execution(stubbed: Stubbed) -> None:
    ended = {"executionArn": RUN, "startDate": MOMENT, "stopDate": MOMENT}
    stubbed.answers("start_sync_execution", **ended, name="e", status="SUCCEEDED", output='{"a": 1}')
    result = stubbed.flows.start_sync_execution("f", name="e", input="{}")
    assert (result.flow, result.name, result.status, result.output) == ("f", "e", "Succeeded", '{"a": 1}')
    stubbed.answers("start_sync_execution", **ended, status="FAILED", error="Sorry", cause="as asked")
    failed = stubbed.flows.start_sync_execution("f")
    assert (failed.name, failed.status, failed.error, failed.cause, failed.output) == (
        "e",
        "Failed",
        "Sorry",
        "as asked",
        "",
    )
    stubbed.refuses("start_sync_execution", "StateMachineTypeNotSupported")
    with pytest.raises(ActionNotSupported):
        stubbed.flows.start_sync_execution("f")


def test_what_is_being_deleted_is_gone(stubbed: Stubbed) -> None:
    stubbed.answers("describe_state_machine", **MACHINE, status="DELETING")
    with pytest.raises(FlowNotExists, match="being deleted"):
        stubbed.flows.describe_flow("f")


def test_waiting_looks_less_and_less_often(stubbed: Stubbed) -> None:
    run = {"executionArn": RUN, "stateMachineArn": ARN, "name": "e", "startDate": MOMENT}
    for _ in range(7):
        stubbed.answers("describe_execution", **run, status="RUNNING")
    found = {"stateMachineArn": ARN, "name": "f", "definition": NOTHING, "roleArn": ROLE, "updateDate": MOMENT}
    stubbed.answers("describe_state_machine_for_execution", **found)
    record = stubbed.flows.describe_execution("f", "e", wait_seconds=5)
    assert (record.status, record.definition, record.stopped) == ("Running", NOTHING, None)
    assert stubbed.slept == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 1.9])
    assert sum(stubbed.slept) == pytest.approx(5)


def test_a_listing_ends_where_all_is_too_old(stubbed: Stubbed) -> None:
    run = {"executionArn": RUN, "stateMachineArn": ARN, "name": "e", "startDate": MOMENT, "status": "RUNNING"}
    stubbed.answers("list_executions", executions=[run], nextToken="more")
    page = stubbed.flows.list_executions("f", started_begin=round(MOMENT.timestamp() * 1_000) + 1)
    assert page == Page(())
    stubbed.answers("list_executions", executions=[run], nextToken="more")
    page = stubbed.flows.list_executions("f", name_prefix="other")
    assert page == Page((), "more")


def test_a_long_history_is_read_to_its_end_once(stubbed: Stubbed) -> None:
    events: list[dict[str, Any]] = [
        {"timestamp": MOMENT, "type": "ExecutionStarted", "id": 1, "previousEventId": 0},
        {"timestamp": MOMENT, "type": "ExecutionSucceeded", "id": 2, "previousEventId": 1},
    ]
    stubbed.answers("get_execution_history", events=events[:1], nextToken="more")
    stubbed.answers("get_execution_history", events=events[1:])
    pages = [stubbed.flows.get_execution_history("f", "e", limit=1)]
    pages.append(stubbed.flows.get_execution_history("f", "e", limit=1, next_token=pages[0].next_token))
    assert [(event.id, event.type) for page in pages for event in page.items] == [
        (1, "ExecutionStarted"),
        (2, "ExecutionSucceeded"),
    ]


def happened(id: int, before: int, type: str, **details: Any) -> dict[str, Any]:
    return {"timestamp": MOMENT, "type": type, "id": id, "previousEventId": before, "details": details}


def test_events_tell_their_state_and_the_token() -> None:
    call = {"MessageBody": json.dumps({"order": 7, "my_token": "no", "taskToken": "T"})}
    waits, plain = "sendMessage.waitForTaskToken", "startExecution.sync:2"
    events = read_events(
        [
            happened(1, 0, "ExecutionStarted", input='{"a": 1}', inputDetails={"truncated": False}),
            happened(2, 1, "TaskStateEntered", name="ask", input="not JSON"),
            happened(3, 2, "TaskScheduled", resource=waits, parameters=json.dumps(call)),
            happened(4, 3, "TaskStarted", resource=waits),
            happened(5, 4, "TaskSubmitted", resource=waits, output='{"MessageId": "m"}'),
            happened(6, 5, "TaskSucceeded", resource=waits, output='{"ok": true}'),
            happened(7, 6, "TaskStateExited", name="ask", output="{}"),
            happened(8, 7, "TaskStateEntered", name="run"),
            happened(9, 8, "TaskScheduled", resource=plain, parameters="{}"),
            happened(10, 9, "TaskSubmitted", resource=plain, output='{"ExecutionArn": "x"}'),
            happened(11, 10, "ExecutionAborted"),
        ]
    )
    assert [event.step for event in events] == ["", *["ask"] * 6, *["run"] * 3, ""]
    assert events[0].detail == {"input": {"a": 1}}
    assert events[1].detail["input"] == "not JSON"
    assert events[4].detail["output"] == {"taskToken": "T"}
    assert events[4].detail["answer"] == {"MessageId": "m"}
    assert events[9].detail["output"] == {"ExecutionArn": "x"}
    assert (events[4].scheduled_by, events[4].time) == (4, round(MOMENT.timestamp() * 1_000))
