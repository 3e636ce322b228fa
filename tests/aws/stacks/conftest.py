"""An account of moto's, empty, with the command line that deploys to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.stacks.moto_stacks import Account, deployed_to


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, endpoints or proxies of the machine that runs the tests."""
    for name in os.environ:
        if name.startswith(("FNFKIT_", "AWS_", "ALIBABA_CLOUD_", "ALIYUN_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def account(
    bare_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Account]:
    with deployed_to(tmp_path, monkeypatch, capsys.readouterr) as found:
        yield found
