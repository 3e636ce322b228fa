"""Resource Orchestration 2019-09-10: the table of its actions (api-ros.md 2, 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias, TypeVar

from fnfkit.model.json import JsonObject
from fnfkit.ports import Fault, InvalidParameter, MissingParameter, Numbered, RosStacks, StackRecord
from fnfkit.protocol.ros import VERSION, read_numbered, read_pairs, write_pairs
from fnfkit.protocol.rpc import Malformed, read_flag, read_integer
from fnfkit.server import ros_records as records
from fnfkit.server.auth import GATEWAY_REFUSALS
from fnfkit.server.ros_lists import choice, every, paged, wanted_sets, wanted_stacks
from fnfkit.server.rpc import Action, Call, Product

T = TypeVar("T")
Parameters: TypeAlias = Mapping[str, str]


def product(stacks: RosStacks) -> Product:
    """The operations over the stacks of an account."""
    runs: dict[str, tuple[tuple[str, ...], Callable[[RosStacks, Parameters], JsonObject]]] = {
        "CreateStack": (("StackName",), _create_stack),
        "UpdateStack": (("StackId",), _update_stack),
        "DeleteStack": (("StackId",), _delete_stack),
        "GetStack": (("StackId",), _get_stack),
        "ListStacks": ((), _list_stacks),
        "ListStackResources": (("StackId",), _list_resources),
        "GetStackResource": (("StackId", "LogicalResourceId"), _get_resource),
        "ListStackEvents": (("StackId",), _list_events),
        "GetTemplate": ((), _get_template),
        "ValidateTemplate": ((), _validate),
        "PreviewStack": ((), _preview),
        "CreateChangeSet": (("ChangeSetName",), _create_change_set),
        "GetChangeSet": (("ChangeSetId",), _get_change_set),
        "ListChangeSets": (("StackId",), _list_change_sets),
        "ExecuteChangeSet": (("ChangeSetId",), _execute_change_set),
        "DeleteChangeSet": (("ChangeSetId",), _delete_change_set),
        "SetDeletionProtection": (("StackId", "DeletionProtection"), _protect),
        "ContinueCreateStack": (("StackId",), _continue),
        "CancelUpdateStack": (("StackId",), _cancel_update),
        "SetStackPolicy": (("StackId",), _set_policy),
        "GetStackPolicy": (("StackId",), _get_policy),
        "SignalResource": (("StackId", "LogicalResourceId", "Status", "UniqueId"), _signal),
    }
    actions = {name: Action(required, partial(_run, stacks, run)) for name, (required, run) in runs.items()}
    return Product(VERSION, actions, GATEWAY_REFUSALS)


def _run(stacks: RosStacks, run: Callable[[RosStacks, Parameters], JsonObject], call: Call) -> JsonObject:
    return run(stacks, call.parameters)


def _create_stack(stacks: RosStacks, given: Parameters) -> JsonObject:
    id = stacks.create_stack(
        given["StackName"],
        _template(given),
        parameters=_parameters(given),
        timeout_minutes=_integer(given, "TimeoutInMinutes", 60),
        disable_rollback=_flag(given, "DisableRollback"),
        deletion_protection=_protected(given),
        tags=read_pairs(given, "Tags", "Key", "Value"),
        ram_role_name=given.get("RamRoleName", ""),
        client_token=given.get("ClientToken", ""),
        stack_policy=_policy(given, "StackPolicy"),
    )
    return {"StackId": id}


def _update_stack(stacks: RosStacks, given: Parameters) -> JsonObject:
    if _flag(given, "DryRun"):
        found = stacks.try_update_stack(
            given["StackId"],
            _new_template(given),
            parameters=_parameters(given),
            use_previous_parameters=_flag(given, "UsePreviousParameters"),
            replacement=given.get("ReplacementOption") == "Enabled",
        )
        return {"StackId": given["StackId"], "DryRunResult": records.modifiable(found)}
    id = stacks.update_stack(
        given["StackId"],
        _new_template(given),
        parameters=_parameters(given),
        use_previous_parameters=_flag(given, "UsePreviousParameters"),
        replacement=choice(given, "ReplacementOption", "Disabled", "Enabled") == "Enabled",
        disable_rollback=_flag(given, "DisableRollback"),
        timeout_minutes=_integer(given, "TimeoutInMinutes", 0) or None,
        tags=read_pairs(given, "Tags", "Key", "Value") or None,
        client_token=given.get("ClientToken", ""),
        stack_policy=_policy(given, "StackPolicy"),
        stack_policy_during_update=_policy(given, "StackPolicyDuringUpdate"),
    )
    return {"StackId": id}


def _delete_stack(stacks: RosStacks, given: Parameters) -> JsonObject:
    retain = read_numbered(given, "RetainResources")
    stacks.delete_stack(given["StackId"], retain_all=_flag(given, "RetainAllResources"), retain=retain)
    return {}


def _get_stack(stacks: RosStacks, given: Parameters) -> JsonObject:
    return records.stack(
        stacks.get_stack(given["StackId"]), outputs=choice(given, "OutputOption", "Enabled", "Disabled") == "Enabled"
    )


def _list_stacks(stacks: RosStacks, given: Parameters) -> JsonObject:
    names, statuses = read_numbered(given, "StackName"), read_numbered(given, "Status")
    parent, nested = given.get("ParentStackId", ""), _flag(given, "ShowNestedStack")

    def listed(page: int, size: int) -> Numbered[StackRecord]:
        return stacks.list_stacks(names=names, statuses=statuses, page=page, size=size, parent=parent, nested=nested)

    page = _paged(wanted_stacks(every(listed), given), given)
    return _page(page, "Stacks", [records.summary(record) for record in page.items])


def _list_resources(stacks: RosStacks, given: Parameters) -> JsonObject:
    return {"Resources": [records.resource(record) for record in stacks.list_stack_resources(given["StackId"])]}


def _get_resource(stacks: RosStacks, given: Parameters) -> JsonObject:
    record = stacks.get_stack_resource(given["StackId"], given["LogicalResourceId"])
    wanted = read_numbered(given, "ResourceAttributes")
    shown = bool(wanted) or given.get("ShowResourceAttributes", "").lower() != "false"
    attributes = {name: value for name, value in record.attributes.items() if shown and (not wanted or name in wanted)}
    return records.resource(record) | records.attributes(attributes)


def _list_events(stacks: RosStacks, given: Parameters) -> JsonObject:
    page = stacks.list_stack_events(
        given["StackId"],
        logical_ids=read_numbered(given, "LogicalResourceId"),
        types=read_numbered(given, "ResourceType"),
        statuses=read_numbered(given, "Status"),
        page=_integer(given, "PageNumber", 1),
        size=_integer(given, "PageSize", 10),
    )
    return _page(page, "Events", [records.event(event) for event in page.items])


def _get_template(stacks: RosStacks, given: Parameters) -> JsonObject:
    original = choice(given, "TemplateStage", "Processed", "Original") == "Original"
    if id := given.get("ChangeSetId"):
        return {"TemplateBody": stacks.get_change_set(id).template, "ChangeSetId": id}
    if not given.get("StackId"):
        raise MissingParameter("The input parameter StackId should be specified.")
    body = stacks.get_template(given["StackId"], original=original)
    return {"TemplateBody": body, "StackId": given["StackId"], "RegionId": given.get("RegionId", "")}


def _validate(stacks: RosStacks, given: Parameters) -> JsonObject:
    return records.template(stacks.validate_template(_template(given)))


def _preview(stacks: RosStacks, given: Parameters) -> JsonObject:
    changes = stacks.preview_stack(
        given.get("StackName", ""),
        _template(given),
        stack=given.get("StackId", ""),
        parameters=_parameters(given),
        use_previous_parameters=_flag(given, "UsePreviousParameters"),
    )
    stack = {
        "StackName": given.get("StackName", ""),
        "RegionId": given.get("RegionId", ""),
        "Description": stacks.validate_template(_template(given)).description,
        "DisableRollback": _flag(given, "DisableRollback"),
        "TimeoutInMinutes": _integer(given, "TimeoutInMinutes", 60),
        "Parameters": write_pairs(_parameters(given), "ParameterKey", "ParameterValue"),
        "Resources": [records.preview(one) for one in changes],
    }
    return {"Stack": stack}


def _create_change_set(stacks: RosStacks, given: Parameters) -> JsonObject:
    record = stacks.create_change_set(
        given["ChangeSetName"],
        _new_template(given),
        stack=given.get("StackId", ""),
        stack_name=given.get("StackName", ""),
        type=given.get("ChangeSetType", "UPDATE"),
        parameters=_parameters(given),
        use_previous_parameters=_flag(given, "UsePreviousParameters"),
        replacement=choice(given, "ReplacementOption", "Disabled", "Enabled") == "Enabled",
        description=given.get("Description", ""),
        stack_policy=_policy(given, "StackPolicy"),
        stack_policy_during_update=_policy(given, "StackPolicyDuringUpdate"),
    )
    return {"ChangeSetId": record.id, "StackId": record.stack_id}


def _get_change_set(stacks: RosStacks, given: Parameters) -> JsonObject:
    record = stacks.get_change_set(given["ChangeSetId"])
    shown = {"TemplateBody": record.template} if _flag(given, "ShowTemplate") else {}
    return records.change_set(record) | shown


def _list_change_sets(stacks: RosStacks, given: Parameters) -> JsonObject:
    found = every(lambda page, size: stacks.list_change_sets(given["StackId"], page=page, size=size))
    page = _paged(wanted_sets(found, given), given)
    return _page(page, "ChangeSets", [records.change_set(record) for record in page.items])


def _execute_change_set(stacks: RosStacks, given: Parameters) -> JsonObject:
    stacks.execute_change_set(given["ChangeSetId"])
    return {}


def _delete_change_set(stacks: RosStacks, given: Parameters) -> JsonObject:
    stacks.delete_change_set(given["ChangeSetId"])
    return {}


def _protect(stacks: RosStacks, given: Parameters) -> JsonObject:
    stacks.set_deletion_protection(given["StackId"], _protected(given))
    return {}


def _continue(stacks: RosStacks, given: Parameters) -> JsonObject:
    if read_numbered(given, "RecreatingOptions"):
        raise Fault.of("NotSupported", 400, "RecreatingOptions are not offered offline; name RecreatingResources.")
    dry = _flag(given, "DryRun")
    id = stacks.continue_create_stack(
        given["StackId"],
        _new_template(given),
        mode=given.get("Mode") or "Recreate",
        parameters=_parameters(given),
        recreating_resources=read_numbered(given, "RecreatingResources"),
        dry_run=dry,
    )
    return {"StackId": id, **({"DryRunResult": {}} if dry else {})}


def _cancel_update(stacks: RosStacks, given: Parameters) -> JsonObject:
    kind = given.get("CancelType") or "Quick"
    if kind not in ("Quick", "Safe"):
        raise InvalidParameter("The specified parameter CancelType is invalid, use Quick or Safe.")
    stacks.cancel_update_stack(given["StackId"], safe=kind == "Safe")
    return {}


def _set_policy(stacks: RosStacks, given: Parameters) -> JsonObject:
    body = _policy(given, "StackPolicy")
    if not body:
        raise MissingParameter("The input parameter StackPolicyBody should be specified.")
    stacks.set_stack_policy(given["StackId"], body)
    return {}


def _get_policy(stacks: RosStacks, given: Parameters) -> JsonObject:
    return {"StackPolicyBody": stacks.get_stack_policy(given["StackId"])}


def _signal(stacks: RosStacks, given: Parameters) -> JsonObject:
    stacks.signal_resource(given["StackId"], given["LogicalResourceId"], given["Status"], given["UniqueId"])
    return {}


def _policy(given: Parameters, name: str) -> str:
    if given.get(f"{name}URL"):
        raise Fault.of("NotSupported", 400, f"{name}URL is not offered offline; send the {name}Body.")
    return given.get(f"{name}Body", "")


def _protected(given: Parameters) -> bool:
    return choice(given, "DeletionProtection", "Disabled", "Enabled") == "Enabled"


def _template(given: Parameters) -> str:
    for other in ("TemplateURL", "TemplateId", "TemplateScratchId"):
        if given.get(other):
            raise Fault.of("NotSupported", 400, f"{other} is not offered offline; send the TemplateBody.")
    return given.get("TemplateBody", "")


def _new_template(given: Parameters) -> str | None:
    """The template of a change; without one the stack keeps its own."""
    return _template(given) or None


def _parameters(given: Parameters) -> dict[str, str]:
    return read_pairs(given, "Parameters", "ParameterKey", "ParameterValue")


def _integer(given: Parameters, name: str, default: int) -> int:
    try:
        return read_integer(given[name]) if given.get(name) else default
    except Malformed as wrong:
        raise InvalidParameter(f"The specified parameter {name} is invalid, it {wrong}.") from None


def _flag(given: Parameters, name: str) -> bool:
    try:
        return read_flag(given[name]) if given.get(name) else False
    except Malformed as wrong:
        raise InvalidParameter(f"The specified parameter {name} is invalid, it {wrong}.") from None


def _paged(items: list[T], given: Parameters) -> Numbered[T]:
    return paged(items, _integer(given, "PageNumber", 1), _integer(given, "PageSize", 10))


def _page(page: Numbered[T], name: str, items: list[JsonObject]) -> JsonObject:
    return {name: items, "PageNumber": page.page, "PageSize": page.size, "TotalCount": page.total}
