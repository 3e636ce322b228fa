"""`fnfkit queues ...`: the message queues of an account."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.moments import stamp
from fnfkit.cli.options import AsJson, Endpoint, Profile, Region
from fnfkit.cli.output import result
from fnfkit.cli.wiring import messages
from fnfkit.ports.fault_mns import MessageNotExist
from fnfkit.ports.queues import QueueAttributes, Queues

app = typer.Typer(help="The message queues of an account.", no_args_is_help=True, rich_markup_mode=None)

QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue.")]
Prefix = Annotated[str, typer.Option(help="Only names that start so.")]

_BATCH = 16


@app.command()
def ls(
    prefix: Prefix = "", endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """List the queues with their messages."""
    queues, _ = messages(endpoint, region, profile)
    names = every(lambda marker: queues.list_queues(prefix=prefix, marker=marker or ""))
    records = [queues.get_queue_attributes(name) for name in names]
    rows = tuple(Row((q.name, str(q.active), str(q.inactive), str(q.delayed), stamp(q.created))) for q in records)
    table = Table(("name", ">active", ">inactive", ">delayed", "created"), rows)
    result([asdict(record) for record in records], [table if rows else Line("no queues", Tone.QUIET)], as_json=json)
    return 0


@app.command()
def create(
    name: QueueName,
    visibility: Annotated[int, typer.Option(help="Seconds a received message is hidden.")] = 30,
    delay: Annotated[int, typer.Option(help="Seconds before a sent message can be received.")] = 0,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Create a queue; one that is there alike is left as it is."""
    queues, _ = messages(endpoint, region, profile)
    new = queues.create_queue(name, QueueAttributes(visibility_timeout=visibility, delay_seconds=delay))
    said = f"queue {name} created" if new else f"queue {name} was there"
    result({"name": name, "created": new}, [Line(said, Tone.GOOD)], as_json=json)
    return 0


@app.command()
def send(
    name: QueueName,
    body: Annotated[str, typer.Argument(metavar="BODY", help="Text of the message; it travels as it is.")],
    priority: Annotated[int | None, typer.Option(help="1 (first) to 16.")] = None,
    delay: Annotated[int | None, typer.Option(help="Seconds before it can be received.")] = None,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Send a message."""
    queues, _ = messages(endpoint, region, profile)
    sent = queues.send_message(name, body, delay_seconds=delay, priority=priority)
    result({"id": sent.id, "body_md5": sent.body_md5}, [Line(f"sent {sent.id}", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def peek(
    name: QueueName,
    count: Annotated[int, typer.Option(min=1, max=_BATCH, help="How many messages at most.")] = _BATCH,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Show the next messages and leave them as they are."""
    queues, _ = messages(endpoint, region, profile)
    try:
        found = queues.batch_peek_message(name, count)
    except MessageNotExist:
        found = ()
    rows = tuple(Row((m.id, str(m.priority), str(m.dequeue_count), stamp(m.enqueued), m.body)) for m in found)
    table = Table(("id", ">priority", ">received", "sent", "body"), rows)
    result([asdict(m) for m in found], [table if rows else Line("no active messages", Tone.QUIET)], as_json=json)
    return 0


@app.command()
def purge(
    name: QueueName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Delete the messages that can be received now."""
    queues, _ = messages(endpoint, region, profile)
    count = _purge(queues, name)
    result({"deleted": count}, [Line(f"{count} messages deleted", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def rm(
    name: QueueName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
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
