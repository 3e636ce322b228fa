"""Every coercion of fdl.md 5.3 and every path rule of fdl.md 3.5 and 3.6."""

from __future__ import annotations

import pytest

from fnfkit.engine.errors import EvaluationError
from fnfkit.engine.evaluate import INPUT_VIEW, MAX_NESTING, OWN_VIEW, SCOPE_VIEW, View, formula, holds
from fnfkit.model.expr import (
    And,
    Call,
    Compare,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    List,
    Merge,
    Negative,
    Not,
    Object,
    Or,
    Part,
    Path,
    Root,
    Slice,
    Wild,
)
from fnfkit.model.json import Json

ABSENT = Path(Root.INPUT, (Key("absent"),))
LIST = [{"p": [1, 2]}, {"p": [3]}]


def value(expr: Expr, view: View = OWN_VIEW, left: Json = None, right: Json = None, context: Json = None) -> Json:
    return formula(expr, view).evaluate(left, right, context)


def verdict(op: str, left: Json, right: Json) -> bool | str:
    try:
        result = value(Comparison(Compare(op), Const(left), Const(right)))
    except EvaluationError:
        return "error"
    assert isinstance(result, bool)
    return result


EQUALITY: list[tuple[Json, Json, bool]] = [
    (1, 1.0, True),
    (1, 2, False),
    (True, True, True),
    (True, False, False),
    ("10", 10.0, True),
    ("1", "1.0", True),
    ("1e2", 100, True),
    ("0x10", 16, False),
    (" 1", 1, False),
    ("1_0", 10, False),
    ("1e999", "1e999", True),
    ("nan", "nan", True),
    (True, "true", True),
    (True, "TRUE", True),
    (True, "True", False),
    (False, "false", True),
    (None, False, True),
    (None, "FALSE", True),
    (None, None, True),
    (None, 0, True),
    (None, 1, False),
    (1, True, True),
    (0, False, True),
    (2, True, True),
    ("2", True, True),
    ("true", "TRUE", True),
    ("true", 1, True),
    ("", None, False),
    ("", "", True),
    ("", False, False),
    ("a", "a", True),
    ("a", "A", False),
    ("a", 1, False),
    ([1, {"a": None}], [1.0, {"a": None}], True),
    ([1], ["1"], False),
    ([1], [True], False),
    ([0], [False], False),
    ([1], [1, 2], False),
    ({"a": 1}, {"a": 1, "b": 2}, False),
    ({"a": 1}, {"b": 1}, False),
    ({}, [], False),
    ({}, None, False),
]


@pytest.mark.parametrize(("left", "right", "expected"), EQUALITY, ids=repr)
def test_equality(left: Json, right: Json, expected: bool) -> None:
    assert verdict("==", left, right) is verdict("==", right, left) is expected
    assert verdict("!=", left, right) is verdict("!=", right, left) is not expected


ORDER: list[tuple[Json, str, Json, bool | str]] = [
    (1, "<", 2, True),
    (2, "<", 1, False),
    (2, "<=", 2.0, True),
    (2, ">=", 2, True),
    (2, ">", 2, False),
    ("10", "<", "9", True),
    ("b", ">", "a", True),
    ("a", "<=", "a", True),
    ("é", ">", "z", True),
    ("\U0001f600", ">", "\uffff", True),
    ("10", "<", 9, False),
    (10, ">", "9.5", True),
    (True, "<", 2, False),
    (True, ">", 2, True),
    ("x", ">", 10.0, True),
    (10.0, "<", "10x", True),
    (1e21, "<", "1e22x", True),
    ([1], "<", [2], True),
    ({"a": 1}, ">=", {"a": 1}, True),
    (None, "<", 1, "error"),
    (1, ">=", None, "error"),
    (None, "<=", None, "error"),
]


@pytest.mark.parametrize(("left", "op", "right", "expected"), ORDER, ids=repr)
def test_order(left: Json, op: str, right: Json, expected: bool | str) -> None:
    assert verdict(op, left, right) == expected


CONDITIONS: list[tuple[Expr, bool]] = [
    (Const(True), True),
    (Const(False), False),
    (Const(None), False),
    (Const("true"), True),
    (Const("FALSE"), False),
    (Const("yes"), False),
    (Const(""), False),
    (Const(0), False),
    (Const(0.5), True),
    (Const("7"), True),
    (Const([1]), False),
    (Const({}), False),
    (ABSENT, False),
    (Not(ABSENT), False),
    (Not(Const("false")), True),
    (Not(Const(None)), True),
    (Not(Const("yes")), False),
    (Comparison(Compare.NE, ABSENT, Const("x")), False),
    (Or(Const(True), ABSENT), True),
    (Or(Const("true"), ABSENT), False),
    (Or(ABSENT, Const(True)), False),
    (Or(Const(False), Const("1")), True),
    (Or(Const(0), Const("no")), False),
    (Or(Const(1), Const("no")), False),
    (And(Const(False), ABSENT), False),
    (Not(And(Const(False), ABSENT)), True),
    (Not(And(Const("false"), ABSENT)), False),
    (And(Const(True), Const("TRUE")), True),
    (And(Const(1), Const("no")), False),
    (Not(And(Const(0), Const("no"))), False),
    (And(And(Const(True), Const(1)), Const("true")), True),
    (Or(Or(Const(False), Const(1)), ABSENT), True),
    (And(Const(True), Or(Comparison(Compare.GE, ABSENT, Const(4000)), Const(True))), False),
    (Comparison(Compare.LT, Negative(Const("3")), Const(-2)), True),
    (Comparison(Compare.EQ, Negative(Const(True)), Const(-1)), False),
    (Comparison(Compare.EQ, Not(Const(1)), Const(False)), True),
    (Call("f", ()), False),
    (Path(Root.INPUT, (Key("items"), Wild())), False),
]


