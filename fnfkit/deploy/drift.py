"""What has been changed behind a stack's back, resource by resource, as far as the ports of an account tell.

The rules:

1. What the template leaves to the cloud is not compared, nor what only the cloud knows, nor secret parameters.
2. A resource that is gone is told once. One that may not be looked at is told too: nobody knows whether it drifted.
3. A port that is not given is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fnfkit.deploy.drift_functions import function_drifts
from fnfkit.deploy.drift_messages import message_drifts
from fnfkit.deploy.drift_roles import role_drifts
from fnfkit.deploy.live import Live
from fnfkit.deploy.observed import Observed, differing
from fnfkit.deploy.plan import Drift, State
from fnfkit.deploy.resolve import resolved
from fnfkit.deploy.steps import step_changes
from fnfkit.ports import Fault, Flows

SCHEDULE = "ALIYUN::FNF::Schedule"
_GONE = frozenset(
    {
        *("FlowNotExists", "ScheduleNotExists", "QueueNotExist", "TopicNotExist", "SubscriptionNotExist"),
        *("ServiceNotFound", "FunctionNotFound", "AliasNotFound", "AsyncConfigNotExists"),
        *("EntityNotExist.Role", "EntityNotExist.Policy"),
    }
)


def drifts(state: State, live: Live, *, stack: str) -> tuple[Drift, ...]:
    """The resources that are not as the template of a stack says."""
    secret = {one.name for one in state.template.parameters if one.no_echo}
    told = replace(state.template, parameters=tuple(one for one in state.template.parameters if not one.no_echo))
    values = {name: value for name, value in state.parameters.items() if name not in secret}
    resources = resolved(told, values, stack=stack)
    there = {id: one for id, one in resources.items() if state.statuses.get(id, "").endswith("_COMPLETE")}
    account = str(state.parameters.get("ALIYUN::TenantId", ""))
    return tuple(drift for one in there.values() for drift in _of(Observed(one, there, account), live))


def _of(observed: Observed, live: Live) -> Iterator[Drift]:
    try:
        yield from _looked_at(observed, live)
    except Fault as fault:
        id = observed.resource.id
        if fault.code in _GONE:
            yield Drift(id, "it is gone")
        else:
            yield Drift(id, f"it cannot be looked at: {fault.code}: {fault.message}")


def _looked_at(observed: Observed, live: Live) -> Iterator[Drift]:
    match observed.resource.type.split("::")[1:]:
        case ["FNF", "Flow"] if live.flows:
            yield from _flow(observed, live.flows)
        case ["FNF", "Schedule"] if live.flows:
            yield from _schedule(observed, live.flows)
        case ["FC" | "FC3", _]:
            yield from function_drifts(observed, live)
        case ["MNS", _]:
            yield from message_drifts(observed, live)
        case ["RAM", _] if live.roles:
            yield from role_drifts(observed, live.roles)
        case _:
            return


def _flow(observed: Observed, flows: Flows) -> Iterator[Drift]:
    name = observed.text("Name")
    if name is None:
        return
    live = flows.describe_flow(name)
    wanted = observed.text("Definition")
    if wanted is not None and wanted.strip() != live.definition.strip():
        steps = ", ".join(map(str, step_changes(wanted, live.definition)))
        yield observed.drift("its definition was changed" + (f": {steps}" if steps else " in its text only"))
    yield from differing(observed, {"Description": live.description, "ExecutionMode": live.execution_mode})
    role = observed.text("RoleArn")
    if role is not None and role.lower() != live.role_arn.lower():
        yield observed.drift(f"its role is {live.role_arn or 'none'}, not {role}")


def _schedule(observed: Observed, flows: Flows) -> Iterator[Drift]:
    flow, name = observed.text("FlowName"), observed.text("ScheduleName")
    if flow is None or name is None:
        return
    live = flows.describe_schedule(flow, name)
    yield from differing(observed, {"CronExpression": live.cron, "Payload": live.payload, "Enable": live.enabled})
