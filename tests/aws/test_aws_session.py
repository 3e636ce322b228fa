"""Where credentials for AWS come from, what becomes of boto3's errors, and that no secret shows."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as sdk
from botocore.stub import Stubber
from moto import mock_aws

from fnfkit.aws import NoCredentials, Session, connect
from fnfkit.aws.redact import guard_sdk_logs, redact
from fnfkit.aws.session import is_local, url
from fnfkit.ports import (
    AccessDenied,
    ActionNotSupported,
    EntityTooLarge,
    Fault,
    InvalidAccessKeyID,
    InvalidArgument,
    NetworkFault,
    RequestTimeTooSkewed,
    ResourceThrottled,
    SignatureNotMatch,
)

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEXAMPLETOKEN"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that says nothing, and a home with nothing in it."""
    for name in (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def session(**given: str) -> Session:
    return connect(**{"key_id": "AKIAEXAMPLE", "secret": SECRET, "region": "eu-west-1", **given})


def key_of(found: Session) -> str:
    return str(found.client("sqs")._request_signer._credentials.access_key)


def test_arguments_then_the_environment_then_the_profile(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / "credentials").write_text(
        "[default]\naws_access_key_id = from-default\naws_secret_access_key = s\n"
        "[other]\naws_access_key_id = from-other\naws_secret_access_key = s\n"
    )
    (nowhere / "config").write_text("[default]\nregion = sa-east-1\n[profile other]\nregion = ca-central-1\n")
    assert (key_of(connect()), connect().region) == ("from-default", "sa-east-1")
    assert (key_of(connect(profile="other")), connect(profile="other").region) == ("from-other", "ca-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-env")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert (key_of(connect()), connect().region) == ("from-env", "us-west-2")
    assert (key_of(session()), session().region) == ("AKIAEXAMPLE", "eu-west-1")
    assert connect(region="eu-north-1").region == "eu-north-1"


def test_an_emulator_needs_neither_key_nor_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:5000/")
    found = connect()
    assert (found.endpoint, found.local, found.region) == ("http://127.0.0.1:5000", True, "us-east-1")
    assert found.client("sqs").meta.endpoint_url == "http://127.0.0.1:5000"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")
    assert key_of(connect()) == "own"


def test_an_emulator_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    with pytest.raises(NetworkFault, match=r"127\.0\.0\.1:9"):
        _ = session(endpoint="http://127.0.0.1:9").account


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "no AWS credentials: set AWS_ACCESS_KEY_ID"),
        ({"profile": "nope"}, r"profile \(nope\) could not be found"),
        ({"key_id": "x"}, "give both or neither"),
        ({"key_id": "x", "secret": "y"}, "no AWS region: give one"),
    ],
)
def test_what_is_missing_is_said(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(NoCredentials, match=complaint):
        connect(**given)


def test_a_broken_configuration(nowhere: Path) -> None:
    (nowhere / "config").write_text("no section\n")
    with pytest.raises(NoCredentials, match="config"):
        connect()


@pytest.mark.parametrize("endpoint", ["http://", "http://127.0.0.1:x y", "[::1"])
def test_a_broken_endpoint(endpoint: str) -> None:
    with pytest.raises(InvalidArgument, match="is no endpoint: give a URL"):
        session(endpoint=endpoint)


def test_a_region_that_cannot_be_one() -> None:
    with pytest.raises(InvalidArgument, match="no sqs client for region a b"):
        session(region="a b").client("sqs")


@pytest.mark.parametrize(
    ("endpoint", "expected", "local"),
    [
        ("", "", False),
        ("localhost", "http://localhost", True),
        ("[::1]:5000", "http://[::1]:5000", True),
        ("sqs.eu-west-1.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com", False),
    ],
)
def test_endpoints(endpoint: str, expected: str, local: bool) -> None:
    assert (url(endpoint), is_local(endpoint)) == (expected, local)


def test_clients_are_made_once_and_the_account_is_asked_for_once() -> None:
    with mock_aws():
        found = session()
        assert found.client("sqs") is found.client("sqs")
        assert found.arn("sns", "t") == "arn:aws:sns:eu-west-1:123456789012:t"
    assert found.arn("sns", "u") == "arn:aws:sns:eu-west-1:123456789012:u"


def test_the_partition_is_the_region_s() -> None:
    with mock_aws():
        assert session(region="cn-north-1").arn("sqs", "q").startswith("arn:aws-cn:sqs:cn-north-1:")


def refused(code: str, status: int = 400, message: str = "no") -> Fault:
    found = session()
    client = found.client("sns")
    with Stubber(client) as stub:
        stub.add_client_error("list_topics", code, message, http_status_code=status)
        with pytest.raises(Fault) as caught, found.faults("list_topics of all"):
            client.list_topics()
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", AccessDenied),
        ("UnrecognizedClientException", InvalidAccessKeyID),
        ("ExpiredToken", InvalidAccessKeyID),
        ("InvalidSignatureException", SignatureNotMatch),
        ("RequestExpired", RequestTimeTooSkewed),
        ("ThrottlingException", ResourceThrottled),
        ("ValidationException", InvalidArgument),
        ("RequestEntityTooLarge", EntityTooLarge),
        ("UnknownOperationException", ActionNotSupported),
    ],
)
def test_codes_that_all_services_share(code: str, kind: type[Fault]) -> None:
    fault = refused(code)
    assert type(fault) is kind
    assert fault.message.startswith("list_topics of all: no")


