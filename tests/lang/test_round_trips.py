"""Identity: reading what was written gives what was there, for generated values, expressions and flows."""

from __future__ import annotations

import os

import flow_strategies
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnfkit.lang.canonical import dump, representable
from fnfkit.lang.fdl import read, write
from fnfkit.lang.fdl.sources import OWN
from fnfkit.lang.grammar import parse, parse_path
from fnfkit.lang.marked import load
from fnfkit.lang.unparse import unparse
from fnfkit.model.expr import Expr, Root
from fnfkit.model.expr import Path as ExprPath
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json

LONG = 40 if os.environ.get("FNFKIT_TEST_LONG") else 1


def budget(examples: int) -> settings:
    return settings(
        max_examples=examples * LONG,
        deadline=None,
        database=None,
        derandomize=LONG == 1,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


def alike(left: Json, right: Json) -> bool:
    """Equal, and of equal types throughout: 1, 1.0 and true differ."""
    if isinstance(left, dict):
        same = isinstance(right, dict) and list(left) == list(right)
        return same and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(alike, left, right))
    return type(left) is type(right) and left == right


@budget(150)
@given(flow_strategies.CONSTANT)
def test_values(value: Json) -> None:
    assert representable(value)
    text = dump(value)
    document = load(text)
    assert document.problems == ()
    assert alike(document.value, value)
    assert alike(yaml.safe_load(text), value)


@budget(150)
@given(st.text(max_size=30) | st.from_regex(r"\A[\w .:#'\"$\[\]{}&*!|>%@`,?=~+-]{1,12}\Z"))
def test_any_text_that_can_be_written_is_read_again(text: str) -> None:
    if representable({text: text}):
        assert load(dump({text: [text]})).value == {text: [text]}
        assert yaml.safe_load(dump([{text: text}])) == [{text: text}]


@budget(200)
@given(flow_strategies.CONDITION)
def test_conditions(expr: Expr) -> None:
    text = unparse(expr, OWN)
    assert parse(text, OWN).expr == expr
    assert unparse(parse(text, OWN).expr, OWN) == text


@budget(100)
@given(flow_strategies.paths(Root.INPUT))
def test_paths(path: ExprPath) -> None:
    assert parse_path(unparse(path, OWN), OWN).expr == path


@budget(80)
@given(flow_strategies.flows())
def test_flows(flow: Flow) -> None:
    writing = write(flow)
    assert writing.unsupported == ()
    reading = read(writing.text)
    assert reading.errors == ()
    assert reading.flow == flow
    assert write(reading.flow).text == writing.text
