"""Workers are killed, the server is killed, messages arrive twice: every execution succeeds, once.

Bounded by default; FNFKIT_TEST_LONG=1 sends 10,000 tasks through it and prints figures.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fnfkit.ports import ExecutionAlreadyExists, Fault, QueueAttributes
from tests.workers.processes import ROOT, Site, until

WORKERS = 4
LONG = bool(os.environ.get("FNFKIT_TEST_LONG"))
TASKS, KILLS, SECONDS = (10_000, None, 1_200.0) if LONG else (300, 4, 60.0)
"""How many tasks; how many workers are killed at most, a second apart; how long it may take."""
OPTIONS = ("--concurrency", "8", "--lease", "4", "--ledger", "ledger.db", "--max-deliveries", "1000")

FLOW = """
version: v1
type: flow
steps:
  - type: task
    name: work
    resourceArn: acs:mns:::/queues/fnf-demo/messages
    pattern: waitForCallback
    inputMappings:
      - {target: task_token, source: $context.task.token}
      - {target: n, source: $input.n}
    serviceParams: {MessageBody: $, Priority: 1}
"""
HANDLER = """
import os, time, uuid

effects = os.open("effects", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def handle(payload):
    run = uuid.uuid4().hex
    os.write(effects, f"{payload['n']} {run}\\n".encode())
    time.sleep(0.2)
    return {"n": payload["n"], "run": run}
"""


def through(call: Callable[[], object], end: float) -> None:
    """Makes a call until it passes: the server may be dead at the moment."""
    never = threading.Event()
    while True:
        try:
            call()
            return
        except ExecutionAlreadyExists:
            return  # the answer was lost, not the call
        except Fault as fault:
            assert fault.status in (0, 429) or fault.status >= 500, fault
            assert time.monotonic() < end, fault
            never.wait(0.05)


@contextmanager
def killing_workers(site: Site) -> Iterator[list[int]]:
    """Kills one worker a second and starts another in its place; counts the kills."""
    kills, ended, chance = [0], threading.Event(), random.Random(1)

    def kill() -> None:
        while not ended.wait(1) and (KILLS is None or kills[0] < KILLS):
            victim = site.workers.pop(chance.randrange(WORKERS))
            victim.kill()
            victim.wait()
            kills[0] += 1
            site.work("work:handle", *OPTIONS)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield kills
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, (sys.executable, str(ROOT / "tests" / "workers" / "chaotic_dev.py"), "seed"))
    (tmp_path / "work.py").write_text(HANDLER)
    yield site
    site.close()


@pytest.mark.long
def test_nothing_is_lost_and_no_recorded_work_is_done_twice(site: Site) -> None:
    began = time.monotonic()
    site.serve()
    site.queues.create_queue("fnf-demo", QueueAttributes(visibility_timeout=4))
    site.flows.create_flow("f", FLOW)
    for _ in range(WORKERS):
        site.work("work:handle", *OPTIONS)
    with killing_workers(site) as kills:
        for n in range(TASKS):
            if n in (TASKS // 3, 2 * TASKS // 3):
                site.kill_server()
                site.serve()
                site.reconnect()
            input = json.dumps({"n": n})
            through(
                lambda n=n, input=input: site.flows.start_execution("f", name=f"e{n}", input=input), began + SECONDS
            )
        started = time.monotonic()
        until(lambda: running(site) == 0, "every execution has ended", SECONDS)
    until(lambda: left(site) == 0, "no message is left", SECONDS)
    took = time.monotonic() - began
    runs = effects(site.folder)
    outputs = [site.flows.describe_execution("f", f"e{n}") for n in range(TASKS)]
    assert {record.status for record in outputs} == {"Succeeded"}
    for n, record in enumerate(outputs):
        # The run that the ledger recorded is the one reported, and after it the handler was not run again.
        assert json.loads(record.output) == {"n": n, "run": runs[n][-1]}
    repeated = sum(len(each) - 1 for each in runs.values())
    assert repeated <= kills[0] * 8, "only what was in a killed worker's hands may have been begun twice"
    assert kills[0] >= (KILLS or 1)
    assert site.flows.list_executions("f", status="Running").items == ()
    sys.stderr.write(
        f"\nchaos: {TASKS} tasks in {took:.0f} s (starts {started - began:.0f} s), {kills[0]} workers and 2 servers "
        f"killed, {repeated} handlers begun again before their outcome was recorded\n"
    )


def effects(folder: Path) -> dict[int, list[str]]:
    runs: dict[int, list[str]] = defaultdict(list)
    for line in (folder / "effects").read_text().splitlines():
        n, run = line.split()
        runs[int(n)].append(run)
    return runs


def running(site: Site) -> int:
    return len(site.flows.list_executions("f", status="Running", limit=100).items)


def left(site: Site) -> int:
    site.queues.create_queue("fnf-demo-dlq")
    dead = site.queues.get_queue_attributes("fnf-demo-dlq")
    assert (dead.active, dead.inactive) == (0, 0), site.queues.peek_message("fnf-demo-dlq").body
    return site.left()
