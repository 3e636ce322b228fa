"""One call of a function in the host's process, from its event to its answer (api-fc.md 3.2, 4)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from fnfkit.cloud.fc.context import context_of
from fnfkit.cloud.fc.function import UNHANDLED, Answer, Call, HttpAnswer
from fnfkit.cloud.fc.instance import Instance
from fnfkit.cloud.fc.runtime import Platform, exited, timed_out
from fnfkit.cloud.fc.sandbox import ProcessEnded
from fnfkit.cloud.fc.worker import error_of
from fnfkit.model.json import Json, JsonObject

MEMORY = 0.0
"""Functions run in the host's process, so memory of their own cannot be measured."""

_HOUSE = str(Path(__file__).parent)


class Fleet:
    """The idle instances of one function. A busy instance takes no second call; a new one starts instead."""

    def __init__(self, make: Callable[[], Instance]) -> None:
        self._make = make
        self._idle: list[Instance] = []
        self._lock = threading.Lock()
        self.forgotten = False
        self.reserved = 0
        """Instances that are kept because they were reserved."""

    def take(self) -> tuple[Instance, bool]:
        """An idle instance, the one used last first, or a new one; and whether it is new."""
        with self._lock:
            if self._idle:
                return self._idle.pop(), False
        return self._make(), True

    def give(self, instance: Instance) -> None:
        """Take an instance back after its call, unless its process has ended."""
        with self._lock:
            if not instance.ended and not self.forgotten:
                self._idle.append(instance)

    def __len__(self) -> int:
        return len(self._idle)


class Invocation:
    """A call in progress. `done` is called exactly once with the answer, possibly from another thread."""

    def __init__(self, fleet: Fleet, call: Call, *, platform: Platform, done: Callable[[Answer], None]) -> None:
        self._fleet = fleet
        self._call = call
        self._platform = platform
        self._done: Callable[[Answer], None] | None = done
        self._lock = threading.Lock()
        self._instance: Instance | None = None
        self._cold = False
        self._started = platform.clock.now()

    def run(self, sleep: Callable[[float], bool]) -> None:
        """Serve the call; `sleep` lets the latency of the way there pass."""
        self._instance, self._cold = self._fleet.take()
        instance, latency = self._instance, self._platform.latency
        if delay := latency.cold if self._cold else latency.warm:
            sleep(delay)
        self._started = self._platform.clock.now()
        body, failed, http = self._handled(instance)
        self._fleet.give(instance)
        self._settle(body, failed, tuple(instance.lines), http)

    def expire(self) -> None:
        """The call has run out of time, and its code does not sleep."""
        if self._instance is not None:
            self._instance.expire()
        timeout = self._instance.function.timeout if self._instance else 0
        self._settle(_text(timed_out(timeout, MEMORY)), True, (), None)

    def stop(self) -> None:
        """End the call and its instance; code that sleeps ends when it is woken."""
        if self._instance is not None:
            self._instance.end()
        self._settle(_text(self._exited()), True, (), None)

    def _handled(self, instance: Instance) -> tuple[bytes, bool, HttpAnswer | None]:
        function = instance.function
        context = context_of(
            function, self._platform, self._call.request_id, qualifier=self._call.qualifier, cold=self._cold
        )
        try:
            body, http = instance.handle(self._call, context, self._started + function.timeout * 1000)
        except (ProcessEnded, SystemExit):
            instance.end()
        except Exception as error:
            if not instance.ended:
                return _text(error_of(error, str(function.code), _HOUSE)), True, None
        else:
            if not instance.ended:
                return body, False, http
        text = timed_out(function.timeout, MEMORY) if instance.timed_out else self._exited()
        return _text(text), True, None

    def _settle(self, body: bytes, failed: bool, log: tuple[str, ...], http: HttpAnswer | None) -> None:
        with self._lock:
            done, self._done = self._done, None
        if done is not None:
            done(
                Answer(
                    body=body,
                    error_type=UNHANDLED if failed else "",
                    request_id=self._call.request_id,
                    started=self._started,
                    ended=self._platform.clock.now(),
                    log=log,
                    http=http,
                    instance=self._instance.id if self._instance else "",
                    cold=self._cold,
                    memory=MEMORY,
                )
            )

    def _exited(self) -> JsonObject:
        return dict(exited(self._platform.clock.now() - self._started, MEMORY))


def _text(value: Json) -> bytes:
    return json.dumps(value).encode()
