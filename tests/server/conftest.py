"""A served cloud, and clients that speak plain HTTP to it."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.model.json import JsonObject
from fnfkit.protocol.http import Request
from fnfkit.protocol.rpc import signed_request
from fnfkit.server.listener import Listening, serving

_NONCES = itertools.count()


def signed(action: str, *, method: str = "POST", form: dict[str, str] | None = None, **query: str) -> Request:
    """A correct request to the Serverless Workflow API."""
    return signed_request(
        {"Action": action, "Version": "2019-03-15", **query},
        key_id=DEFAULT_KEY_ID,
        secret=DEFAULT_KEY_SECRET,
        at=int(time.time()),
        nonce=f"nonce-{next(_NONCES)}",
        method=method,
        form=form,
    )


@dataclass
class Answered:
    """An answer, parsed."""

    status: int
    body: JsonObject
    headers: dict[str, str] = field(default_factory=dict)


def send(listening: Listening, request: Request, **headers: str) -> Answered:
    """Sends a request on a connection of its own."""
    connection = http.client.HTTPConnection(listening.host, listening.port, timeout=10)
    try:
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(request.method, request.target, request.body or None, {**request.headers, **dashed})
        response = connection.getresponse()
        return Answered(response.status, json.loads(response.read()), dict(response.getheaders()))
    finally:
        connection.close()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(grace=0.0)) as account:
        account.functions.stub("fnf-demo", "echo", lambda event: event)
        yield account


@pytest.fixture
def served(cloud: Cloud) -> Iterator[Listening]:
    with serving(cloud) as listening:
        yield listening
