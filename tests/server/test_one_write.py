"""An answer leaves the server in one piece, whatever it is made of."""

from __future__ import annotations

import socket

import pytest

from fnfkit.server.connection import OneWrite
from fnfkit.server.listener import Listening

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire:
    """A transport that remembers what happened to it."""

    def __init__(self) -> None:
        self.seen: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.seen.append(data)

    def close(self) -> None:
        self.seen.append("closed")

    def abort(self) -> None:
        self.seen.append("aborted")

    def is_closing(self) -> bool:
        return "closed" in self.seen


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_head_and_body_are_one_write(wire: Wire) -> None:
    transport = OneWrite(wire)  # type: ignore[arg-type]
    for _ in range(2):
        transport.write(HEAD)
        transport.write(b"{}")
    transport.write(b"more")
    assert wire.seen == [HEAD + b"{}", HEAD + b"{}", b"more"]


def test_a_head_alone_leaves_when_the_answer_is_made_or_the_connection_closed(wire: Wire) -> None:
    transport = OneWrite(wire)  # type: ignore[arg-type]
    transport.write(HEAD)
    transport.flush()
    transport.flush()
    transport.write(HEAD)
    transport.close()
    assert wire.seen == [HEAD, HEAD, "closed"]
    assert transport.is_closing()


def test_an_invitation_to_go_on_is_not_kept(wire: Wire) -> None:
    OneWrite(wire).write(b"HTTP/1.1 100 Continue\r\n\r\n")  # type: ignore[arg-type]
    assert wire.seen == [b"HTTP/1.1 100 Continue\r\n\r\n"]


def test_an_abort_sends_nothing(wire: Wire) -> None:
    transport = OneWrite(wire)  # type: ignore[arg-type]
    transport.write(HEAD)
    transport.abort()
    assert wire.seen == ["aborted"]


def test_answers_without_a_body_arrive_on_a_kept_connection(served: Listening) -> None:
    with socket.create_connection((served.host, served.port), timeout=10) as talk:
        for _ in range(2):
            talk.sendall(b"HEAD /_fnfkit/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert talk.recv(65_536).startswith(b"HTTP/1.1 ")
        talk.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert talk.recv(65_536).startswith(b"HTTP/1.1 100 ")
        talk.sendall(b"{}")
        assert talk.recv(65_536).startswith(b"HTTP/1.1 4")
