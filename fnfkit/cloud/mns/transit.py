"""How messages travel between their acceptance and their destination."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

Transit: TypeAlias = Callable[[str, str], Sequence[int]]
"""(kind, name) of a destination -> how many milliseconds late each copy of a message arrives there: an accepted
message that arrives nowhere, late or twice is what a distributed service allows itself (api-mns.md 5)."""


def arrive(kind: str, name: str) -> Sequence[int]:
    """One copy, in time."""
    return (0,)
