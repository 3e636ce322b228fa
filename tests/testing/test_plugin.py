"""The pytest plugin, as projects see it: in runs of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from fnfkit.ports import FlowNotExists
from fnfkit.testing import LocalCloud, Run
from fnfkit.testing.real import NoOfficialDoor, RealCloud, official_flows
from tests.testing.flows import BOOKED, CALL, FUNCTIONS, POLL, TRANSACTION

PROJECT = f"""
import pytest
from pathlib import Path
from fnfkit import App, elsewhere
from fnfkit.testing import error, undone_or_succeeded

POLL = Path({str(POLL)!r})

@pytest.mark.parametrize("delay", [5, 20, 60])
def test_poll(cloud, delay):
    cloud.deploy(POLL, functions={str(FUNCTIONS)!r})
    run = cloud.run("poll", delay=delay)
    assert run.ended

def test_that_fails(run_flow, cloud):
    cloud.stub("GetJobStatus", error("Broken", "<b>"))
    cloud.stub("StartJob", {{"job_id": "1"}})
    assert run_flow(POLL, delay=1).status == "Succeeded"
"""


def pytest_in(folder: Path, *options: str, source: str = PROJECT) -> subprocess.CompletedProcess[str]:
    (folder / "test_project.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def coverage_lines(out: str) -> list[str]:
    return [line for line in out.splitlines() if re.match(r"(poll|total) ", line)]


def test_a_failed_test_shows_what_happened_and_coverage_decides(tmp_path: Path) -> None:
    reports = ("--fnf-cov-report=term", "--fnf-cov-report=json:out/c.json", "--fnf-cov-report=html")
    done = pytest_in(tmp_path, "-p", "no:xdist", *reports, "--fnf-cov-report=lcov", "--fnf-cov-fail-under=99")
    assert done.returncode == 1
    assert "flow poll, run-1: Failed" in done.stdout
    assert re.search(r"TaskFailed +GetJobStatus +Broken", done.stdout)
    page = Path(re.search(r"report: (.+)", done.stdout)[1])  # type: ignore[index]
    assert page.parent == tmp_path / ".fnfkit" / "reports"
    assert "&lt;b&gt;" in page.read_text()
    assert (page.parent / ".gitignore").read_text() == "*\n"
    assert [line.split()[:4] for line in coverage_lines(done.stdout)] == [
        ["poll", "19", "1", "94.7%"],
        ["total", "19", "1", "94.7%"],
    ]
    assert "flow coverage 94.73% is below the 99% asked for" in done.stdout
    assert "flows: 4 runs on 4 clouds, 1 min 50 s of virtual time in" in done.stdout
    assert json.loads((tmp_path / "out" / "c.json").read_text())["taken"] == 18
    assert (tmp_path / "fnf-coverage.html").exists()
    assert f"SF:{POLL}" in (tmp_path / "fnf-coverage.lcov").read_text()


def test_too_little_coverage_fails_tests_that_pass(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "-p", "no:xdist", "-k", "test_poll", "--fnf-cov-fail-under=99")
    assert done.returncode == 1
    assert "3 passed" in done.stdout
    assert pytest_in(tmp_path, "-p", "no:xdist", "-k", "test_poll", "--fnf-cov-fail-under=94").returncode == 0


def test_workers_of_xdist_add_up(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "-n", "2", "-k", "test_poll", "--fnf-cov")
    assert done.returncode == 0, done.stdout
    assert coverage_lines(done.stdout)[0].split()[:4] == ["poll", "19", "1", "94.7%"]
    assert "flows: 3 runs on 3 clouds, 1 min 40 s of virtual time" in done.stdout


CHAOS = """
import itertools
import pytest
from pathlib import Path
from fnfkit.testing import undone_or_succeeded
SAGA = {"BuyTrainTicket": "CancelTrainTicket", "ReserveFlight": "CancelFlight"}
GOOD = {f"{what}_result": True for what in ("buy_train_ticket", "reserve_flight", "reserve_hotel")}

@pytest.mark.invariants(undone_or_succeeded(SAGA))
@pytest.mark.parametrize("flow", ["PRINTED", "MENDED"])
def test_books(cloud, flow):
    numbers = itertools.count()
    cloud.stub("Operation", lambda event: {event["operation"] + "_txnID": f"id-{next(numbers)}"})
    cloud.run(Path(flow), GOOD).expect(status="Succeeded")
"""


def test_chaos_breaks_what_tests_with_sunshine_do_not(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    source = CHAOS.replace("PRINTED", str(root / "tests/data/printed/booking.fdl.yml"))
    source = source.replace("MENDED", str(root / "templates/transaction/flow.fdl.yml"))
    assert pytest_in(tmp_path, "-p", "no:xdist", source=source).returncode == 0
    done = pytest_in(tmp_path, "-p", "no:xdist", "--fnf-chaos=400", source=source)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "BuyTrainTicket was completed" in done.stdout
    assert "Answer('ReserveFlight', 1, Error('FC.Unknown'))" in done.stdout


WRONG = """
import pytest

