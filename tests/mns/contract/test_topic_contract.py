"""The contract of the port `Topics` (api-mns.md 2, 6)."""

from __future__ import annotations

import hashlib
import json
from xml.etree import ElementTree

import pytest
from mns import pkg_info

from fnfkit.ports import (
    EndpointInvalid,
    InvalidArgument,
    InvalidTopicName,
    NotifyContentFormat,
    NotifyStrategy,
    Queues,
    SubscriptionAlreadyExist,
    SubscriptionNotExist,
    TopicAlreadyExist,
    TopicNotExist,
    Topics,
)
from tests.mns.accounts import ACCOUNT
from tests.mns.contract.conftest import Account

QUEUE = f"acs:mns:cn-hangzhou:{ACCOUNT}:queues/q"


def bodies(queues: Queues) -> list[str]:
    count = queues.get_queue_attributes("q").active
    return [message.body for message in queues.batch_receive_message("q", 16)] if count else []


def test_a_topic_has_the_documented_defaults(account: Account) -> None:
    assert account.topics.create_topic("t") is True
    record = account.topics.get_topic_attributes("t")
    assert (record.name, record.maximum_message_size, record.message_retention_period) == ("t", 65_536, 86_400)
    assert (record.message_count, record.logging_enabled) == (0, False)
    assert record.created // 1_000 == account.now() // 1_000


def test_creating_alike_is_no_fault_and_creating_otherwise_is(topics: Topics) -> None:
    assert topics.create_topic("t") is False
    with pytest.raises(TopicAlreadyExist):
        topics.create_topic("t", maximum_message_size=2_048)
    with pytest.raises(InvalidTopicName):
        topics.create_topic("no_underscores")


def test_attributes_change(topics: Topics) -> None:
    topics.set_topic_attributes("t", maximum_message_size=1_024, logging_enabled=True)
    record = topics.get_topic_attributes("t")
    assert (record.maximum_message_size, record.logging_enabled) == (1_024, True)
    with pytest.raises(InvalidArgument):
        topics.set_topic_attributes("t", maximum_message_size=10)
    with pytest.raises(InvalidArgument, match="1024"):
        topics.publish_message("t", "x" * 1_025)


def test_listing_by_prefix_in_pages(account: Account) -> None:
    for name in ("b1", "a", "b2", "b3"):
        account.topics.create_topic(name)
    page = account.topics.list_topics(prefix="b", limit=2)
    assert page.items == ("b1", "b2")
    assert page.next_token
    assert account.topics.list_topics(prefix="b", limit=2, marker=page.next_token).items == ("b3",)
    assert account.topics.list_topics(prefix="zzz").items == ()


def test_everything_on_an_absent_topic_is_a_fault(account: Account) -> None:
    topics = account.topics
    attempts = [
        lambda: topics.get_topic_attributes("none"),
        lambda: topics.set_topic_attributes("none", maximum_message_size=2_048),
        lambda: topics.publish_message("none", "x"),
        lambda: topics.subscribe("none", "s", QUEUE),
        lambda: topics.get_subscription_attributes("none", "s"),
        lambda: topics.list_subscriptions("none"),
    ]
    for attempt in attempts:
        with pytest.raises(TopicNotExist):
            attempt()
    topics.delete_topic("none")


def test_a_subscription_is_as_it_was_made(account: Account, topics: Topics) -> None:
    made = topics.subscribe(
        "t",
        "s",
        "http://127.0.0.1:9/notify?x=1",
        strategy=NotifyStrategy.EXPONENTIAL_DECAY_RETRY,
        format=NotifyContentFormat.JSON,
    )
    record = topics.get_subscription_attributes("t", "s")
    assert made is True
    assert (record.topic_owner, record.topic, record.name) == (ACCOUNT, "t", "s")
    assert record.endpoint == "http://127.0.0.1:9/notify?x=1"
    assert (record.strategy, record.format) == (NotifyStrategy.EXPONENTIAL_DECAY_RETRY, NotifyContentFormat.JSON)
    assert record.created // 1_000 == account.now() // 1_000


def test_subscribing_alike_is_no_fault_and_otherwise_is(topics: Topics) -> None:
    assert topics.subscribe("t", "s", QUEUE) is True
    assert topics.subscribe("t", "s", QUEUE) is False
    with pytest.raises(SubscriptionAlreadyExist):
        topics.subscribe("t", "s", QUEUE, filter_tag="x")


def test_only_the_strategy_of_a_subscription_changes(topics: Topics) -> None:
    topics.subscribe("t", "s", QUEUE, format=NotifyContentFormat.JSON)
    topics.set_subscription_attributes("t", "s", NotifyStrategy.EXPONENTIAL_DECAY_RETRY)
    record = topics.get_subscription_attributes("t", "s")
    assert (record.strategy, record.format) == (NotifyStrategy.EXPONENTIAL_DECAY_RETRY, NotifyContentFormat.JSON)


