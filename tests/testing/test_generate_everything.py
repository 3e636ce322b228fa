"""Generated tests for every flow there is: they pass, they take all that can be taken, and say why the rest cannot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from fnfkit.model.flow import Flow
from fnfkit.testing import generate
from fnfkit.testing.arms import arms
from fnfkit.testing.breaking import breakable
from fnfkit.testing.generating import Generated
from fnfkit.testing.sources import source_of
from fnfkit.testing.taken import taken
from tests.cli.conftest import Cli
from tests.lang.flow_strategies import flows
from tests.testing.flows import EVERYTHING, POLL, PRINTED, ROOT, TEMPLATES
from tests.testing.test_generate import run
from tests.testing.test_plugin import coverage_lines
from tests.testing.test_state_machines import MACHINE

ALL = sorted(TEMPLATES.glob("*/flow.fdl.yml")) + sorted(TEMPLATES.glob("*/flow.cloudflow.yml"))

HURRY = """
version: v1
type: flow
timeoutSeconds: 60
steps:
  - {type: task, name: Call, resourceArn: 'acs:fc:::services/s/functions/f'}
"""
WAITS = """
version: v1
type: flow
timeoutSeconds: 60
steps:
  - {type: wait, name: Wait, duration: $.pause}
"""
CIRCLES = """
version: v1
type: flow
timeoutSeconds: 900
steps:
  - {type: wait, name: Wait, duration: 10}
  - {type: task, name: Look, resourceArn: 'acs:fc:::services/s/functions/look', timeoutSeconds: 5}
  - type: choice
    name: Ready
    inputMappings: [{target: status, source: $local.status}]
    choices:
      - {condition: '$.status == "running"', goto: Wait}
  - {type: succeed, name: Done}
"""
BRANCHES = """
version: v1
type: flow
steps:
  - type: parallel
    name: Both
    branches:
      - steps: [{type: task, name: One, resourceArn: 'acs:fc:::services/s/functions/one'}]
      - steps: [{type: task, name: Two, resourceArn: 'acs:fc:::services/s/functions/two'}]
      - steps: [{type: pass, name: Three}]
  - type: foreach
    name: Each
    iterationMapping: {collection: $.items, item: item}
    steps: [{type: task, name: Four, resourceArn: 'acs:fc:::services/s/functions/four'}]
"""
UNREACHABLE = """
version: v1
type: flow
timeoutSeconds: 900
steps:
  - type: task
    name: Call
    resourceArn: acs:fc:::services/s/functions/f
    timeoutSeconds: 5
    retry: [{errors: [Never], maxAttempts: 0}]
    catch:
      - {errors: [FnF.ALL], goto: Caught}
      - {errors: [FC.Unknown], goto: Lonely}
  - type: choice
    name: Kind
    choices:
      - {condition: '$.n > 0 || $.n < 1', goto: Caught}
      - {condition: '$.n > 1 && $.n < 1', goto: Lonely}
    default: {goto: Caught}
  - type: foreach
    name: Lonely
    iterationMapping: {collection: $.items, item: item}
    steps: [{type: pass, name: Inner}]
  - {type: pass, name: Caught}
