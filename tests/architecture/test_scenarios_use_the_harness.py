"""The stories of the scenarios are told on the harness: what it counts and shows, and what users have too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*.py"))
TOLD_BY_FIXTURES = {"Cloud", "LocalCloud", "MemoryStore", "SqliteStore", "CrashingStore", "VirtualClock", "WallClock"}
"""What the fixtures of the harness make; naming them as types is fine."""


def made(source: str) -> Iterator[str]:
    """What a module makes by itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in TOLD_BY_FIXTURES:
                yield name


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenarios_build_no_cloud_and_no_store_themselves(path: Path) -> None:
    assert list(made(path.read_text("utf-8"))) == []


def test_every_scenario_takes_a_fixture_of_the_harness() -> None:
    for path in SCENARIOS:
        functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
        arguments = {argument.arg for function in functions for argument in function.args.args}
        assert arguments & {"cloud", "make_cloud", "stage"}, path


def test_the_check_finds_what_it_looks_for() -> None:
    source = "with Cloud(store=SqliteStore(p)) as c: pass\nx = testing.LocalCloud()\ndef f(c: Cloud) -> None: ...\n"
    assert sorted(made(source)) == ["Cloud", "LocalCloud", "SqliteStore"]
