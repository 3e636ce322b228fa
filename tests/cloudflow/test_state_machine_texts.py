"""State machines as text: good ones survive writing and reading, bad ones are told about with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fnfkit.engine.builtins import BUILTINS
from fnfkit.lang import fdl
from fnfkit.lang.cloudflow import read, write
from fnfkit.lang.cloudflow.schema import FUNCTIONS
from fnfkit.lang.dialects import DIALECTS, dialect_of
from fnfkit.lang.marked import load
from fnfkit.lang.translate import replacing
from fnfkit.model.flow import Flow
from fnfkit.model.problem import Severity
from tests.lang.test_bad_flows import expected

DATA = Path(__file__).parents[1] / "data" / "cloudflow"
GOOD = sorted((DATA / "good").glob("*.yml"))
BAD = sorted((DATA / "bad").glob("*.yml"))
FLOWS = sorted((DATA.parent / "flows" / "good").glob("*.yml"))
good = pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
bad = pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)


def flow_in(text: str) -> Flow:
    reading = read(text)
    assert [problem for problem in reading.problems if problem.id != "S01"] == []
    assert reading.flow is not None
    return reading.flow


@good
def test_writing_and_reading_keeps_the_flow(path: Path) -> None:
    flow = flow_in(path.read_text("utf-8"))
    writing = write(flow)
    assert writing.unsupported == ()
    assert flow_in(writing.text) == flow
    assert write(flow_in(writing.text)).text == writing.text


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_what_flows_become_is_written_as_it_is_read(path: Path) -> None:
    flow = fdl.read(path.read_bytes().decode()).flow
    assert flow is not None
    writing = write(replacing(flow, "flow").flow)
    if writing.unsupported:
        return
    reading = read(writing.text)
    assert reading.errors == ()
    assert reading.flow is not None
    assert write(reading.flow).text == writing.text


@good
def test_other_yaml_readers_see_the_same_types(path: Path) -> None:
    canonical = write(flow_in(path.read_text("utf-8"))).text
    assert yaml.safe_load(canonical) == load(canonical).value


@good
def test_the_definition_tells_its_language(path: Path) -> None:
    text = path.read_text("utf-8")
    assert dialect_of(text) is DIALECTS["cloudflow"]
    assert dialect_of("# Type: StateMachine\n" + "version: v1\ntype: flow\nsteps: []\n") is DIALECTS["fdl"]


@bad
def test_every_problem_is_named_with_its_line(path: Path) -> None:
    text = path.read_text("utf-8")
    reading = read(text)
    found = [
        ((mark.line if (mark := reading.mark(p)) else 0), p.id, f"{p.message} | {p.fix}") for p in reading.problems
    ]
    wanted = expected(text)
    unmet = [want for want in wanted if not any(p[:2] == want[:2] and want[2] in p[2] for p in found)]
    surplus = [p for p in found if not any(p[:2] == want[:2] and want[2] in p[2] for want in wanted)]
    assert wanted
    assert (unmet, surplus) == ([], [])


@bad
def test_what_is_no_error_is_a_warning(path: Path) -> None:
    for problem in read(path.read_text("utf-8")).problems:
        assert (problem.severity is Severity.WARNING) == problem.id.startswith(("S", "W")), problem


@pytest.mark.parametrize("text", ["", "[]", "5", "a: [", "Type: StateMachine\nStates: {}", "States: [[[]]]", "\x00"])
def test_any_text_has_a_reading(text: str) -> None:
    reading = read(text)
    assert reading.errors


def test_too_many_branches() -> None:
    branch = "{StartAt: A, States: [{Type: Succeed, Name: A}]}"
    text = "Type: StateMachine\nSpecVersion: v1\nName: x\nStartAt: P\n"
    text += "States:\n  - Type: Parallel\n    Name: P\n    End: true\n"
    assert read(f"{text}    Branches: [{', '.join([branch] * 50)}]\n").problems == ()
    (problem,) = read(f"{text}    Branches: [{', '.join([branch] * 51)}]\n").problems
    assert (problem.id, "at most 50" in problem.message) == ("E10", True)


def test_the_engine_has_every_function() -> None:
    for name, (least, most) in FUNCTIONS.items():
        builtin = BUILTINS["stringToJson" if name == "fromJSON" else name]
        assert (builtin.least, builtin.most) == (least, most), name


def test_the_printed_trap_is_reported() -> None:
    text = (DATA / "printed" / "state-machine.yml").read_text("utf-8")
    (problem,) = read(text).problems
    assert (problem.id, problem.severity) == ("S07", Severity.WARNING)
    assert "once the call is accepted" in problem.message
    assert read(text.replace("RequestComplete", "WaitForSystemCallback")).problems == ()
