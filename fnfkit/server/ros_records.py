"""Stacks on the wire (api-ros.md 3)."""

from __future__ import annotations

from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    ChangeSetRecord,
    ModifiableParameters,
    ResourceChange,
    ResourceRecord,
    StackEvent,
    StackRecord,
    TemplateSummary,
)
from fnfkit.protocol.ros import write_moment, write_pairs


def summary(record: StackRecord) -> JsonObject:
    """A stack in a listing."""
    return {
        "StackId": record.id,
        "StackName": record.name,
        "Status": record.status,
        "StatusReason": record.status_reason,
        "CreateTime": write_moment(record.created),
        "UpdateTime": write_moment(record.updated),
        "TimeoutInMinutes": record.timeout_minutes,
        "DisableRollback": record.disable_rollback,
        "DeletionProtection": "Enabled" if record.deletion_protection else "Disabled",
        "RegionId": record.region,
        "RamRoleName": record.ram_role_name,
        "StackType": "ROS",
        "StackDriftStatus": "NOT_CHECKED",
        "ServiceManaged": False,
        "Tags": write_pairs(record.tags, "Key", "Value"),
        "ParentStackId": record.parent or None,
    }


def stack(record: StackRecord, *, outputs: bool = True) -> JsonObject:
    """A stack with everything."""
    shown = record.outputs if outputs else ()
    return {
        **summary(record),
        "Description": record.description,
        "TemplateDescription": record.description,
        "Parameters": write_pairs(record.parameters, "ParameterKey", "ParameterValue"),
        "Outputs": [
            {"OutputKey": output.name, "OutputValue": output.value, "Description": output.description}
            for output in shown
        ],
        "NotificationURLs": [],
        "RootStackId": record.root or None,
    }


def modifiable(found: ModifiableParameters) -> JsonObject:
    """What a dry run tells."""
    return {
        "ParametersAllowedToBeModified": list(found.allowed),
        "ParametersConditionallyAllowedToBeModified": list(found.conditionally),
        "ParametersNotAllowedToBeModified": list(found.not_allowed),
    }


def resource(record: ResourceRecord) -> JsonObject:
    """A resource of a stack."""
    return {
        "LogicalResourceId": record.logical_id,
        "PhysicalResourceId": record.physical_id,
        "ResourceType": record.type,
        "Status": record.status,
        "StatusReason": record.status_reason,
        "StackId": record.stack_id,
        "StackName": record.stack_name,
        "CreateTime": write_moment(record.created),
        "UpdateTime": write_moment(record.updated),
        "ResourceDriftStatus": "NOT_CHECKED",
    }


def attributes(values: JsonObject) -> JsonObject:
    """The attributes of a resource."""
    return {
        "Metadata": {},
        "ResourceAttributes": write_pairs(values, "ResourceAttributeKey", "ResourceAttributeValue"),
    }


def event(record: StackEvent) -> JsonObject:
    """An event."""
    return {
        "EventId": record.id,
        "LogicalResourceId": record.logical_id,
        "PhysicalResourceId": record.physical_id,
        "ResourceType": record.type,
        "Status": record.status,
        "StatusReason": record.status_reason,
        "StackId": record.stack_id,
        "StackName": record.stack_name,
        "CreateTime": write_moment(record.at),
    }


def preview(change: ResourceChange) -> JsonObject:
    """A resource of a preview."""
    return {
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "AcsResourceType": "",
        "Description": "",
        "Properties": change.properties,
        "RequiredBy": list(change.required_by),
        "Action": change.action,
        "Replacement": change.replacement,
        "PhysicalResourceId": change.physical_id,
    }


def change_set(record: ChangeSetRecord) -> JsonObject:
    """A change set."""
    return {
        "ChangeSetId": record.id,
        "ChangeSetName": record.name,
        "ChangeSetType": record.type,
        "Status": record.status,
        "StatusReason": record.status_reason,
        "ExecutionStatus": record.execution_status,
        "Description": record.description,
        "StackId": record.stack_id,
        "StackName": record.stack_name,
        "Parameters": write_pairs(record.parameters, "ParameterKey", "ParameterValue"),
        "CreateTime": write_moment(record.created),
        "Changes": [_change(change) for change in record.changes],
    }


def _change(change: ResourceChange) -> JsonObject:
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": change.action,
            "LogicalResourceId": change.logical_id,
            "PhysicalResourceId": change.physical_id,
            "ResourceType": change.type,
            "Replacement": change.replacement,
            "Scope": ["Properties"] if change.changed else [],
            "Details": [{"Target": {"Attribute": "Properties", "Name": name}} for name in change.changed],
        },
    }


def template(record: TemplateSummary) -> JsonObject:
    """What ValidateTemplate answers."""
    kinds = sorted({entry["ResourceType"] for entry in record.resources})
    return {
        "Description": record.description,
        "Parameters": list(record.parameters),
        "Outputs": list(record.outputs),
        "Resources": list(record.resources),
        "ResourceTypes": {"Resources": kinds, "DataSources": []},
    }
