"""Security Token Service 2015-04-01: AssumeRole and GetCallerIdentity (api-signing.md 2.1)."""

from __future__ import annotations

from fnfkit.cloud.ram import MAX_SESSION_SECONDS, Ram, role_id
from fnfkit.model.json import JsonObject
from fnfkit.ports.fault import Fault
from fnfkit.protocol.rpc import Malformed, read_integer, write_stamp
from fnfkit.server.auth import GATEWAY_REFUSALS
from fnfkit.server.rpc import Action, Call, Product

VERSION = "2015-04-01"


def product(ram: Ram) -> Product:
    """The operations over the credentials of an account."""
    actions = {
        "AssumeRole": Action(("RoleArn", "RoleSessionName"), lambda call: _assume_role(ram, call)),
        "GetCallerIdentity": Action((), _caller_identity),
    }
    return Product(VERSION, actions, GATEWAY_REFUSALS)


def _assume_role(ram: Ram, call: Call) -> JsonObject:
    parameters = call.parameters
    session = ram.assume_role(
        parameters["RoleArn"],
        parameters["RoleSessionName"],
        duration_seconds=_duration(parameters.get("DurationSeconds")),
        policy=parameters.get("Policy"),
        external_id=parameters.get("ExternalId"),
    )
    return {
        "AssumedRoleUser": {"AssumedRoleId": session.assumed_role_id, "Arn": session.key.arn},
        "Credentials": {
            "AccessKeyId": session.key.id,
            "AccessKeySecret": session.key.secret,
            "SecurityToken": session.token,
            "Expiration": write_stamp(session.expires // 1000),
        },
    }


def _duration(text: str | None) -> int:
    try:
        return read_integer(text) if text else MAX_SESSION_SECONDS
    except Malformed as wrong:
        raise Fault.of("InvalidParameter.DurationSeconds", 400, f"The parameter DurationSeconds {wrong}.") from None


def _caller_identity(call: Call) -> JsonObject:
    caller = call.caller
    own = {"IdentityType": "Account", "AccountId": caller.account, "Arn": caller.arn}
    if not caller.id.startswith("STS."):
        return {**own, "PrincipalId": caller.account, "UserId": caller.account}
    _, role, session = caller.arn.rsplit("/", 2)
    number = role_id(role)
    return {**own, "IdentityType": "AssumedRoleUser", "PrincipalId": f"{number}:{session}", "RoleId": number}
