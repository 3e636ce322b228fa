"""`fnfkit tasks ...`: tasks that wait for a callback."""

from __future__ import annotations

import click

from fnfkit.cli.blocks import Block, Line, Row, Table, Tone
from fnfkit.cli.following import history, waiting
from fnfkit.cli.options import as_json, connection
from fnfkit.cli.output import result
from fnfkit.cli.sources import read_object
from fnfkit.cli.wiring import remote

app = click.Group("tasks", help="Tasks that wait for a callback.", no_args_is_help=True)


@app.command()
@click.argument("flow", help="Name of the flow.")
@click.argument("execution", help="Name of the execution.")
@click.option("--tokens", is_flag=True, help="Print the tokens alone, one per line.")
@connection
@as_json
def ls(flow: str, execution: str, tokens: bool, endpoint: str, region: str, profile: str, json: bool) -> int:
    """List the tasks of an execution that wait for a callback."""
    flows = remote(endpoint, region, profile)
    ended = flows.describe_execution(flow, execution).ended
    found = [] if ended else waiting(history(flows, flow, execution))
    table = Table(("step", "token"), tuple(Row(task) for task in found))
    shown: list[Block] = [table if found else Line("no tasks wait", Tone.QUIET)]
    if tokens:
        shown = [Line(token) for _, token in found]
    result([{"step": step, "token": token} for step, token in found], shown, as_json=json)
    return 0


@app.command()
@click.argument("token", help="The task token.")
@click.option("--output", default="{}", help="Output as a JSON object, @FILE, or - for standard input.")
@connection
@as_json
def succeed(token: str, output: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Report that a task has succeeded."""
    given = read_object(output, "output")
    event = remote(endpoint, region, profile).report_task_succeeded(token, given)
    result({"event_id": event}, [Line("reported as succeeded", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("token", help="The task token.")
@click.option("--error", required=True, help="Error name, which retry and catch of the step look at.")
@click.option("--cause", default="", show_default=False, help="What went wrong.")
@connection
@as_json
def fail(token: str, error: str, cause: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Report that a task has failed."""
    event = remote(endpoint, region, profile).report_task_failed(token, error, cause)
    result({"event_id": event}, [Line("reported as failed", Tone.GOOD)], as_json=json)
    return 0
