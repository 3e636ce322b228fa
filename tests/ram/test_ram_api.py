"""Roles and policies over the wire: the operations of RAM 2015-05-01 (api-ros.md 7)."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.model.json import JsonObject
from fnfkit.protocol.http import Response
from fnfkit.protocol.rpc import signed_request
from fnfkit.server.gateway import Gateway

TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["fnf.aliyuncs.com"]}}],
    }
)
POLICY = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:*", "Resource": "*"}]})
NONCES = itertools.count()

Ask = Callable[..., tuple[int, JsonObject]]


@pytest.fixture
def ask() -> Ask:
    gateway = Gateway(Cloud())

    def call(action: str, **parameters: str) -> tuple[int, JsonObject]:
        request = signed_request(
            {"Action": action, "Version": "2015-05-01", **parameters},
            key_id=DEFAULT_KEY_ID,
            secret=DEFAULT_KEY_SECRET,
            at=int(time.time()),
            nonce=f"ram-{next(NONCES)}",
        )
        answer = gateway.handle(request)
        assert isinstance(answer, Response)
        return answer.status, json.loads(answer.body)

    return call


def test_a_role_lives(ask: Ask) -> None:
    status, body = ask("CreateRole", RoleName="Flow", AssumeRolePolicyDocument=TRUST, Description="x")
    assert (status, body["Role"]["Arn"]) == (200, "acs:ram::123456789012:role/flow")
    assert json.loads(ask("GetRole", RoleName="Flow")[1]["Role"]["AssumeRolePolicyDocument"]) == json.loads(TRUST)
    ask("CreatePolicy", PolicyName="p", PolicyDocument=POLICY)
    assert ask("AttachPolicyToRole", PolicyType="Custom", PolicyName="p", RoleName="Flow")[0] == 200
    ask("AttachPolicyToRole", PolicyType="System", PolicyName="AliyunMNSFullAccess", RoleName="Flow")
    listed = ask("ListPoliciesForRole", RoleName="Flow")[1]["Policies"]["Policy"]
    assert [policy["PolicyName"] for policy in listed] == ["p", "AliyunMNSFullAccess"]
    assert ask("DeleteRole", RoleName="Flow")[1]["Code"] == "DeleteConflict.Role.Policy"
    for type, name in (("Custom", "p"), ("System", "AliyunMNSFullAccess")):
        ask("DetachPolicyFromRole", PolicyType=type, PolicyName=name, RoleName="Flow")
    assert ask("DeleteRole", RoleName="Flow")[0] == ask("DeletePolicy", PolicyName="p")[0] == 200
    assert ask("ListRoles")[1]["Roles"]["Role"] == []


def test_policies_are_told(ask: Ask) -> None:
    ask("CreatePolicy", PolicyName="p", PolicyDocument=POLICY)
    body = ask("GetPolicy", PolicyName="p", PolicyType="Custom")[1]
    assert json.loads(body["DefaultPolicyVersion"]["PolicyDocument"]) == json.loads(POLICY)
    custom = ask("ListPolicies", PolicyType="Custom")[1]["Policies"]["Policy"]
    assert [policy["PolicyName"] for policy in custom] == ["p"]
    assert len(ask("ListPolicies")[1]["Policies"]["Policy"]) > 10


def test_trust_can_be_changed(ask: Ask) -> None:
    ask("CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    changed = TRUST.replace("fnf.", "fc.")
    assert (
        "fc.aliyuncs.com"
        in ask("UpdateRole", RoleName="r", NewAssumeRolePolicyDocument=changed)[1]["Role"]["AssumeRolePolicyDocument"]
    )


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("GetRole", {}, "MissingParameter"),
        ("GetRole", {"RoleName": "nobody"}, "EntityNotExist.Role"),
        (
            "CreateRole",
            {"RoleName": "r", "AssumeRolePolicyDocument": "["},
            "InvalidParameter.AssumeRolePolicyDocument.Malformed",
        ),
        ("CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}, "MalformedPolicyDocument"),
        ("GetPolicy", {"PolicyName": "x", "PolicyType": "System"}, "EntityNotExist.Policy"),
        ("NoSuch", {}, "InvalidAction.NotFound"),
    ],
)
def test_refusals(action: str, parameters: dict[str, str], code: str, ask: Ask) -> None:
    assert ask(action, **parameters)[1]["Code"] == code
