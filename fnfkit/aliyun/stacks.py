"""The Resource Orchestration port over the official SDK: the same records and the same faults as the embedded cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from aliyunsdkcore.request import RpcRequest
from aliyunsdkros.request.v20190910 import (
    CancelUpdateStackRequest,
    ContinueCreateStackRequest,
    CreateChangeSetRequest,
    CreateStackRequest,
    DeleteChangeSetRequest,
    DeleteStackRequest,
    ExecuteChangeSetRequest,
    GetChangeSetRequest,
    GetStackPolicyRequest,
    GetStackRequest,
    GetStackResourceRequest,
    GetTemplateRequest,
    ListChangeSetsRequest,
    ListStackEventsRequest,
    ListStackResourcesRequest,
    ListStacksRequest,
    PreviewStackRequest,
    SetDeletionProtectionRequest,
    SetStackPolicyRequest,
    SignalResourceRequest,
    UpdateStackRequest,
    ValidateTemplateRequest,
)

from fnfkit.aliyun import ros_records as records
from fnfkit.aliyun.flows import ask
from fnfkit.aliyun.session import Session
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    ChangeSetRecord,
    Fault,
    ModifiableParameters,
    Numbered,
    ResourceChange,
    ResourceRecord,
    StackEvent,
    StackRecord,
    TemplateSummary,
    ros_fault,
)
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES
from fnfkit.protocol.ros import write_pairs

T = TypeVar("T")


class AliyunStacks:
    """Resource Orchestration 2019-09-10 at an endpoint; implements `fnfkit.ports.Stacks`.

    Every method raises `Fault`: what the service refused comes as the same classes that the embedded cloud raises,
    and `Unreachable` means that no answer came.
    """

    def __init__(self, session: Session) -> None:
        self._client = session.client()

    def create_stack(
        self,
        name: str,
        template: str,
        *,
        parameters: Mapping[str, str] | None = None,
        timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
        disable_rollback: bool = False,
        deletion_protection: bool = False,
        tags: Mapping[str, str] | None = None,
        ram_role_name: str = "",
        client_token: str = "",
        stack_policy: str = "",
    ) -> str:
        """CreateStack; returns the id."""
        given = {
            "StackName": name,
            "TemplateBody": template,
            "Parameterss": _parameters(parameters),
            "TimeoutInMinutes": timeout_minutes,
            "DisableRollback": disable_rollback,
            "DeletionProtection": "Enabled" if deletion_protection else "Disabled",
            "Tagss": _tags(tags),
            "RamRoleName": ram_role_name or None,
            "ClientToken": client_token or None,
            "StackPolicyBody": stack_policy or None,
        }
        return str(self._ask(CreateStackRequest.CreateStackRequest(), given)["StackId"])

    def update_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
        disable_rollback: bool = False,
        timeout_minutes: int | None = None,
        tags: Mapping[str, str] | None = None,
        client_token: str = "",
        stack_policy: str = "",
        stack_policy_during_update: str = "",
    ) -> str:
        """UpdateStack; returns the id."""
        given = {
            "StackId": stack,
            "TemplateBody": template,
            "Parameterss": _parameters(parameters),
            "UsePreviousParameters": use_previous_parameters,
            "ReplacementOption": "Enabled" if replacement else "Disabled",
            "DisableRollback": disable_rollback,
            "TimeoutInMinutes": timeout_minutes,
            "Tagss": _tags(tags),
            "ClientToken": client_token or None,
            "StackPolicyBody": stack_policy or None,
            "StackPolicyDuringUpdateBody": stack_policy_during_update or None,
        }
        return str(self._ask(UpdateStackRequest.UpdateStackRequest(), given)["StackId"])

    def try_update_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
    ) -> ModifiableParameters:
        """UpdateStack as a dry run."""
        given = {
            "StackId": stack,
            "TemplateBody": template,
            "Parameterss": _parameters(parameters),
            "UsePreviousParameters": use_previous_parameters,
            "ReplacementOption": "Enabled" if replacement else "Disabled",
            "DryRun": True,
        }
        return records.modifiable(self._ask(UpdateStackRequest.UpdateStackRequest(), given).get("DryRunResult") or {})

    def delete_stack(self, stack: str, *, retain_all: bool = False, retain: Sequence[str] = ()) -> None:
        """DeleteStack."""
        given = {"StackId": stack, "RetainAllResources": retain_all, "RetainResourcess": list(retain) or None}
        self._ask(DeleteStackRequest.DeleteStackRequest(), given)

    def get_stack(self, stack: str) -> StackRecord:
        """GetStack."""
        return records.stack(self._ask(GetStackRequest.GetStackRequest(), {"StackId": stack}))

    def list_stacks(
        self,
        *,
        names: Sequence[str] = (),
        statuses: Sequence[str] = (),
        page: int = 1,
        size: int = 10,
        parent: str = "",
        nested: bool = False,
    ) -> Numbered[StackRecord]:
        """ListStacks."""
        given = {
            "StackNames": list(names) or None,
            "Statuss": list(statuses) or None,
            "ParentStackId": parent or None,
            "ShowNestedStack": nested or None,
            **_page(page, size),
        }
        answer = self._ask(ListStacksRequest.ListStacksRequest(), given)
        return _numbered(answer, [records.stack(item) for item in answer["Stacks"]])

    def list_stack_resources(self, stack: str) -> tuple[ResourceRecord, ...]:
        """ListStackResources."""
        answer = self._ask(ListStackResourcesRequest.ListStackResourcesRequest(), {"StackId": stack})
        return tuple(records.resource(item) for item in answer["Resources"])

    def get_stack_resource(self, stack: str, logical_id: str) -> ResourceRecord:
        """GetStackResource, with all attributes."""
        given = {"StackId": stack, "LogicalResourceId": logical_id, "ShowResourceAttributes": True}
        return records.resource(self._ask(GetStackResourceRequest.GetStackResourceRequest(), given))

    def list_stack_events(
        self,
        stack: str,
        *,
        logical_ids: Sequence[str] = (),
        types: Sequence[str] = (),
        statuses: Sequence[str] = (),
        page: int = 1,
        size: int = 10,
    ) -> Numbered[StackEvent]:
        """ListStackEvents."""
        given = {
            "StackId": stack,
            "LogicalResourceIds": list(logical_ids) or None,
            "ResourceTypes": list(types) or None,
            "Statuss": list(statuses) or None,
            **_page(page, size),
        }
        answer = self._ask(ListStackEventsRequest.ListStackEventsRequest(), given)
        return _numbered(answer, [records.event(item) for item in answer["Events"]])

    def get_template(self, stack: str, *, original: bool = False) -> str:
        """GetTemplate."""
        given = {"StackId": stack, "TemplateStage": "Original" if original else "Processed"}
        return str(self._ask(GetTemplateRequest.GetTemplateRequest(), given)["TemplateBody"])

    def validate_template(self, template: str) -> TemplateSummary:
        """ValidateTemplate."""
        answer = self._ask(ValidateTemplateRequest.ValidateTemplateRequest(), {"TemplateBody": template})
        return records.summary(answer)

    def preview_stack(
        self,
        name: str,
        template: str,
        *,
        stack: str = "",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
    ) -> tuple[ResourceChange, ...]:
        """PreviewStack. The service does not tell which properties would change."""
        given = {
            "StackName": name or None,
            "StackId": stack or None,
            "TemplateBody": template,
            "Parameterss": _parameters(parameters),
            "UsePreviousParameters": use_previous_parameters,
        }
        answer = self._ask(PreviewStackRequest.PreviewStackRequest(), given)
        return tuple(records.preview(item) for item in answer["Stack"]["Resources"])

    def create_change_set(
        self,
        name: str,
        template: str | None = None,
        *,
        stack: str = "",
        stack_name: str = "",
        type: str = "UPDATE",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
        description: str = "",
        stack_policy: str = "",
        stack_policy_during_update: str = "",
    ) -> ChangeSetRecord:
        """CreateChangeSet, then GetChangeSet."""
        given = {
            "ChangeSetName": name,
            "TemplateBody": template,
            "StackId": stack or None,
            "StackName": stack_name or None,
            "ChangeSetType": type,
            "Parameterss": _parameters(parameters),
            "UsePreviousParameters": use_previous_parameters,
            "ReplacementOption": "Enabled" if replacement else "Disabled",
            "Description": description or None,
            "StackPolicyBody": stack_policy or None,
            "StackPolicyDuringUpdateBody": stack_policy_during_update or None,
        }
        answer = self._ask(CreateChangeSetRequest.CreateChangeSetRequest(), given)
        return self.get_change_set(answer["ChangeSetId"])

    def get_change_set(self, change_set: str) -> ChangeSetRecord:
        """GetChangeSet."""
        answer = self._ask(GetChangeSetRequest.GetChangeSetRequest(), {"ChangeSetId": change_set})
        return records.change_set(answer)

    def list_change_sets(self, stack: str, *, page: int = 1, size: int = 10) -> Numbered[ChangeSetRecord]:
        """ListChangeSets."""
        answer = self._ask(ListChangeSetsRequest.ListChangeSetsRequest(), {"StackId": stack, **_page(page, size)})
        return _numbered(answer, [records.change_set(item) for item in answer["ChangeSets"]])

    def execute_change_set(self, change_set: str) -> None:
        """ExecuteChangeSet."""
        self._ask(ExecuteChangeSetRequest.ExecuteChangeSetRequest(), {"ChangeSetId": change_set})

    def delete_change_set(self, change_set: str) -> None:
        """DeleteChangeSet."""
        self._ask(DeleteChangeSetRequest.DeleteChangeSetRequest(), {"ChangeSetId": change_set})

    def set_deletion_protection(self, stack: str, enabled: bool) -> None:
        """SetDeletionProtection."""
        given = {"StackId": stack, "DeletionProtection": "Enabled" if enabled else "Disabled"}
        self._ask(SetDeletionProtectionRequest.SetDeletionProtectionRequest(), given)

    def continue_create_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        mode: str = "Recreate",
        parameters: Mapping[str, str] | None = None,
        recreating_resources: Sequence[str] = (),
        dry_run: bool = False,
    ) -> str:
        """ContinueCreateStack; returns the id."""
        given = {
            "StackId": stack,
            "TemplateBody": template,
            "Mode": mode,
            "Parameterss": _parameters(parameters),
            "RecreatingResourcess": list(recreating_resources) or None,
            "DryRun": dry_run,
        }
        return str(self._ask(ContinueCreateStackRequest.ContinueCreateStackRequest(), given)["StackId"])

    def cancel_update_stack(self, stack: str, *, safe: bool = False) -> None:
        """CancelUpdateStack."""
        given = {"StackId": stack, "CancelType": "Safe" if safe else "Quick"}
        self._ask(CancelUpdateStackRequest.CancelUpdateStackRequest(), given)

    def set_stack_policy(self, stack: str, body: str) -> None:
        """SetStackPolicy."""
        self._ask(SetStackPolicyRequest.SetStackPolicyRequest(), {"StackId": stack, "StackPolicyBody": body})

    def get_stack_policy(self, stack: str) -> JsonObject:
        """GetStackPolicy."""
        found: JsonObject = self._ask(GetStackPolicyRequest.GetStackPolicyRequest(), {"StackId": stack})
        return found.get("StackPolicyBody") or {}

    def signal_resource(self, stack: str, logical_id: str, status: str, unique_id: str) -> None:
        """SignalResource."""
        given = {"StackId": stack, "LogicalResourceId": logical_id, "Status": status, "UniqueId": unique_id}
        self._ask(SignalResourceRequest.SignalResourceRequest(), given)

    def _ask(self, request: RpcRequest, given: JsonObject) -> JsonObject:
        try:
            return ask(self._client, request, given)
        except Fault as fault:
            if type(fault) is not Fault:
                raise
            raise ros_fault(fault.code, fault.status, fault.message) from None


def _parameters(parameters: Mapping[str, str] | None) -> Json:
    return write_pairs(parameters, "ParameterKey", "ParameterValue") if parameters else None


def _tags(tags: Mapping[str, str] | None) -> Json:
    return write_pairs(tags, "Key", "Value") if tags else None


def _page(page: int, size: int) -> JsonObject:
    return {"PageNumber": page, "PageSize": size}


def _numbered(answer: JsonObject, items: Iterable[T]) -> Numbered[T]:
    return Numbered(tuple(items), answer["PageNumber"], answer["PageSize"], answer["TotalCount"])
