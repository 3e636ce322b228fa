"""The REST API below the official package: raw requests, signatures, hostile documents (api-mns.md 1, 3, 7)."""

from __future__ import annotations

import base64
import hashlib
import time
from email.utils import formatdate
from xml.etree import ElementTree

import pytest

from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.sign import Signed, mns_signature
from fnfkit.server.later import Later
from fnfkit.server.mns import MnsApi, mns_service
from fnfkit.server.mns_auth import MnsVerifier
from tests.mns.accounts import Messages

NAMESPACE = "{http://mns.aliyuncs.com/doc/v1/}"


class Wire:
    """Signed requests to an account's API."""

    def __init__(self) -> None:
        self.messages = Messages()
        self.api = MnsApi(self.messages.mns, MnsVerifier(self.messages.ram))

    def request(self, method: str, target: str, body: str | bytes = b"", **headers: str) -> Request:
        """A signed request; headers with an empty value are left out."""
        raw = body.encode() if isinstance(body, str) else body
        sent = {"host": "h:1", "date": formatdate(time.time(), usegmt=True), "x-mns-version": "2015-06-06"}
        if raw:
            sent["content-md5"] = base64.b64encode(hashlib.md5(raw).hexdigest().encode()).decode()
            sent["content-type"] = "text/xml;charset=UTF-8"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value}
        signature = mns_signature(DEFAULT_KEY_SECRET, Signed(method, target, sent))
        sent.setdefault("authorization", f"MNS {DEFAULT_KEY_ID}:{signature}")
        return Request(method, target, sent, raw)

    def call(self, method: str, target: str, body: str | bytes = b"", **headers: str) -> Response:
        """The answer to a signed request."""
        answer = self.api.handle(self.request(method, target, body, **headers))
        return answer.answer() if isinstance(answer, Later) else answer


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.messages.queues.create_queue("q")
    wire.messages.topics.create_topic("t")
    return wire


def fields(response: Response) -> dict[str, str | None]:
    root = ElementTree.fromstring(response.body)
    return {child.tag.removeprefix(NAMESPACE): child.text for child in root}


def code(response: Response) -> tuple[int, str | None]:
    found = fields(response)
    assert set(found) == {"Code", "Message", "RequestId", "HostId"}
    assert found["RequestId"] == response.headers["x-mns-request-id"]
    return response.status, found["Code"]


def test_every_answer_has_the_service_headers(wire: Wire) -> None:
    for response in (wire.call("GET", "/queues/q"), wire.call("DELETE", "/queues/q"), wire.call("GET", "/nothing")):
        assert response.headers["x-mns-version"] == "2015-06-06"
        assert response.headers["x-mns-request-id"]
        assert response.headers["content-type"] == "text/xml;charset=utf-8"


def test_creation_tells_new_from_same(wire: Wire) -> None:
    first, second = (wire.call("PUT", "/queues/new", "<Queue/>") for _ in range(2))
    assert (first.status, second.status) == (201, 204)
    assert first.headers["location"] == second.headers["location"] == "http://h:1/queues/new"
    differs = wire.call("PUT", "/queues/new", "<Queue><DelaySeconds>1</DelaySeconds></Queue>")
    assert code(differs) == (409, "QueueAlreadyExist")


def test_a_queue_document_has_all_twelve_elements(wire: Wire) -> None:
    assert set(fields(wire.call("GET", "/queues/q"))) == {
        *("QueueName", "CreateTime", "LastModifyTime", "DelaySeconds", "MaximumMessageSize", "VisibilityTimeout"),
        *("MessageRetentionPeriod", "PollingWaitSeconds", "LoggingEnabled"),
        *("ActiveMessages", "InactiveMessages", "DelayMessages"),
    }


def test_a_delayed_send_answers_a_handle_that_deletes(wire: Wire) -> None:
    body = "<Message><MessageBody>x</MessageBody><DelaySeconds>5</DelaySeconds></Message>"
    sent = wire.call("POST", "/queues/q/messages", body)
    assert sent.status == 201
    handle = fields(sent)["ReceiptHandle"]
    assert wire.call("DELETE", f"/queues/q/messages?ReceiptHandle={handle}").status == 204
    assert fields(wire.call("GET", "/queues/q"))["DelayMessages"] == "0"


