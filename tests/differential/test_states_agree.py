"""State machines written by hand, as their vendor's documentation writes them: our reader and engine, and moto.

What is compared: calls, waits, status, output and error. What is known to differ is named below, with who is wrong, and
has to differ: an entry that has become untrue fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fnfkit.lang import asl
from fnfkit.model.json import Json, JsonObject
from tests.differential.moto_states import MotoStates, moto_states
from tests.differential.ours import Observed, run

DATA: JsonObject = {
    "name": "Bob",
    "n": 3,
    "z": 0,
    "f": 1.5,
    "b": True,
    "nul": None,
    "uni": "é✓",
    "star": "a*b",
    "js": '{"a": [1, 2]}',
    "o": {"x": 1, "y": {"k": 1}},
    "o2": {"y": {"l": 3}},
    "e": [],
    "arr": [1, 2, 3, 3],
    "objs": [{"v": 1}, {"v": 2}],
    "s": "log-3.txt",
    "when": "2024-01-01T00:00:00Z",
    "east": "2024-01-01T01:00:00+01:00",
    "with-hyphens": {"and-more": 7},
}

EXPRESSIONS = (
    *("States.Format('Hi {} {}', $.name, $.n)", "States.Format('{}', $.nul)", "States.Format('{}', $.b)"),
    *("States.Format('{}', $.f)", "States.Format('{}', $.o)", "States.Format('a\\'b {}', $.name)"),
    *("States.StringToJson($.js)", "States.StringToJson('3')", "States.StringToJson($.name)"),
    *("States.JsonToString($.o)", "States.JsonToString($.uni)", "States.JsonMerge($.o, $.o2, false)"),
    *("States.Array($.n, 'x', true)", "States.Array($.n, null)", "States.Array()"),
    *("States.ArrayPartition($.arr, 3)", "States.ArrayContains($.arr, 3)", "States.ArrayContains($.objs, $.o)"),
    *("States.ArrayRange(1, 9, 2)", "States.ArrayRange(9, 1, -3)", "States.ArrayGetItem($.arr, 1)"),
    *("States.ArrayGetItem($.arr, 9)", "States.ArrayLength($.arr)", "States.ArrayLength($.e)"),
    *("States.ArrayUnique($.arr)", "States.Base64Encode($.name)", "States.Base64Encode($.uni)"),
    *("States.Base64Decode('aGk=')", "States.Hash($.name, 'MD5')", "States.Hash($.name, 'SHA-1')"),
    *("States.Hash($.name, 'SHA-256')", "States.Hash($.name, 'SHA-384')", "States.Hash($.name, 'SHA-512')"),
    *("States.MathAdd($.n, -1)", "States.MathAdd($.f, 1)", "States.StringSplit($.name, '.')"),
    *("States.StringSplit('a,b;c', ',;')", "States.StringSplit('a,,b', ',')"),
    *("States.Array(States.Format('{}', $.n), States.MathAdd(1, 2))", "$.arr[1:3]", "$.arr[0]", "$.arr[-1]"),
    *("$.arr[*]", "$.objs[*].v", "$.o.y.k", "$['name']", "$.o['y'].k", "$", "$.missing", "$.o.missing", "$.uni"),
    *("$.with-hyphens.and-more", "$$.State.Name", "$$.Execution.Input.n"),
)
TESTS: tuple[tuple[str, str, Json], ...] = (
    *(("n", "NumericEquals", 3), ("n", "NumericEquals", 3.0), ("n", "StringEquals", "3")),
    *(("name", "NumericEquals", 3), ("n", "NumericLessThan", 3), ("n", "NumericLessThanEquals", 3)),
    *(("f", "NumericLessThanPath", "$.n"), ("f", "NumericGreaterThanEqualsPath", "$.n")),
    *(("n", "NumericEqualsPath", "$.missing"), ("name", "StringLessThan", "C"), ("n", "StringLessThan", "C")),
    *(("name", "StringLessThanEqualsPath", "$.name"), ("name", "StringEqualsPath", "$.n")),
    *(("b", "BooleanEquals", True), ("n", "BooleanEquals", True), ("b", "BooleanEqualsPath", "$.b")),
    *(("nul", "IsNull", True), ("n", "IsNull", False), ("missing", "IsNull", True)),
    *(("nul", "IsPresent", True), ("missing", "IsPresent", True), ("missing", "IsPresent", False)),
    *(("n", "IsNumeric", True), ("b", "IsNumeric", True), ("name", "IsString", True), ("b", "IsBoolean", True)),
    *(("z", "IsBoolean", False), ("when", "IsTimestamp", True), ("name", "IsTimestamp", True)),
    *(("arr[0]", "NumericEquals", 1), ("arr[9]", "IsPresent", True), ("objs[*].v", "IsPresent", True)),
    *(("s", "StringMatches", "log-*.txt"), ("s", "StringMatches", "log"), ("s", "StringMatches", "log-?.txt")),
    *(("star", "StringMatches", "a\\*b"), ("n", "StringMatches", "*")),
    *(("when", "TimestampEquals", "2024-01-01T00:00:00Z"), ("when", "TimestampEqualsPath", "$.east")),
    *(("when", "TimestampLessThan", "2024-01-01T00:00:01Z"), ("name", "TimestampLessThan", "2024-01-01T00:00:01Z")),
)
"""Choice rules: the variable, the operator and its value."""
COMBINED: tuple[JsonObject, ...] = (
    {"Not": {"Variable": "$.n", "NumericEquals": 3}},
    {"And": [{"Variable": "$.n", "NumericEquals": 3}, {"Not": {"Variable": "$.b", "BooleanEquals": False}}]},
    {"Or": [{"Variable": "$.missing", "IsPresent": True}, {"Variable": "$.n", "NumericGreaterThan": 2}]},
)

_END: JsonObject = {"Type": "Pass", "End": True}
_LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:steady1"


def _scope(**states: JsonObject) -> JsonObject:
    return {"StartAt": next(iter(states)), "States": states}


def _failing(**more: Json) -> JsonObject:
    """A Parallel whose only branch fails."""
    branch = _scope(F={"Type": "Fail", "Error": "Boom", "Cause": "x"})
    return _scope(A={"Type": "Parallel", "Branches": [branch], "End": True, **more}, B=_END)


def _passing(**more: Json) -> JsonObject:
    return _scope(A={"Type": "Pass", "End": True, **more})


def _map(**more: Json) -> JsonObject:
    processor = _scope(X=_END)
    return _scope(A={"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True, **more})


def _task(**more: Json) -> JsonObject:
    return _scope(A={"Type": "Task", "Resource": _LAMBDA, "End": True, **more})


def _invoke(parameters: JsonObject, **more: Json) -> JsonObject:
    return _task(Resource="arn:aws:states:::lambda:invoke", Parameters={"FunctionName": _LAMBDA, **parameters}, **more)


def _retry(**rule: Json) -> JsonObject:
    return _failing(Retry=[{"ErrorEquals": ["States.ALL"], **rule}])


STATES: dict[str, JsonObject] = {
    "result": _passing(Result=[1]),
    "result path": _passing(Result=[1], ResultPath="$.new"),
    "result path over a key": _passing(Result=[1], ResultPath="$.o"),
    "deep result path": _passing(Result=[1], ResultPath="$.o.new"),
    "deep result path over a key": _passing(Result=[1], ResultPath="$.o.y.k"),
    "no result path": _passing(Result=1, ResultPath=None),
    "no output": _passing(OutputPath=None),
    "no input": _passing(InputPath=None),
    "every path": _passing(InputPath="$.o", Parameters={"q.$": "$.x"}, ResultPath="$.new", OutputPath="$.new"),
    "a scalar": _passing(InputPath="$.n"),
    "templates in lists": _passing(Parameters={"l": [{"a.$": "$.n"}, 2, [{"b.$": "$.name"}]], "plain": "$.n"}),
    "wait": _scope(A={"Type": "Wait", "SecondsPath": "$.n", "End": True}),
    "wait for a text": _scope(A={"Type": "Wait", "SecondsPath": "$.name", "End": True}),
    "succeed": _scope(A={"Type": "Succeed", "InputPath": "$.o", "OutputPath": "$.y"}),
    "fail": _scope(A={"Type": "Fail", "Error": "E", "Cause": "c"}),
    "fail without words": _scope(A={"Type": "Fail"}),
    "no choice": _scope(
        A={"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 9, "Next": "B"}]}, B=_END
    ),
    "map": _map(
        ItemsPath="$.objs",
        ItemSelector={"i.$": "$$.Map.Item.Index", "w.$": "$$.Map.Item.Value.v", "n.$": "$.n"},
        ResultPath="$.out",
        OutputPath="$.out",
    ),
    "map by input path": _map(InputPath="$.o", ItemsPath="$.y.none", Catch=[]),
    "map of numbers": _map(ItemsPath="$.arr", ResultSelector={"all.$": "$[0:2]"}),
    "map of nothing": _map(ItemsPath="$.e", ResultPath="$.o.out"),
    "map of all": _map(InputPath="$.objs"),
    "map that fails": _map(
        ItemsPath="$.objs",
        ItemProcessor=_scope(F={"Type": "Fail", "Error": "Boom", "Cause": "x"}),
        Retry=[{"ErrorEquals": ["Boom"], "MaxAttempts": 2, "IntervalSeconds": 3, "BackoffRate": 3}],
    ),
    "parallel": _scope(
        A={
            "Type": "Parallel",
            "Parameters": {"p.$": "$.n"},
            "Branches": [_scope(F={"Type": "Pass", "Result": 1, "End": True}), _scope(G=_END)],
            "ResultSelector": {"x.$": "$[1]", "y.$": "$[0]"},
            "ResultPath": "$.r",
            "OutputPath": "$.r",
            "End": True,
        }
    ),
    "below a branch": _scope(
        A={"Type": "Parallel", "Branches": [_scope(G=_END)], "ResultSelector": {"x.$": "$[0].n"}, "End": True}
    ),
    "caught beside the input": _failing(Catch=[{"ErrorEquals": ["Boom"], "ResultPath": "$.err", "Next": "B"}]),
    "caught deep in the input": _failing(Catch=[{"ErrorEquals": ["Boom"], "ResultPath": "$.o.err", "Next": "B"}]),
    "caught alone": _failing(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}]),
    "caught without a word": _failing(Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "B"}]),
    "not caught": _failing(Catch=[{"ErrorEquals": ["Bang"], "Next": "B"}]),
    "retry": _retry(),
    "retry with a limit": _retry(MaxAttempts=4, IntervalSeconds=2, BackoffRate=2, MaxDelaySeconds=5),
    "retry with a constant delay": _retry(MaxAttempts=2, IntervalSeconds=4, BackoffRate=1),
    "the first rule that fits": _failing(
        Retry=[{"ErrorEquals": ["Boom"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    ),
    "retries, then a catch": _failing(
        Retry=[{"ErrorEquals": ["Boom"], "MaxAttempts": 1}], Catch=[{"ErrorEquals": ["Boom"], "Next": "B"}]
    ),
    "a path that fails": _scope(
        A={
            "Type": "Parallel",
            "Branches": [_passing(InputPath="$.nope")],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}],
            "End": True,
        },
        B=_END,
    ),
    "function": _task(Parameters={"n.$": "$.n"}, ResultPath="$.t", OutputPath="$.t"),
    "function with a selector": _task(InputPath="$.o", ResultSelector={"who.$": "$.by"}, ResultPath="$.o.t"),
    "invoke": _invoke({"Payload": {"n.$": "$.n"}}, ResultSelector={"p.$": "$.Payload", "c.$": "$.StatusCode"}),
    "invoke with the input": _invoke({"Payload.$": "$.o"}, OutputPath="$.Payload"),
    "invoke without a payload": _invoke({}, OutputPath="$.Payload"),
}

MOTO_NULL = "moto's grammar knows no null inside functions"
MOTO_QUOTES = "moto's grammar ends a string at an escaped quote"
MOTO_ASCII = "moto takes ASCII alone for text in Base64, and escapes what else JSON holds"
MOTO_NEGATIVE_STEP = "moto's ranges only rise"
MOTO_INDEFINITE = "moto's paths give a list for a negative index, and for what lies below an index of the root"
MOTO_WILDCARDS = "moto takes `?` and `[` for wildcards, and knows no escapes; the language has `*` alone"
MOTO_OFFSETS = "moto reads instants that end in Z alone"
MOTO_NO_CHOICE = "moto calls States.NoChoiceMatched a States.Runtime"
MOTO_PAYLOAD = "moto invokes nothing without a Payload, which may be left out"
OURS_OBJECTS = "we format objects as JSON, as CloudFlow does; Step Functions writes {x=1}"
OURS_ROUNDS = "we refuse to add numbers that are not whole; Step Functions rounds them"
OURS_MISSING = "we do not take a rule over a path that is missing, as the other languages do; Step Functions fails"
OURS_INDEX = "an index out of range is null for us, in every language (fdl.md 3.5)"
OURS_RUNTIME = "our FnF.ALL takes every error; States.ALL does not take States.Runtime"

KNOWN = {
    "States.Array($.n, null)": MOTO_NULL,
    "States.Format('a\\'b {}', $.name)": MOTO_QUOTES,
    "States.JsonToString($.uni)": MOTO_ASCII,
    "States.Base64Encode($.uni)": MOTO_ASCII,
    "States.ArrayRange(9, 1, -3)": MOTO_NEGATIVE_STEP,
    "$.arr[-1]": MOTO_INDEFINITE,
    "below a branch": MOTO_INDEFINITE,
    "s StringMatches log-?.txt": MOTO_WILDCARDS,
    "star StringMatches a\\*b": MOTO_WILDCARDS,
    "when TimestampEqualsPath $.east": MOTO_OFFSETS,
    "no choice": MOTO_NO_CHOICE,
    "invoke without a payload": MOTO_PAYLOAD,
    "States.Format('{}', $.o)": OURS_OBJECTS,
    "States.MathAdd($.f, 1)": OURS_ROUNDS,
    "n NumericEqualsPath $.missing": OURS_MISSING,
    "arr[9] IsPresent True": OURS_INDEX,
    "a path that fails": OURS_RUNTIME,
}


def _choosing(rule: JsonObject) -> JsonObject:
    taken, other = ({"Type": "Pass", "Result": {"taken": word}, "End": True} for word in ("yes", "no"))
    return _scope(C={"Type": "Choice", "Choices": [{**rule, "Next": "Y"}], "Default": "N"}, Y=taken, N=other)


CASES: dict[str, JsonObject] = {
    **{text: _passing(Parameters={"v.$": text}) for text in EXPRESSIONS},
    **{
        f"{key} {operator} {value}": _choosing({"Variable": f"$.{key}", operator: value})
        for key, operator, value in TESTS
    },
    **{json.dumps(rule): _choosing(rule) for rule in COMBINED},
    **STATES,
}


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoStates]:
    with moto_states() as states:
        yield states


def test_what_is_known_is_there() -> None:
    assert len(CASES) == sum(map(len, (EXPRESSIONS, TESTS, COMBINED, STATES)))
    assert KNOWN.keys() <= CASES.keys()


def observed(text: str) -> Observed:
    """What our engine does with a state machine."""
    reading = asl.read(text)
    assert reading.errors == ()
    assert reading.flow is not None
    done = run(reading.flow, DATA, 1)
    done.error = asl_error(done.error)
    return done


def asl_error(name: str) -> str:
    return "States.Runtime" if name == "FnF.RuntimeError" else name


@pytest.mark.parametrize("name", CASES)
def test_our_engine_and_moto_do_the_same(moto: MotoStates, name: str) -> None:
    text = json.dumps(CASES[name])
    ours, theirs = observed(text), moto.run(text, DATA, 1)
    assert (ours.alike(ordered=True) == theirs.alike(ordered=True)) is (name not in KNOWN), (ours, theirs)


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_of_them_does_the_same(name: str) -> None:
    """Whatever states it takes."""
    text = json.dumps(CASES[name])
    flow = asl.read(text).flow
    assert flow is not None
    writing = asl.write(flow)
    assert writing.unsupported == ()
    assert observed(writing.text).alike(ordered=True) == observed(text).alike(ordered=True)
