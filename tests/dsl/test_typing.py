"""mypy --strict accepts correct programs and rejects wrong ones, line by line."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

from tests.dsl.typing import good

FOLDER = Path(__file__).parent / "typing"
FILES = sorted(FOLDER.glob("[a-z]*.py"))
_EXPECTED = re.compile(r"# E: ([a-z -]+)$")
_REPORTED = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$")


def expected() -> set[tuple[str, int, str]]:
    return {
        (path.name, number, code)
        for path in FILES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (match := _EXPECTED.search(line))
        for code in match[1].split()
    }


def reported() -> set[tuple[str, int, str]]:
    out, err, _ = api.run(["--strict", "--no-error-summary", "--hide-error-context", *map(str, FILES)])
    assert not err
    found = [_REPORTED.match(line) for line in out.splitlines() if ": note: " not in line]
    assert all(found), out
    return {(Path(match["file"]).name, int(match["line"]), match["code"]) for match in found if match}


def test_mypy_complains_in_the_marked_lines_and_nowhere_else() -> None:
    wanted = expected()
    assert len(wanted) > 25
    assert reported() == wanted


def test_the_correct_program_compiles_too() -> None:
    assert good.everything.compile().flow.steps
    assert good.explicit.compile().flow.steps