def test_absent_subscriptions_and_bad_endpoints_are_faults(topics: Topics) -> None:
    with pytest.raises(SubscriptionNotExist):
        topics.get_subscription_attributes("t", "none")
    with pytest.raises(SubscriptionNotExist):
        topics.set_subscription_attributes("t", "none", NotifyStrategy.BACKOFF_RETRY)
    with pytest.raises(EndpointInvalid):
        topics.subscribe("t", "s", "gopher://x")
    topics.unsubscribe("t", "none")


def test_listing_subscriptions(topics: Topics) -> None:
    for name in ("b", "a", "c"):
        topics.subscribe("t", name, QUEUE)
    page = topics.list_subscriptions("t", limit=2)
    assert page.items == ("a", "b")
    assert page.next_token
    assert topics.list_subscriptions("t", marker=page.next_token).items == ("c",)
    topics.unsubscribe("t", "a")
    assert topics.list_subscriptions("t").items == ("b", "c")


def test_a_message_reaches_queues_in_the_format_they_ask_for(account: Account, topics: Topics) -> None:
    account.queues.create_queue("q")
    topics.subscribe("t", "plain", QUEUE, format=NotifyContentFormat.SIMPLIFIED)
    topics.subscribe("t", "json", QUEUE, format=NotifyContentFormat.JSON)
    topics.subscribe("t", "xml", QUEUE)
    body = '{"a": "<1> & \u4f60"}'
    sent = topics.publish_message("t", body, tag="red")
    assert sent.body_md5 == hashlib.md5(body.encode()).hexdigest().upper()
    account.advance(0)
    found = sorted(bodies(account.queues), key=len)
    expected = {
        "TopicOwner": ACCOUNT,
        "TopicName": "t",
        "Subscriber": ACCOUNT,
        "MessageId": sent.id,
        "Message": body,
        "MessageMD5": sent.body_md5,
        "MessageTag": "red",
        "PublishTime": str(account.now()),
    }
    assert found[0] == body
    assert json.loads(found[1]) == expected | {"SubscriptionName": "json"}
    root = ElementTree.fromstring(found[2])
    assert root.tag == "{http://mns.aliyuncs.com/doc/v1/}Notification"
    assert {child.tag.rpartition("}")[2]: child.text for child in root} == expected | {"SubscriptionName": "xml"}


def test_filters_let_equal_tags_through(account: Account, topics: Topics) -> None:
    account.queues.create_queue("q")
    topics.subscribe("t", "red", QUEUE, format=NotifyContentFormat.SIMPLIFIED, filter_tag="red")
    for body, tag in [("1", "red"), ("2", "blue"), ("3", "")]:
        topics.publish_message("t", body, tag=tag)
    account.advance(0)
    assert bodies(account.queues) == ["1"]


def test_a_filter_is_part_of_the_subscription(account: Account, topics: Topics) -> None:
    topics.subscribe("t", "s", QUEUE, filter_tag="red")
    loses_it = account.over_http and pkg_info.version == "1.1.5"  # api-mns.md 8
    assert topics.get_subscription_attributes("t", "s").filter_tag == ("" if loses_it else "red")
    assert account.behind.topics.get_subscription_attributes("t", "s").filter_tag == "red"


def test_tags_are_short(topics: Topics) -> None:
    topics.publish_message("t", "x", tag="x" * 16)
    with pytest.raises(InvalidArgument):
        topics.publish_message("t", "x", tag="x" * 17)
    with pytest.raises(InvalidArgument):
        topics.subscribe("t", "s", QUEUE, filter_tag="x" * 17)


def test_a_queue_that_comes_late_gets_the_message_by_a_retry(account: Account, topics: Topics) -> None:
    topics.subscribe("t", "s", QUEUE, format=NotifyContentFormat.SIMPLIFIED)
    topics.publish_message("t", "x")
    account.advance(1)
    assert topics.get_topic_attributes("t").message_count == 1
    account.queues.create_queue("q")
    account.advance(20)
    assert bodies(account.queues) == ["x"]
    assert topics.get_topic_attributes("t").message_count == 0


def test_a_queue_that_never_comes_is_given_up(account: Account, topics: Topics) -> None:
    topics.subscribe("t", "s", QUEUE)
    topics.publish_message("t", "x")
    account.advance(61)
    assert topics.get_topic_attributes("t").message_count == 0


def test_mail_and_short_messages_are_accepted_and_not_sent(account: Account, topics: Topics) -> None:
    topics.subscribe("t", "mail", "mail:directmail:a@example.com")
    mail = {"AccountName": "a@example.com", "Subject": "s", "AddressType": 0, "IsHtml": 0, "ReplyToAddress": 0}
    topics.publish_message("t", "x", attributes={"DirectMail": mail})
    account.advance(0)
    assert topics.get_topic_attributes("t").message_count == 0
