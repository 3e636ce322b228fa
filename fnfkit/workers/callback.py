"""Reporting tasks from anywhere: by token, and as the WSGI handler that a topic pushes to (scenarios.md 3).

from fnfkit.workers import topic_handler

handler = topic_handler(flows, lambda payload: {"status": "success"})
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from fnfkit.model.json import JsonObject
from fnfkit.ports import Fault, TaskAlreadyCompleted
from fnfkit.workers.body import TOKEN_KEYS, TaskMessage, read_body
from fnfkit.workers.handler import Handler, Task
from fnfkit.workers.job import Reports
from fnfkit.workers.outcome import Again, Done, Later, Outcome, Raised, trimmed
from fnfkit.workers.settle import may_pass

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], Any]
WsgiApp: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

LONGEST_PUSH = 256 * 1024
"""Bytes; a notification has 64 KiB of message, escaped, and little around it."""

_log = logging.getLogger("fnfkit.callback")


class Callback:
    """Reports by token. Each method is True if the report counted and False if somebody had reported before.

    Raises the other faults of ReportTask* (api-fnf.md 7).
    """

    def __init__(self, flows: Reports) -> None:
        self._flows = flows

    def succeed(self, token: str, output: JsonObject | None = None) -> bool:
        """The task has ended well; the output becomes the step's own local."""
        return self._once(lambda: self._flows.report_task_succeeded(token, json.dumps(output or {})))

    def fail(self, token: str, error: str, cause: str = "") -> bool:
        """The task has failed; `error` is what retry and catch of the step look at. Texts are cut to what is taken."""
        said = trimmed(error, cause)
        return self._once(lambda: self._flows.report_task_failed(token, said.error, said.cause))

    def report(self, token: str, outcome: Done | Raised) -> bool:
        """Reports what came of a handler."""
        if isinstance(outcome, Done):
            return self.succeed(token, outcome.output)
        return self.fail(token, outcome.error, outcome.cause)

    def _once(self, report: Callable[[], int]) -> bool:
        try:
            report()
        except TaskAlreadyCompleted:
            return False
        return True


def task_of(body: bytes | str, token_keys: tuple[str, ...] = TOKEN_KEYS) -> TaskMessage | None:
    """The token and the payload in the body of a push, in any of the three formats; None if it names no task."""
    return read_body(body.decode("utf-8", "replace") if isinstance(body, bytes) else body, token_keys)


def topic_handler(
    flows: Reports | Callable[[Environ], Reports],
    handler: Callable[..., Any],
    *,
    token_keys: tuple[str, ...] = TOKEN_KEYS,
) -> WsgiApp:
    """A WSGI application for the HTTP trigger that a topic pushes to: runs the handler and reports.

    `flows` is the port, or makes one from the WSGI environment (where Function Compute puts the credentials of the
    function's role). It answers 204 once the task is settled, also if somebody had reported before: any other answer
    would have the topic push again (api-mns.md 6.1). A push that names no task is answered 400, trouble that may pass
    503, so that the topic pushes again.
    """
    wrapped = Handler(handler)

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status = _handle(environ, flows, wrapped, token_keys)
        start_response(status, [("Content-Length", "0")])
        return [b""]

    return app


def _handle(
    environ: Environ, flows: Reports | Callable[[Environ], Reports], handler: Handler, token_keys: tuple[str, ...]
) -> str:
    found = task_of(_body(environ), token_keys)
    if found is None:
        return "400 Bad Request"
    port = flows(environ) if callable(flows) else flows
    return _report(port, found.token, handler.run(Task(found.token, found.payload, "", "", 1)))


def _report(flows: Reports, token: str, outcome: Outcome) -> str:
    match outcome:
        case Later():
            return "204 No Content"
        case Again(reason=reason):
            _log.info("the topic is asked to push again: %s", reason)
            return "503 Service Unavailable"
        case Done() | Raised():
            try:
                Callback(flows).report(token, outcome)
            except Fault as fault:
                _log.warning("the report was refused: %s", fault)
                return "503 Service Unavailable" if may_pass(fault) else "204 No Content"
            return "204 No Content"


def _body(environ: Environ) -> bytes:
    try:
        length = min(int(environ.get("CONTENT_LENGTH") or 0), LONGEST_PUSH)
    except ValueError:
        length = 0
    body: bytes = environ["wsgi.input"].read(length)
    return body
