"""HTTP triggers: WSGI handlers, anonymous and signed, and topics that push to them (api-fc.md 2.1, 4)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import fc2
import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.processes import ProcessRuntime
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import NotifyContentFormat
from fnfkit.ports.functions import FunctionSettings
from fnfkit.server.account import serving_account
from tests.fc.contract.conftest import Served, archive

SHOW = """
    import json
    def handler(environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        seen = {
            "method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "query": environ["QUERY_STRING"],
            "type": environ["CONTENT_TYPE"], "x": environ.get("HTTP_X_OWN"), "body": body.decode(),
            "uri": environ["fc.request_uri"], "function": environ["fc.context"].function.name,
            "secret": "HTTP_AUTHORIZATION" in environ,
        }
        start_response("201 Created", [("Content-Type", "application/json"), ("X-Own", "yes")])
        return [json.dumps(seen).encode()]
"""
METHODS = ["GET", "POST"]


@pytest.fixture(params=["inline", "subprocess"])
def site(request: pytest.FixtureRequest) -> Iterator[Served]:
    runtime = ProcessRuntime if request.param == "subprocess" else None
    with Cloud(clock=VirtualClock(grace=0.001), runtime=runtime) as cloud, serving_account(cloud) as listening:
        cloud.fc.create_service("svc")
        yield Served(cloud, listening)


def client(site: Served) -> fc2.Client:
    return fc2.Client(endpoint=site.listening.endpoint, accessKeyID=DEFAULT_KEY_ID, accessKeySecret=DEFAULT_KEY_SECRET)


def create(site: Served, source: str, auth: str = "anonymous", name: str = "web", methods: list[str] = METHODS) -> None:
    site.cloud.fc.create_function("svc", name, FunctionSettings(), archive(index=source))
    config = {"authType": auth, "methods": methods}
    client(site).create_trigger("svc", name, "http", "http", config, None, None)


def ask(
    site: Served, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(site.listening.host, site.listening.port, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_a_request_reaches_the_wsgi_handler_and_its_answer_comes_back(site: Served) -> None:
    create(site, SHOW)
    path = "/2016-08-15/proxy/svc/web/a%20b/c?q=1&r=%C3%A4"
    status, headers, body = ask(site, path, "POST", b"hello", x_own="1", content_type="text/plain")
    assert (status, headers["x-own"], headers["content-type"]) == (201, "yes", "application/json")
    assert headers["x-fc-request-id"]
    assert json.loads(body) == {
        "method": "POST",
        "path": "/a b/c",
        "query": "q=1&r=%C3%A4",
        "type": "text/plain",
        "x": "1",
        "body": "hello",
        "uri": path,
        "function": "web",
        "secret": False,
    }


def test_a_signed_trigger_wants_a_signature_over_the_query_too(site: Served) -> None:
    create(site, SHOW, auth="function")
    status, _, body = ask(site, "/2016-08-15/proxy/svc/web/")
    assert (status, json.loads(body)["ErrorCode"]) == (400, "MissingRequiredHeader")
    answer = client(site).do_http_request("GET", "svc", "web", "/deep/path", params={"a": "1 x", "b": "ü"})
    assert (answer.status_code, answer.json()["path"]) == (201, "/deep/path")
    signed = client(site)._build_common_headers("GET", "/2016-08-15/proxy/svc/web/", {}, {"a": "1"})
    stolen = {name.replace("-", "_"): value for name, value in signed.items() if name != "content-length"}
    status, _, body = ask(site, "/2016-08-15/proxy/svc/web/?a=2", **stolen)
    assert (status, json.loads(body)["ErrorCode"]) == (403, "SignatureNotMatch")


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/2016-08-15/proxy/svc/plain/", "GET", 404, "TriggerNotFound"),
        ("/2016-08-15/proxy/svc/nothing/", "GET", 404, "FunctionNotFound"),
        ("/2016-08-15/proxy/none/web/", "GET", 404, "ServiceNotFound"),
        ("/2016-08-15/proxy/svc.9/web/", "GET", 404, "VersionNotFound"),
        ("/2016-08-15/proxy/svc/web/", "DELETE", 405, "MethodNotAllowed"),
    ],
)
def test_what_has_no_trigger_is_refused(site: Served, path: str, method: str, status: int, code: str) -> None:
    create(site, SHOW)
    site.cloud.fc.create_function("svc", "plain", FunctionSettings(), archive(index=SHOW))
    found, _, body = ask(site, path, method)
    assert (found, json.loads(body)["ErrorCode"]) == (status, code)


@pytest.mark.parametrize(
    "source",
    [
        "def handler(environ, start_response):\n    raise ValueError('boom')\n",
        "def handler(environ, start_response):\n    return [b'no status']\n",
        "def handler(environ, start_response):\n    exit()\n",
    ],
)
def test_a_handler_that_fails_is_a_bad_gateway_with_its_error(site: Served, source: str) -> None:
    create(site, source)
    status, headers, body = ask(site, "/2016-08-15/proxy/svc/web/")
    assert (status, headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    assert "errorMessage" in json.loads(body)


def test_a_trigger_of_an_alias_calls_its_version(site: Served) -> None:
    create(site, SHOW)
    functions = site.cloud.fc
    functions.publish_version("svc", "web")
    functions.create_alias("svc", "", "online", "1")
    config = {"authType": "anonymous", "methods": ["GET"]}
    client(site).create_trigger("svc", "web", "web-online", "http", config, None, None, qualifier="online")
    functions.update_function("svc", "web", code=archive(index="def handler(e, s):\n    1 / 0\n"))
    assert ask(site, "/2016-08-15/proxy/svc.online/web/x")[0] == 201
    assert ask(site, "/2016-08-15/proxy/svc/web/x")[0] == 502


def test_functions_without_a_service_have_urls_too(site: Served) -> None:
    from alibabacloud_fc20230330 import models

    from fnfkit.aliyun.functions3 import Fc3Functions

    site.cloud.fc.create_function("", "web3", FunctionSettings(), archive(index=SHOW))
    official = Fc3Functions(site.session)._client
    given = models.CreateTriggerInput(
        trigger_name="http", trigger_type="http", trigger_config='{"authType": "anonymous", "methods": ["GET"]}'
    )
    made = official.create_trigger("web3", models.CreateTriggerRequest(body=given)).body
    assert json.loads(made.trigger_config)["authType"] == "anonymous"
    path = "/" + made.http_trigger.url_internet.split("/", 3)[3]
    assert json.loads(ask(site, path + "sub")[2])["path"] == "/sub"


def test_a_topic_pushes_to_the_accounts_own_trigger(site: Served) -> None:
    create(
        site,
        """
        import json
        def handler(environ, start_response):
            body = json.loads(environ["wsgi.input"].read())
            print(body["TopicName"], body["Message"])
            start_response("204 No Content", [])
            return []
        """,
        methods=["POST"],
    )
    topics = site.cloud.topics
    topics.create_topic("news")
    url = f"{site.listening.endpoint}/2016-08-15/proxy/svc/web/hook"
    topics.subscribe("news", "s", url, format=NotifyContentFormat.JSON)
    topics.publish_message("news", "hello")
    site.cloud.run_until(lambda: topics.get_topic_attributes("news").message_count == 0)
    assert [line.text for line in site.cloud.functions.log] == ["news hello"]


def test_one_http_trigger_per_function_and_qualifier(site: Served) -> None:
    create(site, SHOW)
    config = {"authType": "anonymous", "methods": ["GET"]}
    with pytest.raises(Exception, match="TriggerAlreadyExists"):
        client(site).create_trigger("svc", "web", "second", "http", config, None, None)
    timer = client(site).create_trigger(
        "svc", "web", "timer", "timer", {"cronExpression": "@every 4m", "enable": True}, None, None
    )
    assert timer.data["triggerConfig"]["cronExpression"] == "@every 4m"
    names = [one["triggerName"] for one in client(site).list_triggers("svc", "web").data["triggers"]]
    assert names == ["http", "timer"]
    changed = client(site).update_trigger("svc", "web", "http", {"authType": "function", "methods": ["PUT"]})
    assert changed.data["triggerConfig"] == {"authType": "function", "methods": ["PUT"]}
    client(site).delete_trigger("svc", "web", "timer")
    with pytest.raises(Exception, match="TriggerNotFound"):
        client(site).get_trigger("svc", "web", "timer")
