"""Template files deployed as they are, and everything a command about stacks refuses."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from deploy_accounts import Cli

from fnfkit.cloud.cloud import Cloud
from fnfkit.deploy import book
from fnfkit.lang import ros

PROJECT = Path(__file__).parents[1] / "data" / "ros" / "project"

PLAIN = """ROSTemplateFormatVersion: '2015-09-01'
# comments stay
Parameters:
  Name: {Type: String}
  Secret: {Type: String, NoEcho: true, Default: nothing}
Resources:
  Flow:
    Type: ALIYUN::FNF::Flow
    Properties:
      Name: {Ref: Name}
      Description: {Ref: Secret}
      Definition: |
        version: v1
        type: flow
        steps:
          - type: pass
            name: only
Outputs:
  FlowName:
    Description: what to start
    Value: {'Fn::GetAtt': [Flow, Name]}
"""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    file = tmp_path / "plain" / "template.yml"
    file.parent.mkdir()
    file.write_text(PLAIN, "utf-8")
    return file


def test_a_public_project_is_deployed_unmodified(cli: Cli, served: Cloud, tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECT, tmp_path / "project")
    made = cli("deploy", folder / "template.yml", "--stack", "shop", "--json", "--yes")
    assert made.exit == 0, made.out
    flow = made.data["outputs"]["OrderFlow"]
    served.flows.start_execution(flow, name="first", input='{"amount": 5}')
    served.run_until_idle()
    assert served.flows.describe_execution(flow, "first").status == "Succeeded"
    assert json.loads(served.queues.receive_message("shipping-shop").body)["charged"] == "5 CNY"
    assert cli("diff", folder / "template.yml", "--stack", "shop", "--json").data["same"] is True
    assert cli("deploy", folder, "--stack", "shop", "--json").data["changed"] is False
    assert cli("destroy", folder, "--stack", "shop", "--json").data["deleted"] is True
    assert served.stacks.list_stacks().items == ()


def test_a_plain_template_is_sent_as_it_is(cli: Cli, served: Cloud, plain: Path) -> None:
    said = cli("deploy", plain, "--stack", "s", "--parameter", "Name=main")
    assert said.exit == 0, said.err
    assert "+ create  Flow (ALIYUN::FNF::Flow)" in said.out
    assert "FlowName = main" in said.out
    assert "CREATE_COMPLETE          Flow (ALIYUN::FNF::Flow)" in said.err
    assert served.stacks.get_template("s") == PLAIN


def test_parameters_keep_their_values(cli: Cli, served: Cloud, plain: Path) -> None:
    cli("deploy", plain, "--stack", "s", "--parameter", "Name=main", "--parameter", "Secret=hush")
    assert cli("deploy", plain, "--stack", "s", "--json").data["changed"] is False
    plain.write_text(PLAIN.replace("name: only", "name: other"), "utf-8")
    changed = cli("deploy", plain, "--stack", "s", "--json")
    assert changed.data["plan"]["changes"][0]["steps"] == ["only removed", "other added"]
    assert served.flows.describe_flow("main").description == "hush"


def test_a_new_secret_is_deployed_and_never_written_down(cli: Cli, served: Cloud, plain: Path) -> None:
    cli("deploy", plain, "--stack", "s", "--parameter", "Name=main", "--parameter", "Secret=first-secret")
    again = cli("deploy", plain, "--stack", "s", "--parameter", "Secret=second-secret", "--json")
    assert again.data["changed"] is True
    assert served.flows.describe_flow("main").description == "second-secret"
    assert "second-secret" not in again.out + again.err
    assert not [file for file in plain.parent.rglob("*.json") if "-secret" in file.read_text("utf-8")]


def test_rollback_goes_back_and_forth(cli: Cli, served: Cloud, plain: Path) -> None:
    stack = ("--stack", "s", "--json")
    assert cli("rollback", plain, *stack).error["code"] == "NothingToRollBack"
    cli("deploy", plain, *stack, "--parameter", "Name=main")
    assert cli("rollback", plain, *stack).error["code"] == "NothingToRollBack"
    plain.write_text(PLAIN.replace("name: only", "name: other"), "utf-8")
    cli("deploy", plain, *stack)
    back = cli("rollback", plain, *stack)
    assert (back.exit, back.data["deployment"]) == (0, 1)
    assert "name: only" in served.flows.describe_flow("main").definition
    assert cli("rollback", plain, *stack).data["deployment"] == 2
    assert "name: other" in served.flows.describe_flow("main").definition


def test_after_a_failure_rollback_repairs(cli: Cli, served: Cloud, plain: Path) -> None:
    stack = ("--stack", "s", "--json")
    cli("deploy", plain, *stack, "--parameter", "Name=main")
    unforeseen = PLAIN.replace("type: pass", "type: ${Secret}").replace("Definition: |", "Definition: !Sub |")
    plain.write_text(unforeseen, "utf-8")
    failed = cli("deploy", plain, *stack)
    assert failed.exit == 1
    assert "Flow" in failed.error["message"]
    assert cli("rollback", plain, *stack).data["deployment"] == 1


def test_a_danger_is_refused_without_force(cli: Cli, served: Cloud, plain: Path) -> None:
    cli("deploy", plain, "--stack", "s", "--parameter", "Name=main")
    renamed = ("--stack", "s", "--parameter", "Name=renamed")
    assert cli("diff", plain, *renamed, "--exit-code").exit == 5
    refused = cli("deploy", plain, *renamed, "--json")
    assert (refused.exit, refused.error["code"]) == (1, "Dangerous")
    assert "the flow main is replaced" in refused.error["message"]
    assert served.flows.describe_flow("main").name == "main"
    assert cli("deploy", plain, *renamed, "--force", "--json").data["outputs"] == {"FlowName": "renamed"}


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("Type: ALIYUN::FNF::Flow", "Type: ALIYUN::FNF::Flows", ":8:", "ALIYUN::FNF::Flow`"),
        ("Name: {Ref: Name}", "Nam: {Ref: Name}", ":10:", "`Name`"),
        ("{Ref: Name}", "{Ref: Nothing}", ":10:", "Nothing"),
        ("'2015-09-01'", "'2014'", ":1:", "2015-09-01"),
    ],
)
def test_a_bad_template_is_told_with_its_line(
    cli: Cli, served: Cloud, plain: Path, old: str, new: str, place: str, says: str
) -> None:
    plain.write_text(PLAIN.replace(old, new, 1), "utf-8")
    said = cli("deploy", plain, "--stack", "s", "--json", "--parameter", "Name=main")
    assert (said.exit, said.error["code"]) == (1, "InvalidTemplate")
    assert place in said.error["message"]
    assert says in said.error["message"]
    assert served.stacks.list_stacks().items == ()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "MissingParameter"),
        (("--parameter", "Name=main", "--parameter", "Nme=x"), "UnknownParameter"),
        (("--parameter", "Name"), "UsageError"),
        (("--stage", "prod"), "NoStages"),
        (("--endpoint", "https://fnf.example.com"), "StageNeeded"),
    ],
)
def test_what_is_refused_before_anything_happens(
    cli: Cli, served: Cloud, plain: Path, words: tuple[str, ...], code: str
) -> None:
    assert cli("deploy", plain, "--stack", "s", "--json", *words).error["code"] == code
    assert served.stacks.list_stacks().items == ()


def test_a_template_needs_the_name_of_a_stack(cli: Cli, plain: Path) -> None:
    for command in ("deploy", "diff", "destroy", "rollback", "outputs"):
        assert cli(command, plain, "--json").error["code"] == "NoStack"


def test_a_folder_without_anything(cli: Cli, tmp_path: Path) -> None:
    assert cli("deploy", tmp_path, "--json").error["code"] == "NothingToDeploy"


def test_two_deployments_at_once(cli: Cli, served: Cloud, plain: Path) -> None:
    with book(plain.parent, "local").held():
        busy = cli("deploy", plain, "--stack", "s", "--parameter", "Name=main", "--json")
    assert (busy.exit, busy.error["code"]) == (1, "Busy")
    assert cli("deploy", plain, "--stack", "s", "--parameter", "Name=main", "--json").exit == 0


def test_no_server_is_a_clear_error(cli: Cli, plain: Path) -> None:
    said = cli("deploy", plain, "--stack", "s", "--parameter", "Name=m", "--endpoint", "http://127.0.0.1:9", "--json")
    assert said.exit == 3
    assert "fnfkit dev" in said.error["hint"]


STAGES = """[stages.local2]
endpoint = "{endpoint}"
stack = "from-stage"
parameters = {{ Name = "staged" }}

