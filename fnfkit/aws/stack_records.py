"""Answers of CloudFormation to the records of the port."""

from __future__ import annotations

from datetime import datetime

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import ChangeSetRecord, OutputRecord, ResourceChange, ResourceRecord, StackEvent, StackRecord
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES

STATUSES = {
    "ROLLBACK_IN_PROGRESS": "CREATE_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE": "CREATE_ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED": "CREATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS": "ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE": "ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED": "ROLLBACK_FAILED",
}
"""CloudFormation's words for a stack that went back, and the port's, which are those of ROS (api-ros.md 4). The other
statuses are called alike."""


def status(text: str) -> str:
    """A status in the words of the port."""
    return STATUSES.get(text, text)


def stack(answer: JsonObject, region: str) -> StackRecord:
    """A stack, of DescribeStacks."""
    outputs = (
        OutputRecord(name=one["OutputKey"], value=one.get("OutputValue"), description=one.get("Description") or "")
        for one in answer.get("Outputs") or []
    )
    return StackRecord(
        id=answer["StackId"],
        name=answer["StackName"],
        status=status(answer["StackStatus"]),
        status_reason=answer.get("StackStatusReason") or "",
        description=answer.get("Description") or answer.get("TemplateDescription") or "",
        parameters=_parameters(answer),
        outputs=tuple(outputs),
        tags={one["Key"]: one["Value"] for one in answer.get("Tags") or []},
        region=region,
        timeout_minutes=answer.get("TimeoutInMinutes") or DEFAULT_TIMEOUT_MINUTES,
        disable_rollback=bool(answer.get("DisableRollback")),
        deletion_protection=bool(answer.get("EnableTerminationProtection")),
        ram_role_name=answer.get("RoleARN") or "",
        created=_ms(answer.get("CreationTime")) or 0,
        updated=_ms(answer.get("LastUpdatedTime")),
    )


def resource(answer: JsonObject, stack: StackRecord) -> ResourceRecord:
    """A resource, of DescribeStackResources and ListStackResources."""
    at = _ms(answer.get("Timestamp") or answer.get("LastUpdatedTimestamp")) or 0
    return ResourceRecord(
        stack_id=stack.id,
        stack_name=stack.name,
        logical_id=answer["LogicalResourceId"],
        physical_id=answer.get("PhysicalResourceId") or "",
        type=answer["ResourceType"],
        status=status(answer["ResourceStatus"]),
        status_reason=answer.get("ResourceStatusReason") or "",
        created=at,
        updated=at,
    )


def event(answer: JsonObject) -> StackEvent:
    """An event, of DescribeStackEvents."""
    return StackEvent(
        id=answer["EventId"],
        stack_id=answer["StackId"],
        stack_name=answer["StackName"],
        logical_id=answer["LogicalResourceId"],
        physical_id=answer.get("PhysicalResourceId") or "",
        type=answer["ResourceType"],
        status=status(answer["ResourceStatus"]),
        status_reason=answer.get("ResourceStatusReason") or "",
        at=_ms(answer.get("Timestamp")) or 0,
    )


def change_set(answer: JsonObject, type: str = "UPDATE") -> ChangeSetRecord:
    """A change set, of DescribeChangeSet and ListChangeSets. Neither tells its type."""
    return ChangeSetRecord(
        id=answer["ChangeSetId"],
        name=answer["ChangeSetName"],
        type=type,
        status=answer["Status"],
        status_reason=answer.get("StatusReason") or "",
        execution_status=answer.get("ExecutionStatus") or "",
        description=answer.get("Description") or "",
        stack_id=answer["StackId"],
        stack_name=answer.get("StackName") or "",
        parameters=_parameters(answer),
        changes=tuple(_change(one["ResourceChange"]) for one in answer.get("Changes") or []),
        created=_ms(answer.get("CreationTime")) or 0,
    )


def _change(entry: JsonObject) -> ResourceChange:
    names = dict.fromkeys(detail.get("Target", {}).get("Name") for detail in entry.get("Details") or [])
    return ResourceChange(
        logical_id=entry["LogicalResourceId"],
        type=entry["ResourceType"],
        action=entry["Action"],
        replacement=entry.get("Replacement") or "False",
        physical_id=entry.get("PhysicalResourceId") or "",
        changed=tuple(name for name in names if name),
    )


def _parameters(answer: JsonObject) -> dict[str, str]:
    return {one["ParameterKey"]: one.get("ParameterValue") or "" for one in answer.get("Parameters") or []}


def _ms(moment: Json) -> int | None:
    return int(moment.timestamp() * 1_000) if isinstance(moment, datetime) else None
