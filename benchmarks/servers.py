"""The servers the workloads talk to, each a process of its own on a free port."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent


@contextmanager
def dev(*options: str) -> Iterator[dict[str, str]]:
    """`fnfkit dev` on a free port; gives its ready line, with the pid added."""
    command = [str(BIN / "fnfkit"), "dev", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()) | {"pid": str(process.pid)}
        finally:
            process.terminate()


@contextmanager
def constant() -> Iterator[str]:
    """A bare uvicorn that gives every request the same answer: what the SDK alone can reach."""
    port = _free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "--http", "httptools"]
    endpoint = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-m", "uvicorn", "benchmarks.constant:answer", *options]) as process:
        try:
            _wait_for(endpoint)
            yield endpoint
        finally:
            process.terminate()


@contextmanager
def moto_server() -> Iterator[str]:
    """moto's server on a free port; gives its endpoint once it answers."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    quiet = subprocess.DEVNULL
    command = [str(BIN / "moto_server"), "-p", str(port)]
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            _wait_for(endpoint)
            _execute_state_machines(endpoint)
            yield endpoint
        finally:
            process.terminate()


def _execute_state_machines(endpoint: str) -> None:
    """Has moto run what is started; without this every execution stays as it was started."""
    body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    request = urllib.request.Request(f"{endpoint}/moto-api/config", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(endpoint: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(endpoint)
