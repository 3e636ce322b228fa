"""Requests and answers nobody sends by accident: each is refused by name, and none breaks the server."""

from __future__ import annotations

import http.client
import io
import zipfile

import fc2
import pytest
from alibabacloud_fc20230330 import models

from fnfkit.aliyun.functions3 import Fc3Functions
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Fault
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, InvokeOptions
from tests.fc.contract.conftest import Door, Served, archive, clear
from tests.fc.contract.test_http_triggers import ask, create
from tests.fc.contract.test_http_triggers import site as site

ECHO = "def handler(event, context):\n    return event\n"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"timeout": 0}, "timeout 0 is not between 1 and 86400"),
        ({"timeout": 86_401}, "timeout 86401 is not between"),
        ({"memory": 64}, "memorySize 64 is not between 128 and 32768"),
        ({"memory": 200}, "memorySize 200 is not a multiple of 64"),
        ({"handler": "/etc/x.handler"}, "handler '/etc/x.handler' is not of the form"),
        ({"handler": "../x.handler"}, "is not of the form"),
        ({"handler": "m." + "h" * 127}, "at most 128 characters"),
        ({"description": "x" * 257}, "description has over 256"),
        ({"environment": {"A": "x" * 4096}}, "environment variables have over 4096 bytes"),
        ({"layers": ("acs:fc:::layers/none/versions/1",)}, "layer 'acs:fc:::layers/none/versions/1' does not exist"),
    ],
)
def test_settings_out_of_bounds_are_refused_at_creation_and_change(
    door: Door, settings: dict[str, object], message: str
) -> None:
    before = door.create(ECHO)
    given = FunctionSettings(**settings)  # type: ignore[arg-type]
    with pytest.raises(Fault, match="InvalidArgument") as new:
        door.functions.create_function(door.service, "g", given, archive(index=ECHO))
    with pytest.raises(Fault, match="InvalidArgument") as changed:
        door.functions.update_function(door.service, "f", given)
    assert message in str(new.value) and message in str(changed.value)
    assert door.functions.get_function(door.service, "f") == before


def test_an_initializer_that_fails_is_the_functions_error_and_runs_again(door: Door) -> None:
    source = """
        tries = []
        def start(context):
            tries.append(1)
            if len(tries) < 2:
                raise ValueError("not yet")
        def handler(event, context):
            return str(len(tries))
    """
    door.create(source, initializer="index.start")
    failed = door.functions.invoke(door.service, "f")
    assert failed.error_type == "UnhandledInvocationError" and b"not yet" in failed.payload
    assert door.functions.invoke(door.service, "f").payload == b"2"
    assert door.functions.get_function(door.service, "f").initializer == "index.start"


def test_an_initializer_that_is_missing_is_named(door: Door) -> None:
    door.create(ECHO, initializer="index.start")
    assert b"Function 'start' is missing in module 'index'" in door.functions.invoke(door.service, "f").payload


def test_an_alias_whose_version_was_deleted_is_refused_until_it_is_moved(door: Door) -> None:
    door.create(ECHO)
    door.functions.publish_version(door.service, "f")
    door.functions.create_alias(door.service, "f", "online", "1")
    door.functions.put_provision(door.service, "f", "online", 1)
    door.functions.delete_version(door.service, "f", "1")
    with pytest.raises(Fault, match="VersionNotFound"):
        door.functions.invoke(door.service, "f", options=_under("online"))
    left = door.functions.get_provision(door.service, "f", "online")
    assert (left.target, left.current) == (1, 0)
    version = door.functions.publish_version(door.service, "f").id
    assert version == "2"
    door.functions.update_alias(door.service, "f", "online", version)
    assert door.functions.invoke(door.service, "f", b"hi", _under("online")).payload == b"hi"


@pytest.mark.parametrize(("qualifier", "code"), [("7", "VersionNotFound"), ("nope", "AliasNotFound")])
def test_instances_under_no_qualifier_are_not_found(door: Door, qualifier: str, code: str) -> None:
    door.create(ECHO)
    with pytest.raises(Fault, match=code):
        door.functions.get_provision(door.service, "f", qualifier)


