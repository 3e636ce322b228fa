"""`fnfkit init`: a project to begin with."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from fnfkit.cli import assets
from fnfkit.cli.blocks import Line, Row, Table, Tone
from fnfkit.cli.files import read_text
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import result
from fnfkit.cli.refusal import Refusal

_IGNORED = shutil.ignore_patterns("__pycache__")


@click.command("init")
@click.argument("template", metavar="[TEMPLATE]", required=False, help="Name of a template.")
@click.argument("folder", metavar="[FOLDER]", type=FILE, required=False, help="Where; ./TEMPLATE if left out.")
@as_json
def init(template: str | None, folder: Path | None, json: bool) -> int:
    """Copy a template project into a folder, or list the templates.

    A project is an app.py with its flow, the flow's definition, example inputs, a test and the functions.
    """
    known = {name: _title(name) for name in names()}
    if template is None:
        rows = tuple(Row((name, title)) for name, title in known.items())
        result(
            [{"name": name, "title": title} for name, title in known.items()],
            [Table(("template", "about"), rows)],
            as_json=json,
        )
        return 0
    if template not in known:
        raise Refusal("TemplateNotFound", f"there is no template {template}", f"there are {', '.join(known)}")
    target = folder or Path(template)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refusal("NotEmpty", f"{target} is there already", "name a folder that is new or empty")
    copy(template, target)
    files = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    lines = [Line(f"{target} made from {template}", Tone.GOOD), *(Line(f"  {file}") for file in files)]
    result({"template": template, "folder": str(target), "files": files}, lines, as_json=json)
    return 0


def names() -> list[str]:
    """The templates there are."""
    return sorted(path.parent.name for path in (assets.root() / "templates").glob("*/app.py"))


def copy(template: str, target: Path) -> None:
    """Copy a template and the functions its app names. Raises `Refusal`."""
    source = assets.template(template)
    try:
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=_IGNORED)
        for function in folders(source / "app.py"):
            shutil.copytree(assets.root() / function, target / function, ignore=_IGNORED)
    except OSError as error:
        raise Refusal("Unwritable", f"{target} cannot be written: {error.strerror or error}") from None


def folders(app: Path) -> Iterator[str]:
    """The folders of code that an app names, read from its text: a template is copied without being run."""
    for node in ast.walk(ast.parse(read_text(app, "template"))):
        if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def _title(name: str) -> str:
    return read_text(assets.template(name) / "README.md", "template").partition("\n")[0].removeprefix("# ")
