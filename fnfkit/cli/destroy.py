"""`fnfkit destroy`: a stack and everything in it deleted."""

from __future__ import annotations

import click

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.deploy_options import Where, pointed, yes
from fnfkit.cli.deploy_run import confirm, executor, held, note_destroyed
from fnfkit.cli.deploy_source import folder_of, refused
from fnfkit.cli.deploy_target import name_for, target_of
from fnfkit.cli.options import as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE
from fnfkit.deploy import DeployError


@click.command("destroy")
@pointed
@yes
@as_json
def destroy(where: Where, yes: bool, json: bool) -> int:
    """Delete the stack of a project or a template, and everything in it, if there is one."""
    target = target_of(where)
    name = name_for(target, where)
    with held(folder_of(where.path), target) as kept:
        deployed = [one for one in kept.read() if one.stack == name]
        doubt = "" if deployed else ", though no deployment of it from here is on record"
        confirm(target, f"Delete the stack {name} at {target.place} and everything in it{doubt}?", yes=yes)
        keys = target.uploaded(name, [one.template for one in deployed])
        try:
            with executor(target, name, again=where.again("destroy", name), quiet=json) as acting:
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
