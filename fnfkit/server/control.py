"""The emulator's own endpoints under /_fnfkit/: health, and the virtual clock for tests.

Who may use them: a request whose Host is a loopback name (so that no web page can reach them by rebinding a name of
its own) and which carries an access key of the account in the headers `x-fnfkit-access-key-id` and
`x-fnfkit-access-key-secret` (so that a browser must ask first, and is never allowed). Health needs only the former.

GET  /_fnfkit/health         {"status": "ok", "now": <ms>, "virtual": true}
GET  /_fnfkit/clock          {"now": <ms>, "virtual": true, "holds": 0}
POST /_fnfkit/clock/advance  {"seconds": 60} -> the clock, once that time has passed and what was due has happened
POST /_fnfkit/clock/hold     -> the clock; virtual time passes by `advance` alone until as many releases have come
POST /_fnfkit/clock/release  -> the clock
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import orjson

from fnfkit.cloud.clock import DrivenClock
from fnfkit.cloud.ram import Ram
from fnfkit.model.json import JsonObject
from fnfkit.ports.fault import Fault, InvalidArgument
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.rpc import answer, error
from fnfkit.protocol.sign import same
from fnfkit.server.address import is_loopback
from fnfkit.server.freeze import Freeze
from fnfkit.server.later import Later, Signal
from fnfkit.server.service import Answer, Service, new_request_id

PREFIX = "/_fnfkit/"
MAX_HOLDS = 100
MAX_ADVANCE_SECONDS = 10 * 365 * 86_400
_MAX_BODY = 4096

Handler: TypeAlias = Callable[[Request], Answer]


class Control:
    """The endpoints over a clock. `ram` knows who may use them."""

    def __init__(self, clock: DrivenClock, ram: Ram) -> None:
        self._clock = clock
        self._ram = ram
        self._freeze = Freeze(clock)
        self._open: dict[tuple[str, str], Handler] = {("GET", "health"): self._health}
        self._guarded: dict[tuple[str, str], Handler] = {
            ("GET", "clock"): lambda _: self._state(),
            ("POST", "clock/advance"): self._advance,
            ("POST", "clock/hold"): self._hold,
            ("POST", "clock/release"): self._release,
        }

    def service(self) -> Service:
        """The first row of the dispatch table."""
        return Service(
            name="control",
            matches=lambda request: request.target.startswith(PREFIX),
            handle=self.handle,
            too_large=lambda request: _refused(request, InvalidArgument(f"The body is over {_MAX_BODY} bytes.")),
            max_body=_MAX_BODY,
        )

    def handle(self, request: Request) -> Answer:
        """Answers a request to one of the endpoints."""
        try:
            return self._handler(request)(request)
        except Fault as fault:
            return _refused(request, fault)

    def _handler(self, request: Request) -> Handler:
        if not is_loopback(request.headers.get("host", "")):
            raise Fault.of("AccessDenied", 403, "The control endpoints answer to loopback host names only.")
        row = (request.method, request.path.removeprefix(PREFIX))
        if row in self._open:
            return self._open[row]
        self._authenticate(request)
        if row not in self._guarded:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in [*self._open, *self._guarded])
            raise Fault.of("InvalidAction.NotFound", 404, f"There is no such endpoint. There are: {known}.")
        return self._guarded[row]

    def _authenticate(self, request: Request) -> None:
        key = self._ram.key(request.headers.get("x-fnfkit-access-key-id", ""))
        secret = request.headers.get("x-fnfkit-access-key-secret", "")
        if key is None or not key.active or not same(key.secret, secret):
            names = "x-fnfkit-access-key-id and x-fnfkit-access-key-secret"
            raise Fault.of("AccessDenied", 403, f"The headers {names} must carry an access key of the account.")

    def _health(self, _: Request) -> Response:
        return answer(200, {"status": "ok", "now": self._clock.now(), "virtual": self._clock.virtual})

    def _state(self) -> Response:
        return answer(200, {"now": self._clock.now(), "virtual": self._clock.virtual, "holds": self._freeze.holds})

    def _advance(self, request: Request) -> Answer:
        self._need_virtual()
        seconds = _body(request).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_ADVANCE_SECONDS:
            raise InvalidArgument(f'The body must be {{"seconds": <0 to {MAX_ADVANCE_SECONDS}>}}.')
        signal = Signal()
        return Later(self._state, signal, self._freeze.advance(round(seconds * 1000), signal.give))

    def _hold(self, _: Request) -> Response:
        self._need_virtual()
        if self._freeze.holds >= MAX_HOLDS:
            raise InvalidArgument(f"There are {MAX_HOLDS} holds already. Release some.")
        self._freeze.change(+1)
        return self._state()

    def _release(self, _: Request) -> Response:
        if not self._freeze.holds:
            raise InvalidArgument("There is no hold to release.")
        self._freeze.change(-1)
        return self._state()

    def _need_virtual(self) -> None:
        if not self._clock.virtual:
            raise InvalidArgument("This cloud runs on real time, which cannot be moved. Serve it with a virtual clock.")


def _body(request: Request) -> JsonObject:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise InvalidArgument("The body must be a JSON object.")
    return body


def _refused(request: Request, fault: Fault) -> Response:
    host = request.headers.get("host", "")[:255]
    return error(fault.status, fault.code, fault.message, request_id=new_request_id(), host=host)
