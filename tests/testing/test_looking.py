"""Looking at runs is no part of what is tested: no fault, limit or name disturbs it; what is printed stays in line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fnfkit.ports import Fault
from fnfkit.testing import Coverage, LocalCloud, error
from fnfkit.testing.faults import CannotWait, NoAnswer
from fnfkit.testing.power import CannotCrash
from fnfkit.testing.real import official_flows
from fnfkit.testing.run import ExpectationFailed
from fnfkit.testing.tally import Tally
from tests.testing.flows import BOOKED, CALL, TRANSACTION

APPROVALS = """
version: v1
type: flow
steps:
  - type: parallel
    name: Both
    branches:
      - steps: [{type: task, name: Mine, resourceArn: 'acs:fc:::services/s/functions/f', pattern: waitForCallback}]
      - steps: [{type: task, name: Yours, resourceArn: 'acs:fc:::services/s/functions/f', pattern: waitForCallback}]
"""

PROJECT = f'''
import pytest
from fnfkit.testing import error

CALL = """{CALL}"""

def test_looking_fails(cloud):
    cloud.stub("f", error("Broken"))
    cloud.faults.fail("DescribeExecution", times=1000)
    cloud.faults.throttle("GetExecutionHistory", times=1000)
    cloud.run(CALL).expect(status="Succeeded")

@pytest.mark.throttling
def test_limits(cloud):
    cloud.stub("f", {{}})
    runs = [cloud.start(CALL) for _ in range(70)]
    assert [run.status for run in runs] == []

@pytest.mark.target("served")
def test_served(cloud):
    cloud.stub("f", error("Broken"))
    cloud.run(CALL)
    cloud.faults.fail("*Execution*", times=1000)
    assert False

@pytest.fixture
def broken(cloud):
    cloud.stub("f", error("Broken"))
    assert cloud.run(CALL).status == "Succeeded"

def test_set_up(broken): ...

@pytest.mark.parametrize("path", ["a/b", "c/b"])
def test_names(cloud, path):
    cloud.stub("f", error("Broken"))
    cloud.deploy(CALL, name="f" * 128)
    assert cloud.run("f" * 128, name="e" * 128).status == "Succeeded"
'''


def test_reports_are_made_whatever_faults_and_limits_there_are(tmp_path: Path) -> None:
    (tmp_path / "test_project.py").write_text(PROJECT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--fnf-cov"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "5 failed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout
    assert done.stdout.count("report: ") == 1 + 3 + 1 + 1 + 2
    pages = re.findall(r"report: (.+)", done.stdout)
    assert len(set(pages)) == len(pages), "every test has pages of its own"
    assert all("Timeline" in Path(page).read_text("utf-8") for page in pages)
    assert "flows: 75 runs on 6 clouds" in done.stdout


def test_a_run_is_looked_at_without_using_up_faults(cloud: LocalCloud) -> None:
    cloud.stub("f", {"n": 1})
    cloud.faults.fail("DescribeExecution")
    run = cloud.run(CALL)
    run.expect(status="Succeeded", output={"n": 1})
    with pytest.raises(NoAnswer):
        cloud.flows.describe_execution("flow", run.name)


def test_who_calls_a_slow_operation_waits(cloud: LocalCloud) -> None:
    cloud.stub("f", {"n": 1})
    cloud.faults.delay("StartExecution", 3)
    cloud.faults.delay("SendMessage", 4)
    cloud.queues.create_queue("jobs")
    assert cloud.run(CALL).output == {"n": 1}
    assert cloud.elapsed == 3
    assert cloud.queues.send_message("jobs", "late").id
    assert (cloud.elapsed, cloud.queues.get_queue_attributes("jobs").active) == (7, 1)


def test_a_served_cloud_keeps_nobody_waiting_but_reports(cloud: LocalCloud) -> None:
    cloud.faults.delay_callbacks(seconds=5, optional=True)
    with cloud.serve():
        cloud.faults.delay("StartExecution", 3)
        with pytest.raises(CannotWait, match="cannot delay StartExecution"):
            cloud.flows.start_execution("flow")
    with pytest.raises(CannotWait, match="cannot delay StartExecution"), cloud.serve():
        pass


def test_an_answer_that_is_lost_over_http_is_no_answer(cloud: LocalCloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.deploy(CALL)
    cloud.faults.fail("DescribeExecution", times=2)
    with cloud.serve() as endpoint:
        flows = official_flows(endpoint)
        flows.start_execution("flow", name="one")
        for _ in range(2):
            with pytest.raises(Fault, match="no answer to DescribeExecution"):
                flows.describe_execution("flow", "one")
        assert flows.describe_execution("flow", "one").name == "one"
    assert not [entry.getMessage() for entry in caplog.records if entry.name.startswith(("uvicorn", "fnfkit"))]


def test_a_cloud_that_was_served_is_as_it_was(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    cloud.deploy(CALL)
    cloud.faults.fail("StartExecution", after=1)
    with pytest.raises(ZeroDivisionError), cloud.serve():
        raise ZeroDivisionError
    cloud.flows.start_execution("flow", name="first")
    with pytest.raises(NoAnswer):
        cloud.flows.start_execution("flow", name="second")
    cloud.crash()
    assert cloud.run("flow", name="third").status == "Succeeded"
    cloud.faults.crash("Call", optional=True)
    with pytest.raises(CannotCrash), cloud.serve():
        pass


def test_tokens_that_were_reported_on_are_over(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    for first, second in (("Mine", "Yours"), ("Yours", "Mine")):
        run = cloud.run(APPROVALS)
        assert run.succeed(step=first).status == "Running"
        with pytest.raises(ExpectationFailed, match=f"no step {first} waits for a callback"):
            run.token(first)
        assert run.token() == run.token(second)
        assert run.succeed().status == "Succeeded"


def test_line_ends_and_commands_to_terminals_are_shown_not_obeyed(cloud: LocalCloud) -> None:
    cloud.stub("f", error("Bad\x1b[31m", "one\ntwo\x07 \u202e und Grüße, 你好"))
    with pytest.raises(ExpectationFailed) as failed:
        cloud.run(CALL).expect(status="Succeeded")
    lines = str(failed.value).splitlines()
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 3 + 1 + 7, "a title, what differs, an empty line, the heads, and a line for each event"
    assert "Bad\\x1b[31m" in lines[-1]
    assert "你好" in lines[-1]


def test_a_single_step_replaces_no_flow_and_counts_for_its_own(cloud: LocalCloud) -> None:
    cloud.stub("Operation", error("FC.Unknown"))
    cloud.deploy(TRANSACTION)
    cloud.step("transaction", "ReserveHotel", input=BOOKED, local={"kept": 1}).expect(output={"kept": 1}, elapsed=7)
    cloud.stub("Operation", {})
    cloud.step(TRANSACTION, "CancelTrainTicket", local={"buy_train_ticket_txnID": "id"}).expect(elapsed=0)
    tally = Tally(Coverage())
    tally.count(cloud)
    assert tally.coverage is not None
    (flow,) = tally.coverage
    assert flow.name == "transaction"
    assert {str(arm) for arm in flow.covered} == {
        *("step ReserveHotel", "ReserveHotel -> CancelFlight", "ReserveHotel: catch 1 (FnF.ALL)"),
        *("ReserveHotel: retry 1 (FC.Unknown)", "step CancelTrainTicket"),
        "CancelTrainTicket -> OrderFailed",
    }
    assert cloud.run("transaction", BOOKED).path[0] == "BuyTrainTicket"


def test_a_single_step_gives_its_local_whatever_the_flow_gives(cloud: LocalCloud) -> None:
    cloud.stub("f", {"n": 1})
    text = CALL.replace("steps:", "outputMappings: [{target: only, source: $local.n}]\nsteps:", 1)
    run = cloud.step(text, "Call", local={"kept": True})
    assert run.output == {"kept": True, "n": 1}
    assert cloud.run(text).output == {"only": 1}
    assert cloud.run("flow").path == ["Call", "Done"]
    assert cloud.step(text, "Done").path == ["Given", "Done"]