@pytest.mark.target("moon")
def test_target(cloud): ...

@pytest.mark.seed(1, 2)
def test_seed(cloud): ...

@pytest.mark.latency("soon")
def test_latency(cloud): ...

@pytest.mark.target("real")
def test_real(cloud): ...

@pytest.mark.seed(7)
@pytest.mark.latency(1.5)
def test_right(cloud):
    assert (cloud.seed, cloud.faults.seed) == (7, 7)
"""


def test_markers_are_checked_and_the_real_account_is_not_touched_unasked(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "-p", "no:xdist", "-rs", "--strict-markers", source=WRONG)
    assert "1 passed, 1 skipped, 3 errors" in done.stdout
    assert "the targets are local, served, real" in done.stdout
    assert "@pytest.mark.seed takes one argument" in done.stdout
    assert "@pytest.mark.latency takes a number, not 'soon'" in done.stdout
    assert "ask for that with --fnf-real" in done.stdout
    usage = pytest_in(tmp_path, "-p", "no:xdist", "--fnf-cov-report=pdf")
    assert usage.returncode == 4
    assert "expected term, json, html or lcov" in usage.stderr


FAULTS = f"""
import pytest
from pathlib import Path
from fnfkit.testing import LocalCloud

POLL = Path({str(POLL)!r})

@pytest.fixture(scope="module")
def shared():
    with LocalCloud() as cloud:
        cloud.faults.delay("GetJobStatus", 1)
        cloud.faults.delay("GetJobStats", 1)
        yield cloud

@pytest.fixture(autouse=True)
def functions(cloud, shared):
    for one in (cloud, shared):
        one.deploy(POLL, functions={str(FUNCTIONS)!r})

def test_good(cloud):
    cloud.faults.fail("GetJob*", "FC.Unknown")
    cloud.faults.fail("Nobody", optional=True)
    cloud.run("poll", delay=5)

def test_misspelt(cloud):
    cloud.faults.fail("GetJobStats", "FC.Unknown")
    cloud.run("poll", delay=5)

def test_fails_anyway(cloud):
    cloud.faults.fail("GetJobStats", "FC.Unknown")
    assert cloud.run("poll", delay=5).status == "Failed"

def test_by_hand():
    with LocalCloud() as cloud:
        cloud.faults.drop_messages("jobs")

def test_last(shared):
    shared.run("poll", delay=5)
"""


def test_a_fault_that_met_nothing_fails_a_test_that_passed(tmp_path: Path) -> None:
    done = pytest_in(tmp_path, "-p", "no:xdist", "-rE", source=FAULTS)
    assert "4 passed, 3 errors" in done.stdout.replace("1 failed, ", ""), done.stdout
    errors = re.findall(r"^ERROR test_project.py::(\w+)", done.stdout, re.M)
    assert errors == ["test_misspelt", "test_by_hand", "test_last"]
    told = re.findall(r"^the fault fail 'GetJobStats' met nothing; did you mean GetJobStatus\?$", done.stdout, re.M)
    assert len(told) == 1, done.stdout
    assert "the fault drop message 'jobs' met nothing; what came by: nothing" in done.stdout
    assert "the fault delay 'GetJobStats' met nothing" in done.stdout


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    reports = [f"--fnf-cov-report={kind}" for kind in ("json:taken/c.json", "html:.", "lcov:fine/c.lcov")]
    failing = ("-p", "no:xdist", "-k", "test_that_fails", "--fnf-report=taken/pages")
    done = pytest_in(tmp_path, "-p", "no:xdist", "-k", "test_poll", *reports)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert f"cannot be written to {tmp_path / 'taken' / 'c.json'}: File exists; name another file" in done.stdout
    assert f"cannot be written to {tmp_path}: Is a directory; name another file" in done.stdout
    assert f"written: {tmp_path / 'fine' / 'c.lcov'}" in done.stdout
    failed = pytest_in(tmp_path, *failing)
    assert failed.returncode == 1
    assert "INTERNALERROR" not in failed.stdout
    assert re.search(r"TaskFailed +GetJobStatus +Broken", failed.stdout)
    assert re.search(r"report: cannot be written to .*taken/pages/.*: Not a directory; name another", failed.stdout)


def test_a_run_without_flows_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("TMPDIR", str(shared))
    source = "import os\ndef test_it(): assert not os.path.exists(os.environ['FNFKIT_TEST_RUN'])\n"
    assert pytest_in(tmp_path, "-p", "no:xdist", source=source).returncode == 0
    assert list(shared.iterdir()) == []


def test_a_process_that_outlives_the_test_run_leaves_nothing(tmp_path: Path) -> None:
    over = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    folder = tmp_path / f"fnfkit-{int(over.stdout)}-x"
    code = "from fnfkit.testing import LocalCloud\nLocalCloud().close()"
    late = {**os.environ, "FNFKIT_TEST_RUN": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], env=late, capture_output=True, text=True, check=True)
    assert (done.stderr, folder.exists()) == ("", False)


def test_the_plugin_costs_nothing_until_it_is_used() -> None:
    """W9: at most 20 ms; the best of five, since machines are busy."""
    code = (
        "import pytest, sys, time; began = time.perf_counter(); import fnfkit.testing.plugin; "
        "spent = time.perf_counter() - began; "
        "print(spent, sum(name.startswith('fnfkit.') for name in sys.modules))"
    )
    found = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(5)
    ]
    assert min(float(spent) for spent, _ in found) < 0.020
    assert {modules for _, modules in found} == {"2"}, "the package fnfkit.testing and the plugin, nothing else"


def test_the_real_account_is_reached_through_the_port(cloud: LocalCloud) -> None:
    """Another account stands for the real one: what `RealCloud` needs is the port."""
    cloud.deploy(POLL, functions=FUNCTIONS)
    cloud.stub("f", {"n": 1})
    with RealCloud(cloud.cloud.flows, poll=0.0) as real:
        run = real.start(CALL)
        cloud.run_until_idle()
        real.finish(run)
        assert isinstance(run, Run)
        run.expect(status="Succeeded", output={"n": 1}, path=["Call", "Done"])
        assert real.deploy(POLL) == "poll"
        with pytest.raises(TypeError, match="the real account has no stubs"):
            real.stub("f", {})
        assert [flow.name for flow in cloud.cloud.flows.list_flows().items] == ["flow", "poll"]
    assert [flow.name for flow in cloud.cloud.flows.list_flows().items] == ["poll"], "only what it had made is gone"


MACHINE = """
Type: StateMachine
SpecVersion: v1
Name: machine
StartAt: Done
States:
  - {Type: Succeed, Name: Done}
