"""`fnfkit build`: the flows of a project in Python, as the FDL the service takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.check import has_errors
from fnfkit.cli.compiled import Definition, definitions
from fnfkit.cli.files import write_text
from fnfkit.cli.inspect_python import inspect_project
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.lint import Options, render_text


@click.command("build")
@click.argument(
    "path", metavar="[PROJECT]", default=".", help="FILE.py, FILE.py:APP, MODULE:APP, or a folder with an app.py."
)
@click.option("--out", type=FILE, metavar="FOLDER", help="Where to write; beside the project if left out.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 unless everything is up to date.")
@as_json
def build(path: str, out: Path | None, check: bool, json: bool) -> int:
    """Compile the flows of a project in Python to FDL.

    The only flow of an app.py is written to flow.fdl.yml, any other to FLOW.fdl.yml. Flows with errors (see
    `fnfkit check`) are not written.
    """
    made = [_moved(one, out) for one in definitions(path)]
    _refuse_errors(path)
    changed = [one for one in made if not one.file.is_file() or one.file.read_text("utf-8") != one.text]
    if not check:
        for one in changed:
            write_text(one.file, one.text)
    said = {True: "out of date" if check else "written", False: "up to date"}
    states = [(one, said[one in changed]) for one in made]
    blocks = [Line(f"{_shown(one.file)} {state}", _tone(state)) for one, state in states]
    data = [{"flow": one.name, "file": _shown(one.file), "state": state} for one, state in states]
    result(data, blocks, as_json=json)
    return REFUSED if check and changed else DONE


def _moved(definition: Definition, out: Path | None) -> Definition:
    return definition if out is None else replace(definition, file=out / definition.file.name)


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
