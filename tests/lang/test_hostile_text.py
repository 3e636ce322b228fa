"""Text nobody means well with: a clear problem, in bounded time and memory, and never a traceback."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnfkit.lang.dialect import Reading
from fnfkit.lang.fdl import read, write
from fnfkit.lang.marked import MOST_ALIASED, load

LONG = 40 if os.environ.get("FNFKIT_TEST_LONG") else 1
DATA = Path(__file__).parents[1] / "data" / "flows"
TEXTS = [path.read_bytes().decode() for path in sorted(DATA.glob("*/*.yml"))]
HEAD = "version: v1\ntype: flow\nsteps:\n"


def complain(text: str, *, within: float = 3.0) -> Reading:
    start = time.process_time()
    reading = read(text)
    assert time.process_time() - start < within
    assert reading.errors
    assert all(problem.message for problem in reading.problems)
    return reading


def message(text: str) -> str:
    reading = complain(text)
    return " ".join(f"{problem.message} {problem.fix}" for problem in reading.problems[:5])


def choice(condition: str) -> str:
    return f"{HEAD}  - type: choice\n    name: C\n    choices:\n      - condition: {condition}\n"


def test_aliases_that_multiply() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert f"more than {MOST_ALIASED} values" in message("\n".join(lines))


def test_aliases_that_nest() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 400)]
    assert "too deep" in message("\n".join(lines))


def test_a_step_that_is_its_own_child() -> None:
    assert "no finished anchor" in message(f"{HEAD}  - &a {{type: pass, name: A, steps: [*a]}}\n")


@pytest.mark.parametrize("depth", [129, 1000, 100_000])
@pytest.mark.parametrize("unit", ["[", '{"a":', "- ", "? "])
def test_deep_nesting(unit: str, depth: int) -> None:
    assert "nested more than 128" in message(unit * depth) or unit == "? "


def test_deep_block_nesting() -> None:
    text = "".join("  " * depth + "a:\n" for depth in range(1000))
    assert "nested more than 128" in message(text)


def test_a_thousand_nested_steps() -> None:
    text, pad = HEAD, "  "
    for depth in range(1000):
        text += f"{pad}- type: foreach\n{pad}  name: F{depth}\n{pad}  iterationMapping: {{collection: $.x, item: y}}\n"
        text += f"{pad}  steps:\n"
        pad += "    "
    assert "nested more than 128" in message(text)


def test_steps_nested_as_deep_as_is_allowed() -> None:
    text, pad = HEAD, "  "
    for depth in range(62):
        text += f"{pad}- type: foreach\n{pad}  name: F{depth}\n{pad}  iterationMapping: {{collection: $.x, item: y}}\n"
        text += f"{pad}  steps:\n"
        pad += "    "
    reading = read(f"{text}{pad}- {{type: pass, name: P}}\n")
    assert reading.problems == ()
    assert reading.flow is not None
    writing = write(reading.flow)
    assert read(writing.text).flow == reading.flow or writing.unsupported


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        ("$.a == " + "1" * 100_000, "at most 10000 are read"),
        ("(" * 4_000 + "$.a" + ")" * 4_000, "nested more than 100 deep"),
        ("$.a == " + "!" * 9_000 + "$.b", "nested more than 100 deep"),
        (" || ".join(["$.a"] * 1_400), "more than 200 operators"),
        (" && ".join(["$.a == 1"] * 700), "more than 200 operators"),
        ("$" + "[0]" * 40_000, "at most 10000 are read"),
        ("$.a == " + "9" * 5_000, "too large"),
        ("$.a == 1e999", "too large"),
    ],
)
def test_monstrous_conditions(condition: str, part: str) -> None:
    assert part in message(choice(condition))


def test_a_long_flat_condition_is_fine() -> None:
    reading = read(choice(" || ".join(f'$.state == "s{n}"' for n in range(199))))
    assert reading.problems == ()
    assert reading.flow is not None
    assert read(write(reading.flow).text).flow == reading.flow


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("a: \ud800", "U+D800"),
        ('a: "\\ud800"', "escape"),
        ("a: \x00", "control characters"),
        ("a: \x1b[0m", "control characters"),
        ("\ufeffversion: [", "not YAML"),
        ("a: |\n\tb\n c", "not YAML"),
        ("%YAML 9.9\n---\na", "not YAML"),
        ("!!python/object/apply:os.system ['x']", "not supported"),
        ("a: *nowhere", "no finished anchor"),
        ("'''", "not YAML"),
        ("{" + "a" * 1000 + ": 1}", "no property"),
        ("&" * 1000, "not YAML"),
    ],
)
def test_text_that_is_no_flow(text: str, part: str) -> None:
    assert part in message(text)


def test_very_many_mistakes() -> None:
    steps = "".join(
        f"  - {{type: choice, name: n{n}, choices: [{{condition: x, goto: m{n}}}], b{n}: 1}}\n" for n in range(4000)
    )
    assert len(complain(HEAD + steps, within=5).problems) == 12_000


def test_very_long_lines_and_words() -> None:
    word = "x" * 1_000_000
    assert complain(f"{HEAD}  - {{type: {word}, name: A, {word}: 1}}\n").problems


@settings(max_examples=60 * LONG, deadline=None, database=None, derandomize=LONG == 1)
@given(st.text(max_size=200))
def test_reading_any_text_never_raises(text: str) -> None:
    reading = read(text)
    assert reading.problems


@settings(max_examples=60 * LONG, deadline=None, database=None, derandomize=LONG == 1)
@given(st.text(alphabet=st.sampled_from("{}[]:,-?&*!|>'\"%@` \n\tab1.#$~<\\0"), max_size=120))
def test_loading_any_yaml_signs_never_raises(text: str) -> None:
    document = load(text)
    assert document.readable or document.problems


@settings(max_examples=60 * LONG, deadline=None, database=None, derandomize=LONG == 1)
@given(st.binary(max_size=120))
def test_reading_any_bytes_never_raises(data: bytes) -> None:
    for text in (data.decode("latin-1"), data.decode("utf-8", "replace"), data.decode("utf-8", "surrogateescape")):
        assert read(text).problems


@settings(max_examples=100 * LONG, deadline=None, database=None, derandomize=LONG == 1)
@given(st.data())
def test_reading_mangled_flows_never_raises(data: st.DataObject) -> None:
    """Cuts, swaps and insertions in real flows; what is still understood can be written again."""
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from((0, 1, 2, 10, 10_000)))
        patch = data.draw(
            st.sampled_from(("", " ", "\n", "[", "]", "{", "}", ":", "- ", "&a ", "*a", "!x ", "null", "$", "1", "\t"))
        )
        text = text[:start] + patch + text[start + length :]
    reading = read(text)
    if reading.flow is not None:
        write(reading.flow)
    for problem in reading.problems:
        assert problem.message
        assert reading.mark(problem) is not None
