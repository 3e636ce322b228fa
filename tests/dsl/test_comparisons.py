"""Every comparison that compiles decides on the engine as Python does, for all the values its types allow."""

from __future__ import annotations

import itertools
import linecache

import pytest

from fnfkit import App, CompileError
from fnfkit.dsl.flow import PythonFlow
from fnfkit.model.json import Json
from tests.engine.driver import run

TEXTS = ["", "a", "b", "10", "10.0", "1e1", "true", "TRUE", "false", "0", "0.0", "null", " 10", "t", "é", "[]"]
NUMBERS = [-1, 0, 1, 10, 10.0, 0.5]
BOOLS = [True, False]
VALUES: dict[str, list[Json]] = {
    "str": TEXTS,
    "float": NUMBERS,
    "bool": BOOLS,
    "str | None": [*TEXTS, None],
    "float | None": [*NUMBERS, None],
    "bool | None": [*BOOLS, None],
    "object": [None, 0, "", "0", False, "a", 3, {}, [], {"a": 1}],
    "dict[str, object] | None": [{}, {"a": 1}, None],
    "list[str] | None": [[], ["a"], None],
}
CONSTANTS = {
    "str": ["''", "'a'", "'10'", "'true'", "'0'", "'false'", "'1e1'", "'[]'"],
    "float": ["0", "1", "10", "0.5", "-1"],
    "bool": ["True", "False"],
}
ORDERS = ["<", "<=", ">", ">="]
EQUALS = ["==", "!="]


def flow_of(test: str, **types: str) -> PythonFlow[..., Json]:
    """A flow that returns the truth of a test of its parameters."""
    parameters = ", ".join(f"{name}: {annotation}" for name, annotation in types.items())
    text = f"def flow({parameters}) -> dict:\n    return {{'r': True if {test} else False}}\n"
    file = f"<{text}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Json] = {}
    exec(compile(text, file, "exec", dont_inherit=True), names)
    return App("tests").flow(names["flow"])


def agrees(test: str, **types: str) -> None:
    flow = flow_of(test, **types)
    compiled = flow.compile().flow
    for values in itertools.product(*(VALUES[annotation] for annotation in types.values())):
        given = dict(zip(types, values, strict=True))
        execution = run(compiled, given)
        assert execution.output == flow.native(**given), (test, given)


@pytest.mark.parametrize("kind", CONSTANTS)
def test_with_a_constant(kind: str) -> None:
    for constant, op in itertools.product(CONSTANTS[kind], EQUALS + (ORDERS if kind != "bool" else [])):
        agrees(f"x {op} {constant}", x=kind)
        agrees(f"{constant} {op} x", x=kind)
        agrees(f"not x {op} {constant}", x=kind)


@pytest.mark.parametrize("kind", CONSTANTS)
def test_with_a_constant_where_none_is_possible(kind: str) -> None:
    for constant, op in itertools.product(CONSTANTS[kind], EQUALS):
        agrees(f"x {op} {constant}", x=f"{kind} | None")
        agrees(f"not x {op} {constant}", x=f"{kind} | None")
        agrees(f"x {op} {constant} or y", x=f"{kind} | None", y="bool")
        agrees(f"y and x {op} {constant}", x=f"{kind} | None", y="bool")


@pytest.mark.parametrize("kind", CONSTANTS)
def test_with_each_other(kind: str) -> None:
    for op in EQUALS + (ORDERS if kind != "bool" else []):
        agrees(f"x {op} y", x=kind, y=kind)
    for op in EQUALS:
        agrees(f"x {op} y", x=f"{kind} | None", y=kind)
        agrees(f"x {op} y", x=kind, y=f"{kind} | None")


@pytest.mark.parametrize("annotation", [name for name in VALUES if "None" in name] + ["object"])
def test_with_none(annotation: str) -> None:
    for test in ("x is None", "x is not None", "x == None", "not x is None", "x != None and y", "y or x is None"):
        agrees(test, x=annotation, y="bool")


@pytest.mark.parametrize("annotation", ["str | None", "float | None"])
def test_an_order_behind_a_test_for_none(annotation: str) -> None:
    least = "'a'" if annotation.startswith("str") else "1"
    agrees(f"x is not None and x > {least}", x=annotation)
    agrees(f"x is None or x > {least}", x=annotation)
    agrees(f"not (x is None or not x > {least}) or y", x=annotation, y="bool")


def test_membership_and_chains() -> None:
    agrees("x in ('a', '10', 'true')", x="str")
    agrees("x not in ('a', '0', '')", x="str | None")
    agrees("x in (0, 1)", x="float | None")
    agrees("0 <= x < 10 != y", x="float", y="float")
    agrees("x == 'a' or x in ('0', 'b') and not y", x="str | None", y="bool")


def test_truth() -> None:
    agrees("x", x="bool")
    agrees("not x", x="bool | None")
    agrees("x and y or not x and not y", x="bool | None", y="bool")


def test_plain_texts_with_what_has_no_type() -> None:
    agrees("x == 'a'", x="object")
    agrees("x != 'a'", x="object")


@pytest.mark.parametrize(
    ("test", "types"),
    [
        ("x == 'a'", {"x": "float"}),
        ("x == '10'", {"x": "object"}),
        ("x == 1", {"x": "object"}),
        ("x < 'a'", {"x": "str | None"}),
        ("x == y", {"x": "str | None", "y": "str | None"}),
        ("x == y", {"x": "bool", "y": "float"}),
        ("x < y", {"x": "bool", "y": "bool"}),
        ("x == y", {"x": "list[str]", "y": "list[str]"}),
        ("x", {"x": "str"}),
        ("not x", {"x": "object"}),
        ("x is y", {"x": "str", "y": "str"}),
        ("x in y", {"x": "str", "y": "list[str]"}),
    ],
)
def test_what_fdl_would_decide_otherwise_is_refused(test: str, types: dict[str, str]) -> None:
    with pytest.raises(CompileError):
        flow_of(test, **types).compile()
