"""The engine runs every language and names none: what differs is data on the flow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = sorted((Path(__file__).parents[2] / "fnfkit" / "engine").rglob("*.py"))
NAMES = re.compile(
    r"(?i)(?<![a-z])(fdl|cloud_?flow|asl|amazon|aws|state[ _]?machine|states[ _]language)(?![a-z])(?!\.md)"
)
"""Names of languages; `fdl.md 3.6` cites a section of a reference and names none."""


def named(line: str) -> list[str]:
    """The languages a line names, also as parts of a name such as `isCloudFlow`."""
    return NAMES.findall(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", line))


def docstrings(tree: ast.AST) -> set[int]:
    """The lines of docstrings, which may explain where a rule comes from."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def code(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text("utf-8")
    explained = docstrings(ast.parse(text))
    for number, line in enumerate(text.splitlines(), 1):
        if number not in explained:
            yield number, re.sub(r"\s#.*", "", line)


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.stem)
def test_no_line_of_code_names_a_dialect(path: Path) -> None:
    assert [(number, line) for number, line in code(path) if named(line)] == []


def test_the_search_finds_names() -> None:
    assert named("if dialect == 'fdl':")
    assert named("from fnfkit.lang.cloudflow import x")
    assert named("if flow.isCloudFlow:")
    assert named("class StateMachineRun:")
    assert named("read_asl = 1")
    assert not named('raise EvaluationError("too deep (fdl.md 6.5)")')
    assert not named("self.states = TranslatedHaste()")
