"""CloudFlow text to a flow, with every structural error of cloudflow.md 11.

Ids are those of the reader of FDL where they fit (E00 to E12); warnings have ids of their own, from S01. The states
of a scope stand in the model with the one of StartAt first, since their order in the text means nothing.
"""

from __future__ import annotations

from fnfkit.lang.cloudflow.schema import ADVICE, DATA_BYTES, FLOW, LONGEST_WAIT, MOST_BRANCHES, MOST_PARALLEL_ITEMS
from fnfkit.lang.cloudflow.states import read_scope
from fnfkit.lang.dialect import Reading
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.lang.marked import load
from fnfkit.model.expr import SCOPE_INPUT
from fnfkit.model.flow import Flow
from fnfkit.model.json import JsonObject
from fnfkit.model.vocabulary import STATES, Bounds

BOUNDS = Bounds(
    data_bytes=DATA_BYTES,
    shortest_wait=1,
    longest_wait=LONGEST_WAIT,
    branches=MOST_BRANCHES,
    concurrency=MOST_PARALLEL_ITEMS,
)
"""cloudflow.md 8.2."""


def read(text: str) -> Reading:
    """The flow a state machine of CloudFlow defines, and every problem found. Never raises."""
    document = load(text)
    findings = Findings(document.marks, list(document.problems), advice=ADVICE)
    flow = _flow(document.value, findings) if document.readable else None
    return Reading(flow, tuple(findings.problems), document.marks)


def is_state_machine(root: object) -> bool:
    """Whether a document is of this language (cloudflow.md 1), or means to be: keys and values have their case, which
    this reader tells if it is wrong."""
    if not isinstance(root, dict):
        return False
    kinds = (value for key, value in root.items() if isinstance(key, str) and key.lower() == "type")
    return any(isinstance(kind, str) and kind.lower() == "statemachine" for kind in kinds)


def _flow(root: object, findings: Findings) -> Flow | None:
    fix = "start with `Type: StateMachine`, `SpecVersion: v1`, `Name`, `StartAt` and `States`"
    if not isinstance(root, dict):
        what = "the text is empty" if root is None else f"a state machine must be a mapping, not {kind(root)}"
        findings.error("E01", (), what, fix)
        return None
    if root.get("type") == "flow":
        findings.error("E01", (), "this is FDL, not a state machine of CloudFlow", fix)
        return None
    findings.known(root, FLOW, (), "a state machine")
    _header(root, findings)
    return Flow(
        steps=read_scope(root, "the state machine", (), findings),
        takes=SCOPE_INPUT,
        timeout=findings.seconds(root, "Timeout", ()),
        accumulates=False,
        bounds=BOUNDS,
        words=STATES,
        title=findings.text(root, "Name", (), "E02") or "",
    )


def _header(root: JsonObject, findings: Findings) -> None:
    for key, value in (("Type", "StateMachine"), ("SpecVersion", "v1")):
        if key not in root:
            findings.error("E01", (), f"the state machine has no `{key}`", f"add `{key}: {value}`")
        elif root[key] != value:
            findings.error("E01", (key,), f"`{key}` must be {value}, not {kind(root[key])}", f"write `{key}: {value}`")
