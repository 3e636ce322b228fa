"""Scenario 6: versions, aliases and instances kept ready (scenarios.md 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnfkit.ports.functions import FunctionSettings
from tests.fc.contract.conftest import archive
from tests.scenarios.conftest import SERVICE, Stage, log, template

pytestmark = pytest.mark.latency(cold=0.5, warm=0.23)
VERSIONS = template("versions")
ANSWER = "def handler(event, context):\n    return {{'v{1}': {0}}}\n"


def step(name: str, qualifier: str, function: str = "f") -> str:
    at = f".{qualifier}" if qualifier else ""
    return f"  - {{type: task, name: {name}, resourceArn: 'acs:fc:::services/{SERVICE}{at}/functions/{function}'}}\n"


def flow(*steps: str) -> str:
    return "version: v1\ntype: flow\nsteps:\n" + "".join(steps)


def publish(stage: Stage, value: int) -> None:
    """New code, and a version of it."""
    put(stage, value)
    stage.cloud.fc.publish_version(SERVICE, "")


def put(stage: Stage, value: int) -> None:
    for key, name in (("", "f"), ("2", "g")):
        code = archive(index=ANSWER.format(value, key))
        if any(one.name == name for one in stage.cloud.functions.list()):
            stage.cloud.fc.update_function(SERVICE, name, code=code)
        else:
            stage.cloud.fc.create_function(SERVICE, name, FunctionSettings(), code)


@pytest.mark.parametrize(("qualifier", "value"), [("", 2), ("LATEST", 2), ("1", 1), ("online", 1)])
def test_code_after_publishing_runs_unqualified_only(stage: Stage, qualifier: str, value: int) -> None:
    publish(stage, 1)
    stage.cloud.fc.create_alias(SERVICE, "", "online", "1")
    put(stage, 2)
    assert stage.play(flow(step("call", qualifier))).output == {"v": value}


def test_a_function_replaced_while_its_flow_runs(stage: Stage) -> None:
    """Unqualified calls change at once; `.1` never does, and the alias not until it is moved."""
    publish(stage, 1)
    stage.cloud.fc.create_alias(SERVICE, "", "online", "1")
    rounds = [
        "".join(
            f"  - {{type: task, name: {name}{number}, resourceArn: 'acs:fc:::services/{SERVICE}{at}/functions/f', "
            f"outputMappings: [{{target: {name}{number}, source: $local.v}}]}}\n"
            for name, at in (("latest", ""), ("pinned", ".1"), ("online", ".online"))
        )
        + f"  - {{type: wait, name: pause{number}, duration: 60}}\n"
        for number in range(3)
    ]
    name = stage.begin(flow(*rounds))
    stage.cloud.run_until(lambda: stage.seen(name, "StepEntered", "pause0"))
    put(stage, 2)
    stage.cloud.run_until(lambda: stage.seen(name, "StepEntered", "pause1"))
    stage.cloud.fc.publish_version(SERVICE, "")
    stage.cloud.fc.update_alias(SERVICE, "", "online", "2")
    stage.cloud.run_until_idle()
    output = stage.story(name).output
    assert [output[f"latest{number}"] for number in range(3)] == [1, 2, 2]
    assert [output[f"pinned{number}"] for number in range(3)] == [1, 1, 1]
    assert [output[f"online{number}"] for number in range(3)] == [1, 1, 2]


def test_all_functions_of_a_version_were_published_together(stage: Stage) -> None:
    publish(stage, 1)
    put(stage, 2)
    assert stage.play(flow(step("one", "1"), step("two", "1", "g"))).output == {"v": 1, "v2": 1}


def test_a_weighted_alias_sends_its_share_elsewhere(stage: Stage) -> None:
    publish(stage, 1)
    publish(stage, 2)
    stage.cloud.fc.create_alias(SERVICE, "", "split", "1", weights={"2": 0.25})
    definition = flow(
        f"""
  - type: foreach
    name: each
    iterationMapping: {{collection: $.items, item: item}}
    steps:
      - {{type: task, name: call, resourceArn: 'acs:fc:::services/{SERVICE}.split/functions/f'}}
    outputMappings: [{{target: seen, source: '$local[*].v'}}]
