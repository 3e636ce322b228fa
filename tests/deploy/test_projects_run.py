"""Projects in Python, deployed with derived roles, and run: functions of either generation, aliases, async tasks."""

from __future__ import annotations

import json
from pathlib import Path

from deploy_accounts import Deployer

from fnfkit.cli.projects import project
from fnfkit.cloud.cloud import Cloud
from fnfkit.deploy import graph, plan, synth
from fnfkit.lang import ros
from fnfkit.model.stack import Template

HEAD = """from dataclasses import dataclass

from fnfkit import App, FC, Steps, TaskToken, context, input, local

@dataclass
class Answer:
    word: str

"""

THREE = """app = App("three")

@app.function
def work(word: str) -> Answer:
    return Answer(word + "!")

@app.flow
def main(word: str) -> Answer:
    return work.wait_for(word=word)
"""

TWO = THREE.replace('App("three")', 'App("two", service="two")')

ALIAS = """app = App("alias", service="alias")

@app.function
def work(word: str) -> Answer:
    return Answer(word + "%s")

@app.flow
def main(word: str) -> Answer:
    return work.at("online")(word=word)
"""

NESTED = """app = App("nested", service="nested")
jobs = app.queue("jobs")

@app.function
def work(word: str) -> Answer:
    return Answer(word)

@app.flow
def child(word: str) -> Answer:
    jobs.send({"word": word})
    return work(word=word)

@app.flow
def main(word: str) -> Answer:
    return child(word=word)

app.schedule(main, "@every 1m", name="tick", payload={"word": "x"})
"""


def template(folder: Path, text: str) -> Template:
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text(HEAD + text, "utf-8")
    with project(str(folder)) as found:
        return synth(graph(found.app, found.folder), found.app.name, cache=folder / ".fnfkit")


def deployed(deployer: Deployer, folder: Path, text: str) -> None:
    made = template(folder, text)
    assert deployer.executor.deploy(made.description.split(",")[0], ros.write(made)).changed


def answer(deployer: Deployer) -> object:
    ended = deployer.run("main", {"word": "hi"})
    assert ended["status"] == "Succeeded", failure(deployer.cloud)
    return ended["output"]


def failure(cloud: Cloud) -> object:
    execution = cloud.flows.list_executions("main").items[0]
    return [event.detail for event in cloud.flows.get_execution_history("main", execution.name).items][-3:]


def test_an_asynchronous_task_of_a_function_without_a_service(deployer: Deployer, tmp_path: Path) -> None:
    deployed(deployer, tmp_path / "p", THREE)
    assert answer(deployer) == {"word": "hi!"}


def test_an_asynchronous_task_of_a_function_of_a_service(deployer: Deployer, tmp_path: Path) -> None:
    deployed(deployer, tmp_path / "p", TWO)
    assert answer(deployer) == {"word": "hi!"}


def test_an_alias_follows_the_code(deployer: Deployer, tmp_path: Path) -> None:
    deployed(deployer, tmp_path / "p", ALIAS % "1")
    assert answer(deployer) == {"word": "hi1"}
    changed = template(tmp_path / "p", ALIAS % "2")
    found = plan(deployer.cloud.stacks, "alias", changed)
    assert (found.dangers, found.replaces) == ((), False)
    deployed(deployer, tmp_path / "p", ALIAS % "2")
    assert answer(deployer) == {"word": "hi2"}
    assert len(deployer.cloud.functions.releases.versions("alias", "work")) == 1


def test_flows_in_flows_queues_and_schedules(deployer: Deployer, tmp_path: Path) -> None:
    deployed(deployer, tmp_path / "p", NESTED)
    assert answer(deployer) == {"word": "hi"}
    assert json.loads(deployer.cloud.queues.receive_message("jobs").body) == {"word": "hi"}
    assert deployer.cloud.flows.describe_schedule("main", "tick").enabled
    deployer.executor.destroy("nested")
    assert deployer.cloud.flows.list_flows().items == ()


def test_every_grant_is_used(deployer: Deployer, tmp_path: Path) -> None:
    """What the roles allow is what an execution needs: taking any statement away fails it."""
    made = template(tmp_path / "p", TWO)
    text = ros.write(made)
    for action in ("fc:InvokeFunction", "fnf:ReportTaskSucceeded"):
        less = text.replace(action, "fc:Nothing")
        assert less != text
        deployer.executor.deploy(f"less-{action.partition(':')[0]}", less)
        assert deployer.run("main", {"word": "hi"})["status"] != "Succeeded"
        deployer.executor.destroy(f"less-{action.partition(':')[0]}")