[stages.prod]
region = "cn-hangzhou"
"""


def test_a_stage_names_endpoint_stack_and_parameters(
    cli: Cli, served: Cloud, plain: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    endpoint = os.environ["FNFKIT_ENDPOINT"]
    monkeypatch.delenv("FNFKIT_ENDPOINT")
    (plain.parent / "fnfkit.toml").write_text(STAGES.format(endpoint=endpoint), "utf-8")
    made = cli("deploy", plain, "--stage", "local2", "--json")
    assert (made.data["stack"], made.data["outputs"]) == ("from-stage", {"FlowName": "staged"})
    assert cli("deploy", plain, "--stage", "prod", "--stack", "s", "--json").error["code"] == "NoCredentials"
    assert cli("deploy", plain, "--stage", "other", "--json").error["hint"] == "it has: local2, prod"


@pytest.mark.parametrize("text", ["[stages.prod]\nregon = 'x'\n", "[stages.prod\n", "[stages.prod]\nregion = 1\n"])
def test_wrong_stages(cli: Cli, plain: Path, text: str) -> None:
    (plain.parent / "fnfkit.toml").write_text(text, "utf-8")
    assert cli("deploy", plain, "--stage", "prod", "--json").error["code"] == "InvalidStages"


def test_code_that_is_missing_is_told_with_its_line(cli: Cli, served: Cloud, tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECT, tmp_path / "project")
    file = folder / "template.yml"
    file.write_text(file.read_text("utf-8").replace("'./orders'", "./nowhere", 1), "utf-8")
    said = cli("deploy", file, "--stack", "shop", "--json")
    assert said.error["code"] == "InvalidTemplate"
    assert "template.yml:28:" in said.error["message"]
    assert "./nowhere" in said.error["message"]


def test_what_is_sent_for_a_public_project_can_be_read(tmp_path: Path, cli: Cli, served: Cloud) -> None:
    cli("deploy", shutil.copytree(PROJECT, tmp_path / "copy"), "--stack", "shop", "--json")
    (drawn,) = served.stacks.list_stacks().items
    assert ros.read(served.stacks.get_template(drawn.id, original=True)).problems == ()


def test_doctor(cli: Cli, served: Cloud) -> None:
    said = cli("doctor", "--json")
    assert said.exit == 0, said.out
    assert [one["check"] for one in said.data] == ["credentials", "region", "endpoint", "flows", "stacks", "clock"]
    assert all(one["ok"] for one in said.data)


def test_doctor_without_a_server(cli: Cli) -> None:
    said = cli("doctor", "--endpoint", "http://127.0.0.1:9", "--json")
    assert said.exit == 1
    assert [(one["check"], one["ok"]) for one in said.data][-1] == ("endpoint", False)


def test_doctor_with_a_wrong_key(cli: Cli, served: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "nothing")
    said = cli("doctor")
    assert said.exit == 1
    assert "FAIL flows" in said.out


@pytest.mark.parametrize("command", ["deploy", "diff", "destroy"])
def test_an_identity_without_rights(
    command: str, cli: Cli, served: Cloud, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"RAM": ["acs:ram::123456789012:root"]}}
    served.ram.roles.create_role("guest", {"Version": "1", "Statement": [statement]})
    session = served.ram.assume_role("acs:ram::123456789012:role/guest", "guest")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", session.key.id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", session.key.secret)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", session.token)
    said = cli(command, plain, "--stack", "s", "--json")
    assert (said.exit, said.error["code"]) == (1, "NoPermission")
    assert "guest may not ros:ListStacks" in said.error["message"] and "fnfkit doctor" in said.error["hint"]
    assert served.stacks.list_stacks().items == ()


@pytest.mark.parametrize(
    ("id", "secret", "code"),
    [
        ("LTAIfnfkitlocal", "wrong", "InvalidAccessKeySecret"),
        ("nobody", "fnfkit-local-secret", "InvalidAccessKeyId.NotFound"),
    ],
)
def test_wrong_keys_have_a_hint(
    id: str, secret: str, code: str, cli: Cli, served: Cloud, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret)
    said = cli("deploy", plain, "--stack", "s", "--parameter", "Name=main", "--json")
    assert (said.exit, said.error["code"]) == (1, code) and said.error["hint"]
