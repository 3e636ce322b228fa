"""Runs flows, a worker and functions under chance faults; prints all that happened. For tests of determinism."""

from __future__ import annotations

import hashlib
import json
import sys

from fnfkit.testing import LocalCloud
from fnfkit.testing.harness import WorkerHarness
from tests.testing.flows import ASK, BOOKED, FUNCTIONS, POLL, TRANSACTION


def story(seed: int) -> str:
    with LocalCloud(seed=seed) as cloud, WorkerHarness(cloud) as workers:
        faults = cloud.faults
        faults.fail("Reserve*", rate=0.3)
        faults.fail("Cancel*", rate=0.2, after_effect=True)
        faults.duplicate("BuyTrainTicket", rate=0.3)
        faults.throttle("GetJobStatus", rate=0.02)
        faults.delay("StartJob", 2.5, rate=0.5)
        faults.drop_messages("jobs", rate=0.1)
        faults.delay_messages("jobs", seconds=40, rate=0.3)
        faults.duplicate_messages("jobs", rate=0.3)
        faults.drop_callbacks(rate=0.2)
        faults.duplicate_callbacks(rate=0.2)
        faults.crash_worker("jobs", at="report", rate=0.2)
        faults.crash("Cancel*", rate=0.2, after_effect=True)
        faults.crash_at_commit(20 + seed % 17)
        faults.skew("GetJobStatus", seconds=seed % 5)
        cloud.deploy(TRANSACTION, functions=FUNCTIONS)
        cloud.deploy(POLL)
        worker = workers.work("jobs", lambda payload: {"done": payload["key"]})
        cloud.deploy(ASK, name="ask")
        for number in range(3):
            cloud.start("transaction", {**BOOKED, "reserve_hotel_result": number != 1})
            cloud.start("poll", delay=10 * number)
            cloud.start("ask", key=number)
        cloud.run_until_idle()
        events = [
            [run.flow, run.name, event.id, event.scheduled_by, event.type, event.step, event.time, event.detail]
            for run in cloud.runs
            for event in run.history
        ]
        calls = [[call.step, call.event, call.output, call.error, call.at] for call in cloud.calls.entries]
        logs = [[line.at, line.function, line.text] for line in cloud.functions.log]
        sums = [worker.counters.snapshot(), worker.deaths, cloud.power.crashes, cloud.elapsed]
        return json.dumps([events, calls, logs, sums])


def main() -> None:
    """Tells the story of each seed from the first to the last, which may be the smaller one."""
    first, last = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, last + 1) if first <= last else range(first, last - 1, -1):
        text = story(seed)
        print(seed, hashlib.sha256(text.encode()).hexdigest(), len(text))


if __name__ == "__main__":
    main()
