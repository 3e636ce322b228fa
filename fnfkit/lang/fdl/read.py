"""FDL text to a flow, with every structural error of fdl.md 9 (E01 to E10)."""

from __future__ import annotations

import re
from dataclasses import replace

from fnfkit.lang.dialect import Reading
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.fdl.schema import CATCH, FLOW, RETRY, TOLERATED, VERSIONS
from fnfkit.lang.fdl.sources import FLOW_TAKES, GIVES, read_mappings
from fnfkit.lang.fdl.steps import read_steps
from fnfkit.lang.marked import load
from fnfkit.model.expr import RESULT, SCOPE_INPUT
from fnfkit.model.flow import Flow
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Problem

_ROOT = ("version", "type", "steps")
_MISPLACED = re.compile(rf"\s*({'|'.join({*RETRY, *CATCH} - {'errors'})})\s*:")


def read(text: str) -> Reading:
    """The flow a text of FDL v1 or v1beta1 defines, and every problem found; goes on after an error. Never raises.

    Problems carry the ids of fdl.md 9; E00, E11 and E12 are explained in `findings`.
    """
    document = load(text)
    if not document.readable:
        return Reading(None, tuple(_outdented(text, problem) for problem in document.problems), document.marks)
    findings = Findings(document.marks, list(document.problems))
    flow = _flow(document.value, findings)
    return Reading(flow, tuple(findings.problems), document.marks)


def _flow(root: object, findings: Findings) -> Flow | None:
    if not isinstance(root, dict):
        fix = "start with `version: v1`, `type: flow` and `steps:`"
        what = "the text is empty" if root is None else f"a flow must be a mapping, not {kind(root)}"
        findings.error("E01", (), what, fix)
        return None
    if root.get("Type") == "StateMachine":
        fix = "write `version: v1`, `type: flow` and `steps:`"
        findings.error("E01", (), "this is a CloudFlow state machine, not FDL", fix)
        return None
    if "StartAt" in root and isinstance(root.get("States"), dict):
        fix = "make a flow of it: `fnfkit migrate FILE --to fdl`"
        findings.error("E01", (), "this is Amazon States Language, not FDL", fix)
        return None
    findings.known(root, (*FLOW, *TOLERATED), (), "a flow")
    _header(root, findings)
    steps = findings.list(root, "steps", (), "E01")
    if "steps" not in root:
        findings.error("E01", (), "the flow has no `steps`", "add `steps:` with a list of steps")
    elif steps == []:
        findings.warn("W13", ("steps",), "a flow without steps is not documented", "add a step")
    return Flow(
        takes=read_mappings(root, "inputMappings", (), FLOW_TAKES, findings) or SCOPE_INPUT,
        steps=read_steps(steps or [], ("steps",), findings),
        gives=read_mappings(root, "outputMappings", (), GIVES, findings) or RESULT,
        timeout=findings.seconds(root, "timeoutSeconds", ()),
    )


def _header(root: JsonObject, findings: Findings) -> None:
    for key, allowed in (("version", VERSIONS), ("type", ("flow",))):
        value = root.get(key)
        if key not in root:
            findings.error("E01", (), f"the flow has no `{key}`", f"add `{key}: {allowed[0]}`")
        elif not isinstance(value, str) or value not in allowed:
            fix = (findings.meant(value, allowed) if isinstance(value, str) else "") or f"write `{key}: {allowed[0]}`"
            findings.error("E01", (key,), f"`{key}` must be {' or '.join(allowed)}, not {kind(value)}", fix)


def _outdented(text: str, problem: Problem) -> Problem:
    """The layout the vendor's documents lost does not parse at all (fdl.md 8, no. 4)."""
    lines = text.splitlines()
    if problem.mark is None or problem.mark.line > len(lines):
        return problem
    match = _MISPLACED.match(lines[problem.mark.line - 1])
    if match is None:
        return problem
    return replace(problem, fix=f"move `{match[1]}` to the column of `errors`: it is its neighbour, not an item of it")
