"""Runs the catalogue over what a reader understood of a flow.

A rule that crashes is a finding of its own, X00, so that one bad rule never hides the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from fnfkit.lang.dialect import Reading
from fnfkit.lang.fdl import read
from fnfkit.lint.rule import Finding, Options, Rule, Subject, warn
from fnfkit.lint.rules import CATALOGUE
from fnfkit.model.flow import Flow
from fnfkit.model.problem import Location, Mark, Severity

CRASHED = "X00"
"""The id of the finding that a rule of ours has failed."""

_IGNORE = re.compile(r"#\s*fnfkit:\s*ignore\b(?:\[([A-Za-z0-9,\s]*)\])?")
_STEP_LISTS = ("steps",)
_ALL: frozenset[str] = frozenset({"*"})


def check_text(text: str, options: Options | None = None) -> tuple[Reading, tuple[Finding, ...]]:
    """Read FDL and check it: the reading, for its lines, and the findings in text order."""
    reading = read(text)
    return reading, check(reading, options, source=text)


def check(reading: Reading, options: Options | None = None, *, source: str = "") -> tuple[Finding, ...]:
    """The reader's problems and the findings of every rule, in text order (fdl.md 9).

    `source` is the text the marks point into, FDL or Python: a comment `# fnfkit: ignore[W03]` in it, on the line of a
    finding or on the first line of its step, silences warnings and E2x findings. What the reader calls an error
    cannot be silenced, because the service refuses it too. Never raises.
    """
    options = options or Options()
    findings = list(reading.problems)
    if reading.flow is not None:
        findings += check_flow(reading.flow, options, problems=reading.problems)
    wanted = [finding for finding in findings if finding.id not in options.disable or _is_fixed(finding)]
    return tuple(_in_order(_heard(wanted, reading, source), reading))


def check_flow(
    flow: Flow,
    options: Options | None = None,
    *,
    problems: tuple[Finding, ...] = (),
    rules: Iterable[Rule] | None = None,
) -> list[Finding]:
    """The findings of the rules alone, for a flow that was built rather than read."""
    options = options or Options()
    subject = Subject(flow=flow, problems=problems, options=options)
    findings: list[Finding] = []
    for rule in CATALOGUE.values() if rules is None else rules:
        if rule.check is not None and (not rule.advice or rule.id in options.enable) and rule.id not in options.disable:
            findings += _run(rule, subject)
    return findings


def _run(rule: Rule, subject: Subject) -> list[Finding]:
    if rule.check is None:
        return []
    try:
        return list(rule.check(subject))
    except Exception as error:
        message = f"the rule {rule.id} failed on this flow: {type(error).__name__}: {error}"
        return [warn(CRASHED, (), message, "this is a fault of fnfkit, not of the flow; please report it")]


def _is_fixed(finding: Finding) -> bool:
    """Whether a finding cannot be silenced: the reader's own errors."""
    return finding.severity is Severity.ERROR and not finding.id.startswith("E2")


def _heard(findings: list[Finding], reading: Reading, source: str) -> Iterator[Finding]:
    ignored = _ignored(source)
    if not ignored:
        yield from findings
        return
    for finding in findings:
        lines = {mark.line for mark in _marks(finding, reading) if mark is not None}
        ids = frozenset[str]().union(*(ignored.get(line, frozenset()) for line in lines))
        if _is_fixed(finding) or not ids & {finding.id, "*"}:
            yield finding


def _marks(finding: Finding, reading: Reading) -> tuple[Mark | None, Mark | None]:
    return reading.mark(finding), reading.marks.get(step_of(finding.path))


def step_of(path: Location) -> Location:
    """The location of the innermost step that a location lies in; the document's own where it lies in none."""
    for length in range(len(path), 1, -1):
        if path[length - 2] == "steps" and isinstance(path[length - 1], int):
            return path[:length]
    return ()


def _ignored(source: str) -> dict[int, frozenset[str]]:
    """Line -> the ids that a comment on it silences; `*` for all."""
    if "fnfkit:" not in source:
        return {}
    found: dict[int, frozenset[str]] = {}
    for number, line in enumerate(source.splitlines(), 1):
        if match := _IGNORE.search(line):
            ids = frozenset(id.strip().upper() for id in ("*" if match[1] is None else match[1]).split(","))
            found[number] = ids
    return found


def _in_order(findings: Iterable[Finding], reading: Reading) -> list[Finding]:
    placed = [(finding, reading.mark(finding)) for finding in findings]
    key: Callable[[tuple[Finding, Mark | None]], tuple[int, int, str]] = lambda item: (  # noqa: E731
        item[1].line if item[1] else 0,
        item[1].column if item[1] else 0,
        item[0].id,
    )
    return [replace(finding, mark=mark) for finding, mark in sorted(placed, key=key)]
