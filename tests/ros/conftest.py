"""Accounts with stacks, and stacks seen through both doors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fnfkit.aliyun import AliyunStacks, Key, Session
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import StackRecord, Stacks, settled
from fnfkit.server.listener import Listening, serving

Settle = Callable[[str], StackRecord]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(grace=0.0)) as account:
        yield account


@pytest.fixture
def served(cloud: Cloud) -> Iterator[Listening]:
    with serving(cloud) as listening:
        yield listening


@pytest.fixture(params=["in process", "over HTTP"])
def stacks(request: pytest.FixtureRequest, cloud: Cloud) -> Stacks:
    if request.param == "in process":
        return cloud.stacks
    listening: Listening = request.getfixturevalue("served")
    return AliyunStacks(Session(Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET), endpoint=listening.endpoint))


@pytest.fixture
def settle(cloud: Cloud) -> Settle:
    """Drives the account until nothing is under way in a stack, and returns the stack."""

    def wait(stack: str) -> StackRecord:
        assert cloud.run_until(lambda: settled(cloud.stacks.get_stack(stack).status))
        return cloud.stacks.get_stack(stack)

    return wait
