"""The server on its socket: addresses, stopping, and clients that are slow, rude or large."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_SECRET
from fnfkit.protocol.http import Request
from fnfkit.server.connection import Connection, origin_form
from fnfkit.server.listener import CannotListen, Listening, serve, serving
from fnfkit.server.service import MAX_REQUEST
from tests.contract.flows import CALLBACK, NOTHING
from tests.server.conftest import send, signed

HELLO = b"GET /_fnfkit/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@contextmanager
def talking(served: Listening) -> Iterator[socket.socket]:
    with socket.create_connection((served.host, served.port), timeout=10) as talk:
        yield talk


def everything(talk: socket.socket) -> bytes:
    """All bytes until the server closes."""
    received = b""
    try:
        while chunk := talk.recv(65536):
            received += chunk
    except ConnectionResetError:
        return received
    return received


def say(served: Listening, message: bytes) -> bytes:
    with talking(served) as talk:
        talk.sendall(message)
        return everything(talk)


def healthy(served: Listening) -> bool:
    return send(served, Request("GET", "/_fnfkit/health")).status == 200


@pytest.mark.parametrize(
    "message",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT fnf.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_garbage_gets_an_answer(served: Listening, message: bytes) -> None:
    head, _, body = say(served, message).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4")
    assert json.loads(body)["Code"]
    assert b"Traceback" not in body
    assert healthy(served)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", b"/"),
        (b"/a?b=c", b"/a?b=c"),
        (b"http://cn-hangzhou.fnf.aliyuncs.com/?A=1&B=http://x/", b"/?A=1&B=http://x/"),
        (b"http://host?A=1", b"/?A=1"),
        (b"http://host", b"/"),
        (b"https://host:443/a/b", b"/a/b"),
        (b"?A=1", b"/?A=1"),
        (b"*", b"*"),
        (b"/?u=http://x", b"/?u=http://x"),
    ],
)
def test_targets(target: bytes, expected: bytes) -> None:
    assert origin_form(target) == expected


def test_absolute_form(served: Listening) -> None:
    request = signed("ListFlows", method="GET")
    absolute = Request(
        "GET", "http://cn-hangzhou.fnf.aliyuncs.com" + request.target, {"Host": "cn-hangzhou.fnf.aliyuncs.com"}
    )
    assert send(served, absolute).body["Flows"] == []


def test_connections_are_kept(served: Listening) -> None:
    connection = http.client.HTTPConnection(served.host, served.port, timeout=10)
    connection.connect()
    own = connection.sock.getsockname()
    for _ in range(3):
        request = signed("ListFlows")
        connection.request("POST", request.target)
        assert json.loads(connection.getresponse().read())["Flows"] == []
        assert connection.sock is not None
        assert connection.sock.getsockname() == own
    connection.close()


def test_pipelined_requests(served: Listening) -> None:
    answers = say(served, (HELLO + b"\r\n") * 2 + HELLO + b"Connection: close\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200") == 3


def test_two_mebibytes_are_too_large(served: Listening, cloud: Cloud) -> None:
    form = {"Name": "f", "Definition": "x" * 2 * MAX_REQUEST, "Description": "", "Type": "FDL"}
    answered = send(served, signed("CreateFlow", form=form))
    assert (answered.status, answered.body["Code"]) == (400, "EntityTooLarge")
    assert cloud.flows.list_flows().items == ()


def test_large_without_saying_so(served: Listening) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer = say(served, head + chunk * 32 + b"0\r\n\r\n")
    assert b"EntityTooLarge" in answer


def test_large_and_asking_first(served: Listening) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
    answer = say(served, head)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"EntityTooLarge" in answer


def test_a_welcome_body_is_asked_for(served: Listening) -> None:
    request = signed("ListFlows", form={"Limit": "5"})
    head = f"POST {request.target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(request.body)}\r\n\r\n"
    with talking(served) as talk:
        talk.sendall((head + form).encode())
        assert talk.recv(100).startswith(b"HTTP/1.1 100")
        talk.sendall(request.body)
        assert b'"Flows":[]' in everything(talk)


def test_a_head_without_end(served: Listening) -> None:
    answer = say(served, HELLO + b"X-Pad: " + b"x" * 2 * MAX_REQUEST)
    assert not answer or b"EntityTooLarge" in answer, "the client may be cut off before it reads"
    assert healthy(served)


def test_slow_clients_block_nobody(served: Listening) -> None:
    starts = [b"", b"G", HELLO, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"]
    talks = [socket.create_connection((served.host, served.port)) for _ in range(40)]
    for number, talk in enumerate(talks):
        talk.sendall(starts[number % len(starts)])
    assert healthy(served)
    for talk in talks:
        talk.close()
    assert healthy(served)


@pytest.mark.parametrize("start", [b"", b"G", HELLO, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"])
def test_slow_clients_are_given_up(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(Connection, "request_seconds", 0.05)
    with serving(cloud) as served, talking(served) as talk:
        talk.sendall(start)
        assert everything(talk) == b""


def test_a_client_that_leaves_its_long_poll(served: Listening, cloud: Cloud) -> None:
    with cloud.clock.hold():
        begin_waiting(cloud)
        request = poll()
        with talking(served) as talk:
            talk.sendall(f"GET {request.target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            reached(cloud, pending=True)
        reached(cloud, pending=False)
    assert healthy(served)


def begin_waiting(cloud: Cloud) -> None:
    cloud.flows.create_flow("callback", CALLBACK)
    cloud.flows.start_execution("callback", name="e")


def poll() -> Request:
    return signed("DescribeExecution", method="GET", FlowName="callback", ExecutionName="e", WaitTimeSeconds="60")


def reached(cloud: Cloud, *, pending: bool) -> None:
    """Waits until the poll's timer is set, or withdrawn."""
    changed = threading.Event()
    for _ in range(2_000):
        if cloud.clock.pending() is pending:
            return
        changed.wait(0.005)
    raise AssertionError(f"pending is still {not pending}")


