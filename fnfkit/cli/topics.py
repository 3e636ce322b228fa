"""`fnfkit topics ...`: the topics of an account and who subscribes to them."""

from __future__ import annotations

from dataclasses import asdict

import click

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.options import as_json, connection
from fnfkit.cli.output import result
from fnfkit.cli.wiring import messages
from fnfkit.ports.topics import NotifyContentFormat, NotifyStrategy, SubscriptionRecord, Topics

app = click.Group("topics", help="The topics of an account.", no_args_is_help=True)


@app.command()
@connection
@as_json
def ls(endpoint: str, region: str, profile: str, json: bool) -> int:
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
@click.argument("name", metavar="TOPIC", help="Name of the topic.")
@connection
@as_json
def create(name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Create a topic; one that is there alike is left as it is."""
    _, topics = messages(endpoint, region, profile)
    new = topics.create_topic(name)
    said = f"topic {name} created" if new else f"topic {name} was there"
    result({"name": name, "created": new}, [Line(said, Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("topic", help="Name of the topic.")
@click.argument("name", metavar="SUBSCRIPTION", help="Name of the subscription.")
@click.option("--to", required=True, help="http://..., https://..., or acs:mns:REGION:ACCOUNT:queues/QUEUE.")
@click.option(
    "--format",
    type=click.Choice(NotifyContentFormat),
    default=NotifyContentFormat.JSON,
    help="What a notification looks like.",
)
@click.option(
    "--strategy",
    type=click.Choice(NotifyStrategy),
    default=NotifyStrategy.BACKOFF_RETRY,
    help="How often a refused one is tried again.",
)
@click.option("--tag", default="", show_default=False, help="Only messages with this tag.")
@connection
@as_json
def subscribe(
    topic: str,
    name: str,
    to: str,
    format: NotifyContentFormat,
    strategy: NotifyStrategy,
    tag: str,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Have a topic's messages sent to an endpoint."""
    _, topics = messages(endpoint, region, profile)
    new = topics.subscribe(topic, name, to, strategy=strategy, format=format, filter_tag=tag)
    said = f"subscription {name} created" if new else f"subscription {name} was there"
    result({"name": name, "created": new}, [Line(said, Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("topic", help="Name of the topic.")
@click.argument("name", metavar="SUBSCRIPTION", help="Name of the subscription.")
@connection
@as_json
def unsubscribe(topic: str, name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """End a subscription."""
    _, topics = messages(endpoint, region, profile)
    topics.unsubscribe(topic, name)
    result({"name": name}, [Line(f"subscription {name} ended", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="TOPIC", help="Name of the topic.")
@click.argument("body", help="Text of the message; it travels as it is.")
@click.option("--tag", default="", show_default=False, help="Tag that filters of subscriptions look at.")
@connection
@as_json
def publish(name: str, body: str, tag: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Publish a message."""
    _, topics = messages(endpoint, region, profile)
    sent = topics.publish_message(name, body, tag=tag)
    result({"id": sent.id, "body_md5": sent.body_md5}, [Line(f"published {sent.id}", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="TOPIC", help="Name of the topic.")
@connection
@as_json
def rm(name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
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
