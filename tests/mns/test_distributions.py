"""Both distributions of the official package do the same, and with neither does a secret come out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fnfkit.server.listener import serving
from fnfkit.server.mns import mns_service
from fnfkit.server.mns_auth import MnsVerifier
from tests.mns.accounts import Messages

ROOT = Path(__file__).parents[2]
OLDER = Path(sys.prefix) / "mns-1.1.5"
DISTRIBUTIONS = {"aliyun-mns-sdk": "", "aliyun-mns 1.1.5": str(OLDER)}
KEY, SECRET = "LTAItestkey", "the-secret-nobody-may-see"

THROUGH_THE_PORT = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from fnfkit.aliyun.mns_client import MnsClient
from fnfkit.aliyun.queues import MnsQueues
from fnfkit.aliyun.session import Key
from fnfkit.aliyun.topics import MnsTopics
from fnfkit.ports import Fault, Message

endpoint, id, secret = sys.argv[1:]
client = MnsClient(endpoint, Key(id, secret))
queues, topics = MnsQueues(client), MnsTopics(client)
queues.create_queue("q")
queues.send_message("q", "x")
queues.batch_send_message("q", [Message("y")])
queues.peek_message("q")
message = queues.receive_message("q")
queues.delete_message("q", queues.change_message_visibility("q", message.receipt_handle, 5).receipt_handle)
topics.create_topic("t")
topics.publish_message("t", "x")
for refused in (
    lambda: queues.receive_message("none"),
    lambda: MnsQueues(MnsClient(endpoint, Key(id, secret + "-wrong"))).list_queues(),
    lambda: MnsQueues(MnsClient("http://127.0.0.1:9", Key(id, secret))).list_queues(),
):
    try:
        refused()
    except Fault as fault:
        logging.exception("refused as expected: %r %s", client, fault)
    else:
        raise SystemExit("not refused")
"""

PLAIN = """
import sys
from mns.account import Account
Account(*sys.argv[1:]).list_queue()
"""


def environment(path: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [path, str(ROOT)])), "PYTHONWARNINGS": "ignore"}


def run(script: str, path: str) -> str:
    """What a script writes to its file descriptors 1 and 2 while it uses a served account."""
    messages = Messages()
    messages.ram.add_key(KEY, SECRET)
    with serving(messages, services=[mns_service(messages.mns, MnsVerifier(messages.ram))]) as listening:
        done = subprocess.run(
            [sys.executable, "-c", script, listening.endpoint, KEY, SECRET],
            env=environment(path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stdout.replace(SECRET, "<secret>")
    return done.stdout


def test_the_older_distribution_is_there() -> None:
    assert (OLDER / "mns").is_dir(), "run `make setup`: it installs aliyun-mns 1.1.5 beside the newer distribution"


@pytest.mark.parametrize("path", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_no_secret_comes_out_of_the_port(path: str) -> None:
    written = run(THROUGH_THE_PORT, path)
    assert written.count("refused as expected") == 3
    assert SECRET not in written


def test_unguarded_the_older_distribution_does_print_it() -> None:
    assert SECRET in run(PLAIN, str(OLDER))


def test_the_older_distribution_keeps_the_contract() -> None:
    arguments = ["-m", "pytest", "-q", "-k", "over and http", "tests/mns/contract"]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**environment(str(OLDER)), "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:]
    assert SECRET not in done.stdout
