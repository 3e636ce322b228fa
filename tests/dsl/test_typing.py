"""mypy --strict and pyright accept correct programs and reject wrong ones, line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from mypy import api

from tests.dsl.typing import good

FOLDER = Path(__file__).parent / "typing"
ROOT = Path(__file__).parents[2]
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


def reported_by_pyright() -> set[tuple[str, int]]:
    """The lines of errors, with the rules of pyright's standard mode."""
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--level", "error", *map(str, FILES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] >= len(FILES), done.stderr
    return {(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in found["generalDiagnostics"]}


def test_pyright_complains_in_the_marked_lines_and_nowhere_else() -> None:
    assert reported_by_pyright() == {(name, line) for name, line, _ in expected()}


def test_the_apps_of_the_templates_are_typed() -> None:
    """One run for each: they are modules of one name."""
    apps = [app for app in sorted((ROOT / "templates").glob("*/*.py")) if app.name in ("app.py", "native.py")]
    assert len(apps) >= 10
    told = ["--strict", "--no-error-summary", "--hide-error-context"]
    said = [api.run([*told, str(app)])[0] for app in apps]
    assert not any(said), "".join(said)


def test_mypy_complains_in_the_marked_lines_and_nowhere_else() -> None:
    wanted = expected()
    assert len(wanted) > 25
    assert reported() == wanted


def test_the_correct_program_compiles_too() -> None:
    assert good.everything.compile().flow.steps
    assert good.explicit.compile().flow.steps
