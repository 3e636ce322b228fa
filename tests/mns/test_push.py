"""Pushes over real sockets: what a subscriber receives, and that it can check who sent it (api-mns.md 6.1)."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fnfkit.ports import NotifyContentFormat
from fnfkit.protocol.mns import push_string_to_sign
from fnfkit.protocol.sign import Signed
from fnfkit.server.account import serving_account
from tests.mns.accounts import Messages


class Receiver:
    """An HTTP server that answers with the statuses it was given, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.pushes: list[tuple[str, HTTPMessage, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.pushes.append((self.path, self.headers, body))
                statuses = receiver.statuses
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.send_header("Content-Length", "0")
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/notify?x=1"

    def __enter__(self) -> Receiver:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def messages() -> Iterator[Messages]:
    messages = Messages()
    messages.topics.create_topic("t")
    with serving_account(messages):
        yield messages


def delivered(messages: Messages) -> bool:
    return messages.topics.get_topic_attributes("t").message_count == 0


def test_a_push_is_signed_so_that_the_receiver_can_check_it(messages: Messages) -> None:
    with Receiver(204) as receiver:
        messages.topics.subscribe("t", "s", receiver.url, format=NotifyContentFormat.SIMPLIFIED)
        sent = messages.topics.publish_message("t", "hello", tag="red")
        assert messages.loop.run_until(lambda: delivered(messages))
        ((path, headers, body),) = receiver.pushes
        assert (path, body) == ("/notify?x=1", b"hello")
        assert headers["x-mns-version"] == "2015-06-06"
        assert (headers["x-mns-message-id"], headers["x-mns-message-tag"]) == (sent.id, "red")
        digest = hashlib.md5(body).hexdigest()
        assert base64.b64decode(headers["Content-MD5"]).decode() == digest
        with urlopen(base64.b64decode(headers["x-mns-signing-cert-url"]).decode()) as answer:
            key = x509.load_pem_x509_certificate(answer.read()).public_key()
        assert isinstance(key, RSAPublicKey)
        signed = Signed("POST", path, {name.lower(): value for name, value in headers.items()})
        signature = base64.b64decode(headers["Authorization"])
        key.verify(signature, push_string_to_sign(signed).encode(), padding.PKCS1v15(), hashes.SHA1())
        with pytest.raises(InvalidSignature):
            key.verify(signature, b"something else", padding.PKCS1v15(), hashes.SHA1())


@pytest.mark.parametrize("status", [200, 201, 204])
def test_every_2xx_is_an_acceptance(messages: Messages, status: int) -> None:
    with Receiver(status) as receiver:
        messages.topics.subscribe("t", "s", receiver.url)
        messages.topics.publish_message("t", "x")
        assert messages.loop.run_until(lambda: delivered(messages))
        assert len(receiver.pushes) == 1


def test_everything_else_is_tried_again_and_given_up(messages: Messages) -> None:
    with Receiver(301, 403, 404, 500) as receiver:
        messages.topics.subscribe("t", "s", receiver.url)
        began = messages.clock.now()
        messages.topics.publish_message("t", "x")
        assert messages.loop.run_until(lambda: delivered(messages))
        assert len(receiver.pushes) == 4
        assert 30_000 <= messages.clock.now() - began <= 60_000
        assert {path for path, _, _ in receiver.pushes} == {"/notify?x=1"}, "redirects are not followed"


def test_nobody_there_is_tried_again_until_somebody_is(messages: Messages) -> None:
    with Receiver(204) as receiver:
        url = receiver.url
    messages.topics.subscribe("t", "s", url)
    messages.topics.publish_message("t", "x")
    assert messages.loop.run_until(lambda: delivered(messages))
    assert receiver.pushes == []
