"""The command line, called in process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cli import app
from tests.cli.conftest import Said


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Said:
        code = app.run([str(word) for word in words])
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call
