"""The runtime for real time: handlers in threads, none of which may hold the account up."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.fc.function import Answer
from fnfkit.cloud.fc.inline import InlineRuntime
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.fc.strands import Threads
from fnfkit.cloud.loop import Loop
from tests.fc.conftest import Lab


def service(clock: RealClock, code: Path, *, threads: int = 8, timeout: int = 60) -> FunctionService:
    functions = FunctionService(clock, runtime=lambda platform: InlineRuntime(platform, Threads(clock, threads)))
    functions.deploy("lab", "f", code=code, timeout=timeout)
    return functions


def run(functions: FunctionService, clock: RealClock, calls: int) -> list[Answer]:
    answers: list[Answer] = []
    loop = Loop(clock)
    for number in range(calls):
        found = functions.find("lab", "", "f")
        functions.start(found, b"%d" % number, answers.append)  # type: ignore[arg-type]
    assert loop.run_until(lambda: len(answers) == calls)
    return answers


def test_more_calls_than_threads_are_all_answered(lab: Lab) -> None:
    code = lab.write("import time\ndef handler(event, context):\n    time.sleep(0.001)\n    return event\n")
    clock = RealClock()
    functions = service(clock, code, threads=3)
    answers = run(functions, clock, 50)
    functions.close()
    assert sorted(int(answer.body) for answer in answers) == list(range(50))


def test_a_handler_that_does_not_return_is_given_up_at_its_timeout(lab: Lab) -> None:
    code = lab.write("import time\ndef handler(event, context):\n    time.sleep(3600)\n")
    clock = RealClock()
    functions = service(clock, code, timeout=1)
    (answer,) = run(functions, clock, 1)
    functions.close()
    assert b"timed out after 1 seconds" in answer.body


def test_closing_wakes_sleeping_handlers(lab: Lab) -> None:
    code = lab.write("""
        import os, time
        def handler(event, context):
            os.write(int(event), b"!")
            time.sleep(3600)
    """)
    clock = RealClock()
    functions = service(clock, code)
    ended = threading.Event()
    reader, writer = os.pipe()
    event = str(writer).encode()
    functions.start(functions.find("lab", "", "f"), event, lambda answer: ended.set())  # type: ignore[arg-type]
    assert os.read(reader, 1) == b"!"
    functions.close()
    assert ended.wait(10)
    os.close(reader)
    os.close(writer)
