"""Drift of queues, topics and subscriptions (ros.md 8)."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.deploy.live import Live
from fnfkit.deploy.observed import Observed, differing
from fnfkit.deploy.plan import Drift
from fnfkit.ports import Queues, Topics


def message_drifts(observed: Observed, live: Live) -> Iterator[Drift]:
    """What of a resource of the Message Service is different. Raises `Fault`."""
    match observed.resource.type.rpartition("::")[2]:
        case "Queue" if live.queues:
            yield from _queue(observed, live.queues)
        case "Topic" if live.topics:
            yield from _topic(observed, live.topics)
        case "Subscription" if live.topics:
            yield from _subscription(observed, live.topics)
        case _:
            return


def _queue(observed: Observed, queues: Queues) -> Iterator[Drift]:
    name = observed.text("QueueName")
    if name is None:
        return
    live = queues.get_queue_attributes(name)
    yield from differing(
        observed,
        {
            "DelaySeconds": live.delay_seconds,
            "MaximumMessageSize": live.maximum_message_size,
            "MessageRetentionPeriod": live.message_retention_period,
            "VisibilityTimeout": live.visibility_timeout,
            "PollingWaitSeconds": live.polling_wait_seconds,
            "LoggingEnabled": live.logging_enabled,
        },
    )


def _topic(observed: Observed, topics: Topics) -> Iterator[Drift]:
    name = observed.text("TopicName")
    if name is None:
        return
    live = topics.get_topic_attributes(name)
    now = {"MaximumMessageSize": live.maximum_message_size, "LoggingEnabled": live.logging_enabled}
    yield from differing(observed, now)


def _subscription(observed: Observed, topics: Topics) -> Iterator[Drift]:
    topic, name = observed.text("TopicName"), observed.text("SubscriptionName")
    if topic is None or name is None:
        return
    live = topics.get_subscription_attributes(topic, name)
    yield from differing(
        observed,
        {
            "Endpoint": live.endpoint,
            "FilterTag": live.filter_tag,
            "NotifyStrategy": live.strategy.value,
            "NotifyContentFormat": live.format.value,
        },
    )
