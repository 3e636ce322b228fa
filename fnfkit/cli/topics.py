"""`fnfkit topics ...`: the topics of an account and who subscribes to them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.options import AsJson, Endpoint, Profile, Region
from fnfkit.cli.output import result
from fnfkit.cli.wiring import messages
from fnfkit.ports.topics import NotifyContentFormat, NotifyStrategy, SubscriptionRecord, Topics

app = typer.Typer(help="The topics of an account.", no_args_is_help=True, rich_markup_mode=None)

TopicName = Annotated[str, typer.Argument(metavar="TOPIC", help="Name of the topic.")]
SubscriptionName = Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help="Name of the subscription.")]


@app.command()
def ls(endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False) -> int:
    """List the topics with their subscriptions."""
    _, topics = messages(endpoint, region, profile)
    names = every(lambda marker: topics.list_topics(marker=marker or ""))
    found = {name: _subscriptions(topics, name) for name in names}
    rows = tuple(row for name, subscriptions in found.items() for row in _rows(name, subscriptions))
    data = [{"name": name, "subscriptions": [_data(one) for one in each]} for name, each in found.items()]
    table = Table(("topic", "subscription", "format", "tag", "endpoint"), rows)
    result(data, [table if rows else Line("no topics", Tone.QUIET)], as_json=json)
    return 0


@app.command()
def create(
    name: TopicName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Create a topic; one that is there alike is left as it is."""
    _, topics = messages(endpoint, region, profile)
    new = topics.create_topic(name)
    said = f"topic {name} created" if new else f"topic {name} was there"
    result({"name": name, "created": new}, [Line(said, Tone.GOOD)], as_json=json)
    return 0


@app.command()
def subscribe(
    topic: TopicName,
    name: SubscriptionName,
    to: Annotated[str, typer.Option(help="http://..., https://..., or acs:mns:REGION:ACCOUNT:queues/QUEUE.")],
    format: Annotated[NotifyContentFormat, typer.Option(help="What a notification looks like.")] = (
        NotifyContentFormat.JSON
    ),
    strategy: Annotated[NotifyStrategy, typer.Option(help="How often a refused one is tried again.")] = (
        NotifyStrategy.BACKOFF_RETRY
    ),
    tag: Annotated[str, typer.Option(help="Only messages with this tag.")] = "",
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Have a topic's messages sent to an endpoint."""
    _, topics = messages(endpoint, region, profile)
    new = topics.subscribe(topic, name, to, strategy=strategy, format=format, filter_tag=tag)
    said = f"subscription {name} created" if new else f"subscription {name} was there"
    result({"name": name, "created": new}, [Line(said, Tone.GOOD)], as_json=json)
    return 0


@app.command()
def unsubscribe(
    topic: TopicName,
    name: SubscriptionName,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """End a subscription."""
    _, topics = messages(endpoint, region, profile)
    topics.unsubscribe(topic, name)
    result({"name": name}, [Line(f"subscription {name} ended", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def publish(
    name: TopicName,
    body: Annotated[str, typer.Argument(metavar="BODY", help="Text of the message; it travels as it is.")],
    tag: Annotated[str, typer.Option(help="Tag that filters of subscriptions look at.")] = "",
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Publish a message."""
    _, topics = messages(endpoint, region, profile)
    sent = topics.publish_message(name, body, tag=tag)
    result({"id": sent.id, "body_md5": sent.body_md5}, [Line(f"published {sent.id}", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def rm(
    name: TopicName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Delete a topic and its subscriptions."""
    _, topics = messages(endpoint, region, profile)
    topics.delete_topic(name)
    result({"name": name}, [Line(f"topic {name} deleted", Tone.GOOD)], as_json=json)
    return 0


def _subscriptions(topics: Topics, topic: str) -> list[SubscriptionRecord]:
    names = every(lambda marker: topics.list_subscriptions(topic, marker=marker or ""))
    return [topics.get_subscription_attributes(topic, name) for name in names]


def _rows(topic: str, subscriptions: list[SubscriptionRecord]) -> list[Row]:
    rows = [Row((topic, s.name, s.format.value, s.filter_tag, s.endpoint)) for s in subscriptions]
    return rows or [Row((topic, "", "", "", ""))]


def _data(record: SubscriptionRecord) -> dict[str, str | int]:
    return {**asdict(record), "strategy": record.strategy.value, "format": record.format.value}
