"""Flows and the FDL they become. `pytest --accept` rewrites the texts."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from fnfkit import App
from fnfkit.lang.fdl.read import read
from fnfkit.lang.fdl.write import write
from fnfkit.model.flow import bodies
from fnfkit.model.problem import Location

GOLDENS = Path(__file__).parent / "goldens"
CASES = sorted(path.stem for path in GOLDENS.glob("[a-z]*.py"))


def app_of(case: str) -> App:
    app = importlib.import_module(f"tests.dsl.goldens.{case}").app
    assert isinstance(app, App)
    return app


@pytest.mark.parametrize("case", CASES)
def test_a_flow_becomes_the_golden_text(case: str, accept: bool) -> None:
    flow = app_of(case).flows[case]
    written = write(flow.compile().flow)
    assert not written.unsupported
    golden = GOLDENS / f"{case}.fdl.yml"
    if accept:
        golden.write_text(written.text, "utf-8")
    assert golden.read_text("utf-8") == written.text


@pytest.mark.parametrize("case", CASES)
def test_the_text_reads_back_as_the_same_flow(case: str) -> None:
    compiled = app_of(case).flows[case].compile()
    reading = read(write(compiled.flow).text)
    assert not reading.errors
    assert reading.flow == compiled.flow


@pytest.mark.parametrize("case", CASES)
def test_every_step_is_marked_with_a_line_of_the_source(case: str) -> None:
    compiled = app_of(case).flows[case].compile()
    lines = len(Path(compiled.file).read_text("utf-8").splitlines())
    text_marks = read(write(compiled.flow).text).marks
    for place in places(compiled.flow.steps, ("steps",)):
        assert place in text_marks, "marks are in the order of the written text"
        mark = compiled.marks[place]
        assert 1 <= mark.line <= lines


def places(steps: tuple[object, ...], at: Location) -> list[Location]:
    """The locations of all steps, as a reader of the text numbers them."""
    found: list[Location] = []
    for position, step in enumerate(steps):
        place = (*at, position)
        found.append(place)
        for location, body in zip(_bodies_at(step), bodies(step), strict=True):  # type: ignore[arg-type]
            found += places(body, (*place, *location, "steps"))
    return found


def _bodies_at(step: object) -> list[Location]:
    kind = type(step).__name__
    if kind == "Choice":
        options: list[Location] = [("choices", number) for number in range(len(step.options))]  # type: ignore[attr-defined]
        return [*options, ("default",)] if step.default else options  # type: ignore[attr-defined]
    if kind == "Parallel":
        return [("branches", number) for number in range(len(step.branches))]  # type: ignore[attr-defined]
    return [()] if kind == "Foreach" else []
