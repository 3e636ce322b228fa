"""uvicorn's HTTP connection with the bounds that a server on a socket needs.

1. A request has to arrive whole within `REQUEST_SECONDS`, counted from the connection or from its first byte, so that
   a slow client costs a socket for a while and nothing else.
2. Its line and headers together are at most `MAX_HEAD` bytes; the body is bounded by whoever reads it.
3. Request targets in absolute form (`GET http://host/?a=b`), which clients send to a proxy, become their path and
   query (api-signing.md 6.6).
4. What is not HTTP gets an error body, never a traceback.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from fnfkit.model.json import Json
from fnfkit.protocol.rpc import error
from fnfkit.server.service import MAX_REQUEST, new_request_id

HANG_UP = "fnfkit.hang_up"
"""Where the application finds how to end the connection without an answer."""
REQUEST_SECONDS = 30.0
MAX_HEAD = MAX_REQUEST + 64 * 1024
"""Room for every parameter in the query, which is legal, and for headers."""


class OneWrite:
    """A transport that keeps the head of an answer back until its body comes: each write costs a system call, a packet,
    and a client that wakes up for half an answer."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Sends the data, with the head that was kept; or keeps it, if it is one."""
        if not self._head and data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Sends the head of an answer that has no body."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Closes the connection once everything has been sent."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Json:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """One client."""

    request_seconds = REQUEST_SECONDS
    max_head = MAX_HEAD

    _in_head = True
    _head_bytes = 0
    _since: float | None = None
    """When the request under way began, on the loop's clock; None between two requests."""
    _alarm: asyncio.TimerHandle | None = None
    """One timer for all requests of the connection: setting one for each would cost as much as reading its headers."""

    def __init__(self, *arguments: Json, **options: Json) -> None:
        super().__init__(*arguments, **options)
        self.access_log = False  # request targets carry signatures; no logging set-up may bring them to light

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected; the time for its first request begins."""
        super().connection_made(OneWrite(transport))  # type: ignore[arg-type]
        self._since = self.loop.time()
        self._alarm = self.loop.call_later(self.request_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        if self._alarm is not None:
            self._alarm.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; too many for a head end the connection."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.max_head and not self.transport.is_closing():
                self._refuse("EntityTooLarge", f"The request line and headers are over {self.max_head} bytes.")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        if self._since is None:
            self._since = self.loop.time()

    def on_headers_complete(self) -> None:
        """The head of a request is there: its target becomes path and query."""
        self._in_head = False
        self.url = origin_form(self.url)
        self.scope[HANG_UP] = self.transport.abort  # type: ignore[literal-required]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is there as a whole."""
        self._since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer has been made; nothing of it stays behind."""
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers bytes that are not HTTP."""
        self._refuse("InvalidArgument", msg)

    def shutdown(self) -> None:
        """The server stops: answers in the making are sent, half requests are dropped."""
        if self._since is not None:
            self.transport.abort()
        else:
            super().shutdown()

    def _look(self) -> None:
        """Gives a request up whose time is over; else looks again when the time of the one under way will be."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        left = self.request_seconds - (now - self._since if self._since is not None else 0)
        if left <= 0:
            self.transport.abort()
        else:
            self._alarm = self.loop.call_later(left, self._look)

    def _refuse(self, code: str, message: str) -> None:
        response = error(400, code, message, request_id=new_request_id(), host="")
        head = f"content-type: {response.headers['content-type']}\r\ncontent-length: {len(response.body)}\r\n"
        closing = "connection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[400] + (head + closing).encode() + response.body)
        self.transport.close()


def origin_form(target: bytes) -> bytes:
    """The path and query of a request target, whatever its form; an empty path is `/`."""
    if target.startswith(b"/"):
        return target
    scheme, separator, rest = target.partition(b"://")
    if not separator or b"/" in scheme or b"?" in scheme:
        return target if not target.startswith(b"?") else b"/" + target
    cut = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
    return rest[cut:] if rest[cut : cut + 1] == b"/" else b"/" + rest[cut:]
