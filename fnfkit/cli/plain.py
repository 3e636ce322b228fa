"""Blocks as plain text: for pipes, files and terminals that cannot do more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from fnfkit.cli.blocks import Block, Code, Facts, Heading, Line, Table, lines_of


def show(blocks: Iterable[Block]) -> None:
    """Print blocks to standard output."""
    for block in blocks:
        for line in _lines(block):
            print(line)


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text=text):
            yield from ("", text, "=" * len(text))
        case Line(text=text):
            yield text
        case Code(text=text):
            yield from ("    " + line if line else "" for line in text.rstrip().splitlines())
        case Facts(items=items):
            width = max((len(name) for name, _, _ in items), default=0)
            yield from (f"{name:<{width}}  {value}" for name, value, _ in items)
        case Table():
            yield from lines_of(block)
        case _:
            assert_never(block)
