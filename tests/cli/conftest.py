"""The command line, called in process, and an account for it to talk to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fnfkit.cli import app
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.server.listener import serving

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FUNCTIONS = ROOT / "functions"


@dataclass
class Said:
    """What a command printed, and its exit code."""

    exit: int
    out: str
    err: str

    @property
    def data(self) -> object:
        """The data of a successful `--json` command; the envelope is one line."""
        (line,) = self.out.splitlines()
        envelope = json.loads(line)
        assert envelope.keys() == {"ok", "data"}
        assert envelope["ok"] is True
        return envelope["data"]

    @property
    def error(self) -> dict[str, str]:
        """The error of a refused `--json` command."""
        (line,) = self.out.splitlines()
        envelope = json.loads(line)
        assert envelope.keys() == {"ok", "error"}
        assert envelope["ok"] is False
        assert envelope["error"].keys() == {"code", "message", "hint"}
        return envelope["error"]


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, endpoints or proxies of the machine that runs the tests."""
    for name in os.environ:
        if name.startswith(("FNFKIT_", "ALIBABA_CLOUD_", "ALIYUN_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*words: object) -> Said:
        code = app.run([str(word) for word in words])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Said(code, printed.out, printed.err)

    return call


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A served account that the environment points to."""
    with Cloud(clock=VirtualClock(grace=0.0)) as cloud:
        for function in ("StartJob", "GetJobStatus", "echo"):
            cloud.functions.deploy("fnf-demo", function, code=FUNCTIONS / function)
        with serving(cloud) as listening:
            monkeypatch.setenv("FNFKIT_ENDPOINT", listening.endpoint)
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", DEFAULT_KEY_ID)
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", DEFAULT_KEY_SECRET)
            yield cloud
