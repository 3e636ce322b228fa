"""Blocks on a terminal, with colours unless NO_COLOR is set. Loads rich."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table as RichTable
from rich.text import Text

from fnfkit.cli.blocks import Block, Code, Facts, Heading, Line, Table, Tone, lines_of

STYLES = {Tone.PLAIN: "", Tone.QUIET: "dim", Tone.GOOD: "green", Tone.BAD: "bold red"}


def show(blocks: Iterable[Block]) -> None:
    """Print blocks to standard output."""
    console = Console(highlight=False)
    for block in blocks:
        console.print(_renderable(block))


def _renderable(block: Block) -> RenderableType:
    match block:
        case Heading(text=text):
            return Rule(f"[bold]{text}", align="left", style="cyan")
        case Line(text=text, tone=tone):
            return Text(text, style=STYLES[tone])
        case Code(text=text, language=language):
            return Syntax(text.rstrip(), language, theme="ansi_dark", background_color="default")
        case Facts(items=items):
            grid = RichTable.grid(padding=(0, 2))
            for name, value, tone in items:
                grid.add_row(Text(name, style="dim"), Text(value, style=STYLES[tone]))
            return grid
        case Table():
            return _table(block)
        case _:
            assert_never(block)


def _table(table: Table) -> Group:
    # Laid out here, because rich would squeeze every column where the last one alone can give way.
    styles = ["bold", *(STYLES[row.tone] for row in table.rows)]
    pairs = zip(lines_of(table), styles, strict=True)
    return Group(*(Text(line, style=style, no_wrap=True, overflow="ellipsis") for line, style in pairs))
