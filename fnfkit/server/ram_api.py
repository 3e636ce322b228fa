"""Resource Access Management 2015-05-01: roles and policies (api-ros.md 7). Shapes are those of its public API
(inferred: the references name the operations only)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import RLock

import orjson

from fnfkit.cloud.ram_roles import Roles
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault
from fnfkit.ports.roles import Policy, Role
from fnfkit.protocol.rpc import write_stamp
from fnfkit.server.auth import GATEWAY_REFUSALS
from fnfkit.server.rpc import Action, Call, Product

VERSION = "2015-05-01"
Run = Callable[[Roles, Call], JsonObject]


def product(roles: Roles, lock: RLock) -> Product:
    """The operations over the roles of an account."""
    runs: dict[str, tuple[tuple[str, ...], Run]] = {
        "CreateRole": (("RoleName", "AssumeRolePolicyDocument"), _create_role),
        "GetRole": (("RoleName",), _get_role),
        "UpdateRole": (("RoleName",), _update_role),
        "ListRoles": ((), _list_roles),
        "DeleteRole": (("RoleName",), _delete_role),
        "CreatePolicy": (("PolicyName", "PolicyDocument"), _create_policy),
        "GetPolicy": (("PolicyName", "PolicyType"), _get_policy),
        "ListPolicies": ((), _list_policies),
        "DeletePolicy": (("PolicyName",), _delete_policy),
        "AttachPolicyToRole": (("PolicyType", "PolicyName", "RoleName"), _attach),
        "DetachPolicyFromRole": (("PolicyType", "PolicyName", "RoleName"), _detach),
        "ListPoliciesForRole": (("RoleName",), _policies_of_role),
    }
    actions = {name: Action(required, partial(_run, roles, lock, run)) for name, (required, run) in runs.items()}
    return Product(VERSION, actions, GATEWAY_REFUSALS)


def _run(roles: Roles, lock: RLock, run: Run, call: Call) -> JsonObject:
    with lock:
        return run(roles, call)


def _create_role(roles: Roles, call: Call) -> JsonObject:
    given = call.parameters
    trust = _document(given["AssumeRolePolicyDocument"], "AssumeRolePolicyDocument")
    return {"Role": _role(roles.create_role(given["RoleName"], trust, description=given.get("Description", "")))}


def _get_role(roles: Roles, call: Call) -> JsonObject:
    return {"Role": _role(roles.role(call.parameters["RoleName"]))}


def _update_role(roles: Roles, call: Call) -> JsonObject:
    text = call.parameters.get("NewAssumeRolePolicyDocument")
    trust = _document(text, "NewAssumeRolePolicyDocument") if text else None
    return {"Role": _role(roles.update_role(call.parameters["RoleName"], trust=trust))}


def _list_roles(roles: Roles, call: Call) -> JsonObject:
    return {"Roles": {"Role": [_role(role) for role in roles.roles()]}, "IsTruncated": False}


def _delete_role(roles: Roles, call: Call) -> JsonObject:
    roles.delete_role(call.parameters["RoleName"])
    return {}


def _create_policy(roles: Roles, call: Call) -> JsonObject:
    given = call.parameters
    document = _document(given["PolicyDocument"], "PolicyDocument")
    policy = roles.create_policy(given["PolicyName"], document, description=given.get("Description", ""))
    return {"Policy": _policy(policy)}


def _get_policy(roles: Roles, call: Call) -> JsonObject:
    policy = roles.policy(call.parameters["PolicyType"], call.parameters["PolicyName"])
    version = {"VersionId": "v1", "IsDefaultVersion": True, "PolicyDocument": orjson.dumps(policy.document).decode()}
    return {"Policy": _policy(policy), "DefaultPolicyVersion": version}


def _list_policies(roles: Roles, call: Call) -> JsonObject:
    policies = roles.policies(call.parameters.get("PolicyType", ""))
    return {"Policies": {"Policy": [_policy(policy) for policy in policies]}, "IsTruncated": False}


def _delete_policy(roles: Roles, call: Call) -> JsonObject:
    roles.delete_policy(call.parameters["PolicyName"])
    return {}


def _attach(roles: Roles, call: Call) -> JsonObject:
    given = call.parameters
    roles.attach(given["RoleName"], given["PolicyType"], given["PolicyName"])
    return {}


def _detach(roles: Roles, call: Call) -> JsonObject:
    given = call.parameters
    roles.detach(given["RoleName"], given["PolicyType"], given["PolicyName"])
    return {}


def _policies_of_role(roles: Roles, call: Call) -> JsonObject:
    attached = roles.role(call.parameters["RoleName"]).attached
    return {"Policies": {"Policy": [_policy(roles.policy(type, name)) for type, name in attached]}}


def _document(text: str, parameter: str) -> JsonObject:
    try:
        value: Json = orjson.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Fault.of(f"InvalidParameter.{parameter}.Malformed", 400, f"{parameter} is not the text of a JSON object.")
    return value


def _role(role: Role) -> JsonObject:
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role.arn,
        "Description": role.description,
        "AssumeRolePolicyDocument": orjson.dumps(role.trust).decode(),
        "MaxSessionDuration": role.max_session,
        "CreateDate": write_stamp(role.created // 1000),
        "UpdateDate": write_stamp(role.modified // 1000),
    }


def _policy(policy: Policy) -> JsonObject:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": "v1",
        "CreateDate": write_stamp(policy.created // 1000),
        "UpdateDate": write_stamp(policy.modified // 1000),
    }
