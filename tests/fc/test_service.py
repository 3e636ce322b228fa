"""Deploying and finding functions, and the codes of what is refused (api-fc.md 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnfkit.cloud.fc.function import Function
from fnfkit.ports import Fault
from tests.fc.conftest import Lab

ECHO = "def handler(event, context):\n    return event\n"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (("nowhere", "", "f"), "ServiceNotFound"),
        (("lab", "", "g"), "FunctionNotFound"),
        (("lab", "7", "f"), "VersionNotFound"),
        (("lab", "online", "f"), "AliasNotFound"),
        (("", "", "f"), "FunctionNotFound"),
    ],
)
def test_what_does_not_exist_is_not_found(lab: Lab, name: tuple[str, str, str], code: str) -> None:
    lab.deploy(ECHO)
    with pytest.raises(Fault) as caught:
        lab.functions.find(*name)
    assert (caught.value.code, caught.value.status) == (code, 404)


def test_latest_is_the_newest_code(lab: Lab) -> None:
    deployed = lab.deploy(ECHO)
    assert lab.functions.find("lab", "LATEST", "f") is deployed is lab.functions.find("lab", "", "f")


def test_functions_of_any_service_stand_in_for_those_a_service_lacks(lab: Lab) -> None:
    lab.functions.stub("*", "f", lambda event: {"from": "any"})
    lab.functions.stub("shop", "f", lambda event: {"from": "shop"})
    assert lab.functions.find("shop", "", "f").service == "shop"
    assert lab.functions.find("other", "", "f").service == "*"
    assert lab.functions.find("", "", "f").service == "*"


def test_a_removed_function_is_gone(lab: Lab) -> None:
    lab.deploy(ECHO)
    lab.functions.remove("lab", "f")
    assert lab.functions.list() == ()
    with pytest.raises(Fault) as caught:
        lab.functions.remove("lab", "f")
    assert caught.value.code == "ServiceNotFound"


@pytest.mark.parametrize(
    ("service", "function", "settings", "says"),
    [
        ("1st", "f", {}, "service name '1st'"),
        ("lab", "", {}, "function name ''"),
        ("lab", "a" * 129, {}, "1 to 128"),
        ("lab", "f", {"handler": "index"}, "module.function"),
        ("lab", "f", {"handler": "../evil.run"}, "module.function"),
        ("lab", "f", {"timeout": 0}, "between 1 and 86400"),
        ("lab", "f", {"code": Path("/nowhere/at/all")}, "does not exist"),
    ],
)
def test_deploying_nonsense_is_refused(
    lab: Lab, service: str, function: str, settings: dict[str, object], says: str
) -> None:
    code = lab.write(ECHO)
    with pytest.raises(Fault, match=says) as caught:
        lab.functions.deploy(service, function, **{"code": code, **settings})  # type: ignore[arg-type]
    assert caught.value.code == "InvalidArgument"


def test_credentials_are_renewed_long_before_they_expire(lab: Lab) -> None:
    from fnfkit.cloud.fc.credentials import Credentials
    from fnfkit.cloud.fc.service import FunctionService

    given = (Credentials(f"STS.{number}", "secret", "token") for number in range(100))
    functions = FunctionService(lab.clock, credentials=lambda role: next(given))
    deployed = functions.deploy("lab", "f", code=lab.write("def handler(e, c): return c.credentials.access_key_id\n"))
    seen: list[bytes] = []
    for _ in range(4):
        functions.start(deployed, b"{}", lambda answer: seen.append(answer.body))
        lab.loop.advance(600)
    assert seen == [b"STS.0", b"STS.0", b"STS.1", b"STS.1"]


def test_secrets_stay_out_of_reprs_and_reach_the_handler(lab: Lab, tmp_path: Path) -> None:
    from fnfkit.cloud.fc.credentials import Credentials
    from fnfkit.cloud.fc.service import FunctionService

    credentials = Credentials("STS.id", "the-secret", "the-token")
    functions = FunctionService(lab.clock, credentials=lambda role: credentials)
    code = lab.write("""
        import os
        def handler(event, context):
            assert context.credentials.accessKeySecret == context.credentials.access_key_secret
            assert (context.credentials.accessKeyId, context.credentials.securityToken) == ("STS.id", "the-token")
            return [context.credentials.access_key_secret, os.environ["ALIBABA_CLOUD_SECURITY_TOKEN"], repr(context)]
    """)
    answers: list[bytes] = []
    deployed = functions.deploy("lab", "f", code=code)
    assert isinstance(deployed, Function)
    functions.start(deployed, b"{}", lambda answer: answers.append(answer.body))
    text = answers[0].decode()
    assert text.startswith('["the-secret", "the-token", ')
    assert text.count("the-secret") == text.count("the-token") == 1
