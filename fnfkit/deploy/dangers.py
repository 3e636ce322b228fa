"""What in a plan endangers executions that are running (they go on with the definition they were started with)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from fnfkit.deploy.graph import calls
from fnfkit.deploy.plan import DEFINITIONS, FLOW, MACHINE, Action, Change, Danger, State, declared, definition
from fnfkit.deploy.resolve import resolved
from fnfkit.lang.dialects import read
from fnfkit.lang.ros.functions import write_value
from fnfkit.lang.ros.references import references
from fnfkit.model.json import Json
from fnfkit.model.names import FunctionRef
from fnfkit.model.stack import Resource

_NAMES = {FLOW: "Name", MACHINE: "StateMachineName"}
_FUNCTIONS = ("ALIYUN::FC::Function", "ALIYUN::FC3::Function", "AWS::Lambda::Function")
_MESSAGES = ("ALIYUN::MNS::Queue", "ALIYUN::MNS::Topic", "AWS::SQS::Queue", "AWS::SNS::Topic")
_GRANTS = ("ALIYUN::RAM::Role", "ALIYUN::RAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
_ATTACHMENT = "ALIYUN::RAM::AttachPolicyToRole"

Resources = Mapping[str, Resource]


def dangers(before: State, after: State, changes: tuple[Change, ...], *, stack: str) -> tuple[Danger, ...]:
    """Every danger of a plan for a stack that exists."""
    old = resolved(before.template, declared(before), stack=stack)
    new = resolved(after.template, declared(after), stack=stack)
    found = (danger for change in changes for danger in _of(change, old, new))
    return (*_stranger(changes, stack), *found)


def _stranger(changes: tuple[Change, ...], stack: str) -> Iterator[Danger]:
    """A stack without anything of the template was probably made by others, under a name that is taken."""
    going = [change for change in changes if change.action is Action.DELETE]
    coming = [change for change in changes if change.action is Action.CREATE]
    if going and coming and len(going) + len(coming) == len(changes):
        message = f"the stack {stack} has nothing of this template: each of its {len(going)} resources is deleted"
        yield Danger(stack, message, "if it is another project's, choose another name with --stack")


def _of(change: Change, old: Resources, new: Resources) -> Iterator[Danger]:
    going = change.action in (Action.DELETE, Action.REPLACE)
    verb = "deleted" if change.action is Action.DELETE else "replaced"
    match change.type:
        case kind if kind in DEFINITIONS and going:
            name = _name(old[change.id])
            message = f"the flow {name} is {verb}: its running executions stop after their current step"
            yield Danger(change.id, message, "keep the name, or wait until no execution is running")
        case kind if kind in _MESSAGES and going:
            message = f"{change.id} is {verb} with its messages: tasks that wait for an answer to them never get one"
            yield Danger(change.id, message, "keep the name, or let the messages be worked off first")
        case kind if kind in _FUNCTIONS and going:
            yield from _function(change.id, old, new, verb)
        case "ALIYUN::FC::Version" | "ALIYUN::FC3::FunctionVersion" if change.action is Action.DELETE:
            yield from _version(change.id, old, new)
        case "ALIYUN::FC::Alias" if going:
            yield from _alias(change.id, old, new, verb)
        case "AWS::Lambda::Alias" if going:
            yield from _mentioned(change.id, f"the alias {_text(old[change.id], 'Name')}", old, new, verb)
        case kind if kind in _GRANTS and change.action in (Action.UPDATE, Action.REPLACE):
            lost = sorted(_grants(old[change.id]) - _grants(new[change.id]))
            if lost:
                yield _shrunk(change.id, lost)
        case kind if kind == _ATTACHMENT and going:
            policy, role = (_text(old[change.id], name) for name in ("PolicyName", "RoleName"))
            if any(_text(one, "RoleName") == role or one.id in role for one in new.values() if one.type in _GRANTS):
                yield _shrunk(change.id, [policy])


def _shrunk(id: str, lost: list[str]) -> Danger:
    told = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    message = f"{id} loses rights: {told}; running executions that still need them fail"
    return Danger(id, message, "deploy this when no execution is running")


def _function(id: str, old: Resources, new: Resources, verb: str) -> Iterator[Danger]:
    name = _text(old[id], "FunctionName")
    users = [flow for flow, refs in _called(old, new) if any(ref.function == name for ref in refs)]
    yield from _called_still(id, f"the function {name}", users, verb)
    yield from _mentioned(id, f"the function {name}", old, new, verb)


def _called_still(id: str, thing: str, users: list[str], verb: str) -> Iterator[Danger]:
    if users:
        message = f"{thing} is {verb}, and the flow {users[0]} calls it"
        yield Danger(id, message, "change the flow first, and let its executions end")


def _mentioned(id: str, thing: str, old: Resources, new: Resources, verb: str) -> Iterator[Danger]:
    """Where definitions name what they call by reference, those that mention a resource."""
    flows = [one for resources in (new, old) for one in resources.values() if one.type == MACHINE]
    users = [_name(one) for one in flows if any(found.name == id for found in references(one.properties))]
    yield from _called_still(id, thing, users, verb)


def _version(id: str, old: Resources, new: Resources) -> Iterator[Danger]:
    """Versions have numbers that only the service knows: a flow that names any number of theirs may mean this one."""
    named = [flow for flow, refs in _called(old, new) if any(ref.qualifier.isdigit() for ref in refs)]
    if named:
        message = f"the version {id} is deleted, and the flow {named[0]} calls a version by its number"
        yield Danger(id, message, "keep the version in the template, or call an alias")


def _alias(id: str, old: Resources, new: Resources, verb: str) -> Iterator[Danger]:
    name = _text(old[id], "AliasName")
    users = [flow for flow, refs in _called(old, new) if any(ref.qualifier == name for ref in refs)]
    yield from _called_still(id, f"the alias {name}", users, verb)


def _called(old: Resources, new: Resources) -> Iterator[tuple[str, list[FunctionRef]]]:
    """The flows, old ones with running executions included, and the functions they call."""
    for resources in (new, old):
        for resource in resources.values():
            flow = read(definition(resource)).flow if resource.type == FLOW and definition(resource) else None
            if flow is not None:
                targets = (call.target for call in calls(flow))
                yield _text(resource, "Name"), [one for one in targets if isinstance(one, FunctionRef)]


def _grants(resource: Resource) -> frozenset[str]:
    """What a role or a policy allows, as texts."""
    given: Json = write_value(resource.properties)
    documents = [policy.get("PolicyDocument") for policy in given.get("Policies") or [] if isinstance(policy, dict)]
    documents.append(given.get("PolicyDocument"))
    granted = {grant for document in documents if isinstance(document, dict) for grant in _document(document)}
    attached = given.get("PolicyAttachments")
    if isinstance(attached, dict):
        granted |= {str(name) for names in attached.values() if isinstance(names, list) for name in names}
    return frozenset(granted)


def _document(document: dict[str, Json]) -> Iterator[str]:
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            for action in _listed(statement.get("Action")):
                yield from (f"{_shown(action)} on {_shown(where)}" for where in _listed(statement.get("Resource")))


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _shown(value: Json) -> str:
    if isinstance(value, dict) and len(value) == 1 and isinstance(text := next(iter(value.values())), str):
        return text
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _name(flow: Resource) -> str:
    return _text(flow, _NAMES[flow.type])


def _text(resource: Resource, name: str) -> str:
    return _shown(write_value(resource.properties.get(name, "")))
