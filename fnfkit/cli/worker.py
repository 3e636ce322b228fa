"""`fnfkit worker ...`: working on the tasks that flows send to a queue, and the dead letters of that."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from fnfkit.cli.account import account, flows_at, queues_at
from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import progress, result
from fnfkit.cli.wiring import dead_letters, make_worker, watcher
from fnfkit.model.json import Json


class _RunUnlessNamed(click.Group):
    """Takes a word that is no command of the group as the handler to run: `fnfkit worker MODULE:HANDLER`."""

    def parse_args(self, ctx: Json, args: list[str]) -> list[str]:
        """Puts `run` before a handler."""
        named = not args or args[0].startswith("-") or args[0] in self.commands
        return super().parse_args(ctx, args if named else ["run", *args])


app = _RunUnlessNamed("worker", help="Work on tasks from a queue.", no_args_is_help=True)
dlq = click.Group("dlq", help="Messages that could not be worked on.", no_args_is_help=True)
app.add_command(dlq)


@app.command("run")
@click.argument("handler", metavar="MODULE:HANDLER", help="The function that does the work.")
@click.option("--queue", required=True, help="Name of the queue.")
@click.option("--concurrency", type=click.IntRange(min=1), default=1, help="How many tasks at once.")
@click.option(
    "--drain-timeout", type=click.FloatRange(min=0), default=25, help="Seconds for running tasks to end after SIGTERM."
)
@click.option(
    "--lease",
    type=click.IntRange(2, 43_200),
    default=30,
    help="Seconds a message stays hidden after each renewal: how long the task of a worker that dies waits.",
)
@click.option("--max-deliveries", type=click.IntRange(min=1), default=10, help="After how many a message is parked.")
@click.option("--ledger", type=FILE, help="SQLite file that remembers what was done.")
@account
@as_json
def run(
    handler: str,
    queue: str,
    concurrency: int,
    drain_timeout: float,
    lease: int,
    max_deliveries: int,
    ledger: Path | None,
    target: str,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Work until SIGTERM or SIGINT, then let running tasks end; exits with 0 if they all did."""
    queues = queues_at(target, endpoint, region, profile)
    worker = make_worker(
        handler,
        queues,
        flows_at(target, endpoint, region, profile),
        queue=queue,
        ledger=ledger,
        options={
            "concurrency": concurrency,
            "drain": drain_timeout,
            "lease": lease,
            "max_deliveries": max_deliveries,
        },
    )
    progress(f"working on tasks of {queue}; stop with Ctrl-C")
    with watcher(terminal=sys.stderr.isatty())(worker.counters, queue):
        code = worker.run()
    counts = worker.counters.snapshot()
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to do"
    result(counts, [Line(said, Tone.GOOD if code == 0 else Tone.BAD)], as_json=json)
    return code


@dlq.command()
@click.argument("queue", help="Name of the queue whose dead letters are meant.")
@account
@as_json
def ls(queue: str, target: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Show up to 16 dead letters of a queue."""
    queues = queues_at(target, endpoint, region, profile)
    letters = dead_letters(queues, queue)
    rows = tuple(Row((one.message_id, str(one.deliveries), one.reason, one.body)) for one in letters)
    table = Table(("message", ">deliveries", "reason", "body"), rows)
    result([asdict(one) for one in letters], [table if rows else Line("no dead letters", Tone.QUIET)], as_json=json)
    return 0


@dlq.command("redrive")
@click.argument("queue", help="Name of the queue whose dead letters are meant.")
@account
@as_json
def redrive_all(queue: str, target: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Send the dead letters of a queue back to it."""
    queues = queues_at(target, endpoint, region, profile)
    sent = [letter.message_id for letter in dead_letters(queues, queue, redrive=True)]
    result({"sent": sent}, [Line(f"{len(sent)} messages sent back to {queue}", Tone.GOOD)], as_json=json)
    return 0
