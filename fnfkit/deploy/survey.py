"""What is there: the stack of a name as it stands, and the plan that leads from it to a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fnfkit.deploy.dangers import dangers
from fnfkit.deploy.drift import drifts
from fnfkit.deploy.error import DeployError
from fnfkit.deploy.live import Live
from fnfkit.deploy.plan import Plan, State, changes
from fnfkit.lang import ros
from fnfkit.model.stack import Template
from fnfkit.ports import StackRecord, Stacks, settled

CREATED_IN_VAIN = frozenset(
    {"CREATE_ROLLBACK_COMPLETE", "CREATE_ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"}
)
"""Statuses of stacks that can only be deleted: a creation that was taken back, or a deletion that stopped."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A stack, and its template with parameters and statuses."""

    record: StackRecord
    state: State


def find(stacks: Stacks, name: str) -> StackRecord | None:
    """The live stack of a name. The real service takes IDs only, so names are looked up. Raises `Fault`."""
    found = [record for record in stacks.list_stacks(names=[name], size=50).items if record.name == name]
    live = [record for record in found if record.status != "DELETE_COMPLETE"]
    return stacks.get_stack(live[0].id) if live else None


def standing(stacks: Stacks, name: str) -> Standing | None:
    """The stack of a name as it stands; None if there is none, or only one whose creation was in vain.

    Raises `Fault`, and `DeployError` if its template cannot be read.
    """
    record = find(stacks, name)
    if record is None or record.status in CREATED_IN_VAIN:
        return None
    # A template of CloudFormation has the same form but for its header, which does not count here.
    template = ros.read(stacks.get_template(record.id, original=True)).template
    if template is None:
        raise DeployError("UnknownTemplate", f"the template of the stack {name} cannot be read")
    statuses = {one.logical_id: one.status for one in stacks.list_stack_resources(record.id)}
    return Standing(record, State(template=template, parameters=record.parameters, statuses=statuses))


def plan(
    stacks: Stacks,
    name: str,
    template: Template,
    *,
    parameters: Mapping[str, str] | None = None,
    live: Live | None = None,
) -> Plan:
    """What deploying a template under a name would do. Parameters that are not given keep their values. With `live`,
    drift is looked for too. Nothing happens. Raises `Fault`, `DeployError`."""
    there = standing(stacks, name)
    given = dict(parameters or {})
    if there is None:
        _complete(template, given)
        return Plan(
            stack=name, exists=False, changes=changes(None, State(template=template, parameters=given), stack=name)
        )
    kept = {
        one.name: there.record.parameters[one.name]
        for one in template.parameters
        if one.name in there.record.parameters
    }
    after = State(template=template, parameters={**kept, **given})
    _complete(template, after.parameters)
    found = changes(there.state, after, stack=name)
    return Plan(
        stack=name,
        exists=True,
        status=there.record.status,
        changes=found,
        dangers=dangers(there.state, after, found, stack=name),
        drifts=drifts(there.state, live, stack=name) if live and settled(there.record.status) else (),
    )


def _complete(template: Template, given: Mapping[str, object]) -> None:
    known = [parameter.name for parameter in template.parameters]
    for name in given:
        if name not in known:
            raise DeployError("UnknownParameter", f"the template has no parameter {name}", f"it has {', '.join(known)}")
    for parameter in template.parameters:
        if not parameter.has_default and parameter.name not in given:
            hint = f"give it: --parameter {parameter.name}=VALUE"
            raise DeployError("MissingParameter", f"the parameter {parameter.name} has no value", hint)
