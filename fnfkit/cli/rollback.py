"""`fnfkit rollback`: the deployment before, deployed again."""

from __future__ import annotations

import click

from fnfkit.cli.deploy_options import Where, pointed, yes
from fnfkit.cli.deploy_plan import plan_blocks, plan_data, summary
from fnfkit.cli.deploy_run import carry_out, confirm, executor, held, outcome_blocks, outcome_data
from fnfkit.cli.deploy_source import folder_of, refused
from fnfkit.cli.deploy_target import Target, name_for, target_of
from fnfkit.cli.moments import stamp
from fnfkit.cli.options import as_json
from fnfkit.cli.output import progress, result, show
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.deploy import Book, DeployError, Deployment, plan
from fnfkit.lang import ros
from fnfkit.model.stack import Template


@click.command("rollback")
@pointed
@click.option("--force", is_flag=True, help="Do what endangers running executions too, and make resources anew.")
@yes
@as_json
def rollback(where: Where, force: bool, yes: bool, json: bool) -> int:
    """Deploy again what was deployed from this folder before.

    After a failed deployment that is what succeeded last. Secret parameters keep the values they have: the record does
    not know them.
    """
    target = target_of(where)
    name = name_for(target, where)
    with held(folder_of(where.path), target) as kept:
        before, template = _previous(kept, name, target)
        progress(f"back to deployment {before.number} of {stamp(before.at)}")
        try:
            found = plan(target.stacks(), name, template, parameters=before.parameters)
            if not json:
                show(plan_blocks(found))
            if (found.dangers or found.replaces) and not force:
                told = "\n".join(danger.message for danger in found.dangers) or "resources are made anew"
                raise Refusal("Dangerous", told, "say --force", exit=REFUSED)
            confirm(target, f"Roll back at {target.place}? {summary(found)}.", yes=yes)
            run = carry_out(kept, target, name, before.template, before.parameters, public=template)
            with executor(target, name, again=where.again("rollback", name), quiet=json) as acting:
                outcome = run(
                    lambda: acting.deploy(
                        name, before.template, parameters=before.parameters, replacement=force and found.replaces
                    )
                )
        except DeployError as error:
            raise refused(error) from error
    data = {**outcome_data(outcome), "deployment": before.number, "plan": plan_data(found)}
    result(data, outcome_blocks(outcome), as_json=json)
    return DONE


def _previous(kept: Book, name: str, target: Target) -> tuple[Deployment, Template]:
    before = kept.previous(name, target.place)
    template = ros.read(before.template).template if before is not None else None
    if before is None or template is None:
        message = f"no earlier deployment of {name} to {target.place} is recorded in {kept.path}"
        raise Refusal("NothingToRollBack", message, "deploy what you want instead", exit=REFUSED)
    return before, template
