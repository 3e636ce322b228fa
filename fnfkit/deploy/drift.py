"""What has been changed behind a stack's back, as far as the workflow service tells: flows and their schedules."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.deploy.plan import FLOW, Drift, State
from fnfkit.deploy.resolve import resolved
from fnfkit.deploy.steps import step_changes
from fnfkit.model.stack import GetAtt, Ref, Resource
from fnfkit.ports import Fault, FlowRecord, Flows

SCHEDULE = "ALIYUN::FNF::Schedule"
_GONE = ("FlowNotExists", "ScheduleNotExists")


def drifts(state: State, flows: Flows, *, stack: str) -> tuple[Drift, ...]:
    """The flows and schedules that are not as the template of a stack says; what it leaves to the cloud is not
    compared. Raises `Fault`."""
    resources = resolved(state.template, state.parameters, stack=stack)
    there = {id: one for id, one in resources.items() if state.statuses.get(id, "").endswith("_COMPLETE")}
    return tuple(drift for resource in there.values() for drift in _of(resource, there, flows))


def _of(resource: Resource, resources: dict[str, Resource], flows: Flows) -> Iterator[Drift]:
    try:
        if resource.type == FLOW and isinstance(resource.properties.get("Name"), str):
            yield from _flow(resource, flows.describe_flow(resource.properties["Name"]))
        elif resource.type == SCHEDULE:
            yield from _schedule(resource, resources, flows)
    except Fault as fault:
        if fault.code not in _GONE:
            raise
        yield Drift(resource.id, "it is gone")


def _flow(resource: Resource, live: FlowRecord) -> Iterator[Drift]:
    wanted = resource.properties.get("Definition")
    if isinstance(wanted, str) and wanted.strip() != live.definition.strip():
        steps = ", ".join(map(str, step_changes(wanted, live.definition)))
        yield Drift(resource.id, "its definition was changed" + (f": {steps}" if steps else " in its text only"))
    role = resource.properties.get("RoleArn")
    if isinstance(role, str) and role != live.role_arn:
        yield Drift(resource.id, f"its role is {live.role_arn or 'none'}, not {role}")


def _schedule(resource: Resource, resources: dict[str, Resource], flows: Flows) -> Iterator[Drift]:
    given = resource.properties
    flow, name = _flow_name(given.get("FlowName"), resources), given.get("ScheduleName")
    if not flow or not isinstance(name, str):
        return
    live = flows.describe_schedule(flow, name)
    pairs = (
        ("CronExpression", live.cron),
        ("Payload", live.payload),
        ("Enable", live.enabled),
    )
    for property, now in pairs:
        wanted = given.get(property)
        if isinstance(wanted, str | bool) and wanted != now:
            yield Drift(resource.id, f"{property} is {now!r}, not {wanted!r}")


def _flow_name(value: object, resources: dict[str, Resource]) -> str:
    match value:
        case str():
            return value
        case GetAtt(id, "Name") | Ref(id) if id in resources:
            name = resources[id].properties.get("Name")
            return name if isinstance(name, str) else ""
        case _:
            return ""
