"""The lattice and its sources, by what shapes stand for: `holds` says whether a value is in a shape."""

from __future__ import annotations

import os
import random
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnfkit.engine import coerce as engine
from fnfkit.engine.errors import EvaluationError
from fnfkit.lint import Options, check_text, from_samples, from_schema
from fnfkit.lint.shapes import coerce
from fnfkit.lint.shapes.shape import (
    ANY,
    MAX_CONSTANTS,
    NEVER,
    Record,
    Shape,
    array_of,
    closed,
    describe,
    exactly,
    join,
    of_record,
    overlay,
    row_of,
)
from fnfkit.lint.words import nearest
from fnfkit.model.expr import Compare
from fnfkit.model.json import Json
from tests.lint.test_lint_soundness import SCALARS, holds

EXAMPLES = 2_000 if os.environ.get("FNFKIT_TEST_LONG") else 150
DATA = Path(__file__).parents[1] / "data"
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(NAMES, inner, max_size=2)),
    max_leaves=4,
)


def records(inner: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    fields = st.dictionaries(NAMES, inner, max_size=3)
    return st.builds(
        lambda shapes, maybe, is_open: of_record(Record(shapes, maybe & shapes.keys(), is_open)),
        fields,
        st.frozensets(NAMES),
        st.booleans(),
    )


SHAPES = st.recursive(
    st.one_of(st.just(ANY), st.just(NEVER), VALUES.map(exactly)),
    lambda inner: st.one_of(
        records(inner),
        inner.map(array_of),
        st.lists(inner, max_size=2).map(lambda items: row_of(tuple(items))),
        st.builds(join, inner, inner),
    ),
    max_leaves=4,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)


@given(VALUES)
def test_a_value_is_in_its_own_shape(value: Json) -> None:
    assert holds(exactly(value), value)
    assert holds(ANY, value)
    assert not holds(NEVER, value)


@settings(max_examples=EXAMPLES * 3, deadline=None, derandomize=True)
@given(SHAPES, SHAPES, VALUES)
def test_a_join_covers_both_sides(left: Shape, right: Shape, value: Json) -> None:
    if holds(left, value) or holds(right, value):
        assert holds(join(left, right), value)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(SHAPES, SHAPES)
def test_a_join_that_adds_nothing_is_its_left_side(left: Shape, right: Shape) -> None:
    both = join(left, right)
    assert join(both, right) is both
    assert join(both, left) is both
    assert join(left, left) is left


@settings(max_examples=EXAMPLES * 3, deadline=None, derandomize=True)
@given(records(SHAPES), records(SHAPES), OBJECTS, OBJECTS)
def test_an_overlay_covers_the_union(base: Shape, top: Shape, below: Json, above: Json) -> None:
    if holds(base, below) and holds(top, above):
        assert holds(overlay(base, top), {**below, **above})


@pytest.mark.parametrize(("left", "right"), list(product(SCALARS, SCALARS)))
def test_coercion_is_that_of_the_interpreter(left: Json, right: Json) -> None:
    assert coerce.boolean(left) == engine.boolean(left)
    assert coerce.number(left) == engine.number(left)
    assert coerce.equal(left, right) == engine.equal(left, right)
    for op in (Compare.LT, Compare.LE, Compare.GT, Compare.GE):
        said = coerce.compare(op, left, right)
        try:
            done = coerce.of(engine.ordered(op, left, right))
        except EvaluationError:
            done = coerce.Truth.ERROR
        assert said in (done, None)


def test_many_constants_become_their_kind() -> None:
    shape = NEVER
    for number in range(MAX_CONSTANTS + 1):
        shape = join(shape, exactly(number))
    assert shape.constants is None
    assert holds(shape, 1_000) and not holds(shape, "x")


def test_true_is_not_one() -> None:
    assert not holds(exactly(True), 1)
    assert not holds(exactly(1), True)


@pytest.mark.parametrize(
    ("schema", "inside", "outside"),
    [
        ({"type": "string"}, ["x"], [1, None]),
        ({"type": ["string", "null"]}, ["x", None], [1]),
        ({"type": "integer"}, [1], ["1", True]),
        ({"enum": ["a", 1]}, ["a", 1], ["b", True]),
        ({"const": {"a": 1}}, [{"a": 1}], [{}, {"a": 2}]),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, ["x", [1]], [1]),
        ({"type": "array", "items": {"type": "number"}}, [[], [1]], [["x"]]),
        ({"type": "object"}, [{}, {"a": 1}], [[]]),
        ({"properties": {"a": {"type": "string"}}}, [{}, {"a": "x"}, {"b": 1}], [{"a": 1}]),
        ({"properties": {"a": {}}, "required": ["a"]}, [{"a": None}], [{}]),
        ({"required": ["b"], "type": "object"}, [{"b": 1}], [{"a": 1}]),
        ({"properties": {"a": {}}, "additionalProperties": False}, [{}, {"a": 1}], [{"b": 1}]),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "null"}}}, [None], [1]),
        ({"$ref": "#/$defs/missing"}, [None, 1, {}], []),
        ({"$ref": "#"}, [None, 1, {}], []),
        ({"allOf": [{"type": "string"}], "type": "string"}, ["x", 1], []),
        ({"type": "datetime"}, ["x", 1], []),
        (True, ["x", 1], []),
    ],
)
def test_schemas_stand_for_their_instances(schema: Json, inside: list[Json], outside: list[Json]) -> None:
    shape = from_schema(schema)
    assert all(holds(shape, value) for value in inside)
    assert not any(holds(shape, value) for value in outside)


