"""The worker against an embedded account on its virtual clock, and against Amazon's: nothing is lost, or done twice."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fnfkit.ports import MessageNotExist, NetworkFault, ResourceThrottled, TaskInvalidState
from fnfkit.workers import (
    DRAINED,
    LOST,
    NOT_DRAINED,
    Later,
    Ledger,
    Options,
    Retry,
    SystemClock,
    Task,
    Worker,
    dead_letter_queue,
    redrive,
)
from fnfkit.workers.deadletters import peek
from tests.workers.conftest import Plant


class Faulty:
    """A port that fails at calls that were chosen, and otherwise is the port."""

    def __init__(self, port: Any, **faults: list[Exception | None]) -> None:
        self._port, self._faults = port, faults
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name not in self._faults:
            return real

        def call(*arguments: Any, **keywords: Any) -> Any:
            self.calls[name] += 1
            fault = self._faults[name].pop(0) if self._faults[name] else None
            if fault is not None:
                raise fault
            return real(*arguments, **keywords)

        return call


def test_a_task_is_worked_on_reported_and_deleted(plant: Plant) -> None:
    worker = plant.worker()
    plant.run(worker, lambda payload: {"doubled": payload["n"] * 2})
    plant.start(3, first=0)
    plant.ended(3)
    assert [json.loads(plant.record(n).output) for n in range(3)] == [{"doubled": 0}, {"doubled": 2}, {"doubled": 4}]
    plant.until(lambda: plant.left() == 0)
    assert worker.counters["succeeded"] == 3


def test_handlers_are_named_with_a_decorator(plant: Plant) -> None:
    worker = plant.worker()

    @worker.task("fnf-demo")
    async def double(payload: dict[str, int], task: Task) -> dict[str, Any]:
        return {"n": payload["n"], "deliveries": task.deliveries}

    plant.run(worker, None)
    plant.start()
    plant.ended()
    assert json.loads(plant.record().output) == {"n": 0, "deliveries": 1}


def test_an_exception_fails_the_step_by_its_class_name(plant: Plant) -> None:
    class OutOfStock(Exception):
        pass

    def fail(payload: Any) -> None:
        raise OutOfStock("none left")

    plant.run(plant.worker(), fail)
    plant.start()
    plant.ended()
    assert plant.record().status == "Failed"
    assert ("TaskFailed", "OutOfStock", "none left") in [
        (type, detail.get("error"), detail.get("cause")) for type, detail in plant.history()
    ]


def test_a_handler_may_ask_for_the_message_again(plant: Plant) -> None:
    attempts: list[int] = []

    def twice(payload: Any, task: Task) -> dict[str, int]:
        attempts.append(task.deliveries)
        if len(attempts) < 3:
            raise Retry("not yet", seconds=20)
        return {"attempts": len(attempts)}

    plant.run(plant.worker(), twice)
    plant.start()
    plant.ended()
    assert attempts == [1, 2, 3]
    assert json.loads(plant.record().output) == {"attempts": 3}


def test_a_handler_may_keep_the_token_for_later(plant: Plant) -> None:
    tokens: list[str] = []

    def keep(payload: Any, task: Task) -> type[Later]:
        tokens.append(task.token)
        return Later

    worker = plant.worker()
    plant.run(worker, keep)
    plant.start()
    plant.until(lambda: bool(tokens) and plant.left() == 0)
    assert not plant.record().ended
    plant.cloud.flows.report_task_succeeded(tokens[0], '{"by": "somebody else"}')
    plant.ended()
    assert json.loads(plant.record().output) == {"by": "somebody else"}


def test_a_slow_handler_keeps_its_message(embedded: Plant) -> None:
    runs: list[int] = []

    def slow(payload: Any) -> dict[str, int]:
        runs.append(payload["n"])
        embedded.cloud.advance(200)  # the queue's visibility is 30 s
        return {}

    worker = embedded.worker(concurrency=2)
    embedded.run(worker, slow)
    embedded.start()
    embedded.ended()
    embedded.until(lambda: embedded.left() == 0)
    assert runs == [0]
    assert worker.counters["renewed"] >= 10
    assert worker.counters["lost"] == 0


def test_what_waits_in_the_buffer_keeps_its_lease(embedded: Plant) -> None:
    runs: list[int] = []

    def slow(payload: Any) -> dict[str, int]:
        runs.append(payload["n"])
        embedded.cloud.advance(100)
        return {}

    embedded.start(4)
    embedded.until(lambda: embedded.left() == 4)
    worker = embedded.worker(concurrency=1, prefetch=3)
    embedded.run(worker, slow)
    embedded.ended(4)
    assert sorted(runs) == [0, 1, 2, 3]
    assert worker.counters["received"] == 4


def test_a_crash_between_report_and_deletion_ends_in_a_deletion(plant: Plant) -> None:
    queues = Faulty(plant.cloud.queues, delete_message=[NetworkFault()] * 6)
    first = plant.worker(queues=queues)
    runs: list[int] = []
    plant.run(first, lambda payload: runs.append(payload["n"]))
    plant.start()
    plant.ended()
    assert queues.calls["delete_message"] <= 7
    plant.until(lambda: plant.left() == 0)
    assert runs == [0], "the second delivery finds the outcome in the ledger"
    assert first.counters["repeated"] == 1


def test_a_crash_between_work_and_report_does_not_redo_the_work(plant: Plant, tmp_path: Path) -> None:
    runs: list[int] = []
    first = plant.worker(
        flows=Faulty(plant.cloud.flows, report_task_succeeded=[NetworkFault()] * 100),
        ledger=Ledger(tmp_path / "ledger"),
        attempts=1,
    )

    def handler(payload: Any) -> dict[str, str]:
        runs.append(payload["n"])
        return {"by": "the first worker"}

    plant.run(first, handler)
    plant.start()
    plant.until(lambda: first.counters["left"] > 0)
    plant.stop()
    plant.run(plant.worker(ledger=Ledger(tmp_path / "ledger")), handler)
    plant.ended()
    plant.until(lambda: plant.left() == 0)
    assert runs == [0]
    assert json.loads(plant.record().output) == {"by": "the first worker"}


def test_trouble_that_passes_is_waited_for_with_jitter(plant: Plant) -> None:
    flows = Faulty(plant.cloud.flows, report_task_succeeded=[NetworkFault(), ResourceThrottled(), None])
    queues = Faulty(plant.cloud.queues, batch_receive_message=[NetworkFault(), NetworkFault(), None])
    worker = plant.worker(queues=queues, flows=flows)
    plant.run(worker, lambda payload: {"ok": True})
    plant.start()
    plant.ended()
    assert json.loads(plant.record().output) == {"ok": True}
    plant.until(lambda: plant.left() == 0)
    assert worker.counters["faults"] == 4


def test_a_report_that_came_too_early_is_made_again(plant: Plant) -> None:
    flows = Faulty(plant.cloud.flows, report_task_succeeded=[TaskInvalidState()])
    runs: list[int] = []
    plant.run(plant.worker(flows=flows), lambda payload: runs.append(1))
    plant.start()
    plant.ended()
    assert runs == [1]
    assert flows.calls["report_task_succeeded"] == 2


def test_a_task_that_was_reported_by_somebody_else_is_deleted(plant: Plant) -> None:
    def handler(payload: Any, task: Task) -> dict[str, str]:
        plant.cloud.flows.report_task_succeeded(task.token, '{"by": "somebody else"}')
        return {"by": "the worker"}

    plant.run(plant.worker(), handler)
    plant.start()
    plant.ended()
    plant.until(lambda: plant.left() == 0)
    assert json.loads(plant.record().output) == {"by": "somebody else"}


def test_one_message_delivered_twice_is_worked_on_once(plant: Plant) -> None:
    plant.start()
    plant.until(lambda: plant.left() == 1)
    body = plant.body()
    for _ in range(5):
        plant.cloud.queues.send_message("fnf-demo", body)
    runs: list[int] = []
    plant.run(plant.worker(concurrency=4), lambda payload: runs.append(1))
    plant.ended()
    plant.until(lambda: plant.left() == 0)
    assert runs == [1]


def test_copies_that_reach_one_worker_at_once_are_worked_on_once(plant: Plant) -> None:
    plant.start()
    plant.until(lambda: plant.left() == 1)
    plant.cloud.queues.send_message("fnf-demo", plant.body())
    runs: list[int] = []
    go_on = threading.Event()
    worker = plant.worker(concurrency=2)

    def handler(payload: Any) -> None:
        runs.append(1)
        assert go_on.wait(10)

    plant.run(worker, handler)
    plant.until(lambda: worker.counters["left"] >= 1)
    go_on.set()
    plant.ended()
    plant.until(lambda: plant.left() == 0)
    assert runs == [1]


def test_a_claim_outlives_a_service_that_does_not_answer(embedded: Plant) -> None:
    """The message becomes visible to others, but not the task: its handler still runs."""
    queues = Faulty(embedded.cloud.queues, change_message_visibility=[NetworkFault()] * 1_000)
    ledger, other = (
        Ledger(embedded.folder / "ledger", now=lambda: embedded.cloud.clock.now() / 1_000) for _ in range(2)
    )
    first, second = embedded.worker(queues=queues, ledger=ledger), embedded.worker(ledger=other)
    runs: list[str] = []
    started, go_on = threading.Event(), threading.Event()

    def handler(payload: Any) -> dict[str, int]:
        runs.append("first")
        started.set()
        assert go_on.wait(10)
        return {}

    embedded.run(first, handler)
    embedded.start()
    assert started.wait(10)
    embedded.run(second, lambda payload: runs.append("second"))
    embedded.until(lambda: second.counters["left"] >= 2)
    go_on.set()
    embedded.ended()
    embedded.until(lambda: embedded.left() == 0)
    assert runs == ["first"]
    assert first.counters["renewed"] == 0


def test_poison_is_reported_and_parked_and_can_be_sent_back(plant: Plant) -> None:
    def never(payload: Any) -> None:
        raise Retry("still broken", seconds=1)

    worker = plant.worker(max_deliveries=3)
    plant.run(worker, never)
    plant.start()
    plant.ended()
    plant.until(lambda: plant.left() == 0)
    assert plant.record().status == "Failed"
    assert ("TaskFailed", "PoisonMessage") in [(type, detail.get("error")) for type, detail in plant.history()]
    queues = plant.cloud.queues
    letter = peek(queues, "fnf-demo-dlq")[0]
    assert (letter.queue, letter.deliveries) == ("fnf-demo", 4)
    assert json.loads(letter.body)["n"] == 0
    plant.stop()
    sent: list[str] = []
    plant.until(lambda: bool(sent.extend(one.message_id for one in redrive(queues, "fnf-demo-dlq")) or sent))
    assert sent == [letter.message_id]
    # A poll that was under way when the worker stopped may have had the letter and be giving it back.
    assert queues.receive_message("fnf-demo", wait_seconds=10).body == letter.body
    assert plant.left("fnf-demo-dlq") == 0


def test_a_message_that_is_no_task_is_parked_whole(plant: Plant) -> None:
    bodies = ["not a task", '{"no": "token"}', "x" * 65_536]
    for body in bodies:
        plant.cloud.queues.send_message("fnf-demo", body)
    worker = plant.worker()
    plant.run(worker, lambda payload: {})
    plant.until(lambda: plant.left() == 0)
    assert sorted(letter.body for letter in peek(plant.cloud.queues, "fnf-demo-dlq")) == sorted(bodies)
    assert worker.counters["parked"] == 3


def test_a_dead_letter_queue_has_a_name_that_every_account_takes() -> None:
    assert dead_letter_queue("orders") == "orders-dlq"
    assert len(dead_letter_queue("x" * 80)) == 80


def test_an_empty_queue_does_not_end_a_worker(embedded: Plant) -> None:
    worker = embedded.worker()
    codes = embedded.run(worker, lambda payload: {})
    embedded.cloud.advance(300)
    assert codes == []
    embedded.start()
    embedded.ended()


def test_a_queue_that_is_not_there_yet_does_not_end_a_worker(plant: Plant) -> None:
    plant.cloud.queues.delete_queue("fnf-demo")
    worker = plant.worker()
    codes = plant.run(worker, lambda payload: {})
    plant.until(lambda: worker.counters["faults"] >= 2)
    plant.cloud.queues.create_queue("fnf-demo")
    plant.start()
    plant.ended()
    assert codes == []


def test_draining_ends_what_runs_and_gives_back_the_rest(embedded: Plant) -> None:
    running, go_on = threading.Barrier(9), threading.Event()
    done: list[int] = []

    def handler(payload: Any) -> dict[str, int]:
        running.wait(10)
        go_on.wait(10)
        done.append(payload["n"])
        return {}

    embedded.start(12)
    embedded.until(lambda: embedded.left() == 12)
    worker = embedded.worker(concurrency=8, prefetch=4)
    codes = embedded.run(worker, handler)
    running.wait(10)
    worker.stop()
    embedded.cloud.advance(100)  # the leases of running handlers are renewed while draining
    go_on.set()
    embedded.until(lambda: codes == [DRAINED])
    assert len(done) == 8
    assert sum(embedded.record(n).ended for n in range(12)) == 8
    embedded.run(embedded.worker(), lambda payload: done.append(payload["n"]))
    embedded.ended(12)
    embedded.until(lambda: embedded.left() == 0)
    assert sorted(done) == list(range(12))


def test_a_handler_that_does_not_end_in_time_is_told_of(plant: Plant) -> None:
    started, go_on = threading.Event(), threading.Event()

    def handler(payload: Any) -> None:
        started.set()
        go_on.wait(10)

    worker = plant.worker(drain=0.05)
    codes = plant.run(worker, handler)
    plant.start()
    assert started.wait(10)
    worker.stop()
    plant.until(lambda: codes == [NOT_DRAINED])
    go_on.set()


def test_a_handler_that_takes_its_thread_down_ends_the_worker(plant: Plant) -> None:
    def handler(payload: Any) -> None:
        raise SystemExit("a handler must not do this")

    codes = plant.run(plant.worker(), handler)
    plant.start()
    plant.until(lambda: codes == [LOST])
    assert plant.left() == 1, "the message is delivered to another worker"


def test_sigterm_drains(embedded: Plant) -> None:
    """The worker runs in the main thread, as it does in a process of its own; the signal comes from a handler."""
    worker = embedded.worker()
    embedded.start()

    def handler(payload: Any) -> dict[str, bool]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {"done": True}

    before = signal.getsignal(signal.SIGTERM)
    assert worker.run(handler) == DRAINED
    assert signal.getsignal(signal.SIGTERM) == before
    embedded.ended()
    assert json.loads(embedded.record().output) == {"done": True}
    with pytest.raises(MessageNotExist):
        embedded.cloud.queues.peek_message("fnf-demo")


def test_a_worker_without_a_handler_says_what_to_do(embedded: Plant) -> None:
    with pytest.raises(ValueError, match=r"@worker\.task"):
        embedded.worker().run()
    with pytest.raises(ValueError, match="queue="):
        Worker(embedded.cloud.queues, embedded.cloud.flows).run(lambda payload: {})
    with pytest.raises(ValueError, match="concurrency must be between"):
        Options(concurrency=0)


def test_tokens_are_not_logged(plant: Plant, caplog: pytest.LogCaptureFixture) -> None:
    tokens: list[str] = []
    caplog.set_level("DEBUG")

    def handler(payload: Any, task: Task) -> dict[str, int]:
        tokens.append(task.token)
        return {}

    plant.run(plant.worker(), handler)
    plant.start()
    plant.ended()
    plant.stop()
    assert "delete" in caplog.text
    assert tokens[0] not in caplog.text


def test_the_clock_of_the_machine_calls_in_order() -> None:
    clock, called, done = SystemClock(), [], threading.Event()
    now = clock.now()
    clock.call_at(now + 20, done.set)
    clock.call_at(now + 10, lambda: called.append("second"))
    clock.call_at(now + 5, lambda: called.append("cancelled")).cancel()
    clock.call_at(now - 5, lambda: called.append("first"))
    assert done.wait(5)
    assert called == ["first", "second"]
