"""Roles that the transform makes of the `Policies` of a SAM resource (ros.md 6.1)."""

from __future__ import annotations

from dataclasses import dataclass

from fnfkit.lang.ros.findings import Findings, kind
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import GetAtt, Resource, Value


@dataclass(frozen=True, slots=True)
class Roles:
    """What a resource needs beside itself, and the ARN it then has as its role."""

    arn: GetAtt | None
    resources: tuple[Resource, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Their logical IDs."""
        return tuple(resource.id for resource in self.resources)


def policies_of(resource: Resource, principal: str, name: str, findings: Findings) -> Roles:
    """The role `XRole` with the inline policies, and an attachment for every policy named."""
    id = f"{resource.id}Role"
    inline: list[Value] = []
    attachments: list[Resource] = []
    given = resource.properties["Policies"]
    for position, policy in enumerate(given if isinstance(given, list) else [given]):
        match policy:
            case str():
                attachments.append(attachment(policy, id, resource))
            case dict():
                inline.append({"PolicyName": f"{name}Policy{len(inline) + 1}", "PolicyDocument": _document(policy)})
            case _:
                path = (*resource.origin, "Properties", "Policies", position)
                fix = "write the name of a system policy, or a policy document"
                findings.error("T13", path, f"a policy must be a name or a document, not {kind(policy)}", fix)
    return Roles(GetAtt(id, "Arn"), (role(id, name, principal, resource, inline), *attachments))


def role(id: str, name: str, principal: str, of: Resource, inline: list[Value] | None = None) -> Resource:
    """A role that a service may assume."""
    properties: dict[str, Value] = {"RoleName": name, "AssumeRolePolicyDocument": trust(principal)}
    if inline:
        properties["Policies"] = inline
    return Resource(id=id, type="ALIYUN::RAM::Role", properties=properties, condition=of.condition, origin=of.origin)


def attachment(policy: str, role_id: str, of: Resource) -> Resource:
    """The attachment of a system policy."""
    return Resource(
        id=f"{policy}{role_id}",
        type="ALIYUN::RAM::AttachPolicyToRole",
        properties={"PolicyName": policy, "PolicyType": "System", "RoleName": GetAtt(role_id, "RoleName")},
        depends_on=(role_id,),
        condition=of.condition,
        origin=of.origin,
    )


def trust(principal: str) -> JsonObject:
    """The trust policy for a service (ros.md 10.1)."""
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [principal]}}
    return {"Version": "1", "Statement": [statement]}


def _document(policy: dict[str, Value]) -> JsonObject:
    """A document in the form a role takes: the version as text, actions and resources as lists."""
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return {"Version": str(policy.get("Version", "1")), "Statement": [_statement(item) for item in listed]}


def _statement(item: Value) -> Value:
    if not isinstance(item, dict):
        return item
    lists = ("Action", "NotAction", "Resource")
    return {key: [value] if key in lists and not isinstance(value, list) else value for key, value in item.items()}
