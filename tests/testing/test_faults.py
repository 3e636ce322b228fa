"""Faults: each kind does what it says, crashes recover, and chance comes from the seed alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnfkit.ports import ResourceThrottled
from fnfkit.testing import LocalCloud
from fnfkit.testing.faults import NoAnswer
from fnfkit.testing.harness import WorkerHarness
from fnfkit.testing.power import CannotCrash
from tests.testing.flows import ASK, BOOKED, CALL, FUNCTIONS, POLL, ROOT, TRANSACTION

SEEDS = 200 if os.environ.get("FNFKIT_TEST_LONG") else 10


def effects(cloud: LocalCloud) -> list[int]:
    """Counts what a function has done, whether anybody heard of it or not."""
    done: list[int] = []

    def work(event: object) -> dict[str, int]:
        done.append(len(done) + 1)
        return {"n": len(done)}

    cloud.stub("f", work)
    return done


def test_a_call_fails_before_or_after_its_effect(cloud: LocalCloud) -> None:
    done = effects(cloud)
    cloud.faults.fail("Call")
    assert cloud.run(CALL).path == ["Call", "Recovered"]
    assert done == []
    cloud.faults.fail("f", after_effect=True)
    assert cloud.run(CALL).path == ["Call", "Recovered"]
    assert done == [1]
    assert cloud.run(CALL).output == {"n": 2}


def test_a_chosen_error_at_a_chosen_time(cloud: LocalCloud) -> None:
    effects(cloud)
    cloud.faults.fail("Call", "Custom", after=1)
    assert [cloud.run(CALL).status for _ in range(3)] == ["Succeeded", "Failed", "Succeeded"]


def test_throttled_calls_and_operations(cloud: LocalCloud) -> None:
    effects(cloud)
    cloud.faults.throttle("Call", times=2)
    assert cloud.run(CALL).elapsed == 1 + 2
    cloud.faults.throttle("DescribeExecution")
    run = cloud.start(CALL)
    with pytest.raises(ResourceThrottled):
        cloud.flows.describe_execution("flow", run.name)
    assert run.status == "Starting"


def test_a_slow_call_and_one_that_is_never_answered(cloud: LocalCloud) -> None:
    done = effects(cloud)
    cloud.faults.delay("Call", 7)
    assert cloud.run(CALL).elapsed == 7
    cloud.faults.lose_answer("Call")
    assert cloud.run(CALL).elapsed == 30 + 1
    assert done == [1, 2, 3]


def test_a_call_that_is_delivered_twice(cloud: LocalCloud) -> None:
    done = effects(cloud)
    cloud.faults.duplicate("Call")
    run = cloud.run(CALL)
    assert (run.output, done, run.count("TaskSucceeded")) == ({"n": 2}, [1, 2], 1)


@pytest.mark.parametrize(
    ("ask", "arrivals"),
    [
        (lambda faults: faults.drop_messages("jobs"), []),
        (lambda faults: faults.duplicate_messages("*"), [0, 0]),
        (lambda faults: faults.delay_messages("jobs", seconds=9), [9]),
        (lambda faults: faults.drop_messages("others", optional=True), [0]),
    ],
)
def test_messages_get_lost_double_and_late(
    cloud: LocalCloud, ask: Callable[[Any], object], arrivals: list[int]
) -> None:
    ask(cloud.faults)
    cloud.queues.create_queue("jobs")
    sent = cloud.queues.send_message("jobs", "hello")
    found = []
    for second in range(12):
        while cloud.queues.get_queue_attributes("jobs").active:
            message = cloud.queues.receive_message("jobs", wait_seconds=0)
            assert (message.id, message.body) == (sent.id, "hello")
            cloud.queues.delete_message("jobs", message.receipt_handle)
            found.append(second)
        cloud.advance(1)
    assert found == arrivals


def test_notifications_of_a_topic_travel_the_same_way(cloud: LocalCloud) -> None:
    cloud.faults.duplicate_messages("news")
    cloud.topics.create_topic("news")
    cloud.queues.create_queue("inbox")
    endpoint = f"acs:mns:{cloud.cloud.region}:{cloud.cloud.account_id}:queues/inbox"
    cloud.topics.subscribe("news", "s", endpoint)
    cloud.topics.publish_message("news", "hello")
    cloud.run_until_idle()
    assert cloud.queues.get_queue_attributes("inbox").active == 2


def test_callbacks_get_lost_double_and_late(cloud: LocalCloud) -> None:
    cloud.queues.create_queue("jobs")
    cloud.faults.drop_callbacks()
    run = cloud.start(ASK, key=1)
    with pytest.raises(NoAnswer):
        cloud.flows.report_task_succeeded(run.token(), "{}")
    cloud.faults.delay_callbacks(seconds=20)
    assert cloud.flows.report_task_succeeded(run.token(), '{"late": true}') == 0
    run.finish().expect(status="Succeeded", output={"late": True}, elapsed=20)
    cloud.faults.duplicate_callbacks()
    other = cloud.start(ASK, key=2)
    assert other.succeed({"once": True}).output == {"once": True}
    assert other.count("TaskSucceeded") == 1


def test_the_answer_of_a_report_gets_lost(cloud: LocalCloud) -> None:
    cloud.queues.create_queue("jobs")
    cloud.faults.fail("ReportTaskSucceeded", after_effect=True)
    run = cloud.start(ASK, key=1)
    with pytest.raises(NoAnswer):
        cloud.flows.report_task_succeeded(run.token(), "{}")
    assert run.finish().status == "Succeeded"


@pytest.mark.parametrize("after_effect", [False, True])
def test_the_engine_dies_at_a_call_and_goes_on(cloud: LocalCloud, after_effect: bool) -> None:
    done = effects(cloud)
    cloud.faults.crash("Call", after_effect=after_effect)
    run = cloud.run(CALL)
    run.expect(status="Succeeded", path=["Call", "Done"])
    assert (cloud.power.crashes, len(done), len(run.calls())) == (1, 1 + after_effect, 2)


@pytest.mark.parametrize("lost", [False, True])
def test_the_engine_dies_at_every_commit_and_ends_alike(lost: bool) -> None:
    crashes, commit = 1, 0
    while crashes:
        commit += 1
        with LocalCloud() as cloud:
            cloud.deploy(TRANSACTION, functions=FUNCTIONS)
            cloud.faults.crash_at_commit(commit, lost=lost, optional=True)
            run = cloud.run("transaction", {**BOOKED, "reserve_hotel_result": False})
            run.expect(status="Failed", error="OrderFailed", elapsed=7)
            assert run.path[-3:] == ["CancelFlight", "CancelTrainTicket", "OrderFailed"]
            crashes = cloud.power.crashes
    assert commit > 10


def test_crash_at_any_moment(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    run = cloud.start("poll", delay=5)
    cloud.advance(15)
    before = cloud.elapsed
    cloud.crash()
    assert cloud.elapsed == before
    assert run.finish().status == "Succeeded"


def test_a_served_cloud_cannot_crash(cloud: LocalCloud) -> None:
    cloud.faults.crash("Call", optional=True)
    with pytest.raises(CannotCrash, match="served"), cloud.serve():
        pass


@pytest.mark.parametrize("at", ["handler", "report", "delete"])
def test_a_worker_dies_and_another_goes_on(cloud: LocalCloud, worker_harness: WorkerHarness, at: str) -> None:
    cloud.faults.crash_worker("jobs", at=at)
    worker = worker_harness.work("jobs", lambda payload: {"done": payload["key"]})
    run = cloud.run(ASK, key=5)
    run.expect(status="Succeeded", output={"done": 5})
    cloud.run_until_idle()
    counts = worker.counters.snapshot()
    assert (worker.deaths, counts["received"], len(worker.tasks)) == (1, 2, 2 if at == "handler" else 1)
    assert counts["repeated"] == (0 if at == "handler" else 1), "the ledger knows what was done before the death"
    assert cloud.queues.get_queue_attributes("jobs").inactive == 0


def test_workers_outlive_the_engine(cloud: LocalCloud, worker_harness: WorkerHarness) -> None:
    cloud.faults.crash("Ask", after_effect=True)
    worker = worker_harness.work("jobs", lambda payload: {"done": payload["key"]})
    cloud.run(ASK, key=5).expect(status="Succeeded")
    cloud.run_until_idle()
    assert worker.counters["received"] == 2, "the message was sent again after the crash"
    assert len(worker.tasks) == 1


def test_clocks_of_functions_are_wrong(cloud: LocalCloud, tmp_path: Path) -> None:
    code = tmp_path / "skewed" / "clock"
    code.mkdir(parents=True)
    (code / "index.py").write_text("import time\ndef handler(event, context):\n    return {'at': time.time()}\n")
    flow = CALL.replace("services/s/functions/f", "services/skewed/functions/clock")
    cloud.deploy(flow, functions=tmp_path)

    def ahead() -> float:
        return float(cloud.run(flow).output["at"]) - cloud.clock.now() / 1000

    assert ahead() == 0
    cloud.faults.skew("clock", seconds=90)
    cloud.faults.skew("*", seconds=5)
    assert ahead() == 90, "the name that fits best counts"
    cloud.faults.skew("skewed/clock", seconds=-30)
    assert ahead() == -30


def test_wrong_rules_are_refused(cloud: LocalCloud) -> None:
    with pytest.raises(TypeError, match="times=, after=, rate= and optional="):
        cloud.faults.fail("Call", often=3)
    with pytest.raises(ValueError, match="handler, report or delete"):
        cloud.faults.crash_worker(at="lunch")
    for wrong in ({"times": 0}, {"after": -1}, {"rate": 2}, {"rate": 0}):
        with pytest.raises(ValueError, match="times= from 1, after= from 0, rate= up to 1"):
            cloud.faults.fail("Call", **wrong)
    with pytest.raises(ValueError, match="seconds from 0"):
        cloud.faults.delay("Call", -1)
    with pytest.raises(ValueError, match="counted from 1"):
        cloud.faults.crash_at_commit(0)


def test_faults_that_met_nothing_are_told(cloud: LocalCloud, tmp_path: Path) -> None:
    effects(cloud)
    faults = cloud.faults
    faults.fail("Cal")
    faults.drop_messages("Call")
    faults.skew("nobody", seconds=1)
    faults.crash_at_commit(1_000)
    for rule in (faults.fail("Call", after=9), faults.delay("s/*", 1, after=9), faults.throttle("Call", optional=True)):
        assert rule.struck == 0
    cloud.run(CALL)
    told = list(faults.unmet)
    assert told == [
        "the fault fail 'Cal' met nothing; did you mean Call?",
        "the fault drop message 'Call' met nothing; what has that name is not where this fault strikes",
        "the fault skew 'nobody' met nothing; what came by: Call, StartExecution, f, s/f",
        "the fault crash at commit 1000 met nothing; there were fewer commits",
    ]
    faults.rules.clear()


def test_a_rule_does_not_change_the_chances_of_another(cloud: LocalCloud) -> None:
    def pattern(more: bool) -> list[str]:
        with LocalCloud(seed=3) as other:
            effects(other)
            if more:
                other.faults.fail("Nobody", rate=0.5, optional=True)
            other.faults.fail("Call", rate=0.5)
            if more:
                other.faults.duplicate("Nobody", rate=0.5, optional=True)
            return [other.run(CALL).path[-1] for _ in range(20)]

    assert pattern(False) == pattern(True)
    assert set(pattern(False)) == {"Done", "Recovered"}


def test_the_same_seed_gives_the_same_run_in_fresh_processes() -> None:
    """200 seeds under FNFKIT_TEST_LONG; the second process begins with the last one, so that nothing is handed on."""
    outputs = []
    for hash_seed, first, last in (("1", 0, SEEDS - 1), ("4711", SEEDS - 1, 0)):
        command = [sys.executable, "-m", "tests.testing.scenario_of_chance", str(first), str(last)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(sorted(done.stdout.splitlines()))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == SEEDS
    assert len({line.split()[1] for line in outputs[0]}) == SEEDS, "every seed is a run of its own"
