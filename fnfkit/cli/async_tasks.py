"""The asynchronous tasks of functions, for `fnfkit tasks`."""

from __future__ import annotations

from dataclasses import asdict

import click

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.moments import span, stamp
from fnfkit.cli.options import as_json, connection
from fnfkit.cli.output import result
from fnfkit.cli.wiring import remote_functions
from fnfkit.model.json import JsonObject
from fnfkit.ports.functions import TaskQuery, TaskRecord, TaskStatus

_PAGE = 100
_TONES = {TaskStatus.SUCCEEDED: Tone.GOOD, **dict.fromkeys((TaskStatus.FAILED, TaskStatus.EXPIRED), Tone.BAD)}


def list_async(function: str, service: str, status: str, *, where: tuple[str, str, str], json: bool) -> int:
    """Shows the tasks of a function, the last one first; `where` is endpoint, region and profile."""
    functions = remote_functions(*where, service)
    query = TaskQuery(status=status, descending=True, payload=True)
    found = every(lambda token: functions.list_tasks(service, function, query, limit=_PAGE, next_token=token))
    rows = tuple(
        Row((t.id, t.status, stamp(t.started), span(t.duration) if t.ended else "", str(t.retries), t.error), _tone(t))
        for t in found
    )
    table = Table(("task", "status", "accepted", ">took", ">retries", "error"), rows)
    shown = table if rows else Line("no asynchronous tasks", Tone.QUIET)
    result([_data(task) for task in found], [shown], as_json=json)
    return 0


@click.command()
@click.argument("task", help="Id of the asynchronous task.")
@click.option("--function", required=True, help="The function it is a task of.")
@click.option("--service", default="", show_default=False, help="Service of that function; none for one of FC 3.")
@connection
@as_json
def stop(task: str, function: str, service: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Stop an asynchronous task of a function."""
    functions = remote_functions(endpoint, region, profile, service)
    functions.stop_task(service, function, task)
    record = functions.get_task(service, function, task)
    result(_data(record), [Line(f"task {task} is {record.status}", _tone(record))], as_json=json)
    return 0


def _data(task: TaskRecord) -> JsonObject:
    return {**asdict(task), "started": stamp(task.started), "ended": stamp(task.ended or None)}


def _tone(task: TaskRecord) -> Tone:
    return _TONES.get(task.status, Tone.PLAIN)
