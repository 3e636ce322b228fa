"""The port `Topics` over the official `mns` package."""

from __future__ import annotations

from mns import mns_request as api

from fnfkit.aliyun.mns_client import MnsClient, given, names_of
from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    InvalidArgument,
    NotifyContentFormat,
    NotifyStrategy,
    Page,
    SentMessage,
    SubscriptionRecord,
    TopicRecord,
)


class _Attribute:
    """A message attribute as the package wants it: its fields, some by name, and a `get()` for all."""

    def __init__(self, value: JsonObject) -> None:
        self._value = value
        self.account_name = value.get("AccountName", "")
        self.subject = value.get("Subject", "")

    def get(self) -> JsonObject:
        """The value, to become JSON."""
        return self._value


class MnsTopics:
    """The topics of an account, on the real service or served by an emulator."""

    def __init__(self, client: MnsClient) -> None:
        self._call = client.call

    def create_topic(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> bool:
        """True if it is new, False if a topic with the same attributes was there."""
        request = api.CreateTopicRequest(name, given(maximum_message_size), logging_enabled)
        return bool(self._call("create_topic", request, api.CreateTopicResponse()).status == 201)

    def set_topic_attributes(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> None:
        """Changes the attributes that are given."""
        request = api.SetTopicAttributesRequest(name, given(maximum_message_size), logging_enabled)
        self._call("set_topic_attributes", request, api.SetTopicAttributesResponse())

    def get_topic_attributes(self, name: str) -> TopicRecord:
        """The topic."""
        found = self._call(
            "get_topic_attributes", api.GetTopicAttributesRequest(name), api.GetTopicAttributesResponse()
        )
        return TopicRecord(
            name=found.topic_name,
            maximum_message_size=int(found.maximum_message_size),
            message_retention_period=int(found.message_retention_period),
            message_count=int(found.message_count),
            logging_enabled=str(found.logging_enabled).lower() == "true",
            created=int(found.create_time) * 1_000,
            modified=int(found.last_modify_time) * 1_000,
        )

    def delete_topic(self, name: str) -> None:
        """Deletes the topic and its subscriptions."""
        self._call("delete_topic", api.DeleteTopicRequest(name), api.DeleteTopicResponse())

    def list_topics(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names in order."""
        request = api.ListTopicRequest(prefix, given(limit), marker, True)
        found = self._call("list_topic", request, api.ListTopicResponse())
        return Page(names_of(found.topicurl_list), found.next_marker or None)

    def publish_message(
        self, topic: str, body: str, *, tag: str = "", attributes: JsonObject | None = None
    ) -> SentMessage:
        """Publishes the body as it is. The package knows the attributes DirectMail and DirectSMS only."""
        request = api.PublishMessageRequest(topic, body, tag)
        request.message_group_id = ""
        for name, value in (attributes or {}).items():
            if name not in ("DirectMail", "DirectSMS"):
                raise InvalidArgument(f"the mns package cannot send the message attribute {name}.")
            setattr(request, "direct_mail" if name == "DirectMail" else "direct_sms", _Attribute(value))
        sent = self._call("publish_message", request, api.PublishMessageResponse())
        return SentMessage(sent.message_id, sent.message_body_md5)

    def subscribe(
        self,
        topic: str,
        name: str,
        endpoint: str,
        *,
        strategy: NotifyStrategy = NotifyStrategy.BACKOFF_RETRY,
        format: NotifyContentFormat = NotifyContentFormat.XML,
        filter_tag: str = "",
    ) -> bool:
        """True if it is new, False if the same subscription was there."""
        request = api.SubscribeRequest(topic, name, endpoint, strategy.value, format.value, filter_tag)
        return bool(self._call("subscribe", request, api.SubscribeResponse()).status == 201)

    def set_subscription_attributes(self, topic: str, name: str, strategy: NotifyStrategy) -> None:
        """Changes the strategy."""
        request = api.SetSubscriptionAttributesRequest(topic, name, notify_strategy=strategy.value)
        self._call("set_subscription_attributes", request, api.SetSubscriptionAttributesResponse())

    def get_subscription_attributes(self, topic: str, name: str) -> SubscriptionRecord:
        """The subscription. `aliyun-mns` 1.1.5 loses the filter tag (api-mns.md 8)."""
        request = api.GetSubscriptionAttributesRequest(topic, name)
        found = self._call("get_subscription_attributes", request, api.GetSubscriptionAttributesResponse())
        return SubscriptionRecord(
            topic_owner=found.topic_owner,
            topic=found.topic_name,
            name=found.subscription_name,
            endpoint=found.endpoint,
            strategy=NotifyStrategy(found.notify_strategy),
            format=NotifyContentFormat(found.notify_content_format),
            filter_tag=found.filter_tag,
            created=int(found.create_time) * 1_000,
            modified=int(found.last_modify_time) * 1_000,
        )

    def list_subscriptions(
        self, topic: str, *, prefix: str = "", marker: str = "", limit: int | None = None
    ) -> Page[str]:
        """Names in order."""
        request = api.ListSubscriptionByTopicRequest(topic, prefix, given(limit), marker)
        found = self._call("list_subscription_by_topic", request, api.ListSubscriptionByTopicResponse())
        return Page(names_of(found.subscriptionurl_list), found.next_marker or None)

    def unsubscribe(self, topic: str, name: str) -> None:
        """Ends a subscription."""
        self._call("unsubscribe", api.UnsubscribeRequest(topic, name), api.UnsubscribeResponse())
