"""The wire itself: signatures, error bodies, tags, names, and what only one of the clients can say (api-fc.md 2, 6)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import fc2
import pytest
from alibabacloud_fc20230330 import models
from fc2.fc_exceptions import FcError

from fnfkit.aliyun.functions3 import Fc3Functions
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Ram
from fnfkit.ports import Fault
from fnfkit.ports.functions import FunctionSettings
from fnfkit.protocol.http import Request
from fnfkit.protocol.sign import Signed, acs3_signature, fc_signature
from fnfkit.server.fc_auth import FcVerifier
from tests.fc.contract.conftest import Served, archive, clear

DATE = "Thu, 02 Jan 2020 03:04:05 GMT"
AT = 1_577_934_245
ECHO = "def handler(event, context):\n    return event\n"


@pytest.fixture
def site(served: Served) -> Iterator[Served]:
    clear(served.cloud)
    yield served


@pytest.fixture
def client(site: Served) -> fc2.Client:
    return fc2.Client(endpoint=site.listening.endpoint, accessKeyID=DEFAULT_KEY_ID, accessKeySecret=DEFAULT_KEY_SECRET)


def verifier(at: float = AT) -> FcVerifier:
    ram = Ram(Cloud().clock, "123456789012")
    ram.add_key("AKFAKE", "SKFAKE")
    return FcVerifier(ram, wall_clock=lambda: at)


def fc_request(**changes: str) -> Request:
    headers = {
        "content-type": "application/json",
        "date": DATE,
        "x-fc-invocation-type": "Async",
        "authorization": "FC AKFAKE:LvqdmPgqtOt1A2FsQNd065sooMjuOriteieC+OfTvoc=",
    }
    target = changes.pop("target", "/2016-08-15/services/svc/functions/echo/invocations")
    return Request("POST", target, {**headers, **{name.replace("_", "-"): value for name, value in changes.items()}})


def acs3_request(nonce: str = "n-1", *, body: bytes = b"", leave_out: str = "") -> Request:
    import hashlib

    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "host": "127.0.0.1:8080",
        "x-acs-date": "2020-01-02T03:04:05Z",
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": digest,
    }
    names = [name for name in sorted(headers) if name != leave_out]
    target = "/2023-03-30/functions/echo/invocations?qualifier=1"
    signature = acs3_signature("SKFAKE", Signed("POST", target, headers), names, digest)
    claim = f"ACS3-HMAC-SHA256 Credential=AKFAKE,SignedHeaders={';'.join(names)},Signature={signature}"
    return Request("POST", target, {**headers, "authorization": claim}, body)


def test_the_recorded_signature_is_accepted() -> None:
    assert verifier().verify(fc_request()).id == "AKFAKE"


def test_a_content_type_that_was_not_signed_is_accepted() -> None:
    assert verifier().verify(fc_request(content_type="text/plain")).id == "AKFAKE"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (fc_request(x_fc_invocation_type="Sync"), "SignatureNotMatch"),
        (fc_request(x_fc_log_type="Tail"), "SignatureNotMatch"),
        (fc_request(target="/2016-08-15/services/other/functions/echo/invocations"), "SignatureNotMatch"),
        (fc_request(date="Thu, 02 Jan 2020 03:04:06 GMT"), "SignatureNotMatch"),
        (fc_request(authorization="FC NOBODY:x"), "InvalidAccessKeyID"),
        (fc_request(authorization="FC x"), "InvalidArgument"),
        (fc_request(authorization="Basic abc"), "InvalidArgument"),
        (fc_request(authorization="ACS3-HMAC-SHA256 nonsense"), "InvalidArgument"),
        (fc_request(authorization=""), "MissingRequiredHeader"),
        (fc_request(x_fc_security_token="AAAA"), "InvalidSecurityToken.Malformed"),
        (acs3_request(leave_out="x-acs-content-sha256"), "MissingRequiredHeader"),
        (acs3_request(leave_out="x-acs-signature-nonce"), "MissingRequiredHeader"),
    ],
)
def test_anything_else_is_refused(request_: Request, code: str) -> None:
    with pytest.raises(Fault) as caught:
        verifier().verify(request_)
    assert caught.value.code == code


@pytest.mark.parametrize("at", [AT - 901, AT + 901])
@pytest.mark.parametrize("make", [fc_request, acs3_request])
def test_old_and_future_requests_are_refused(at: float, make: object) -> None:
    with pytest.raises(Fault, match="RequestTimeTooSkewed"):
        verifier(at).verify(make())  # type: ignore[operator]


def test_a_nonce_is_good_once_and_a_body_cannot_be_swapped() -> None:
    once = verifier()
    request = acs3_request(body=b"{}")
    assert once.verify(request).id == "AKFAKE"
    with pytest.raises(Fault, match="SignatureNonceUsed"):
        once.verify(request)
    other = acs3_request("n-2", body=b"{}")
    with pytest.raises(Fault, match="SignatureNotMatch"):
        once.verify(Request(other.method, other.target, other.headers, b"[]"))


def test_a_session_of_a_function_can_call_functions(site: Served) -> None:
    site.cloud.fc.create_service("svc")
    site.cloud.fc.create_function("svc", "f", FunctionSettings(), archive(index=ECHO))
    session = site.cloud.ram.assume_role("acs:ram::123456789012:role/fnfkit-function", "worker")
    client = fc2.Client(
        endpoint=site.listening.endpoint,
        accessKeyID=session.key.id,
        accessKeySecret=session.key.secret,
        securityToken=session.token,
    )
    assert client.invoke_function("svc", "f", b"hi").data == b"hi"


def test_errors_carry_the_keys_of_both_generations(site: Served, client: fc2.Client) -> None:
    with pytest.raises(FcError) as caught:
        client.get_function("none", "f")
    assert (caught.value.status_code, caught.value.err_code) == (404, "ServiceNotFound")
    assert caught.value.request_id != "unknown"
    with pytest.raises(Fault) as fault:
        Fc3Functions(site.session).get_function("", "none")
    assert (fault.value.code, fault.value.message) == ("FunctionNotFound", "function 'none' does not exist")


def test_a_failed_function_is_the_error_the_client_makes_of_it(site: Served, client: fc2.Client) -> None:
    client.create_service("svc")
    site.cloud.fc.create_function("svc", "f", FunctionSettings(), archive(index="def handler(e, c): raise KeyError\n"))
    with pytest.raises(FcError) as caught:
        client.invoke_function("svc", "f")
    assert caught.value.status_code == 200
    assert json.loads(caught.value.message)["errorType"] == "KeyError"


def test_resources_have_tags_and_changes_can_be_made_conditional(client: fc2.Client) -> None:
    tag = client.create_service("svc", description="one").headers["etag"]
    assert client.get_service("svc").headers["etag"] == tag
    changed = client.update_service("svc", description="two", headers={"if-match": tag})
    assert changed.headers["etag"] != tag
    with pytest.raises(FcError, match="PreconditionFailed") as caught:
        client.delete_service("svc", headers={"if-match": tag})
    assert caught.value.status_code == 412
    client.delete_service("svc", headers={"if-match": changed.headers["etag"]})


def test_listings_of_the_older_client(site: Served, client: fc2.Client) -> None:
    for name in ("alpha", "beta", "better", "gamma"):
        client.create_service(name, logConfig={"project": "p", "logStore": "l"})
    found = client.list_services(prefix="be", limit=1).data
    assert [one["serviceName"] for one in found["services"]] == ["beta"]
    more = client.list_services(prefix="be", nextToken=found["nextToken"]).data
    assert ([one["serviceName"] for one in more["services"]], "nextToken" in more) == (["better"], False)
    assert [one["serviceName"] for one in client.list_services(startKey="better").data["services"]] == [
        "better",
        "gamma",
    ]
    assert client.get_service("beta").data["logConfig"] == {"project": "p", "logStore": "l"}
    assert client.get_account_settings().data["availableAZs"]


def test_versions_are_listed_from_either_end(site: Served, client: fc2.Client) -> None:
    client.create_service("svc")
    for number in range(4):
        source = f"def handler(e, c): return {number}\n"
        if number:
            site.cloud.fc.update_function("svc", "f", code=archive(index=source))
        else:
            site.cloud.fc.create_function("svc", "f", FunctionSettings(), archive(index=source))
        client.publish_version("svc", f"number {number}")

    def ids(**query: object) -> tuple[list[str], str | None]:
        found = client.list_versions("svc", **query).data
        return [one["versionId"] for one in found["versions"]], found.get("nextToken")

    assert ids() == (["4", "3", "2", "1"], None)
    assert ids(direction="FORWARD", limit=2) == (["1", "2"], "3")
    assert ids(direction="FORWARD", nextToken="3") == (["3", "4"], None)
    assert ids(limit=3) == (["4", "3", "2"], "1")
    assert [one["functionName"] for one in client.list_functions("svc", qualifier="2").data["functions"]] == ["f"]
    assert client.get_service("svc", qualifier="2").data["serviceName"] == "svc"
    with pytest.raises(FcError, match="VersionNotFound"):
        client.get_service("svc", qualifier="9")


def test_the_code_can_be_fetched(site: Served, client: fc2.Client) -> None:
    from urllib.request import urlopen

    code = archive(index=ECHO)
    client.create_service("svc")
    made = site.cloud.fc.create_function("svc", "f", FunctionSettings(), code)
    found = client.get_function_code("svc", "f").data
    assert found["checksum"] == made.checksum
    with urlopen(found["url"]) as answer:
        assert answer.read() == code


def test_asynchronous_configurations_mind_no_case_and_are_listed(site: Served, client: fc2.Client) -> None:
    client.create_service("svc")
    site.cloud.fc.create_function("svc", "f", FunctionSettings(), archive(index=ECHO))
    config = {
        "StatefulInvocation": True,
        "MaxAsyncRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": "acs:fc:::functions/g"}},
    }
    made = client.put_function_async_invoke_config("svc", "LATEST", "f", config).data
    assert (made["statefulInvocation"], made["maxAsyncRetryAttempts"]) == (True, 1)
    assert made["destinationConfig"] == {"onFailure": {"destination": "acs:fc:::functions/g"}}
    assert (made["service"], made["function"], made["qualifier"]) == ("svc", "f", "LATEST")
    listed = client.list_function_async_invoke_configs("svc", "f").data["configs"]
    assert [one["maxAsyncRetryAttempts"] for one in listed] == [1]
    with pytest.raises(FcError, match="InvalidArgument"):
        client.put_function_async_invoke_config("svc", "LATEST", "f", {"destinationConfig": "nowhere"})


def test_instances_and_limits_of_the_older_client(site: Served, client: fc2.Client) -> None:
    client.create_service("svc")
    site.cloud.fc.create_function("svc", "f", FunctionSettings(), archive(index=ECHO))
    client.publish_version("svc")
    client.create_alias("svc", "online", "1")
    made = client.put_provision_config("svc", "online", "f", 1).data
    assert (made["resource"], made["target"], made["current"]) == ("123456789012#svc#online#f", 1, 1)
    listed = client.list_provision_configs("svc", "online").data["provisionConfigs"]
    assert [one["target"] for one in listed] == [1]
    client.put_on_demand_config("svc", "online", "f", 0)
    with pytest.raises(FcError, match="ResourceThrottled") as caught:
        client.invoke_function("svc", "f")
    assert caught.value.status_code == 429
    client.delete_on_demand_config("svc", "online", "f")
    assert client.invoke_function("svc", "f", b"x").data == b"x"


def test_layers_and_limits_of_the_newer_client(site: Served) -> None:
    functions = Fc3Functions(site.session)
    official = functions._client
    code = models.InputCodeLocation().from_map({"zipFile": _zip64({"python/shared.py": "WHO = 'layer'\n"})})
    body = models.CreateLayerVersionInput(code=code, compatible_runtime=["python3.10"])
    layer = official.create_layer_version("lib", models.CreateLayerVersionRequest(body=body)).body
    assert layer.layer_version_arn == "acs:fc:cn-hangzhou:123456789012:layers/lib/versions/1"
    source = archive(index="import shared\ndef handler(e, c): return shared.WHO\n")
    functions.create_function("", "f", FunctionSettings(layers=(layer.layer_version_arn,)), source)
    assert functions.invoke("", "f").payload == b"layer"
    with pytest.raises(Fault, match="does not exist"):
        functions.create_function("", "g", FunctionSettings(layers=("acs:fc:::layers/none/versions/1",)), source)
    limit = models.PutConcurrencyConfigRequest(body=models.PutConcurrencyInput(reserved_concurrency=0))
    assert official.put_concurrency_config("f", limit).body.reserved_concurrency == 0
    with pytest.raises(Fault, match="ResourceThrottled"):
        functions.invoke("", "f")
    official.delete_concurrency_config("f")
    assert functions.invoke("", "f").payload == b"layer"


def _zip64(files: dict[str, str]) -> str:
    import base64
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return base64.b64encode(buffer.getvalue()).decode()


def test_functions_of_the_newer_client_have_arns_and_states(site: Served) -> None:
    functions = Fc3Functions(site.session)
    functions.create_function("", "f", FunctionSettings(), archive(index=ECHO))
    found = functions._client.get_function("f", models.GetFunctionRequest()).body
    assert found.function_arn == "acs:fc:cn-hangzhou:123456789012:functions/f"
    assert (found.state, found.last_update_status) == ("Active", "Successful")


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/2016-08-15/nothing", None, "PathNotSupported"),
        ("PATCH", "/2016-08-15/services/svc", None, "PathNotSupported"),
        ("POST", "/2016-08-15/services", b"{nope", "InvalidArgument"),
        ("POST", "/2016-08-15/services", b"[]", "InvalidArgument"),
        ("POST", "/2016-08-15/services", b"{}", "InvalidArgument"),
        ("POST", "/2016-08-15/services", b'{"serviceName": "1st"}', "InvalidArgument"),
        ("GET", "/2016-08-15/services?limit=x", None, "InvalidArgument"),
        ("GET", "/2016-08-15/services?limit=101", None, "InvalidArgument"),
        (
            "POST",
            "/2016-08-15/services/s/functions",
            b'{"functionName":"f","code":{"ossBucketName":"b"}}',
            "InvalidArgument",
        ),
        ("POST", "/2016-08-15/services/s/functions", b'{"functionName":"f","code":{"zipFile":"!"}}', "InvalidArgument"),
    ],
)
def test_bad_requests_say_what_is_wrong(site: Served, method: str, path: str, body: bytes | None, code: str) -> None:
    from email.utils import formatdate

    headers = {"date": formatdate(usegmt=True), "content-type": "application/json"}
    signature = fc_signature(DEFAULT_KEY_SECRET, Signed(method, path, headers))
    connection = http.client.HTTPConnection(site.listening.host, site.listening.port, timeout=10)
    connection.request(method, path, body, {**headers, "authorization": f"FC {DEFAULT_KEY_ID}:{signature}"})
    answer = connection.getresponse()
    fields = json.loads(answer.read())
    connection.close()
    assert (answer.status, fields["ErrorCode"], fields["Code"]) == (400, code, code)
    assert len(fields["Message"]) > 10 and fields["RequestId"] == answer.headers["x-fc-request-id"]
