"""Drift of roles, policies and attachments (ros.md 9)."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.deploy.known import known
from fnfkit.deploy.observed import Observed
from fnfkit.deploy.plan import Drift
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.roles import CUSTOM, SYSTEM, Roles

Policy = tuple[str, str]
"""Type and name."""


def role_drifts(observed: Observed, roles: Roles) -> Iterator[Drift]:
    """What of a role, a policy or an attachment is different. Raises `Fault`."""
    match observed.resource.type.rpartition("::")[2]:
        case "Role":
            yield from _role(observed, roles)
        case "ManagedPolicy" if name := observed.text("PolicyName"):
            wanted = observed.value("PolicyDocumentUnchecked") or observed.value("PolicyDocument")
            yield from _document(observed, roles, name, wanted)
        case "AttachPolicyToRole":
            yield from _attachment(observed, roles)
        case _:
            return


def _role(observed: Observed, roles: Roles) -> Iterator[Drift]:
    name = observed.text("RoleName")
    if name is None:
        return
    live = roles.role(name)
    trust = observed.value("AssumeRolePolicyDocument")
    if isinstance(trust, dict) and _plain(trust) != _plain(live.trust):
        yield observed.drift("who may assume it was changed")
    wanted = _attached(observed)
    for type, policy in (one for one in wanted if one not in live.attached):
        yield observed.drift(f"the policy {policy} ({type}) is not attached any more")
    expected = {*wanted, *_attached_by_others(observed, name)}
    if None not in expected:
        for type, policy in (one for one in live.attached if one not in expected):
            yield observed.drift(f"the policy {policy} ({type}) was attached")
    for inline in observed.value("Policies") or ():
        if (CUSTOM, inline.get("PolicyName")) in live.attached:
            yield from _document(observed, roles, inline["PolicyName"], inline.get("PolicyDocument"))


def _attached(observed: Observed) -> list[Policy]:
    inline = [(CUSTOM, str(policy.get("PolicyName"))) for policy in observed.value("Policies") or ()]
    given = observed.value("PolicyAttachments") or {}
    named = [(type, str(name)) for type in (SYSTEM, CUSTOM) for name in given.get(type) or ()]
    return inline + named


def _attached_by_others(observed: Observed, role: str) -> Iterator[Policy | None]:
    """What other resources of the stack attach to the role; None stands for what is not known."""
    mine = observed.resource
    if any(mine.properties.get(name) and observed.value(name) is None for name in ("Policies", "PolicyAttachments")):
        yield None
    for other in observed.resources.values():
        one = Observed(other, observed.resources, observed.account)
        match other.type:
            case "ALIYUN::RAM::AttachPolicyToRole":
                policy = (one.text("PolicyType"), one.text("PolicyName"))
                if one.text("RoleName") in (role, None):
                    yield (str(policy[0]), str(policy[1])) if None not in policy else None
            case "ALIYUN::RAM::ManagedPolicy" if roles := other.properties.get("Roles"):
                names = [known(name, observed.resources, observed.account) for name in roles]
                if role in names or None in names:
                    policy_name = one.text("PolicyName")
                    yield (CUSTOM, policy_name) if policy_name is not None else None


def _attachment(observed: Observed, roles: Roles) -> Iterator[Drift]:
    role, type, name = (observed.text(property) for property in ("RoleName", "PolicyType", "PolicyName"))
    if role is None or type is None or name is None:
        return
    if (type, name) not in roles.role(role).attached:
        yield observed.drift(f"the policy {name} ({type}) is not attached to {role} any more")


def _document(observed: Observed, roles: Roles, name: str, wanted: Json) -> Iterator[Drift]:
    live = roles.policy(CUSTOM, name)
    if not isinstance(wanted, dict) or _plain(wanted) == _plain(live.document):
        return
    lost, more = _texts(wanted) - _texts(live.document), _texts(live.document) - _texts(wanted)
    told = [f"without {text}" for text in sorted(lost)[:3]] + [f"with {text}" for text in sorted(more)[:3]]
    yield observed.drift(f"the policy {name} was changed" + (f": {', '.join(told)}" if told else ""))


def _plain(document: JsonObject) -> JsonObject:
    """ROS takes the version as a number too, one statement without a list, and one action as text (ros.md 9)."""
    given = document.get("Statement")
    statements = given if isinstance(given, list) else [given]
    lists = ("Action", "NotAction", "Resource")
    plain = [
        {key: [value] if key in lists and isinstance(value, str) else value for key, value in one.items()}
        for one in statements
        if isinstance(one, dict)
    ]
    return {**document, "Version": str(document.get("Version", "1")), "Statement": plain}


def _texts(document: JsonObject) -> set[str]:
    """Each right of a document as a text."""
    return {
        f"{action} on {resource}"
        for one in _plain(document)["Statement"]
        for action in one.get("Action") or ()
        for resource in one.get("Resource") or ()
    }
