"""`fnfkit functions` and the asynchronous side of `fnfkit tasks`, against a served account."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fnfkit.cli.app import run
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports.functions import FunctionSettings
from fnfkit.server.account import serving_account
from tests.fc.contract.conftest import archive

SOURCE = """
import json
def handler(event, context):
    print("called with", event.decode())
    if json.loads(event).get("fail"): raise ValueError("asked to")
    return event
"""


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with Cloud(clock=VirtualClock(grace=0.001)) as cloud, serving_account(cloud) as listening:
        cloud.fc.create_service("shop")
        cloud.fc.create_function("shop", "pick", FunctionSettings(), archive(index=SOURCE))
        cloud.fc.create_function("", "pack", FunctionSettings(), archive(index=SOURCE))
        monkeypatch.setenv("FNFKIT_ENDPOINT", listening.endpoint)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", DEFAULT_KEY_ID)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", DEFAULT_KEY_SECRET)
        yield cloud


def answer(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> object:
    assert run([*words, "--json"]) == code
    envelope = json.loads(capsys.readouterr().out)
    return envelope["data"] if envelope["ok"] else envelope["error"]["code"]


def test_functions_of_both_generations_are_listed(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "functions", "ls")
    assert [(one["service"], one["name"]) for one in found] == [("shop", "pick"), ("", "pack")]  # type: ignore[attr-defined]
    found = answer(capsys, "functions", "ls", "--service", "shop")
    assert [one["name"] for one in found] == ["pick"]  # type: ignore[attr-defined]
    assert run(["functions", "ls"]) == 0
    assert "index.handler" in capsys.readouterr().out


@pytest.mark.parametrize("where", [["pick", "--service", "shop"], ["pack"]])
def test_a_function_is_called_and_its_log_shown(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], where: list[str]
) -> None:
    assert run(["functions", "invoke", *where, "--event", '{"n": 1}']) == 0
    captured = capsys.readouterr()
    assert captured.out == '{"n": 1}\n'
    assert captured.err == 'called with {"n": 1}\n'
    failed = answer(capsys, "functions", "invoke", *where, "--event", '{"fail": 1}', code=1)
    assert failed["payload"]["errorType"] == "ValueError"  # type: ignore[index]


def test_logs_of_an_embedded_account(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    run(["functions", "invoke", "pack"])
    run(["functions", "invoke", "pick", "--service", "shop"])
    capsys.readouterr()
    lines = answer(capsys, "functions", "logs")
    assert [(line["function"], line["text"]) for line in lines] == [  # type: ignore[attr-defined]
        ("pack", "called with {}"),
        ("pick", "called with {}"),
    ]
    assert len(answer(capsys, "functions", "logs", "pick")) == 1  # type: ignore[arg-type]
    assert len(answer(capsys, "functions", "logs", "--limit", "1")) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("where", [["--function", "pick", "--service", "shop"], ["--function", "pack"]])
def test_asynchronous_tasks_are_started_listed_and_stopped(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], where: list[str]
) -> None:
    assert run(["functions", "invoke", where[1], *where[2:], "--task", "job-1"]) == 0
    assert "job-1" in capsys.readouterr().out
    cloud.run_until_idle()
    (task,) = answer(capsys, "tasks", "ls", *where)  # type: ignore[misc]
    assert (task["id"], task["status"], task["payload"]) == ("job-1", "Succeeded", "{}")
    assert answer(capsys, "tasks", "ls", *where, "--status", "Failed") == []
    stopped = answer(capsys, "tasks", "stop", "job-1", *where)
    assert stopped["status"] == "Succeeded"  # type: ignore[index]
    assert answer(capsys, "functions", "invoke", where[1], *where[2:], "--task", "job-1", code=1) == (
        "StatefulAsyncInvocationAlreadyExists"
    )


def test_what_is_not_there_is_refused(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "functions", "invoke", "nothing", code=1) == "FunctionNotFound"
    assert answer(capsys, "functions", "invoke", "f", "--service", "none", code=1) == "ServiceNotFound"
    assert answer(capsys, "tasks", "ls", "--function", "nothing", code=1) == "FunctionNotFound"
    assert answer(capsys, "functions", "invoke", "pack", "--event", "nope", code=2) == "InvalidJson"
