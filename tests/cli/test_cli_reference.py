"""docs/cli.md and the help page say what the commands are; `pytest --accept` rewrites the page."""

from __future__ import annotations

import click
import pytest

from fnfkit.cli.app import COMMANDS, app
from fnfkit.cli.reference import page
from tests.cli.conftest import ROOT, Cli

PAGE = ROOT / "docs" / "cli.md"


def test_the_page_is_made_from_the_commands(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_page_quotes_the_commands(name: str) -> None:
    command = app.get_command(click.Context(app), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").partition("\n\n")[0].replace("\n", " ") == COMMANDS[name].help


def test_every_command_is_on_the_help_page(cli: Cli) -> None:
    lines = cli("--help").out.splitlines()
    assert [name for name in COMMANDS if not any(line.startswith(f"  {name} ") for line in lines)] == []
