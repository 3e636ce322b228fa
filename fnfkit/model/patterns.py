"""Patterns that users write, matched in bounded time.

A regular expression can take years on a text of forty characters; nobody who writes one may keep an account from
everybody else's work. So each is given a second and some memory, and wildcards never go back.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import regex

Expression: TypeAlias = regex.Pattern[str]

SECONDS = 1.0
MOST_REPEATS = 100_000
"""How often the innermost part of an expression may have to come; each time takes memory before it is ever matched."""

_REPEATS = re.compile(r"\{0*([0-9]+)")


class WrongPattern(ValueError):
    """The pattern does not parse, or takes too much; the message says which."""


def check_pattern(pattern: str) -> None:
    """Raises `WrongPattern` if it does not parse."""
    _compiled(pattern)


def found(pattern: str, text: str) -> bool:
    """Whether a regular expression matches somewhere in a text. Raises `WrongPattern`."""
    try:
        return _compiled(pattern).search(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise _slow(pattern) from None


def begins(pattern: str, text: str) -> bool:
    """Whether a regular expression matches from the beginning of a text. Raises `WrongPattern`."""
    try:
        return _compiled(pattern).match(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise _slow(pattern) from None


@lru_cache(maxsize=4096)
def glob(pattern: str) -> Expression:
    """The expression of a policy's wildcards: `*` stands for any characters, `?` for one (ros.md 10)."""
    return wildcard([re.escape(chunk).replace(r"\?", ".") for chunk in pattern.split("*")])


def wildcard(chunks: Sequence[str]) -> Expression:
    """The expression for texts that are chunks, expressions themselves, with any characters between them.

    The first place where a chunk fits is as good as any later one, so none is ever looked for twice: the time is
    that of one walk for each chunk.
    """
    first, *rest = chunks
    if not rest:
        return regex.compile(rf"{first}\Z", regex.DOTALL)
    *middle, last = rest
    between = "".join(f"(?>.*?{chunk})" for chunk in middle if chunk)
    return regex.compile(rf"{first}{between}.*{last}\Z", regex.DOTALL)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Expression:
    if math.prod(int(count) or 1 for count in _REPEATS.findall(pattern)) > MOST_REPEATS:
        raise WrongPattern(f"the pattern repeats something over {MOST_REPEATS} times: {pattern:.60}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of what a later version may read in another way
            return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise WrongPattern(f"the pattern does not parse: {error}") from error


def _slow(pattern: str) -> WrongPattern:
    return WrongPattern(f"the pattern takes over {SECONDS:g} s: {pattern:.60}")
