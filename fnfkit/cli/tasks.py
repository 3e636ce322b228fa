"""`fnfkit tasks ...`: tasks that wait for a callback."""

from __future__ import annotations

from typing import Annotated

import typer

from fnfkit.cli.blocks import Block, Line, Row, Table, Tone
from fnfkit.cli.following import history, waiting
from fnfkit.cli.options import AsJson, Endpoint, ExecutionName, FlowName, Profile, Region
from fnfkit.cli.output import result
from fnfkit.cli.sources import read_object
from fnfkit.cli.wiring import remote

app = typer.Typer(help="Tasks that wait for a callback.", no_args_is_help=True, rich_markup_mode=None)

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="The task token.")]


@app.command()
def ls(
    flow: FlowName,
    execution: ExecutionName,
    tokens: Annotated[bool, typer.Option("--tokens", help="Print the tokens alone, one per line.")] = False,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
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
def succeed(
    token: Token,
    output: Annotated[str, typer.Option(help="Output as a JSON object, @FILE, or - for standard input.")] = "{}",
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Report that a task has succeeded."""
    given = read_object(output, "output")
    event = remote(endpoint, region, profile).report_task_succeeded(token, given)
    result({"event_id": event}, [Line("reported as succeeded", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def fail(
    token: Token,
    error: Annotated[str, typer.Option(help="Error name, which retry and catch of the step look at.")],
    cause: Annotated[str, typer.Option(help="What went wrong.")] = "",
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Report that a task has failed."""
    event = remote(endpoint, region, profile).report_task_failed(token, error, cause)
    result({"event_id": event}, [Line("reported as failed", Tone.GOOD)], as_json=json)
    return 0
