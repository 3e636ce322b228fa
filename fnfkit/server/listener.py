"""A cloud on a socket: one thread drives the cloud, one serves HTTP.

It listens on the loopback unless told otherwise in so many words, logs no requests, and stops cleanly: no new
connections, long polls answered as things stand, answers in the making sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

import uvicorn

from fnfkit.cloud.store import StoreError
from fnfkit.server.address import DEFAULT_PORT, is_loopback
from fnfkit.server.connection import Connection
from fnfkit.server.door import Door
from fnfkit.server.gateway import Gateway, Loop, Served
from fnfkit.server.service import Service

KEEP_ALIVE_SECONDS = 60
GRACE_SECONDS = 2.0
"""How long clients may take to read their answers once the server stops."""
_BACKLOG = 2048

_log = logging.getLogger("fnfkit.server")


class CannotListen(Exception):
    """The address cannot be listened on; the message says why and what to try."""


class ServedCloud(Served, Protocol):
    """A cloud that can be driven."""

    def serve_forever(self, stop: threading.Event) -> None: ...


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a cloud is served."""

    host: str
    port: int

    @property
    def endpoint(self) -> str:
        """The URL to give to clients, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def serve(
    cloud: ServedCloud,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    services: Sequence[Service] = (),
    allow_remote: bool = False,
    ready: Callable[[Listening], None] = lambda _: None,
) -> None:
    """Serves a cloud until SIGINT or SIGTERM, from the main thread. `ready` is called once it listens.

    Raises `CannotListen`, and `StoreError` if the store fails meanwhile. Everybody who can reach a non-loopback address
    can use the cloud; it takes `allow_remote`.
    """
    server = _Server(Door(Gateway(cloud, services)), cloud.loop)
    listener = _listen(host, port, allow_remote)
    with listener, _signals(server.stop), _driven(cloud, server.stop):
        server.on_started = lambda: ready(_listening(listener))
        server.run(sockets=[listener])


@contextmanager
def serving(
    cloud: ServedCloud,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    services: Sequence[Service] = (),
    allow_remote: bool = False,
) -> Iterator[Listening]:
    """Serves a cloud from background threads for as long as the block lasts; port 0 is any free port.

    Clients may connect at once: the socket listens before the first of them is served. Raises `CannotListen`, and at
    the end `StoreError` if the store failed meanwhile.
    """
    server = _Server(Door(Gateway(cloud, services)), cloud.loop)
    listener = _listen(host, port, allow_remote)
    thread = threading.Thread(target=server.run, args=([listener],), name="fnfkit-http", daemon=True)
    with listener, _driven(cloud, server.stop):
        thread.start()
        try:
            yield _listening(listener)
        finally:
            server.stop()
            thread.join()


def _listen(host: str, port: int, allow_remote: bool) -> socket.socket:
    if not is_loopback(host):
        if not allow_remote:
            raise CannotListen(
                f"{host} can be reached from other machines, and the emulator is not made to be. Listen on 127.0.0.1, "
                "or say explicitly that remote access is allowed."
            )
        _log.warning("listening on %s: everybody who can reach this machine can use the emulated account", host)
    if not 0 <= port <= 65535:
        raise CannotListen(f"{port} is not a port: use 1 to 65535, or 0 for any that is free.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as problem:
        raise CannotListen(f"cannot listen on {host} port {port}: {problem}. Try another port, or 0 for any.") from None


def _listening(listener: socket.socket) -> Listening:
    host, port = listener.getsockname()[:2]
    return Listening("127.0.0.1" if ipaddress.ip_address(host).is_unspecified else host, port)


@contextmanager
def _driven(cloud: ServedCloud, give_up: Callable[[], None]) -> Iterator[None]:
    """Has a thread drive the cloud's work and time. If the store fails, calls `give_up`, and raises at the end."""
    stop = threading.Event()
    failures: list[StoreError] = []

    def drive() -> None:
        try:
            cloud.serve_forever(stop)
        except StoreError as failure:
            failures.append(failure)
            give_up()

    thread = threading.Thread(target=drive, name="fnfkit-cloud", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        cloud.loop.wake()
        thread.join()
    if failures:
        raise failures[0]


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """uvicorn's server, told to stop rather than asked every tenth of a second, and leaving signals alone."""

    def __init__(self, door: Door, work: Loop) -> None:
        super().__init__(
            uvicorn.Config(
                door,
                http=Connection,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                backlog=_BACKLOG,
            )
        )
        self.on_started: Callable[[], None] = lambda: None
        self._door = door
        self._work = work
        self._stopping = threading.Event()
        self._wake: Callable[[], None] = lambda: None

    def stop(self) -> None:
        """Has the server stop soon; from any thread, and from a signal handler."""
        self.should_exit = True
        self._stopping.set()
        self._wake()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the server."""
        yield

    async def main_loop(self) -> None:
        """Waits to be stopped; once a second the Date header moves on."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(stopped.set)

        self._wake = wake
        await self.on_tick(0)
        self.on_started()
        with self._work.borrowed(loop.call_soon):
            while not self._stopping.is_set():
                try:
                    await asyncio.wait_for(stopped.wait(), 1)
                except TimeoutError:
                    await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops: no new connections, pending answers sent, and whatever still hangs on after a while cut off."""
        for server in self.servers:
            server.close()
        self._door.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + GRACE_SECONDS
        while self.server_state.connections and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.002)
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        await asyncio.wait([asyncio.create_task(asyncio.sleep(0)), *self.server_state.tasks], timeout=GRACE_SECONDS)