@pytest.mark.parametrize(("expr", "expected"), CONDITIONS, ids=lambda case: type(case).__name__)
def test_conditions(expr: Expr, expected: bool) -> None:
    assert holds(formula(expr, INPUT_VIEW), {"items": [True]}) is expected


def test_long_chains_are_no_nesting() -> None:
    expr: Expr = Const(False)
    for _ in range(5_000):
        expr = Or(expr, Const(False))
    assert holds(formula(Or(expr, Const(True)), INPUT_VIEW), {})


def test_deep_expressions_have_no_value() -> None:
    expr: Expr = Const(True)
    for _ in range(MAX_NESTING + 1):
        expr = Not(expr)
    assert not holds(formula(expr, INPUT_VIEW), {})
    assert not holds(formula(Not(expr), INPUT_VIEW), {})


def test_deep_values_compare_without_recursion() -> None:
    one: Json = 1
    other: Json = 1
    for _ in range(100_000):
        one, other = [one], [other]
    assert verdict("==", one, other) is True
    assert verdict("<", one, other) == "error"
    while one:
        one, other = one[0] if isinstance(one, list) else None, other[0] if isinstance(other, list) else None


PATHS: list[tuple[tuple[Part, ...], Json, Json]] = [
    ((), LIST, LIST),
    ((Index(0), Key("p")), LIST, [1, 2]),
    ((Wild(), Key("p")), LIST, [[1, 2], [3]]),
    ((Wild(), Key("p"), Wild()), LIST, [1, 2, 3]),
    ((Index(7),), LIST, None),
    ((Index(-1), Key("p")), LIST, [3]),
    ((Index(-3),), LIST, None),
    ((Key("my-key"),), {"my-key": 1}, 1),
    ((Key("a"), Key("b")), {"a": {"b": None}}, None),
    ((Wild(),), {"a": 1, "b": [2]}, [1, [2]]),
    ((Wild(), Key("x")), [{"x": 1}, {}, 3, {"x": None}], [1, None]),
    ((Wild(), Index(1)), [[1, 2], [3]], [2, None]),
    ((Wild(),), 5, []),
    ((Key("absent"), Wild()), {}, []),
    ((Slice(0, 2),), [1, 2, 3], [1, 2]),
    ((Slice(None, -1), Key("x")), [{"x": 1}, {"x": 2}], [1]),
]


@pytest.mark.parametrize(("parts", "root", "expected"), PATHS, ids=repr)
def test_paths(parts: tuple[Part, ...], root: Json, expected: Json) -> None:
    assert value(Path(Root.RESULT, parts), right=root) == expected
    assert value(Path(Root.INPUT, parts), left=root) == expected


MISSING: list[tuple[tuple[Part, ...], Json, str]] = [
    ((Key("a"),), {}, "$local.a"),
    ((Key("a"), Key("b")), {"a": 1}, "$local.a.b"),
    ((Key("a"), Key("b")), {"a": None}, "$local.a.b"),
    ((Key("a"),), [1], "$local.a"),
    ((Key("a"),), "text", "$local.a"),
    ((Index(0),), {"0": 1}, "$local[0]"),
    ((Index(0), Key("my-key")), [{}], '$local[0]["my-key"]'),
    ((Index(5), Key("x")), [], "$local[5].x"),
]


@pytest.mark.parametrize(("parts", "root", "text"), MISSING, ids=repr)
def test_missing_paths(parts: tuple[Part, ...], root: Json, text: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(Path(Root.SCOPE_LOCAL, parts), SCOPE_VIEW, right=root)
    assert f"the path {text} does not exist" in str(caught.value)
    lenient = View(Root.SCOPE_INPUT, Root.SCOPE_LOCAL, ("$input", "$local"), missing_is_null=True)
    assert value(Path(Root.SCOPE_LOCAL, parts), lenient, right=root) is None


def test_objects_lists_and_merges() -> None:
    a = Path(Root.INPUT, (Key("a"),))
    assert value(Object((("x", Const(1)), ("y", a), ("x", Const(2)))), left={"a": 5}) == {"x": 2, "y": 5}
    assert value(Object((("x", Const("$.a")),)), left={"a": 5}) == {"x": "$.a"}
    assert value(List((Const(1), a)), left={"a": 5}) == [1, 5]
    merged = Merge((Path(Root.INPUT), Path(Root.RESULT)))
    assert value(merged, left={"a": 1, "b": 1}, right={"b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(EvaluationError, match="only objects can be merged"):
        value(merged, left={"a": 1}, right=[])


def test_a_root_out_of_view_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="scope local cannot be read here"):
        value(Path(Root.SCOPE_LOCAL), OWN_VIEW)
    assert value(Path(Root.CONTEXT, (Key("flow"), Key("name"))), context={"flow": {"name": "f"}}) == "f"
