"""Calls from outside: an event or a request, answered now or later (api-fc.md 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fnfkit.cloud.fc.function import UNHANDLED, Answer, Call, Function, HttpAnswer, HttpCall
from fnfkit.cloud.fc.queue import InvocationQueue, Submission
from fnfkit.cloud.fc.releases import HTTP
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.ports import EntityTooLarge, Fault
from fnfkit.ports.functions import LATEST, Invoked, InvokeOptions, TriggerRecord

LARGEST_EVENT = 32 * 1024 * 1024
"""Bytes of a synchronous event (api-fc.md 3.2)."""

TAIL = 4096
"""Bytes of log that an answer carries (api-fc.md 3.1)."""

Settle = Callable[[Invoked | Fault], None]

_JSON = (("content-type", "application/json"),)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class HttpResult:
    """The answer of an HTTP trigger: status, headers and body of the function's own making."""

    answer: HttpAnswer
    body: bytes
    invoked: Invoked


class Calls:
    """Calls of an account's functions by name."""

    def __init__(self, functions: FunctionService, queue: InvocationQueue) -> None:
        self._functions = functions
        self._queue = queue

    def submit(self, service: str, function: str, payload: bytes, options: InvokeOptions) -> Invoked:
        """Accepts an asynchronous call."""
        order = Submission(
            service=service,
            function=function,
            payload=payload,
            qualifier=options.qualifier,
            task_id=options.task_id,
            stateful=options.stateful,
        )
        task = self._queue.submit(order)
        return Invoked(request_id=task.request_id, task_id=task.id)

    def begin(
        self, service: str, function: str, payload: bytes, options: InvokeOptions, done: Settle
    ) -> Callable[[], None]:
        """Begins a synchronous call in the driving thread; `done` is told of the answer once, from any thread.

        Returns what withdraws the call as long as it has not begun. Raises what `FunctionService.find` raises, and
        `EntityTooLarge`.
        """
        if len(payload) > LARGEST_EVENT:
            raise EntityTooLarge(f"the event has {len(payload)} bytes; synchronous ones may have {LARGEST_EVENT}")
        call = Call(payload=payload, request_id=self._functions.new_request_id(), qualifier=options.qualifier or LATEST)
        return self._begin(
            service, function, call, lambda answer, at: done(_invoked(answer, at, tail=options.tail)), done
        )

    def begin_http(
        self,
        service: str,
        function: str,
        qualifier: str,
        request: tuple[HttpCall, bytes],
        done: Callable[[HttpResult | Fault], None],
    ) -> Callable[[], None]:
        """The same for a request to the HTTP trigger of a function."""
        http, body = request
        call = Call(payload=body, request_id=self._functions.new_request_id(), qualifier=qualifier or LATEST, http=http)
        return self._begin(service, function, call, lambda answer, at: done(_http(answer, at)), done)

    def trigger(self, service: str, function: str, qualifier: str) -> TriggerRecord | None:
        """The HTTP trigger that a request with that qualifier reaches."""
        with self._functions.lock:
            unit = self._functions.catalogue.units.get(service or f"/{function}")
            triggers = unit.triggers.get(function, {}).values() if unit else ()
            wanted = qualifier or LATEST
            return next((one for one in triggers if one.type == HTTP and (one.qualifier or LATEST) == wanted), None)

    def _begin(
        self,
        service: str,
        function: str,
        call: Call,
        answered: Callable[[Answer, str], None],
        refused: Callable[[Fault], None],
    ) -> Callable[[], None]:
        self._functions.find(service, call.qualifier, function)

        def run() -> None:
            # Found again here, so that a weighted alias chooses for the call itself.
            try:
                deployed = self._functions.find(service, call.qualifier, function)
                version = deployed.version if isinstance(deployed, Function) else ""
                self._functions.begin(deployed, call, lambda answer: answered(answer, version))
            except Fault as fault:
                refused(fault)

        return self._functions.later(0, run).cancel


def _invoked(answer: Answer, version: str, *, tail: bool) -> Invoked:
    log = "\n".join(answer.log).encode()[-TAIL:].decode("utf-8", "replace") if tail else ""
    return Invoked(
        payload=answer.body,
        error_type=answer.error_type,
        request_id=answer.request_id,
        log=log,
        duration=answer.ended - answer.started,
        memory=answer.memory,
        version=version or LATEST,
    )


def _http(answer: Answer, version: str) -> HttpResult:
    invoked = _invoked(answer, version, tail=False)
    if answer.http is None:
        # What a failed function answers a browser with is not documented; 502 says whose fault it is.
        return HttpResult(HttpAnswer(status=502 if answer.error_type else 200, headers=_JSON), answer.body, invoked)
    if wrong := _wrong(answer.http):
        body = json.dumps({"errorMessage": wrong, "errorType": "ValueError"}).encode()
        failed = replace(invoked, error_type=UNHANDLED, payload=body)
        return HttpResult(HttpAnswer(status=502, headers=_JSON), body, failed)
    return HttpResult(answer.http, answer.body, invoked)


def _wrong(http: HttpAnswer) -> str:
    """Why an answer cannot be sent as HTTP, empty if it can."""
    if not 200 <= http.status <= 599:
        return f"the handler answered with the status {http.status}, which is not between 200 and 599"
    for name, value in http.headers:
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            return f"the handler answered with the header {name!r}: {value!r}, which HTTP does not allow"
    return ""
