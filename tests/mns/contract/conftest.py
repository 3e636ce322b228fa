"""The account under test: in this process, or over HTTP through the official `mns` package, whichever is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from fnfkit.aliyun.mns_client import MnsClient
from fnfkit.aliyun.queues import MnsQueues
from fnfkit.aliyun.session import Key
from fnfkit.aliyun.topics import MnsTopics
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
