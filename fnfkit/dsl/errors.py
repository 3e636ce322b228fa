"""What the compiler says when a flow cannot be: file, line, caret, the reason and the way out."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from linecache import getline
from traceback import extract_tb
from types import CodeType
from typing import Protocol


class Node(Protocol):
    """Anything of a syntax tree that knows where it stands."""

    lineno: int
    col_offset: int
    end_col_offset: int | None
    end_lineno: int | None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint: `line` and `column` are 1-based, `length` is the width of the caret's underline."""

    file: str
    line: int
    column: int
    length: int
    text: str
    reason: str
    fix: str

    def __str__(self) -> str:
        shown = self.text.rstrip()
        caret = " " * (self.column - 1) + "^" * max(1, min(self.length, len(shown) - self.column + 1))
        lines = [f"{self.file}:{self.line}:{self.column}: {self.reason}", f"    {shown}", f"    {caret}"]
        return "\n".join([*lines, f"  try: {self.fix}"] if self.fix else lines)


class CompileError(Exception):
    """A flow cannot be compiled. `diagnostics` holds every reason that was found, in source order."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics


def raised_in(code: CodeType, error: Exception) -> Diagnostic:
    """An exception of a function's own as a complaint, at the last line of its file that the exception has passed."""
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename == code.co_filename]
    line = (frames[-1].lineno if frames else None) or code.co_firstlineno
    text = getline(code.co_filename, line).rstrip()
    told = str(error)
    reason = told if isinstance(error, TypeError) and told.startswith("step ") else f"{type(error).__name__}: {told}"
    return Diagnostic(code.co_filename, line, len(text) - len(text.lstrip()) + 1, len(text.strip()), text, reason, "")


class Complaint(Exception):
    """Raised inside the compiler at the node that is to blame."""

    def __init__(self, node: Node, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason
        self.fix = fix


_IN_A_FUNCTION = "put it in a function and call that"

STATEMENTS: dict[type[ast.stmt], tuple[str, str]] = {
    ast.For: (
        "a loop over a list runs its steps one after another, which FDL has no step for",
        "write [f(x=item) for item in items], which runs in parallel, or ask a function for one item after another",
    ),
    ast.AugAssign: ("FDL has no arithmetic", f"{_IN_A_FUNCTION}: count = next_count(count=count).count"),
    ast.FunctionDef: (
        "a function cannot be made inside a flow",
        "define it beside the flow, with @app.function or @part",
    ),
    ast.ClassDef: ("a class cannot be made inside a flow", "define it beside the flow"),
    ast.Raise: ("a step can only fail with constants", 'write fail("Error", "cause")'),
    ast.Assert: ("FDL has no assertions", 'write if ...: fail("Error", "cause")'),
    ast.Delete: ("a key of $local cannot be removed", "leave it; only what the flow returns is its output"),
    ast.Global: ("a flow has no variables outside itself", "pass the value in and return it"),
    ast.Nonlocal: ("a flow has no variables outside itself", "pass the value in and return it"),
    ast.Import: ("an import is no step", "import at the top of the file"),
    ast.ImportFrom: ("an import is no step", "import at the top of the file"),
    ast.Match: ("FDL chooses by conditions only", "write if / elif / else"),
    ast.AsyncFor: ("a flow is not asynchronous Python", "write plain calls; parallel(...) runs them side by side"),
    ast.AsyncWith: ("a flow is not asynchronous Python", "write plain calls; parallel(...) runs them side by side"),
    ast.AsyncFunctionDef: ("a function cannot be made inside a flow", "define it beside the flow"),
    ast.TryStar: ("a step fails with one error, never with a group", "write except"),
}

EXPRESSIONS: dict[type[ast.expr], tuple[str, str]] = {
    ast.BinOp: ("FDL has no arithmetic", _IN_A_FUNCTION),
    ast.UnaryOp: ("FDL has no arithmetic", _IN_A_FUNCTION),
    ast.JoinedStr: ("FDL cannot build strings", _IN_A_FUNCTION),
    ast.NamedExpr: ("a value is assigned in a statement of its own", "write the assignment on the line before"),
    ast.Lambda: ("a lambda is no value of a flow", "define a function beside the flow, with @app.function"),
    ast.DictComp: ("FDL has no step that builds an object key by key", _IN_A_FUNCTION),
    ast.SetComp: ("JSON has no sets", "write a list comprehension"),
    ast.GeneratorExp: ("a generator is no value of a flow", "write a list comprehension"),
    ast.Set: ("JSON has no sets", "write a list"),
    ast.Await: ("a flow is not asynchronous Python", "write the call without await"),
    ast.Yield: ("a flow gives its result once", "write return"),
    ast.YieldFrom: ("a flow gives its result once", "write return"),
    ast.Starred: ("FDL names every key of a mapping", "write the arguments one by one"),
    ast.List: ("FDL cannot build a list from values", "have a function return the list, or use parallel(...)"),
    ast.Tuple: ("FDL cannot build a list from values", "have a function return the list, or use parallel(...)"),
    ast.Slice: ("FDL has no documented slices", _IN_A_FUNCTION),
}


def unsupported(node: ast.stmt | ast.expr) -> Complaint:
    """The complaint about a construct that FDL has nothing for."""
    table: dict[type[ast.stmt], tuple[str, str]] | dict[type[ast.expr], tuple[str, str]]
    table = STATEMENTS if isinstance(node, ast.stmt) else EXPRESSIONS
    reason, fix = table.get(type(node), (f"FDL has nothing for {type(node).__name__}", _IN_A_FUNCTION))  # type: ignore[arg-type]
    return Complaint(node, reason, fix)
