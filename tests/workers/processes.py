"""Servers and workers as processes of their own, to be killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from fnfkit.aliyun.flows import AliyunFlows
from fnfkit.aliyun.mns_client import MnsClient
from fnfkit.aliyun.queues import MnsQueues
from fnfkit.aliyun.session import Key, Session
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET

ROOT = Path(__file__).parents[2]
FNFKIT = [sys.executable, "-c", "from fnfkit.cli.main import main; main()"]
SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Waits, in real time, for what other processes do."""
    never = threading.Event()
    for _ in range(round(seconds * 50)):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError(f"within {seconds} seconds it did not happen that {what}")


class Site:
    """A folder, a served account that can be killed, and workers that can be."""

    def __init__(self, folder: Path, server: tuple[str, ...] = (*FNFKIT, "dev")) -> None:
        self.folder, self._server = folder, server
        self.path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.terminal: int | None = None
        """Where workers write their standard error, if it is not the log."""
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.server: subprocess.Popen[str] | None = None
        key = Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
        self.flows = AliyunFlows(Session(key, "cn-hangzhou", self.endpoint))
        self._client = MnsClient(self.endpoint, key)
        self.queues = MnsQueues(self._client)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TERM": "xterm-256color",
            "COLUMNS": "120",
            "PYTHONPATH": os.pathsep.join(self.path),
            "FNFKIT_ENDPOINT": self.endpoint,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": DEFAULT_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": DEFAULT_KEY_SECRET,
        }

    def serve(self) -> None:
        """Starts the server on its store, and returns when it listens."""
        log = (self.folder / "server.log").open("ab")
        options = ["--port", str(self.port), "--store", "account.db", "--json"]
        command, pipe = [*self._server, *options], subprocess.PIPE
        with log:
            self.server = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdout=pipe, stderr=log, text=True
            )
        assert self.server.stdout is not None
        assert json.loads(self.server.stdout.readline())["endpoint"] == self.endpoint

    def reconnect(self) -> None:
        """The package sends a POST into a connection that a killed server has left behind."""
        self._client.close()

    def kill_server(self) -> None:
        """kill -9."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            assert self.server.stdout is not None
            self.server.stdout.close()
            self.server = None

    def work(self, handler: str, *options: str) -> subprocess.Popen[bytes]:
        """Starts a worker on the queue `fnf-demo`; what it writes goes to worker.log."""
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [*FNFKIT, "worker", handler, "--queue", "fnf-demo", *options],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log if self.terminal is None else self.terminal,
            )
        self.workers.append(worker)
        return worker

    def left(self) -> int:
        """Messages in the queue, whatever their state."""
        record = self.queues.get_queue_attributes("fnf-demo")
        return record.active + record.inactive + record.delayed

    def log(self) -> str:
        return (self.folder / "worker.log").read_text("utf-8")

    def close(self) -> None:
        for worker in self.workers:
            with suppress(ProcessLookupError):
                worker.kill()
            worker.wait()
        self.kill_server()
        self._client.close()
