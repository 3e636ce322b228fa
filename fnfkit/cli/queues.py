"""`fnfkit queues ...`: the message queues of an account."""

from __future__ import annotations

from dataclasses import asdict

import click

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.moments import stamp
from fnfkit.cli.options import as_json, connection
from fnfkit.cli.output import result
from fnfkit.cli.wiring import messages
from fnfkit.ports.fault_mns import MessageNotExist
from fnfkit.ports.queues import QueueAttributes, Queues

app = click.Group("queues", help="The message queues of an account.", no_args_is_help=True)


_BATCH = 16


@app.command()
@click.option("--prefix", default="", show_default=False, help="Only names that start so.")
@connection
@as_json
def ls(prefix: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """List the queues with their messages."""
    queues, _ = messages(endpoint, region, profile)
    names = every(lambda marker: queues.list_queues(prefix=prefix, marker=marker or ""))
    records = [queues.get_queue_attributes(name) for name in names]
    rows = tuple(Row((q.name, str(q.active), str(q.inactive), str(q.delayed), stamp(q.created))) for q in records)
    table = Table(("name", ">active", ">inactive", ">delayed", "created"), rows)
    result([asdict(record) for record in records], [table if rows else Line("no queues", Tone.QUIET)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="QUEUE", help="Name of the queue.")
@click.option("--visibility", type=int, default=30, help="Seconds a received message is hidden.")
@click.option("--delay", type=int, default=0, help="Seconds before a sent message can be received.")
@connection
@as_json
def create(
    name: str,
    visibility: int,
    delay: int,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Create a queue; one that is there alike is left as it is."""
    queues, _ = messages(endpoint, region, profile)
    new = queues.create_queue(name, QueueAttributes(visibility_timeout=visibility, delay_seconds=delay))
    said = f"queue {name} created" if new else f"queue {name} was there"
    result({"name": name, "created": new}, [Line(said, Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="QUEUE", help="Name of the queue.")
@click.argument("body", help="Text of the message; it travels as it is.")
@click.option("--priority", type=int, help="1 (first) to 16.")
@click.option("--delay", type=int, help="Seconds before it can be received.")
@connection
@as_json
def send(
    name: str,
    body: str,
    priority: int | None,
    delay: int | None,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Send a message."""
    queues, _ = messages(endpoint, region, profile)
    sent = queues.send_message(name, body, delay_seconds=delay, priority=priority)
    result({"id": sent.id, "body_md5": sent.body_md5}, [Line(f"sent {sent.id}", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="QUEUE", help="Name of the queue.")
@click.option("--count", type=click.IntRange(min=1, max=_BATCH), default=_BATCH, help="How many messages at most.")
@connection
@as_json
def peek(name: str, count: int, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Show the next messages and leave them as they are."""
    queues, _ = messages(endpoint, region, profile)
    try:
        found = queues.batch_peek_message(name, count)
    except MessageNotExist:
        found = ()
    rows = tuple(Row((m.id, str(m.priority), str(m.dequeue_count), stamp(m.enqueued), m.body)) for m in found)
    table = Table(("id", ">priority", ">received", "sent", "body"), rows)
    result([m._asdict() for m in found], [table if rows else Line("no active messages", Tone.QUIET)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="QUEUE", help="Name of the queue.")
@connection
@as_json
def purge(name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Delete the messages that can be received now."""
    queues, _ = messages(endpoint, region, profile)
    count = _purge(queues, name)
    result({"deleted": count}, [Line(f"{count} messages deleted", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="QUEUE", help="Name of the queue.")
@connection
@as_json
def rm(name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Delete a queue and its messages."""
    queues, _ = messages(endpoint, region, profile)
    queues.delete_queue(name)
    result({"name": name}, [Line(f"queue {name} deleted", Tone.GOOD)], as_json=json)
    return 0


def _purge(queues: Queues, name: str) -> int:
    count = 0
    while True:
        try:
            found = queues.batch_receive_message(name, _BATCH, wait_seconds=0)
        except MessageNotExist:
            return count
        refused = queues.batch_delete_message(name, [message.receipt_handle for message in found])
        count += len(found) - len(refused)
