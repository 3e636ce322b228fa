"""The emulator's own endpoints: who may use them, and virtual time at a client's wish."""

from __future__ import annotations

import json

import pytest

from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.protocol.http import Request, Response
from fnfkit.server.control import MAX_HOLDS, is_loopback
from fnfkit.server.gateway import Gateway
from fnfkit.server.listener import Listening
from tests.server.conftest import Answered, send

KEY = {"x-fnfkit-access-key-id": DEFAULT_KEY_ID, "x-fnfkit-access-key-secret": DEFAULT_KEY_SECRET}


def control(listening: Listening, path: str, body: object = None) -> Answered:
    method = "GET" if body is None else "POST"
    return send(listening, Request(method, f"/_fnfkit/{path}", KEY, b"" if body is None else json.dumps(body).encode()))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:80", "localhost:8680", "LOCALHOST", "[::1]:80", "::1"])
def test_loopback_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "evil.example", "127.0.0.1.evil.example", "localhost.evil:80"])
def test_other_names(host: str) -> None:
    assert not is_loopback(host)


def test_health_needs_no_key(served: Listening, cloud: Cloud) -> None:
    answered = send(served, Request("GET", "/_fnfkit/health"))
    assert (answered.status, answered.body["status"], answered.body["virtual"]) == (200, "ok", True)
    assert answered.body["now"] == cloud.clock.now()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**KEY, "x-fnfkit-access-key-secret": "wrong"},
        {**KEY, "x-fnfkit-access-key-id": "nobody"},
        {**KEY, "host": "evil.example"},
    ],
)
def test_the_clock_needs_a_key_and_a_loopback_name(served: Listening, cloud: Cloud, headers: dict[str, str]) -> None:
    before = cloud.clock.now()
    body = json.dumps({"seconds": 60}).encode()
    answered = send(served, Request("POST", "/_fnfkit/clock/advance", headers, body))
    assert (answered.status, answered.body["Code"]) == (403, "AccessDenied")
    assert cloud.clock.now() == before


def test_time_passes_as_asked(served: Listening, cloud: Cloud) -> None:
    before = cloud.clock.now()
    answered = control(served, "clock/advance", {"seconds": 90.5})
    assert answered.body == {"now": before + 90_500, "virtual": True, "holds": 0}
    assert control(served, "clock").body["now"] == before + 90_500


def test_held_time_moves_only_when_told(served: Listening, cloud: Cloud) -> None:
    before = cloud.clock.now()
    assert control(served, "clock/hold", {}).body["holds"] == 1
    fired: list[int] = []
    cloud.clock.call_at(before + 5_000, lambda: fired.append(cloud.clock.now()))
    cloud.clock.call_at(before + 15_000, lambda: fired.append(cloud.clock.now()))
    assert control(served, "clock/advance", {"seconds": 10}).body["now"] == before + 10_000
    assert fired == [before + 5_000]
    assert cloud.clock.held()
    assert control(served, "clock/release", {}).body["holds"] == 0
    assert cloud.run_until(lambda: len(fired) == 2)


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"seconds": -1}', b'{"seconds": "1"}', b'{"seconds": true}'])
def test_what_cannot_be_advanced(served: Listening, body: bytes) -> None:
    answered = send(served, Request("POST", "/_fnfkit/clock/advance", KEY, body))
    assert (answered.status, answered.body["Code"]) == (400, "InvalidArgument")


def test_bounds(served: Listening) -> None:
    assert control(served, "clock/release", {}).body["Code"] == "InvalidArgument"
    for _ in range(MAX_HOLDS):
        assert control(served, "clock/hold", {}).status == 200
    assert control(served, "clock/hold", {}).body["Code"] == "InvalidArgument"
    assert control(served, "clock/advance", {"seconds": 1, "padding": "x" * 5000}).body["Code"] == "InvalidArgument"


def test_no_such_endpoint(served: Listening) -> None:
    answered = control(served, "reboot", {})
    assert (answered.status, answered.body["Code"]) == (404, "InvalidAction.NotFound")
    assert "/_fnfkit/clock/advance" in answered.body["Message"]


def test_real_time_cannot_be_moved() -> None:
    with Cloud(clock=RealClock()) as cloud:
        request = Request("POST", "/_fnfkit/clock/advance", {**KEY, "host": "localhost"}, b'{"seconds": 1}')
        response = Gateway(cloud).handle(request)
        assert isinstance(response, Response)
        assert json.loads(response.body)["Code"] == "InvalidArgument"
