"""`fnfkit destroy`: a stack and everything in it deleted."""

from __future__ import annotations

import click

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.deploy_named import stack_name
from fnfkit.cli.deploy_options import again, where, yes
from fnfkit.cli.deploy_run import confirm, executor, held, note_destroyed
from fnfkit.cli.deploy_source import folder_of, refused
from fnfkit.cli.deploy_target import target_of
from fnfkit.cli.options import as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE
from fnfkit.deploy import DeployError


@click.command("destroy")
@where
@yes
@as_json
def destroy(
    path: str,
    stack: str,
    stage: str,
    cloud: str | None,
    endpoint: str,
    region: str,
    profile: str,
    yes: bool,
    json: bool,
) -> int:
    """Delete the stack of a project or a template, and everything in it, if there is one."""
    folder = folder_of(path)
    target = target_of(stage, endpoint, region, profile, folder=folder, cloud=cloud)
    name = stack_name(path, stack or target.stage.stack, stage, cloud=target.cloud)
    with held(folder, target) as kept:
        deployed = [one for one in kept.read() if one.stack == name]
        doubt = "" if deployed else ", though no deployment of it from here is on record"
        confirm(target, f"Delete the stack {name} at {target.place} and everything in it{doubt}?", yes=yes)
        keys = target.uploaded(name, [one.template for one in deployed])
        try:
            with executor(target, name, again=again("destroy", path, name, stage, cloud), quiet=json) as acting:
                gone = acting.destroy(name)
        except DeployError as error:
            raise refused(error) from error
        if gone or kept.stands(name, target.place):  # a command that was killed may have got no further than the stack
            for key in keys:
                target.objects().delete(target.bucket, key)
            note_destroyed(kept, target, name)
    said = Line(f"stack {name} deleted", Tone.GOOD) if gone else Line(f"there is no stack {name}", Tone.QUIET)
    result({"stack": name, "deleted": gone}, [said], as_json=json)
    return DONE
