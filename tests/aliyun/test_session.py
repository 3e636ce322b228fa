"""Where credentials come from, what they look like in print, and where requests go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnfkit.aliyun.redact import redact
from fnfkit.aliyun.session import (
    AssumedRole,
    InstanceRole,
    Key,
    NoCredentials,
    Session,
    connect,
    is_local,
    url,
)

ENV = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret"}
OLD_ENV = {"ALIYUN_ACCESS_KEY_ID": "old-id", "ALIYUN_ACCESS_KEY_SECRET": "old-secret"}
AK = {
    "name": "default",
    "mode": "AK",
    "access_key_id": "p-id",
    "access_key_secret": "p-secret",
    "region_id": "cn-beijing",
}


def configure(home: Path, *profiles: object, current: str = "default") -> None:
    (home / ".aliyun").mkdir()
    text = json.dumps({"current": current, "profiles": profiles})
    (home / ".aliyun" / "config.json").write_text(text, encoding="utf-8")


def test_arguments_win(tmp_path: Path) -> None:
    configure(tmp_path, AK)
    session = connect(key_id="a", secret="b", token="t", environ={**ENV, **OLD_ENV}, home=tmp_path)
    assert session.credentials == Key("a", "b", "t")


def test_then_the_environment_new_names_first(tmp_path: Path) -> None:
    configure(tmp_path, AK)
    both = {**ENV, **OLD_ENV, "ALIBABA_CLOUD_SECURITY_TOKEN": "t"}
    assert connect(environ=both, home=tmp_path).credentials == Key("env-id", "env-secret", "t")
    assert connect(environ=OLD_ENV, home=tmp_path).credentials == Key("old-id", "old-secret")


def test_then_the_profile(tmp_path: Path) -> None:
    sts = {**AK, "name": "sts", "mode": "StsToken", "sts_token": "t"}
    role = {**AK, "name": "role", "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/r"}
    configure(tmp_path, AK, sts, role, {"name": "ecs", "mode": "EcsRamRole", "ram_role_name": "r"})
    metadata = {"ALIBABA_CLOUD_ECS_METADATA": "late"}

    def chosen(name: str) -> object:
        return connect(environ={**metadata, "ALIBABA_CLOUD_PROFILE": name}, home=tmp_path).credentials

    assert connect(environ=metadata, home=tmp_path).credentials == Key("p-id", "p-secret")
    assert chosen("sts") == Key("p-id", "p-secret", "t")
    assert chosen("role") == AssumedRole(Key("p-id", "p-secret"), "acs:ram::1:role/r", "fnfkit")
    assert chosen("ecs") == InstanceRole("r")


def test_then_the_instance_role(tmp_path: Path) -> None:
    assert connect(environ={"ALIBABA_CLOUD_ECS_METADATA": "r"}, home=tmp_path).credentials == InstanceRole("r")


def test_a_profile_can_be_switched_off(tmp_path: Path) -> None:
    configure(tmp_path, AK)
    with pytest.raises(NoCredentials, match="aliyun configure"):
        connect(environ={"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, home=tmp_path)


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({}, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "x"}, "go together"),
        ({"ALIYUN_ACCESS_KEY_SECRET": "x"}, "ALIYUN_ACCESS_KEY_ID"),
    ],
)
def test_nothing_usable_in_the_environment(tmp_path: Path, environ: dict[str, str], complaint: str) -> None:
    with pytest.raises(NoCredentials, match=complaint):
        connect(environ=environ, home=tmp_path)


def test_half_a_key_in_arguments(tmp_path: Path) -> None:
    with pytest.raises(NoCredentials, match="give both or neither"):
        connect(key_id="x", environ=ENV, home=tmp_path)


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        ({"name": "default", "mode": "CloudSSO"}, "has mode 'CloudSSO'"),
        ({"name": "default", "mode": "AK", "access_key_id": "x"}, "has no access_key_secret"),
        ({"name": "default", "mode": "EcsRamRole", "ram_role_name": ""}, "has no ram_role_name"),
        ({"name": "other"}, "no profile named 'default'; it has: other"),
        ({"mode": "AK"}, "not a configuration"),
        ("text", "not a configuration"),
    ],
)
def test_unusable_profiles(tmp_path: Path, profile: object, complaint: str) -> None:
    configure(tmp_path, profile)
    with pytest.raises(NoCredentials, match=complaint):
        connect(environ={}, home=tmp_path)


def test_a_broken_configuration(tmp_path: Path) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(NoCredentials, match=r"config\.json is not a configuration"):
        connect(environ={}, home=tmp_path)
    assert connect(environ=ENV, home=tmp_path).credentials == Key("env-id", "env-secret"), "nobody needed the file"


def test_region_and_endpoint(tmp_path: Path) -> None:
    configure(tmp_path, {**AK, "region_id": "cn-beijing"})
    session = connect(environ={"FNFKIT_ENDPOINT": "127.0.0.1:8680"}, home=tmp_path)
    assert (session.region, session.endpoint) == ("cn-beijing", "127.0.0.1:8680")
    environ = {**ENV, "ALIBABA_CLOUD_REGION_ID": "cn-shenzhen"}
    assert connect(environ=environ, home=tmp_path).region == "cn-shenzhen"
    assert connect(environ=environ, home=tmp_path, region="eu-central-1").region == "eu-central-1"
    assert connect(environ=ENV, home=tmp_path).region == "cn-hangzhou"


@pytest.mark.parametrize(
    ("endpoint", "expected", "local"),
    [
        ("127.0.0.1:80", "http://127.0.0.1:80", True),
        ("localhost", "http://localhost", True),
        ("[::1]:8680", "http://[::1]:8680", True),
        ("http://fnf.example/", "http://fnf.example", False),
        ("cn-hangzhou.fnf.aliyuncs.com", "https://cn-hangzhou.fnf.aliyuncs.com", False),
        ("127.0.0.1.example", "https://127.0.0.1.example", False),
    ],
)
def test_endpoints(endpoint: str, expected: str, local: bool) -> None:
    assert url(endpoint) == expected
    assert is_local(endpoint) is local


def test_no_secret_in_print() -> None:
    session = Session(AssumedRole(Key("the-id", "the-secret", "the-token"), "acs:ram::1:role/r", "s"))
    assert "the-id" in repr(session)
    assert "the-secret" not in repr(session)
    assert "the-token" not in repr(session)


@pytest.mark.parametrize(
    "text",
    [
        "url: /?AccessKeyId=AK&Signature=HIDE%3D&SecurityToken=HIDE (Caused by x)",
        "Params: {'SecurityToken': 'HIDE', 'Signature': 'HIDE', 'Action': 'x'}",
        """body: b'{"Credentials": {"AccessKeySecret":"HIDE","SecurityToken": "HIDE"}}'""",
        r"""body: {\"SecurityToken\":\"HIDE\"}""",
        "string to sign is:GET&%2F&SecurityToken%3DHIDE",
    ],
)
def test_redaction(text: str) -> None:
    assert "HIDE" in text
    assert "HIDE" not in redact(text)


@pytest.mark.parametrize("value", ["Uabc", "uabc%2B", "u", "%2Fu", "abc"])
def test_nothing_of_a_value_stays(value: str) -> None:
    assert redact(f"/?Signature={value}&Action=x") == "/?Signature=***&Action=x"
    assert redact(f"{{u'SecurityToken': u'{value}'}}") == "{u'SecurityToken': u'***'}"
