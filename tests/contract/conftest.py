"""One account, seen through both doors: in process, and over HTTP through the official SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from fnfkit.aliyun import AliyunFlows, Key, Session
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import EventRecord, Flows
from fnfkit.server.listener import Listening, serving
from tests.aws.moto_account import moto_account
from tests.contract.doors import FDL, Door, amazon


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(grace=0.0)) as account:
        account.functions.stub("fnf-demo", "echo", lambda event: event)
        yield account


@pytest.fixture
def served(cloud: Cloud) -> Iterator[Listening]:
    with serving(cloud) as listening:
        yield listening


@pytest.fixture
def session(served: Listening) -> Session:
    return Session(Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET), endpoint=served.endpoint)


@pytest.fixture(params=["in process", "over HTTP"])
def flows(request: pytest.FixtureRequest, cloud: Cloud) -> Flows:
    if request.param == "in process":
        return cloud.flows
    return AliyunFlows(request.getfixturevalue("session"))


@dataclass
class Waiting:
    """An execution that waits for its callback."""

    flow: str
    name: str
    token: str


@pytest.fixture
def waiting(cloud: Cloud, flows: Flows) -> Callable[[str], Waiting]:
    """Starts an execution of the callback flow and returns once it waits."""

    def start(name: str) -> Waiting:
        flows.start_execution("callback", name=name)
        return Waiting("callback", name, token_of(cloud, "callback", name))

    return start


@pytest.fixture(params=["in process", "over HTTP", "Step Functions"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """The flows of any account."""
    if request.param == "Step Functions":
        with moto_account() as account:
            yield amazon(account)
        return
    cloud: Cloud = request.getfixturevalue("cloud")
    in_process = request.param == "in process"
    flows: Flows = cloud.flows if in_process else AliyunFlows(request.getfixturevalue("session"))

    def start(name: str) -> str:
        flows.start_execution("callback", name=name)
        return token_of(cloud, "callback", name)

    yield Door(flows, FDL, start, lambda: cloud.advance(1))


def token_of(cloud: Cloud, flow: str, name: str) -> str:
    """The task token of an execution, once it waits."""
    assert cloud.run_until(lambda: bool(_submitted(cloud, flow, name)))
    token = _submitted(cloud, flow, name)[-1].detail["output"]["taskToken"]
    assert isinstance(token, str)
    return token


def _submitted(cloud: Cloud, flow: str, name: str) -> list[EventRecord]:
    history = cloud.flows.get_execution_history(flow, name, limit=999).items
    return [event for event in history if event.type == "TaskSubmitted"]
