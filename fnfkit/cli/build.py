"""`fnfkit build`: the flows of a project in Python, as the FDL the service takes, or as a template for AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.check import has_errors
from fnfkit.cli.compiled import definitions
from fnfkit.cli.deploy_source import CODE, aws_source
from fnfkit.cli.files import write_bytes, write_text
from fnfkit.cli.inspect_python import inspect_project
from fnfkit.cli.options import AWS, FILE, as_json, target_cloud
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.lint import Options, render_text

TEMPLATE = "template.cfn.yml"
"""What the template for AWS is called."""


@click.command("build")
@click.argument(
    "path", metavar="[PROJECT]", default=".", help="FILE.py, FILE.py:APP, MODULE:APP, or a folder with an app.py."
)
@click.option("--out", type=FILE, metavar="FOLDER", help="Where to write; beside the project if left out.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 unless everything is up to date.")
@target_cloud
@as_json
def build(path: str, out: Path | None, check: bool, cloud: str | None, json: bool) -> int:
    """Compile the flows of a project in Python to FDL, or a project to a template for AWS.

    The only flow of an app.py is written to flow.fdl.yml, any other to FLOW.fdl.yml. With --target aws the template,
    for CloudFormation, is written to template.cfn.yml, and the code it names to .fnfkit/code. Flows with errors (see
    `fnfkit check`) are not written.
    """
    made = [_template(path, out, keep=not check)] if cloud == AWS else [_moved(one, out) for one in _compiled(path)]
    changed = [one for one in made if not one.file.is_file() or one.file.read_text("utf-8") != one.text]
    if not check:
        for one in changed:
            write_text(one.file, one.text)
    said = {True: "out of date" if check else "written", False: "up to date"}
    states = [(one, said[one in changed]) for one in made]
    blocks = [Line(f"{_shown(one.file)} {state}", _tone(state)) for one, state in states]
    data = [{one.kind: one.name, "file": _shown(one.file), "state": state} for one, state in states]
    result(data, blocks, as_json=json)
    return REFUSED if check and changed else DONE


@dataclass(frozen=True, slots=True)
class _Written:
    """Something to write: what it is and its name, its file and the text of that."""

    kind: str
    name: str
    file: Path
    text: str


def _compiled(path: str) -> list[_Written]:
    made = definitions(path)
    _refuse_errors(path)
    return [_Written("flow", one.name, one.file, one.text) for one in made]


def _template(path: str, out: Path | None, *, keep: bool) -> _Written:
    """The template, whose code is written beside it, as it goes into the bucket."""
    source = aws_source(path, "", "", bucket="")
    if keep:
        for key, archive in source.shelf.uploads.items():
            write_bytes(source.folder / CODE / key, archive)
    return _Written("stack", source.stack, (out or source.folder) / TEMPLATE, source.text)


def _moved(one: _Written, out: Path | None) -> _Written:
    return one if out is None else replace(one, file=out / one.file.name)


def _refuse_errors(path: str) -> None:
    found = inspect_project(path, Options())
    report = render_text([one.checked for one in found])
    if has_errors(found):
        raise Refusal("InvalidFlow", report.rstrip(), exit=REFUSED)
    if report:
        progress(report.rstrip())


def _tone(state: str) -> Tone:
    return {"written": Tone.GOOD, "out of date": Tone.BAD}.get(state, Tone.QUIET)


def _shown(file: Path) -> str:
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)
