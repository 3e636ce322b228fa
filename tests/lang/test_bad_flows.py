"""Wrong flows and what is said about them. A line `… #! E05 fragment` expects a problem of that id in that line, with
the fragment in its message or fix; nothing else may be reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fnfkit.lang.fdl import read
from fnfkit.model.problem import Severity

FILES = sorted((Path(__file__).parents[1] / "data" / "flows" / "bad").glob("*.yml"))


def expected(text: str) -> list[tuple[int, str, str]]:
    lines = enumerate(text.split("\n"), start=1)
    return [(number, *found) for number, line in lines for found in re.findall(r"#! (\w\d\d) (.*?)(?= #! |$)", line)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_problem_is_named_with_its_line(path: Path) -> None:
    text = path.read_text("utf-8")
    reading = read(text)
    problems = {
        (mark.line if (mark := reading.mark(p)) else 0, p.id, f"{p.message} | {p.fix}") for p in reading.problems
    }
    wanted = expected(text)
    unmet = [want for want in wanted if not any(p[:2] == want[:2] and want[2] in p[2] for p in problems)]
    surplus = [p for p in problems if not any(p[:2] == want[:2] and want[2] in p[2] for want in wanted)]
    assert wanted
    assert (unmet, surplus) == ([], [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_error_says_how_to_mend_it(path: Path) -> None:
    for problem in read(path.read_text("utf-8")).problems:
        assert problem.message
        assert problem.fix, problem
        assert (problem.severity is Severity.WARNING) == problem.id.startswith("W")


def test_reading_goes_on_after_errors() -> None:
    text = (FILES[0].parent / "step_types.yml").read_text("utf-8")
    flow = read(text).flow
    assert flow is not None
    assert [step.name for step in flow.steps] == ["A", "B", "C", "D", "", "E"]