"""
    )
    runs = [stage.play(definition, {"items": list(range(200))}).output["seen"] for _ in range(2)]
    for seen in runs:
        assert 30 < list(seen).count(2) < 70  # type: ignore[call-overload]
    assert runs[0] != runs[1], "every call chooses anew"


@pytest.mark.parametrize(("share", "values"), [(0.0, {1}), (1.0, {2})])
def test_weights_at_their_ends(stage: Stage, share: float, values: set[int]) -> None:
    publish(stage, 1)
    publish(stage, 2)
    stage.cloud.fc.create_alias(SERVICE, "", "split", "1", weights={"2": share})
    assert {stage.play(flow(step("call", "split"))).output["v"] for _ in range(20)} == values


@pytest.mark.parametrize(("qualifier", "error"), [("nobody", "FC.AliasNotFound"), ("9", "FC.VersionNotFound")])
def test_an_unknown_qualifier_fails_the_step(stage: Stage, qualifier: str, error: str) -> None:
    publish(stage, 1)
    story = stage.play(flow(step("call", qualifier)))
    assert (story.status, story.error) == ("Failed", error)


def test_a_reserved_alias_has_no_cold_start(stage: Stage) -> None:
    functions = stage.cloud.fc
    code = archive(index="def handler(e, c):\n    return {'cold': c.cold_start}\n")
    functions.create_function(SERVICE, "f", FunctionSettings(), code)
    functions.publish_version(SERVICE, "")
    functions.create_alias(SERVICE, "", "online", "1")
    functions.put_provision(SERVICE, "f", "online", 1)
    stage.cloud.run_until_idle()
    reserved, latest = stage.play(flow(step("call", "online"))), stage.play(flow(step("call", "")))
    assert (reserved.output["cold"], latest.output["cold"]) == (False, True)
    assert [story.elapsed for story in (reserved, latest)] == [0.23, 0.5]


def test_a_reserved_instance_that_dies_is_replaced_and_one_follows_its_alias(stage: Stage) -> None:
    functions = stage.cloud.fc
    source = "def handler(e, c):\n    if b'die' in e: exit()\n    return {{'cold': c.cold_start, 'n': {0}}}\n"
    functions.create_function(SERVICE, "f", FunctionSettings(), archive(index=source.format(1)))
    functions.publish_version(SERVICE, "")
    functions.create_alias(SERVICE, "", "online", "1")
    functions.put_provision(SERVICE, "f", "online", 1)
    assert stage.play(flow(step("call", "online")), {"die": True}).error == "FC.Unknown"
    assert stage.play(flow(step("call", "online"))).output == {"cold": False, "n": 1}
    functions.update_function(SERVICE, "f", code=archive(index=source.format(2)))
    functions.publish_version(SERVICE, "")
    functions.update_alias(SERVICE, "", "online", "2")
    assert stage.play(flow(step("call", "online"))).output == {"cold": False, "n": 2}


def test_the_template_runs_through_its_alias(stage: Stage) -> None:
    stage.cloud.fc.publish_version(SERVICE, "")
    stage.cloud.fc.create_alias(SERVICE, "", "online", "1")
    stage.cloud.fc.put_provision(SERVICE, "provision", "online", 1)
    story = stage.play(VERSIONS)
    assert story.output == {"success": True}
    assert log(story, 4, 5) == [(4, "TaskStarted", "TestFCProvision"), (5, "TaskSucceeded", "TestFCProvision")]
    assert any("version 1, warm start" in line.text for line in stage.cloud.functions.log)


def test_a_published_folder_stays_as_it_was(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "index.py").write_text("def handler(e, c): return {'v': 1}\n")
    stage.cloud.functions.deploy("folders", "f", code=folder)
    stage.cloud.fc.publish_version("folders", "")
    (folder / "index.py").write_text("def handler(e, c): return {'v': 2}\n")
    stage.cloud.functions.deploy("folders", "f", code=folder)
    definition = flow(step("call", "1")).replace(SERVICE, "folders")
    assert stage.play(definition).output == {"v": 1}
    assert stage.play(definition.replace("folders.1", "folders")).output == {"v": 2}
