"""Flows with the findings they must give, and flows that must give none.

A comment `# W02 text` at the end of a line expects a finding of that id, on that line, that says `text` in its message
or its fix. A line `# given: {...}` declares what is known beyond the text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fnfkit.lint import Finding, Options, Promises, check_text, from_samples, from_schema

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "lint"
GOOD = [*sorted((DATA / "good").glob("*.yml")), *sorted((ROOT / "templates").rglob("*.fdl.yml"))]
BAD = sorted((DATA / "bad").glob("*.yml"))
EXPECTED = re.compile(r"# ([EW]\d\d) ([^#]+)")


def options(text: str) -> Options:
    match = re.search(r"^# given: (.*)$", text, re.MULTILINE)
    given = json.loads(match[1]) if match else {}
    promises = {
        "results": {name: from_samples(samples) for name, samples in given.get("results", {}).items()},
        "parameters": {name: from_schema(schema) for name, schema in given.get("parameters", {}).items()},
        **({"input": from_samples(given["input"])} if "input" in given else {}),
    }
    return Options(promises=Promises(**promises), scheduled=given.get("scheduled", False))


def expected(text: str) -> set[tuple[int, str, str]]:
    lines = enumerate(text.splitlines(), 1)
    return {(number, id, part.strip()) for number, line in lines for id, part in EXPECTED.findall(line)}


def line(finding: Finding) -> int:
    assert finding.mark is not None
    return finding.mark.line


@pytest.mark.parametrize("path", GOOD, ids=lambda path: str(path.relative_to(ROOT)))
def test_good_flows_have_no_finding(path: Path) -> None:
    text = path.read_text("utf-8")
    assert check_text(text, options(text))[1] == ()


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_flows_have_exactly_the_expected_findings(path: Path) -> None:
    text = path.read_text("utf-8")
    findings = check_text(text, options(text))[1]
    wanted = expected(text)
    assert wanted, "a bad flow says what is bad"
    assert {(line(finding), finding.id) for finding in findings} == {(number, id) for number, id, _ in wanted}
    for number, id, part in wanted:
        told = [f"{one.message} / {one.fix}" for one in findings if (line(one), one.id) == (number, id)]
        assert any(part in words for words in told), f"line {number}: {id} does not say {part!r} but {told}"
