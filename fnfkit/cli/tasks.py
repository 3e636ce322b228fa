"""`fnfkit tasks ...`: tasks that wait for a callback, and asynchronous tasks of functions."""

from __future__ import annotations

import click

from fnfkit.cli.account import account, flows_at
from fnfkit.cli.async_tasks import list_async, stop
from fnfkit.cli.blocks import Block, Line, Row, Table, Tone
from fnfkit.cli.inbox import WaitingTask, inbox, token_of
from fnfkit.cli.moments import span, stamp
from fnfkit.cli.options import ALIYUN, as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import USAGE, Refusal
from fnfkit.cli.sources import read_object
from fnfkit.cli.wiring import time_of
from fnfkit.model.json import JsonObject

app = click.Group(
    "tasks", help="Tasks that wait for a callback, and asynchronous tasks of functions.", no_args_is_help=True
)


@app.command()
@click.argument("flow", default="", help="Name of the flow; all of the account if none is named.")
@click.argument("execution", default="", help="Name of the execution; all that run if none is named.")
@click.option("--tokens", is_flag=True, help="Print the whole tokens alone, one per line.")
@click.option("--function", default="", show_default=False, help="List the asynchronous tasks of a function instead.")
@click.option("--service", default="", show_default=False, help="Service of that function; none for one of FC 3.")
@click.option("--status", default="", show_default=False, help="Only its tasks in this state, e.g. Running.")
@account
@as_json
def ls(
    flow: str,
    execution: str,
    tokens: bool,
    function: str,
    service: str,
    status: str,
    target: str,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """List the tasks that wait for a callback, the one that has waited longest first; with --function, the asynchronous
    tasks of a function of the last seven days."""
    if function:
        if target != ALIYUN:
            told = f"functions of {target} have no asynchronous tasks to be listed"
            raise Refusal("NotSupported", told, "leave --function or --target out", exit=USAGE)
        return list_async(function, service, status, where=(endpoint, region, profile), json=json)
    found = inbox(flows_at(target, endpoint, region, profile), flow, execution)
    now = time_of(endpoint if target == ALIYUN else "")
    result([_data(task, now) for task in found], _shown(found, now, tokens=tokens), as_json=json)
    return 0


def _data(task: WaitingTask, now: int) -> JsonObject:
    own = {"flow": task.flow, "execution": task.execution, "step": task.step, "token": task.token}
    return {**own, "since": stamp(task.since), "age_seconds": (now - task.since) / 1_000}


def _shown(found: list[WaitingTask], now: int, *, tokens: bool) -> list[Block]:
    if tokens:
        return [Line(task.token) for task in found]
    rows = tuple(Row((span(now - t.since), t.flow, t.execution, t.step, t.short_token)) for t in found)
    return [Table((">age", "flow", "execution", "step", "token"), rows) if rows else Line("no tasks wait", Tone.QUIET)]


app.add_command(stop)


@app.command()
@click.argument("token", help="The task token, or the short form that `tasks ls` shows.")
@click.option("--output", default="{}", help="Output as a JSON object, @FILE, or - for standard input.")
@account
@as_json
def succeed(token: str, output: str, target: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Report that a task has succeeded."""
    given = read_object(output, "output")
    flows = flows_at(target, endpoint, region, profile)
    event = flows.report_task_succeeded(token_of(flows, token), given)
    result({"event_id": event}, [Line("reported as succeeded", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("token", help="The task token, or the short form that `tasks ls` shows.")
@click.option("--error", required=True, help="Error name, which retry and catch of the step look at.")
@click.option("--cause", default="", show_default=False, help="What went wrong.")
@account
@as_json
def fail(token: str, error: str, cause: str, target: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Report that a task has failed."""
    flows = flows_at(target, endpoint, region, profile)
    event = flows.report_task_failed(token_of(flows, token), error, cause)
    result({"event_id": event}, [Line("reported as failed", Tone.GOOD)], as_json=json)
    return 0
