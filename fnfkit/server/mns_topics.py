"""The topic actions of the REST API over the port `Topics` (api-mns.md 2)."""

from __future__ import annotations

import json
from enum import Enum
from typing import TypeVar

from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    InvalidArgument,
    NotifyContentFormat,
    NotifyStrategy,
    SubscriptionRecord,
    TopicRecord,
    Topics,
)
from fnfkit.protocol.mns import Fields, Texts, write, write_list
from fnfkit.server.mns_call import Call, done, flag_of, number_of, ok, text_of, urls
from fnfkit.server.service import Answer

E = TypeVar("E", bound=Enum)


class TopicActions:
    """Each method answers one operation; refusals are raised as `Fault`."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def put_topic(self, call: Call) -> Answer:
        """CreateTopic, and with `metaoverride` SetTopicAttributes."""
        name, fields = call.names[0], call.document("Topic").fields
        size, logging = number_of(fields, "MaximumMessageSize"), flag_of(fields, "LoggingEnabled")
        if call.flag("metaoverride"):
            self._topics.set_topic_attributes(name, maximum_message_size=size, logging_enabled=logging)
            return done()
        new = self._topics.create_topic(name, maximum_message_size=size, logging_enabled=logging)
        return call.created(f"/topics/{name}", new)

    def get_topic(self, call: Call) -> Answer:
        """GetTopicAttributes."""
        return ok(write("Topic", _meta(self._topics.get_topic_attributes(call.names[0]))))

    def delete_topic(self, call: Call) -> Answer:
        """DeleteTopic."""
        self._topics.delete_topic(call.names[0])
        return done()

    def list_topics(self, call: Call) -> Answer:
        """ListTopic, with attributes on demand."""
        page = self._topics.list_topics(prefix=call.prefix, marker=call.marker, limit=call.limit)
        rows: list[Fields] = []
        for name, url in urls(call, "/topics", page):
            meta = _meta(self._topics.get_topic_attributes(name)) if call.with_meta else {}
            rows.append({"TopicURL": url, **meta})
        return ok(write_list("Topics", "Topic", rows, page.next_token))

    def post_messages(self, call: Call) -> Answer:
        """PublishMessage."""
        fields = call.document("Message").fields
        sent = self._topics.publish_message(
            call.names[0],
            text_of(fields, "MessageBody"),
            tag=text_of(fields, "MessageTag"),
            attributes=_message_attributes(fields),
        )
        return ok(write("Message", {"MessageId": sent.id, "MessageBodyMD5": sent.body_md5}), 201)

    def put_subscription(self, call: Call) -> Answer:
        """Subscribe, and with `metaoverride` SetSubscriptionAttributes."""
        topic, name = call.names
        fields = call.document("Subscription").fields
        strategy = _choice(NotifyStrategy, fields, "NotifyStrategy")
        if call.flag("metaoverride"):
            if strategy is not None:
                self._topics.set_subscription_attributes(topic, name, strategy)
            else:
                self._topics.get_subscription_attributes(topic, name)
            return done()
        new = self._topics.subscribe(
            topic,
            name,
            text_of(fields, "Endpoint"),
            strategy=strategy or NotifyStrategy.BACKOFF_RETRY,
            format=_choice(NotifyContentFormat, fields, "NotifyContentFormat") or NotifyContentFormat.XML,
            filter_tag=text_of(fields, "FilterTag"),
        )
        return call.created(f"/topics/{topic}/subscriptions/{name}", new)

    def get_subscription(self, call: Call) -> Answer:
        """GetSubscriptionAttributes."""
        return ok(write("Subscription", _subscription(self._topics.get_subscription_attributes(*call.names))))

    def delete_subscription(self, call: Call) -> Answer:
        """Unsubscribe."""
        self._topics.unsubscribe(*call.names)
        return done()

    def list_subscriptions(self, call: Call) -> Answer:
        """ListSubscriptionByTopic."""
        topic = call.names[0]
        page = self._topics.list_subscriptions(topic, prefix=call.prefix, marker=call.marker, limit=call.limit)
        rows: list[Fields] = [{"SubscriptionURL": url} for _, url in urls(call, f"/topics/{topic}/subscriptions", page)]
        return ok(write_list("Subscriptions", "Subscription", rows, page.next_token))


def _choice(kind: type[E], fields: Texts, name: str) -> E | None:
    text = text_of(fields, name)
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise InvalidArgument(f"The value of {name} must be one of {known}.") from None


def _message_attributes(fields: Texts) -> JsonObject | None:
    given = fields.get("MessageAttributes")
    if not given:
        return None
    if isinstance(given, str):
        raise InvalidArgument("MessageAttributes must have elements such as DirectMail or DirectSMS.")
    return {name: _json(name, text) for name, text in given.items()}


def _json(name: str, text: str | Texts) -> JsonObject:
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidArgument(f"{name} must be a JSON object.")
    return value


def _meta(record: TopicRecord) -> Fields:
    return {
        "TopicName": record.name,
        "CreateTime": record.created // 1_000,
        "LastModifyTime": record.modified // 1_000,
        "MaximumMessageSize": record.maximum_message_size,
        "MessageRetentionPeriod": record.message_retention_period,
        "MessageCount": record.message_count,
        "LoggingEnabled": record.logging_enabled,
    }


def _subscription(record: SubscriptionRecord) -> Fields:
    fields: Fields = {
        "TopicOwner": record.topic_owner,
        "TopicName": record.topic,
        "SubscriptionName": record.name,
        "Endpoint": record.endpoint,
        "NotifyStrategy": record.strategy.value,
        "NotifyContentFormat": record.format.value,
        "CreateTime": record.created // 1_000,
        "LastModifyTime": record.modified // 1_000,
    }
    return {**fields, "FilterTag": record.filter_tag} if record.filter_tag else fields
