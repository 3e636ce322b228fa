"""The port of topics over SNS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from fnfkit.aws import SnsTopics, SqsQueues
from fnfkit.ports import (
    ActionNotSupported,
    EndpointInvalid,
    InvalidArgument,
    InvalidTopicName,
    NotifyContentFormat,
    NotifyStrategy,
    SubscriptionAlreadyExist,
    SubscriptionNotExist,
    TopicNotExist,
)
from tests.aws.moto_account import MotoAccount

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


@pytest.fixture
def topics(moto: MotoAccount) -> SnsTopics:
    moto.topics.create_topic("t")
    moto.queues.create_queue("q")
    return moto.topics


def bodies(queues: SqsQueues) -> list[str]:
    count = queues.get_queue_attributes("q").active
    return [message.body for message in queues.batch_receive_message("q", 16)] if count else []


def test_a_topic_lives(moto: MotoAccount) -> None:
    topics = moto.topics
    assert topics.create_topic("t") is True
    assert topics.create_topic("t") is False
    record = topics.get_topic_attributes("t")
    assert (record.name, record.maximum_message_size, record.logging_enabled) == ("t", 262_144, False)
    topics.delete_topic("t")
    topics.delete_topic("t")
    with pytest.raises(TopicNotExist):
        topics.get_topic_attributes("t")
    with pytest.raises(InvalidTopicName):
        topics.create_topic("no spaces")


@pytest.mark.parametrize(
    "call",
    [
        lambda topics: topics.create_topic("u", maximum_message_size=1_024),
        lambda topics: topics.create_topic("u", logging_enabled=True),
        lambda topics: topics.set_topic_attributes("t", maximum_message_size=1_024),
        lambda topics: topics.publish_message("t", "x", attributes={"DirectSMS": {}}),
        lambda topics: topics.subscribe("t", "mine", QUEUE),
        lambda topics: topics.subscribe("t", "", QUEUE, strategy=NotifyStrategy.EXPONENTIAL_DECAY_RETRY),
        lambda topics: topics.subscribe("t", "", QUEUE, format=NotifyContentFormat.XML),
        lambda topics: topics.set_subscription_attributes("t", "s", NotifyStrategy.BACKOFF_RETRY),
    ],
)
def test_what_sns_does_not_do(topics: SnsTopics, call: Callable[[SnsTopics], object]) -> None:
    with pytest.raises(ActionNotSupported):
        call(topics)
    assert topics.list_topics().items == ("t",)
    assert topics.list_subscriptions("t").items == ()


def test_topics_are_listed_by_prefix_in_pages(moto: MotoAccount) -> None:
    for name in ("b-2", "a-1", "b-1", "b-3", "c"):
        moto.topics.create_topic(name)
    assert moto.topics.list_topics().items == ("a-1", "b-1", "b-2", "b-3", "c")
    page = moto.topics.list_topics(prefix="b-", limit=2)
    assert (page.items, page.next_token) == (("b-1", "b-2"), "b-3")
    assert moto.topics.list_topics(prefix="b-", limit=2, marker="b-3").items == ("b-3",)
    with pytest.raises(InvalidArgument):
        moto.topics.list_topics(limit=0)


def test_more_topics_than_a_page_of_sns(moto: MotoAccount) -> None:
    names = [f"t{number:03}" for number in range(120)]
    for name in names:
        moto.topics.create_topic(name)
    assert list(moto.topics.list_topics().items) == names


def test_a_message_reaches_a_queue(moto: MotoAccount, topics: SnsTopics) -> None:
    assert topics.subscribe("t", "", QUEUE, format=NotifyContentFormat.SIMPLIFIED) is True
    assert topics.subscribe("t", "", QUEUE, format=NotifyContentFormat.SIMPLIFIED) is False
    sent = topics.publish_message("t", "hello")
    assert sent.body_md5 == hashlib.md5(b"hello").hexdigest().upper()
    assert bodies(moto.queues) == ["hello"]
    with pytest.raises(SubscriptionAlreadyExist, match="with other attributes"):
        topics.subscribe("t", "", QUEUE, format=NotifyContentFormat.JSON)


def test_a_notification_is_json(moto: MotoAccount, topics: SnsTopics) -> None:
    topics.subscribe("t", "", QUEUE)
    topics.publish_message("t", "hello", tag="greeting")
    (body,) = bodies(moto.queues)
    told = json.loads(body)
    assert (told["Message"], told["Subject"], told["TopicArn"].rpartition(":")[2]) == ("hello", "greeting", "t")


def test_a_filter_takes_its_tag_only(moto: MotoAccount, topics: SnsTopics) -> None:
    topics.subscribe("t", "", QUEUE, format=NotifyContentFormat.SIMPLIFIED, filter_tag="red")
    for tag in ("red", "blue", ""):
        topics.publish_message("t", f"tagged {tag}", tag=tag)
    assert bodies(moto.queues) == ["tagged red"]
    (name,) = topics.list_subscriptions("t").items
    record = topics.get_subscription_attributes("t", name)
    assert (record.endpoint, record.format, record.filter_tag) == (QUEUE, NotifyContentFormat.SIMPLIFIED, "red")
    assert (record.topic_owner, record.topic, record.name) == ("123456789012", "t", name)


def test_a_subscription_ends(moto: MotoAccount, topics: SnsTopics) -> None:
    topics.subscribe("t", "", QUEUE)
    (name,) = topics.list_subscriptions("t").items
    topics.unsubscribe("t", name)
    topics.unsubscribe("t", name)
    assert topics.list_subscriptions("t").items == ()
    with pytest.raises(SubscriptionNotExist):
        topics.get_subscription_attributes("t", name)
    topics.publish_message("t", "nobody hears")
    assert bodies(moto.queues) == []


@pytest.mark.parametrize("endpoint", ["", "ftp://x", "arn:aws:s3:::bucket", "acs:mns:cn-hangzhou:1:queues/q"])
def test_endpoints_that_are_none(topics: SnsTopics, endpoint: str) -> None:
    with pytest.raises(EndpointInvalid, match="give a URL"):
        topics.subscribe("t", "", endpoint)


def test_an_absent_topic(topics: SnsTopics) -> None:
    for attempt in (
        lambda: topics.publish_message("none", "x"),
        lambda: topics.subscribe("none", "", QUEUE),
        lambda: topics.list_subscriptions("none"),
        lambda: topics.set_topic_attributes("none", logging_enabled=True),
    ):
        with pytest.raises(TopicNotExist):
            attempt()
