"""An embedded account on virtual time, or one of Amazon's, and workers in threads that end with the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.ports import ExecutionRecord
from fnfkit.workers import Ledger, Options, Worker
from tests.aws.moto_account import moto_account

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


class Plant:
    """An account whose flows send work, and the workers that do it."""

    def __init__(self, cloud: Any, folder: Path) -> None:
        self.cloud, self.folder = cloud, folder
        self.workers: list[tuple[Worker, threading.Thread, list[int]]] = []
        self.ledgers: list[Ledger] = []
        cloud.queues.create_queue("fnf-demo")
        cloud.flows.create_flow("f", FLOW)

    def start(self, count: int = 1, first: int = 0) -> None:
        for n in range(first, first + count):
            self.cloud.flows.start_execution("f", name=f"e{n}", input=json.dumps({"n": n}))

    def worker(self, queues: Any = None, flows: Any = None, ledger: Ledger | None = None, **options: Any) -> Worker:
        ledger = ledger or Ledger()
        self.ledgers.append(ledger)
        return Worker(
            queues or self.cloud.queues,
            flows or self.cloud.flows,
            queue="fnf-demo",
            options=Options(**{"wait": 5, "drain": 20, **options}),
            ledger=ledger,
            clock=self.cloud.clock,
        )

    def run(self, worker: Worker, handler: Callable[..., Any] | None) -> list[int]:
        codes: list[int] = []
        thread = threading.Thread(target=lambda: codes.append(worker.run(handler)))
        thread.start()
        self.workers.append((worker, thread, codes))
        return codes

    def record(self, n: int = 0) -> ExecutionRecord:
        return self.cloud.flows.describe_execution("f", f"e{n}")

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits, in real time, for what threads do."""
        done = threading.Event()
        for _ in range(2_000):
            if condition():
                return
            done.wait(0.005)
        raise AssertionError("it did not happen within 10 seconds")

    def ended(self, count: int = 1) -> None:
        self.until(lambda: all(self.record(n).ended for n in range(count)))

    def history(self, n: int = 0) -> list[tuple[str, dict[str, Any]]]:
        page = self.cloud.flows.get_execution_history("f", f"e{n}", limit=999)
        return [(event.type, event.detail) for event in page.items]

    def left(self, queue: str = "fnf-demo") -> int:
        record = self.cloud.queues.get_queue_attributes(queue)
        return record.active + record.inactive + record.delayed

    def body(self) -> str:
        """What the first message says; it is given back."""
        message = self.cloud.queues.receive_message("fnf-demo")
        self.cloud.queues.change_message_visibility("fnf-demo", message.receipt_handle, 1)
        return message.body

    def end(self) -> None:
        self.stop()
        for ledger in self.ledgers:
            ledger.close()

    def stop(self) -> None:
        for worker, thread, _ in self.workers:
            worker.stop()
            thread.join()


@pytest.fixture(params=["embedded", "amazon"])
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    """Any account: a worker cannot tell which. Amazon's is moto's, on a clock that runs fast."""
    if request.param == "embedded":
        yield request.getfixturevalue("embedded")
        return
    with moto_account() as account:
        plant = Plant(account, tmp_path)
        yield plant
        plant.end()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Plant]:
    """An account whose time the test moves."""
    stop = threading.Event()
    with Cloud(clock=VirtualClock(grace=0.01)) as cloud:
        driver = threading.Thread(target=cloud.serve_forever, args=(stop,))
        driver.start()
        plant = Plant(cloud, tmp_path)
        yield plant
        plant.end()
        stop.set()
        cloud.loop.post(lambda: None)
        driver.join()