def test_samples_stand_for_values_like_them() -> None:
    shape = from_samples([{"a": 1, "b": ["x"]}, {"a": 2, "c": None}])
    assert holds(shape, {"a": 7, "b": ["y", "z"]})
    assert holds(shape, {"a": 7, "c": {"any": 1}})
    assert not holds(shape, {"b": []})
    assert not holds(shape, {"a": "text"})
    assert not holds(shape, {"a": 1, "d": 1})


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (exactly("x"), '"x"'),
        (join(exactly(True), exactly(None)), "null or true"),
        (join(exactly(2.5), exactly([1])), "a number or an array"),
        (closed({}), "an object"),
        (ANY, "any value"),
    ],
)
def test_shapes_can_be_said(shape: Shape, words: str) -> None:
    assert describe(shape) == words


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("status", ["job_id", "job_status", "delay"], "job_status"),
        ("jobStatus", ["status", "delay"], "status"),
        ("oder", ["order"], "order"),
        ("x", ["delay"], None),
        ("delay", ["delay"], None),
    ],
)
def test_the_name_that_was_meant(name: str, known: list[str], meant: str | None) -> None:
    assert nearest(name, known) == meant


FLOWS = [path.read_text("utf-8") for path in sorted(DATA.rglob("*.yml"))]


@settings(max_examples=EXAMPLES * 2, deadline=None, derandomize=True)
@given(st.integers(0, 2**48))
def test_mutated_flows_never_break_the_checker(seed: int) -> None:
    rng = random.Random(seed)
    lines = rng.choice(FLOWS).splitlines()
    for _ in range(rng.randint(1, 5)):
        at, other = rng.randrange(len(lines) + 1), rng.randrange(len(lines) + 1)
        match rng.randrange(4):
            case 0:
                lines[at:at] = lines[min(at, other) : max(at, other)][:20]
            case 1:
                del lines[at : at + rng.randint(1, 4)]
            case 2:
                lines[at : at + 1] = [
                    line.replace(":", rng.choice(["", ": [", ": {", ": ~", ": $.x"]), 1) for line in lines[at : at + 1]
                ]
            case _:
                lines[at : at + 1], lines[other : other + 1] = lines[other : other + 1], lines[at : at + 1]
        lines = lines or [""]
    _, findings = check_text("\n".join(lines), Options(scheduled=True, enable=frozenset({"W11", "W17"})))
    assert not [finding for finding in findings if finding.id == "X00"]


def test_deep_and_tangled_flows_end_soon() -> None:
    """Loops inside loops would multiply; nesting `$local` in itself would never end."""
    body = ""
    for level in range(25):
        pad = "  " * (level * 3 + 1)
        body += f"{pad}- type: choice\n{pad}  name: C{level}\n{pad}  outputMappings:\n"
        body += f"{pad}    - {{target: all, source: $local}}\n{pad}    - {{target: k{level}, source: $input}}\n"
        body += (
            f"{pad}  choices:\n{pad}    - condition: $.go{level} == 1\n{pad}      goto: C{level}\n{pad}      steps:\n"
        )
    pad = "  " * (25 * 3 + 1)
    text = f"version: v1\ntype: flow\nsteps:\n{body}{pad}- {{type: wait, name: W, duration: 1}}\n"
    assert [finding.id for finding in check_text(text)[1]] == []
