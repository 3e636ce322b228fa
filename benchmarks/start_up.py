"""What it costs to begin: the command line, the imports, the server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import flows, servers, wire
from benchmarks.servers import BIN


def version(_: int) -> float:
    """Milliseconds of `fnfkit --version` over a bare interpreter."""
    return _over_bare([str(BIN / "fnfkit"), "--version"])


def help_page(_: int) -> float:
    """Milliseconds of `fnfkit --help` over a bare interpreter."""
    return _over_bare([str(BIN / "fnfkit"), "--help"])


def check_ten_steps(_: int) -> float:
    """Milliseconds of `fnfkit check` on a definition of ten steps over a bare interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow.yml"
        path.write_text(flows.chain(10), "utf-8")
        return _over_bare([str(BIN / "fnfkit"), "check", str(path)])


def moto_help(_: int) -> float:
    """Milliseconds of `moto_server --help` over a bare interpreter."""
    return _over_bare([str(BIN / "moto_server"), "--help"])


def import_fnfkit(_: int) -> float:
    """Milliseconds of importing fnfkit over a bare interpreter."""
    return _over_bare([sys.executable, "-c", "import fnfkit"])


def import_sdk(_: int) -> float:
    """Milliseconds of importing the official SDK's client over a bare interpreter."""
    return _over_bare([sys.executable, "-c", "import aliyunsdkcore.client"])


def import_moto(_: int) -> float:
    """Milliseconds of importing moto over a bare interpreter."""
    return _over_bare([sys.executable, "-c", "import moto"])


def first_execution(_: int) -> float:
    """Seconds from starting the server to the end of its first execution."""
    client_ready = wire.sdk()
    begin = time.perf_counter()
    with servers.dev() as ready:
        client = client_ready.AcsClient(ready["access_key_id"], ready["access_key_secret"], ready["region"])
        wire.create(client, ready["endpoint"], "one", flows.chain(1))
        wire.run(client, ready["endpoint"], "one", "e")
        return time.perf_counter() - begin


def resident(_: int) -> float:
    """Megabytes the server holds after its first execution."""
    client_ready = wire.sdk()
    with servers.dev() as ready:
        client = client_ready.AcsClient(ready["access_key_id"], ready["access_key_secret"], ready["region"])
        wire.create(client, ready["endpoint"], "one", flows.chain(1))
        wire.run(client, ready["endpoint"], "one", "e")
        status = Path(f"/proc/{ready['pid']}/status").read_text("ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def moto_first_execution(_: int) -> float:
    """The same on moto's server through boto3."""
    import boto3

    assert boto3
    begin = time.perf_counter()
    with servers.moto_server() as endpoint:
        wire.moto_run(wire.moto_client(endpoint), wire.moto_machine(wire.moto_client(endpoint), 1), "e")
        return time.perf_counter() - begin


def _over_bare(command: list[str]) -> float:
    return _milliseconds(command) - _milliseconds([sys.executable, "-c", "pass"])


def _milliseconds(command: list[str]) -> float:
    def once() -> float:
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return (time.perf_counter() - begin) * 1000

    return median(once() for _ in range(9))
