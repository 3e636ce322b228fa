"""Every public method of the official package's classes works against a served account.

The methods are listed from whichever distribution is installed, so that none can be forgotten.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mns import account as mns_account
from mns import pkg_info
from mns.account import Account, AccountMeta
from mns.mns_client import MNSClient
from mns.queue import Message, Queue, QueueMeta
from mns.subscription import Subscription, SubscriptionMeta
from mns.topic import Topic, TopicMessage, TopicMeta

from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.server.listener import serving
from fnfkit.server.mns import mns_service
from fnfkit.server.mns_auth import MnsVerifier
from tests.mns.accounts import ACCOUNT, Messages

# Reading attributes into its own class warns of a property of that class.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:mns.*", "ignore:Call to deprecated:DeprecationWarning"
)

OLDER = pkg_info.version == "1.1.5"


class Sdk:
    """The package's objects on a served account, and the endpoint."""

    def __init__(self, endpoint: str, behind: Messages) -> None:
        self.endpoint, self.behind = endpoint, behind
        # A logger of its own keeps the package from writing a file.
        self.account = Account(endpoint, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, logger=logging.getLogger("quiet"))
        self.queue: Queue = self.account.get_queue("q")
        self.topic: Topic = self.account.get_topic("t")
        self.subscription: Subscription = self.account.get_subscription("t", "s")

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.queue.send_message(Message(body))

    def receive(self) -> Any:
        return self.queue.receive_message()


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    behind = Messages()
    with serving(behind, services=[mns_service(behind.mns, MnsVerifier(behind.ram))]) as listening:
        sdk = Sdk(listening.endpoint, behind)
        behind.queues.create_queue("q")
        behind.topics.create_topic("t")
        behind.topics.subscribe("t", "s", f"acs:mns:cn-hangzhou:{ACCOUNT}:queues/q")
        first = sdk.account.get_client()
        yield sdk
        for client in (first, sdk.account.get_client()):
            client.close_connection()


def text(body: Any) -> str:
    return body.decode() if isinstance(body, bytes) else str(body)


# One function for each method of a class: calls it, and looks at what came of it.


def account_attributes(sdk: Sdk) -> None:
    sdk.account.set_attributes(AccountMeta("bucket"))
    assert sdk.behind.mns.account.logging_bucket == "bucket"
    if OLDER:  # its reader calls a method that dictionaries lost in Python 3 (api-mns.md 8)
        with pytest.raises(AttributeError, match="has_key"):
            sdk.account.get_attributes()
    else:
        assert sdk.account.get_attributes().logging_bucket == "bucket"


def open_service(sdk: Sdk) -> None:
    assert sdk.account.open_service().oder_id  # as the package spells it


def listings(sdk: Sdk) -> None:
    queues, marker = sdk.account.list_queue("q", 10, "")
    assert (queues, marker) == ([f"{sdk.endpoint}/queues/q"], "")
    assert sdk.account.list_topic("t") == ([f"{sdk.endpoint}/topics/t"], "")


def parts(sdk: Sdk) -> None:
    assert isinstance(sdk.account.get_queue("q"), Queue)
    assert isinstance(sdk.account.get_topic("t"), Topic)
    assert isinstance(sdk.account.get_subscription("t", "s"), Subscription)
    assert isinstance(sdk.account.get_client(), MNSClient)


def account_settings(sdk: Sdk) -> None:
    sdk.account.set_debug(False)
    sdk.account.set_log_level(logging.ERROR)
    sdk.account.set_client(sdk.endpoint, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, "")
    sdk.account.close_log()
    sdk.account.debuginfo(sdk.queue.get_attributes())
    assert sdk.account.list_queue()[0]


def queue_life(sdk: Sdk) -> None:
    queue = sdk.account.get_queue("other")
    assert queue.create(QueueMeta(vis_timeout=60)) == f"{sdk.endpoint}/queues/other"
    meta = queue.get_attributes()
    assert (meta.queue_name, int(meta.visibility_timeout)) == ("other", 60)
    meta.set_visibilitytimeout(90)
    queue.set_attributes(meta)
    assert sdk.behind.queues.get_queue_attributes("other").visibility_timeout == 90
    queue.delete()
    assert sdk.account.list_queue("other")[0] == []


def sending(sdk: Sdk) -> None:
    assert sdk.queue.send_message(Message("one", 0, 3)).message_id
    assert len(sdk.queue.batch_send_message([Message("two"), Message("three")])) == 2
    assert sdk.behind.queues.get_queue_attributes("q").active == 3


def peeking(sdk: Sdk) -> None:
    sdk.send("one", "two")
    assert text(sdk.queue.peek_message().message_body) == "one"
    assert [text(m.message_body) for m in sdk.queue.batch_peek_message(16)] == ["one", "two"]


def peeking_text(sdk: Sdk) -> None:
    sdk.send("one", "two")
    assert sdk.queue.peek_message_with_str_body().message_body == "one"
    assert [m.message_body for m in sdk.queue.batch_peek_message_with_str_body(16)] == ["one", "two"]


def receiving(sdk: Sdk) -> None:
    sdk.send("one", "two", "three")
    assert text(sdk.queue.receive_message(1).message_body) == "one"
    assert [text(m.message_body) for m in sdk.queue.batch_receive_message(16, 1)] == ["two", "three"]


def receiving_text(sdk: Sdk) -> None:
    sdk.send("one", "two", "three")
    assert sdk.queue.receive_message_with_str_body(1).message_body == "one"
    assert [m.message_body for m in sdk.queue.batch_receive_message_with_str_body(16, 1)] == ["two", "three"]


