"""moto as an account of Amazon: its Step Functions interpreter, queues and topics, on a clock that runs fast.

moto's defects that are met, and worked around here by name:

- `reported_twice`: the second report of a token is taken, and the first one's outcome replaced, as long as the
  interpreter has not looked; a report after the task's timeout is taken silently, and so is a failure for an ended
  execution, of which a success is InvalidToken. The service answers TaskTimedOut to all of these ("the task associated
  with the token has already been closed").
- `no_message`: TaskTimedOut, TaskDoesNotExist and InvalidToken are raised without the message that they need: the call
  ends in a TypeError.
- `cause_lost`: SendTaskFailure loses the cause, StopExecution both error and cause.
- `not_stopped`: an execution that waits for a token does not notice that it is stopped; and an error that comes after
  the stop takes its place.
- `no_code`: InvalidDefinition and InvalidExecutionInput are answered without an error code.
- All attempts of a task that is retried have one token; the tests retry none that waits.
- StartSyncExecution is not there, histories come in one page, outputs of reports are not looked at (InvalidOutput), and
  an execution can be stopped after its end: the tests of these stub the service instead.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from moto import mock_aws
from moto.backends import get_backend
from moto.core.config import default_user_config
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.server import ThreadedMotoServer
from moto.sqs import models as sqs
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackPoolManager,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from fnfkit.aws import Session, SnsTopics, SqsQueues, StepFunctionsFlows, connect
from fnfkit.lang import asl, fdl
from fnfkit.lang.translate import replacing
from fnfkit.ports import ExecutionAlreadyCompleted, FlowRecord, MessageNotExist
from fnfkit.workers import SystemClock
from fnfkit.workers.clock import Clock, Timer

ROLE = "arn:aws:iam::123456789012:role/any"
RATE = 50
"""Seconds of an account for one of the machine's."""


class FastClock:
    """A worker's clock that runs as fast as the account's."""

    def __init__(self) -> None:
        self._own = SystemClock()
        self._start = self._own.now()

    def now(self) -> int:
        """Milliseconds; as Unix time they are long past, and nobody minds."""
        return 1_700_000_000_000 + (self._own.now() - self._start) * RATE

    def call_at(self, due: int, action: Callable[[], None]) -> Timer:
        """Has an action called at a time."""
        return self._own.call_at(self._own.now() + max(0, due - self.now()) // RATE, action)


class WrittenFlows(StepFunctionsFlows):
    """Flows of Step Functions that take FDL, and put what the project's writer makes of it into the account."""

    def create_flow(self, name: str, definition: str, **settings: Any) -> FlowRecord:
        return super().create_flow(name, written(definition, name), **settings)


class MotoAccount:
    """The ports of an account, as the tests of an embedded one know them."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session, self.clock = session, clock
        self.queues, self.topics = SqsQueues(session), SnsTopics(session)
        self.flows = WrittenFlows(session, role_arn=ROLE)

    def message(self, queue: str) -> str:
        """The body of the next message, which is deleted; waited for, for up to some ten seconds of the machine's."""
        for _ in range(20):
            with suppress(MessageNotExist):
                found = self.queues.receive_message(queue, wait_seconds=30)
                self.queues.delete_message(queue, found.receipt_handle)
                return found.body
        raise AssertionError(f"no message came to {queue}")


def written(definition: str, name: str) -> str:
    """FDL as Amazon States Language."""
    flow = fdl.read(definition).flow
    assert flow is not None
    translation = replacing(flow, name)
    writing = asl.write(translation.flow)
    assert not writing.unsupported
    return writing.text


def account(**given: str) -> Session:
    """A session of moto's account."""
    return connect(**{"key_id": "testing", "secret": "testing-secret", "region": "us-east-1", **given})


@contextmanager
def moto_account() -> Iterator[MotoAccount]:
    """moto in this process, for as long as the block lasts."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), pytest.MonkeyPatch.context() as patch:
        clock = FastClock()
        run_fast(patch, clock)
        mend(patch)
        patch.setattr(logging.getLogger("moto"), "disabled", True)
        patch.setattr(eval_component.LOG, "disabled", True)
        found = MotoAccount(account(), clock)
        yield found
        stop_all(found.flows)


@contextmanager
def moto_served() -> Iterator[MotoAccount]:
    """moto over HTTP on the loopback, on the machine's clock, for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
        patch.setattr(logging.getLogger("moto"), "disabled", True)
        patch.setattr(logging.getLogger("werkzeug"), "disabled", True)
        patch.setattr(eval_component.LOG, "disabled", True)
        mend(patch)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv("MOTO_PORT", str(port))  # where the interpreter looks for queues and topics
        found = MotoAccount(account(endpoint=f"http://{host}:{port}"), SystemClock())
        yield found
        stop_all(found.flows)
        reset_all()
        server.stop()


def reset_all() -> None:
    """Forgets what was made in the accounts that moto serves; those in process are new each time."""
    for name in ("stepfunctions", "sqs", "sns"):
        get_backend(name).reset()
    stepfunctions_parser_backends.reset()


def run_fast(patch: pytest.MonkeyPatch, clock: FastClock) -> None:
    """Has queues and the interpreter's waits follow a clock."""
    patch.setattr(sqs, "unix_time_millis", lambda *_: float(clock.now()))
    patch.setattr(sqs, "unix_time", lambda *_: clock.now() / 1_000)
    patch.setattr(retrier_decl, "time", _FastSleep())
    wait, endpoint_wait = sqs.Queue.wait_for_messages, CallbackEndpoint.wait
    patch.setattr(sqs.Queue, "wait_for_messages", lambda self, seconds: wait(self, seconds / RATE))
    patch.setattr(
        CallbackEndpoint,
        "wait",
        lambda self, timeout=None: endpoint_wait(self, timeout if timeout is None else timeout / RATE),
    )
    patch.setattr(
        WaitFunction,
        "_wait_interval",
        lambda self, env, wait_seconds: env.program_state_event.wait(wait_seconds / RATE),
    )


class _FastSleep:
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / RATE)


