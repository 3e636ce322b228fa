"""Workers as processes: signals, exit codes, a server that is not there, what is logged."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns

import pytest

from fnfkit.cloud.ram import DEFAULT_KEY_SECRET
from fnfkit.ports import QueueAttributes
from tests.workers.conftest import FLOW
from tests.workers.processes import SECONDS, Site, until

HANDLERS = """
import os, pathlib, time

def handle(payload):
    with open("begun", "a") as effects:
        effects.write(f"{payload['n']}\\n")
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    with open("done", "a") as effects:
        effects.write(f"{payload['n']}\\n")
    return {"n": payload["n"]}

def crash(payload):
    raise SystemExit(5)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    (tmp_path / "work.py").write_text(HANDLERS)
    yield site
    site.close()


def begin(site: Site, count: int, visibility: int = 30) -> None:
    site.serve()
    site.queues.create_queue("fnf-demo", QueueAttributes(visibility_timeout=visibility))
    site.flows.create_flow("f", FLOW)
    for n in range(count):
        site.flows.start_execution("f", name=f"e{n}", input=json.dumps({"n": n}))
    until(lambda: site.left() == count, "every task has its message")


def effects(site: Site, name: str) -> list[int]:
    path = site.folder / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def ended(site: Site, n: int) -> bool:
    return site.flows.describe_execution("f", f"e{n}").status == "Succeeded"


def logged(site: Site) -> list[dict[str, object]]:
    return [json.loads(line) for line in site.log().splitlines() if line.startswith("{")]


def test_sigterm_in_the_middle_of_eight_handlers_loses_nothing(site: Site) -> None:
    begin(site, 12)
    worker = site.work("work:handle", "--concurrency", "8", "--ledger", "ledger.db")
    until(lambda: len(effects(site, "begun")) == 8, "eight handlers run")
    worker.send_signal(signal.SIGTERM)
    until(lambda: site.queues.get_queue_attributes("fnf-demo").active > 0, "the buffer is given back")
    assert effects(site, "done") == []
    (site.folder / "go").touch()
    assert worker.wait(SECONDS) == 0
    assert sorted(effects(site, "done")) == sorted(effects(site, "begun"))
    assert len(effects(site, "done")) == 8
    assert [ended(site, n) for n in effects(site, "done")] == [True] * 8
    assert site.left() == 4
    other = site.work("work:handle", "--concurrency", "8", "--ledger", "ledger.db")
    until(lambda: all(ended(site, n) for n in range(12)), "another worker does the rest")
    until(lambda: site.left() == 0, "no message is left")
    other.send_signal(signal.SIGTERM)
    assert other.wait(SECONDS) == 0
    assert sorted(effects(site, "begun")) == list(range(12))


def test_a_handler_slower_than_the_visibility_timeout_gets_its_message_once(site: Site) -> None:
    begin(site, 1, visibility=1)
    site.work("work:handle", "--concurrency", "2", "--lease", "2")
    until(lambda: effects(site, "begun") == [0], "the handler runs")
    times: set[int] = set()

    def outlived() -> bool:
        record = site.queues.get_queue_attributes("fnf-demo")
        assert (record.active, record.inactive) == (0, 1), "the message is visible to others while its handler runs"
        times.add(monotonic_ns() // 1_000_000_000)
        return len(times) > 4

    until(outlived, "three timeouts have passed")
    (site.folder / "go").touch()
    until(lambda: ended(site, 0), "the task is reported")
    until(lambda: site.left() == 0, "the message is deleted")
    assert effects(site, "begun") == [0]


def test_what_runs_longer_than_the_drain_timeout_is_told_by_the_exit_code(site: Site) -> None:
    begin(site, 1)
    worker = site.work("work:handle", "--drain-timeout", "0.1")
    until(lambda: effects(site, "begun") == [0], "the handler runs")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 1
    assert site.left() == 1


def test_a_lost_handler_is_told_by_the_exit_code(site: Site) -> None:
    begin(site, 1)
    assert site.work("work:crash").wait(SECONDS) == 2
    assert site.left() == 1, "another worker gets the message"


def test_a_server_that_comes_later_is_waited_for(site: Site) -> None:
    (site.folder / "go").touch()
    worker = site.work("work:handle")
    until(lambda: "cannot receive from fnf-demo" in site.log(), "the worker has complained")
    begin(site, 1)
    until(lambda: ended(site, 0), "the task is done")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("distribution", ["aliyun-mns-sdk", "aliyun-mns 1.1.5"])
def test_the_log_is_of_json_lines_with_fields_and_has_no_secret(site: Site, distribution: str) -> None:
    if distribution == "aliyun-mns 1.1.5":
        site.path.insert(0, str(Path(sys.prefix) / "mns-1.1.5"))
    begin(site, 1)
    (site.folder / "go").touch()
    worker = site.work("work:handle")
    until(lambda: site.left() == 0, "the message is deleted")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    (settled,) = [line for line in logged(site) if line.get("settlement") == "delete"]
    assert settled.keys() >= {"time", "level", "logger", "message", "queue", "message_id", "deliveries", "reason"}
    counters = [line["counters"] for line in logged(site) if "counters" in line][-1]
    assert isinstance(counters, dict)
    assert (counters["received"], counters["succeeded"]) == (1, 1)
    token = site.flows.get_execution_history("f", "e0").items[4].detail["output"]["taskToken"]
    assert token
    assert token not in site.log()
    assert DEFAULT_KEY_SECRET not in site.log()


def test_a_terminal_shows_the_counters_as_they_change(site: Site) -> None:
    begin(site, 3)
    (site.folder / "go").touch()
    leader, follower = pty.openpty()
    site.terminal = follower
    worker = site.work("work:handle", "--concurrency", "2")
    os.close(follower)
    until(lambda: site.left() == 0, "the tasks are done")
    os.set_blocking(leader, False)
    shown = bytearray()

    def counted() -> bool:
        with suppress(BlockingIOError):
            shown.extend(os.read(leader, 65_536))
        return re.search(rb"succeeded.{0,30}3", shown, re.DOTALL) is not None

    until(counted, "the terminal shows three tasks")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    os.close(leader)
    assert b"fnf-demo" in shown
    assert b'"level"' not in shown
    assert "3 succeeded" in site.log(), "the result is data, on standard output"


def test_no_accepted_message_is_lost_when_the_server_is_killed(site: Site) -> None:
    site.serve()
    site.queues.create_queue("q")
    accepted: set[str] = set()
    for round in range(3):
        for number in range(40):
            body = f"{round}-{number}"
            site.queues.send_message("q", body)
            accepted.add(body)
        site.kill_server()
        site.serve()
        site.reconnect()
    found = set()
    while len(found) < len(accepted):
        messages = site.queues.batch_receive_message("q", 16)
        assert [message.dequeue_count for message in messages] == [1] * len(messages)
        found.update(message.body for message in messages)
    assert found == accepted
