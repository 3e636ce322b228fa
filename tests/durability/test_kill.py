"""`kill -9` of the server under 1,000 running executions, five times: each ends as if nothing had happened.

Two kills come while the executions are being started, three while all thousand run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fnfkit.aliyun.flows import AliyunFlows, Unreachable
from fnfkit.aliyun.session import Key, Session
from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store_sqlite import SqliteStore
from fnfkit.ports import EventRecord, ExecutionRecord

EXECUTIONS = 1_000
PROBES = 50
"""Executions whose start is timed; they come before the thousand and may end earlier."""
KILLS = (2, 3)
"""How many come while executions are being started, and after that."""

FLOW = """\
version: v1
type: flow
steps:
  - type: task
    name: First
    resourceArn: acs:fc:::services/jobs/functions/double
    inputMappings: [{target: n, source: $input.n}]
  - type: wait
    name: Rest
    duration: $.rest
  - type: parallel
    name: Both
    branches:
      - steps:
          - {type: task, name: Left, resourceArn: 'acs:fc:::services/jobs/functions/double'}
      - steps:
          - {type: wait, name: Longer, duration: 1}
          - {type: task, name: Right, resourceArn: 'acs:fc:::services/jobs/functions/double'}
    outputMappings: [{target: both, source: '$local[*].n'}]
  - type: choice
    name: Even
    choices:
      - {condition: $.n == 0, goto: Zero}
    default: {goto: Done}
  - {type: pass, name: Zero, outputMappings: [{target: zero, source: true}]}
  - {type: succeed, name: Done}
"""

HANDLER = """\
import json

def handler(event, context):
    return {"n": json.loads(event)["n"] * 2}
"""


class Account:
    """A served account that is killed and started again on the same port and the same file."""

    def __init__(self, folder: Path) -> None:
        code = folder / "functions" / "double"
        code.mkdir(parents=True)
        (code / "index.py").write_text(HANDLER)
        self.folder = folder
        self.port = "0"
        self.ready: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "fnfkit", "dev", "--json", "--port", self.port]
        command += ["--store", str(self.folder / "account.sqlite"), "--functions", str(self.folder / "functions")]
        command += ["--runtime", "inline"]  # what is timed is the start of executions, not of processes
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server did not start"
        self.ready = json.loads(line)
        self.port = self.ready["endpoint"].rpartition(":")[2]

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def flows(self) -> AliyunFlows:
        key = Key(self.ready["access_key_id"], self.ready["access_key_secret"])
        return AliyunFlows(Session(key, self.ready["region"], self.ready["endpoint"]))


@contextmanager
def account(folder: Path) -> Iterator[Account]:
    served = Account(folder)
    served.start()
    try:
        yield served
    finally:
        served.kill()


def start(served: Account, number: int, rest: int) -> None:
    """Start an execution; a start that got no answer is made again under the same name, which is safe."""
    given = json.dumps({"n": number, "rest": rest})
    while True:
        try:
            served.flows().start_execution("jobs", name=f"e{number:04}", input=given)
            return
        except Unreachable:
            time.sleep(0.05)


def start_all(served: Account) -> None:
    """Start every execution. They rest for longer than it takes this machine to start them all, kills included."""
    began = time.monotonic()
    for number in range(PROBES):
        start(served, number, 2)
    rest = 7 + round((time.monotonic() - began) / PROBES * EXECUTIONS * 1.5)
    for number in range(PROBES, EXECUTIONS + PROBES):
        start(served, number, rest)


def everything(served: Account) -> list[ExecutionRecord]:
    found: list[ExecutionRecord] = []
    token = None
    while True:
        page = served.flows().list_executions("jobs", limit=99, next_token=token)
        found += page.items
        token = page.next_token
        if token is None:
            return found


def running(served: Account) -> int:
    return sum(not execution.ended for execution in everything(served))


def wait_until_ended(served: Account) -> list[ExecutionRecord]:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        executions = everything(served)
        if all(execution.ended for execution in executions):
            return executions
        time.sleep(0.3)
    raise AssertionError("not every execution has ended")


def shape(events: tuple[EventRecord, ...]) -> tuple[tuple[str, str], ...]:
    """The history without ids and times: branches may be recovered in another order, so sorted."""
    return tuple(sorted((event.type, event.step) for event in events))


def test_every_execution_ends_as_without_the_crashes(tmp_path: Path) -> None:
    choose = random.Random(2026)
    with account(tmp_path) as served:
        served.flows().create_flow("jobs", FLOW, description="survives")
        starter = threading.Thread(target=start_all, args=(served,))
        starter.start()
        under = []
        for kills in KILLS:
            for _ in range(kills):
                time.sleep(choose.uniform(0.2, 0.8))
                under.append(running(served))
                served.kill()
                served.start()
            starter.join()
        assert max(under) >= EXECUTIONS, "the thousand were not running when the server was killed"
        executions = wait_until_ended(served)
    assert len(executions) == EXECUTIONS + PROBES
    with Cloud(clock=RealClock(), store=SqliteStore(tmp_path / "account.sqlite")) as kept:
        kept.recover()
        shapes = {check(kept, execution) for execution in executions}
    assert len(shapes) == 2, "zero takes another way, and all others take the same"


def check(kept: Cloud, execution: ExecutionRecord) -> tuple[tuple[str, str], ...]:
    """Looks at one execution in the file that was killed five times; returns the shape of its history."""
    number = int(execution.name[1:])
    expected = {"n": number * 2, "both": [number * 4, number * 4]} | ({"zero": True} if number == 0 else {})
    assert (execution.status, json.loads(execution.output)) == ("Succeeded", expected), execution
    assert kept.flows.describe_execution("jobs", execution.name) == execution
    events = kept.flows.get_execution_history("jobs", execution.name, limit=1000).items
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    return shape(events)
