"""`fnfkit import`: every definition becomes Python that compiles back to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnfkit.cli.compiled import definitions
from fnfkit.lang.fdl import read
from tests.cli.conftest import ROOT, TEMPLATES, Cli

GOOD = sorted((ROOT / "tests" / "data" / "flows" / "good").glob("*.yml"))
ALL = [*GOOD, *sorted(TEMPLATES.glob("*/flow.fdl.yml"))]


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_imported_flow_compiles_back_to_itself(cli: Cli, path: Path) -> None:
    assert cli("import", path, "--out", "imported.py").exit == 0
    (made,) = definitions("imported.py")
    assert made.flow == read(path.read_bytes().decode()).flow


def test_the_name_is_that_of_the_file_the_folder_or_the_option(cli: Cli) -> None:
    assert "def poll(f: Steps)" in cli("import", TEMPLATES / "poll" / "flow.fdl.yml").out
    assert "def goto_loop(f: Steps)" in cli("import", GOOD[0].with_name("goto_loop.yml")).out
    assert '@app.steps(name="my-flow")' in cli("import", GOOD[0], "--name", "my flow").out


def test_patterns_are_recognised(cli: Cli, tmp_path: Path) -> None:
    poll = cli("import", TEMPLATES / "poll" / "flow.fdl.yml").out
    assert "# Wait10s to CheckJobComplete poll: plain Python says `while True:`" in poll
    saga = cli("import", TEMPLATES / "transaction" / "flow.fdl.yml").out
    assert "# BuyTrainTicket, ReserveFlight, ReserveHotel are undone in reverse order" in saga
    narrow = (TEMPLATES / "transaction" / "flow.fdl.yml").read_text("utf-8").replace("FnF.ALL", "FC.Unknown")
    (tmp_path / "narrow.yml").write_text(narrow)
    assert "not only after FC.Unknown" in cli("import", "narrow.yml").out.replace("\n# ", " ")
    assert "# " not in cli("import", GOOD[0].with_name("parallel.yml")).out


def test_names_of_steps_cannot_leave_the_comment(cli: Cli, tmp_path: Path) -> None:
    text = (TEMPLATES / "poll" / "flow.fdl.yml").read_text("utf-8")
    (tmp_path / "odd.yml").write_text(text.replace("Wait10s", '"Wait\\nraise SystemExit #"'))
    assert cli("import", "odd.yml", "--out", "odd.py").exit == 0
    (made,) = definitions("odd.py")
    assert made.flow == read((tmp_path / "odd.yml").read_text()).flow


def test_what_cannot_be_imported_is_said_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("version: v1\ntype: flow\nsteps: [{type: walk, name: A}]\n")
    said = cli("import", "broken.yml")
    assert (said.exit, said.out) == (2, "")
    assert "broken.yml:3:" in said.err
    assert cli("import", "absent.yml").exit == 2