def test_other_codes_stay_as_they_are() -> None:
    fault = refused("SomethingNew", 503)
    assert (type(fault), fault.code, fault.status) == (Fault, "SomethingNew", 503)


def test_a_refusal_says_how_to_mend_it() -> None:
    assert "aws sso login" in refused("ExpiredTokenException").message
    assert "policy" in refused("AccessDenied").message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sdk.EndpointConnectionError(endpoint_url="https://x"), NetworkFault),
        (sdk.ReadTimeoutError(endpoint_url="https://x"), NetworkFault),
        (sdk.ConnectionClosedError(endpoint_url="https://x"), NetworkFault),
        (sdk.SSLError(endpoint_url="https://x", error="bad certificate"), NetworkFault),
        (sdk.NoCredentialsError(), AccessDenied),
        (sdk.UnauthorizedSSOTokenError(), AccessDenied),
        (sdk.ParamValidationError(report="Missing required parameter"), InvalidArgument),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_of_the_sdk(error: Exception, kind: type[Fault]) -> None:
    with pytest.raises(kind, match=r"^\w+: here: "), session().faults("here"):
        raise error


def test_an_endpoint_that_is_something_else(served_text: str) -> None:
    with pytest.raises(Fault, match="GetCallerIdentity"):
        _ = session(endpoint=served_text).account


def test_no_secret_in_print(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with mock_aws():
        found = session(token=TOKEN)
        assert found.account
        found.client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/any", RoleSessionName="someone")
    shown = f"{caplog.text} {found!r}"
    assert "AssumeRole" in shown, "the log is on"
    assert SECRET not in shown
    assert TOKEN not in shown
    assert "<SecretAccessKey>***" in shown or "SecretAccessKey" not in shown


def test_a_refused_signature_keeps_the_token_to_itself() -> None:
    canonical = f"The request signature does not match.\n\nPOST\n/\n\nx-amz-security-token:{TOKEN}\n"
    assert TOKEN not in str(refused("SignatureDoesNotMatch", 403, canonical))
    assert TOKEN not in str(refused("SomethingNew", 403, f"x-amz-security-token:{TOKEN} was sent"))


@pytest.mark.parametrize(
    "text",
    [
        f"X-Amz-Security-Token: {TOKEN}",
        f"'X-Amz-Security-Token': b'{TOKEN}'",
        f"Signature={TOKEN}&x=1",
        json.dumps({"SessionToken": TOKEN}),
        json.dumps({"Body": json.dumps({"task_token": TOKEN, "n": 1})}),
        str({"body": json.dumps({"taskToken": TOKEN}).encode()}),
        f"<SecretAccessKey>{TOKEN}</SecretAccessKey>",
    ],
)
def test_redaction(text: str) -> None:
    assert TOKEN not in redact(text)
    assert "***" in redact(text)


def test_the_log_is_guarded_once() -> None:
    guard_sdk_logs()
    before: Any = list(logging.getLogger("botocore.endpoint").filters)
    guard_sdk_logs()
    assert logging.getLogger("botocore.endpoint").filters == before
