"""`kill -9` of a served account with asynchronous tasks in every state: each that was accepted ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from fnfkit.aliyun.functions3 import Fc3Functions
from fnfkit.aliyun.session import Key, Session
from fnfkit.ports import NetworkFault
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, InvokeOptions, TaskQuery, TaskStatus
from tests.fc.contract.conftest import archive

TASKS, KILLS = 60, 3
SOURCE = """
import json, time
def handler(event, context):
    job = json.loads(event)
    time.sleep(0.02)
    if job["n"] % 10 == 0: raise ValueError("every tenth")
    return {"n": job["n"] * 2}
"""


class Account:
    """A served account that is killed and started again on the same port and the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, "0"

    def start(self) -> None:
        command = [sys.executable, "-m", "fnfkit", "dev", "--json", "--port", self.port]
        command += ["--store", str(self.folder / "account.sqlite")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.port = ready["endpoint"].rpartition(":")[2]
        key = Key(ready["access_key_id"], ready["access_key_secret"])
        self.functions = Fc3Functions(Session(key, ready["region"], ready["endpoint"]))

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def submit_all(account: Account, accepted: list[str]) -> None:
    for number in range(TASKS):
        options = InvokeOptions(asynchronous=True, task_id=f"job-{number}", stateful=True)
        while True:
            try:
                account.functions.invoke("", "job", json.dumps({"n": number}).encode(), options)
            except NetworkFault:
                time.sleep(0.02)
            except Exception as refused:
                # An answer that was lost with the server: the task was accepted all the same.
                assert "AlreadyExists" in str(refused)
                break
            else:
                break
        accepted.append(f"job-{number}")


def test_no_accepted_task_is_lost(tmp_path: Path) -> None:
    choose = random.Random(4)
    account = Account(tmp_path)
    account.start()
    account.functions.create_function("", "job", FunctionSettings(), archive(index=SOURCE))
    account.functions.put_async_config("", "job", AsyncConfig(max_retries=1))
    accepted: list[str] = []
    submitter = threading.Thread(target=submit_all, args=(account, accepted))
    submitter.start()
    try:
        for _ in range(KILLS):
            time.sleep(choose.uniform(0.05, 0.25))
            account.kill()
            account.start()
        submitter.join(30)
        assert len(accepted) == TASKS
        deadline = time.monotonic() + 30
        while True:
            found = account.functions.list_tasks("", "job", TaskQuery(payload=True), limit=100).items
            if all(task.status.final for task in found) or time.monotonic() > deadline:
                break
            time.sleep(0.05)
    finally:
        account.kill()
    assert sorted(task.id for task in found) == sorted(accepted)
    for task in found:
        number = int(task.id.partition("-")[2])
        assert task.status is (TaskStatus.FAILED if number % 10 == 0 else TaskStatus.SUCCEEDED), task
        if number % 10:
            assert json.loads(task.returned) == {"n": number * 2}
