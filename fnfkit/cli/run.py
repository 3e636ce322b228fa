"""`fnfkit run`: a flow on an embedded account of its own."""

from __future__ import annotations

from pathlib import Path

import click

from fnfkit.cli import running, wiring
from fnfkit.cli.flow_source import is_project, text_named
from fnfkit.cli.options import ClockKind, as_json, from_project, functions_folder, input_object
from fnfkit.cli.output import progress, result
from fnfkit.cli.sources import deploy_functions, read_object, title_of

RUN = "flow"
"""What the flow is called, unless its definition says."""


@click.command("run")
@click.argument("source", metavar="FLOW", help="Definition, FILE.py, MODULE:APP, or a folder with an app.py.")
@from_project
@input_object
@functions_folder
@click.option(
    "--clock",
    type=click.Choice(ClockKind, case_sensitive=False),
    default=ClockKind.VIRTUAL,
    help="Virtual time costs no wall time.",
)
@click.option("--logs", is_flag=True, help="Print what the functions log to standard error.")
@as_json
def run(
    source: str, flow: str | None, input: str, functions: Path | None, clock: ClockKind, logs: bool, json: bool
) -> int:
    """Run a flow on an embedded account and print its history, status and output.

    Of a project in Python the functions, queues and flows are there too; --functions stands for its functions. Exit
    code 0 if it succeeded, 1 if it did not.
    """
    definition = text_named(source, flow)
    given = read_object(input, "input")
    with wiring.embedded(clock=clock.value) as cloud:
        name = title_of(definition) or RUN
        if is_project(source):
            name = wiring.deploy_project(cloud, source, definition, with_functions=functions is None)
        if functions is not None:
            deploy_functions(cloud, functions)
        outcome = running.run_flow(cloud, definition, given, name=name)
    if logs:
        for line in outcome.log:
            progress(line)
    result(running.as_data(outcome), running.blocks(outcome), as_json=json)
    return outcome.exit
