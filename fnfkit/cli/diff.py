"""`fnfkit diff`: what a deployment would change."""

from __future__ import annotations

import click

from fnfkit.cli.deploy_drift import live_of
from fnfkit.cli.deploy_options import Where, pairs, parameters, pointed
from fnfkit.cli.deploy_plan import plan_blocks, plan_data
from fnfkit.cli.deploy_source import refused
from fnfkit.cli.deploy_target import source_for, target_of
from fnfkit.cli.options import as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE
from fnfkit.deploy import DeployError, plan

CHANGES = 4
DANGEROUS = 5


@click.command("diff")
@pointed
@parameters
@click.option("--exit-code", is_flag=True, help="Exit with 4 if something would change, with 5 if that is dangerous.")
@as_json
def diff(where: Where, parameter: tuple[str, ...], exit_code: bool, json: bool) -> int:
    """Show what `fnfkit deploy` would do, and what has drifted; nothing happens.

    A change that endangers running executions is marked as dangerous; deploying it takes --force.
    """
    target = target_of(where)
    source = source_for(target, where)
    given = {**source.parameters, **target.stage.parameters, **pairs(parameter)}
    try:
        live = live_of(target, source.template)
        found = plan(target.stacks(), source.stack, source.template, parameters=given, live=live)
    except DeployError as error:
        raise refused(error) from error
    result(plan_data(found), plan_blocks(found), as_json=json)
    if not exit_code or found.same:
        return DONE
    return DANGEROUS if found.dangers else CHANGES
