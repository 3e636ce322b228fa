"""The topic service of the embedded account: the port `Topics`. Getting messages to subscribers is `Deliveries`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from threading import RLock

import orjson

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.mns import checks
from fnfkit.cloud.mns.delivery import Deliveries, Pusher
from fnfkit.cloud.mns.ids import Ids, message_id
from fnfkit.cloud.mns.listing import page_of
from fnfkit.cloud.mns.notification import Notification
from fnfkit.cloud.mns.rate import SendRate
from fnfkit.cloud.mns.strategy import endpoint_of
from fnfkit.cloud.mns.transit import Transit
from fnfkit.cloud.store import Store
from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    InvalidArgument,
    InvalidSubscriptionName,
    InvalidTopicName,
    NotifyContentFormat,
    NotifyStrategy,
    Page,
    Queues,
    SentMessage,
    SubscriptionAlreadyExist,
    SubscriptionNameLengthError,
    SubscriptionNotExist,
    SubscriptionRecord,
    TopicAlreadyExist,
    TopicNameLengthError,
    TopicNotExist,
    TopicRecord,
)

_TOPIC, _SUBSCRIPTION = "mns.topic", "mns.subscription"
_LONGEST_TAG = 16


@dataclass(slots=True)
class _Topic:
    record: TopicRecord
    subscriptions: dict[str, SubscriptionRecord] = field(default_factory=dict)


class TopicService:
    """The topics of one account, kept in its store. `post` has an action run by whoever drives the account."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        lock: RLock,
        *,
        post: Callable[[Callable[[], None]], None],
        queues: Queues,
        ids: Ids,
        account: str = "0",
    ) -> None:
        self._clock, self._store, self._lock, self._ids, self._account = clock, store, lock, ids, account
        self._topics: dict[str, _Topic] = {}
        self.rate = SendRate(clock)
        self._deliveries = Deliveries(clock, store, lock, post=post, queues=queues)
        self._deliveries.subscription = self._find

    def push_with(self, pusher: Pusher) -> None:
        """Names who reaches the URLs of HTTP subscriptions; until then nobody answers."""
        self._deliveries.pusher = pusher

    def travel(self, transit: Transit) -> None:
        """Has notifications travel in another way than at once and once."""
        self._deliveries.transit = transit

    def latest(self) -> int:
        """The last instant that the store knows of; 0 if it knows of none."""
        with self._lock:
            rows = [row for table in (_TOPIC, _SUBSCRIPTION) for _, row in self._store.scan(table)]
            return max((self._deliveries.latest(), *(int(orjson.loads(row)["modified"]) for row in rows)))

    def recover(self) -> None:
        """Takes up what the store has kept."""
        with self._lock:
            for name, value in self._store.scan(_TOPIC):
                self._topics[name] = _Topic(TopicRecord(**orjson.loads(value)))
            for _, value in self._store.scan(_SUBSCRIPTION):
                fields = orjson.loads(value)
                strategy, format = NotifyStrategy(fields.pop("strategy")), NotifyContentFormat(fields.pop("format"))
                record = SubscriptionRecord(**fields, strategy=strategy, format=format)
                self._topics[record.topic].subscriptions[record.name] = record
            self._deliveries.recover()

    # Topics

    def create_topic(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> bool:
        """True if it is new, False if a topic with the same attributes was there."""
        checks.check_name(name, 255, InvalidTopicName, TopicNameLengthError)
        with self._lock:
            record = _changed(_fresh(name, self._clock.now()), maximum_message_size, logging_enabled)
            if known := self._topics.get(name):
                if _settings(known.record) != _settings(record):
                    raise TopicAlreadyExist(f"The topic {name} exists with other attributes.")
                return False
            self._topics[name] = _Topic(record)
            self._keep_topic(record)
            return True

    def set_topic_attributes(
        self, name: str, *, maximum_message_size: int | None = None, logging_enabled: bool | None = None
    ) -> None:
        """Changes the attributes that are given."""
        with self._lock:
            topic = self._topic(name)
            record = _changed(topic.record, maximum_message_size, logging_enabled)
            topic.record = replace(record, modified=self._clock.now())
            self._keep_topic(topic.record)

    def get_topic_attributes(self, name: str) -> TopicRecord:
        """The topic; its count is of notifications that are not accepted yet."""
        with self._lock:
            return replace(self._topic(name).record, message_count=self._deliveries.count(name))

    def delete_topic(self, name: str) -> None:
        """Deletes the topic, its subscriptions and what is under way; an absent topic is no fault (api-mns.md 9)."""
        with self._lock:
            if topic := self._topics.pop(name, None):
                for subscription in topic.subscriptions:
                    self._store.delete(_SUBSCRIPTION, f"{name}/{subscription}")
                self._store.delete(_TOPIC, name)
                self._deliveries.forget(name)
                self.rate.forget(f"topic {name}")
                self._store.commit()

    def list_topics(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names in order; the marker is the last name of the page before."""
        with self._lock:
            return page_of(self._topics, prefix, marker, limit)

    def publish_message(
        self, topic: str, body: str, *, tag: str = "", attributes: JsonObject | None = None
    ) -> SentMessage:
        """Accepts a message for every subscription it concerns: when this returns it is durable."""
        if attributes is not None and not isinstance(attributes, dict):
            raise InvalidArgument("MessageAttributes must be an object, e.g. with DirectMail or DirectSMS.")
        if len(tag) > _LONGEST_TAG:
            raise InvalidArgument(f"The value of MessageTag must be between 1 and {_LONGEST_TAG} characters.")
        with self._lock:
            found = self._topic(topic)
            self.rate.admit(f"topic {topic}")
            raw = checks.check_body(body, found.record.maximum_message_size)
            md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest().upper()
            now = self._clock.now()
            id = message_id(self._account, self._ids.next(), now)
            for subscription in found.subscriptions.values():
                if subscription.filter_tag in ("", tag):
                    self._deliver(subscription, id, body, md5=md5, tag=tag, now=now)
            self._store.commit()
            return SentMessage(id, md5)

    # Subscriptions

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
        checks.check_name(name, 255, InvalidSubscriptionName, SubscriptionNameLengthError)
        endpoint_of(endpoint)
        if len(filter_tag) > _LONGEST_TAG:
            raise InvalidArgument(f"The value of FilterTag must be between 1 and {_LONGEST_TAG} characters.")
        with self._lock:
            subscriptions, now = self._topic(topic).subscriptions, self._clock.now()
            record = SubscriptionRecord(
                topic_owner=self._account,
                topic=topic,
                name=name,
                endpoint=endpoint,
                strategy=strategy,
                format=format,
                filter_tag=filter_tag,
                created=now,
                modified=now,
            )
            if known := subscriptions.get(name):
                if _terms(known) != _terms(record):
                    raise SubscriptionAlreadyExist(f"The subscription {name} exists with other attributes.")
                return False
            self._keep_subscription(record)
            return True

    def set_subscription_attributes(self, topic: str, name: str, strategy: NotifyStrategy) -> None:
        """Changes the strategy, also for what is under way."""
        with self._lock:
            record = self._subscription(topic, name)
            self._keep_subscription(replace(record, strategy=strategy, modified=self._clock.now()))

    def get_subscription_attributes(self, topic: str, name: str) -> SubscriptionRecord:
        """The subscription."""
        with self._lock:
            return self._subscription(topic, name)

    def list_subscriptions(
        self, topic: str, *, prefix: str = "", marker: str = "", limit: int | None = None
    ) -> Page[str]:
        """Names in order; the marker is the last name of the page before."""
        with self._lock:
            return page_of(self._topic(topic).subscriptions, prefix, marker, limit)

    def unsubscribe(self, topic: str, name: str) -> None:
        """Ends a subscription and what is under way to it; an absent one is no fault (api-mns.md 9)."""
        with self._lock:
            if self._topic(topic).subscriptions.pop(name, None):
                self._store.delete(_SUBSCRIPTION, f"{topic}/{name}")
                self._deliveries.forget(topic, name)
                self._store.commit()

    # Inside, with the lock held

    def _topic(self, name: str) -> _Topic:
        topic = self._topics.get(name)
        if topic is None:
            raise TopicNotExist("The topic name you provided is not exist.")
        return topic

    def _find(self, topic: str, name: str) -> SubscriptionRecord | None:
        found = self._topics.get(topic)
        return found.subscriptions.get(name) if found else None

    def _subscription(self, topic: str, name: str) -> SubscriptionRecord:
        record = self._topic(topic).subscriptions.get(name)
        if record is None:
            raise SubscriptionNotExist("The subscription name you provided is not exist.")
        return record

    def _deliver(self, to: SubscriptionRecord, id: str, body: str, *, md5: str, tag: str, now: int) -> None:
        notification = Notification(
            owner=self._account,
            topic=to.topic,
            subscription=to.name,
            message_id=id,
            body=body,
            body_md5=md5,
            tag=tag,
            published=now,
        )
        self._deliveries.accept(f"{self._ids.next():016x}", notification)

    def _keep_topic(self, record: TopicRecord) -> None:
        self._store.put(_TOPIC, record.name, orjson.dumps(asdict(record)))
        self._store.commit()

    def _keep_subscription(self, record: SubscriptionRecord) -> None:
        self._topics[record.topic].subscriptions[record.name] = record
        self._store.put(_SUBSCRIPTION, f"{record.topic}/{record.name}", orjson.dumps(asdict(record)))
        self._store.commit()


def _fresh(name: str, now: int) -> TopicRecord:
    return TopicRecord(
        name=name,
        maximum_message_size=65_536,
        message_retention_period=86_400,
        message_count=0,
        logging_enabled=False,
        created=now,
        modified=now,
    )


def _changed(record: TopicRecord, size: int | None, logging: bool | None) -> TopicRecord:
    return replace(
        record,
        maximum_message_size=record.maximum_message_size if size is None else checks.MESSAGE_SIZE.check(size),
        logging_enabled=record.logging_enabled if logging is None else logging,
    )


def _settings(record: TopicRecord) -> TopicRecord:
    return replace(record, created=0, modified=0)


def _terms(record: SubscriptionRecord) -> SubscriptionRecord:
    return replace(record, created=0, modified=0)
