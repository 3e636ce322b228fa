"""Endpoints that are not the service: every one of them ends in a fault that says what happened."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fnfkit.aliyun import AliyunFlows, Key, Session, Unreachable, session
from fnfkit.ports import Fault

KEY = Key("the-id", "the-secret", "the-token")


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """An endpoint that gives every request the same bytes, or takes it and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def serve() -> None:
            talk, _ = listener.accept()
            with talk:
                talk.recv(65536)
                if answer is None:
                    done.wait()
                else:
                    talk.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


def http(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def fault_of(endpoint: str) -> Fault:
    with pytest.raises(Fault) as error:
        AliyunFlows(Session(KEY, endpoint=endpoint)).list_flows()
    said = str(error.value)
    assert "the-secret" not in said
    assert "the-token" not in said
    assert "Signature=" not in said.replace("Signature=***", "")
    return error.value


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[]", b"\xff\xfe"])
def test_an_answer_that_is_none(body: bytes) -> None:
    with answering(http("200 OK", body)) as endpoint:
        fault = fault_of(endpoint)
    assert isinstance(fault, Unreachable)
    assert "right endpoint" in fault.message


def test_an_error_page() -> None:
    with answering(http("502 Bad Gateway", b"<html>no upstream</html>")) as endpoint:
        fault = fault_of(endpoint)
    assert (fault.code, fault.status) == ("SDK.UnknownServerError", 502)


def test_an_error_of_the_service() -> None:
    body = b'{"RequestId":"R","Code":"Brand.New","Message":"what no table lists"}'
    with answering(http("418 Teapot", body)) as endpoint:
        fault = fault_of(endpoint)
    assert (type(fault), fault.code, fault.status, fault.message) == (Fault, "Brand.New", 418, "what no table lists")


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    fault = fault_of(f"http://127.0.0.1:{port}")
    assert isinstance(fault, Unreachable)
    assert "refused" in fault.message


def test_a_connection_that_breaks() -> None:
    with answering(b"") as endpoint:
        assert isinstance(fault_of(endpoint), Unreachable)


def test_nobody_answers_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "READ_SECONDS", 0.05)
    with answering(None) as endpoint:
        fault = fault_of(endpoint)
    assert isinstance(fault, Unreachable)
    assert "timed out" in fault.message.lower()
