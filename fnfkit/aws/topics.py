"""The port `Topics` over SNS. What SNS does otherwise, or not at all:

- a topic has no size of message, no log and no counters of its own: asking for them is `ActionNotSupported`, and a
  record has SNS's own limit, and 0 for what is not told;
- a subscription is named by the service: `subscribe` takes the name "", and `list_subscriptions` tells the names;
- a notification is JSON or the bare message (SIMPLIFIED), never XML, and retries are the service's;
- a tag travels as the message attribute MessageTag, which filters look at, and as the subject.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress

from fnfkit.aws.session import Session
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    ActionNotSupported,
    EndpointInvalid,
    Fault,
    InvalidArgument,
    InvalidTopicName,
    NotifyContentFormat,
    NotifyStrategy,
    Page,
    ResourceThrottled,
    SentMessage,
    SubscriptionAlreadyExist,
    SubscriptionNotExist,
    SubscriptionRecord,
    TopicNotExist,
    TopicRecord,
)

LARGEST_MESSAGE = 256 * 1024
TAG = "MessageTag"
PAGE = 1_000

_PROTOCOLS = (("https://", "https"), ("http://", "http"))
_RAW = "RawMessageDelivery"
_CODES: dict[str, type[Fault]] = {
    **dict.fromkeys(("NotFound", "NotFoundException", "ResourceNotFound"), TopicNotExist),
    **dict.fromkeys(
        ("TopicLimitExceeded", "SubscriptionLimitExceeded", "FilterPolicyLimitExceeded"), ResourceThrottled
    ),
}


class SnsTopics:
    """The topics of an account and region, by name; implements `fnfkit.ports.Topics`. Every method raises `Fault`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sns = session.client("sns")

    def create_topic(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> bool:
        """True if it is new, False if it was there."""
        _no_settings(name, maximum_message_size, logging_enabled)
        there = self._exists(name)
        with self._session.faults(f"create_topic of topic {name}", {"InvalidParameter": InvalidTopicName}):
            self._sns.create_topic(Name=name)
        return not there

    def set_topic_attributes(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> None:
        """There is nothing to be set. Raises `ActionNotSupported`, and `TopicNotExist`."""
        self.get_topic_attributes(name)
        _no_settings(name, maximum_message_size, logging_enabled)

    def get_topic_attributes(self, name: str) -> TopicRecord:
        """The topic; SNS does not say when it was made."""
        self._ask("get_topic_attributes", name, TopicArn=self._arn(name))
        return TopicRecord(
            name=name,
            maximum_message_size=LARGEST_MESSAGE,
            message_retention_period=0,
            message_count=0,
            logging_enabled=False,
            created=0,
            modified=0,
        )

    def delete_topic(self, name: str) -> None:
        """Deletes the topic and its subscriptions; without complaint if there is none."""
        with suppress(TopicNotExist):
            self._ask("delete_topic", name, TopicArn=self._arn(name))

    def list_topics(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names in order, up to 1000 a page; SNS is asked for all of them each time."""
        found = self._all("list_topics", "Topics", "all topics")
        return _page((item["TopicArn"].rpartition(":")[2] for item in found), prefix, marker, limit)

    def publish_message(
        self, topic: str, body: str, *, tag: str = "", attributes: JsonObject | None = None
    ) -> SentMessage:
        """Publishes the body as it is. Raises `ActionNotSupported` for attributes, which are for mail and SMS."""
        if attributes:
            raise ActionNotSupported(f"SNS sends no {', '.join(attributes)}: subscribe mail or SMS endpoints instead.")
        tagged: JsonObject = {}
        if tag:
            tagged = {"Subject": tag, "MessageAttributes": {TAG: {"DataType": "String", "StringValue": tag}}}
        answer = self._ask("publish", topic, TopicArn=self._arn(topic), Message=body, **tagged)
        digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest().upper()
        return SentMessage(answer["MessageId"], digest)

    def subscribe(
        self,
        topic: str,
        name: str,
        endpoint: str,
        *,
        strategy: NotifyStrategy = NotifyStrategy.BACKOFF_RETRY,
        format: NotifyContentFormat = NotifyContentFormat.JSON,
        filter_tag: str = "",
    ) -> bool:
        """True if it is new, False if the same subscription was there. `endpoint` is a URL or the ARN of a queue or of
        a function. An HTTP endpoint has to confirm: SNS sends it a SubscribeURL, which has to be visited."""
        if name:
            raise ActionNotSupported(f"SNS names subscriptions itself: subscribe to {topic} with the name ''.")
        if strategy is not NotifyStrategy.BACKOFF_RETRY:
            raise ActionNotSupported(f"SNS tries again in its own way: leave the strategy {strategy.value} out.")
        if format is NotifyContentFormat.XML:
            raise ActionNotSupported("SNS sends no XML: subscribe with format JSON or SIMPLIFIED.")
        wanted = {_RAW: str(format is NotifyContentFormat.SIMPLIFIED).lower()}
        if filter_tag:
            wanted["FilterPolicy"] = json.dumps({TAG: [filter_tag]})
        there = self._same(topic, endpoint, wanted)
        if not there:
            where = {"TopicArn": self._arn(topic), "Protocol": _protocol(endpoint), "Endpoint": endpoint}
            self._ask("subscribe", topic, **where, Attributes=wanted)
        return not there

    def set_subscription_attributes(self, topic: str, name: str, strategy: NotifyStrategy) -> None:
        """Raises `ActionNotSupported`."""
        raise ActionNotSupported(f"SNS tries again in its own way: the subscription {name} of {topic} has no strategy.")

    def get_subscription_attributes(self, topic: str, name: str) -> SubscriptionRecord:
        """The subscription; SNS does not say when it was made."""
        found = self._subscription(topic, name)
        policy: JsonObject = json.loads(found.get("FilterPolicy") or "{}")
        tags: list[Json] = policy.get(TAG) or [""]
        raw = found.get(_RAW) == "true"
        return SubscriptionRecord(
            topic_owner=found["Owner"],
            topic=topic,
            name=name,
            endpoint=found["Endpoint"],
            strategy=NotifyStrategy.BACKOFF_RETRY,
            format=NotifyContentFormat.SIMPLIFIED if raw else NotifyContentFormat.JSON,
            filter_tag=str(tags[0]),
            created=0,
            modified=0,
        )

    def list_subscriptions(
        self, topic: str, *, prefix: str = "", marker: str = "", limit: int | None = None
    ) -> Page[str]:
        """Names in order, up to 1000 a page; those that are not confirmed yet have none and are left out."""
        return _page((_name(item) for item in self._subscriptions(topic)), prefix, marker, limit)

    def unsubscribe(self, topic: str, name: str) -> None:
        """Ends a subscription; without complaint if there is none."""
        with suppress(SubscriptionNotExist):
            self._ask(
                "unsubscribe", topic, {"NotFound": SubscriptionNotExist}, SubscriptionArn=self._arn(f"{topic}:{name}")
            )

    # -- requests

    def _ask(
        self, operation: str, topic: str, codes: dict[str, type[Fault]] | None = None, /, **parameters: Json
    ) -> JsonObject:
        with self._session.faults(f"{operation} of topic {topic}", {**_CODES, **(codes or {})}):
            answer: JsonObject = getattr(self._sns, operation)(**parameters)
            return answer

    def _arn(self, name: str) -> str:
        return self._session.arn("sns", name)

    def _exists(self, name: str) -> bool:
        try:
            self.get_topic_attributes(name)
        except (TopicNotExist, InvalidArgument):
            return False
        return True

    def _all(self, operation: str, key: str, topic: str, **parameters: Json) -> Iterator[JsonObject]:
        token = ""
        while True:
            answer = self._ask(operation, topic, **parameters, **({"NextToken": token} if token else {}))
            yield from answer[key]
            token = answer.get("NextToken") or ""
            if not token:
                return

    def _subscriptions(self, topic: str) -> list[JsonObject]:
        found = self._all("list_subscriptions_by_topic", "Subscriptions", topic, TopicArn=self._arn(topic))
        return [item for item in found if _name(item)]

    def _subscription(self, topic: str, name: str) -> JsonObject:
        codes: dict[str, type[Fault]] = {"NotFound": SubscriptionNotExist, "InvalidParameter": SubscriptionNotExist}
        arn = self._arn(f"{topic}:{name}")
        attributes: JsonObject = self._ask("get_subscription_attributes", topic, codes, SubscriptionArn=arn)[
            "Attributes"
        ]
        return attributes

    def _same(self, topic: str, endpoint: str, wanted: dict[str, str]) -> bool:
        """Whether the endpoint hears of the topic already. Raises `SubscriptionAlreadyExist` if it does otherwise."""
        for item in self._subscriptions(topic):
            if item["Endpoint"] == endpoint:
                found = self._subscription(topic, _name(item))
                same = found.get(_RAW, "false") == wanted[_RAW]
                if same and json.loads(found.get("FilterPolicy") or "{}") == json.loads(
                    wanted.get("FilterPolicy", "{}")
                ):
                    return True
                told = f"{endpoint} hears of {topic} with other attributes"
                raise SubscriptionAlreadyExist(f"{told}: unsubscribe {_name(item)} first.")
        return False


def _no_settings(name: str, maximum_message_size: int | None, logging_enabled: bool | None) -> None:
    if maximum_message_size is not None or logging_enabled:
        raise ActionNotSupported(f"SNS has no size of messages and no log to be set for {name}: leave them out.")


def _protocol(endpoint: str) -> str:
    for start, protocol in _PROTOCOLS:
        if endpoint.startswith(start):
            return protocol
    parts = endpoint.split(":")
    if parts[0] == "arn" and len(parts) > 5 and parts[2] in ("sqs", "lambda"):
        return parts[2]
    raise EndpointInvalid(f"{endpoint!r} is no endpoint here: give a URL, or the ARN of an SQS queue or a function.")


def _name(subscription: JsonObject) -> str:
    """The last part of a subscription's ARN; empty while it waits for its confirmation."""
    arn = str(subscription["SubscriptionArn"])
    return arn.rpartition(":")[2] if arn.startswith("arn:") else ""


def _page(names: Iterator[str], prefix: str, marker: str, limit: int | None) -> Page[str]:
    if limit is not None and not 1 <= limit <= PAGE:
        raise InvalidArgument(f"a page has 1 to {PAGE} names, not {limit}.")
    rest = sorted(name for name in names if name.startswith(prefix) and name >= marker)
    page = rest[: limit or PAGE]
    return Page(tuple(page), rest[len(page)] if len(rest) > len(page) else None)
