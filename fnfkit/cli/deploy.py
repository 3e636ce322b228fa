"""`fnfkit deploy`: a project, or a template file as it is, made a stack."""

from __future__ import annotations

from dataclasses import dataclass, replace

import click

from fnfkit.cli.deploy_drift import live_of
from fnfkit.cli.deploy_options import Where, pairs, parameters, pointed, yes
from fnfkit.cli.deploy_plan import plan_blocks, plan_data, summary
from fnfkit.cli.deploy_run import carry_out, confirm, executor, held, outcome_blocks, outcome_data
from fnfkit.cli.deploy_source import Source, folder_of, refused
from fnfkit.cli.deploy_target import Target, source_for, target_of
from fnfkit.cli.deploy_watch import changes_of
from fnfkit.cli.options import as_json
from fnfkit.cli.output import progress, result, show
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.deploy import Book, DeployError, Executor, Outcome, Plan, find, plan
from fnfkit.ports import Fault


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command was asked for, past the source."""

    target: Target
    parameters: dict[str, str]
    force: bool
    yes: bool
    json: bool
    again: str


@click.command("deploy")
@pointed
@parameters
@click.option("--force", is_flag=True, help="Do what endangers running executions too, and make resources anew.")
@yes
@click.option("--watch", is_flag=True, help="Deploy again whenever a file of the project changes, until Ctrl-C.")
@as_json
def deploy(
    where: Where,
    parameter: tuple[str, ...],
    force: bool,
    yes: bool,
    watch: bool,
    json: bool,
) -> int:
    """Deploy a project or a template file, to an embedded account unless a stage names another.

    With --target aws a project is deployed by CloudFormation. Whatever state the deployment before was left in, this
    one takes it up; where nothing differs it does nothing. Changes that endanger running executions are refused without
    --force.
    """
    target = target_of(where)
    given = {**target.stage.parameters, **pairs(parameter)}
    asked = _Asked(target, given, force, yes, json, where.again("deploy"))

    def once() -> int:
        source = source_for(target, where)
        return _deploy(source, replace(asked, parameters={**source.parameters, **given}))

    if not watch:
        return once()
    for _ in changes_of(folder_of(where.path)):
        try:
            once()
        except (Refusal, Fault) as refusal:
            progress(f"error[{refusal.code}]: {refusal.message}")
    return DONE


def _deploy(source: Source, asked: _Asked) -> int:
    with held(source.folder, asked.target) as kept:
        found = _planned(source, asked)
        if not asked.json:
            show(plan_blocks(found))
        outcome = _carried_out(source, found, asked, kept)
    data = {**outcome_data(outcome), "plan": plan_data(found)}
    result(data, outcome_blocks(outcome), as_json=asked.json)
    return DONE


def _planned(source: Source, asked: _Asked) -> Plan:
    target = asked.target
    try:
        live = live_of(target, source.template)
        return plan(target.stacks(), source.stack, source.template, parameters=asked.parameters, live=live)
    except DeployError as error:
        raise refused(error) from error


def _carried_out(source: Source, found: Plan, asked: _Asked, kept: Book) -> Outcome:
    if (found.dangers or found.replaces) and not asked.force:
        raise _dangerous(found)
    secret = any(one.no_echo and one.name in asked.parameters for one in source.template.parameters)
    record = find(asked.target.stacks(), source.stack) if found.same and not secret else None
    if record is not None:
        kept.settle(source.stack, asked.target.place, template=source.text, record=record)
        return Outcome(record, False)
    confirm(asked.target, f"Deploy to {asked.target.place}? {summary(found)}.", yes=asked.yes)
    run = carry_out(kept, asked.target, source.stack, source.text, asked.parameters, public=source.template)
    with executor(asked.target, source.stack, again=asked.again, quiet=asked.json) as acting:
        return run(
            lambda: _acted(source, asked, acting, replacement=asked.force and found.replaces),
        )


def _acted(source: Source, asked: _Asked, acting: Executor, *, replacement: bool) -> Outcome:
    """The code first: a stack never names an object that is not there yet."""
    if source.shelf.uploads:
        source.shelf.upload(asked.target.objects())
    return acting.deploy(source.stack, source.text, parameters=asked.parameters, replacement=replacement)


def _dangerous(found: Plan) -> Refusal:
    told = [danger.message for danger in found.dangers]
    told += [
        f"{one.id} is made anew: {', '.join(one.forced_by)} cannot change" for one in found.changes if one.forced_by
    ]
    hint = "; ".join(dict.fromkeys(danger.hint for danger in found.dangers))
    hint = f"{hint}; or say --force" if hint else "say --force"
    return Refusal("Dangerous", "\n".join(dict.fromkeys(told)), hint, exit=REFUSED)
