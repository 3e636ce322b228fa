"""Callback flows on Step Functions: topics that push, workers that are processes, people at a command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

import pytest

from fnfkit.cli import app
from fnfkit.ports import NotifyContentFormat, QueueAttributes
from fnfkit.workers import topic_handler
from tests.aws.conftest import Quiet
from tests.aws.moto_account import MotoAccount

ROOT = Path(__file__).parents[2]
FNFKIT = [sys.executable, "-c", "from fnfkit.cli.main import main; main()"]
TASK = """
version: v1
type: flow
steps:
  - type: task
    name: ask
    resourceArn: acs:mns:::/{target}/messages
    pattern: waitForCallback
    inputMappings:
      - {{target: task_token, source: $context.task.token}}
      - {{target: n, source: $input.n}}
    serviceParams: {{MessageBody: $}}
"""
HANDLERS = """
import pathlib, time

def handle(payload):
    with open("begun", "a") as effects:
        effects.write(f"{payload['n']}\\n")
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return {"n": payload["n"] * 2}
"""


@contextmanager
def subscriber(handler: Callable[..., Any]) -> Iterator[str]:
    """An HTTP endpoint for a topic to push to."""
    with make_server("127.0.0.1", 0, handler, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def until(condition: Callable[[], object], what: str) -> None:
    never = threading.Event()
    for _ in range(1_500):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError(f"within half a minute it did not happen that {what}")


@pytest.mark.parametrize("format", [NotifyContentFormat.JSON, NotifyContentFormat.SIMPLIFIED])
def test_a_topic_pushes_to_a_handler_that_reports(served: MotoAccount, format: NotifyContentFormat) -> None:
    """All of it over HTTP: the service, the push, and the report."""
    served.topics.create_topic("t")
    with subscriber(topic_handler(served.flows, lambda payload: {"double": payload["n"] * 2})) as url:
        served.topics.subscribe("t", "", url, format=format)
        served.flows.create_flow("f", TASK.format(target="topics/t"))
        served.flows.start_execution("f", name="e", input='{"n": 4}')
        ended = served.flows.describe_execution("f", "e", wait_seconds=30)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"double": 8})


def test_a_handler_that_fails_fails_its_step(served: MotoAccount) -> None:
    class Declined(Exception):
        pass

    def decline(payload: Any) -> None:
        raise Declined("no money")

    served.topics.create_topic("t")
    with subscriber(topic_handler(served.flows, decline)) as url:
        served.topics.subscribe("t", "", url)
        served.flows.create_flow("f", TASK.format(target="topics/t"))
        served.flows.start_execution("f", name="e", input='{"n": 4}')
        assert served.flows.describe_execution("f", "e", wait_seconds=30).status == "Failed"
    last = served.flows.get_execution_history("f", "e").items[-1]
    assert (last.detail["error"], last.detail["cause"]) == ("Declined", "no money")


class Bench:
    """A folder, and commands in it as processes of their own."""

    def __init__(self, folder: Path, account: MotoAccount) -> None:
        self.folder, self.account = folder, account
        (folder / "work.py").write_text(HANDLERS)
        account.queues.create_queue("q", QueueAttributes(visibility_timeout=2))
        account.flows.create_flow("f", TASK.format(target="queues/q"))
        self.processes: list[subprocess.Popen[bytes]] = []

    def work(self, *options: str) -> subprocess.Popen[bytes]:
        """A worker on the queue; its ledger is the folder's."""
        words = ["worker", "work:handle", "--queue", "q", "--target", "aws", "--ledger", "ledger.db", "--lease", "2"]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL": self.account.session.endpoint,
            "FNFKIT_ENDPOINT": "http://127.0.0.1:9",  # of the other cloud: not to be used
        }
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*FNFKIT, *words, *options], cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def begun(self) -> list[str]:
        path = self.folder / "begun"
        return path.read_text().split() if path.exists() else []

    def left(self) -> int:
        record = self.account.queues.get_queue_attributes("q")
        return record.active + record.inactive

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def bench(served: MotoAccount, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, served)
    yield bench
    bench.close()


def test_a_worker_that_is_killed_at_work_loses_nothing(bench: Bench) -> None:
    flows = bench.account.flows
    flows.start_execution("f", name="e", input='{"n": 4}')
    first = bench.work()
    until(lambda: bench.begun() == ["4"], "the first worker begins")
    first.send_signal(signal.SIGKILL)
    first.wait()
    (bench.folder / "go").touch()
    second = bench.work()
    ended = flows.describe_execution("f", "e", wait_seconds=30)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"n": 8})
    assert bench.begun() == ["4", "4"]
    until(lambda: bench.left() == 0, "the message is deleted")
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0, (bench.folder / "worker.log").read_text()
    log = (bench.folder / "worker.log").read_text()
    assert "1 received, 1 succeeded" in log


def test_people_report_from_the_command_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", bench.account.session.endpoint)
    flows = bench.account.flows
    for name in ("good", "bad"):
        flows.start_execution("f", name=name, input='{"n": 1}')
    until(lambda: bench.left() == 2, "both wait")

    def said(*words: str) -> Any:
        assert app.run([*words, "--target", "aws", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["data"]

    waiting = {task["execution"]: task for task in said("tasks", "ls")}
    assert {(task["flow"], task["step"]) for task in waiting.values()} == {("f", "ask")}
    assert waiting.keys() == {"good", "bad"}
    short = waiting["good"]["token"][-10:]
    said("tasks", "succeed", short, "--output", '{"by": "hand"}')
    said("tasks", "fail", waiting["bad"]["token"], "--error", "Declined", "--cause", "by hand")
    good, bad = (flows.describe_execution("f", name, wait_seconds=10) for name in ("good", "bad"))
    assert (good.status, json.loads(good.output), bad.status) == ("Succeeded", {"by": "hand"}, "Failed")
    assert said("tasks", "ls", "f") == []
    assert app.run(["tasks", "succeed", waiting["good"]["token"], "--target", "aws"]) == 1
    assert "TaskAlreadyCompleted" in capsys.readouterr().err


def test_dead_letters_are_shown_and_sent_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", bench.account.session.endpoint)
    bench.account.queues.send_message("q", "no task")
    worker = bench.work()
    until(lambda: bench.left() == 0, "the message is parked")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert app.run(["worker", "dlq", "ls", "q", "--target", "aws", "--json"]) == 0
    (letter,) = json.loads(capsys.readouterr().out)["data"]
    assert (letter["queue"], letter["body"], letter["deliveries"]) == ("q", "no task", 1)

    def sent() -> list[str]:
        assert app.run(["worker", "dlq", "redrive", "q", "--target", "aws", "--json"]) == 0
        found: list[str] = json.loads(capsys.readouterr().out)["data"]["sent"]
        return found

    until(sent, "the letter, which was borrowed for a second, is sent back")
    assert bench.left() == 1


def test_asynchronous_tasks_are_the_other_cloud_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["tasks", "ls", "--function", "f", "--target", "aws"]) == 2
    assert "leave --function or --target out" in capsys.readouterr().err


def test_no_credentials_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert app.run(["tasks", "ls", "--target", "aws"]) != 0
    assert "set AWS_ACCESS_KEY_ID" in capsys.readouterr().err
