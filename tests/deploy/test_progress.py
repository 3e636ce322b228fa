"""What is shown while a stack is worked on, and how an interrupted command says to go on."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from fnfkit.cli.deploy_live import table_of
from fnfkit.cli.deploy_options import Where
from fnfkit.cli.deploy_progress import line_of
from fnfkit.cli.deploy_run import confirm, executor
from fnfkit.cli.deploy_target import Target, target_of
from fnfkit.cli.deploy_watch import state_of
from fnfkit.cli.refusal import Refusal
from fnfkit.cli.skew import ahead
from fnfkit.ports import StackEvent


def event(logical: str, status: str, reason: str = "") -> StackEvent:
    return StackEvent(
        id=f"{logical}-{status}",
        stack_id="id",
        stack_name="shop",
        logical_id=logical,
        physical_id="",
        type="ALIYUN::MNS::Queue",
        status=status,
        status_reason=reason,
        at=0,
    )


def target(tmp_path: Path) -> Target:
    return target_of(Where(str(tmp_path)))


def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    (tmp_path / "fnfkit.toml").write_text('[stages.prod]\nregion = "cn-hangzhou"\n', "utf-8")
    return target_of(Where(str(tmp_path), stage="prod"))


def test_a_failure_tells_its_reason() -> None:
    assert line_of(event("Jobs", "CREATE_FAILED", "taken")).endswith("Jobs (ALIYUN::MNS::Queue): taken")
    assert line_of(event("Jobs", "CREATE_COMPLETE", "fine")).endswith("Jobs (ALIYUN::MNS::Queue)")


def test_the_table_has_the_latest_status_of_every_resource() -> None:
    events = (
        event("shop", "CREATE_IN_PROGRESS"),
        event("Jobs", "CREATE_COMPLETE"),
        event("Flow", "CREATE_FAILED", "no"),
    )
    console = Console(file=io.StringIO(), width=100)
    console.print(table_of("shop", {one.logical_id: one for one in events}))
    assert isinstance(console.file, io.StringIO)
    rows = [line.split() for line in console.file.getvalue().splitlines()]
    assert rows == [["shop"], ["Jobs", "CREATE_COMPLETE"], ["Flow", "CREATE_FAILED", "no"]]


def test_an_interrupted_command_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        executor(target(tmp_path), "shop", again="deploy . --stack shop", quiet=False),
    ):
        raise KeyboardInterrupt
    assert "take it up again: fnfkit deploy . --stack shop" in capsys.readouterr().err


def test_an_account_on_this_machine_is_never_asked_about(tmp_path: Path) -> None:
    made = target(tmp_path)
    assert (made.real, made.bucket) == (False, "fnfkit-code")
    confirm(made, "Deploy?", yes=False)


def test_a_real_account_is_never_asked_about_off_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = real(tmp_path, monkeypatch)
    assert (made.real, made.place, made.bucket) == (True, "cn-hangzhou", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(Refusal, match="Nobody can be asked") as refused:
        confirm(made, "Deploy?", yes=False)
    assert refused.value.code == "NotConfirmed"
    confirm(made, "Deploy?", yes=True)


def test_changes_of_a_project_are_seen(tmp_path: Path) -> None:
    (tmp_path / ".fnfkit").mkdir()
    before = state_of(tmp_path)
    (tmp_path / ".fnfkit" / "local.json").write_text("{}", "utf-8")
    assert state_of(tmp_path) == before
    (tmp_path / "app.py").write_text("", "utf-8")
    assert state_of(tmp_path) != before


@pytest.mark.parametrize(
    ("date", "expected"), [(None, None), ("no date", None), ("Thu, 01 Jan 1970 00:01:00 GMT", 40.0)]
)
def test_the_clock_is_compared_with_the_date_of_an_answer(date: str | None, expected: float | None) -> None:
    assert ahead(date, 100.0) == expected
