"""Translating flows between the languages: goldens, equivalence, and what cannot be carried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fnfkit.cli.app import run as fnfkit
from fnfkit.cli.equivalence import differences
from fnfkit.cli.migrate import migrate_flow
from fnfkit.lang import asl, cloudflow, fdl
from fnfkit.lang.dialect import Reading
from fnfkit.lang.translate import replacing
from fnfkit.model.expr import Const, Object
from fnfkit.model.flow import Flow, Task
from fnfkit.model.problem import Severity
from tests.engine.driver import answers, drive

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


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_states_behave_like_their_flow(path: Path) -> None:
    migrated = migrate_flow(fdl_flow(path), "asl", "flow", trials=15, seed=1)
    assert migrated.differences == () or path.stem in MIXED_TYPES


LOST = {
    "foreach": "a part of the context that this language does not show",  # the index of an iteration
    "nested": "a wait until an instant",
    "paths": "a part of $context other than the names and the token",
    "stateful_async": "the parameter StatefulAsyncInvocationID",
    "tags": "a target that deployment fills in",
    "waits": "a wait until an instant",
}
"""What CloudFlow has no form for; from there to FDL nothing more is lost."""


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_from_fdl_to_cloudflow_to_fdl_keeps_behaviour(path: Path) -> None:
    """The flow that comes back is compared with the first one, not only with the machine between them."""
    first = fdl_flow(path)
    there = migrate_flow(first, "cloudflow", "flow", trials=0, seed=1)
    assert {lost.feature for lost in there.unsupported} >= ({LOST[path.stem]} if path.stem in LOST else set())
    assert bool(there.unsupported) == (path.stem in LOST)
    if there.unsupported:
        return
    assert there.flow is not None
    back = migrate_flow(there.flow, "fdl", "flow", trials=0, seed=1)
    assert back.unsupported == ()
    assert back.flow is not None
    assert list(differences(first, back.flow, trials=40, seed=1)) == []


FILES = {"cloudflow": "flow.cloudflow.yml", "asl": "flow.asl.json"}
TRACKED = "the parameter StatefulAsyncInvocationID"
AWAITED = "an asynchronous function that is awaited"
"""Amazon States Language awaits a function that was called asynchronously by its token only."""
INEXPRESSIBLE = {
    ("async-invocation", "cloudflow"): TRACKED,
    ("async-invocation", "asl"): AWAITED,
    ("async-tasks", "cloudflow"): TRACKED,
    ("async-tasks", "asl"): AWAITED,
    ("state-machine", "asl"): AWAITED,
}
"""The scenarios that a language cannot express, and why not (cloudflow.md 5.3 has the parameters of functions)."""
WRITTEN_BY_HAND = ("state-machine", "cloudflow")
"""Documented in this language, so the definition is the vendor's and not what a translator makes of a flow."""
ALL_SCENARIOS = sorted(path.parent for path in (ROOT / "templates").glob("*/flow.fdl.yml"))


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("folder", ALL_SCENARIOS, ids=lambda path: path.name)
def test_every_scenario_is_golden_in_every_language_that_can_express_it(folder: Path, language: str) -> None:
    golden = folder / FILES[language]
    migrated = migrate_flow(fdl_flow(folder / "flow.fdl.yml"), language, folder.name, trials=10, seed=1)
    reason = INEXPRESSIBLE.get((folder.name, language))
    assert ({reason} if reason else set()) <= {lost.feature for lost in migrated.unsupported}
    assert golden.exists() == (reason is None)
    if (folder.name, language) == WRITTEN_BY_HAND or reason:
        return
    assert (migrated.unsupported, migrated.differences) == ((), ())
    assert migrated.text == golden.read_text("utf-8"), f"fnfkit migrate --to {language} --out {golden.name}"


def test_the_scenario_that_is_written_by_hand_calls_as_its_flow_does() -> None:
    folder = ROOT / "templates" / WRITTEN_BY_HAND[0]
    machine = cloudflow.read((folder / FILES["cloudflow"]).read_text("utf-8")).flow
    assert machine is not None
    runs = [
        drive(one, {"work": answers({"did": 1})}).start({"n": 3}).run()
        for one in (machine, fdl_flow(folder / "flow.fdl.yml"))
    ]
    assert runs[0].execution.output == runs[1].execution.output == {"did": 1}
    assert len({(str(call.target), call.pattern, str(call.input)) for run in runs for call in run.invokes}) == 1


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


def twice(source: str) -> Flow:
    mappings = f"[{{target: x, source: {source}}}, {{target: x, source: 2}}]"
    step = f"{{type: pass, name: A, outputMappings: {mappings}}}"
    reading = fdl.read(f"version: v1\ntype: flow\nsteps:\n  - {step}\n")
    assert reading.errors == ()
    assert reading.flow is not None
    return reading.flow


@pytest.mark.parametrize(("language", "read"), [("cloudflow", cloudflow.read), ("asl", asl.read)])
@pytest.mark.parametrize("source", ["1", "$local", "$input"])
def test_a_key_that_is_mapped_twice_is_written_once(language: str, read: Callable[[str], Reading], source: str) -> None:
    """Writing it twice made texts that were not written as they are read."""
    migrated = migrate_flow(twice(source), language, "flow", trials=20, seed=1)
    assert (migrated.unsupported, migrated.differences) == ((), ())
    flow = read(migrated.text).flow
    assert flow is not None
    assert {"cloudflow": cloudflow.write, "asl": asl.write}[language](flow).text == migrated.text


def test_a_key_that_is_mapped_twice_may_hide_an_error() -> None:
    (lost,) = migrate_flow(twice("$input.n"), "cloudflow", "flow", trials=0, seed=1).unsupported
    assert lost.feature == "a key that is mapped twice, from a path that may be missing"
