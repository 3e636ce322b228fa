"""`fnfkit run`: a flow on an embedded account of its own."""

from __future__ import annotations

from pathlib import Path

import click

from fnfkit.cli import running, wiring
from fnfkit.cli.options import FILE, ClockKind, as_json, functions_folder, input_object
from fnfkit.cli.output import progress, result
from fnfkit.cli.sources import deploy_functions, read_definition, read_object, title_of


@click.command("run")
@click.argument("flow", type=FILE, help="File with the flow's definition.")
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
def run(flow: Path, input: str, functions: Path | None, clock: ClockKind, logs: bool, json: bool) -> int:
    """Run a flow on an embedded account and print its history, status and output.

    Exit code 0 if it succeeded, 1 if it did not.
    """
    definition = read_definition(flow)
    given = read_object(input, "input")
    with wiring.embedded(clock=clock.value) as cloud:
        if functions is not None:
            deploy_functions(cloud, functions)
        outcome = running.run_flow(cloud, definition, given, name=title_of(definition) or "flow")
    if logs:
        for line in outcome.log:
            progress(line)
    result(running.as_data(outcome), running.blocks(outcome), as_json=json)
    return outcome.exit
