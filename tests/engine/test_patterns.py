"""Patterns that users write: what they match, and that none of them can hold everybody up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnfkit.cloud.ram_policy import read_policy
from fnfkit.engine.builtins import BUILTINS
from fnfkit.engine.errors import EvaluationError
from fnfkit.model import patterns
from fnfkit.model.patterns import WrongPattern, begins, check_pattern, found, wildcard

SLOW = [r"(a|aa)+$", r"((a|aa)+)+b\Z"]


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=5), st.text("ab", max_size=12))
def test_wildcards_match_what_going_back_would_match(chunks: list[str], text: str) -> None:
    wanted = re.fullmatch(".*".join(chunks), text, re.DOTALL) is not None
    assert (wildcard(chunks).match(text) is not None) == wanted


def test_wildcards_never_go_back() -> None:
    assert wildcard(["a"] * 200).match("a" * 5_000 + "b") is None


def test_expressions_match_anywhere_or_from_the_beginning() -> None:
    assert found("b.", "abc") and not found("^b", "abc")
    assert begins("a", "abc") and not begins("b", "abc")
    assert begins(r"(?=.*\d)[a-z0-9]+", "ab1")


@pytest.mark.parametrize("pattern", SLOW)
def test_an_expression_that_takes_too_long_is_given_up(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.05)
    for match in (found, begins):
        with pytest.raises(WrongPattern, match=r"takes over 0\.05 s"):
            match(pattern, "a" * 60 + "c")


@pytest.mark.parametrize("pattern", ["((a{1000}){1000}){1000}", "a{999999999}", "(", "[", "*", "(" * 5_000])
def test_expressions_that_cannot_be_made_are_refused(pattern: str) -> None:
    with pytest.raises(WrongPattern):
        check_pattern(pattern)


def test_a_state_machine_is_told_of_a_pattern_it_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.05)
    for pattern, told in ((SLOW[0], "takes over"), ("(", "does not parse")):
        with pytest.raises(EvaluationError, match=told):
            BUILTINS["regexMatchString"].run("a" * 60 + "c", pattern)


def test_a_policy_with_many_stars_is_answered_at_once() -> None:
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*a" * 50 + "*b", "Resource": "*"}]}
    (statement,) = read_policy(document)
    assert not statement.concerns("fc:" + "a" * 500, "x", {})
