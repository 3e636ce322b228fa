"""What the reader of Amazon States Language says about fields that are misspelt, doubled, or do nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnfkit.cli.app import run as fnfkit
from fnfkit.cli.migrate import KNOWN_DIFFERENCES_AWS
from fnfkit.lang import asl, fdl
from fnfkit.lang.dialects import DIALECTS, dialect_of, language_of, read
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Severity

ROOT = Path(__file__).parents[2]
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
END = {"Type": "Succeed"}


def task(**more: object) -> JsonObject:
    return {"Type": "Task", "Resource": FUNCTION, "Next": "Z", **more}


def rules(*names: list[str]) -> list[JsonObject]:
    return [{"ErrorEquals": list(errors), "Next": "Z"} for errors in names]


CHOICE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.n", "IsPresent": True, "Next": "Z"}],
    "Default": "Z",
}
MAP = {"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": END}}, "Next": "Z"}


@pytest.mark.parametrize(
    ("state", "id", "message", "fix"),
    [
        (task(Retrys=[]), "E03", "no property `Retrys`", "did you mean `Retry`?"),
        (task(timeoutSeconds=3), "E03", "no property `timeoutSeconds`", "did you mean `TimeoutSeconds`?"),
        ({"Type": "task", "Next": "Z"}, "E01", "no state type `task`", "did you mean `Task`?"),
        ({"Type": "Pass", "Next": "z"}, "E05", "`z` names no state", "did you mean `Z`?"),
        ({"Type": "Pass", "Retry": [], "Next": "Z"}, "E03", "no property `Retry`", "only Task, Parallel and Map"),
        ({"Type": "Wait", "Seconds": 1, "Catch": [], "Next": "Z"}, "E03", "no property `Catch`", "only Task"),
        ({**CHOICE, "Next": "Z"}, "E03", "no property `Next`", "a Choice goes on with"),
        ({**CHOICE, "End": True}, "E03", "no property `End`", "a Choice goes on with"),
        ({"Type": "Pass", "InputConstructor": {}, "Next": "Z"}, "E03", "no property", "write Parameters"),
        ({"Type": "Pass", "Next": "Z", "End": False}, "S12", "`End: false` does nothing", "leave it out"),
        ({"Type": "Pass", "Result": 1, "Parameters": {}, "Next": "Z"}, "S12", "`Parameters` does nothing", "one of"),
        ({**MAP, "Iterator": {}}, "E11", "both `ItemProcessor` and `Iterator`", "keep `ItemProcessor`"),
        ({**MAP, "ItemSelector": {}, "Parameters": {}}, "E11", "both `ItemSelector`", "keep `ItemSelector`"),
        (task(TimeoutSeconds=1, TimeoutSecondsPath="$.t"), "E11", "both `TimeoutSeconds`", "keep one"),
        (task(Catch=rules(["States.ALL", "Busy"])), "E08", "must stand alone", "a rule of its own"),
        (task(Catch=rules(["States.ALL"], ["Busy"])), "E08", "must be the last", "move it to the end"),
        (task(Catch=rules(["States.ALL"], ["Busy"])), "S09", "never asked", "put it before them"),
        (task(Catch=rules(["Busy"], ["Busy"])), "S09", "never asked", "put it before them"),
        (
            task(Retry=[{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}]),
            "S06",
            "`JitterStrategy` has no effect",
            "leave it out",
        ),
        (task(Catch=rules(["States.Timeouts"])), "S13", "no reserved error `States.Timeouts`", "`States.Timeout`"),
        (
            {
                "Type": "Parallel",
                "Branches": [{"StartAt": "I", "States": {"I": END}, "ProcessorConfig": {}}],
                "End": True,
            },
            "E03",
            "no property `ProcessorConfig`",
            "allowed",
        ),
    ],
)
def test_what_is_wrong_or_idle_is_told(state: JsonObject, id: str, message: str, fix: str) -> None:
    reading = asl.read(json.dumps({"StartAt": "A", "States": {"A": state, "Z": END}}))
    told = [problem for problem in reading.problems if problem.id == id and message in problem.message]
    assert told, reading.problems
    assert fix in told[0].fix
    assert (told[0].severity is Severity.WARNING) == id.startswith("S")


def test_a_state_that_nobody_goes_to_is_told() -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": END, "B": {"Type": "Pass", "Next": "C"}, "C": END}}, indent=1)
    reading = asl.read(text)
    assert [(problem.id, problem.path[-1]) for problem in reading.problems] == [("S08", "B"), ("S08", "C")]
    marks = [reading.mark(problem) for problem in reading.problems]
    assert [mark and mark.line for mark in marks] == [7, 11]


# -- which language a text is written in


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('{"StartAt": "A", "States": {}}', "asl"),
        ("StartAt: A\nStates: {A: {Type: Succeed}}", "asl"),
        ("Type: StateMachine\nStartAt: A\nStates: []", "cloudflow"),
        ("type: statemachine\nStartAt: A\nStates: []", "cloudflow"),
        ("version: v1\ntype: flow\nsteps: []", "fdl"),
        ("StartAt: A\nStates: []", "fdl"),
        ("", "fdl"),
    ],
)
def test_a_text_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) is DIALECTS[language]
    # The service knows two of the three.
    assert dialect_of(text) is DIALECTS["fdl" if language == "asl" else language]


def test_the_service_is_told_what_it_was_given() -> None:
    for reading in (read('{"StartAt": "A", "States": {}}'), fdl.read('{"StartAt": "A", "States": {}}')):
        (problem,) = reading.problems
        assert "Amazon States Language, not FDL" in problem.message
        assert "fnfkit migrate" in problem.fix


def test_states_are_checked_like_flows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fnfkit(["check", str(ROOT / "templates/poll/flow.asl.json")]) == 0
    bad = tmp_path / "bad.asl.json"
    bad.write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "next": "A"}}}, indent=1))
    assert fnfkit(["check", str(bad)]) != 0
    assert "did you mean `Next`?" in capsys.readouterr().out


def test_states_are_migrated_where_flows_can_say_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wait = {"Type": "Wait", "SecondsPath": "$.s", "Next": "B"}
    call = {"Type": "Task", "Resource": FUNCTION, "Parameters": {"n.$": "$.n"}, "Next": "C"}
    path = tmp_path / "flow.asl.json"
    states = {"A": wait, "B": call, "C": {"Type": "Pass", "Parameters": {"k.$": "$.k"}, "End": True}}
    path.write_text(json.dumps({"StartAt": "A", "States": states}))
    assert fnfkit(["migrate", str(path), "--to", "fdl", "--trials", "50"]) == 0
    said = capsys.readouterr().err
    assert "50 runs on generated inputs agree" in said
    assert all(known in said for known in KNOWN_DIFFERENCES_AWS)
    assert fnfkit(["migrate", str(path), "--to", "asl"]) != 0
    assert "AlreadyThere" in capsys.readouterr().err


def test_comparisons_that_do_not_coerce_are_told_in_plain_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flow.asl.json"
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Z"}], "Default": "Z"}
    path.write_text(json.dumps({"StartAt": "A", "States": {"A": choice, "Z": {"Type": "Succeed"}}}))
    for language in ("fdl", "cloudflow"):
        assert fnfkit(["migrate", str(path), "--to", language]) == 1
        assert "a comparison that does not coerce" in capsys.readouterr().err
