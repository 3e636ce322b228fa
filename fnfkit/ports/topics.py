"""The Message Service's topics: records and protocol. Times are Unix milliseconds, sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from fnfkit.model.json import JsonObject
from fnfkit.ports.flows import Page
from fnfkit.ports.queues import SentMessage


class NotifyStrategy(Enum):
    """How often a refused notification is tried again (api-mns.md 6)."""

    BACKOFF_RETRY = "BACKOFF_RETRY"
    EXPONENTIAL_DECAY_RETRY = "EXPONENTIAL_DECAY_RETRY"


class NotifyContentFormat(Enum):
    """What the body of a notification looks like (api-mns.md 6.1)."""

    XML = "XML"
    JSON = "JSON"
    SIMPLIFIED = "SIMPLIFIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRecord:
    """A topic as it is."""

    name: str
    maximum_message_size: int
    message_retention_period: int
    message_count: int
    logging_enabled: bool
    created: int
    modified: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRecord:
    """Who hears of a topic's messages, and how."""

    topic_owner: str
    topic: str
    name: str
    endpoint: str
    strategy: NotifyStrategy
    format: NotifyContentFormat
    filter_tag: str
    created: int
    modified: int


class Topics(Protocol):
    """The topic operations of the MNS API 2015-06-06 (api-mns.md 2). Every method raises `Fault`."""

    def create_topic(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> bool:
        """True if it is new, False if a topic with the same attributes was there."""
        ...

    def set_topic_attributes(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> None: ...

    def get_topic_attributes(self, name: str) -> TopicRecord: ...

    def delete_topic(self, name: str) -> None:
        """Deletes the topic and its subscriptions; without complaint if there is none."""
        ...

    def list_topics(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]: ...

    def publish_message(
        self, topic: str, body: str, *, tag: str = "", attributes: JsonObject | None = None
    ) -> SentMessage:
        """`attributes` are the MessageAttributes: an object per kind, such as DirectMail or DirectSMS."""
        ...

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
        ...

    def set_subscription_attributes(self, topic: str, name: str, strategy: NotifyStrategy) -> None: ...

    def get_subscription_attributes(self, topic: str, name: str) -> SubscriptionRecord: ...

    def list_subscriptions(
        self, topic: str, *, prefix: str = "", marker: str = "", limit: int | None = None
    ) -> Page[str]: ...

    def unsubscribe(self, topic: str, name: str) -> None: ...
