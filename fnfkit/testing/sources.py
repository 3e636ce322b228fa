"""Whatever a test calls a flow: a handle, a file, a text, a model, or the name of one that is deployed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.lint.tree import places_of
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json
from fnfkit.model.names import FunctionRef, Target
from fnfkit.model.problem import Location, Mark
from fnfkit.testing.languages import Definition, Untranslatable, definition_of, read, write

AnyFlow: TypeAlias = PythonFlow[..., Json] | StepsFlow | Flow | Path | str
"""A flow: `@app.flow` and `@app.steps` handles, a model, the path of a definition, its text, or a deployed name."""

_SUFFIXES = re.compile(r"\.((fdl|cloudflow|asl)\.)?(ya?ml|json)\Z")
_DEFAULT_NAMES = ("flow", "definition")


class CannotRead(ValueError):
    """What was given is no flow; the message says why and where."""


@dataclass(frozen=True, slots=True)
class Source:
    """A flow with its name, its definition, and where each step was written: `file` is empty for texts and models."""

    name: str
    definition: str
    flow: Flow
    file: str = ""
    marks: Mapping[Location, Mark] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells two definitions of one name apart."""
        return hashlib.sha256(self.definition.encode()).hexdigest()[:16]


def is_definition(text: str) -> bool:
    """Whether a text is a definition rather than the name of a flow."""
    return "\n" in text or ":" in text


def source_of(what: AnyFlow, name: str = "") -> Source:
    """The flow that is meant. Raises `CannotRead`, and `CompileError` for a Python flow that cannot be one."""
    match what:
        case PythonFlow() | StepsFlow():
            found = _compiled(what)
            return replace(found, name=name) if name else found
        case Flow():
            named = what if what.accumulates else replace(what, title=name or what.title or "flow")
            return Source(name or named.title or "flow", written(named), named)
        case Path():
            return _file(what, name)
        case str():
            definition, title = _read(what, "the definition", name or "flow")
            return Source(name or title or "flow", definition.text, definition.flow, "", definition.marks)


@lru_cache(maxsize=256)
def _compiled(handle: PythonFlow[..., Json] | StepsFlow) -> Source:
    compiled = handle.compile()
    return Source(handle.name, written(compiled.flow), compiled.flow, compiled.file, compiled.marks)


def _file(path: Path, name: str) -> Source:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotRead(f"{path} cannot be read: {problem}") from None
    found, title = _read(text, str(path), name or name_of(path))
    return Source(name or title or name_of(path), found.text, found.flow, str(path.absolute()), found.marks)


def name_of(path: Path) -> str:
    """What a flow in a file is called: after the file, or after the folder if the file is called flow.fdl.yml."""
    stem = _SUFFIXES.sub("", path.name)
    return path.resolve().parent.name if stem in _DEFAULT_NAMES else stem


@lru_cache(maxsize=256)
def _read(text: str, where: str, name: str) -> tuple[Definition, str]:
    """A definition, and the name that it gives itself, as state machines do."""
    reading = read(text)
    if reading.flow is None or reading.errors:
        lines = [_complaint(where, reading.mark(problem), problem.id, problem.message) for problem in reading.errors]
        raise CannotRead("\n".join(lines) or f"{where} is no flow")
    try:
        return definition_of(text, reading, reading.flow, name), reading.flow.title
    except Untranslatable as problem:
        raise CannotRead(f"{where}: {problem}") from None


def _complaint(where: str, mark: Mark | None, rule: str, message: str) -> str:
    place = f"{where}:{mark.line}:{mark.column}" if mark else where
    return f"{place}: {rule} {message}"


def written(flow: Flow) -> str:
    """A model as a definition. Raises `CannotRead` if its language cannot express it."""
    try:
        return write(flow)
    except Untranslatable as problem:
        raise CannotRead(str(problem)) from None


def steps_of(source: Source) -> tuple[str, ...]:
    """The names of all steps, in text order."""
    return tuple(dict.fromkeys(place.step.name for place in places_of(source.flow)))


def names_of(target: Target) -> tuple[str, ...]:
    """What a test may call a target: its ARN, `service/function`, and its bare name."""
    if isinstance(target, FunctionRef):
        return (str(target), f"{target.service}/{target.function}", target.function)
    text = str(target)
    return (text, text.removesuffix("/messages").rpartition("/")[2])
