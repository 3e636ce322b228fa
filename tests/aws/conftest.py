"""moto in process, and over HTTP on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from tests.aws.moto_account import MotoAccount, moto_account, moto_served


@pytest.fixture
def moto() -> Iterator[MotoAccount]:
    with moto_account() as account:
        yield account


@pytest.fixture
def served() -> Iterator[MotoAccount]:
    with moto_served() as account:
        yield account


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def served_text() -> Iterator[str]:
    """A server that is no AWS."""

    def app(_environ: object, start: object) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html")])  # type: ignore[operator]
        return [b"<html>hello"]

    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
