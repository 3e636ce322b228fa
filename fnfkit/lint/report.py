"""Shows findings: as text with the line and a caret, and as JSON with a stable shape.

Rules know places; here they become lines. Text is plain, without colours; whoever prints it may add them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from fnfkit.lint.check import step_of
from fnfkit.lint.rule import Finding
from fnfkit.lint.rules import CATALOGUE
from fnfkit.lint.tree import places_of
from fnfkit.model.flow import Flow
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Location, Severity

FORMAT = 1
"""The version of the JSON report; it changes when a field changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One checked file: its name as the user gave it, its text, and its findings with their marks."""

    file: str
    text: str
    findings: tuple[Finding, ...]


def render_text(checked: Iterable[Checked]) -> str:
    """The findings one after the other, each with its line, and the count at the end; empty without findings."""
    files = list(checked)
    blocks = [_block(file, finding) for file in files for finding in file.findings]
    return "\n".join([*blocks, summary(files)]) + "\n" if blocks else ""


def summary(checked: Iterable[Checked]) -> str:
    """How many errors and warnings there are, e.g. `1 error, 2 warnings`."""
    found = [finding.severity for file in checked for finding in file.findings]
    counts = ((found.count(Severity.ERROR), "error"), (found.count(Severity.WARNING), "warning"))
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count) or "no findings"


def _block(file: Checked, finding: Finding) -> str:
    line, column = _place(finding)
    where = f"{file.file}:{line}:{column}" if line else file.file
    head = f"{where}: {finding.severity.value}[{finding.id}] {finding.message}"
    fix = f"    try: {finding.fix}" if finding.fix else ""
    return "\n".join(filter(None, (head, *_excerpt(file.text, line, column), fix))) + "\n"


def _place(finding: Finding) -> tuple[int, int]:
    return (finding.mark.line, finding.mark.column) if finding.mark else (0, 0)


def _excerpt(text: str, line: int, column: int) -> Iterator[str]:
    lines = text.splitlines()
    if not 0 < line <= len(lines):
        return
    source = lines[line - 1].expandtabs(1)
    number = f"{line:>5}"
    yield f"{number} | {source}"
    yield f"{' ' * len(number)} | {' ' * (column - 1)}^"


def as_json(checked: Iterable[Checked], flows: Iterable[Flow | None] = ()) -> JsonObject:
    """The report as data: `{"format", "errors", "warnings", "findings": [{"file", "id", "severity", "title", "message",
    "fix", "path", "step", "line", "column"}]}`.

    `step` names the innermost step if `flows`, in the order of the files, are given, else it is null. `line` and
    `column` count from 1 and are null where the place is not known.
    """
    files = list(checked)
    pairs = zip_longest(files, flows)
    findings = [_as_object(file, finding, flow) for file, flow in pairs if file for finding in file.findings]
    severities = [finding["severity"] for finding in findings]
    return {
        "format": FORMAT,
        "errors": severities.count("error"),
        "warnings": severities.count("warning"),
        "findings": findings,
    }


def _as_object(file: Checked, finding: Finding, flow: Flow | None) -> JsonObject:
    rule = CATALOGUE.get(finding.id)
    return {
        "file": file.file,
        "id": finding.id,
        "severity": finding.severity.value,
        "title": rule.title if rule else "",
        "message": finding.message,
        "fix": finding.fix,
        "path": list(finding.path),
        "step": step_name(flow, finding.path) if flow is not None else None,
        "line": finding.mark.line if finding.mark else None,
        "column": finding.mark.column if finding.mark else None,
    }


def step_name(flow: Flow, path: Location) -> str | None:
    """The name of the innermost step a location lies in, None if it lies in none."""
    at = step_of(path)
    return next((place.step.name for place in places_of(flow) if place.at == at), None) if at else None
