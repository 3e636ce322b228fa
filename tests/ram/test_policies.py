"""What policy documents say of a request (ros.md 10)."""

from __future__ import annotations

import pytest

from fnfkit.cloud.ram_policy import WrongPolicy, read_policy, read_trust
from fnfkit.cloud.ram_system import SYSTEM_POLICIES
from fnfkit.model.json import Json, JsonObject

FUNCTION = "acs:fc:cn-hangzhou:1:services/s/functions/f"


def says(action: str, resource: str, *statements: JsonObject, **context: str) -> bool:
    found = read_policy({"Version": "1", "Statement": list(statements)})
    concerned = [statement for statement in found if statement.concerns(action, resource, context)]
    return bool(concerned) and all(statement.allows for statement in concerned)


def allow(action: Json, resource: Json = "*", **more: Json) -> JsonObject:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("fc:InvokeFunction", FUNCTION, True),
        (["fc:Get*", "fc:Invoke*"], "*", True),
        ("FC:invokefunction", "*", True),
        ("fc:*", "acs:fc:*:*:services/s/functions/*", True),
        ("*", "acs:fc:cn-hangzhou:1:services/?/functions/f", True),
        ("fc:InvokeFunctions", "*", False),
        ("mns:*", "*", False),
        ("fc:InvokeFunction", "acs:fc:cn-hangzhou:1:services/s/functions", False),
        ("fc:InvokeFunction", "acs:fc:cn-hangzhou:1:services/s.*/functions/f", False),
        ("fc:InvokeFunction", "acs:fc:::services/s/functions/f", False),
        ("fc:InvokeFunction", "acs:fc:cn-hangzhou:1:services/S/functions/f", False),
    ],
)
def test_actions_and_resources(action: Json, resource: Json, allowed: bool) -> None:
    assert says("fc:InvokeFunction", FUNCTION, allow(action, resource)) is allowed


def test_a_denial_wins() -> None:
    deny = {"Effect": "Deny", "Action": "fc:InvokeFunction", "Resource": FUNCTION}
    assert not says("fc:InvokeFunction", FUNCTION, allow("fc:*"), deny)
    assert says("fc:InvokeFunction", FUNCTION + "2", allow("fc:*"), deny)


def test_not_action_means_all_others() -> None:
    statement = {"Effect": "Allow", "NotAction": ["fc:Delete*"], "Resource": "*"}
    assert says("fc:InvokeFunction", FUNCTION, statement)
    assert not says("fc:DeleteFunction", FUNCTION, statement)


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("StringEquals", "fnf.aliyuncs.com", True),
        ("StringEquals", ["x", "fnf.aliyuncs.com"], True),
        ("StringEquals", "FNF.aliyuncs.com", False),
        ("StringEqualsIgnoreCase", "FNF.aliyuncs.com", True),
        ("StringNotEquals", "fc.aliyuncs.com", True),
        ("StringLike", "fnf.*", True),
        ("StringNotLike", "fnf.*", False),
        ("Unheard", "fnf.aliyuncs.com", False),
    ],
)
def test_conditions(operator: str, wanted: Json, holds: bool) -> None:
    statement = allow("ram:PassRole", Condition={operator: {"acs:Service": wanted}})
    assert says("ram:PassRole", "*", statement, **{"acs:Service": "fnf.aliyuncs.com"}) is holds


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ("text", "mapping"),
        ({"Version": "2", "Statement": []}, "Version"),
        ({"Version": "1"}, "Statement"),
        ({"Version": "1", "Statement": ["x"]}, "Statement"),
        ({"Version": "1", "Statement": [{"Effect": "Maybe", "Action": "a", "Resource": "*"}]}, "Effect"),
        ({"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*"}]}, "Action"),
        ({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "a"}]}, "Resource"),
        ({"Version": "1", "Statement": [{"Effect": "Allow", "Action": {}, "Resource": "*"}]}, "Action"),
    ],
)
def test_documents_that_cannot_be_read(document: Json, part: str) -> None:
    with pytest.raises(WrongPolicy, match=part):
        read_policy(document)


def test_trust_names_services() -> None:
    principal = {"Service": ["fnf.aliyuncs.com", "fc.aliyuncs.com"]}
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}
    assert read_trust({"Version": "1", "Statement": statement}) == {"fnf.aliyuncs.com", "fc.aliyuncs.com"}
    assert read_trust({"Version": "1", "Statement": [{**statement, "Action": "sts:Other"}]}) == set()
    with pytest.raises(WrongPolicy, match="Principal"):
        read_trust({"Version": "1", "Statement": [{**statement, "Principal": "x"}]})


def test_every_system_policy_can_be_read() -> None:
    for name, document in SYSTEM_POLICIES.items():
        assert read_policy(document), name
