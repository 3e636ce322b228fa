"""Programs that know nothing of the emulator: they configure no endpoint, and `http_proxy` brings them here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fnfkit.aliyun import AliyunFlows, Session
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.server.listener import Listening
from tests.contract.conftest import token_of
from tests.contract.flows import CALLBACK

SCRIPT = Path(__file__).with_name("callback_script.py")


def environment(served: Listening, **changed: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    keys = {"ACCOUNT_ID": "123456789012", "AK_ID": DEFAULT_KEY_ID, "AK_SECRET": DEFAULT_KEY_SECRET}
    return {**kept, **keys, "http_proxy": served.endpoint, **changed}


def run(served: Listening, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", str(SCRIPT), *arguments]
    env = environment(served, **changed)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)


def test_the_callback_script(served: Listening, cloud: Cloud) -> None:
    cloud.flows.create_flow("fnf-demo-callback", CALLBACK)
    cloud.flows.start_execution("fnf-demo-callback", name="e")
    token = token_of(cloud, "fnf-demo-callback", "e")
    completed = run(served, token)
    assert (completed.returncode, completed.stdout) == (0, "ReportTaskSucceeded finished\n")
    ended = cloud.flows.describe_execution("fnf-demo-callback", "e", wait_seconds=60)
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"s": "ok"})
    again = run(served, token)
    assert again.returncode == 1
    assert "TaskAlreadyCompleted" in again.stderr


def test_the_callback_script_with_a_wrong_secret(served: Listening, cloud: Cloud) -> None:
    cloud.flows.create_flow("fnf-demo-callback", CALLBACK)
    cloud.flows.start_execution("fnf-demo-callback", name="e")
    refused = run(served, token_of(cloud, "fnf-demo-callback", "e"), AK_SECRET="wrong")
    assert refused.returncode == 1
    assert "SignatureNotMatch" in refused.stderr
    assert cloud.flows.describe_execution("fnf-demo-callback", "e").status == "Running"


def test_the_callback_script_without_a_token(served: Listening) -> None:
    assert run(served).returncode == 2


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_stray_proxy_does_not_divert_the_port(session: Session, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert AliyunFlows(session).list_flows().items == ()
