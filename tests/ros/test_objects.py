"""Code that templates name: the official OSS client against the account's objects, and a stack that uses them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stack_texts import template
from test_applications import archive

from fnfkit.aliyun.objects import AliyunObjects
from fnfkit.aliyun.session import InstanceRole, Key, NoCredentials, Session
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Fault, Objects, StackRecord
from fnfkit.server.listener import Listening

Settle = Callable[[str], StackRecord]


@pytest.fixture(params=["in process", "over HTTP"])
def objects(request: pytest.FixtureRequest, cloud: Cloud) -> Objects:
    if request.param == "in process":
        return cloud.objects
    served: Listening = request.getfixturevalue("served")
    return AliyunObjects(Session(Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET), endpoint=served.endpoint))


def test_objects_come_and_go(objects: Objects) -> None:
    objects.create_bucket("code")
    objects.put("code", "a folder/世界+.zip", b"\x00\x01" * 500_000)
    assert objects.get("code", "a folder/世界+.zip") == b"\x00\x01" * 500_000
    objects.put("code", "a folder/世界+.zip", b"other")
    assert objects.get("code", "a folder/世界+.zip") == b"other"
    objects.delete("code", "a folder/世界+.zip")
    objects.delete("code", "a folder/世界+.zip")
    with pytest.raises(Fault) as refused:
        objects.get("code", "a folder/世界+.zip")
    assert (refused.value.code, refused.value.status) == ("NoSuchKey", 404)


def test_functions_are_made_of_objects(objects: Objects, cloud: Cloud, settle: Settle) -> None:
    properties = {
        "FunctionName": "f",
        "Handler": "main.handler",
        "Runtime": "python3.10",
        "Code": {"OssBucketName": "code", "OssObjectName": "f.zip"},
    }
    invoker = {"FunctionName": {"Fn::GetAtt": ["F", "FunctionName"]}, "ExecuteVersion": 1, "Event": "hello"}
    text = template(
        {
            "F": {"Type": "ALIYUN::FC3::Function", "Properties": properties},
            "Call": {"Type": "ALIYUN::FC3::FunctionInvoker", "Properties": invoker},
        },
        Outputs={"Said": {"Value": {"Fn::GetAtt": ["Call", "Result"]}}},
    )
    failed = settle(cloud.stacks.create_stack("early", text))
    assert failed.status == "CREATE_ROLLBACK_COMPLETE"
    objects.put("code", "f.zip", archive(main="def handler(event, context):\n    return event.upper()\n"))
    assert settle(cloud.stacks.create_stack("s", text)).output("Said") == "HELLO"


def test_strangers_are_refused(served: Listening) -> None:
    for key, code in ((Key("nobody", "x"), "InvalidAccessKeyId"), (Key(DEFAULT_KEY_ID, "x"), "SignatureDoesNotMatch")):
        with pytest.raises(Fault) as refused:
            AliyunObjects(Session(key, endpoint=served.endpoint)).put("code", "k", b"x")
        assert (refused.value.code, refused.value.status) == (code, 403)


def test_a_session_may_upload(served: Listening, cloud: Cloud) -> None:
    session = cloud.ram.assume_role("acs:ram::123456789012:role/deployer", "somebody")
    key = Key(session.key.id, session.key.secret, session.token)
    AliyunObjects(Session(key, endpoint=served.endpoint)).put("code", "k", b"x")
    assert cloud.objects.get("code", "k") == b"x"


def test_bad_bucket_names(objects: Objects) -> None:
    with pytest.raises(Fault):
        objects.create_bucket("a_b")


def test_roles_cannot_upload() -> None:
    with pytest.raises(NoCredentials, match="access key"):
        AliyunObjects(Session(InstanceRole("r")))
