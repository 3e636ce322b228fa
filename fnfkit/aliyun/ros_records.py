"""Answers of Resource Orchestration to records (api-ros.md 3)."""

from __future__ import annotations

from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    ChangeSetRecord,
    ModifiableParameters,
    OutputRecord,
    ResourceChange,
    ResourceRecord,
    StackEvent,
    StackRecord,
    TemplateSummary,
)
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES
from fnfkit.protocol.ros import read_moment, read_named


def stack(answer: JsonObject) -> StackRecord:
    """A stack."""
    outputs = (
        OutputRecord(name=item["OutputKey"], value=item.get("OutputValue"), description=item.get("Description") or "")
        for item in answer.get("Outputs") or []
    )
    return StackRecord(
        id=answer["StackId"],
        name=answer["StackName"],
        status=answer["Status"],
        status_reason=answer.get("StatusReason") or "",
        description=answer.get("Description") or "",
        parameters=read_named(answer.get("Parameters") or [], "ParameterKey", "ParameterValue"),
        outputs=tuple(outputs),
        tags=read_named(answer.get("Tags") or [], "Key", "Value"),
        region=answer.get("RegionId") or "",
        timeout_minutes=answer.get("TimeoutInMinutes") or DEFAULT_TIMEOUT_MINUTES,
        disable_rollback=bool(answer.get("DisableRollback")),
        deletion_protection=answer.get("DeletionProtection") == "Enabled",
        ram_role_name=answer.get("RamRoleName") or "",
        parent=answer.get("ParentStackId") or "",
        root=answer.get("RootStackId") or "",
        created=read_moment(answer.get("CreateTime")) or 0,
        updated=read_moment(answer.get("UpdateTime")),
    )


def modifiable(answer: JsonObject) -> ModifiableParameters:
    """What a dry run has told."""
    return ModifiableParameters(
        allowed=tuple(answer.get("ParametersAllowedToBeModified") or ()),
        conditionally=tuple(answer.get("ParametersConditionallyAllowedToBeModified") or ()),
        not_allowed=tuple(answer.get("ParametersNotAllowedToBeModified") or ()),
    )


def resource(answer: JsonObject) -> ResourceRecord:
    """A resource of a stack."""
    attributes = read_named(answer.get("ResourceAttributes") or [], "ResourceAttributeKey", "ResourceAttributeValue")
    return ResourceRecord(
        stack_id=answer["StackId"],
        stack_name=answer["StackName"],
        logical_id=answer["LogicalResourceId"],
        physical_id=answer.get("PhysicalResourceId") or "",
        type=answer["ResourceType"],
        status=answer["Status"],
        status_reason=answer.get("StatusReason") or "",
        created=read_moment(answer.get("CreateTime")) or 0,
        updated=read_moment(answer.get("UpdateTime")) or 0,
        attributes=attributes,
    )


def event(answer: JsonObject) -> StackEvent:
    """An event."""
    return StackEvent(
        id=answer["EventId"],
        stack_id=answer["StackId"],
        stack_name=answer["StackName"],
        logical_id=answer["LogicalResourceId"],
        physical_id=answer.get("PhysicalResourceId") or "",
        type=answer["ResourceType"],
        status=answer["Status"],
        status_reason=answer.get("StatusReason") or "",
        at=read_moment(answer.get("CreateTime")) or 0,
    )


def preview(answer: JsonObject) -> ResourceChange:
    """A resource of a preview."""
    return ResourceChange(
        logical_id=answer["LogicalResourceId"],
        type=answer["ResourceType"],
        action=answer.get("Action") or "Add",
        replacement=answer.get("Replacement") or "False",
        physical_id=answer.get("PhysicalResourceId") or "",
        properties=answer.get("Properties") or {},
        required_by=tuple(answer.get("RequiredBy") or ()),
    )


def change_set(answer: JsonObject) -> ChangeSetRecord:
    """A change set."""
    return ChangeSetRecord(
        id=answer["ChangeSetId"],
        name=answer["ChangeSetName"],
        type=answer.get("ChangeSetType") or "UPDATE",
        status=answer["Status"],
        status_reason=answer.get("StatusReason") or "",
        execution_status=answer.get("ExecutionStatus") or "",
        description=answer.get("Description") or "",
        stack_id=answer["StackId"],
        stack_name=answer.get("StackName") or "",
        parameters=read_named(answer.get("Parameters") or [], "ParameterKey", "ParameterValue"),
        changes=tuple(_change(item["ResourceChange"]) for item in answer.get("Changes") or []),
        created=read_moment(answer.get("CreateTime")) or 0,
    )


def _change(entry: JsonObject) -> ResourceChange:
    names = (detail.get("Target", {}).get("Name") for detail in entry.get("Details") or [])
    return ResourceChange(
        logical_id=entry["LogicalResourceId"],
        type=entry["ResourceType"],
        action=entry["Action"],
        replacement=entry.get("Replacement") or "False",
        physical_id=entry.get("PhysicalResourceId") or "",
        changed=tuple(name for name in names if name),
    )


def summary(answer: JsonObject) -> TemplateSummary:
    """What ValidateTemplate has told."""
    return TemplateSummary(
        description=answer.get("Description") or "",
        parameters=tuple(answer.get("Parameters") or ()),
        outputs=tuple(answer.get("Outputs") or ()),
        resources=tuple(answer.get("Resources") or ()),
    )
