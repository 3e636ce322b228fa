"""The promises of the house: who imports whom, how long a module may be, and what is exported."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fnfkit

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fnfkit"

MATRIX: dict[str, set[str]] = {
    "model": set(),
    "protocol": set(),
    "ports": {"model"},
    "lang": {"model"},
    "engine": {"model"},
    "dsl": {"model"},
    "lint": {"model", "lang"},
    "graph": {"model"},
    "deploy": {"model", "lang", "lint", "dsl", "ports"},
    "workers": {"model", "ports"},
    "aliyun": {"model", "ports", "protocol"},
    "aws": {"model", "ports", "protocol"},
    "cloud": {"model", "lang", "engine", "ports"},
    "server": {"model", "ports", "protocol", "cloud"},
    "cli": {
        *("model", "protocol", "ports", "lang", "engine", "dsl", "lint", "graph", "workers"),
        *("aliyun", "aws", "cloud", "server", "deploy"),
        "testing",
    },
    "testing": {
        *("model", "protocol", "ports", "lang", "engine", "dsl", "lint", "workers"),
        *("cloud", "server"),
    },
    "__main__": {"cli"},
}
"""Package -> the packages it may import. The public façade `fnfkit/__init__` resolves names lazily from any of them."""

EXPORTS = [
    *("FC", "App", "CloudError", "CompileError", "FlowFailed", "FnF", "Steps", "TaskToken", "approval", "catch"),
    *("caught", "context", "elsewhere", "fail", "input", "local", "native", "otherwise", "parallel", "part"),
    *("poll_until", "retry", "saga", "this", "wait", "when"),
]
"""What `fnfkit` offers. Taking a name away breaks users, adding one is a promise: both are made here on purpose."""

LAZY_IMPORTS: dict[str, str] = {
    "fnfkit.cli.main": "answers --version without loading the command line",
    "fnfkit.cli.wiring": "makes each command's objects, so that no command waits for the imports of another",
}
"""The two places where an import inside a function is right: module -> why."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the matrix"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def internal(path: Path) -> set[str]:
    known = {name_of(module) for module in MODULES}
    found = set()
    for name in imports(ast.parse(path.read_text("utf-8"))):
        if name.split(".")[0] == "fnfkit":
            found.add(name if name in known else name.rpartition(".")[0])
    return found - {"fnfkit"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_follow_the_matrix(path: Path) -> None:
    own = package_of(name_of(path))
    if not own:
        return
    others = {package_of(name) for name in internal(path)} - {own}
    assert others <= MATRIX[own], f"{own} may not import {sorted(others - MATRIX[own])}"


def test_every_package_is_in_the_matrix() -> None:
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert packages <= set(MATRIX)


def test_no_import_cycles() -> None:
    graph = {name_of(path): internal(path) for path in MODULES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_imports_inside_functions(path: Path) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside = [
        inner.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, functions)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not inside or name_of(path) in LAZY_IMPORTS, f"imports inside functions at lines {inside}"


def test_the_lazy_imports_are_two_at_most_and_real() -> None:
    assert len(LAZY_IMPORTS) <= 2
    assert set(LAZY_IMPORTS) <= {name_of(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_of_readable_size(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_open_with_a_docstring(path: Path) -> None:
    assert (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").strip()


def test_the_exports_are_pinned_and_each_can_be_had() -> None:
    assert fnfkit.__all__ == EXPORTS
    assert set(EXPORTS) <= set(dir(fnfkit))
    for name in EXPORTS:
        assert getattr(fnfkit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        fnfkit.nonsense  # noqa: B018


def test_importing_the_package_is_light() -> None:
    heavy = ["yaml", "aliyunsdkcore", "uvicorn", "sqlite3", "asyncio", "click", "rich", "orjson", "greenlet"]
    code = f"import sys, fnfkit; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_test_files_have_names_of_their_own() -> None:
    """pytest tells test files of folders that are no packages apart by their names alone."""
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if not (path.parent / "__init__.py").exists()]
    twice = {path.name for path in files if sum(other.name == path.name for other in files) > 1}
    assert not twice
