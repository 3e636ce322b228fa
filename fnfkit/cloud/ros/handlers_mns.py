"""ALIYUN::MNS::Queue, ::Topic and ::Subscription (ros.md 8)."""

from __future__ import annotations

from fnfkit.cloud.ros.handling import Account, Built, Order, found, quiet
from fnfkit.ports import NotifyContentFormat, NotifyStrategy, QueueAttributes

_NO_QUEUE, _NO_TOPIC, _NO_SUBSCRIPTION = "QueueNotExist", "TopicNotExist", "SubscriptionNotExist"


class QueueHandler:
    """A queue; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._account, self._queues = account, account.queues

    def exists(self, order: Order) -> bool:
        return found(lambda: self._queues.get_queue_attributes(order.text("QueueName")), _NO_QUEUE)

    def create(self, order: Order) -> Built:
        self._queues.create_queue(order.text("QueueName"), _attributes(order))
        return self._built(order)

    def update(self, order: Order) -> Built:
        self._queues.set_queue_attributes(order.physical, _attributes(order, _DEFAULTS))
        return self._built(order)

    def delete(self, order: Order) -> None:
        quiet(lambda: self._queues.delete_queue(order.physical or order.text("QueueName")), _NO_QUEUE)

    def _built(self, order: Order) -> Built:
        name = order.text("QueueName")
        attributes = {
            "QueueName": name,
            "QueueUrl": f"{_endpoint(self._account)}/queues/{name}",
            "ARN.WithSlash": f"{_arn(self._account)}:/queues/{name}",
        }
        return Built(name, attributes)


class TopicHandler:
    """A topic; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._account, self._topics = account, account.topics

    def exists(self, order: Order) -> bool:
        return found(lambda: self._topics.get_topic_attributes(order.text("TopicName")), _NO_TOPIC)

    def create(self, order: Order) -> Built:
        self._topics.create_topic(
            order.text("TopicName"),
            maximum_message_size=order.number("MaximumMessageSize"),
            logging_enabled=order.flag("LoggingEnabled"),
        )
        return self._built(order)

    def update(self, order: Order) -> Built:
        self._topics.set_topic_attributes(
            order.physical,
            maximum_message_size=order.number("MaximumMessageSize") or 65_536,
            logging_enabled=order.flag("LoggingEnabled") or False,
        )
        return self._built(order)

    def delete(self, order: Order) -> None:
        quiet(lambda: self._topics.delete_topic(order.physical or order.text("TopicName")), _NO_TOPIC)

    def _built(self, order: Order) -> Built:
        name = order.text("TopicName")
        attributes = {
            "TopicName": name,
            "TopicUrl": f"{_endpoint(self._account)}/topics/{name}",
            "ARN.WithSlash": f"{_arn(self._account)}:/topics/{name}",
        }
        return Built(name, attributes)


class SubscriptionHandler:
    """A subscription; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._account, self._topics = account, account.topics

    def exists(self, order: Order) -> bool:
        topic, name = _names(order)
        return found(lambda: self._topics.get_subscription_attributes(topic, name), _NO_TOPIC, _NO_SUBSCRIPTION)

    def create(self, order: Order) -> Built:
        topic, name = _names(order)
        self._topics.subscribe(
            topic,
            name,
            order.text("Endpoint"),
            strategy=_strategy(order),
            format=NotifyContentFormat(order.text("NotifyContentFormat", "XML")),
            filter_tag=order.text("FilterTag"),
        )
        return self._built(order)

    def update(self, order: Order) -> Built:
        topic, name = _names(order)
        self._topics.set_subscription_attributes(topic, name, _strategy(order))
        return self._built(order)

    def delete(self, order: Order) -> None:
        topic, name = _names(order)
        quiet(lambda: self._topics.unsubscribe(topic, name), _NO_TOPIC, _NO_SUBSCRIPTION)

    def _built(self, order: Order) -> Built:
        topic, name = _names(order)
        url = f"{_endpoint(self._account)}/topics/{topic}/subscriptions/{name}"
        return Built(name, {"TopicName": topic, "SubscriptionName": name, "SubscriptionUrl": url})


_DEFAULTS = QueueAttributes(
    delay_seconds=0,
    maximum_message_size=65_536,
    message_retention_period=345_600,
    visibility_timeout=30,
    polling_wait_seconds=0,
    logging_enabled=False,
)
"""What a queue has that is told nothing (ros.md 8); an update that leaves a property out goes back to these."""


def _attributes(order: Order, otherwise: QueueAttributes | None = None) -> QueueAttributes:
    base = otherwise or QueueAttributes()
    logging = order.flag("LoggingEnabled")
    return QueueAttributes(
        delay_seconds=_or(order.number("DelaySeconds"), base.delay_seconds),
        maximum_message_size=_or(order.number("MaximumMessageSize"), base.maximum_message_size),
        message_retention_period=_or(order.number("MessageRetentionPeriod"), base.message_retention_period),
        visibility_timeout=_or(order.number("VisibilityTimeout"), base.visibility_timeout),
        polling_wait_seconds=_or(order.number("PollingWaitSeconds"), base.polling_wait_seconds),
        logging_enabled=base.logging_enabled if logging is None else logging,
    )


def _or(value: int | None, otherwise: int | None) -> int | None:
    return otherwise if value is None else value


def _names(order: Order) -> tuple[str, str]:
    return order.text("TopicName"), order.text("SubscriptionName")


def _strategy(order: Order) -> NotifyStrategy:
    return NotifyStrategy(order.text("NotifyStrategy", "BACKOFF_RETRY"))


def _endpoint(account: Account) -> str:
    return f"http://{account.account_id}.mns.{account.region}.aliyuncs.com"


def _arn(account: Account) -> str:
    return f"acs:mns:{account.region}:{account.account_id}"