def test_stopping_answers_long_polls(cloud: Cloud) -> None:
    answers: list[tuple[int, str]] = []

    def ask(served: Listening) -> None:
        answered = send(served, poll())
        answers.append((answered.status, answered.body["Status"]))

    with cloud.clock.hold(), serving(cloud) as served:
        begin_waiting(cloud)
        client = threading.Thread(target=ask, args=(served,))
        client.start()
        reached(cloud, pending=True)
    client.join()
    assert answers == [(200, "Running")]


def test_stopping_drops_half_requests(cloud: Cloud) -> None:
    with serving(cloud) as served:
        talks = [socket.create_connection((served.host, served.port), timeout=10) for _ in range(3)]
        for talk, start in zip(talks, (b"", HELLO, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"), strict=True):
            talk.sendall(start)
        assert healthy(served)
    for talk in talks:
        assert everything(talk) == b""
        talk.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "fnf.example"])
def test_the_loopback_is_the_default_world(cloud: Cloud, host: str) -> None:
    with pytest.raises(CannotListen, match="other machines"), serving(cloud, host):
        pass


def test_the_world_by_request(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    with serving(cloud, "0.0.0.0", allow_remote=True) as served:
        assert served.endpoint.startswith("http://127.0.0.1:")
        assert healthy(served)
    assert "everybody who can reach this machine" in caplog.text


def test_a_port_in_use(cloud: Cloud, served: Listening) -> None:
    with pytest.raises(CannotListen, match="Try another port"), serving(cloud, port=served.port):
        pass
    with pytest.raises(CannotListen, match="is not a port"), serving(cloud, port=70_000):
        pass


def test_nothing_is_logged(cloud: Cloud, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG), serving(cloud) as served:
        request = signed("CreateFlow", form={"Name": "f", "Definition": NOTHING, "Description": "", "Type": "FDL"})
        assert send(served, request).status == 200
        assert send(served, signed("DescribeFlow", Name="g")).status == 404
        say(served, b"GET /?Signature=shown HTTP/1.1\r\nbroken\r\n\r\n")
    said = caplog.text + "".join(capfd.readouterr())
    for secret in ("Signature", "AccessKey", "shown", DEFAULT_KEY_SECRET):
        assert secret not in said


def test_serve_blocks_until_it_is_told_to_stop(cloud: Cloud) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[bool] = []

    def ready(listening: Listening) -> None:
        def visit() -> None:
            seen.append(healthy(listening))
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=visit).start()

    serve(cloud, port=0, ready=ready)
    assert seen == [True]
    assert signal.getsignal(signal.SIGINT) is before


PROGRAM = """
import sys
from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.server.listener import serve

with Cloud(clock=RealClock()) as cloud:
    serve(cloud, port=0, ready=lambda listening: print(listening.endpoint, flush=True))
print("closed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        host, _, port = endpoint.removeprefix("http://").partition(":")
        assert healthy(Listening(host, int(port)))
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "closed\n", "")


def test_many_at_once(served: Listening, cloud: Cloud) -> None:
    def work(number: int) -> None:
        definition = {"Name": f"f{number}", "Definition": NOTHING, "Description": "", "Type": "FDL"}
        statuses.append(send(served, signed("CreateFlow", form=definition)).status)

    statuses: list[int] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    run: Callable[[threading.Thread], None]
    for run in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            run(thread)
    assert statuses == [200] * 16
    assert len(cloud.flows.list_flows().items) == 16


def test_the_same_cloud_can_be_served_again() -> None:
    with Cloud(clock=VirtualClock(grace=0.0)) as cloud:
        for _ in range(2):
            with serving(cloud) as served:
                assert healthy(served)