def test_a_destination_that_is_no_arn_is_refused(door: Door) -> None:
    door.create(ECHO)
    with pytest.raises(Fault, match="'nowhere' is not an ARN"):
        door.functions.put_async_config(door.service, "f", AsyncConfig(on_failure="nowhere"))


def test_an_event_beyond_the_limit_is_refused_at_once(door: Door) -> None:
    door.create(ECHO)
    with pytest.raises(Fault, match="EntityTooLarge"):
        door.functions.invoke(door.service, "f", b"x" * (33 * 1024 * 1024))


def test_an_entry_that_names_no_file_is_refused(door: Door) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(".", "x")
    with pytest.raises(Fault, match="names no file"):
        door.functions.create_function(door.service, "f", FunctionSettings(), buffer.getvalue())


def test_the_newer_client_sets_the_initializer_among_the_hooks(served: Served) -> None:
    clear(served.cloud)
    functions = Fc3Functions(served.session)
    functions.create_function("", "f", FunctionSettings(), archive(index="def handler(e, c): return HOT\n"))
    hook = {"initializer": {"handler": "index.start", "timeout": 7}}
    body = models.UpdateFunctionInput().from_map({"instanceLifecycleConfig": hook})
    functions._client.update_function("f", models.UpdateFunctionRequest(body=body))
    source = "def start(c):\n    global HOT\n    HOT = 'hot'\ndef handler(e, c):\n    return HOT\n"
    functions.update_function("", "f", code=archive(index=source))
    assert functions.invoke("", "f").payload == b"hot"
    record = served.cloud.fc.get_function("", "f")
    assert (record.initializer, record.initialization_timeout) == ("index.start", 7)
    wrong = models.UpdateFunctionInput().from_map({"instanceLifecycleConfig": {"initializer": {"handler": 7}}})
    with pytest.raises(Exception, match="must have a handler"):
        functions._client.update_function("f", models.UpdateFunctionRequest(body=wrong))


@pytest.mark.parametrize("query", [{"limit": "--5"}, {"limit": "٣"}, {"startKey": "9" * 5000}, {"startKey": "٣"}])
def test_numbers_that_are_none_are_refused(served: Served, query: dict[str, str]) -> None:
    clear(served.cloud)
    client = fc2.Client(
        endpoint=served.listening.endpoint, accessKeyID=DEFAULT_KEY_ID, accessKeySecret=DEFAULT_KEY_SECRET
    )
    client.create_service("svc")
    with pytest.raises(fc2.FcError) as refused:
        client.list_versions("svc", **query)
    assert refused.value.status_code == 400


def test_cookies_come_back_one_by_one(site: Served) -> None:
    headers = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2"), ("Content-Type", "text/plain")]
    create(site, f"def handler(environ, start):\n    start('200 OK', {headers})\n    return [b'x']\n")
    connection = http.client.HTTPConnection(site.listening.host, site.listening.port, timeout=10)
    connection.request("GET", "/2016-08-15/proxy/svc/web/")
    answer = connection.getresponse()
    assert answer.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2"]
    assert (answer.headers.get_all("content-type"), answer.read()) == (["text/plain"], b"x")
    connection.close()


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("999 X", []),
        ("20 X", []),
        ("100 Continue", []),
        ("-5", []),
        ("200 OK", [("X", "a\r\nEvil: 1")]),
        ("200 OK", [("X\r\nEvil", "1")]),
        ("200 OK", [("A b", "1")]),
        ("200 OK", [("", "1")]),
        ("200 OK", [("X", "中")]),
    ],
)
def test_an_answer_that_is_no_http_is_the_functions_error(
    site: Served, status: str, headers: list[tuple[str, str]]
) -> None:
    create(site, f"def handler(environ, start):\n    start({status!r}, {headers})\n    return [b'x']\n")
    found, sent, body = ask(site, "/2016-08-15/proxy/svc/web/")
    assert (found, sent["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    assert b"the handler answered with" in body and "evil" not in sent


def test_an_answer_without_a_body_has_none(site: Served) -> None:
    create(site, "def handler(environ, start):\n    start('204 No Content', [])\n    return [b'x']\n")
    assert ask(site, "/2016-08-15/proxy/svc/web/")[::2] == (204, b"")


def _under(qualifier: str) -> InvokeOptions:
    return InvokeOptions(qualifier=qualifier)
