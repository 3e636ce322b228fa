"""The commands that talk to an endpoint, over HTTP through the official SDK."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnfkit.cli import inbox
from fnfkit.cli.refusal import Refusal
from fnfkit.cloud.cloud import Cloud
from tests.cli.conftest import FUNCTIONS, TEMPLATES, Cli

POLL = TEMPLATES / "poll" / "flow.fdl.yml"
CALLBACK = TEMPLATES / "callback" / "flow.fdl.yml"


def test_the_life_of_a_flow(cli: Cli, account: Cloud) -> None:
    assert cli("flows", "ls").out == "no flows\n"
    assert cli("flows", "create", "poll", POLL, "--description", "polls a job").out == "flow poll created\n"
    assert cli("flows", "create", "other", CALLBACK, "--json").data["name"] == "other"  # type: ignore[index]
    names = [line.split()[0] for line in cli("flows", "ls").out.splitlines()]
    assert names == ["name", "other", "poll"]
    shown = cli("flows", "show", "poll", "--json").data
    assert isinstance(shown, dict)
    assert (shown["description"], shown["definition"]) == ("polls a job", POLL.read_text())
    assert cli("flows", "update", "poll", CALLBACK).exit == 0
    shown = cli("flows", "show", "poll", "--json").data
    assert isinstance(shown, dict)
    assert (shown["description"], shown["definition"]) == ("polls a job", CALLBACK.read_text())
    assert "resourceArn: acs:fc:::services/fnf-demo/functions/echo" in cli("flows", "show", "poll").out
    assert cli("flows", "rm", "poll").exit == 0
    gone = cli("flows", "show", "poll", "--json")
    assert (gone.exit, gone.error["code"]) == (1, "FlowNotExists")


def test_an_execution_that_is_waited_for(cli: Cli, account: Cloud) -> None:
    cli("flows", "create", "poll", POLL)
    said = cli("start", "poll", "--input", '{"delay": 5}', "--name", "one", "--wait", "30")
    assert said.exit == 0
    assert "status     Succeeded" in said.out
    assert said.err == "waiting for one\n"
    again = cli("start", "poll", "--input", '{"delay": 500}', "--name", "two", "--wait", "30", "--json")
    assert (again.exit, again.data["status"]) == (1, "Failed")  # type: ignore[index]
    table = cli("executions", "poll").out.splitlines()
    assert table[0].split() == ["name", "status", "started", "duration"]
    assert {line.split()[0] for line in table[1:]} == {"one", "two"}
    failed = cli("executions", "poll", "--status", "Failed", "--json").data
    assert [run["name"] for run in failed] == ["two"]  # type: ignore[union-attr]
    events = cli("history", "poll", "one", "--json").data["events"]  # type: ignore[index]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert "JobSucceeded" in cli("history", "poll", "one").out
    assert cli("start", "poll", "--name", "one", "--json").error["code"] == "ExecutionAlreadyExists"


def test_the_inbox_shows_what_waits_in_the_whole_account(cli: Cli, account: Cloud) -> None:
    assert cli("tasks", "ls").out == "no tasks wait\n"
    for flow in ("approval", "second"):
        cli("flows", "create", flow, CALLBACK)
    for flow, name in (("second", "old"), ("approval", "new"), ("approval", "newer")):
        assert cli("start", flow, "--name", name).exit == 0
        account.run_until(lambda flow=flow, name=name: waits(account, name, flow))  # type: ignore[misc]
        account.advance(3_600)
    tasks = cli("tasks", "ls", "--json").data
    assert isinstance(tasks, list)
    assert [(task["flow"], task["execution"]) for task in tasks] == [
        ("second", "old"),
        ("approval", "new"),
        ("approval", "newer"),
    ]
    assert [round(task["age_seconds"]) // 3_600 for task in tasks] == [3, 2, 1]
    lines = cli("tasks", "ls").out.splitlines()
    assert lines[0].split() == ["age", "flow", "execution", "step", "token"]
    assert lines[1].split()[:3] == ["3", "h", "second"]
    assert len(cli("tasks", "ls", "approval").out.splitlines()) == 3
    short = lines[1].split()[-1]
    assert short.startswith("…")
    assert tasks[0]["token"] not in "".join(lines)
    assert cli("tasks", "succeed", short, "--output", '{"status": "ok"}').exit == 0
    assert cli("tasks", "fail", tasks[1]["token"][-10:], "--error", "Denied").exit == 0
    assert [task["execution"] for task in cli("tasks", "ls", "--json").data] == ["newer"]  # type: ignore[union-attr]
    assert cli("tasks", "succeed", tasks[2]["token"][-1], "--json").exit == 0, "one is left: even this names it"
    assert cli("tasks", "succeed", short, "--json").exit == 1


def test_a_short_token_of_several_tasks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [inbox.WaitingTask("f", "e", "s", token, 0) for token in ("a" * 40 + "12", "b" * 40 + "2")]
    monkeypatch.setattr(inbox, "inbox", lambda flows: tasks)
    with pytest.raises(Refusal, match="2 waiting tasks"):
        inbox.token_of(None, "2")  # type: ignore[arg-type]
    assert inbox.token_of(None, "…12") == tasks[0].token  # type: ignore[arg-type]
    assert inbox.token_of(None, "9") == "9"  # type: ignore[arg-type]
    assert inbox.token_of(None, tasks[1].token) == tasks[1].token  # type: ignore[arg-type]


def test_an_inbox_of_what_is_not_there(cli: Cli, account: Cloud) -> None:
    cli("flows", "create", "approval", CALLBACK)
    assert cli("tasks", "ls", "nowhere", "--json").error["code"] == "FlowNotExists"
    assert cli("tasks", "ls", "approval", "nobody", "--json").error["code"] == "ExecutionNotExists"


def test_a_callback_is_reported(cli: Cli, account: Cloud) -> None:
    cli("flows", "create", "approval", CALLBACK)
    for name in ("yes", "no"):
        assert cli("start", "approval", "--name", name).exit == 0
        account.run_until(lambda name=name: waits(account, name))  # type: ignore[misc]
    (task,) = cli("tasks", "ls", "approval", "yes", "--json").data  # type: ignore[misc]
    token = task["token"]
    assert cli("tasks", "ls", "approval", "yes", "--tokens").out == f"{token}\n"
    assert f"fnfkit tasks succeed {token}" in cli("history", "approval", "yes").out
    assert cli("tasks", "succeed", token, "--output", '{"status": "ok"}').out == "reported as succeeded\n"
    again = cli("tasks", "succeed", token)
    assert again.exit == 1
    assert "TaskAlreadyCompleted" in again.err
    other = cli("tasks", "ls", "approval", "no", "--tokens").out.strip()
    assert cli("tasks", "fail", other, "--error", "Denied", "--cause", "not today").exit == 0
    assert cli("tasks", "succeed", "bm9uc2Vuc2U=").exit == 1
    assert cli("tasks", "ls", "approval", "no").out == "no tasks wait\n"
    assert cli("start", "approval", "--name", "last").exit == 0
    stopped = cli("stop", "approval", "last", "--error", "Enough", "--json").data
    assert stopped["status"] == "Stopped"  # type: ignore[index]
    runs = cli("executions", "approval", "--json").data
    assert isinstance(runs, list)
    assert {run["name"]: run["status"] for run in runs} == {"yes": "Succeeded", "no": "Failed", "last": "Stopped"}
    assert {run["name"]: run["output"] for run in runs}["yes"] == {"s": "ok"}


def waits(account: Cloud, name: str, flow: str = "approval") -> bool:
    page = account.flows.get_execution_history(flow, name)
    return any(event.type == "TaskSubmitted" for event in page.items)


def test_an_unchecked_definition_is_the_services_to_refuse(cli: Cli, account: Cloud, tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text("version: v1\ntype: flow\nsteps: [{type: dance, name: d}]\n")
    assert cli("flows", "create", "f", "flow.yml", "--json").exit == 2
    refused = cli("flows", "create", "f", "flow.yml", "--no-check", "--json")
    assert (refused.exit, refused.error["code"]) == (1, "InvalidArgument")


@pytest.mark.parametrize(
    "words",
    [
        ["flows", "show", "absent"],
        ["start", "absent"],
        ["executions", "absent"],
        ["history", "absent", "x"],
        ["stop", "absent", "x"],
        ["flows", "rm", "absent"],
    ],
)
def test_unknown_names_are_refusals_with_a_hint(cli: Cli, account: Cloud, words: list[str]) -> None:
    said = cli(*words)
    assert said.exit == 1
    assert "NotExists" in said.err
    assert "hint: " in said.err


def test_nothing_to_update_is_said_before_anything_is_asked(cli: Cli) -> None:
    assert cli("flows", "update", "f", "--json").error["code"] == "NothingToDo"


def test_without_credentials_the_way_out_is_named(cli: Cli) -> None:
    said = cli("flows", "ls")
    assert said.exit == 3
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in said.err
    assert "fnfkit dev" in said.err


def test_an_endpoint_that_does_not_answer(cli: Cli, account: Cloud) -> None:
    said = cli("flows", "ls", "--endpoint", "http://127.0.0.1:9", "--json")
    assert said.exit == 3
    assert said.error["message"].startswith("no answer to ListFlows")
    assert "Signature" not in said.out


def test_a_wrong_secret_is_refused_and_not_shown(cli: Cli, account: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a-wrong-secret")
    said = cli("flows", "ls")
    assert said.exit == 1
    assert "SignatureNotMatch" in said.err or "SignatureDoesNotMatch" in said.err
    assert "a-wrong-secret" not in said.out + said.err


def test_a_profile_named_on_the_command_line_beats_the_environment(
    cli: Cli, account: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = account.ram.create_key()
    profile = {"name": "mine", "mode": "AK", "access_key_id": key.id, "access_key_secret": key.secret}
    folder = tmp_path / "home" / ".aliyun"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"current": "mine", "profiles": [profile]}))
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a-wrong-secret")
    assert cli("flows", "ls").exit == 1
    assert cli("flows", "ls", "--profile", "mine").exit == 0
    assert cli("flows", "ls", "--profile", "yours").exit == 3


@pytest.mark.parametrize("flow_seconds", ["60", "180"])
def test_functions_sleep_in_the_time_of_a_served_account(
    cli: Cli, account: Cloud, tmp_path: Path, flow_seconds: str
) -> None:
    account.functions.deploy("fnf-demo", "hello", code=FUNCTIONS / "hello", timeout=300)
    text = (TEMPLATES / "error-handling" / "flow.fdl.yml").read_text()
    (tmp_path / "flow.yml").write_text(text.replace("timeoutSeconds: 60", f"timeoutSeconds: {flow_seconds}"))
    cli("flows", "create", "slow", "flow.yml")
    said = cli("start", "slow", "--input", '{"fail": "slow"}', "--name", "one", "--wait", "30", "--json")
    output = said.data["output"]  # type: ignore[index]
    assert output.get("errCode") == ("FnF.TaskTimeout" if flow_seconds == "60" else None)
    assert output.get("greeting") == (None if flow_seconds == "60" else "hello world")


def test_a_flow_in_python_is_created_compiled(cli: Cli, account: Cloud) -> None:
    assert cli("flows", "create", "native", TEMPLATES / "poll" / "native.py").out == "flow native created\n"
    assert cli("flows", "update", "native", f"{TEMPLATES}/poll/app.py:app", "--flow", "poll").exit == 0
    shown = cli("flows", "show", "native", "--json").data
    assert isinstance(shown, dict)
    assert shown["definition"] == POLL.read_text()
    assert cli("flows", "create", "other", TEMPLATES / "poll", "--flow", "poool").exit != 0