"""


def test_calls_on_the_real_account_are_told_by_histories(cloud: LocalCloud) -> None:
    cloud.deploy(TRANSACTION, functions=FUNCTIONS)
    cloud.deploy(MACHINE, name="machine")
    with RealCloud(cloud.cloud.flows, poll=0.0) as real:
        run = real.start(TRANSACTION, {**BOOKED, "reserve_hotel_result": False})
        cloud.run_until_idle()
        assert run.calls() == list(cloud.calls.of(execution=run.name))
        hotel = run.calls("Operation", step="ReserveHotel")
        assert [(call.attempt, call.error) for call in hotel] == [(number, "FC.Unknown") for number in range(4)]
        with pytest.raises(TypeError, match="the history of machine shows no calls"):
            real.start("machine").calls()


def test_the_real_account_is_left_as_it_was(cloud: LocalCloud) -> None:
    flows = cloud.cloud.flows
    for name in ("poll", "flow"):
        flows.create_flow(name, CALL)
    timer = import_module("templates.timer.app").app
    ((timed, _),) = timer.flows.items()
    with RealCloud(flows, poll=0.0) as real:
        real.deploy(POLL)
        real.deploy(POLL.read_text("utf-8") + "# changed\n", name="poll")
        real.deploy(timer)
        assert {flow.name for flow in flows.list_flows().items} == {"poll", "flow", timed}
        assert flows.describe_flow("poll").definition.endswith("# changed\n")
        assert list(flows.list_schedules(timed).items) == [], "it would go off in the real account"
        real.deploy(CALL, name="gone")
        flows.delete_flow("gone")
        with pytest.raises(FlowNotExists):
            real.close()
    assert {flow.name: flow.definition for flow in flows.list_flows().items} == {"poll": CALL, "flow": CALL}


REAL = """
import pytest

@pytest.mark.target("real")
def test_real(cloud):
    cloud.run("version: v1")
"""


def test_without_credentials_the_real_account_says_what_is_missing(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ALIBABA")}
    environment["HOME"] = str(tmp_path)
    (tmp_path / "test_project.py").write_text(REAL)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--fnf-real"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "1 error" in done.stdout
    assert "the real account cannot be used: no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID" in done.stdout
    assert "Traceback" not in done.stdout and "site-packages" not in done.stdout


def test_coverage_of_nothing_is_not_enough(tmp_path: Path) -> None:
    source = "def test_nothing(): ..."
    done = pytest_in(tmp_path, "-p", "no:xdist", "--fnf-cov-fail-under=1", source=source)
    assert done.returncode == 1
    assert "no flow was executed, and 1% of flow coverage was asked for" in done.stdout
    assert pytest_in(tmp_path, "-p", "no:xdist", "--fnf-cov-fail-under=0", source=source).returncode == 0
    collected = pytest_in(tmp_path, "-p", "no:xdist", "--fnf-cov-fail-under=1", "--collect-only", source=source)
    assert collected.returncode == 0


def test_without_an_official_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnfkit.testing.real.entry_points", lambda group: [])
    with pytest.raises(NoOfficialDoor, match="install fnfkit itself again"):
        official_flows()
