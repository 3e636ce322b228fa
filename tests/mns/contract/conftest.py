"""The account under test: in this process, over HTTP through the official `mns` package, or SQS on moto."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from moto import mock_aws
from moto.sqs import models as sqs

from fnfkit.aliyun.mns_client import MnsClient
from fnfkit.aliyun.queues import MnsQueues
from fnfkit.aliyun.session import Key
from fnfkit.aliyun.topics import MnsTopics
from fnfkit.aws import Session, SnsTopics, SqsQueues, connect
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Queues, Topics
from fnfkit.server.listener import serving
from fnfkit.server.mns import mns_service
from fnfkit.server.mns_auth import MnsVerifier
from tests.mns.accounts import Messages


@dataclass
class Account:
    """The ports, and the clock behind them."""

    queues: Queues
    topics: Topics
    behind: Messages
    over_http: bool
    longest_name: int = 120
    longest_delay: int = 604_800
    late: int = 0
    """Milliseconds after which a long poll may end, beyond its wait."""

    def advance(self, seconds: float) -> None:
        """Lets virtual time pass."""
        self.behind.loop.advance(seconds)

    def now(self) -> int:
        """Virtual time."""
        return self.behind.clock.now()


@pytest.fixture(scope="module")
def served() -> Iterator[Account]:
    """One served account for all tests of a module: starting a server takes longer than most of them."""
    messages = Messages()
    service = mns_service(messages.mns, MnsVerifier(messages.ram))
    with serving(messages, services=[service]) as listening:
        client = MnsClient(listening.endpoint, Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET))
        yield Account(MnsQueues(client), MnsTopics(client), messages, over_http=True)
        client.close()


@pytest.fixture(params=["in process", "over http"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    yield from _of_mns(request)


def _of_mns(request: pytest.FixtureRequest) -> Iterator[Account]:
    if request.param == "in process":
        messages = Messages()
        yield Account(messages.queues, messages.topics, messages, over_http=False)
        return
    found: Account = request.getfixturevalue("served")
    yield found
    for queue in found.behind.queues.list_queues().items:
        found.behind.queues.delete_queue(queue)
    for topic in found.behind.topics.list_topics().items:
        found.behind.topics.delete_topic(topic)


@pytest.fixture
def queues(account: Account) -> Queues:
    account.queues.create_queue("q")
    return account.queues


@pytest.fixture
def topics(account: Account) -> Topics:
    account.topics.create_topic("t")
    return account.topics


class SqsAccount:
    """SQS on moto, on a clock that tests move; its long polls look once in a second of it."""

    longest_name, longest_delay, late = 80, 900, 2_000

    def __init__(self, session: Session) -> None:
        self.queues, self.topics = SqsQueues(session), SnsTopics(session)
        self._now = 1_700_000_000_000

    def advance(self, seconds: float) -> None:
        """Lets virtual time pass."""
        self._now += round(seconds * 1_000)

    def now(self) -> int:
        """Virtual time."""
        return self._now


AnyAccount: TypeAlias = Account | SqsAccount


@pytest.fixture(params=["in process", "over http", "sqs"])
def any_account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnyAccount]:
    """The account of any cloud."""
    if request.param != "sqs":
        yield from _of_mns(request)
        return
    with mock_aws():
        account = SqsAccount(connect(key_id="testing", secret="testing-secret", region="us-east-1"))
        monkeypatch.setattr(sqs, "unix_time_millis", lambda *_: float(account.now()))
        monkeypatch.setattr(sqs, "unix_time", lambda *_: account.now() / 1_000)
        monkeypatch.setattr(sqs.Queue, "wait_for_messages", lambda self, seconds: account.advance(seconds))
        yield account
