"""The flows of a template, looked at before anything is deployed: what the service would refuse is refused here, with
the file and the line it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fnfkit.lang import dialects, ros
from fnfkit.lang.marked import load
from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Mark, Problem
from fnfkit.model.stack import Resource, Sub, Template

_FLOWS = ("ALIYUN::FNF::Flow", "Aliyun::Serverless::Flow")
_PLACE = re.compile(r"\$\{[^!{}][^{}]*\}")
_OPEN = "fnfkit-open"
"""Stands for a substitution while a definition is read."""
_BLOCK = re.compile(r"\|[+-]?\s*(#.*)?$")


def broken_flows(path: Path, text: str, reading: ros.Reading, template: Template) -> Iterator[str]:
    """What is wrong with the definitions of a template, a line each. `template` has the definitions from files in it,
    `text` and `reading` are of the template as it was written."""
    lines = text.splitlines()
    for resource in template.resources:
        definition = resource.properties.get("Definition")
        if resource.type in _FLOWS and isinstance(definition, str | Sub):
            yield from _broken(_Home(path, lines, reading, resource), definition)


def _broken(home: _Home, definition: str | Sub) -> Iterator[str]:
    """What is not written out is not judged: text with a substitution in it may be right once it is filled in."""
    text = _PLACE.sub(_OPEN, definition.text) if isinstance(definition, Sub) else definition
    document, found = load(text), dialects.read(text)
    for problem in found.errors:
        if _OPEN not in str(_at(document.value, problem.path)):
            yield home.told(problem, found.mark(problem))


def _at(value: Json, path: Location) -> Json:
    """The text at a place; None if something else stands there."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value if isinstance(value, str) else None


class _Home:
    """Where the definition of a flow stands: in the template, or in a file that it names."""

    def __init__(self, path: Path, lines: list[str], reading: ros.Reading, resource: Resource) -> None:
        self._path, self._lines, self._reading = path, lines, reading
        self._origin: Location = (*(resource.origin or ("Resources", resource.id)), "Properties")
        written = reading.template.resource(resource.id) if reading.template else None
        uri = written.properties.get("DefinitionUri") if written else None
        inline = written is not None and "Definition" in written.properties
        self._file = path.parent / uri if isinstance(uri, str) and not inline else None

    def told(self, problem: Problem, mark: Mark | None) -> str:
        """A problem with its place and what to do."""
        where = "/".join(map(str, (*self._origin[:2], "Definition", *problem.path)))
        fix = f" ({problem.fix})" if problem.fix else ""
        return f"{self._place(mark)}: {problem.id} {where}: {problem.message}{fix}"

    def _place(self, mark: Mark | None) -> str:
        if self._file is not None:
            return f"{self._file}:{mark.line}:{mark.column}" if mark else str(self._file)
        start = self._start()
        if start is None:
            return str(self._path)
        block = _BLOCK.search(self._lines[start.line - 1]) is not None
        if mark is None or not block:
            return f"{self._path}:{start.line}:{start.column}"
        return f"{self._path}:{start.line + mark.line}:{self._indent(start.line) + mark.column}"

    def _start(self) -> Mark | None:
        for inner in (("Definition", "Fn::Sub"), ("Definition",), ()):
            if mark := self._reading.marks.get((*self._origin, *inner)):
                return mark
        return None

    def _indent(self, line: int) -> int:
        """How far the text of a block is moved right; `line` is the one it begins on."""
        first = next((one for one in self._lines[line:] if one.strip()), "")
        return len(first) - len(first.lstrip())
