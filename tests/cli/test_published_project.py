"""A published project from the command line: three functions, two flows, a queue, and an HTTP trigger behind which the
official SDK, which knows of no endpoint, reports a task. Nothing of it is changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from fnfkit.aliyun import AliyunFlows, Key, Session
from fnfkit.aliyun.mns_client import MnsClient
from fnfkit.aliyun.queues import MnsQueues
from tests.cli.conftest import ROOT
from tests.cli.test_cli_process import client, dev, process

PROJECT = ROOT / "tests" / "data" / "published" / "approval"


def through(endpoint: str, url: str, body: object) -> bytes:
    """What a caller of the trigger's address is answered; the account is the proxy on the way."""
    opener = build_opener(ProxyHandler({"http": endpoint}))
    request = Request(url.replace("https:", "http:"), json.dumps(body).encode(), method="POST")
    with opener.open(request, timeout=30) as answer:
        data: bytes = answer.read()
    return data


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_an_execution_is_completed_through_the_http_trigger(tmp_path: Path, clock: str) -> None:
    project = shutil.copytree(PROJECT, tmp_path / "approval")
    with dev(tmp_path, "--clock", clock) as (_, account):
        deployed = process(tmp_path, "deploy", project, "--stack", "shop", "--json", **client(account))
        assert deployed.returncode == 0, deployed.stdout
        outputs = json.loads(deployed.stdout)["data"]["outputs"]
        key = Key(account["access_key_id"], account["access_key_secret"])
        flows = AliyunFlows(Session(key, account["region"], account["endpoint"]))
        queues = MnsQueues(MnsClient(account["endpoint"], key))
        flows.start_execution(outputs["FlowName"], name="first", input='{"a": 1}')
        message = json.loads(queues.receive_message("orders-queue", wait_seconds=30).body)
        assert message["order"] == {"id": 1, "ready": True, "level": "DEBUG", "in": {"a": 1}}
        answer = through(account["endpoint"], outputs["Url"], {"taskToken": message["taskToken"]})
        assert "EventId" in json.loads(answer)
        done = flows.describe_execution(outputs["FlowName"], "first", wait_seconds=30)
    assert done.status == "Succeeded"
    assert json.loads(done.output or "") == {"order": message["order"], "approved": True, "notified": True}
