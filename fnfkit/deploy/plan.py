"""A plan: what a deployment would do, as data.

The rules:

1. A resource that is not in the stack, or whose creation failed there, is created.
2. A resource whose type differs, or one of whose differing properties cannot be changed in place (ros.md 7, or the
   schema of its type on AWS), is replaced; the plan names those properties.
3. A resource with any other difference, or one that is not healthy, is updated; so is one that refers to a resource
   that is replaced, because what it refers to changes.
4. A resource that the template no longer has is deleted, unless its deletion policy is Retain.
5. Everything else is kept. A plan that keeps everything of a healthy stack is `same`, and deploying it does nothing.
6. Values are compared after the transform and with parameters filled in; order of keys never counts.
7. What endangers running executions is listed beside the changes, see `dangers`; so is drift, see `drift`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from fnfkit.deploy.resolve import condition, resolved
from fnfkit.deploy.steps import StepChange, step_changes
from fnfkit.lang import asl, cfn
from fnfkit.lang.dialects import read
from fnfkit.lang.ros import schema as ros
from fnfkit.lang.ros.functions import write_value
from fnfkit.lang.ros.references import references
from fnfkit.model.json import Json
from fnfkit.model.problem import Location
from fnfkit.model.stack import Resource, Sub, Template, Value
from fnfkit.ports.stacks import HEALTHY

FLOW, MACHINE = "ALIYUN::FNF::Flow", "AWS::StepFunctions::StateMachine"
DEFINITIONS = {FLOW: "Definition", MACHINE: "DefinitionString"}
"""The types of flows, and the property with the definition."""
_ABSENT = frozenset({"", "INIT_COMPLETE", "CREATE_FAILED", "DELETE_COMPLETE"})


class Action(Enum):
    """What becomes of a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in the properties of a resource and its two values; None for a value that is not there."""

    path: Location
    before: Json
    after: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to a resource and why. `forced_by` are the properties that cannot change in place, `because` tells a
    reason that is no difference of its own; `steps` are those of a flow."""

    id: str
    type: str
    action: Action
    differences: tuple[Difference, ...] = ()
    forced_by: tuple[str, ...] = ()
    because: str = ""
    steps: tuple[StepChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Danger:
    """What a deployment would break, and how to avoid that."""

    id: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that is not as the stack left it."""

    id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A template and its parameters. Of a stack that exists, `statuses` tells its resources' by logical ID."""

    template: Template
    parameters: Mapping[str, Json] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deployment would do with a stack. `status` is that of a stack that exists."""

    stack: str
    exists: bool
    status: str = ""
    changes: tuple[Change, ...]
    dangers: tuple[Danger, ...] = ()
    drifts: tuple[Drift, ...] = ()

    @property
    def same(self) -> bool:
        """Whether there is nothing to do. A stack that something went wrong with is never done with."""
        return self.status in HEALTHY and all(change.action is Action.KEEP for change in self.changes)

    @property
    def replaces(self) -> bool:
        """Whether some resource has to be made anew."""
        return any(change.action is Action.REPLACE for change in self.changes)

    def count(self, action: Action) -> int:
        """How many resources an action is for."""
        return sum(change.action is action for change in self.changes)


def changes(before: State | None, after: State, *, stack: str) -> tuple[Change, ...]:
    """What becomes of every resource, in the order of the new template; deleted ones come last."""
    new = resolved(after.template, declared(after), stack=stack)
    old = {} if before is None else resolved(before.template, _common(before, after), stack=stack)
    statuses = {} if before is None else before.statuses
    made = {id: _change(old.get(id), resource, statuses.get(id)) for id, resource in new.items()}
    if before is not None:
        made = {id: _conditioned(change, new[id], before, after) for id, change in made.items()}
    made = {id: _cascaded(change, new[id], made) for id, change in made.items()}
    gone = [_deleted(resource) for id, resource in old.items() if id not in new and statuses.get(id) not in _ABSENT]
    return (*made.values(), *gone)


def declared(state: State) -> dict[str, Json]:
    """The parameters that the template itself has. The pseudo parameters, which only a stack that exists knows, are
    filled in on neither side of a comparison."""
    names = {parameter.name for parameter in state.template.parameters}
    return {name: value for name, value in state.parameters.items() if name in names}


def _common(before: State, after: State) -> dict[str, Json]:
    """The parameters of the old template; values that the service masks count as unchanged."""
    masked = {one.name for one in before.template.parameters if one.no_echo} & after.parameters.keys()
    return declared(before) | {name: after.parameters[name] for name in masked}


def _change(old: Resource | None, new: Resource, status: str | None) -> Change:
    if old is None or status in _ABSENT or status is None:
        return Change(id=new.id, type=new.type, action=Action.CREATE)
    if old.type != new.type:
        return Change(id=new.id, type=new.type, action=Action.REPLACE, forced_by=("Type",), because=f"was {old.type}")
    found = tuple(differences(write_value(old.properties), write_value(new.properties)))
    names = dict.fromkeys(str(one.path[0]) for one in found)
    forced = tuple(name for name in names if replaces(new.type, name))
    steps = _steps(old, new) if new.type in DEFINITIONS else ()
    if found:
        action = Action.REPLACE if forced else Action.UPDATE
        return Change(id=new.id, type=new.type, action=action, differences=found, forced_by=forced, steps=steps)
    if not status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE")):
        return Change(id=new.id, type=new.type, action=Action.UPDATE, because=f"it is {status}")
    return Change(id=new.id, type=new.type, action=Action.KEEP)


def _conditioned(change: Change, new: Resource, before: State, after: State) -> Change:
    """A resource that a condition decides about differently is not simply kept."""
    old = before.template.resource(new.id)
    was = None if old is None else condition(before.template, declared(before), old.condition)
    now = condition(after.template, declared(after), new.condition)
    if change.action is not Action.KEEP or write_value(was) == write_value(now):
        return change
    return Change(id=new.id, type=new.type, action=Action.UPDATE, because=f"the condition {new.condition} differs")


def _cascaded(change: Change, new: Resource, made: Mapping[str, Change]) -> Change:
    if change.action is not Action.KEEP:
        return change
    for reference in references(new.properties):
        other = made.get(reference.name)
        if other is not None and other.action is Action.REPLACE:
            return Change(id=new.id, type=new.type, action=Action.UPDATE, because=f"{other.id} is replaced")
    return change


def _deleted(old: Resource) -> Change:
    if old.deletion_policy == "Retain":
        return Change(id=old.id, type=old.type, action=Action.KEEP, because="it is retained, and leaves the stack")
    return Change(id=old.id, type=old.type, action=Action.DELETE)


def differences(before: Json, after: Json, path: Location = ()) -> Iterator[Difference]:
    """The places where two values differ, as deep as both are maps, or lists of as many items."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key), after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, index))
    elif before != after:
        yield Difference(path, before, after)


def _steps(old: Resource, new: Resource) -> tuple[StepChange, ...]:
    before, after = definition(old), definition(new)
    if not (before and after and before != after):
        return ()
    return step_changes(before, after, read=asl.read if new.type == MACHINE else read)


def replaces(type: str, property: str) -> bool:
    """Whether a changed property needs a new resource."""
    return cfn.replaces(type, property) if type.startswith("AWS::") else ros.replaces(type, property)


def definition(flow: Resource) -> str:
    """The definition of a flow as far as a template has it; empty if it is computed."""
    value: Value = flow.properties.get(DEFINITIONS[flow.type])
    return value if isinstance(value, str) else value.text if isinstance(value, Sub) else ""
