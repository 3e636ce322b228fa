"""Weights are bounds: never below the exact size, and never below what the depth demands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnfkit.engine.errors import EvaluationError
from fnfkit.engine.evaluate import OWN_VIEW, formula
from fnfkit.engine.sizes import LEVEL, MAX_DEPTH, byte_size, depth_of, weigh
from fnfkit.model.expr import Const, Expr, Index, Key, List, Object, Path, Root, Wild

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15)
objects = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
parts = st.sampled_from([Key("a"), Key("b"), Index(0), Wild()])
paths = st.builds(Path, st.sampled_from([Root.INPUT, Root.RESULT]), st.lists(parts, max_size=3).map(tuple))
exprs: st.SearchStrategy[Expr] = st.recursive(
    paths | st.builds(Const, values),
    lambda inner: (
        st.builds(List, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Object, st.lists(st.tuples(st.sampled_from("xyz"), inner), max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@given(values)
def test_a_weight_bounds_size_and_depth(value: Any) -> None:
    assert byte_size(value) == len(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )
    assert weigh(value) >= byte_size(value) + LEVEL * depth_of(value)


@given(exprs, objects, objects)
def test_the_weight_of_a_formula_bounds_its_value(expr: Expr, left: Any, right: Any) -> None:
    compiled = formula(expr, OWN_VIEW)
    try:
        value = compiled.evaluate(left, right, None)
    except EvaluationError:
        return
    exact = [byte_size(root) + LEVEL * depth_of(root) for root in (left, right)]
    assert compiled.weight(value, *exact) >= byte_size(value) + LEVEL * depth_of(value)


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ("x", 0), ({}, 1), ([[]], 2), ({"a": [{}]}, 3)])
def test_depth(value: Any, depth: int) -> None:
    assert depth_of(value) == depth


def test_counting_stops_at_the_limit() -> None:
    value: Any = []
    for _ in range(MAX_DEPTH * 2):
        value = [value]
    assert depth_of(value) == MAX_DEPTH + 1
