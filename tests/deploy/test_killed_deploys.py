"""A deployment whose process is killed (SIGKILL) at the boundary of any stage: the next one repairs what it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from deploy_accounts import Cli, wheel

from fnfkit.cloud.cloud import Cloud
from fnfkit.deploy import book
from tests.deploy.test_deploy_cli import APP

PROGRAM = Path(__file__).with_name("dying_deploy.py")
BULK = f"\nBULK = {Random(1).randbytes(300_000).hex()!r}\n"
"""Code that no template has room for, so that it is uploaded."""

STAGES = {
    "graph": "fnfkit.cli.deploy_source:graph",
    "package": "fnfkit.deploy.synth:package",
    "install": "fnfkit.deploy.vendor:_install",
    "place-installed": "fnfkit.deploy.vendor:shutil.move",
    "synth": "fnfkit.cli.deploy_source:synth",
    "lock": "fnfkit.deploy.record:fcntl.flock",
    "plan": "fnfkit.cli.deploy:plan",
    "note-start": "fnfkit.deploy.record:Book.start",
    "write-record": "fnfkit.deploy.record:os.fsync",
    "bucket": "fnfkit.aliyun.objects:AliyunObjects.create_bucket",
    "upload": "fnfkit.aliyun.objects:AliyunObjects.put",
    "settle": "fnfkit.aliyun:AliyunStacks.get_stack",
    "watch": "fnfkit.aliyun:AliyunStacks.list_stack_events",
    "note-end": "fnfkit.deploy.record:Book.finish",
}
CREATES = {**STAGES, "create": "fnfkit.aliyun:AliyunStacks.create_stack"}
UPDATES = {**STAGES, "update": "fnfkit.aliyun:AliyunStacks.update_stack"}
DELETES = {name: STAGES[name] for name in ("lock", "note-start", "write-record", "settle", "watch")}
DELETES["delete"] = "fnfkit.aliyun:AliyunStacks.delete_stack"
MOMENTS = [("graph", "before"), ("write-record", "before"), *((stage, "after") for stage in CREATES)]
"""Before a stage is after the one before it."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.py").write_text(APP + BULK, "utf-8")
    return folder


def require(shop: Path, stage: str) -> None:
    """Lets the project have requirements, which take long, where their stages are looked at."""
    if "install" in stage:
        wheel(shop)
        (shop / "requirements.txt").write_text("./tiny-1.0-py3-none-any.whl\n", "utf-8")


def killed(place: str, when: str, *words: object) -> None:
    """Runs a command that is killed on its way."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), place, when, *map(str, words)], env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def repaired(cli: Cli, served: Cloud, shop: Path, greeting: str) -> None:
    """Deploys again: all is as if nothing had happened, down to the files of the record."""
    made = cli("deploy", shop, "--json")
    assert made.exit == 0, made.out
    assert cli("diff", shop, "--json", "--exit-code").exit == 0
    assert cli("deploy", shop, "--json").data["changed"] is False
    assert {file.name for file in (shop / ".fnfkit").iterdir()} <= {"local.json", "local.lock", "vendor"}
    assert book(shop, "local").read()[-1].state == "done", "what rollback goes by"
    started = served.flows.start_execution("welcome", input='{"name": "Ann"}')
    served.run_until_idle()
    ended = served.flows.describe_execution("welcome", started.name)
    assert json.loads(ended.output) == {"greeting": f"{greeting} Ann"}


@pytest.mark.parametrize(("stage", "when"), MOMENTS)
def test_a_creation(cli: Cli, served: Cloud, shop: Path, stage: str, when: str) -> None:
    require(shop, stage)
    killed(CREATES[stage], when, "deploy", shop, "--json")
    repaired(cli, served, shop, "hello")


@pytest.mark.parametrize("stage", UPDATES)
def test_an_update(cli: Cli, served: Cloud, shop: Path, stage: str) -> None:
    assert cli("deploy", shop, "--json").exit == 0
    (shop / "app.py").write_text(APP.replace("hello", "bye") + BULK, "utf-8")
    require(shop, stage)
    killed(UPDATES[stage], "after", "deploy", shop, "--json")
    repaired(cli, served, shop, "bye")


@pytest.mark.parametrize("stage", DELETES)
def test_a_deletion(cli: Cli, served: Cloud, shop: Path, stage: str) -> None:
    assert cli("deploy", shop, "--json").exit == 0
    killed(DELETES[stage], "after", "destroy", shop, "--json")
    repaired(cli, served, shop, "hello")
    killed(DELETES[stage], "before", "destroy", shop, "--json")
    assert cli("destroy", shop, "--json").exit == 0
    assert served.stacks.list_stacks().items == ()
    assert served.flows.list_flows().items == ()
    assert book(shop, "local").read()[-1].state == "destroyed", "what rollback goes by"


def test_a_rollback_goes_to_what_a_killed_command_has_deployed(cli: Cli, served: Cloud, shop: Path) -> None:
    killed(CREATES["create"], "after", "deploy", shop, "--json")
    assert cli("deploy", shop, "--json").exit == 0
    (shop / "app.py").write_text(APP.replace("hello", "bye"), "utf-8")
    assert cli("deploy", shop, "--json").exit == 0
    assert cli("rollback", shop, "--json").exit == 0
    (shop / "app.py").write_text(APP + BULK, "utf-8")
    repaired(cli, served, shop, "hello")
