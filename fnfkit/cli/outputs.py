"""`fnfkit outputs`: the outputs of a stack."""

from __future__ import annotations

import click

from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.deploy_options import Where, pointed
from fnfkit.cli.deploy_target import name_for, target_of
from fnfkit.cli.options import as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.deploy import find


@click.command("outputs")
@pointed
@as_json
def outputs(where: Where, json: bool) -> int:
    """Print the outputs of a deployed stack."""
    target = target_of(where)
    name = name_for(target, where)
    record = find(target.stacks(), name)
    if record is None:
        raise Refusal("StackNotFound", f"there is no stack {name} at {target.place}", "deploy it first", exit=REFUSED)
    rows = tuple(Row((output.name, str(output.value), output.description)) for output in record.outputs)
    shown = Table(("output", "value", "about"), rows) if rows else Line(f"stack {name} has no outputs", Tone.QUIET)
    result({output.name: output.value for output in record.outputs}, [shown], as_json=json)
    return DONE
