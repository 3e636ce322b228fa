"""The doors of the contract suite: an account's flows, and what they run, in the account's own language."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from fnfkit.aws import StepFunctionsFlows
from fnfkit.ports import Flows
from tests.aws.moto_account import ROLE, MotoAccount, waiting
from tests.contract.flows import CALLBACK, FAIL, NOTHING, PASS

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/q"


@dataclass(frozen=True)
class Texts:
    """Definitions, and what histories call things."""

    type: str
    passes: str
    nothing: str
    fails: str
    callback: str
    events: tuple[str, ...]
    stopped: str


@dataclass(frozen=True)
class Door:
    """`waiting` starts an execution of the flow named callback and is the token it waits with; `pause` lets a moment
    pass."""

    flows: Flows
    texts: Texts
    waiting: Callable[[str], str]
    pause: Callable[[], None]


FDL = Texts(
    type="FDL",
    passes=PASS,
    nothing=NOTHING,
    fails=FAIL,
    callback=CALLBACK,
    events=("StepEntered", "StepStarted", "StepSucceeded", "StepExited"),
    stopped="ExecutionStopped",
)


def _single(name: str, **state: object) -> str:
    return json.dumps({"StartAt": name, "States": {name: state}})


ASL = Texts(
    type="ASL",
    passes=_single("hello", Type="Pass", Parameters={"greeting": "hello", "name.$": "$.name"}, End=True),
    nothing=_single("nothing", Type="Pass", End=True),
    fails=_single("sorry", Type="Fail", Error="Sorry", Cause="as asked"),
    callback=waiting(
        "sqs:sendMessage",
        {"QueueUrl": QUEUE, "MessageBody": {"taskToken.$": "$$.Task.Token"}},
        ResultSelector={"s.$": "$.status"},
    ),
    events=("PassStateEntered", "PassStateExited"),
    stopped="ExecutionAborted",
)


def amazon(account: MotoAccount) -> Door:
    """Step Functions, on moto."""
    account.queues.create_queue("q")
    flows = StepFunctionsFlows(account.session, role_arn=ROLE)

    def start(name: str) -> str:
        flows.start_execution("callback", name=name)
        done = threading.Event()
        for _ in range(2_000):
            for event in flows.get_execution_history("callback", name).items:
                if event.type == "TaskSubmitted":
                    return str(event.detail["output"]["taskToken"])
            done.wait(0.005)
        raise AssertionError("the execution does not wait")

    return Door(flows, ASL, start, lambda: None)
