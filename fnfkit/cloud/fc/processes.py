"""The subprocess runtime: every instance is an isolated process, in real time. The default of `fnfkit dev`."""

from __future__ import annotations

import base64
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial

from fnfkit.cloud.fc.context import context_of
from fnfkit.cloud.fc.function import HANDLED, UNHANDLED, Answer, Call, Function, HttpAnswer, LogLine
from fnfkit.cloud.fc.languages import refusal, refused
from fnfkit.cloud.fc.process import Ended, OutOfTime, Output, Process
from fnfkit.cloud.fc.runtime import Key, Platform, exited, key_of, timed_out
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault

_log = logging.getLogger("fnfkit.fc")

MOST = 32
"""Calls at once, and processes kept; further calls wait for their turn."""

IDLE_SECONDS = 600.0
"""Wall seconds after which an instance that is not reserved ends."""


class ProcessRuntime:
    """Instances are processes; each call is watched by a thread of a bounded pool."""

    def __init__(self, platform: Platform, most: int = MOST) -> None:
        self._platform = platform
        self._most = most
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="fnfkit-instance")
        self._lock = threading.Lock()
        self._idle: dict[Key, list[Process]] = {}
        self._busy: dict[Process, Key] = {}
        self._starting: dict[Process, Key] = {}
        """Reserved ones that are not ready yet."""
        self._reserved: dict[Key, int] = {}
        self._forgotten: set[Key] = set()
        self._numbers = itertools.count(1)
        self._closed = False

    def start(self, function: Function, call: Call, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Calls a function; see `Runtime`."""
        if why := refusal(function, processes=True):
            done(refused(call, why, self.now()))
            return _nothing
        running = _Running(self, function, call, done)
        future = self._submit(running.run)

        def stop() -> None:
            if future.cancel():
                running.never()
            else:
                running.kill()

        return stop

    def reserve(self, function: Function, count: int) -> None:
        """Starts processes and runs their initializers, in the background; virtual time waits for them."""
        key = key_of(function)
        with self._lock:
            self._reserved[key] = count
            self._forgotten.discard(key)
            missing = count - self._living(key) - sum(other == key for other in self._starting.values())
        if self._closed or refusal(function, processes=True):
            return
        for _ in range(missing):
            self._submit(partial(self._prepare, function))

    def reserved(self, function: Function) -> int:
        """How many of the wanted processes are there."""
        key = key_of(function)
        with self._lock:
            return min(self._reserved.get(key, 0), self._living(key))

    def forget(self, function: Function) -> None:
        """Ends the idle processes of a function; busy ones end after their call."""
        key = key_of(function)
        with self._lock:
            self._forgotten.add(key)
            self._reserved.pop(key, None)
            gone = self._idle.pop(key, [])
        for process in gone:
            process.close()

    def close(self) -> None:
        """Ends every process, and the calls on them."""
        with self._lock:
            self._closed = True
            idle = [process for processes in self._idle.values() for process in processes]
            self._idle.clear()
            busy = [*self._busy, *self._starting]
        for process in idle:
            process.close()
        for process in busy:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def take(self, function: Function) -> tuple[Process, bool]:
        """An idle process, the one used last first, or a new one; and whether it is new."""
        key = key_of(function)
        with self._lock:
            idle = self._idle.get(key)
            process = idle.pop() if idle else None
            if process is not None:
                self._busy[process] = key
            excess = self._excess()
        for other in excess:
            other.close()
        if process is not None:
            return process, False
        return self._made(function, self._busy), True

    def give(self, process: Process) -> None:
        """Takes a process back after its call; one that has ended is replaced if it was reserved."""
        with self._lock:
            key = self._busy.pop(process)
            keep = not process.ended and not self._closed and key not in self._forgotten
            if keep:
                process.idle_since = time.monotonic()
                self._idle.setdefault(key, []).append(process)
            wanted = 0 if self._closed else self._reserved.get(key, 0)
        if not keep:
            process.close()
        if process.ended and wanted:
            self.reserve(process.function, wanted)

    def log(self, function: Function, request_id: str, output: Output) -> tuple[str, ...]:
        """Writes what a call has printed to the account's log."""
        lines, now = output.lines(), self._platform.clock.now()
        for line in lines:
            self._platform.log(LogLine(now, function.service, function.name, request_id, line))
        return lines

    def now(self) -> int:
        """Cloud time."""
        return self._platform.clock.now()

    def context(self, function: Function, call: Call, *, cold: bool) -> Json:
        """The context of a call."""
        return context_of(function, self._platform, call.request_id, qualifier=call.qualifier, cold=cold)

    def _submit(self, action: Callable[[], None]) -> Future[None]:
        held = ExitStack()
        held.enter_context(self._platform.clock.hold())  # something is still to come
        future = self._threads.submit(action)
        future.add_done_callback(lambda _: held.close())
        return future

    def _made(self, function: Function, register: dict[Process, Key]) -> Process:
        self._platform.ready(function)
        with self._lock:
            if self._closed:
                raise Ended(Output())
            process = Process(function, self._platform, f"c-{next(self._numbers):08x}")
            register[process] = key_of(function)
            return process

    def _living(self, key: Key) -> int:
        return len(self._idle.get(key, ())) + sum(other == key for other in self._busy.values())

    def _excess(self) -> list[Process]:
        """Takes out the idle processes that are too old, and the oldest of those that are too many."""
        now, gone = time.monotonic(), []
        for key, processes in self._idle.items():
            spared = self._reserved.get(key, 0)
            while len(processes) > spared and now - processes[0].idle_since > IDLE_SECONDS:
                gone.append(processes.pop(0))
        idle = sorted(
            (process.idle_since, key)
            for key, processes in self._idle.items()
            for process in processes[self._reserved.get(key, 0) :]
        )
        for _, key in idle[: max(0, len(self._busy) + len(idle) - self._most)]:
            gone.append(self._idle[key].pop(0))
        return gone

    def _prepare(self, function: Function) -> None:
        try:
            process = self._made(function, self._starting)
        except Ended:
            return
        ready = True
        try:
            context = self.context(function, Call(payload=b"", request_id=""), cold=True)
            _, output = process.prepare(context, function.initialization_timeout)
            self.log(function, "", output)
        except (Ended, OutOfTime):
            ready = False  # not replaced: the call that needs it tells what is wrong
        with self._lock:
            key = self._starting.pop(process)
            if ready:
                self._busy[process] = key
        if ready:
            self.give(process)


class _Running:
    """A call on its way."""

    def __init__(self, runtime: ProcessRuntime, function: Function, call: Call, done: Callable[[Answer], None]) -> None:
        self._runtime = runtime
        self._function = function
        self._call = call
        self._done = done
        self._process: Process | None = None
        self._stopped = False
        self._cold = False
        self._started = runtime.now()

    def run(self) -> None:
        """Serves the call; `done` is called whatever happens."""
        answer = self._answer(_text(exited(0, 0)), failed=True)
        try:
            answer = self._served()
        except Fault as fault:
            answer = self._answer(_text({"errorMessage": fault.message, "errorType": fault.code}), failed=True)
        except OSError:
            _log.exception("function %s could not be run", self._function.name)
        except Ended as end:
            answer = self._lost(exited, end.args[0])
        except OutOfTime as end:
            answer = self._lost(lambda _, memory: timed_out(self._function.timeout, memory), end.args[0])
        finally:
            if self._process is not None:
                self._runtime.give(self._process)
            self._done(answer)

    def kill(self) -> None:
        """Ends the call and its process."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def never(self) -> None:
        """The call has been stopped before it began."""
        self._done(self._answer(_text(exited(0, 0)), failed=True))

    def _served(self) -> Answer:
        self._process, self._cold = self._runtime.take(self._function)
        if self._stopped:
            self._process.kill()
        context = self._runtime.context(self._function, self._call, cold=self._cold)
        early: tuple[str, ...] = ()
        if self._cold:
            answer, output = self._process.prepare(context, self._function.initialization_timeout)
            early = self._runtime.log(self._function, self._call.request_id, output)
            if "error" in answer:
                return self._answer(_text(answer["error"]), failed=True, log=early)
        self._started = self._runtime.now()
        frame: JsonObject = {
            "request_id": self._call.request_id,
            "event": base64.b64encode(self._call.payload).decode(),
            "http": asdict(self._call.http) if self._call.http else None,
        }
        answer, output = self._process.call(frame, context, self._function.timeout)
        log = early + self._runtime.log(self._function, self._call.request_id, output)
        if "error" in answer:
            return self._answer(_text(answer["error"]), failed=True, handled=answer.get("handled") is True, log=log)
        return self._answer(base64.b64decode(answer["body"]), log=log, http=_http(answer.get("http")))

    def _lost(self, error: Callable[[int, float], dict[str, str]], output: Output) -> Answer:
        log = self._runtime.log(self._function, self._call.request_id, output)
        memory = self._process.memory if self._process else 0
        return self._answer(_text(error(self._runtime.now() - self._started, memory)), failed=True, log=log)

    def _answer(
        self,
        body: bytes,
        *,
        failed: bool = False,
        handled: bool = False,
        log: tuple[str, ...] = (),
        http: HttpAnswer | None = None,
    ) -> Answer:
        return Answer(
            body=body,
            error_type=(HANDLED if handled else UNHANDLED) if failed else "",
            request_id=self._call.request_id,
            started=self._started,
            ended=self._runtime.now(),
            log=log,
            http=http,
            instance=self._process.id if self._process else "",
            cold=self._cold,
            memory=self._process.memory if self._process else 0,
        )


def _nothing() -> None:
    return None


def _http(fields: JsonObject | None) -> HttpAnswer | None:
    if fields is None:
        return None
    return HttpAnswer(status=int(fields["status"]), headers=tuple((name, value) for name, value in fields["headers"]))


def _text(value: Json) -> bytes:
    return json.dumps(value).encode()
