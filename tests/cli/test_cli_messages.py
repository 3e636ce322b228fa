"""Queues, topics and workers from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.server.account import serving_account
from tests.cli.conftest import TEMPLATES, Cli

QUEUE_WORKER = (TEMPLATES / "queue-worker" / "flow.fdl.yml").read_text()


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A served account with its Message Service, which the environment points to."""
    with Cloud(clock=VirtualClock(grace=0.01)) as cloud, serving_account(cloud) as listening:
        monkeypatch.setenv("FNFKIT_ENDPOINT", listening.endpoint)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", DEFAULT_KEY_ID)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", DEFAULT_KEY_SECRET)
        yield cloud


def test_the_life_of_a_queue(cli: Cli, messages: Cloud) -> None:
    assert cli("queues", "ls").out == "no queues\n"
    assert cli("queues", "create", "q", "--visibility", "60").out == "queue q created\n"
    assert cli("queues", "create", "q", "--visibility", "60").out == "queue q was there\n"
    assert cli("queues", "send", "q", "hello", "--priority", "2").exit == 0
    assert cli("queues", "send", "q", "later", "--delay", "60").exit == 0
    (listed,) = cli("queues", "ls", "--json").data  # type: ignore[misc]
    assert (listed["name"], listed["visibility_timeout"], listed["active"], listed["delayed"]) == ("q", 60, 1, 1)
    assert cli("queues", "ls").out.splitlines()[1].split()[:4] == ["q", "1", "0", "1"]
    assert "hello" in cli("queues", "peek", "q").out
    assert cli("queues", "purge", "q").out == "1 messages deleted\n"
    assert cli("queues", "peek", "q").out == "no active messages\n"
    assert cli("queues", "rm", "q").exit == 0
    gone = cli("queues", "send", "q", "x", "--json")
    assert (gone.exit, gone.error["code"]) == (1, "QueueNotExist")


def test_the_life_of_a_topic(cli: Cli, messages: Cloud) -> None:
    to = f"acs:mns:cn-hangzhou:{messages.account_id}:queues/q"
    cli("queues", "create", "q")
    assert cli("topics", "ls").out == "no topics\n"
    assert cli("topics", "create", "t").out == "topic t created\n"
    assert cli("topics", "subscribe", "t", "s", "--to", to, "--format", "SIMPLIFIED", "--tag", "red").exit == 0
    assert cli("topics", "ls").out.splitlines()[1].split() == ["t", "s", "SIMPLIFIED", "red", to]
    assert cli("topics", "publish", "t", "hello", "--tag", "red").exit == 0
    messages.run_until(lambda: messages.queues.get_queue_attributes("q").active == 1)
    assert messages.queues.receive_message("q").body == "hello"
    wrong = cli("topics", "subscribe", "t", "s2", "--to", "nowhere", "--json")
    assert (wrong.exit, wrong.error["code"]) == (1, "EndpointInvalid")
    assert cli("topics", "unsubscribe", "t", "s").exit == 0
    assert cli("topics", "rm", "t").exit == 0
    assert cli("topics", "ls", "--json").data == []


def test_dead_letters_are_listed_and_sent_back(cli: Cli, messages: Cloud) -> None:
    assert cli("worker", "dlq", "ls", "fnf-demo").out == "no dead letters\n"
    letter = '{"queue": "fnf-demo", "body": "text", "reason": "no token", "message_id": "m", "deliveries": 3}'
    for queue in ("fnf-demo", "fnf-demo-dlq"):
        messages.queues.create_queue(queue)
    messages.queues.send_message("fnf-demo-dlq", letter)
    assert cli("worker", "dlq", "ls", "fnf-demo").out.splitlines()[1].split() == ["m", "3", "no", "token", "text"]
    assert cli("worker", "dlq", "redrive", "fnf-demo").out == "1 messages sent back to fnf-demo\n"
    assert messages.queues.receive_message("fnf-demo").body == "text"


@pytest.mark.parametrize("handler", ["nowhere:handle", "os", "os:nothing", "os:sep", ":"])
def test_a_handler_that_is_not_there_is_said_so(cli: Cli, messages: Cloud, handler: str) -> None:
    said = cli("worker", handler, "--queue", "q", "--json")
    assert (said.exit, said.error["code"]) == (2, "HandlerNotFound")


def test_a_worker_process_works_drains_on_sigterm_and_exits_with_zero(messages: Cloud, tmp_path: Path) -> None:
    messages.queues.create_queue("fnf-demo")
    messages.flows.create_flow("f", QUEUE_WORKER)
    messages.flows.start_execution("f", name="e", input="{}")
    (tmp_path / "work.py").write_text("def handle(payload):\n    return {'done': payload['key']}\n")
    ended = threading.Event()
    messages.flows.on_end("f", "e", ended.set)
    words = ["worker", "work:handle", "--queue", "fnf-demo", "--concurrency", "2", "--ledger", "ledger", "--json"]
    worker = subprocess.Popen(
        [Path(sys.executable).with_name("fnfkit"), *words],
        cwd=tmp_path,
        env={**os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ended.wait(20)
    worker.send_signal(signal.SIGTERM)
    out, err = worker.communicate(timeout=30)
    assert worker.returncode == 0, err
    assert '"succeeded": 3' in out
    assert json.loads(messages.flows.describe_execution("f", "e").output) == {"done": "value"}
    assert DEFAULT_KEY_SECRET not in out + err
