"""`fnfkit init`: template projects that work at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fnfkit.cli.projects import project
from tests.cli.conftest import ROOT, TEMPLATES, Cli

NAMES = sorted(path.parent.name for path in TEMPLATES.glob("*/app.py"))


def test_without_a_template_they_are_listed(cli: Cli) -> None:
    assert [row["name"] for row in cli("init", "--json").data] == NAMES  # type: ignore[union-attr]
    lines = cli("init").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == NAMES
    assert "Poll for the status of a task" in lines[1 + NAMES.index("poll")]


@pytest.mark.parametrize("name", NAMES)
def test_a_new_project_is_checked_built_and_tested(cli: Cli, tmp_path: Path, name: str) -> None:
    made = cli("init", name, "mine", "--json").data
    assert {"app.py", "flow.fdl.yml", "README.md", "test_app.py"} <= set(made["files"])  # type: ignore[index]
    assert cli("check", "mine").exit == 0
    assert cli("build", "mine", "--check").exit == 0
    with project("mine") as found:
        sys.modules.pop("test_app", None)
        import test_app  # type: ignore[import-not-found]

        tests = [value for key, value in vars(test_app).items() if key.startswith("test_")]
        assert found.app.flows
        for test in tests:
            test()
    assert tests


def test_the_tests_of_a_project_run_under_pytest(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", "poll").exit == 0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    said = subprocess.run(command, cwd=tmp_path / "poll", env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (said.returncode, "3 passed" in said.stdout) == (0, True), said.stdout


def test_nothing_is_overwritten(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert cli("init", "poll", "mine").exit == 0
    (tmp_path / "mine" / "app.py").write_text("precious")
    again = cli("init", "poll", "mine", "--json")
    assert (again.exit, again.error["code"]) == (2, "NotEmpty")
    assert (tmp_path / "mine" / "app.py").read_text() == "precious"
    (tmp_path / "file").touch()
    assert cli("init", "poll", "file", "--json").error["code"] == "NotEmpty"


def test_a_template_that_is_not_there_is_said_so(cli: Cli) -> None:
    said = cli("init", "pole", "--json")
    assert (said.exit, said.error["code"]) == (2, "TemplateNotFound")
    assert "poll" in said.error["hint"]
