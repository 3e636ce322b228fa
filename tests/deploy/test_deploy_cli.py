"""The commands about stacks, against an embedded account over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from deploy_accounts import Cli

from fnfkit.aliyun import AliyunStacks
from fnfkit.cli import deploy_target
from fnfkit.cloud.cloud import Cloud
from fnfkit.deploy import book

APP = '''from dataclasses import dataclass

from fnfkit import App

app = App("shop", service="shop")


@dataclass
class Greeting:
    greeting: str


@app.function
def greet(name: str) -> Greeting:
    """Greets."""
    return Greeting(f"hello {name}")


@app.flow
def welcome(name: str) -> Greeting:
    """Welcomes somebody."""
    return greet(name=name)
'''


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.py").write_text(APP, "utf-8")
    return folder


def test_a_project_is_deployed_run_and_destroyed(cli: Cli, served: Cloud, shop: Path) -> None:
    before = cli("diff", shop, "--json", "--exit-code")
    assert before.exit == 4
    assert {change["action"] for change in before.data["changes"]} == {"create"}

    made = cli("deploy", shop, "--json")
    assert made.exit == 0, made.out
    assert made.data["status"] == "CREATE_COMPLETE"
    assert made.data["outputs"] == {"WelcomeFlowName": "welcome"}

    after = cli("diff", shop, "--json", "--exit-code")
    assert (after.exit, after.data["same"]) == (0, True)
    again = cli("deploy", shop, "--json")
    assert again.data["changed"] is False

    started = served.flows.start_execution("welcome", input='{"name": "Ann"}')
    served.run_until_idle()
    assert served.flows.describe_execution("welcome", started.name).output == '{"greeting":"hello Ann"}'

    outputs = cli("outputs", shop, "--json")
    assert outputs.data == {"WelcomeFlowName": "welcome"}
    assert cli("destroy", shop, "--json").data == {"stack": "shop", "deleted": True}
    assert cli("destroy", shop, "--json").data == {"stack": "shop", "deleted": False}
    assert served.flows.list_flows().items == ()
    assert cli("outputs", shop, "--json").error["code"] == "StackNotFound"


def test_destroy_doubts_a_stack_that_was_not_deployed_from_here(
    cli: Cli, served: Cloud, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []
    monkeypatch.setattr("fnfkit.cli.destroy.confirm", lambda target, question, *, yes: questions.append(question))
    assert cli("deploy", shop, "--json").exit == 0
    (tmp_path / "elsewhere").mkdir()
    for folder in (tmp_path / "elsewhere", shop):
        assert cli("destroy", folder, "--stack", "shop").exit == 0
    assert [question.partition("and everything in it")[2] for question in questions] == [
        ", though no deployment of it from here is on record?",
        "?",
    ]


def test_code_that_does_not_fit_into_a_template_is_uploaded(cli: Cli, served: Cloud, shop: Path) -> None:
    noise = "".join(f"# {number * 7919 % 1_000_003} {number * 104_729 % 999_983}\n" for number in range(90_000))
    (shop / "app.py").write_text(APP + noise, "utf-8")
    made = cli("deploy", shop, "--json")
    assert made.exit == 0, made.out
    assert len(served.stacks.get_template("shop")) < 20_000
    started = served.flows.start_execution("welcome", input='{"name": "Ann"}')
    served.run_until_idle()
    assert served.flows.describe_execution("welcome", started.name).status == "Succeeded"
    assert cli("deploy", shop, "--json").data["changed"] is False


def test_flows_with_errors_are_not_deployed(cli: Cli, served: Cloud, shop: Path) -> None:
    (shop / "app.py").write_text(APP.replace("return greet(name=name)", "return greet(nme=name)"), "utf-8")
    said = cli("deploy", shop, "--json")
    assert (said.exit, said.error["code"]) == (1, "InvalidFlow")
    assert "app.py:" in said.error["message"]
    assert served.stacks.list_stacks().items == ()


@pytest.mark.parametrize("call", range(9))
def test_a_command_that_is_killed_is_taken_up_by_the_next(
    cli: Cli, served: Cloud, shop: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Ends the command at its n-th call of the stack service: while planning, before and after creating, watching."""
    left = [call]

    class Dying(AliyunStacks):
        def _ask(self, *words: Any) -> Any:
            left[0] -= 1
            answer = super()._ask(*words)
            if left[0] < 0:
                raise KeyboardInterrupt
            return answer

    with monkeypatch.context() as patched:
        patched.setattr(deploy_target, "AliyunStacks", Dying)
        killed = cli("deploy", shop, "--json")
    assert killed.exit in (0, 130)
    made = cli("deploy", shop, "--json")
    assert made.exit == 0, made.out
    assert cli("diff", shop, "--json", "--exit-code").exit == 0
    assert {one.state for one in book(shop, "local").read()} <= {"started", "done"}
    started = served.flows.start_execution("welcome", input='{"name": "Ann"}')
    served.run_until_idle()
    assert served.flows.describe_execution("welcome", started.name).status == "Succeeded"
