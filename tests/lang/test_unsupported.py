"""What the model can hold and FDL cannot say is reported with its place, never dropped in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fnfkit.lang.fdl import read, write
from fnfkit.model.expr import (
    EMPTY,
    INPUT,
    RESULT,
    SCOPE_INPUT,
    SCOPE_LOCAL,
    And,
    Call,
    Compare,
    Comparison,
    Const,
    Expr,
    Key,
    List,
    Merge,
    Object,
    Or,
    Path,
    Root,
)
from fnfkit.model.flow import Arm, Choice, Flow, Foreach, Parallel, Pass, Step, Task, Wait, When
from fnfkit.model.names import FlowRef
from fnfkit.model.problem import Location


def missing(step: Step) -> list[tuple[Location, str]]:
    flow = Flow(steps=(step,), takes=SCOPE_INPUT)
    return [(unsupported.path, unsupported.feature) for unsupported in write(flow).unsupported]


def field(expr: Expr) -> Object:
    return Object((("k", expr),))


def nested(expr: Expr, times: int) -> Expr:
    for _ in range(times):
        expr = List((expr,))
    return expr


SOURCE = ("steps", 0, "inputMappings", 0, "source")


@pytest.mark.parametrize(
    ("takes", "path", "part"),
    [
        (SCOPE_INPUT, SOURCE[:3], "a path instead of field by field"),
        (Merge((SCOPE_LOCAL, SCOPE_INPUT)), SOURCE[:3], "a union of objects"),
        (field(Call("uuid", ())), SOURCE, "a function call"),
        (field(List((SCOPE_INPUT,))), SOURCE, "a list with paths"),
        (field(Object((("a", SCOPE_INPUT),))), SOURCE, "an object with paths"),
        (field(Comparison(Compare.EQ, Const(1), Const(2))), SOURCE, "an operator"),
        (field(INPUT), SOURCE, "the input in this place"),
        (field(Const("$input.x")), SOURCE, "reads as a path"),
        (field(Const(float("nan"))), SOURCE, "not finite"),
        (field(Const(2**64)), SOURCE, "63 bits"),
        (field(Const("\x00")), SOURCE, "control text"),
        (field(Const({"k" * 2000: 1})), SOURCE, "YAML cannot carry"),
        (field(Const("\ud800")), SOURCE, "YAML cannot carry"),
        (field(nested(Const(1), 3000)), SOURCE, "a list with paths"),
        (Object((("\x00", Const(1)),)), SOURCE[:4], "a key with control characters"),
    ],
)
def test_inputs(takes: Expr, path: Location, part: str) -> None:
    ((where, feature),) = missing(Pass(name="P", takes=takes))
    assert where == path
    assert part in feature


def test_constants_may_be_built_from_parts() -> None:
    step = Pass(name="P", takes=field(List((Const(1), Object((("a", Const("$input")),))))))
    writing = write(Flow(steps=(step,), takes=SCOPE_INPUT))
    assert writing.unsupported == ()
    assert read(writing.text).flow == Flow(
        steps=(replace(step, takes=field(Const([1, {"a": "$input"}]))),), takes=SCOPE_INPUT
    )


@pytest.mark.parametrize(
    ("step", "key", "part"),
    [
        (Pass(name="P", gives=INPUT), "outputMappings", "a path"),
        (Parallel(name="P", branches=((Pass(name="A"),),), gives=RESULT), "outputMappings", "a path"),
        (Foreach(name="F", collection=Const([1]), item="x", steps=(Pass(name="A"),)), "collection", "a constant"),
        (Wait(name="W", seconds=Const(1.5)), "duration", "as a time"),
        (Wait(name="W", seconds=Const(True)), "duration", "as a time"),
        (Wait(name="W", until=Const("$.x")), "timestamp", "as a time"),
        (Wait(name="W", until=Path(Root.CONTEXT, (Key("t"),))), "timestamp", "the context in this place"),
        (Task(name="T", target=FlowRef("f"), params=INPUT), "serviceParams", "built by a path"),
        (Task(name="T", target=FlowRef("f"), params=field(Const("$.x"))), "k", "begins like a path"),
        (Task(name="T", target=FlowRef("f"), params=field(Const(["$"]))), "k", "begins like a path"),
        (Task(name="T", target=FlowRef("f"), params=field(Call("uuid", ()))), "k", "a function call"),
        (Task(name="T", target=FlowRef("f"), params=Object((("<<", INPUT),))), "serviceParams", "the key"),
        (Task(name="T", target=FlowRef("f"), on_error=RESULT), "errorMappings", "a path"),
        (Pass(name="\x00"), "name", "control characters"),
    ],
)
def test_other_places(step: Step, key: str, part: str) -> None:
    ((where, feature),) = missing(step)
    assert where[-1] == key
    assert part in feature


def test_deep_parameters() -> None:
    features = missing(Task(name="T", target=FlowRef("f"), params=field(nested(INPUT, 3000))))
    assert "nested this deep" in features[0][1]


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        (SCOPE_INPUT, "the scope input"),
        (Call("length", (INPUT,)), "Call"),
        (Const([1]), "the constant"),
        (Const(float("inf")), "the constant"),
        (Comparison(Compare.EQ, Const("\x7f\ud800"), INPUT), "control characters"),
        (Const("x" * 10_001), "characters"),
    ],
)
def test_conditions(condition: Expr, part: str) -> None:
    ((where, feature),) = missing(Choice(name="C", options=(When(condition=condition, arm=Arm()),)))
    assert where == ("steps", 0, "choices", 0, "condition")
    assert part in feature


@pytest.mark.parametrize("operator", [And, Or])
def test_conditions_of_very_many_operators(operator: Any) -> None:
    left = right = INPUT
    for _ in range(5000):
        left, right = operator(left, INPUT), operator(INPUT, right)
    for condition in (left, right):
        ((_, feature),) = missing(Choice(name="C", options=(When(condition=condition, arm=Arm()),)))
        assert "200 levels" in feature


def test_flows() -> None:
    flow = Flow(steps=(Pass(name="P"),), takes=EMPTY, gives=INPUT, accumulates=False)
    assert [(u.path, u.feature) for u in write(flow).unsupported] == [
        ((), "a flow whose steps replace the local instead of adding to it"),
        (("outputMappings",), "a value built by a path instead of field by field"),
    ]


def test_very_deep_steps() -> None:
    step: Step = Pass(name="P")
    for depth in range(3000):
        step = Foreach(name=f"F{depth}", collection=INPUT, item="x", steps=(step,))
    (unsupported,) = write(Flow(steps=(step,), takes=SCOPE_INPUT)).unsupported
    assert unsupported.feature == "steps nested this deep"
