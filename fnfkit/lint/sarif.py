"""Findings as SARIF 2.1.0, the format of code scanning services."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from fnfkit.lint.check import CRASHED
from fnfkit.lint.report import Checked
from fnfkit.lint.rule import Finding, Rule
from fnfkit.lint.rules import CATALOGUE
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
"""Named in the log for its readers; nothing here fetches it."""


def as_sarif(checked: Iterable[Checked], version: str) -> JsonObject:
    """The log of one run of fnfkit, `version` being its own. Only the rules that found something are described."""
    files = list(checked)
    used = sorted({finding.id for file in files for finding in file.findings})
    results = [_result(file, finding, used.index(finding.id)) for file in files for finding in file.findings]
    driver = {"name": "fnfkit", "semanticVersion": version, "rules": [_rule(id) for id in used]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(id: str) -> JsonObject:
    rule = CATALOGUE.get(id)
    if rule is None:
        text = "a rule of fnfkit failed" if id == CRASHED else id
        return {"id": id, "shortDescription": {"text": text}}
    return {
        "id": id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": _help(rule)},
        "defaultConfiguration": {"level": rule.severity.value, "enabled": not rule.advice},
    }


def _help(rule: Rule) -> str:
    return f"{rule.explanation}\nSource: {rule.source}" + (
        f"\n\nInstead of:\n\n{rule.bad}\nwrite:\n\n{rule.good}" if rule.bad else ""
    )


def _result(file: Checked, finding: Finding, index: int) -> JsonObject:
    text = f"{finding.message}. {finding.fix}" if finding.fix else finding.message
    location: JsonObject = {"artifactLocation": {"uri": quote(file.file.replace("\\", "/"))}}
    if finding.mark is not None:
        location["region"] = {"startLine": finding.mark.line, "startColumn": finding.mark.column}
    level = "error" if finding.severity is Severity.ERROR else "warning"
    return {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }
