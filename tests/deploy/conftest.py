"""Accounts to deploy to: in process, and the command line over HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_accounts import Cli, Deployer, Said

from fnfkit.cli import app
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.server.account import serving_account


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, endpoints or proxies of the machine that runs the tests."""
    for name in os.environ:
        if name.startswith(("FNFKIT_", "ALIBABA_CLOUD_", "ALIYUN_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(grace=0.0)) as account:
        yield account


@pytest.fixture
def deployer(cloud: Cloud) -> Deployer:
    return Deployer(cloud)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*words: object) -> Said:
        code = app.run([str(word) for word in words])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Said(code, printed.out, printed.err)

    return call


@pytest.fixture
def served(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The account behind HTTP, where the environment points the command line at it."""
    with serving_account(cloud) as listening:
        monkeypatch.setenv("FNFKIT_ENDPOINT", listening.endpoint)
        yield cloud
