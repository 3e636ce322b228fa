"""One instance of a function as a process of its own, and one call on it.

The rules of this file:

1. The process is the leader of its own session and process group. What is ended is the group, and beyond it whatever
   still descends from the process.
2. Nothing the process does or does not do blocks this side beyond the deadline: every read and write is polled.
3. What comes back is hostile: an answer that is too long or no JSON is the end of the process.
4. Output is read to the end and kept up to a bound, so that a flood costs time and no memory.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.cloud.fc import worker
from fnfkit.cloud.fc.context import Context, as_json, environment
from fnfkit.cloud.fc.function import Function
from fnfkit.cloud.fc.instance import LOG_BYTES
from fnfkit.cloud.fc.languages import command_of
from fnfkit.cloud.fc.runtime import Platform
from fnfkit.model.json import JsonObject

LARGEST_ANSWER = 48 * 1024 * 1024
"""Bytes of a frame: 32 MB of body in base64, and room (api-fc.md 3.2)."""

_PROGRAM = str(Path(worker.__file__).resolve())
_CHUNK = 1 << 16
_GLANCE = 0.2
"""Wall seconds between two looks whether the process lives, where the system cannot tell."""


class Ended(Exception):
    """The process has ended, or had to be ended, before it answered."""


class OutOfTime(Exception):
    """The deadline has passed."""


@dataclass(slots=True)
class Output:
    """What a call has printed, up to a bound."""

    kept: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def add(self, data: bytes) -> None:
        """Keeps what there is room for."""
        room = LOG_BYTES - len(self.kept)
        self.kept += data[:room]
        self.dropped += max(0, len(data) - room)

    def lines(self) -> tuple[str, ...]:
        """The lines, the last one with or without an end."""
        found = self.kept.decode("utf-8", "replace").splitlines()
        return (*found, f"... {self.dropped} more bytes of log were dropped") if self.dropped else tuple(found)


class Process:
    """A process that serves one call at a time. Not for two threads at once, but for `kill`."""

    def __init__(self, function: Function, platform: Platform, id: str) -> None:
        self.function = function
        self.id = id
        self.idle_since = 0.0
        self.ended = False
        self.memory = 0.0
        variables = {"PATH": os.defpath, "TZ": "UTC", "LANG": "C.UTF-8", **environment(function, platform, id)}
        theirs_in, self._requests = os.pipe()
        self._answers, theirs_out = os.pipe()
        lifeline, self._lifeline = os.pipe()
        self._output, stdout = os.pipe()
        given = (theirs_in, theirs_out, lifeline)
        try:
            self._process = subprocess.Popen(  # noqa: S603  the function's own code, as deployed
                [sys.executable, "-I", "-B", _PROGRAM, *map(str, given), *command_of(function)],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stdout,
                cwd=function.code,
                env=variables,
                pass_fds=given,
                start_new_session=True,
            )
        finally:
            for descriptor in (*given, stdout):
                os.close(descriptor)
        os.set_blocking(self._requests, False)
        os.set_blocking(self._output, False)
        os.set_blocking(self._answers, False)
        self._watch = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None
        self._pending = bytearray(_frame(_setup(function)))

    def prepare(self, context: Context, seconds: float) -> tuple[JsonObject, Output]:
        """Loads the code and runs the initializer. Raises `Ended`, `OutOfTime`."""
        return self.call({"request_id": context.request_id, "prepare": True}, context, seconds)

    def call(self, call: JsonObject, context: Context, seconds: float) -> tuple[JsonObject, Output]:
        """The answer to a call and what it printed. Raises `Ended`, `OutOfTime`; then the process is gone."""
        self._pending += _frame({**call, "context": as_json(context)})
        output = Output()
        try:
            answer = self._exchange(time.monotonic() + seconds, output)
        except (Ended, OutOfTime) as end:
            self.kill()
            self._drain(output)
            self.close()
            end.args = (output,)
            raise
        self._drain(output)
        self.memory = answer.get("memory", 0) / 1024
        return answer, output

    def kill(self) -> None:
        """Ends the process, its group and its descendants; from any thread, at any time."""
        self.ended = True
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self._process.pid, signal.SIGSTOP)  # so that it starts nothing more meanwhile
            for pid in descendants(self._process.pid):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Ends the process and gives its descriptors back."""
        self.kill()
        with suppress(ChildProcessError):
            _, status = os.waitpid(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
        for descriptor in (self._requests, self._answers, self._output, self._lifeline, self._watch):
            if descriptor is not None:
                with suppress(OSError):
                    os.close(descriptor)

    def _exchange(self, deadline: float, output: Output) -> JsonObject:
        received = bytearray()
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        poller.register(self._output, select.POLLIN)
        poller.register(self._requests, select.POLLOUT)
        if self._watch is not None:
            poller.register(self._watch, select.POLLIN)
        while True:
            ready = dict(poller.poll(self._patience(deadline)))
            if self._requests in ready:
                self._send(poller)
            if self._output in ready and not self._take(output):
                poller.unregister(self._output)
            if self._answers in ready and (answer := self._receive(received)) is not None:
                return answer
            if self._watch in ready or (self._watch is None and not ready and _gone(self._process.pid)):
                raise Ended
            if time.monotonic() >= deadline:
                raise OutOfTime

    def _patience(self, deadline: float) -> int:
        left = max(0.0, deadline - time.monotonic())
        return int(1000 * (left if self._watch is not None else min(left, _GLANCE))) + 1

    def _send(self, poller: select.poll) -> None:
        try:
            sent = os.write(self._requests, self._pending)
        except BrokenPipeError:
            raise Ended from None
        except BlockingIOError:
            return
        del self._pending[:sent]
        if not self._pending:
            poller.unregister(self._requests)

    def _take(self, output: Output) -> bool:
        """Reads some output; False at its end."""
        try:
            data = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return True
        output.add(data)
        return bool(data)

    def _receive(self, received: bytearray) -> JsonObject | None:
        """Reads some of the answer; the whole of it once it is there."""
        try:
            data = os.read(self._answers, _CHUNK if len(received) < _CHUNK else 1 << 20)
        except BlockingIOError:
            return None
        if not data:
            raise Ended
        received += data
        if len(received) < 4:
            return None
        (length,) = struct.unpack_from(">I", received)
        if length > LARGEST_ANSWER:
            raise Ended
        if len(received) < 4 + length:
            return None
        try:
            answer = json.loads(bytes(received[4 : 4 + length]))
        except ValueError:
            raise Ended from None
        if not isinstance(answer, dict):
            raise Ended
        return answer

    def _drain(self, output: Output) -> None:
        """Takes what has been printed by now; a flood that goes on is cut off at the bound."""
        most = output.dropped + LOG_BYTES
        with suppress(BlockingIOError, OSError):
            while data := os.read(self._output, _CHUNK):
                output.add(data)
                if output.dropped > most:
                    return


def descendants(pid: int) -> list[int]:
    """The processes that descend from one, as the system lists them now; none where it has no such list."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat") if sys.platform == "linux" else ():
        with suppress(OSError, ValueError, IndexError):
            parent = int(entry.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), ()):
            found.append(child)
            todo.append(child)
    return found


def _setup(function: Function) -> JsonObject:
    return {
        "code": str(function.code),
        "paths": [str(path) for path in function.paths],
        "handler": function.handler,
        "initializer": function.initializer,
        "memory": function.memory,
    }


def _frame(value: JsonObject) -> bytes:
    data = json.dumps(value).encode()
    return struct.pack(">I", len(data)) + data


def _gone(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
