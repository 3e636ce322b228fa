"""`fnfkit outputs`: the outputs of a stack."""

from __future__ import annotations

import click

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.deploy_named import stack_name
from fnfkit.cli.deploy_options import where
from fnfkit.cli.deploy_source import folder_of
from fnfkit.cli.deploy_target import target_of
from fnfkit.cli.options import as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.deploy import find


@click.command("outputs")
@where
@as_json
def outputs(
    path: str, stack: str, stage: str, cloud: str | None, endpoint: str, region: str, profile: str, json: bool
) -> int:
    """Print the outputs of a deployed stack."""
    target = target_of(stage, endpoint, region, profile, folder=folder_of(path), cloud=cloud)
    name = stack_name(path, stack or target.stage.stack, stage, cloud=target.cloud)
    record = find(target.stacks(), name)
    if record is None:
        raise Refusal("StackNotFound", f"there is no stack {name} at {target.place}", "deploy it first", exit=REFUSED)
    rows = tuple(Row((output.name, str(output.value), output.description)) for output in record.outputs)
    shown = Table(("output", "value", "about"), rows) if rows else Line(f"stack {name} has no outputs", Tone.QUIET)
    result({output.name: output.value for output in record.outputs}, [shown], as_json=json)
    return DONE
