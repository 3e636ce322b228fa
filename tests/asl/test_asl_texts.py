"""Amazon States Language as text and on our engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnfkit.lang import asl, fdl
from fnfkit.lang.dialects import DIALECTS
from fnfkit.lang.translate import replacing
from fnfkit.model.flow import Flow, Task
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, TopicRef
from tests.engine.driver import Fails, answers, drive, run

ROOT = Path(__file__).parents[2]
GOOD = sorted((ROOT / "tests/data/asl/good").glob("*.json"))
FLOWS = sorted((ROOT / "tests/data/flows/good").glob("*.yml"))


def machine(states: JsonObject, start: str = "A") -> Flow:
    reading = asl.read(json.dumps({"StartAt": start, "States": states}))
    assert reading.problems == ()
    assert reading.flow is not None
    return reading.flow


def passing(parameters: JsonObject, **more: Json) -> Flow:
    return machine({"A": {"Type": "Pass", "Parameters": parameters, "End": True, **more}})


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_writing_and_reading_keeps_the_flow(path: Path) -> None:
    reading = asl.read(path.read_text("utf-8"))
    assert reading.problems == ()
    assert reading.flow is not None
    writing = asl.write(reading.flow)
    assert writing.unsupported == ()
    assert asl.read(writing.text).flow == reading.flow


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_what_flows_become_is_written_as_it_is_read(path: Path) -> None:
    flow = fdl.read(path.read_bytes().decode()).flow
    assert flow is not None
    writing = asl.write(replacing(flow, "flow").flow)
    reading = asl.read(writing.text)
    if writing.unsupported:
        return
    assert reading.errors == ()
    assert reading.flow is not None
    assert asl.write(reading.flow).text == writing.text


@pytest.mark.parametrize("order", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("condition", ["$.a {} $.a", "$ {} $", "!($.a {} $.a) || $.b", "$.a {} $.b", '$.a {} "x"'])
def test_conditions_are_written_as_they_are_read(condition: str, order: str) -> None:
    """Of a path that is compared with itself, both orders say the same: one of them is written."""
    choice = f"{{type: choice, name: A, choices: [{{condition: '{condition.format(order)}', goto: A}}]}}"
    flow = fdl.read(f"version: v1\ntype: flow\nsteps:\n  - {choice}\n").flow
    assert flow is not None
    writing = asl.write(replacing(flow, "flow").flow)
    reading = asl.read(writing.text)
    assert (writing.unsupported, reading.problems) == ((), ())
    assert reading.flow is not None
    assert asl.write(reading.flow).text == writing.text


def test_resources_become_references() -> None:
    flow = asl.read((ROOT / "tests/data/asl/good/order.json").read_text("utf-8")).flow
    assert flow is not None
    targets = [step.target for step in flow.steps if isinstance(step, Task)]
    function = FunctionRef("reserve", "", "prod", "eu-west-1", "111122223333")
    assert targets == [function, QueueRef("approvals"), TopicRef("news"), FlowRef("child")]
    assert DIALECTS["asl"].read is asl.read


@pytest.mark.parametrize(
    ("states", "id", "message"),
    [
        ({}, "E01", "no `States`"),
        ({"A": {"Type": "Parse", "End": True}}, "E01", "there is no state type"),
        ({"A": {"Type": "Pass"}}, "E05", "neither `Next` nor `End`"),
        ({"A": {"Type": "Pass", "Next": "B", "End": True}}, "E05", "both `Next` and `End`"),
        ({"A": {"Type": "Pass", "Next": "B"}}, "E05", "`B` names no state"),
        ({"A": {"Type": "Pass", "Next": ""}}, "E05", "`Next` names no state"),
        ({"A": {"Type": "Choice", "Choices": [], "Default": ""}}, "E05", "`Default` names no state"),
        (
            {
                "A": {
                    "Type": "Map",
                    "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}},
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": ""}],
                    "End": True,
                }
            },
            "E08",
            "`Next` names no state",
        ),
        ({"A": {"Type": "Pass", "End": True, "Assign": {}}}, "E03", "no property `Assign`"),
        ({"A": {"Type": "Pass", "End": True, "ResultPath": "$.a[0]"}}, "E12", "more than keys"),
        ({"A": {"Type": "Pass", "End": True, "Parameters": {"a.$": "States.Nope($)"}}}, "E12", "no function"),
        ({"A": {"Type": "Pass", "End": True, "Parameters": {"a.$": 5}}}, "E12", "needs an expression"),
        ({"A": {"Type": "Pass", "End": True, "InputPath": "$..a"}}, "E12", "recursive descent"),
        ({"A": {"Type": "Pass", "End": True, "InputPath": "$$.Nothing"}}, "E12", "nothing of that name"),
        ({"A": {"Type": "Task", "Resource": "arn:aws:s3:::x", "End": True}}, "E04", "not a resource"),
        ({"A": {"Type": "Wait", "End": True}}, "E06", "0 lengths"),
        ({"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "A"}]}}, "E07", "one operator"),
        ({"A": {"Type": "Choice", "Choices": [{"Variable": "$", "Equals": 1, "Next": "A"}]}}, "E07", "no operator"),
        ({"A": {"Type": "Choice", "Choices": [{"Variable": "$", "StringEquals": 1, "Next": "A"}]}}, "E07", "its type"),
        ({"A": {"Type": "Parallel", "End": True}}, "E10", "no `Branches`"),
        ({"A": {"Type": "Map", "End": True}}, "E10", "no `ItemProcessor`"),
    ],
)
def test_what_cannot_be_read_is_named(states: JsonObject, id: str, message: str) -> None:
    reading = asl.read(json.dumps({"StartAt": "A", "States": states}))
    assert any(problem.id == id and message in problem.message and problem.fix for problem in reading.errors), reading


def test_what_cannot_be_written_is_named() -> None:
    text = "version: v1\ntype: flow\nsteps:\n  - {type: task, name: A, action: 'ecs:Describe'}\n"
    flow = fdl.read(text).flow
    assert flow is not None
    assert [lost.feature for lost in asl.write(replacing(flow, "f").flow).unsupported] == ["a call of ecs:Describe"]
    assert "translate it first" in asl.write(flow).unsupported[0].feature


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("States.Format('{}-{}', $.s, 1)", "x-1"),
        ("States.ArrayPartition($.a, 2)", [[1, 2], [3]]),
        ("States.ArrayRange(1, 9, 3)", [1, 4, 7]),
        ("States.ArrayLength($.a)", 3),
        ("States.ArrayGetItem($.a, 1)", 2),
        ("States.ArrayContains($.a, 3)", True),
        ("States.ArrayUnique(States.Array(1, 1, 2))", [1, 2]),
        ("States.MathAdd(2, -3)", -1),
        ("States.JsonMerge($.o, $.o, false)", {"k": 1}),
        ("States.StringToJson('[1]')", [1]),
        ("States.Base64Encode($.s)", "eA=="),
        ("States.Hash('abc', 'SHA-256')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("States.StringSplit('a,b', ',')", ["a", "b"]),
        ("States.StringSplit('This.is+a,,test=string', '.+,=')", ["This", "is", "a", "test", "string"]),
        ("States.Array()", []),
        ("$$.State.Name", "A"),
        ("$.with-hyphens.and-more[0]", 7),
        ("$.a[*]", [1, 2, 3]),
    ],
)
def test_intrinsic_functions(function: str, value: Json) -> None:
    done = run(passing({"v.$": function}), {"s": "x", "a": [1, 2, 3], "o": {"k": 1}, "with-hyphens": {"and-more": [7]}})
    assert (done.status, done.output) == ("Succeeded", {"v": value})


RULES = [
    ({"Variable": "$.v", "StringEquals": "1"}, "1", True),
    ({"Variable": "$.v", "StringEquals": "1"}, 1, False),
    ({"Variable": "$.v", "NumericEquals": 1}, 1.0, True),
    ({"Variable": "$.v", "NumericEquals": 1}, True, False),
    ({"Variable": "$.v", "NumericLessThanEquals": 2}, 2, True),
    ({"Variable": "$.v", "NumericLessThanEquals": 2}, "1", False),
    ({"Variable": "$.v", "StringGreaterThan": "a"}, "b", True),
    ({"Variable": "$.v", "BooleanEquals": False}, False, True),
    ({"Variable": "$.v", "IsNull": True}, None, True),
    ({"Variable": "$.w", "IsPresent": False}, 1, True),
    ({"Variable": "$.v", "IsString": False}, 1, True),
    ({"Variable": "$.v", "StringMatches": "a*c\\*"}, "abbc*", True),
    ({"Variable": "$.v", "StringMatches": "a*c"}, "abd", False),
    ({"Variable": "$.v", "TimestampLessThan": "2030-01-01T00:00:00Z"}, "2029-12-31T23:00:00-02:00", False),
    ({"Variable": "$.v", "TimestampLessThan": "2030-01-01T00:00:00Z"}, "2029-12-31T21:00:00-02:00", True),
    ({"Variable": "$.v", "IsTimestamp": True}, "2029-13-31T00:00:00Z", False),
    ({"Variable": "$.v", "NumericEqualsPath": "$.v"}, 3, True),
    ({"Variable": "$.v", "StringEqualsPath": "$.v"}, 3, False),
    ({"Not": {"Variable": "$.v", "StringEquals": "a"}}, "b", True),
]


@pytest.mark.parametrize(("rule", "value", "holds"), RULES)
def test_choice_rules(rule: JsonObject, value: Json, holds: bool) -> None:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    ends = {name: {"Type": "Pass", "Result": {"at": name}, "End": True} for name in ("Yes", "No")}
    flow = machine({"A": choice, **ends})
    assert run(flow, {"v": value}).output == {"at": "Yes" if holds else "No"}
    again = asl.read(asl.write(flow).text).flow
    assert again == flow


def test_a_choice_without_a_match_fails() -> None:
    flow = machine({"A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "A"}]}})
    assert run(flow).error == "States.NoChoiceMatched"


@pytest.mark.parametrize(
    ("paths", "output"),
    [
        ({}, {"r": 1}),
        ({"ResultPath": None}, {"in": {"x": 5}}),
        ({"ResultPath": "$.out"}, {"in": {"x": 5}, "out": {"r": 1}}),
        ({"ResultPath": "$.in.deep"}, {"in": {"x": 5, "deep": {"r": 1}}}),
        ({"ResultPath": "$.in.in-depth"}, {"in": {"x": 5, "in-depth": {"r": 1}}}),
        ({"OutputPath": "$.r"}, 1),
        ({"OutputPath": None}, {}),
        ({"ResultPath": "$.out", "OutputPath": "$.in"}, {"x": 5}),
        ({"ResultSelector": {"s.$": "$.r"}, "ResultPath": "$.in"}, {"in": {"s": 1}}),
    ],
)
def test_what_a_task_gives(paths: JsonObject, output: Json) -> None:
    resource = "arn:aws:lambda:us-east-1:123456789012:function:f"
    task = {"Type": "Task", "Resource": resource, "InputPath": "$.in", "End": True, **paths}
    driver = drive(machine({"A": task}), {"f": answers({"r": 1})}).start({"in": {"x": 5}}).run()
    assert driver.execution.output == output
    assert [call.input for call in driver.invokes] == [{"x": 5}]


def test_a_catch_puts_the_error_beside_the_input() -> None:
    resource = "arn:aws:lambda:us-east-1:123456789012:function:f"
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "B"}]
    task = {"Type": "Task", "Resource": resource, "Catch": catch, "End": True}
    flow = machine({"A": task, "B": {"Type": "Pass", "End": True}})
    done = run(flow, {"k": 1}, {"f": answers(Fails("Bad", "why"))})
    assert done.output == {"k": 1, "e": {"Error": "Bad", "Cause": "why"}}


def test_a_fail_inside_a_parallel_can_be_caught() -> None:
    branch = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No"}}}
    catch = [{"ErrorEquals": ["No"], "ResultPath": None, "Next": "B"}]
    states = {"A": {"Type": "Parallel", "Branches": [branch], "Catch": catch, "End": True}}
    assert run(machine({**states, "B": {"Type": "Pass", "End": True}}), {"k": 1}).output == {"k": 1}
