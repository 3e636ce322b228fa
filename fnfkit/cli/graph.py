"""`fnfkit graph`: a flow as a picture."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import click

from fnfkit.cli.files import write_text
from fnfkit.cli.flow_source import flow_named
from fnfkit.cli.options import FILE
from fnfkit.cli.output import progress
from fnfkit.graph import mermaid, svg
from fnfkit.lang.fdl.sources import OWN
from fnfkit.lang.unparse import Inexpressible, unparse
from fnfkit.model.expr import Expr


class Format(StrEnum):
    """What a picture is written in."""

    SVG = "svg"
    MERMAID = "mermaid"


@click.command("graph")
@click.argument("flow", help="Definition, FILE.py, MODULE:APP, or a folder with an app.py.")
@click.option(
    "--format",
    type=click.Choice(Format, case_sensitive=False),
    help="SVG, or Mermaid text; left out, the name of --out says it, else SVG.",
)
@click.option("--flow", "name", metavar="NAME", help="Which flow of a project that has several.")
@click.option("--out", type=FILE, help="Write to a file instead of standard output.")
def graph(flow: str, format: Format | None, name: str | None, out: Path | None) -> int:
    """Draw a flow as SVG or as Mermaid text."""
    title, drawn = flow_named(flow, name)
    chosen = format or (Format.MERMAID if out is not None and out.suffix in (".mmd", ".mermaid") else Format.SVG)
    text = svg(drawn, spell, title) if chosen is Format.SVG else mermaid(drawn, spell)
    if out is None:
        print(text, end="")
    else:
        write_text(out, text)
        progress(f"{out} written")
    return 0


def spell(expr: Expr) -> str:
    """A condition or path as FDL writes it."""
    try:
        return unparse(expr, OWN)
    except Inexpressible:
        return "…"
