"""Translating flows between the languages: goldens, equivalence, and what cannot be carried."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fnfkit.cli.app import run as fnfkit
from fnfkit.cli.equivalence import differences
from fnfkit.cli.migrate import migrate_flow
from fnfkit.lang import cloudflow, fdl
from fnfkit.lang.translate import accumulating, replacing
from fnfkit.model.expr import Const, Object
from fnfkit.model.flow import Flow, Task
from fnfkit.model.problem import Severity

ROOT = Path(__file__).parents[2]
GOOD = sorted((ROOT / "tests/data/flows/good").glob("*.yml"))
TEMPLATES = sorted(path.parent for path in (ROOT / "templates").glob("*/flow.cloudflow.yml"))
SCENARIOS = [path for path in TEMPLATES if path.name != "state-machine"]
"""The one left out is written by hand, as the documentation prints it, and no other cloud has its kind of task."""
MIXED_TYPES = {"goto_loop", "poll", "windows_lines"}
"""Flows whose conditions coerce when generated data has odd types, which choice rules do not."""


def fdl_flow(path: Path) -> Flow:
    reading = fdl.read(path.read_bytes().decode())
    assert reading.flow is not None
    return reading.flow


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_state_machine_behaves_like_its_flow(path: Path) -> None:
    migrated = migrate_flow(fdl_flow(path), "cloudflow", "flow", trials=25, seed=1)
    assert migrated.differences == ()
    if not migrated.unsupported:
        assert migrated.flow is not None
        back = migrate_flow(migrated.flow, "fdl", "flow", trials=25, seed=1)
        assert back.differences == ()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_states_behave_like_their_flow(path: Path) -> None:
    migrated = migrate_flow(fdl_flow(path), "asl", "flow", trials=15, seed=1)
    assert migrated.differences == () or path.stem in MIXED_TYPES


def test_what_is_carried_there_and_back_is_known() -> None:
    lost, kept = set(), set()
    for path in GOOD:
        there = migrate_flow(fdl_flow(path), "cloudflow", "flow", trials=0, seed=1)
        back = migrate_flow(there.flow, "fdl", "flow", trials=0, seed=1) if there.flow else there
        (lost if there.unsupported or back.unsupported else kept).add(path.stem)
    assert lost == {"choice_default_goto", "foreach", "nested", "paths", "stateful_async", "tags", "waits"}
    assert len(kept) > 20


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_the_scenarios_are_golden_in_all_languages(folder: Path) -> None:
    flow = fdl_flow(folder / "flow.fdl.yml")
    for language, file in (("cloudflow", "flow.cloudflow.yml"), ("asl", "flow.asl.json")):
        migrated = migrate_flow(flow, language, folder.name, trials=10, seed=1)
        assert migrated.unsupported == migrated.differences == ()
        assert migrated.text == (folder / file).read_text("utf-8"), f"fnfkit migrate --to {language} --out {file}"


def test_the_state_machine_of_the_documentation_is_well_written() -> None:
    text = (ROOT / "templates/state-machine/flow.cloudflow.yml").read_text("utf-8")
    reading = cloudflow.read(text)
    assert reading.problems == ()
    assert reading.flow is not None
    assert cloudflow.write(reading.flow).text == text


def test_the_check_notices_what_differs() -> None:
    flow = fdl_flow(ROOT / "templates/transaction/flow.fdl.yml")
    other = replace(flow, steps=tuple(replace(s, retry=()) if isinstance(s, Task) else s for s in flow.steps))
    found = next(differences(flow, other, trials=50, seed=1))
    assert "calls" in str(found)
    assert len(found.first.calls) != len(found.second.calls)


def test_a_hand_written_state_machine_says_what_fdl_lacks() -> None:
    reading = cloudflow.read((ROOT / "tests/data/cloudflow/good/order.yml").read_text("utf-8"))
    assert reading.flow is not None
    (lost,) = accumulating(reading.flow).unsupported
    assert "output replaces their input" in lost.feature


def test_the_flows_name_becomes_a_constant() -> None:
    text = "version: v1\ntype: flow\nsteps:\n  - type: pass\n    name: A\n"
    reading = fdl.read(text + "    outputMappings: [{target: f, source: $context.flow.name}]\n")
    assert reading.flow is not None
    machine = cloudflow.write(replacing(reading.flow, "mine").flow)
    assert '\\"f\\": \\"mine\\"' in machine.text
    assert Object((("f", Const("mine")),)) != reading.flow.steps[0].gives


# -- the command


def test_migrate_writes_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "poll.yml"
    source = ROOT / "templates/poll/flow.fdl.yml"
    assert fnfkit(["migrate", str(source), "--to", "cloudflow", "--out", str(target), "--trials", "20"]) == 0
    said = capsys.readouterr()
    assert "20 runs on generated inputs agree (seed 1)" in said.err
    assert cloudflow.read(target.read_text("utf-8")).errors == ()
    assert fnfkit(["migrate", str(target), "--to", "fdl", "--trials", "20"]) == 0
    assert fdl.read(capsys.readouterr().out).errors == ()


def test_migrate_lists_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    source = ROOT / "tests/data/flows/good/waits.yml"
    assert fnfkit(["migrate", str(source), "--to", "cloudflow"]) == 1
    assert "a wait until an instant" in capsys.readouterr().err


def test_migrate_refuses_what_is_there_already(capsys: pytest.CaptureFixture[str]) -> None:
    source = ROOT / "templates/poll/flow.fdl.yml"
    assert fnfkit(["migrate", str(source), "--to", "fdl"]) != 0
    assert "AlreadyThere" in capsys.readouterr().err


def test_every_warning_of_a_translation_is_about_text() -> None:
    for folder in SCENARIOS:
        reading = cloudflow.read((folder / "flow.cloudflow.yml").read_text("utf-8"))
        assert all(problem.severity is Severity.WARNING and problem.id == "S01" for problem in reading.problems)
