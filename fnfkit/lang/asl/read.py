"""Amazon States Language, JSONPath, to a flow. Ids of problems are those of the reader of FDL."""

from __future__ import annotations

from fnfkit.lang.asl.schema import ADVICE, FLOW
from fnfkit.lang.asl.states import read_scope
from fnfkit.lang.dialect import Reading
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.marked import load
from fnfkit.model.expr import SCOPE_INPUT
from fnfkit.model.flow import Flow
from fnfkit.model.vocabulary import STATES, Bounds

BOUNDS = Bounds(data_bytes=256 * 1024, longest_wait=365 * 86_400, branches=1_000, concurrency=1_000)
"""Quotas of Step Functions."""


def read(text: str) -> Reading:
    """The flow a state machine of the Amazon States Language defines, and every problem found. Never raises."""
    document = load(text)
    findings = Findings(document.marks, list(document.problems), advice=ADVICE)
    flow = _flow(document.value, findings) if document.readable else None
    return Reading(flow, tuple(findings.problems), document.marks)


def _flow(root: object, findings: Findings) -> Flow | None:
    if not isinstance(root, dict):
        what = "the text is empty" if root is None else f"a state machine must be a mapping, not {kind(root)}"
        findings.error("E01", (), what, "start with `StartAt` and `States`")
        return None
    findings.known(root, FLOW, (), "a state machine")
    if root.get("QueryLanguage", "JSONPath") != "JSONPath":
        findings.error("E01", ("QueryLanguage",), "only JSONPath is supported", "write `QueryLanguage: JSONPath`")
    return Flow(
        steps=read_scope(root, "the state machine", (), findings),
        takes=SCOPE_INPUT,
        timeout=findings.seconds(root, "TimeoutSeconds", ()),
        accumulates=False,
        bounds=BOUNDS,
        words=STATES,
    )
