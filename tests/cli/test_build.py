"""`fnfkit build`: every template's definition is what its app.py compiles to; `pytest --accept` rewrites them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnfkit.cli.compiled import ONLY, definitions
from fnfkit.cli.projects import project
from fnfkit.lang.fdl import read
from fnfkit.testing import LocalCloud
from tests.cli.conftest import FUNCTIONS, ROOT, TEMPLATES, Cli

NAMES = sorted(path.parent.name for path in TEMPLATES.glob("*/app.py"))
INPUTS = [
    (path.parent.name, given) for path in sorted(TEMPLATES.glob("*/native.py")) for given in path.parent.glob("i*.json")
]
APP = """\
from fnfkit import App, wait

app = App("pauses")


@app.flow
def pause() -> None:
    \"\"\"Waits.

    For a minute.
    \"\"\"
    wait(seconds=60)
"""
STEPS = """\
from fnfkit import App, Steps

app = App("pauses")


@app.steps
def pause(f: Steps) -> None:
    f.wait("Pause", seconds=200_000)
"""
SECOND = "\n\n@app.flow\ndef rest() -> None:\n    wait(seconds=3600)\n"


def test_every_template_has_an_app() -> None:
    assert sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_definition_of_a_template_is_what_its_app_compiles_to(name: str, request: pytest.FixtureRequest) -> None:
    (made,) = definitions(str(TEMPLATES / name))
    assert made.file == TEMPLATES / name / ONLY
    if request.config.getoption("--accept"):
        made.file.write_text(made.text, "utf-8")
    assert made.file.read_text("utf-8") == made.text
    assert read(made.text).flow == made.flow


@pytest.mark.parametrize(("name", "given"), INPUTS, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_the_native_flow_of_a_template_does_the_same(name: str, given: Path) -> None:
    ended = []
    for file in ("app.py", "native.py"):
        with LocalCloud() as cloud, project(str(TEMPLATES / name / file)) as found:
            cloud.deploy(found.app, root=ROOT)
            (flow,) = found.app.flows
            run = cloud.run(flow, json.loads(given.read_text("utf-8")))
            calls = [(call.step, call.target) for call in run.calls()]
            told = {key: value for key, value in (run.output or {}).items() if value is not None}
            ended.append((run.status, run.error, cloud.elapsed, [target for _, target in calls], told.get("errCode")))
    assert ended[0] == ended[1]


def test_building_writes_what_has_changed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    assert cli("build").out == "flow.fdl.yml written\n"
    text = (tmp_path / "flow.fdl.yml").read_text()
    assert text.startswith("# Waits.\n#\n# For a minute.\n# Written by `fnfkit build` from app.py.\nversion: v1\n")
    assert cli("build", ".").out == "flow.fdl.yml up to date\n"
    assert cli("build", "app.py", "--check").exit == 0
    (tmp_path / "app.py").write_text(APP.replace("60", "61"))
    late = cli("build", "--check")
    assert (late.exit, late.out) == (1, "flow.fdl.yml out of date\n")
    assert (tmp_path / "flow.fdl.yml").read_text() == text


def test_several_flows_are_written_by_name(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP + SECOND)
    data = cli("build", ".", "--out", "made", "--json").data
    assert data == [
        {"flow": "pause", "file": "made/pause.fdl.yml", "state": "written"},
        {"flow": "rest", "file": "made/rest.fdl.yml", "state": "written"},
    ]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["pause.fdl.yml", "rest.fdl.yml"]


def test_what_is_built_runs(cli: Cli, tmp_path: Path) -> None:
    assert cli("build", TEMPLATES / "poll", "--out", ".").exit == 0
    said = cli("run", "flow.fdl.yml", "--input", '{"delay": 5}', "--functions", FUNCTIONS, "--json")
    assert said.data["status"] == "Succeeded"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        (
            APP.replace("wait(seconds=60)", "wait(seconds=60 * seconds)").replace("()", "(seconds: int)"),
            "CompileError",
            "app.py:12:",
        ),
        (STEPS, "InvalidFlow", "app.py:8:1: error[E"),
    ],
)
def test_flows_with_errors_are_not_written(cli: Cli, tmp_path: Path, text: str, code: str, part: str) -> None:
    (tmp_path / "app.py").write_text(text)
    said = cli("build", "--json")
    assert (said.exit, said.error["code"]) == (1, code)
    assert part in said.error["message"]
    assert not (tmp_path / "flow.fdl.yml").exists()


def test_a_folder_that_cannot_be_written_is_said_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "made").write_text("a file")
    assert cli("build", "--out", "made", "--json").error["code"] == "Unwritable"
