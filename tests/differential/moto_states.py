"""moto's interpreter of Amazon States Language, an implementation that is not ours, as the other contender.

Lambda is answered in process, since moto's own would run containers. Waits and back-offs are noted instead of slept.
"""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction

from fnfkit.model.json import Json, JsonObject
from tests.differential.generated import answer, steps_of
from tests.differential.ours import Observed

PATIENCE = 20
"""Real seconds a run may take before it counts as hung."""
_STATUS = {"SUCCEEDED": "Succeeded", "FAILED": "Failed", "TIMED_OUT": "TimedOut", "ABORTED": "Stopped"}


class MotoStates:
    """Step Functions in process; one run at a time."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.observed = Observed()
        self.asked: Counter[str] = Counter()
        self.seed = 0
        self.lock = threading.Lock()
        self.count = 0

    def run(self, definition: str, input: JsonObject, seed: int) -> Observed:
        """One execution of a definition against the answers of a seed."""
        self.observed, self.asked, self.seed = Observed(), Counter(), seed
        self.count += 1
        role = "arn:aws:iam::123456789012:role/any"
        machine = self.client.create_state_machine(name=f"m{self.count}", definition=definition, roleArn=role)
        arn = machine["stateMachineArn"]
        started = self.client.start_execution(stateMachineArn=arn, name=f"e{self.count}", input=json.dumps(input))
        ended = self._ended(started["executionArn"])
        observed = self.observed
        observed.status = _STATUS[ended["status"]]
        observed.output = json.loads(ended["output"]) if ended.get("output") else None
        observed.error = ended.get("error") or ""
        history = self.client.get_paginator("get_execution_history").paginate(executionArn=started["executionArn"])
        events = [event for page in history for event in page["events"]]
        entered = [one["stateEnteredEventDetails"] for one in events if "stateEnteredEventDetails" in one]
        observed.entered = steps_of(one["name"] for one in entered)
        return observed

    def _ended(self, arn: str) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        pause = threading.Event()
        while True:
            found: dict[str, Any] = self.client.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            assert time.monotonic() < until, f"moto hangs; calls so far: {self.observed.calls}"
            pause.wait(0.002)

    def invoke(self, *, FunctionName: str, Payload: bytes, **_: object) -> dict[str, Any]:
        """Stands in for the Lambda client."""
        name, event = FunctionName.rpartition(":")[2], json.loads(Payload)
        with self.lock:
            token = event.get("token")
            self.observed.calls.append((name, {**event, "token": "T"} if token else event))
            given = answer(self.seed, name, self.asked[name])
            self.asked[name] += 1
        if token:
            threading.Timer(0.01, self._report, (token, given)).start()
            return _answered({})
        if isinstance(given, str):
            return _answered({"errorType": given, "errorMessage": "answered"}) | {"FunctionError": "Unhandled"}
        return _answered(given)

    def _report(self, token: str, given: JsonObject | str) -> None:
        if isinstance(given, str):
            self.client.send_task_failure(taskToken=token, error=given, cause="reported")
        else:
            self.client.send_task_success(taskToken=token, output=json.dumps(given))

    def sleep(self, seconds: float) -> None:
        """Notes a back-off or a wait."""
        with self.lock:
            self.observed.spans.append(float(seconds))


def _answered(payload: Json) -> dict[str, Any]:
    return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": io.BytesIO(json.dumps(payload).encode())}


@contextmanager
def moto_states() -> Iterator[MotoStates]:
    """moto, for as long as the block lasts."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), pytest.MonkeyPatch.context() as patch:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        states = MotoStates(boto3.client("stepfunctions", region_name="us-east-1", **keys))
        patch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: states)
        patch.setattr(logging.getLogger("moto"), "disabled", True)
        patch.setattr(eval_component.LOG, "disabled", True)
        patch.setattr(retrier_decl, "time", _Time(states))
        patch.setattr(WaitFunction, "_wait_interval", lambda self, env, wait_seconds: states.sleep(wait_seconds))
        yield states


class _Time:
    def __init__(self, states: MotoStates) -> None:
        self.sleep = states.sleep
