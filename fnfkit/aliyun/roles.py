"""The Resource Access Management port over the official SDK, whose core carries any RPC call."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from fnfkit.aliyun.flows import ask
from fnfkit.aliyun.session import Session
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.fault import Fault
from fnfkit.ports.roles import Policy, Role

VERSION, STS_VERSION = "2015-05-01", "2015-04-01"


class AliyunRoles:
    """RAM 2015-05-01; implements `fnfkit.ports.roles.Roles`. Every method raises `Fault`."""

    def __init__(self, session: Session) -> None:
        self._client = session.client()

    def role(self, name: str) -> Role:
        """GetRole and ListPoliciesForRole."""
        found = self._ask("GetRole", RoleName=name)["Role"]
        listed = self._ask("ListPoliciesForRole", RoleName=name)["Policies"]["Policy"]
        return Role(
            name=found["RoleName"],
            id=found["RoleId"],
            arn=found["Arn"],
            trust=_document(found.get("AssumeRolePolicyDocument")),
            description=found.get("Description", ""),
            max_session=int(found.get("MaxSessionDuration", 3600)),
            attached=tuple((one["PolicyType"], one["PolicyName"]) for one in listed),
        )

    def policy(self, type: str, name: str) -> Policy:
        """GetPolicy."""
        found = self._ask("GetPolicy", PolicyType=type, PolicyName=name)
        record, version = found["Policy"], found["DefaultPolicyVersion"]
        document = _document(version.get("PolicyDocument"))
        told = record.get("Description", "")
        return Policy(name=record["PolicyName"], type=type, document=document, description=told)

    def _ask(self, action: str, **parameters: str) -> JsonObject:
        return _asked(self._client, "Ram", VERSION, action, parameters)


def account_of(session: Session) -> str:
    """The number of the account that a session is in, as STS tells it (api-signing.md 2). Raises `Fault`."""
    return str(_asked(session.client(), "Sts", STS_VERSION, "GetCallerIdentity", {})["AccountId"])


def _asked(client: AcsClient, product: str, version: str, action: str, parameters: Mapping[str, str]) -> JsonObject:
    request = CommonRequest(version=version, action_name=action, product=product)
    request.set_method("POST")
    for name, value in parameters.items():
        request.add_query_param(name, value)
    return ask(client, request, {})


def _document(text: Json) -> JsonObject:
    """A document, which comes as text. Raises `Fault`."""
    try:
        value: Json = json.loads(text)
    except (TypeError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise Fault.of("InvalidAnswer", 0, "a policy document of the answer is not the text of a JSON object")
    return value
