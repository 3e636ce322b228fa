"""What Step Functions answers, as the port's records."""

from __future__ import annotations

import json

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import FINAL_STATUSES, ExecutionRecord, FlowRecord, SyncResult

ASL = "ASL"
"""The type of flows that are written in Amazon States Language."""

STATUSES = {
    "RUNNING": "Running",
    "PENDING_REDRIVE": "Running",
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "TIMED_OUT": "TimedOut",
    "ABORTED": "Stopped",
}
"""A status there -> the port's word for it."""


def flow_record(found: JsonObject) -> FlowRecord:
    """A state machine, described or listed. When it was modified is not told: that is its creation here."""
    definition = found.get("definition", "")
    return FlowRecord(
        name=found["name"],
        id=found["stateMachineArn"],
        definition=definition,
        description=comment_of(definition),
        type=ASL,
        role_arn=found.get("roleArn", ""),
        execution_mode=str(found["type"]).capitalize(),
        created=_ms(found["creationDate"]),
        modified=_ms(found["creationDate"]),
    )


def comment_of(definition: str) -> str:
    """The Comment of a state machine; empty if there is none."""
    try:
        found: Json = json.loads(definition)
    except ValueError:
        return ""
    comment = found.get("Comment") if isinstance(found, dict) else None
    return comment if isinstance(comment, str) else ""


def execution_record(flow: str, found: JsonObject, definition: str) -> ExecutionRecord:
    """An execution, described or listed."""
    status = STATUSES[found["status"]]
    return ExecutionRecord(
        flow=flow,
        name=found["name"],
        definition=definition,
        input=found.get("input") or "",
        output=found.get("output") or "",
        status=status,
        started=_ms(found["startDate"]),
        stopped=_ms(found["stopDate"]) if status in FINAL_STATUSES else None,
    )


def sync_result(flow: str, ended: JsonObject) -> SyncResult:
    """The answer of StartSyncExecution."""
    return SyncResult(
        flow=flow,
        name=str(ended.get("name") or "") or str(ended["executionArn"]).rpartition(":")[2],
        status=STATUSES[ended["status"]],
        error=ended.get("error") or "",
        cause=ended.get("cause") or "",
        output=ended.get("output") or "",
        started=_ms(ended["startDate"]),
        stopped=_ms(ended["stopDate"]),
    )


def _ms(moment: Json) -> int:
    return round(float(moment.timestamp()) * 1_000)
