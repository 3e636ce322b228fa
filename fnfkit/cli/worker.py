"""`fnfkit worker ...`: working on the tasks that flows send to a queue, and the dead letters of that."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.options import AsJson, Endpoint, Profile, Region
from fnfkit.cli.output import progress, result
from fnfkit.cli.wiring import dead_letters, make_worker, messages, remote
from fnfkit.model.json import Json


class _RunUnlessNamed(TyperGroup):
    """Takes a word that is no command of the group as the handler to run: `fnfkit worker MODULE:HANDLER`."""

    def parse_args(self, ctx: Json, args: list[str]) -> list[str]:
        """Puts `run` before a handler."""
        named = not args or args[0].startswith("-") or args[0] in self.commands
        return super().parse_args(ctx, args if named else ["run", *args])


app = typer.Typer(help="Work on tasks from a queue.", cls=_RunUnlessNamed, no_args_is_help=True, rich_markup_mode=None)
dlq = typer.Typer(help="Messages that could not be worked on.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(dlq, name="dlq")

QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue whose dead letters are meant.")]


@app.command("run")
def run(
    handler: Annotated[str, typer.Argument(metavar="MODULE:HANDLER", help="The function that does the work.")],
    queue: Annotated[str, typer.Option(help="Name of the queue.")],
    concurrency: Annotated[int, typer.Option(min=1, help="How many tasks at once.")] = 1,
    drain_timeout: Annotated[float, typer.Option(min=0, help="Seconds for running tasks to end after SIGTERM.")] = 25,
    max_deliveries: Annotated[int, typer.Option(min=1, help="After how many a message is parked.")] = 10,
    ledger: Annotated[Path | None, typer.Option(help="SQLite file that remembers what was done.")] = None,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Work until SIGTERM or SIGINT, then let running tasks end; exits with 0 if they all did."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s: %(message)s")
    queues, _ = messages(endpoint, region, profile)
    worker = make_worker(
        handler,
        queues,
        remote(endpoint, region, profile),
        queue=queue,
        ledger=ledger,
        options={"concurrency": concurrency, "drain": drain_timeout, "max_deliveries": max_deliveries},
    )
    progress(f"working on tasks of {queue}; stop with Ctrl-C")
    code = worker.run()
    counts = worker.counters.snapshot()
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to do"
    result(counts, [Line(said, Tone.GOOD if code == 0 else Tone.BAD)], as_json=json)
    return code


@dlq.command()
def ls(
    queue: QueueName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Show up to 16 dead letters of a queue."""
    queues, _ = messages(endpoint, region, profile)
    letters = dead_letters(queues, queue)
    rows = tuple(Row((one.message_id, str(one.deliveries), one.reason, one.body)) for one in letters)
    table = Table(("message", ">deliveries", "reason", "body"), rows)
    result([asdict(one) for one in letters], [table if rows else Line("no dead letters", Tone.QUIET)], as_json=json)
    return 0


@dlq.command("redrive")
def redrive_all(
    queue: QueueName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Send the dead letters of a queue back to it."""
    queues, _ = messages(endpoint, region, profile)
    sent = [letter.message_id for letter in dead_letters(queues, queue, redrive=True)]
    result({"sent": sent}, [Line(f"{len(sent)} messages sent back to {queue}", Tone.GOOD)], as_json=json)
    return 0
