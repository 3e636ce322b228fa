"""One flow, from a definition or from a project in Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fnfkit.cli.files import read_text
from fnfkit.cli.inspection import is_python
from fnfkit.cli.refusal import REFUSED, Refusal
from fnfkit.cli.sources import read_definition, refuse_errors
from fnfkit.cli.wiring import project_definitions
from fnfkit.lang.dialects import read, read_any
from fnfkit.model.flow import Flow

if TYPE_CHECKING:
    from fnfkit.cli.compiled import Definition


def flow_named(given: str, name: str | None = None) -> tuple[str, Flow]:
    """The name of a flow and the flow. `name` chooses one of a project. Raises `Refusal`."""
    if is_project(given):
        found = _chosen(given, name)
        return found.name, found.flow
    return flow_of(Path(given))


def text_named(given: str, name: str | None = None, *, check: bool = True) -> str:
    """The definition of a flow as the service takes it; a project in Python is compiled. Raises `Refusal`."""
    if not is_project(given):
        return read_definition(Path(given), check=check)
    found = _chosen(given, name)
    refuse_errors(Path(given), found.text, read(found.text))
    return found.text


def is_project(given: str) -> bool:
    """Whether a project in Python is meant rather than a definition."""
    return is_python(given) or Path(given).is_dir()


def flow_of(path: Path) -> tuple[str, Flow]:
    """The name of the flow in a definition, after its file or after its folder if the file is called flow, and the
    flow. Raises `Refusal`."""
    text = read_text(path, "definition")
    reading = read_any(text)
    refuse_errors(path, text, reading)
    if reading.flow is None:
        raise Refusal("InvalidDefinition", f"{path} holds no flow")
    stem = path.name.partition(".")[0]
    return (path.resolve().parent.name if stem in ("flow", "definition") else stem), reading.flow


def _chosen(given: str, name: str | None) -> Definition:
    found = {one.name: one for one in project_definitions()(given)}
    if not found:
        raise Refusal("NoFlows", f"{given} has no flows", exit=REFUSED)
    if name is None and len(found) > 1:
        raise Refusal("SeveralFlows", f"{given} has {len(found)} flows", f"choose one: --flow {' | '.join(found)}")
    chosen = name or next(iter(found))
    if chosen not in found:
        raise Refusal("FlowNotFound", f"{given} has no flow {chosen}", f"there are {', '.join(found)}")
    return found[chosen]