def deleting(sdk: Sdk) -> None:
    sdk.send("one", "two", "three")
    sdk.queue.delete_message(sdk.receive().receipt_handle)
    sdk.queue.batch_delete_message([sdk.receive().receipt_handle, sdk.receive().receipt_handle])
    assert sdk.behind.queues.get_queue_attributes("q").inactive == 0


def visibility(sdk: Sdk) -> None:
    sdk.send("one")
    old = sdk.receive().receipt_handle
    changed = sdk.queue.change_message_visibility(old, 60)
    assert changed.receipt_handle != old
    sdk.queue.delete_message(changed.receipt_handle)


def encoding(sdk: Sdk) -> None:
    sdk.queue.set_encoding(False)
    sdk.behind.queues.send_message("q", '{"plain": 1}')
    assert text(sdk.receive().message_body) == '{"plain": 1}'


def debugging(sdk: Sdk) -> None:
    for part in (sdk.queue, sdk.topic, sdk.subscription):
        part.set_debug(False)
        part.debuginfo(part.get_attributes())


def topic_life(sdk: Sdk) -> None:
    topic = sdk.account.get_topic("other")
    assert topic.create(TopicMeta(2_048)) == f"{sdk.endpoint}/topics/other"
    assert int(topic.get_attributes().maximum_message_size) == 2_048
    topic.set_attributes(TopicMeta(4_096))
    assert sdk.behind.topics.get_topic_attributes("other").maximum_message_size == 4_096
    topic.delete()
    assert sdk.account.list_topic("other")[0] == []


def publishing(sdk: Sdk) -> None:
    assert sdk.topic.publish_message(TopicMessage("hello", "tag")).message_id
    assert isinstance(sdk.topic.get_subscription("s"), Subscription)
    assert sdk.topic.list_subscription()[0] == [f"{sdk.endpoint}/topics/t/subscriptions/s"]


def subscription_life(sdk: Sdk) -> None:
    other = sdk.account.get_subscription("t", "other")
    meta = SubscriptionMeta("http://127.0.0.1:9/hook", "BACKOFF_RETRY", "JSON")
    assert other.subscribe(meta) == f"{sdk.endpoint}/topics/t/subscriptions/other"
    other.set_attributes(SubscriptionMeta(notify_strategy="EXPONENTIAL_DECAY_RETRY"))
    found = other.get_attributes()
    assert (found.endpoint, found.notify_strategy) == ("http://127.0.0.1:9/hook", "EXPONENTIAL_DECAY_RETRY")
    other.unsubscribe()
    assert sdk.behind.topics.list_subscriptions("t").items == ("s",)


STORIES: list[tuple[Callable[[Sdk], None], type, set[str]]] = [
    (account_attributes, Account, {"get_attributes", "set_attributes"}),
    (open_service, Account, {"open_service"}),
    (listings, Account, {"list_queue", "list_topic"}),
    (parts, Account, {"get_queue", "get_topic", "get_subscription", "get_client"}),
    (account_settings, Account, {"set_debug", "set_log_level", "set_client", "close_log", "debuginfo"}),
    (queue_life, Queue, {"create", "get_attributes", "set_attributes", "delete"}),
    (sending, Queue, {"send_message", "batch_send_message"}),
    (peeking, Queue, {"peek_message", "batch_peek_message"}),
    (peeking_text, Queue, {"peek_message_with_str_body", "batch_peek_message_with_str_body"}),
    (receiving, Queue, {"receive_message", "batch_receive_message"}),
    (receiving_text, Queue, {"receive_message_with_str_body", "batch_receive_message_with_str_body"}),
    (deleting, Queue, {"delete_message", "batch_delete_message"}),
    (visibility, Queue, {"change_message_visibility"}),
    (encoding, Queue, {"set_encoding"}),
    (debugging, Queue, {"set_debug", "debuginfo"}),
    (debugging, Topic, {"set_debug", "debuginfo"}),
    (debugging, Subscription, {"set_debug", "debuginfo"}),
    (topic_life, Topic, {"create", "get_attributes", "set_attributes", "delete"}),
    (publishing, Topic, {"publish_message", "get_subscription", "list_subscription"}),
    (subscription_life, Subscription, {"subscribe", "set_attributes", "get_attributes", "unsubscribe"}),
]
NEWER_ONLY = {"open_service", *(f"{way}_message_with_str_body" for way in
              ("peek", "batch_peek", "receive", "batch_receive"))}  # fmt: skip


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("kind", [Account, Queue, Topic, Subscription], ids=lambda kind: kind.__name__)
def test_no_public_method_is_forgotten(kind: type) -> None:
    told = set().union(*(names for _, of, names in STORIES if of is kind))
    assert told - (NEWER_ONLY if OLDER else set()) == public(kind)


@pytest.mark.parametrize(
    "story", [story for story in STORIES if story[2] <= public(story[1])], ids=lambda story: story[0].__name__
)
def test_a_public_method_works(
    sdk: Sdk, story: tuple[Callable[[Sdk], None], type, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, kind, names = story
    called: set[str] = set()
    for name in names:
        monkeypatch.setattr(kind, name, counted(getattr(kind, name), name, called))
    run(sdk)
    assert called == names


def counted(method: Callable[..., Any], name: str, called: set[str]) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        called.add(name)
        return method(*arguments, **keywords)

    return call


def test_the_package_is_the_one_meant() -> None:
    assert ("mns-1.1.5" in mns_account.__file__) == OLDER
