"""Every cloud of a test run is counted, once and exactly, whoever made it and whenever it is closed."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import pytest

from fnfkit.testing import LocalCloud, watch
from fnfkit.testing.coverage import Coverage
from fnfkit.testing.tally import Tally
from tests.testing.flows import CALLBACK, FUNCTIONS, POLL
from tests.testing.test_plugin import coverage_lines, pytest_in

HEAD = f"""
import subprocess, sys
from pathlib import Path
import pytest
from fnfkit.testing import LocalCloud, watch

POLL = Path({str(POLL)!r})

def poll(cloud, delay):
    cloud.deploy(POLL, functions={str(FUNCTIONS)!r})
    return cloud.run("poll", delay=delay)
"""

BY_HAND = (
    HEAD
    + """
@pytest.mark.parametrize("delay", [5, 20, 60])
def test_made_by_hand(delay):
    with LocalCloud() as cloud:
        assert poll(cloud, delay).ended
        cloud.close()
"""
)

MIXED = (
    HEAD
    + """
KEPT = []

def test_left_open():
    KEPT.append(LocalCloud())
    poll(KEPT[0], 5)

def test_used_on():
    assert poll(KEPT[0], 5).name == "run-2"
    KEPT[0].close()

def test_dropped():
    poll(LocalCloud(), 5)

@pytest.fixture(scope="module")
def shared():
    with LocalCloud() as cloud:
        yield cloud

@pytest.mark.parametrize("number", range(2))
def test_shared(shared, number):
    poll(shared, 5)

def test_both(cloud, make_cloud):
    poll(cloud, 5)
    poll(make_cloud(seed=1), 5)

@pytest.mark.target("served")
def test_served(cloud):
    poll(cloud, 5)

def test_in_another_process():
    source = Path(__file__).read_text() + "\\nwith LocalCloud() as cloud: poll(cloud, 5)\\npoll(LocalCloud(), 5)\\n"
    subprocess.run([sys.executable, "-c", source.replace("__file__", repr(__file__))], check=True)
"""
)
"""Ten runs on eight clouds; each finds a job of five seconds done at the second poll, after 20 s."""


SERVED = (
    HEAD
    + f"""
import json, signal
from fnfkit.aliyun import AliyunFlows, Key, Session

@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it(stop):
    command = [sys.executable, "-m", "fnfkit", "dev", "--port", "0", "--json", "--clock", "virtual"]
    command += ["--functions", {str(FUNCTIONS)!r}]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        account = json.loads(server.stdout.readline())
        key = Key(account["access_key_id"], account["access_key_secret"])
        flows = AliyunFlows(Session(key, endpoint=account["endpoint"]))
        flows.create_flow("poll", POLL.read_text())
        flows.start_execution("poll", name="served", input='{{"delay": 5}}')
        assert any(flows.describe_execution("poll", "served", wait_seconds=10).ended for _ in range(50))
        server.send_signal(stop)
        server.communicate(timeout=20)
    finally:
        server.kill()
        server.communicate()
"""
)


def test_accounts_that_another_process_serves_are_counted_unless_it_is_killed(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "-p", "no:xdist", "--fnf-cov", source=SERVED)
    assert done.returncode == 0, done.stdout
    assert "flows: 2 runs on 2 clouds, " in done.stdout
    assert coverage_lines(done.stdout)[0].split()[:4] == ["poll", "19", "4", "78.9%"]


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "xdist"])
def test_clouds_made_by_hand_count_like_those_of_the_fixture(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = pytest_in(tmp_path, *options, "--fnf-cov", source=BY_HAND)
    assert done.returncode == 0, done.stdout
    assert "flows: 3 runs on 3 clouds, 1 min 40 s of virtual time" in done.stdout
    assert coverage_lines(done.stdout)[0].split()[:4] == ["poll", "19", "1", "94.7%"]


@pytest.mark.parametrize("options", [(), ("--fnf-cov", "--fnf-cov-report=json")], ids=["plain", "coverage"])
def test_open_closed_shared_served_and_in_other_processes(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = pytest_in(tmp_path, "-p", "no:xdist", *options, source=MIXED)
    assert done.returncode == 0, done.stdout
    assert "flows: 10 runs on 8 clouds, 3 min 20 s of virtual time" in done.stdout
    if options:
        (flow,) = json.loads((tmp_path / "fnf-coverage.json").read_text())["flows"]
        assert ["step", "steps/0", "", 10] in flow["counts"]


def test_a_failed_test_shows_runs_on_clouds_it_made_itself(tmp_path: Path) -> None:
    source = HEAD + "\ndef test_it():\n    with LocalCloud() as cloud:\n        assert not poll(cloud, 5).ended\n"
    done = pytest_in(tmp_path, "-p", "no:xdist", source=source)
    assert "flow poll, run-1: Succeeded" in done.stdout
    durable = source.replace("LocalCloud()", "LocalCloud(store='account.db')")
    done = pytest_in(tmp_path, "-p", "no:xdist", source=durable)
    assert done.returncode == 1
    assert "flow poll" not in done.stdout, "its store is closed"


def test_an_execution_that_goes_on_is_counted_on(cloud: LocalCloud) -> None:
    cloud.deploy(CALLBACK, functions=FUNCTIONS)
    run = cloud.run("callback")
    tally = Tally(Coverage())
    counts = []
    for _ in range(2):
        tally.count(cloud)
        counts.append((tally.clouds, tally.runs, tally.virtual, tally.coverage and tally.coverage.covered))
    run.succeed({"status": "ok"})
    cloud.advance(7)
    tally.count(cloud)
    counts.append((tally.clouds, tally.runs, tally.virtual, tally.coverage and tally.coverage.covered))
    assert counts == [(1, 1, 0, 1), (1, 1, 0, 1), (1, 1, 7, 2)]
    assert tally.coverage is not None
    (flow,) = tally.coverage
    assert set(flow.counts.values()) == {1}


def test_a_deleted_flow_was_run_all_the_same(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    cloud.run("poll", delay=5)
    cloud.flows.delete_flow("poll")
    tally = Tally(Coverage())
    tally.count(cloud)
    assert (tally.clouds, tally.runs) == (1, 1)


class Nobody:
    """Keeps no cloud, as the test run does that this test belongs to."""

    def opened(self, cloud: LocalCloud) -> None: ...

    def closing(self, cloud: LocalCloud) -> None: ...


def test_the_sums_keep_no_cloud_alive() -> None:
    nobody = Nobody()
    watch.watch(nobody)
    tally, cloud = Tally(), LocalCloud()
    tally.count(cloud)
    cloud.close()
    there = weakref.ref(cloud)
    del cloud
    gc.collect()
    watch.unwatch(nobody)
    assert there() is None
    assert (tally.clouds, tally.runs) == (1, 0)
