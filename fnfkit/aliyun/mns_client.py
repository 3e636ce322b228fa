"""The official `mns` package, made safe to use: it prints nothing, one connection per thread, faults of the ports.

Both distributions of the package work (`aliyun-mns-sdk`, and the older `aliyun-mns` under the same import name). The
older one prints the access key's secret on every call (api-mns.md 8); here its modules get a `print` that does not.
"""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import mns.account
import mns.mns_client
import mns.mns_http
import mns.queue
import mns.subscription
import mns.topic
from mns.account import Account
from mns.mns_exception import MNSClientException, MNSClientParameterException, MNSServerException

from fnfkit.aliyun.session import Key, NoCredentials, Session, is_local, url
from fnfkit.model.json import Json
from fnfkit.ports import InvalidArgument, NetworkFault, mns_fault

R = TypeVar("R")

READ_SECONDS = 60
"""Longer than the longest long poll (api-mns.md 1)."""
_POLLS = frozenset({"receive_message", "batch_receive_message"})
_STALE_SECONDS = 45
"""A connection idle for longer may have been closed by the server, and the next POST would fail (api-mns.md 1)."""


def _quiet(*_: object, **__: object) -> None:
    """What the package's own `print` calls do here."""


for _module in (mns.account, mns.mns_client, mns.mns_http, mns.queue, mns.subscription, mns.topic):
    vars(_module)["print"] = _quiet


class MnsClient:
    """Calls of the official package, from any thread. Raises the faults of the ports and `NetworkFault`."""

    def __init__(self, endpoint: str, key: Key) -> None:
        self._endpoint = url(endpoint)
        self._key = key
        self._own = threading.local()
        self._polls: set[Json] = set()
        """The package's clients that wait for messages now."""

    def call(self, operation: str, request: Json, response: R) -> R:
        """Performs an operation of `MNSClient` by name; the response is filled in and returned."""
        try:
            with self._using(operation) as client:
                getattr(client, operation)(request, response)
        except MNSServerException as refused:
            if refused.sub_errors:
                return _with_errors(response, refused.sub_errors)
            raise mns_fault(refused.type, refused.message) from None
        except MNSClientParameterException as wrong:
            raise InvalidArgument(f"{wrong.type}: {wrong.message}") from None
        except MNSClientException as broken:
            raise NetworkFault(f"no usable answer from {self._endpoint}: {broken.message}") from None
        return response

    def interrupt(self) -> None:
        """Ends the long polls of all threads, which then raise `NetworkFault`.

        What the service was about to hand out meanwhile comes again when its visibility ends.
        """
        for client in tuple(self._polls):
            sock = client.http.conn.sock
            if sock is not None:
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of the connection itself, also below TLS

    @contextmanager
    def _using(self, operation: str) -> Iterator[Json]:
        client = self._client()
        if operation not in _POLLS:
            yield client
            return
        self._polls.add(client)
        try:
            yield client
        finally:
            self._polls.discard(client)

    def close(self) -> None:
        """Closes this thread's connection."""
        account = getattr(self._own, "account", None)
        if account is not None:
            account.get_client().close_connection()

    def _client(self) -> Json:
        own, now = self._own, time.monotonic()
        if getattr(own, "account", None) is None:
            own.account = Account(self._endpoint, self._key.id, self._key.secret, self._key.token)
            client = own.account.get_client()
            client.http.conn.timeout = READ_SECONDS  # the package sets none for https
            weakref.finalize(self, client.close_connection)
        elif now - own.used > _STALE_SECONDS:
            with suppress(OSError):
                own.account.get_client().close_connection()
        own.used = now
        return own.account.get_client()


def connect_mns(session: Session, account_id: str = "") -> MnsClient:
    """A client for a session: its endpoint where that is local, else the account's own. Raises `NoCredentials`."""
    if not isinstance(session.credentials, Key):
        raise NoCredentials("the Message Service client takes an access key; set one, with its security token if any.")
    if session.endpoint and is_local(session.endpoint):
        return MnsClient(session.endpoint, session.credentials)
    if not account_id:
        raise NoCredentials("the Message Service needs the account id; set FNFKIT_ACCOUNT_ID.")
    return MnsClient(f"https://{account_id}.mns.{session.region}.aliyuncs.com", session.credentials)


def names_of(urls: list[str]) -> tuple[str, ...]:
    """The names at the ends of resource URLs."""
    return tuple(found.rpartition("/")[2] for found in urls)


def given(value: int | None) -> int:
    """A number as the package wants it: -1 stands for none."""
    return -1 if value is None else value


def _with_errors(response: R, errors: list[dict[str, str]]) -> R:
    """A partly refused batch: the package raises, and has what happened to each item in the exception."""
    vars(response)["sub_errors"] = errors
    return response
