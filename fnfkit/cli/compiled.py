"""The flows of a project as the definitions that `fnfkit build` writes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

from fnfkit.cli.projects import ENTRY, project
from fnfkit.cli.refusal import REFUSED, Refusal
from fnfkit.dsl.errors import CompileError
from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.lang.fdl import write
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json

ONLY = "flow.fdl.yml"
"""What the definition of a folder's only flow is called; a flow in a file of that name is called after its folder."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A compiled flow: its name, the file its definition belongs into, the definition, and the flow itself."""

    name: str
    file: Path
    text: str
    flow: Flow


def definitions(given: str) -> list[Definition]:
    """Every flow of a project, compiled and written. Raises `Refusal`."""
    try:
        with project(given) as found:
            flows = list(found.app.flows.values())
            alone = len(flows) == 1 and (Path(given).is_dir() or Path(given).name == ENTRY)
            return [_definition(flow, found.folder / (ONLY if alone else f"{flow.name}.fdl.yml")) for flow in flows]
    except CompileError as error:
        raise Refusal("CompileError", str(error), exit=REFUSED) from error


def _definition(flow: PythonFlow[..., Json] | StepsFlow, file: Path) -> Definition:
    compiled = flow.compile()
    writing = write(compiled.flow)
    if writing.unsupported:
        lost = ", ".join(f"{item.feature} at {'/'.join(map(str, item.path))}" for item in writing.unsupported)
        raise Refusal("Unsupported", f"flow {flow.name}: FDL cannot express {lost}", exit=REFUSED)
    return Definition(flow.name, file, _heading(flow, compiled.file) + writing.text, compiled.flow)


def _heading(flow: PythonFlow[..., Json] | StepsFlow, source: str) -> str:
    told = inspect.cleandoc(flow.body.__doc__ or "").splitlines()
    lines = [*told, f"Written by `fnfkit build` from {Path(source).name}."]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)