def test_a_listing_shows_attributes_on_demand_and_omits_an_empty_marker(wire: Wire) -> None:
    plain = ElementTree.fromstring(wire.call("GET", "/queues").body)
    assert [child.tag for child in plain] == [f"{NAMESPACE}Queue"]
    assert [child.tag for child in plain[0]] == [f"{NAMESPACE}QueueURL"]
    full = ElementTree.fromstring(wire.call("GET", "/queues", x_mns_with_meta="true").body)
    assert full[0].findtext(f"{NAMESPACE}VisibilityTimeout") == "30"


def test_account_attributes(wire: Wire) -> None:
    assert fields(wire.call("GET", "/?accountmeta=true")) == {"LoggingBucket": None}
    body = "<Account><LoggingBucket>logs</LoggingBucket></Account>"
    assert wire.call("PUT", "/?accountmeta=true", body).status == 204
    assert fields(wire.call("GET", "/?accountmeta=true")) == {"LoggingBucket": "logs"}
    assert wire.call("POST", "/commonbuy/openservice").status == 200


def test_a_poll_is_held_without_a_thread_and_released(wire: Wire) -> None:
    held = wire.api.handle(wire.request("GET", "/queues/q/messages?waitseconds=10"))
    assert isinstance(held, Later)
    told: list[bool] = []
    held.signal.wait(lambda: told.append(True))
    wire.messages.queues.send_message("q", "hello")
    assert told == [True]
    assert fields(held.answer())["MessageBody"] == "hello"
    dropped = wire.api.handle(wire.request("GET", "/queues/q/messages?waitseconds=10"))
    assert isinstance(dropped, Later)
    dropped.release()
    wire.messages.queues.send_message("q", "for somebody else")
    assert wire.messages.queues.receive_message("q").body == "for somebody else"


def test_polls_are_served_in_the_order_they_came(wire: Wire) -> None:
    polls = [wire.api.handle(wire.request("GET", "/queues/q/messages?waitseconds=10")) for _ in range(3)]
    for body in ("1", "2"):
        wire.messages.queues.send_message("q", body)
    answers = [poll.answer() for poll in polls if isinstance(poll, Later)]
    assert [fields(answer).get("MessageBody") for answer in answers] == ["1", "2", None]
    assert answers[2].status == 404


def test_a_shut_down_answers_a_poll_as_it_stands(wire: Wire) -> None:
    held = wire.api.handle(wire.request("GET", "/queues/q/messages?waitseconds=10"))
    assert isinstance(held, Later)
    assert code(held.answer()) == (404, "MessageNotExist")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"authorization": ""}, (403, "SignatureDoesNotMatch")),
        ({"authorization": "Basic abc"}, (400, "InvalidAuthorizationHeader")),
        ({"authorization": "MNS only-a-key"}, (400, "InvalidAuthorizationHeader")),
        ({"authorization": "MNS nobody:c2ln"}, (403, "InvalidAccessKeyId")),
        ({"authorization": f"MNS {DEFAULT_KEY_ID}:c2ln"}, (403, "SignatureDoesNotMatch")),
        ({"x_mns_version": ""}, (400, "MissingVersionHeader")),
        ({"date": ""}, (400, "MissingDateHeader")),
        ({"date": "yesterday"}, (400, "InvalidDateHeader")),
        ({"date": "Thu, 02 Jan 2020 03:04:05 GMT"}, (408, "TimeExpired")),
        ({"content_md5": "AAAA"}, (400, "InvalidDegist")),
    ],
    ids=str,
)
def test_requests_that_are_not_well_signed_are_refused(
    wire: Wire, change: dict[str, str], expected: tuple[int, str]
) -> None:
    request = wire.request("PUT", "/queues/new", "<Queue/>", **change)
    if change == {"authorization": ""}:
        request.headers["x-mns-added"] = "later"
    response = wire.api.handle(request)
    assert isinstance(response, Response)
    assert code(response) == expected
    assert wire.messages.queues.list_queues().items == ("q",)


def test_an_unsigned_request_is_refused(wire: Wire) -> None:
    response = wire.api.handle(Request("GET", "/queues", {"x-mns-version": "2015-06-06"}))
    assert isinstance(response, Response)
    assert code(response) == (400, "MissingAuthorizationHeader")


def test_temporary_credentials_work_until_they_expire(wire: Wire) -> None:
    session = wire.messages.ram.assume_role("acs:ram::123456789012:role/r", "worker")

    def call() -> Response:
        request = wire.request("GET", "/queues", authorization="MNS x:y")
        signature = mns_signature(session.key.secret, Signed("GET", "/queues", request.headers))
        request.headers.update({"authorization": f"MNS {session.key.id}:{signature}", "security-token": session.token})
        answer = wire.api.handle(request)
        assert isinstance(answer, Response)
        return answer

    assert call().status == 200
    wire.messages.loop.advance(3_600)
    assert code(call())[0] == 400


