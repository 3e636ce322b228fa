"""The ASGI application: HTTP messages to requests, answers back, and long polls without a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TypeAlias

from fnfkit.model.json import Json
from fnfkit.protocol.http import Request, Response
from fnfkit.server.connection import HANG_UP
from fnfkit.server.gateway import Gateway
from fnfkit.server.later import Later

Message: TypeAlias = MutableMapping[str, Json]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

MAX_DISCARD = 16 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that its sender comes to read the answer."""


class Gone(Exception):
    """The client has gone before its request was complete."""


class Door:
    """The application. Requests are handled in the serving thread itself: the gateway's work is shorter than handing
    it to another thread would be. An answer with the status 0 stands for none: the connection ends."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._polls: set[asyncio.Event] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one request."""
        head = _head(scope)
        service = self._gateway.service(head)
        try:
            body = await _read(head, receive, service.max_body)
        except Gone:
            return
        if body is None:
            await _send(service.too_large(head), send, close=True)
            return
        head.body = body
        answer = self._gateway.handle(head, service)
        response = await self._wait(answer, receive) if isinstance(answer, Later) else answer
        if response is not None and response.status:
            await _send(response, send)
        elif response is not None:
            scope[HANG_UP]()
            await _until_gone(receive)

    def close(self) -> None:
        """Has every long poll answered as things stand: the server is about to stop."""
        for poll in tuple(self._polls):
            poll.set()

    async def _wait(self, later: Later[Response], receive: Receive) -> Response | None:
        """The answer once its signal is given, or None if the client goes first."""
        woken = asyncio.Event()
        self._polls.add(woken)
        loop = asyncio.get_running_loop()
        later.signal.wait(lambda: _wake(loop, woken))
        gone = loop.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: woken.set())
        try:
            await woken.wait()
            return None if gone.done() else later.answer()
        finally:
            self._polls.discard(woken)
            gone.cancel()
            later.release()


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _head(scope: Message) -> Request:
    raw = scope["headers"]
    headers: dict[str, str] = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    if len(headers) < len(raw):
        headers = _joined(raw)
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Request(scope["method"], f"{path}?{query}" if query else path, headers)


def _joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers of which some come more than once: their values, separated by commas."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _read(head: Request, receive: Receive, room: int) -> bytes | None:
    """The body, or None if it is larger than there is room for; what is too much is discarded as it comes."""
    if _declared(head) > room and "expect" in head.headers:
        return None  # the client waits to be told before it sends
    chunk, more = await _chunk(receive)
    if not more and len(chunk) <= room:
        return chunk
    kept, size = bytearray(chunk[:room]), len(chunk)
    while more and size <= room + MAX_DISCARD:
        chunk, more = await _chunk(receive)
        size += len(chunk)
        if size <= room:
            kept += chunk
    return bytes(kept) if size <= room else None


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    return message.get("body", b""), message.get("more_body", False)


def _declared(head: Request) -> int:
    length = head.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _send(response: Response, send: Send, *, close: bool = False) -> None:
    headers = [*response.headers.items(), *response.repeated, ("content-length", str(len(response.body)))]
    if close:
        headers.append(("connection", "close"))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})