"""


def names(made: Generated) -> Counter[str]:
    return Counter(str(arm) for case in made.cases for arm in case.new)


@pytest.mark.parametrize("flow", ALL, ids=lambda path: f"{path.parent.name} {path.name.split('.')[1]}")
def test_every_arm_of_every_template_is_taken(flow: Path) -> None:
    made = generate(flow)
    assert made.reasons == {}
    model = source_of(flow).flow
    found = {arm.key for case in made.cases for arm in taken(model, case.played.history)}
    assert found == {arm.key for arm in arms(model)}


def test_the_tests_of_every_template_pass_and_cover_everything(tmp_path: Path) -> None:
    count = 0
    for number, flow in enumerate(ALL):
        made = generate(ROOT / flow, name=flow.parent.name)
        (tmp_path / f"test_flow_{number}.py").write_text(made.source)
        count += len(made.cases)
    done = run(tmp_path, "-o", "addopts=")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout


@pytest.mark.parametrize(
    ("flow", "expected"),
    [(POLL.read_text("utf-8"), ["19", "0", "100.0%"]), (BRANCHES, ["15", "0", "100.0%"])],
    ids=["poll", "branches"],
)
def test_tests_raise_coverage_to_what_can_be_reached(tmp_path: Path, flow: str, expected: list[str]) -> None:
    (tmp_path / "test_mine.py").write_text(generate(flow).source)
    done = run(tmp_path, "--fnf-cov")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[1:4] for line in done.stdout.splitlines() if re.match(r"flow +\d", line)] == [expected]


@pytest.mark.parametrize(
    ("flow", "path"),
    [(HURRY, ["Call"]), (WAITS, ["Wait"]), (CIRCLES, [*["Wait", "Look", "Ready"] * 89, "Wait"])],
    ids=["call", "wait", "circles"],
)
def test_the_time_of_the_whole_flow_runs_out(flow: str, path: list[str], tmp_path: Path) -> None:
    made = generate(flow)
    assert made.reasons == {}
    (case,) = [case for case in made.cases if case.played.status == "TimedOut"]
    assert "(flow): timeout" in [str(arm) for arm in case.new]
    assert case.played.path[: len(path)] == path
    (tmp_path / "test_it.py").write_text(made.source)
    assert run(tmp_path).returncode == 0


def test_branches_and_iterations_fail_in_turn() -> None:
    made = generate(BRANCHES)
    assert made.reasons == {}
    failures = ["Both: failure in branch 1", "Both: failure in branch 2", "Each: failure in an iteration"]
    assert [name for name in names(made) if "failure" in name and name not in failures] == []
    assert all(names(made)[name] == 1 for name in failures)
    assert len(list(breakable(source_of(BRANCHES).flow))) == 3
    everything = {arm.key for arm in arms(source_of(BRANCHES).flow)}
    assert generate(BRANCHES, covered=everything).cases == ()
    rest = generate(BRANCHES, covered={key for key in everything if "Each" not in key and key[1] != "steps/1"})
    assert "Both: failure in branch 1" not in names(rest)


def test_what_cannot_be_reached_is_named_with_the_reason(cli: Cli, tmp_path: Path) -> None:
    made = generate(UNREACHABLE, plays=300)
    assert {str(arm): why for arm, why in made.reasons.items()} == {
        "(flow): timeout": "no execution lasted 900 s, the longest 5 s",
        "Call: retry 1 (Never)": "it allows no attempts",
        "Call: catch 2 (FC.Unknown)": "entries before it take these errors",
        "Call -> Lonely": "nothing took it from there to Lonely in 300 tries",
        "Kind: option 2": "no values were found for which $.n > 1 && $.n < 1 holds while those before it do not",
        "Kind: option default": "one of the options held every time",
        "Kind -> Lonely": "nothing took it from there to Lonely in 300 tries",
        "step Lonely": "none of its ways was taken: Call -> Lonely; Kind -> Lonely",
        "Lonely -> Caught": "step Lonely was not reached",
        "Lonely: items 0": "step Lonely was not reached",
        "Lonely: items 1": "step Lonely was not reached",
        "Lonely: items many": "step Lonely was not reached",
        "step Inner": "step Lonely never began it",
        "Inner -> (end)": "step Inner was not reached",
    }
    printed = {str(arm): why for arm, why in generate(PRINTED / "poll.fdl.yml").reasons.items()}
    assert printed["CheckJobComplete: option 1"] == 'no values were found for which $.status == "success" holds'
    (tmp_path / "flow.fdl.yml").write_text(EVERYTHING)
    said = cli("tests", "flow.fdl.yml", "--out", "test_it.py")
    assert said.exit == 1
    assert "nothing found for (flow): timeout: no execution lasted 900 s, the longest" in said.err


def test_the_same_tests_are_written_again(tmp_path: Path) -> None:
    (tmp_path / "machine.cloudflow.yml").write_text(MACHINE)
    command = [sys.executable, "-m", "fnfkit", "tests", "machine.cloudflow.yml", "--json"]
    written = {
        subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(written) == 1
    assert '"missing":[]' in written.pop().replace(" ", "").replace("\n", "")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(flows())
def test_tests_for_any_flow_do_what_they_say(flow: Flow) -> None:
    made = generate(flow, plays=60)
    known = {arm.key for arm in (*arms(flow), *breakable(flow))}
    found = [arm.key for case in made.cases for arm in case.new]
    assert len(found) == len(set(found))
    assert {*found, *(arm.key for arm in made.missing)} == known
    assert all(made.reasons.values())
    compile(made.source, "generated", "exec")


def test_a_state_machine_is_covered_by_its_tests(tmp_path: Path) -> None:
    made = generate(MACHINE)
    assert made.reasons == {}
    (tmp_path / "test_it.py").write_text(made.source)
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert coverage_lines(done.stdout) == []
