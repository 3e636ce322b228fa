"""The port of functions over Lambda.

moto's defects that are met: the versions of a function that is not there are none, instead of a refusal; an alias that
is there is a ConflictException, without the Resource; no instances are kept ready, and calls need containers. The last
two, and functions that do not get ready, are stubbed.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from fnfkit.aws.functions import LambdaFunctions
from fnfkit.ports import ActionNotSupported, EntityTooLarge, Fault, InvalidArgument, MissingRequiredParams
from fnfkit.ports.functions import (
    LATEST,
    AsyncConfig,
    FunctionSettings,
    InvokeOptions,
    ProvisionRecord,
)
from tests.aws.moto_account import account

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
SETTINGS = FunctionSettings(runtime="python3.12", timeout=30, memory=256, environment={"A": "1"}, description="adds")


def code(text: str = "def handler(event, context):\n    return event\n") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.py", text)
    return data.getvalue()


@pytest.fixture
def functions() -> Iterator[LambdaFunctions]:
    with mock_aws(config={"lambda": {"use_docker": False}}):
        session = account()
        role = session.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=TRUST)
        yield LambdaFunctions(session, role_arn=role["Role"]["Arn"])


@pytest.fixture
def stub() -> Iterator[tuple[Stubber, LambdaFunctions]]:
    session = account()
    with Stubber(session.client("lambda")) as stubber:
        yield stubber, LambdaFunctions(session, role_arn="arn:aws:iam::123456789012:role/any")
        stubber.assert_no_pending_responses()


def missing(call: Callable[[], object]) -> str:
    with pytest.raises(Fault) as refused:
        call()
    assert refused.value.status in (404, 409)
    return refused.value.code


def test_a_function_is_created_read_changed_listed_and_deleted(functions: LambdaFunctions) -> None:
    made = functions.create_function("", "add", SETTINGS, code())
    assert (made.service, made.name, made.runtime, made.handler) == ("", "add", "python3.12", "index.handler")
    assert (made.timeout, made.memory, made.environment, made.description) == (30, 256, {"A": "1"}, "adds")
    assert made.id.endswith(":function:add")
    assert made.size == len(code())
    assert functions.get_function("", "add") == made
    changed = functions.update_function("", "add", FunctionSettings(timeout=60), code("handler = None\n"))
    assert (changed.timeout, changed.memory) == (60, 256)
    assert changed.checksum != made.checksum
    functions.create_function("shop", "add", SETTINGS, code())
    assert [one.name for one in functions.list_functions("").items] == ["add"]
    assert [(one.service, one.name) for one in functions.list_functions("shop", prefix="a").items] == [("shop", "add")]
    assert functions.list_functions("shop", prefix="b").items == ()
    functions.delete_function("", "add")
    assert missing(lambda: functions.get_function("", "add")) == "FunctionNotFound"
    assert functions.get_function("shop", "add").id.endswith(":function:shop__add")


def test_what_is_there_already_or_not_at_all_is_refused(functions: LambdaFunctions) -> None:
    functions.create_function("", "f", SETTINGS, code())
    for call, expected in (
        (lambda: functions.create_function("", "f", SETTINGS, code()), "FunctionAlreadyExists"),
        (lambda: functions.update_function("", "none", FunctionSettings(timeout=5)), "FunctionNotFound"),
        (lambda: functions.delete_function("", "none"), "FunctionNotFound"),
        (lambda: functions.publish_version("", "none"), "FunctionNotFound"),
        (lambda: functions.get_function("", "f", "9"), "VersionNotFound"),
        (lambda: functions.delete_version("", "f", "9"), "VersionNotFound"),
        (lambda: functions.get_alias("", "f", "none"), "AliasNotFound"),
        (lambda: functions.delete_alias("", "f", "none"), "AliasNotFound"),
        (lambda: functions.get_alias("", "none", "a"), "FunctionNotFound"),
        (lambda: functions.get_async_config("", "f"), "AsyncConfigNotExists"),
        (lambda: functions.get_async_config("", "none"), "FunctionNotFound"),
    ):
        assert missing(call) == expected


def test_what_a_function_needs(functions: LambdaFunctions) -> None:
    with pytest.raises(MissingRequiredParams, match="needs a runtime"):
        functions.create_function("", "f", FunctionSettings(), code())
    with pytest.raises(MissingRequiredParams, match="needs a role"):
        LambdaFunctions(account()).create_function("", "f", SETTINGS, code())
    with pytest.raises(ActionNotSupported, match="no initializer"):
        functions.create_function("", "f", FunctionSettings(runtime="python3.12", initializer="index.init"), code())
    with pytest.raises(ActionNotSupported, match="no setting cpu"):
        functions.create_function("", "f", FunctionSettings(runtime="python3.12", settings={"cpu": 1}), code())
    with pytest.raises(InvalidArgument):
        functions.list_functions("", limit=0)
    assert functions.list_functions("").items == ()


@pytest.mark.parametrize(
    "call",
    [
        lambda functions: functions.create_service("s"),
        lambda functions: functions.get_service("s"),
        lambda functions: functions.list_services(),
        lambda functions: functions.delete_service("s"),
        lambda functions: functions.get_task("", "f", "t"),
        lambda functions: functions.list_tasks("", "f"),
        lambda functions: functions.stop_task("", "f", "t"),
        lambda functions: functions.invoke("", "f", b"{}", InvokeOptions(asynchronous=True, stateful=True)),
        lambda functions: functions.invoke("", "f", b"{}", InvokeOptions(asynchronous=True, task_id="t")),
        lambda functions: functions.put_async_config("", "f", AsyncConfig(stateful=True)),
    ],
)
def test_what_lambda_does_not_do(functions: LambdaFunctions, call: Callable[[LambdaFunctions], object]) -> None:
    with pytest.raises(ActionNotSupported):
        call(functions)


def test_versions_stay_and_aliases_move(functions: LambdaFunctions) -> None:
    functions.create_function("", "f", SETTINGS, code())
    first = functions.publish_version("", "f", "the first")
    functions.update_function("", "f", FunctionSettings(timeout=99), code("handler = 2\n"))
    second = functions.publish_version("", "f")
    assert (first.id, first.description, second.id) == ("1", "the first", "2")
    assert [one.id for one in functions.list_versions("", "f").items] == ["1", "2"]
    assert [functions.get_function("", "f", version).timeout for version in ("1", "2", LATEST)] == [30, 99, 99]
    assert functions.create_alias("", "f", "prod", "1").weights == {}
    assert missing(lambda: functions.create_alias("", "f", "prod", "1")) == "AliasAlreadyExists"
    assert functions.update_alias("", "f", "prod", "2", weights={"1": 0.25}).weights == {"1": 0.25}
    assert functions.get_alias("", "f", "prod").version == "2"
    assert functions.update_alias("", "f", "prod", "1").weights == {}
    functions.delete_alias("", "f", "prod")
    assert missing(lambda: functions.get_alias("", "f", "prod")) == "AliasNotFound"
    functions.delete_version("", "f", "1")
    assert [one.id for one in functions.list_versions("", "f").items] == ["2"]
    with pytest.raises(InvalidArgument, match="no version"):
        functions.delete_version("", "f", LATEST)


def test_an_asynchronous_configuration(functions: LambdaFunctions) -> None:
    functions.create_function("", "f", SETTINGS, code())
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    put = functions.put_async_config("", "f", AsyncConfig(max_age=600, max_retries=1, on_failure=queue))
    assert (put.max_age, put.max_retries, put.on_success, put.on_failure) == (600, 1, "", queue)
    assert functions.get_async_config("", "f").on_failure == queue
    functions.delete_async_config("", "f")
    assert missing(lambda: functions.get_async_config("", "f")) == "AsyncConfigNotExists"


def test_instances_kept_ready(stub: tuple[Stubber, LambdaFunctions]) -> None:
    """moto keeps none."""
    stubber, functions = stub
    where = {"FunctionName": "s__f", "Qualifier": "prod"}
    ready = {"RequestedProvisionedConcurrentExecutions": 3, "AvailableProvisionedConcurrentExecutions": 1}
    put, get, delete = (f"{verb}_provisioned_concurrency_config" for verb in ("put", "get", "delete"))
    stubber.add_response(put, {}, {**where, "ProvisionedConcurrentExecutions": 3})
    stubber.add_response(get, ready, where)
    assert functions.put_provision("s", "f", "prod", 3) == ProvisionRecord(
        service="s", function="f", qualifier="prod", target=3, current=1
    )
    stubber.add_response(delete, {}, where)
    stubber.add_client_error(get, "ProvisionedConcurrencyConfigNotFoundException", http_status_code=404)
    stubber.add_response("get_function_configuration", {"FunctionName": "s__f", "FunctionArn": "arn"}, where)
    assert functions.put_provision("s", "f", "prod", 0).target == 0


def answered(body: bytes, **more: Any) -> dict[str, Any]:
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more}


def test_a_call_returns_what_the_function_returns(stub: tuple[Stubber, LambdaFunctions]) -> None:
    stubber, functions = stub
    tail = base64.b64encode("größer\n".encode()).decode()
    stubber.add_response(
        "invoke",
        answered(b'{"sum": 3}', ExecutedVersion="2", LogResult=tail),
        {
            "FunctionName": "math__add",
            "Qualifier": "prod",
            "InvocationType": "RequestResponse",
            "Payload": b"[1, 2]",
            "LogType": "Tail",
        },
    )
    got = functions.invoke("math", "add", b"[1, 2]", InvokeOptions(qualifier="prod", tail=True))
    assert (got.payload, got.error_type, got.version, got.log) == (b'{"sum": 3}', "", "2", "größer\n")


def test_a_failed_function_is_an_answer(stub: tuple[Stubber, LambdaFunctions]) -> None:
    stubber, functions = stub
    stubber.add_response("invoke", answered(b'{"errorType": "OutOfStock"}', FunctionError="Unhandled"))
    got = functions.invoke("", "f")
    assert (got.error_type, json.loads(got.payload)) == ("Unhandled", {"errorType": "OutOfStock"})


def test_an_asynchronous_call_is_only_accepted(stub: tuple[Stubber, LambdaFunctions]) -> None:
    stubber, functions = stub
    expected = {"FunctionName": "f", "InvocationType": "Event", "Payload": b"{}"}
    stubber.add_response("invoke", answered(b"", StatusCode=202), expected)
    assert functions.invoke("", "f", b"{}", InvokeOptions(asynchronous=True, tail=True)).payload == b""
    stubber.add_client_error("invoke", "RequestTooLargeException", "too large", http_status_code=413)
    with pytest.raises(EntityTooLarge, match="invoke of function f: too large"):
        functions.invoke("", "f", b"x")


def test_a_function_that_does_not_get_ready(stub: tuple[Stubber, LambdaFunctions]) -> None:
    stubber, functions = stub
    stubber.add_response("update_function_code", {})
    stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": "Failed"}})
    assert missing(lambda: functions.update_function("", "f", code=b"zip")) == "FunctionNotReady"
