"""Generated tests: they take the paths they are for, they pass, and they fail once the flow does something else."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from fnfkit.testing import Coverage, LocalCloud, generate
from fnfkit.testing.arms import arms
from fnfkit.testing.cov_reports import write_json
from fnfkit.testing.sources import source_of
from fnfkit.testing.taken import taken
from tests.cli.conftest import Cli
from tests.testing.flows import CALL, CALLBACK, EVERYTHING, POLL, PRINTED, TEMPLATES, TRANSACTION

CONDITIONS = """
version: v1
type: flow
steps:
  - type: task
    name: Look
    resourceArn: acs:fc:::services/s/functions/look
    outputMappings: [{target: level, source: $local.reading.level}, {target: state, source: $local.state}]
  - type: choice
    name: Judge
    inputMappings:
      - {target: level, source: $local.level}
      - {target: limit, source: $input.limits.high}
      - {target: state, source: $local.state}
    choices:
      - {condition: '$.level > 41 && $.state == "on"', goto: High}
      - {condition: '$.level == 7', goto: Seven}
      - {condition: '!$.state', goto: Off}
    default: {goto: Other}
  - {type: succeed, name: High}
  - {type: succeed, name: Seven}
  - {type: succeed, name: Off}
  - {type: succeed, name: Other}
"""


@pytest.mark.parametrize(
    "flow",
    [POLL, TRANSACTION, CALLBACK, PRINTED / "booking.fdl.yml", TEMPLATES / "error-handling" / "flow.fdl.yml"],
    ids=lambda path: path.parent.name,
)
def test_every_path_of_the_documented_flows_is_found(flow: Path) -> None:
    made = generate(flow)
    assert made.missing == ()
    found = {arm.key for case in made.cases for arm in taken(source_of(flow).flow, case.played.history)}
    assert found == {arm.key for arm in arms(source_of(flow).flow)}


ROWS = """
version: v1
type: flow
steps:
  - type: foreach
    name: EachRow
    inputMappings: [{target: rows, source: $input.sheet.rows}]
    iterationMapping: {collection: $.rows, item: row, index: number}
    steps:
      - type: choice
        name: Kind
        inputMappings: [{target: kind, source: $input.row.kind}]
        choices:
          - {condition: '$.kind == "skip"', goto: Skipped}
      - type: foreach
        name: EachCell
        inputMappings: [{target: cells, source: $input.row.cells}]
        iterationMapping: {collection: $.cells, item: cell}
        steps:
          - type: choice
            name: Size
            inputMappings: [{target: size, source: $input.cell}]
            choices:
              - {condition: '$.size > 100', goto: Large}
          - {type: pass, name: Small}
          - {type: pass, name: Large}
      - {type: succeed, name: Skipped}
