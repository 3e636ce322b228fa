"""Clouds on a file: what a restart, a crash and another cloud find again."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnfkit.cloud.store import StoreError
from fnfkit.testing import LocalCloud
from fnfkit.testing.fixtures import CloudMaker
from fnfkit.testing.harness import WorkerHarness
from fnfkit.testing.power import CannotCrash
from tests.testing.flows import ASK, CALLBACK, FUNCTIONS, POLL
from tests.testing.test_plugin import pytest_in


@pytest.mark.durable
def test_a_restart_goes_on_with_new_instances(cloud: LocalCloud, tmp_path: Path) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    run = cloud.start("poll", delay=15)
    cloud.advance(15)
    before = run.history
    cloud.restart()
    assert (run.history, cloud.elapsed) == (before, 15)
    # The job is timed by the instance that is asked: the new one first sees it after 20 s.
    run.finish().expect(status="Succeeded", calls={"StartJob": 1, "GetJobStatus": 4})
    assert (tmp_path / "account.db").exists()


@pytest.mark.parametrize("how", ["restart", "crash"])
def test_memory_restarts_too(cloud: LocalCloud, how: str) -> None:
    cloud.deploy(CALLBACK, functions=FUNCTIONS)
    run = cloud.run("callback")
    getattr(cloud, how)()
    assert run.succeed({"status": "ok"}).output == {"s": "ok"}


def test_the_next_cloud_on_the_file_goes_on(make_cloud: CloudMaker, tmp_path: Path) -> None:
    first = make_cloud(store=tmp_path / "a.db")
    first.deploy(CALLBACK, functions=FUNCTIONS)
    token = first.run("callback", name="mine").token()
    now = first.clock.now()
    with pytest.raises(StoreError, match="in use by another process"):
        make_cloud(store=tmp_path / "a.db")
    first.close()
    assert not first.readable
    second = make_cloud(store=str(tmp_path / "a.db"))
    assert (second.clock.now(), second.elapsed) == (now, 0)
    second.flows.report_task_succeeded(token, '{"status": "ok"}')
    second.run_until_idle()
    (run,) = second.executions()
    assert (run.name, run.status, run.output) == ("mine", "Succeeded", {"s": "ok"})


@pytest.mark.durable
def test_workers_of_the_harness_outlive_a_restart(cloud: LocalCloud, worker_harness: WorkerHarness) -> None:
    cloud.cloud.queues.create_queue("jobs")
    worker_harness.work("jobs", lambda payload: {"done": payload["key"]})
    run = cloud.start(ASK, key=5)
    cloud.restart()
    # The job is timed by the instance that is asked: the new one first sees it after 20 s.
    run.finish().expect(status="Succeeded", output={"done": 5})


@pytest.mark.durable
def test_stubs_and_folders_are_there_after_a_restart(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text("def handler(event, context):\n    return {'from': 'code'}\n")
    cloud.function("s", "f", tmp_path / "code")
    cloud.stub("s/g", {"from": "stub"})
    cloud.restart()
    text = "version: v1\ntype: flow\nsteps:\n  - {type: task, name: A, resourceArn: 'acs:fc:::services/s/functions/%s'}"
    assert [cloud.run(text % name).output for name in "fg"] == [{"from": "code"}, {"from": "stub"}]


def test_a_served_cloud_does_not_restart(cloud: LocalCloud) -> None:
    with cloud.serve(), pytest.raises(CannotCrash, match="neither crash nor restart"):
        cloud.restart()


@pytest.mark.latency(cold=0.5, warm=0.25)
def test_instances_may_take_their_time(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    run = cloud.run("poll", delay=5)
    assert run.times("TaskSucceeded", "StartJob") == [0.5]
    assert run.times("TaskSucceeded", "GetJobStatus") == [11.0, 21.25]


def test_markers_that_say_nothing(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.latency(hot=1)\ndef test_it(cloud): ...\n"
    assert "takes seconds, or cold= and warm=" in pytest_in(tmp_path, "-p", "no:xdist", source=source).stdout
