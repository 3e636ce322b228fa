"""`fnfkit run`: a flow on an embedded account of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnfkit.cli import running, wiring
from fnfkit.cli.options import AsJson, ClockKind, Functions, Input
from fnfkit.cli.output import progress, result
from fnfkit.cli.sources import deploy_functions, read_definition, read_object


def run(
    flow: Annotated[Path, typer.Argument(metavar="FLOW", help="File with the flow's definition.")],
    input: Input = "{}",
    functions: Functions = None,
    clock: Annotated[ClockKind, typer.Option(help="Virtual time costs no wall time.")] = ClockKind.VIRTUAL,
    logs: Annotated[bool, typer.Option("--logs", help="Print what the functions log to standard error.")] = False,
    json: AsJson = False,
) -> int:
    """Run a flow on an embedded account and print its history, status and output.

    Exit code 0 if it succeeded, 1 if it did not.
    """
    definition = read_definition(flow)
    given = read_object(input, "input")
    with wiring.embedded(clock=clock.value) as cloud:
        if functions is not None:
            deploy_functions(cloud, functions)
        outcome = running.run_flow(cloud, definition, given, name="flow")
    if logs:
        for line in outcome.log:
            progress(line)
    result(running.as_data(outcome), running.blocks(outcome), as_json=json)
    return outcome.exit
