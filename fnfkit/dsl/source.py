"""The source of a function: its syntax tree with the positions of the file it stands in."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fnfkit.dsl.errors import CompileError, Diagnostic, Node
from fnfkit.model.json import Json


@dataclass(frozen=True, slots=True)
class Source:
    """A file, its lines, and the definition that is compiled."""

    file: str
    lines: tuple[str, ...]
    node: ast.FunctionDef

    def diagnostic(self, node: Node, reason: str, fix: str) -> Diagnostic:
        """A complaint about a node."""
        text = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        prefix = len(text.encode()[: node.col_offset].decode(errors="replace"))
        end = node.end_col_offset if node.end_lineno == node.lineno and node.end_col_offset else len(text)
        return Diagnostic(self.file, node.lineno, prefix + 1, end - node.col_offset, text, reason, fix)


def source_of(function: Callable[..., Json]) -> Source:
    """The source of a function. CompileError if there is no file to read it from."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = tuple(linecache.getlines(code.co_filename, function.__globals__))
    node = _definitions("".join(lines)).get((code.co_name, code.co_firstlineno)) if lines else None
    if isinstance(node, ast.AsyncFunctionDef):
        reason, fix = (
            "a flow is not asynchronous Python",
            "write def and plain calls; parallel(...) runs them side by side",
        )
        found = Diagnostic(code.co_filename, node.lineno, 1, len("async def"), lines[node.lineno - 1], reason, fix)
        raise CompileError((found,))
    if node is None:
        reason = f"the source of {code.co_name} cannot be read"
        fix = "keep the flow in a file; a flow that is typed into a prompt has no source"
        raise CompileError((Diagnostic(code.co_filename, code.co_firstlineno, 1, 1, "", reason, fix),))
    return Source(code.co_filename, lines, node)


@lru_cache(maxsize=16)
def _definitions(text: str) -> Mapping[tuple[str, int], ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file by its name and its first line, decorators included."""
    found: dict[tuple[str, int], ast.FunctionDef | ast.AsyncFunctionDef] = {}
    bodies: list[list[ast.stmt]] = [ast.parse(text).body]
    while bodies:
        for node in bodies.pop():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                found[node.name, first] = node
            for field in ("body", "orelse", "finalbody", "handlers"):
                if isinstance(body := getattr(node, field, None), list):
                    bodies.append(body)
    return found