class TaskTimedOut(AWSError):
    TYPE = "TaskTimedOut"


class InvalidToken(AWSError):
    TYPE = "InvalidToken"

    def __init__(self) -> None:
        super().__init__("Invalid token")


def mend(patch: pytest.MonkeyPatch) -> None:
    """Works around the defects that this module lists."""
    notify, executions = CallbackPoolManager.notify, StepFunctionsParserBackend._get_executions

    def once(self: CallbackPoolManager, callback_id: str, outcome: Any) -> bool:
        endpoint = self.get(callback_id)
        if endpoint is not None and endpoint._notify_event.is_set():  # reported_twice, or timed out
            raise TaskTimedOut("the task associated with the token has already been closed")
        return bool(notify(self, callback_id, outcome))

    patch.setattr(CallbackPoolManager, "notify", once)
    patch.setattr(StepFunctionsParserBackend, "_get_executions", lambda self, status=None: executions(self))
    patch.setattr(models, "InvalidToken", InvalidToken)  # no_message
    for error in (models.InvalidDefinition, models.InvalidExecutionInput):
        patch.setattr(error, "TYPE", error.code)  # no_code
    fail = Environment.set_error
    patch.setattr(
        Environment,
        "set_error",
        lambda self, error: fail(self, error) if self.is_running() else None,  # not_stopped
    )
    patch.setattr(StepFunctionResponse, "send_task_failure", _send_task_failure)  # cause_lost
    patch.setattr(StepFunctionResponse, "stop_execution", _stop_execution)  # cause_lost


def _send_task_failure(self: StepFunctionResponse) -> EmptyResult:
    token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
    self.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
    return EmptyResult()


def _stop_execution(self: StepFunctionResponse) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    moment = datetime.now(UTC)
    execution.stop(stop_date=moment, error=self._get_param("error"), cause=self._get_param("cause"))
    for endpoint in execution.exec_worker.env.callback_pool_manager._pool.values():  # not_stopped
        endpoint.interrupt_all()
    return ActionResult({"stopDate": moment})


def stop_all(flows: StepFunctionsFlows) -> None:
    """Ends what runs still, so that no thread of moto outlives its test."""
    for flow in flows.list_flows().items:
        for run in flows.list_executions(flow.name, status="Running").items:
            with suppress(ExecutionAlreadyCompleted):
                flows.stop_execution(flow.name, run.name)
            flows.describe_execution(flow.name, run.name, wait_seconds=5)


def waiting(resource: str, parameters: dict[str, Any], **more: Any) -> str:
    """A state machine of one task that waits for its token."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}.waitForTaskToken", "End": True}
    return json.dumps({"StartAt": "work", "States": {"work": {**state, "Parameters": parameters, **more}}})
