"""Functions in processes of their own, beside a bare round trip through `multiprocessing`."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.function import Answer, Function
from fnfkit.cloud.fc.processes import ProcessRuntime

ECHO = "def handler(event, context):\n    return event\n"
EVENT = b'{"number": 1, "text": "a small event, as most are"}'


def warm(calls: int) -> float:
    """Microseconds of a call on a warm process, from the runtime's door to its answer."""
    return _on_processes(lambda call: _median(call, calls) * 1e6)


def cold(starts: int) -> float:
    """Milliseconds of a call that starts its process."""

    def measure(call: Callable[[], None], forget: Callable[[], None]) -> float:
        def fresh() -> None:
            forget()
            call()

        return _median(fresh, starts) * 1e3

    return _with_forgetting(measure)


def bare_round_trip(calls: int) -> float:
    """Microseconds of sending the event to a warm process through a pipe and getting it back."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_echo, args=(theirs,))
    process.start()

    def call() -> None:
        ours.send_bytes(EVENT)
        ours.recv_bytes()

    try:
        call()
        return _median(call, calls) * 1e6
    finally:
        ours.send_bytes(b"")
        process.join()


def bare_start(starts: int) -> float:
    """Milliseconds of spawning a process, one round trip, and nothing else."""
    context = multiprocessing.get_context("spawn")
    processes = []

    def start() -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=_echo, args=(theirs,))
        process.start()
        ours.send_bytes(EVENT)
        ours.recv_bytes()
        processes.append((process, ours))

    try:
        return _median(start, starts) * 1e3
    finally:
        for process, ours in processes:
            ours.send_bytes(b"")
            process.join()


def _echo(connection: Connection) -> None:
    while data := connection.recv_bytes():
        connection.send_bytes(data)


def _on_processes(measure: Callable[[Callable[[], None]], float]) -> float:
    return _with_forgetting(lambda call, forget: measure(call))


def _with_forgetting(measure: Callable[[Callable[[], None], Callable[[], None]], float]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.py").write_text(ECHO, "utf-8")
        with Cloud(clock=RealClock(), runtime=ProcessRuntime) as cloud:
            cloud.functions.deploy("bench", "echo", code=Path(folder))
            call = _caller(cloud)
            call()

            def forget() -> None:
                cloud.functions.deploy("bench", "echo", code=Path(folder))

            return measure(call, forget)


def _caller(cloud: Cloud) -> Callable[[], None]:
    def call() -> None:
        answers: list[Answer] = []
        found = cloud.functions.find("bench", "", "echo")
        assert isinstance(found, Function)
        cloud.functions.start(found, EVENT, answers.append)
        cloud.run_until(lambda: bool(answers))
        assert answers[0].body == EVENT, answers[0]

    return call


def _median(action: Callable[[], None], count: int) -> float:
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        action()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
