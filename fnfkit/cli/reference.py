"""The reference page of the command line, docs/cli.md, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fnfkit.cli.app import app

HEAD = """\
# The command line

Data goes to standard output, progress to standard error; `--json` prints one line with a stable envelope; nothing ever
prompts. Exit codes and environment variables are in the [README](../README.md). Completion for a shell:
`eval "$(_FNFKIT_COMPLETE=bash_source fnfkit)"`, with `zsh_source` or `fish_source` for others.

This page is made from the commands: `python -m pytest tests/cli/test_cli_reference.py --accept` rewrites it.
"""


def page() -> str:
    """The page as Markdown."""
    return HEAD + "".join(f"\n{section}" for section in _sections(app, click.Context(app, info_name="fnfkit")))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield _section(command, context)
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None, "a listed command is there"
        yield from _sections(inner, click.Context(inner, info_name=name, parent=context))


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    rows = [row for parameter in command.params if (row := _row(parameter, context)) is not None]
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    told = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    return f"## {context.command_path}\n\n    {usage}\n\n{told}\n{table}"


def _row(parameter: click.Parameter, context: click.Context) -> str | None:
    """What an argument or an option is for; the help option is everywhere."""
    if isinstance(parameter, click.Argument):
        return f"| `{parameter.make_metavar(context)}` | {_cell(parameter.help or '')} |"
    if not isinstance(parameter, click.Option) or (record := parameter.get_help_record(context)) is None:
        return None
    names, told = record
    return f"| `{_cell(names)}` | {_cell(told)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
