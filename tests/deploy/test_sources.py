"""What is deployed, before it is: for the real service, which takes only code on OSS, a transform is done here."""

from __future__ import annotations

import shutil
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from random import Random
from zipfile import ZipFile

import pytest
from deploy_accounts import wheel

from fnfkit.cli.deploy_source import folder_of, source_of
from fnfkit.cli.refusal import Refusal
from fnfkit.lang import ros

PROJECT = Path(__file__).parents[1] / "data" / "ros" / "project"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECT, tmp_path / "project")


def test_local_code_is_put_into_the_template(project: Path) -> None:
    source = source_of(str(project), "shop", "", expand=False, bucket="")
    assert source.template.transform
    assert list(ros.local_files(source.template)) == []
    assert source_of(str(project / "template.yml"), "shop", "", expand=False, bucket="").text == source.text


def test_for_the_service_itself_it_is_expanded(project: Path) -> None:
    source = source_of(str(project), "shop", "", expand=True, bucket="")
    assert source.template.transform == ""
    assert {one.type for one in source.template.resources} >= {"ALIYUN::FC::Function", "ALIYUN::FNF::Flow"}
    code = [one.properties["Code"] for one in source.template.resources if one.type == "ALIYUN::FC::Function"]
    assert [list(one) for one in code] == [["ZipFile"]] * 3
    assert ros.validate(source.template) == ()


def test_large_code_goes_into_the_bucket_or_is_refused(project: Path) -> None:
    (project / "orders" / "data.bin").write_bytes(Random(1).randbytes(300_000))
    source = source_of(str(project), "shop", "", expand=True, bucket="code")
    assert len(source.shelf.uploads) == 1
    with pytest.raises(Refusal, match="template has room for") as refused:
        source_of(str(project), "shop", "", expand=True, bucket="")
    assert "bucket = " in refused.value.message


