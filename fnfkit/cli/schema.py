"""`fnfkit schema`: what editors need to help with FDL."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fnfkit.cli.files import write_text
from fnfkit.cli.options import FILE
from fnfkit.cli.output import progress
from fnfkit.lint import fdl_schema


@click.command("schema")
@click.option("--out", type=FILE, help="Write to a file instead of standard output.")
def schema(out: Path | None) -> int:
    """Print the JSON Schema of FDL, for editors.

    It helps while typing; what no schema can say (gotos, conditions, what a path finds) `fnfkit check` says.
    """
    text = json.dumps(fdl_schema(), indent=2) + "\n"
    if out is None:
        print(text, end="")
    else:
        write_text(out, text)
        progress(f"{out} written")
    return 0
