"""Getting notifications to subscribers: attempts, answers and retries, durable until accepted or given up.

Any 2xx is an acceptance (204 is what the service asks for, its samples answer 201 and 200); every other status and
no answer at all is a refusal (api-mns.md 6.1).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from threading import RLock
from typing import Protocol

import orjson

from fnfkit.cloud.clock import Clock, Timer
from fnfkit.cloud.mns.notification import Notification
from fnfkit.cloud.mns.strategy import HttpEndpoint, OutsideEndpoint, QueueEndpoint, endpoint_of, retry_delay
from fnfkit.cloud.mns.transit import Transit, arrive
from fnfkit.cloud.store import Store
from fnfkit.ports import Fault, NotifyContentFormat, Queues, SubscriptionRecord

_TABLE = "mns.delivery"
_RETENTION = 86_400_000
"""A topic keeps a message for a day (api-mns.md 6)."""

_log = logging.getLogger("fnfkit.mns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One attempt to reach a URL: the notification and the format its subscription asks for."""

    url: str
    notification: Notification
    format: NotifyContentFormat


class Pusher(Protocol):
    """Who can reach URLs. Calls `answered` once, from any thread, with the HTTP status or 0 for no answer.

    Whoever answers later than the call holds the clock meanwhile, so that virtual time does not run past the push.
    """

    def __call__(self, push: Push, answered: Callable[[int], None]) -> None: ...


def unreachable(push: Push, answered: Callable[[int], None]) -> None:
    """The pusher of an account without a network: nobody answers."""
    answered(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notification that is not accepted yet; `due` is when it is tried (again)."""

    key: str
    notification: Notification
    refusals: int
    due: int


class Deliveries:
    """What is still to be delivered. Calls come with the account's lock held, pushes happen without it."""

    def __init__(
        self, clock: Clock, store: Store, lock: RLock, *, post: Callable[[Callable[[], None]], None], queues: Queues
    ) -> None:
        self._clock, self._store, self._lock, self._post, self._queues = clock, store, lock, post, queues
        self._pending: dict[str, tuple[Delivery, Timer | None]] = {}
        self.pusher: Pusher = unreachable
        self.transit: Transit = arrive
        self.subscription: Callable[[str, str], SubscriptionRecord | None] = _nobody

    def latest(self) -> int:
        """When a notification was published last that is still on its way; 0 if none is."""
        return max((0, *(int(orjson.loads(value)[0]["published"]) for _, value in self._store.scan(_TABLE))))

    def recover(self) -> None:
        """Takes up what was not accepted before the account went down."""
        for key, value in self._store.scan(_TABLE):
            notification, refusals, due = orjson.loads(value)
            self._schedule(Delivery(key=key, notification=Notification(**notification), refusals=refusals, due=due))

    def count(self, topic: str) -> int:
        """How many notifications of a topic are pending."""
        return sum(delivery.notification.topic == topic for delivery, _ in self._pending.values())

    def accept(self, key: str, notification: Notification) -> None:
        """Takes charge of a notification. It is durable with the next commit, and tried once the loop runs."""
        for copy, late in enumerate(self.transit("topic", notification.topic)):
            name = f"{key}+{copy}" if copy else key
            delivery = Delivery(key=name, notification=notification, refusals=0, due=self._clock.now() + late)
            self._keep(delivery)
            self._schedule(delivery)

    def forget(self, topic: str, subscription: str | None = None) -> None:
        """Drops what is pending for a topic, or for one of its subscriptions."""
        for delivery, _ in list(self._pending.values()):
            note = delivery.notification
            if note.topic == topic and subscription in (None, note.subscription):
                self._settle(delivery)

    def _schedule(self, delivery: Delivery) -> None:
        timer = self._clock.call_at(delivery.due, lambda: self._attempt(delivery))
        self._pending[delivery.key] = (delivery, timer)

    def _attempt(self, delivery: Delivery) -> None:
        note = delivery.notification
        with self._lock:
            subscription = self.subscription(note.topic, note.subscription)
            if subscription is None:
                return self._settle(delivery)
            match endpoint_of(subscription.endpoint):
                case QueueEndpoint(queue):
                    return self._answered(delivery, self._enqueue(queue, note.text(subscription.format)))
                case OutsideEndpoint(address):
                    _log.info("not sent from here: message %s to %s", note.message_id, address)
                    return self._settle(delivery)
                case HttpEndpoint(url):
                    push = Push(url=url, notification=note, format=subscription.format)
        self.pusher(push, lambda status: self._post(lambda: self._answered(delivery, status)))
        return None

    def _enqueue(self, queue: str, body: str) -> int:
        try:
            self._queues.send_message(queue, body)
        except Fault as fault:
            _log.warning("queue %s refused a notification: %s", queue, fault)
            return fault.status
        return 204

    def _answered(self, delivery: Delivery, status: int) -> None:
        with self._lock:
            if delivery.key not in self._pending:
                return
            if 200 <= status < 300:
                self._settle(delivery)
            else:
                self._refused(delivery, status)

    def _refused(self, delivery: Delivery, status: int) -> None:
        note, refusals = delivery.notification, delivery.refusals + 1
        subscription = self.subscription(note.topic, note.subscription)
        delay = retry_delay(subscription.strategy, refusals, note.message_id) if subscription else None
        due = self._clock.now() + (delay or 0)
        if delay is None or due > note.published + _RETENTION:
            _log.warning("given up after status %d: %s of topic %s", status, note.message_id, note.topic)
            self._settle(delivery)
            return
        again = replace(delivery, refusals=refusals, due=due)
        self._keep(again)
        self._store.commit()
        self._schedule(again)

    def _keep(self, delivery: Delivery) -> None:
        if self._store.durable:
            record = [asdict(delivery.notification), delivery.refusals, delivery.due]
            self._store.put(_TABLE, delivery.key, orjson.dumps(record))

    def _settle(self, delivery: Delivery) -> None:
        _, timer = self._pending.pop(delivery.key, (delivery, None))
        if timer:
            timer.cancel()
        if self._store.durable:
            self._store.delete(_TABLE, delivery.key)
            self._store.commit()


def _nobody(topic: str, subscription: str) -> SubscriptionRecord | None:
    return None