def packed(project: Path, *, expand: bool = True) -> dict[str, str]:
    """The files in the archive of the project's first function."""
    source = source_of(str(project), "shop", "", expand=expand, bucket="")
    function = next(one for one in source.template.resources if one.id == "Orderscheck")
    with ZipFile(BytesIO(b64decode(function.properties["Code"]["ZipFile"]))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_code_brings_its_requirements_and_leaves_out_what_is_excluded(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    before = packed(project)
    wheel(project)
    (project / "orders" / "requirements.txt").write_text("../tiny-1.0-py3-none-any.whl\n")
    (project / "orders" / "notes.md").write_text("secret")
    (project / ".funignore").write_text("*.md\n")
    after = packed(project)
    assert after.keys() - before.keys() == {"tiny.py", *(name for name in after if name.startswith("tiny-1.0"))}
    assert after["tiny.py"] == "WORD = 'tiny'\n"


def test_requirements_that_cannot_be_had_are_refused_for_the_service_and_told_here(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (project / "orders" / "requirements.txt").write_text("nothing-of-that-name==1\n")
    with pytest.raises(Refusal, match=r"template.yml:\d+:\d+: T13 .*nothing-of-that-name"):
        source_of(str(project), "shop", "", expand=True, bucket="")
    source_of(str(project), "shop", "", expand=False, bucket="")
    assert capsys.readouterr().err.count("warning: ") == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [("a/app.py", "a"), ("a/app.py:app", "a"), ("a/template.yml", "a"), ("module:app", "."), ("template.yml", ".")],
)
def test_the_folder_of_a_project(given: str, expected: str) -> None:
    assert folder_of(given) == Path(expected)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(Refusal, match="does not exist"):
        source_of("nowhere/template.yml", "s", "", expand=False, bucket="")


HEAD = "ROSTemplateFormatVersion: '2015-09-01'\n"
FLOW = HEAD + "Resources:\n  F:\n    Type: ALIYUN::FNF::Flow\n    Properties:\n      Name: f\n      Definition:"
BROKEN = """
          version: v1
          type: flow
          steps:
            - type: pas
              name: p
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{FLOW} |{BROKEN}", "template.yml:11:15"),
        (f"{FLOW} !Sub |-{BROKEN}", "template.yml:11:15"),
        (f"{FLOW}\n        Fn::Sub: |{BROKEN.replace('          ', '            ')}", "template.yml:12:17"),
        (f'{FLOW} "version: v1\\ntype: flow\\nsteps: [{{type: pas, name: p}}]"\n', "template.yml:7:7"),
        (f"{FLOW} >{BROKEN}", "template.yml:7:7"),
    ],
    ids=["block", "tagged", "long form", "quoted", "folded"],
)
def test_a_broken_flow_is_refused_with_its_line_in_the_template(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "template.yml").write_text(text)
    with pytest.raises(Refusal) as refused:
        source_of(str(tmp_path), "s", "", expand=False, bucket="")
    assert refused.value.code == "InvalidFlow" and f"{place}: " in refused.value.message
    assert len(refused.value.message.splitlines()) == 1


def test_a_broken_flow_in_a_file_is_refused_with_its_line_there(project: Path) -> None:
    file = project / "flows" / "order.fdl.yml"
    lines = file.read_text().splitlines()
    number = next(number for number, line in enumerate(lines) if "type: task" in line)
    lines[number] = lines[number].replace("task", "tas")
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(Refusal) as refused:
        source_of(str(project), "shop", "", expand=False, bucket="")
    assert f"{file}:{number + 1}:" in refused.value.message and "`tas`" in refused.value.message


def test_what_is_substituted_into_a_flow_is_not_judged(tmp_path: Path) -> None:
    wait = "\n        version: v1\n        type: flow\n        steps:\n          - type: wait\n            name: w\n"
    head = FLOW.replace("Resources", "Parameters: {Seconds: {Type: Number}}\nResources")
    call = "          - type: task\n            name: t\n            resourceArn:\n              ${Seconds}\n"
    (tmp_path / "template.yml").write_text(f"{head} !Sub |{wait}            duration: ${{Seconds}}\n{call}")
    assert source_of(str(tmp_path), "s", "", expand=False, bucket="").stack == "s"


CALLED = (
    HEAD
    + """Transform: 'Aliyun::Serverless-2018-04-03'
Resources:
  video:
    Type: Aliyun::Serverless::Service
    split:
      Type: Aliyun::Serverless::Function
      Properties: {Handler: index.handler, Runtime: python3, CodeUri: oss://b/k}
  other: {Type: Aliyun::Serverless::Service}
  given: {Type: Aliyun::Serverless::Service, Properties: {ServiceName: mine}}
  child:
    Type: Aliyun::Serverless::Flow
    Properties: {Definition: "version: v1\\ntype: flow\\nsteps: [{type: pass, name: p}]"}
  flow:
    Type: Aliyun::Serverless::Flow
    Properties:
      Definition: |
        version: v1
        type: flow
        steps:
          - {type: task, name: split, resourceArn: 'acs:fc:::services/video.LATEST/functions/split'}
          - {type: task, name: rest, resourceArn: 'acs:fc:cn-hangzhou:1:services/given/functions/f'}
          - {type: task, name: child, resourceArn: 'acs:fnf:::flow/child'}
"""
)


def test_what_flows_call_by_logical_id_has_it_as_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "template.yml").write_text(CALLED)
    source = source_of(str(tmp_path), "s", "", expand=True, bucket="")
    properties = {one.id: one.properties for one in source.template.resources}
    assert (properties["video"]["ServiceName"], properties["child"]["Name"]) == ("video", "child")
    assert (
        str(properties["other"]["ServiceName"]).startswith("s-other-") and properties["given"]["ServiceName"] == "mine"
    )
    assert str(properties["flow"]["Name"]).startswith("s-flow-")
    assert "flows call video, child by logical ID" in capsys.readouterr().err


def test_without_the_transform_names_are_as_written(tmp_path: Path) -> None:
    text = f"{FLOW} |{BROKEN}".replace("type: pas", "type: pass").replace("Name: f", "Name: g")
    (tmp_path / "template.yml").write_text(text)
    assert source_of(str(tmp_path), "s", "", expand=True, bucket="").text == text
