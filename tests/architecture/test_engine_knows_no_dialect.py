"""The engine runs every language and names none: what differs is data on the flow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = sorted((Path(__file__).parents[2] / "fnfkit" / "engine").glob("*.py"))
NAMES = re.compile(r"(?i)(?<![a-z])(fdl|cloudflow|asl|amazon|aws|state ?machine|states language)(?![a-z])(?!\.md)")
"""Names of languages; `fdl.md 3.6` cites a section of a reference and names none."""


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
    assert [(number, line) for number, line in code(path) if NAMES.search(line)] == []


def test_the_search_finds_names() -> None:
    assert NAMES.search("if dialect == 'fdl':")
    assert NAMES.search("from fnfkit.lang.cloudflow import x")
    assert not NAMES.search('raise EvaluationError("too deep (fdl.md 6.5)")')
