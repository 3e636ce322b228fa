"""What the official SDK is told when a request should not be believed; and that nothing happens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import RamRoleArnCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest, RpcRequest
from aliyunsdkcore.utils import parameter_helper
from aliyunsdkfnf.request.v20190315.CreateFlowRequest import CreateFlowRequest
from aliyunsdkfnf.request.v20190315.ListFlowsRequest import ListFlowsRequest

from fnfkit.aliyun import AliyunFlows, Key, Session
from fnfkit.aliyun.session import AssumedRole
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Fault, SignatureNotMatch
from fnfkit.server.listener import Listening
from tests.contract.flows import NOTHING

DEFAULT_KEY = (DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
ROLE = "acs:ram::123456789012:role/Admin"


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


def client(served: Listening, key_id: str = DEFAULT_KEY_ID, secret: str = DEFAULT_KEY_SECRET) -> AcsClient:
    return at(served, AcsClient(key_id, secret, "cn-hangzhou"))


def at(served: Listening, sdk: AcsClient) -> AcsClient:
    for product in ("fnf", "Sts"):
        sdk.add_endpoint("cn-hangzhou", product, served.endpoint)
    return sdk


def create_flow() -> CreateFlowRequest:
    request = CreateFlowRequest()
    request.set_Name("f")
    request.set_Definition(NOTHING)
    request.set_Description("")
    request.set_Type("FDL")
    return request


@contextmanager
def refused(cloud: Cloud, code: str, status: int) -> Iterator[None]:
    with pytest.raises(ServerException) as error:
        yield
    assert (error.value.get_error_code(), error.value.get_http_status()) == (code, status)
    assert error.value.get_request_id()
    assert cloud.flows.list_flows().items == ()


def test_wrong_secret(cloud: Cloud, served: Listening) -> None:
    with refused(cloud, "SignatureNotMatch", 403):
        client(served, secret="wrong").do_action_with_exception(create_flow())


def test_unknown_key(cloud: Cloud, served: Listening) -> None:
    with refused(cloud, "InvalidAccessKeyID", 403):
        client(served, key_id="LTAInobody").do_action_with_exception(create_flow())


def test_resting_key(cloud: Cloud, served: Listening) -> None:
    key = cloud.ram.create_key()
    cloud.ram.set_active(key.id, False)
    with refused(cloud, "InvalidAccessKeyID", 403):
        client(served, key.id, key.secret).do_action_with_exception(create_flow())


@pytest.mark.parametrize("minutes", [-16, 16])
def test_skewed_clock(cloud: Cloud, served: Listening, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + minutes * 60))
    monkeypatch.setattr(parameter_helper, "get_iso_8061_date", lambda: stamp)
    with refused(cloud, "RequestTimeTooSkewed", 403):
        client(served).do_action_with_exception(create_flow())


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_may_be_a_little_off(served: Listening, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + minutes * 60))
    monkeypatch.setattr(parameter_helper, "get_iso_8061_date", lambda: stamp)
    assert b"RequestId" in client(served).do_action_with_exception(create_flow())


def test_the_clouds_own_time_does_not_matter(cloud: Cloud, served: Listening) -> None:
    cloud.advance(365 * 86_400)
    assert b"RequestId" in client(served).do_action_with_exception(create_flow())


def test_reused_nonce(cloud: Cloud, served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_helper, "get_uuid", lambda: "00112233445566778899aabbccddeeff")
    sdk = client(served)
    sdk.do_action_with_exception(ListFlowsRequest())
    with refused(cloud, "SignatureNonceUsed", 400):
        sdk.do_action_with_exception(create_flow())


def test_a_refused_request_does_not_use_its_nonce_up(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_helper, "get_uuid", lambda: "00112233445566778899aabbccddeeff")
    with pytest.raises(ServerException):
        client(served, secret="wrong").do_action_with_exception(create_flow())
    assert b"RequestId" in client(served).do_action_with_exception(create_flow())


@pytest.mark.parametrize("place", ["get_url", "get_content"])
def test_altered_parameter(cloud: Cloud, served: Listening, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    request = create_flow()
    sdk = client(served)
    sign = sdk._signer.sign

    def meddle(*arguments: object) -> tuple[dict[str, str], str]:
        headers, url = sign(*arguments)
        if place == "get_url":
            return headers, url.replace("cn-hangzhou", "cn-shanghai")
        request.set_content(request.get_content().replace("Name=f", "Name=g"))
        return headers, url

    monkeypatch.setattr(sdk._signer, "sign", meddle)
    with refused(cloud, "SignatureNotMatch", 403):
        sdk.do_action_with_exception(request)


def test_temporary_credentials(cloud: Cloud, served: Listening) -> None:
    session = cloud.ram.assume_role(ROLE, "alice")
    credential = StsTokenCredential(session.key.id, session.key.secret, session.token)
    assert b"RequestId" in at(served, AcsClient(credential=credential)).do_action_with_exception(create_flow())


@pytest.mark.parametrize(
    ("spoil", "code", "status"),
    [
        (lambda key, token: (key.id, key.secret, "bm9uc2Vuc2U="), "InvalidSecurityToken.Malformed", 400),
        (lambda key, token: ("STS.other", key.secret, token), "InvalidSecurityToken.MismatchWithAccessKey", 400),
        (
            lambda key, token: (DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, token),
            "InvalidSecurityToken.MismatchWithAccessKey",
            400,
        ),
        (lambda key, token: (key.id, "wrong", token), "SignatureNotMatch", 403),
        (lambda key, token: (key.id, key.secret, ""), "InvalidAccessKeyID", 403),
    ],
)
def test_wrong_temporary_credentials(
    cloud: Cloud, served: Listening, spoil: Callable[..., tuple[str, str, str]], code: str, status: int
) -> None:
    session = cloud.ram.assume_role(ROLE, "alice")
    credential = StsTokenCredential(*spoil(session.key, session.token))
    with refused(cloud, code, status):
        at(served, AcsClient(credential=credential)).do_action_with_exception(create_flow())


def test_expired_temporary_credentials(cloud: Cloud, served: Listening) -> None:
    session = cloud.ram.assume_role(ROLE, "alice", duration_seconds=900)
    cloud.advance(900)
    credential = StsTokenCredential(session.key.id, session.key.secret, session.token)
    with refused(cloud, "InvalidSecurityToken.Expired", 400):
        at(served, AcsClient(credential=credential)).do_action_with_exception(create_flow())


def test_a_role_assumed_by_the_sdk(served: Listening) -> None:
    credential = RamRoleArnCredential(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, ROLE, "alice")
    assert b"RequestId" in at(served, AcsClient(credential=credential)).do_action_with_exception(create_flow())


def sts_request(action: str, **parameters: str) -> CommonRequest:
    request = CommonRequest(product="Sts", version="2015-04-01", action_name=action)
    request.set_method("POST")
    for name, value in parameters.items():
        request.add_query_param(name, value)
    return request


def test_who_am_i(served: Listening, cloud: Cloud) -> None:
    body = client(served).do_action_with_exception(sts_request("GetCallerIdentity"))
    assert b'"IdentityType":"Account","AccountId":"123456789012"' in body
    session = cloud.ram.assume_role(ROLE, "alice")
    credential = StsTokenCredential(session.key.id, session.key.secret, session.token)
    body = at(served, AcsClient(credential=credential)).do_action_with_exception(sts_request("GetCallerIdentity"))
    assert b"AssumedRoleUser" in body
    assert b"role/Admin/alice" in body


def test_gateway_codes_of_sts(cloud: Cloud, served: Listening) -> None:
    with refused(cloud, "SignatureDoesNotMatch", 400):
        client(served, secret="wrong").do_action_with_exception(sts_request("GetCallerIdentity"))
    with refused(cloud, "InvalidAccessKeyId.NotFound", 404):
        client(served, key_id="LTAInobody").do_action_with_exception(sts_request("GetCallerIdentity"))


def test_the_sdk_can_tell_a_wrong_secret(cloud: Cloud, served: Listening) -> None:
    """It compares the quoted string to sign with its own, and then names the real culprit itself."""
    request = RpcRequest("Sts", "2015-04-01", "GetCallerIdentity")
    with refused(cloud, "InvalidAccessKeySecret", 400):
        client(served, secret="wrong").do_action_with_exception(request)


def test_refusals_of_sts(cloud: Cloud, served: Listening) -> None:
    sdk = client(served)
    with refused(cloud, "MissingParameter", 400):
        sdk.do_action_with_exception(sts_request("AssumeRole", RoleArn=ROLE))
    with refused(cloud, "InvalidAction.NotFound", 404):
        sdk.do_action_with_exception(sts_request("Nothing"))
    with refused(cloud, "InvalidParameter.DurationSeconds", 400):
        sdk.do_action_with_exception(
            sts_request("AssumeRole", RoleArn=ROLE, RoleSessionName="alice", DurationSeconds="long")
        )


def test_the_port_uses_its_own_credentials(served: Listening, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "LTAInobody")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "wrong")
    held = cloud.ram.assume_role(ROLE, "alice")
    own = Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
    temporary = Key(held.key.id, held.key.secret, held.token)
    for credentials in (own, temporary, AssumedRole(own, ROLE, "alice")):
        assert AliyunFlows(Session(credentials, endpoint=served.endpoint)).list_flows().items == ()


def test_nothing_secret_is_logged_or_printed(
    served: Listening, cloud: Cloud, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    held = cloud.ram.assume_role(ROLE, "alice")
    own = Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
    temporary = Key(held.key.id, held.key.secret, held.token)
    for credentials in (own, temporary, AssumedRole(own, ROLE, "alice")):
        AliyunFlows(Session(credentials, endpoint=served.endpoint)).list_flows()
    with pytest.raises(SignatureNotMatch) as wrong:
        AliyunFlows(Session(Key(DEFAULT_KEY_ID, "mistyped"), endpoint=served.endpoint)).list_flows()
    closed = urlsplit(served.endpoint)._replace(netloc="127.0.0.1:1").geturl()
    with pytest.raises(Fault) as unreachable:
        AliyunFlows(Session(temporary, endpoint=closed)).list_flows()
    assert unreachable.value.code == "SDK.HttpError"
    out, err = capfd.readouterr()
    said = "\n".join([caplog.text, out, err, str(wrong.value), str(unreachable.value)])
    assert "fnf" in said, "the SDK did log"
    for secret in (DEFAULT_KEY_SECRET, held.key.secret, held.token, held.token[:20], "mistyped"):
        assert secret not in said
    assert "Signature=" not in said.replace("Signature=***", "")
    assert "SecurityToken=***" in said
    assert "Signature=***" in said
