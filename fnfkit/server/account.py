"""A whole account on a socket: the services behind the gateway, and the threads that push for its topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from fnfkit.cloud.fc.api import FunctionApi
from fnfkit.cloud.mns.service import MessageService
from fnfkit.protocol.http import Response
from fnfkit.server import listener
from fnfkit.server.address import DEFAULT_PORT
from fnfkit.server.fc import fc_service
from fnfkit.server.fc_auth import FcVerifier
from fnfkit.server.listener import Listening, ServedCloud
from fnfkit.server.mns import mns_service
from fnfkit.server.mns_auth import MnsVerifier
from fnfkit.server.push import CERTIFICATE_PATH, HttpPusher, SigningKey
from fnfkit.server.service import Service


class Account(ServedCloud, Protocol):
    """A cloud with a Message Service and Function Compute."""

    @property
    def mns(self) -> MessageService: ...

    @property
    def fc(self) -> FunctionApi: ...

    @property
    def account_id(self) -> str: ...

    @property
    def region(self) -> str: ...


def serve_account(
    cloud: Account,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    allow_remote: bool = False,
    ready: Callable[[Listening], None] = lambda _: None,
) -> None:
    """Serves all of an account until SIGINT or SIGTERM, like `listener.serve`."""
    with _pushing(cloud) as (pusher, services):

        def listening(where: Listening) -> None:
            pusher.endpoint = where.endpoint
            ready(where)

        listener.serve(cloud, host, port, services=services, allow_remote=allow_remote, ready=listening)


@contextmanager
def serving_account(cloud: Account, host: str = "127.0.0.1", port: int = 0) -> Iterator[Listening]:
    """Serves all of an account for as long as the block lasts, like `listener.serving`."""
    with _pushing(cloud) as (pusher, services), listener.serving(cloud, host, port, services=services) as where:
        pusher.endpoint = where.endpoint
        yield where


@contextmanager
def _pushing(cloud: Account) -> Iterator[tuple[HttpPusher, tuple[Service, ...]]]:
    signing = SigningKey()
    pusher = HttpPusher(cloud.clock, signing, own=f"{cloud.account_id}.{cloud.region}.fc.aliyuncs.com")
    cloud.mns.topics.push_with(pusher)
    try:
        functions = fc_service(cloud.fc, FcVerifier(cloud.ram))
        yield pusher, (_certificate(signing), functions, mns_service(cloud.mns, MnsVerifier(cloud.ram)))
    finally:
        pusher.close()


def _certificate(signing: SigningKey) -> Service:
    type_ = {"content-type": "application/x-pem-file"}
    return Service(
        name="mns-certificate",
        matches=lambda head: head.method == "GET" and head.path == CERTIFICATE_PATH,
        handle=lambda _: Response(200, dict(type_), signing.certificate),
        too_large=lambda _: Response(413, {}),
        max_body=0,
    )