"""

NATIVE = sorted(TEMPLATES.glob("*/native.py"))


def test_what_elements_of_lists_have_is_solved() -> None:
    made = generate(ROWS)
    assert made.missing == ()
    assert any(case.played.input["sheet"]["rows"][0]["cells"] == [101] for case in made.cases if case.played.path[2:])


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: path.parent.name)
def test_every_path_of_flows_in_python_is_found(path: Path) -> None:
    (flow,) = import_module(f"templates.{path.parent.name}.native").app.flows.values()
    assert generate(flow).missing == ()


def test_conditions_are_solved_through_mappings() -> None:
    made = generate(CONDITIONS)
    assert made.missing == ()
    assert {case.played.path[-1] for case in made.cases} == {"High", "Seven", "Off", "Other"}


def test_everything_but_what_takes_a_quarter_of_an_hour_is_found() -> None:
    made = generate(EVERYTHING)
    assert [str(arm) for arm in made.missing] == ["(flow): timeout"]


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_generated_tests_pass_cover_everything_and_notice_changes(tmp_path: Path) -> None:
    flow = tmp_path / "poll.fdl.yml"
    flow.write_text(POLL.read_text("utf-8"))
    (tmp_path / "test_poll.py").write_text(generate(flow).source)
    (tmp_path / "test_call.py").write_text(generate(CALL, name="call").source)
    done = run(tmp_path, "--fnf-cov", "--fnf-cov-fail-under", "90")
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(line.split()[:4] == ["poll", "19", "0", "100.0%"] for line in done.stdout.splitlines())
    flow.write_text(flow.read_text().replace("$.try_count > 3", "$.try_count > 5"))
    changed = run(tmp_path)
    assert changed.returncode == 1
    assert "path: expected" in changed.stdout


def test_tests_that_need_no_cloud_cover_too(tmp_path: Path) -> None:
    source = generate(CALLBACK, file=tmp_path / "test_callback.py").source
    assert "play(FLOW" in source
    (tmp_path / "test_callback.py").write_text(source)
    done = run(tmp_path, "--fnf-cov-fail-under", "100")
    assert done.returncode == 0, done.stdout
    assert any(line.split()[:4] == ["callback", "2", "0", "100.0%"] for line in done.stdout.splitlines()), done.stdout


def test_only_uncovered_paths_get_tests(cloud: LocalCloud, tmp_path: Path, cli: Cli) -> None:
    cloud.stub("StartJob", {"job_id": "1"})
    cloud.stub("GetJobStatus", {"job_status": "success", "try_count": 1})
    coverage = Coverage()
    coverage.add(source_of(POLL), cloud.run(POLL, delay=1).history)
    known, every = set(next(iter(coverage)).counts), {arm.key for arm in arms(source_of(POLL).flow)}
    rest = generate(POLL, covered=known)
    assert {arm.key for case in rest.cases for arm in case.new} == every - known
    assert generate(POLL, covered=every).cases == ()
    write_json(coverage, tmp_path / "cov.json")
    said = cli("tests", POLL, "--coverage", "cov.json", "--json")
    assert said.data["source"] == generate(POLL, covered=known).source  # type: ignore[index]


def test_where_every_path_is_taken_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    coverage = Coverage()
    for case in generate(POLL).cases:
        coverage.add(source_of(POLL), case.played.history)
    write_json(coverage, tmp_path / "cov.json")
    said = cli("tests", POLL, "--coverage", "cov.json", "--out", "test_it.py")
    assert (said.exit, said.out, (tmp_path / "test_it.py").exists()) == (0, "", False)
    assert said.err == "no tests to write: every path is taken\n"


def test_the_command_line(cli: Cli, tmp_path: Path) -> None:
    printed = cli("tests", POLL)
    assert printed.exit == 0
    assert "def test_poll_1_" in printed.out
    assert cli("tests", TEMPLATES / "poll" / "app.py", "--out", "test_poll.py").exit == 0
    assert 'FLOW = """' in (tmp_path / "test_poll.py").read_text()
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "poll.fdl.yml").write_text(POLL.read_text("utf-8"))
    assert cli("tests", "flows/poll.fdl.yml", "--out", "tests/unit/test_file.py").exit == 0
    assert (
        "FLOW = Path(__file__).parent / '../../flows/poll.fdl.yml'\n"
        in (tmp_path / "tests/unit/test_file.py").read_text()
    )
    elsewhere = run(tmp_path / "flows", "../tests/unit/test_file.py")
    assert elsewhere.returncode == 0, elsewhere.stdout
    (tmp_path / "everything.fdl.yml").write_text(EVERYTHING)
    partly = cli("tests", "everything.fdl.yml", "--json")
    assert partly.exit == 1
    assert partly.data["missing"] == ["(flow): timeout"]  # type: ignore[index]
    (tmp_path / "cov.json").write_text(json.dumps({"flows": 3}))
    refused = cli("tests", POLL, "--coverage", "cov.json", "--json")
    assert refused.error["code"] == "NotCoverage"
