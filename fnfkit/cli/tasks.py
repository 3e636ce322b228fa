"""`fnfkit tasks ...`: reporting tasks that wait for a callback."""

from __future__ import annotations

from typing import Annotated

import typer

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.options import AsJson, Endpoint, Profile, Region
from fnfkit.cli.output import result
from fnfkit.cli.sources import read_object
from fnfkit.cli.wiring import remote

app = typer.Typer(help="Report tasks that wait for a callback.", no_args_is_help=True, rich_markup_mode=None)

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="The task token.")]


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
