"""The public names resolve, and asking for others is told."""

from __future__ import annotations

import pytest

import fnfkit


@pytest.mark.parametrize("name", fnfkit.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(fnfkit, name) is not None
    assert name in dir(fnfkit)


def test_the_names_of_the_language_are_public() -> None:
    words = {"App", "CompileError", "FC", "FnF", "Steps", "approval", "caught", "context", "elsewhere", "fail", "input"}
    words |= {"local", "native", "otherwise", "parallel", "part", "poll_until", "saga", "this", "wait", "when"}
    assert words <= set(fnfkit.__all__)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        fnfkit.nonsense  # noqa: B018
