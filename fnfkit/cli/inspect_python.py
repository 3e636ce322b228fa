"""Checks the flows of a project in Python: what the compiler, the reader and the rules say, at Python lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from fnfkit.cli.files import read_text
from fnfkit.cli.inspection import Inspected
from fnfkit.cli.projects import Project, project
from fnfkit.cli.promising import promises_for, promises_of
from fnfkit.dsl.app import App
from fnfkit.dsl.compile import Compiled
from fnfkit.dsl.errors import CompileError, Diagnostic
from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.lang.dialect import Reading
from fnfkit.lang.fdl import read, write
from fnfkit.lint import Checked, Finding, Options, check
from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Mark, Problem

NOT_A_FLOW = "E13"
"""The rule of what the compiler says."""

Unused: TypeAlias = Callable[[Project], Mapping[str, tuple[tuple[Location, str], ...]]]
"""The rights of a project that no test has used, by flow: the step that asks for each, and what it is."""


def inspect_project(given: str, options: Options, unused: Unused = lambda _: {}) -> list[Inspected]:
    """The findings of every flow of a project. Raises `Refusal` if it cannot be loaded."""
    try:
        with project(given) as found:
            known = replace(options, promises=promises_of(found.app, options.promises))
            idle = unused(found)
            return [
                _inspect(found.app, flow, replace(known, unused=idle.get(flow.name, ())))
                for flow in found.app.flows.values()
            ]
    except CompileError as error:
        return [_refused(error, "")]


def _inspect(app: App, flow: PythonFlow[..., Json] | StepsFlow, options: Options) -> Inspected:
    try:
        compiled = flow.compile()
    except CompileError as error:
        return _refused(error, flow.name)
    scheduled = any(schedule.flow == flow.name for schedule in app.schedules.values())
    told = replace(options, promises=promises_for(flow, options.promises), scheduled=options.scheduled or scheduled)
    text = read_text(Path(compiled.file), "project")
    findings = check(reading_of(compiled), told, source=text)
    return Inspected(Checked(shown(compiled.file), text, findings), compiled.flow, flow.name)


def reading_of(compiled: Compiled) -> Reading:
    """A compiled flow as if it had been read: with what the reader says of its text, at the lines of its Python.

    The service refuses what the reader complains about, wherever the text comes from.
    """
    writing = write(compiled.flow)
    lost = tuple(Problem("E03", item.path, f"FDL cannot express {item.feature}") for item in writing.unsupported)
    problems = tuple(replace(problem, mark=None) for problem in read(writing.text).problems)
    marks: dict[Location, Mark] = {(): _first(compiled), **compiled.marks}
    return Reading(compiled.flow, lost + problems, marks)


def _first(compiled: Compiled) -> Mark:
    return min(compiled.marks.values(), key=lambda mark: mark.line, default=Mark(1, 1))


def _refused(error: CompileError, flow: str) -> Inspected:
    """What the compiler says, as findings; it speaks of one file at a time."""
    file = error.diagnostics[0].file
    text = Path(file).read_text("utf-8") if Path(file).is_file() else ""
    findings = tuple(_finding(diagnostic) for diagnostic in error.diagnostics)
    return Inspected(Checked(shown(file), text, findings), None, flow)


def _finding(diagnostic: Diagnostic) -> Finding:
    mark = Mark(diagnostic.line, diagnostic.column)
    return Problem(NOT_A_FLOW, (), diagnostic.reason, diagnostic.fix, mark=mark)


def shown(file: str) -> str:
    """A file as people call it: from the current folder if it is in there."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