BOMB = '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Message><MessageBody>&b;</MessageBody></Message>'
OUTSIDE = '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><Message><MessageBody>&x;</MessageBody></Message>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<Message>",
        b"<Queue/>",
        b"\xff\xfe\x00",
        b"<?xml version='1.0' encoding='x-none'?><Message/>",
        BOMB,
        OUTSIDE,
        "<Message>" + "<a>" * 50_000 + "</a>" * 50_000 + "</Message>",
        "<Message><MessageBody>" + "x" * (1 << 20) + "</MessageBody></Message>",
    ],
    ids=["empty", "text", "open", "root", "binary", "encoding", "bomb", "file", "deep", "large"],
)
def test_hostile_documents_are_malformed(wire: Wire, body: str | bytes) -> None:
    response = wire.call("POST", "/queues/q/messages", body)
    assert code(response) == (400, "MalformedXML")
    assert b"passwd" not in response.body


def test_what_is_too_large_is_refused_before_it_is_read(wire: Wire) -> None:
    service = mns_service(wire.messages.mns, MnsVerifier(wire.messages.ram))
    head = wire.request("POST", "/queues/q/messages", "x")
    assert service.matches(head)
    assert service.max_body == 1 << 20
    assert code(service.too_large(head)) == (400, "MalformedXML")


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("GET", "/", "", (400, "InvalidRequestURL")),
        ("PATCH", "/queues/q", "", (400, "InvalidRequestURL")),
        ("GET", "/queues/q/messages/more", "", (400, "InvalidRequestURL")),
        ("GET", "/queues/%2e%2e", "", (404, "QueueNotExist")),
        ("GET", "/queues/q/messages?waitseconds=soon", "", (400, "InvalidQueryString")),
        ("GET", "/queues/q/messages?waitseconds=-1", "", (400, "InvalidArgument")),
        ("GET", "/queues/q/messages?numOfMessages=0", "", (400, "InvalidArgument")),
        ("DELETE", "/queues/q/messages", "", (400, "MissingReceiptHandle")),
        ("DELETE", "/queues/q/messages?ReceiptHandle=a+b/==", "", (400, "ReceiptHandleError")),
        ("PUT", "/queues/q/messages?VisibilityTimeout=5", "", (400, "MissingReceiptHandle")),
        ("PUT", "/queues/q/messages?ReceiptHandle=1-1-1", "", (400, "MissingVisibilityTimeout")),
        ("POST", "/queues/q/messages", "<Message/>", (400, "InvalidArgument")),
        ("POST", "/queues/q/messages", "<Messages/>", (400, "InvalidArgument")),
        ("POST", "/queues/q/messages", "<Messages><Message/></Messages>", (400, "InvalidArgument")),
        ("PUT", "/queues/x", "<Queue><DelaySeconds>x</DelaySeconds></Queue>", (400, "InvalidArgument")),
        ("PUT", "/queues/x", "<Queue><LoggingEnabled>2</LoggingEnabled></Queue>", (400, "InvalidArgument")),
        ("PUT", "/topics/t/subscriptions/s", "<Subscription/>", (400, "EndpointInvalid")),
        (
            "PUT",
            "/topics/t/subscriptions/s",
            "<Subscription><Endpoint>http://h/</Endpoint><NotifyStrategy>NEVER</NotifyStrategy></Subscription>",
            (400, "InvalidArgument"),
        ),
    ],
)
def test_bad_requests_get_clear_refusals(
    wire: Wire, method: str, target: str, body: str, expected: tuple[int, str]
) -> None:
    assert code(wire.call(method, target, body)) == expected


def test_cdata_and_pretty_printing_are_read(wire: Wire) -> None:
    body = "<Message>\n  <MessageBody><![CDATA[<b>&amp;</b>]]></MessageBody>\n  <Priority> 2 </Priority>\n</Message>"
    assert wire.call("POST", "/queues/q/messages", body).status == 201
    found = wire.messages.queues.receive_message("q")
    assert (found.body, found.priority) == ("<b>&amp;</b>", 2)


def test_a_carriage_return_is_kept(wire: Wire) -> None:
    body = "<Message><MessageBody>a&#13;&#10;b</MessageBody></Message>"
    assert wire.call("POST", "/queues/q/messages", body).status == 201
    received = wire.call("GET", "/queues/q/messages")
    assert fields(received)["MessageBody"] == "a\r\nb"
