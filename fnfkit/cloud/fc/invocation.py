"""One call of a function, from its event to its answer (api-fc.md 3.2, 4)."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from traceback import FrameSummary

from fnfkit.cloud.fc.context import context_of
from fnfkit.cloud.fc.function import UNHANDLED, Answer
from fnfkit.cloud.fc.instance import Fleet, Instance, Platform
from fnfkit.cloud.fc.sandbox import ProcessEnded
from fnfkit.model.json import Json, JsonObject

STACK_FRAMES = 20
"""Frames of a stack trace that an error keeps, the innermost; a deep recursion would not fit into an event."""

MEMORY = "maxMemoryUsage: 0.00MB"
"""Functions run in the host's process, so memory of their own cannot be measured."""

_HOUSE = str(Path(__file__).parent)


class Invocation:
    """A call in progress. `done` is called exactly once with the answer, possibly from another thread."""

    def __init__(
        self, fleet: Fleet, payload: bytes, request_id: str, *, platform: Platform, done: Callable[[Answer], None]
    ) -> None:
        self._fleet = fleet
        self._payload = payload
        self._request_id = request_id
        self._platform = platform
        self._done: Callable[[Answer], None] | None = done
        self._lock = threading.Lock()
        self._instance: Instance | None = None
        self._started = platform.clock.now()

    def start(self) -> None:
        """Run the function; returns when it has ended or sleeps."""
        self._platform.runtime.run(self._main, self._fleet.function.timeout, self._expire)

    def _main(self) -> None:
        self._started = self._platform.clock.now()
        instance = self._instance = self._fleet.take()
        body, failed = self._run(instance)
        self._fleet.give(instance)
        self._settle(body, failed, tuple(instance.lines))

    def _run(self, instance: Instance) -> tuple[bytes, bool]:
        function, platform = self._fleet.function, self._platform
        context = context_of(
            function,
            platform.credentials(),
            request_id=self._request_id,
            region=platform.region,
            account_id=platform.account_id,
        )
        try:
            body = _body(instance.handle(self._payload, context, self._started + function.timeout * 1000))
        except (ProcessEnded, SystemExit):
            instance.end()
        except Exception as error:
            if not instance.ended:
                return _text(error_of(error, str(function.code))), True
        else:
            if not instance.ended:
                return body, False
        return _text(self._timed_out() if instance.timed_out else self._exited()), True

    def _expire(self) -> None:
        if self._instance is not None:
            self._instance.expire()
        self._settle(_text(self._timed_out()), True, ())

    def _settle(self, body: bytes, failed: bool, log: tuple[str, ...]) -> None:
        with self._lock:
            done, self._done = self._done, None
        if done is not None:
            done(
                Answer(
                    body=body,
                    error_type=UNHANDLED if failed else "",
                    request_id=self._request_id,
                    started=self._started,
                    ended=self._platform.clock.now(),
                    log=log,
                )
            )

    def _exited(self) -> JsonObject:
        duration = self._platform.clock.now() - self._started
        return {
            "errorMessage": f"Process exited unexpectedly before completing request (duration: {duration}ms, {MEMORY})"
        }

    def _timed_out(self) -> JsonObject:
        # The text is inferred: no reference prints it (api-fc.md 8).
        return {"errorMessage": f"Function timed out after {self._fleet.function.timeout} seconds ({MEMORY})"}


def error_of(error: Exception, code: str) -> JsonObject:
    """The error object of an uncaught exception (api-fc.md 3.2). `code` is the folder shown as `/code`."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_HOUSE)]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": [_frame(frame, code) for frame in frames[-STACK_FRAMES:]],
    }


def _frame(frame: FrameSummary, code: str) -> list[str]:
    name = frame.filename
    shown = "/code" + name.removeprefix(code) if code and name.startswith(code) else name
    return [f'File "{shown}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]


def _body(result: Json) -> bytes:
    match result:
        case bytes():
            return result
        case str():
            return result.encode()
        case _:
            return json.dumps(result).encode()


def _text(value: JsonObject) -> bytes:
    return json.dumps(value).encode()
