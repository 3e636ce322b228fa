"""An account in real time, on a file, used by several threads of one program at once through the official SDK."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fnfkit.aliyun import AliyunFlows, Key, Session
from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.cloud.store_sqlite import SqliteStore
from fnfkit.ports import ExecutionRecord, TaskAlreadyCompleted
from fnfkit.server.listener import Listening, serving
from tests.contract.flows import CALLBACK

THREADS = 6
EXECUTIONS = 48


def account(path: Path) -> Cloud:
    cloud = Cloud(clock=RealClock(), store=SqliteStore(path))
    cloud.functions.stub("fnf-demo", "echo", lambda event: event)
    cloud.recover()
    return cloud


def client(served: Listening) -> AliyunFlows:
    return AliyunFlows(Session(Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET), endpoint=served.endpoint))


def waiting_token(flows: AliyunFlows, name: str) -> str:
    while True:
        for event in flows.get_execution_history("f", name).items:
            if event.type == "TaskSubmitted":
                return str(event.detail["output"]["taskToken"])


def one(served: Listening, number: int) -> tuple[ExecutionRecord, int]:
    """Starts an execution, reports it twice while a long poll would do no harm, and waits for its end."""
    flows, name = client(served), f"e{number}"
    flows.start_execution("f", name=name, input=json.dumps({"n": number}))
    token, refused = waiting_token(flows, name), 0
    for status in ("first", "second"):
        try:
            flows.report_task_succeeded(token, json.dumps({"status": f"{status} {number}"}))
        except TaskAlreadyCompleted:
            refused += 1
    return flows.describe_execution("f", name, wait_seconds=30), refused


def same_name(served: Listening) -> str:
    return client(served).start_execution("f", name="together").name


def test_many_threads_share_an_account_on_a_file(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    with account(path) as cloud, serving(cloud) as served, ThreadPoolExecutor(THREADS) as pool:
        client(served).create_flow("f", CALLBACK)
        ends = list(pool.map(lambda number: one(served, number), range(EXECUTIONS)))
        assert {pool.submit(same_name, served).result() for _ in range(THREADS)} == {"together"}
        listed = client(served).list_executions("f", limit=99).items
    assert len(listed) == len({run.name for run in listed}) == EXECUTIONS + 1
    for number, (run, refused) in enumerate(ends):
        assert (run.status, json.loads(run.output), refused) == ("Succeeded", {"s": f"first {number}"}, 1)
    with account(path) as again:
        for number in range(EXECUTIONS):
            history = again.flows.get_execution_history("f", f"e{number}").items
            assert [event.id for event in history] == list(range(1, 9))
            assert [event.type for event in history][-3:] == ["TaskSucceeded", "StepExited", "ExecutionSucceeded"]
        assert again.flows.describe_execution("f", "together").status == "Running"
