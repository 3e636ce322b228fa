"""What tests change about the machines functions run on: how wrong their clocks are, where chance comes from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Quirks:
    """`skews` are milliseconds by (service, function), `("*", "*")` for all others; with a `seed` what functions draw
    at random is the same in every run, and different in every instance."""

    skews: dict[tuple[str, str], int] = field(default_factory=dict)
    seed: int | None = None
    _instances: itertools.count[int] = field(default_factory=itertools.count)

    def skew(self, service: str, function: str) -> int:
        """How far ahead the clock of a function's machines is."""
        if not self.skews:
            return 0
        places = ((service, function), ("*", function), ("*", "*"))
        return next((self.skews[place] for place in places if place in self.skews), 0)

    def chance(self, service: str, function: str) -> Random | None:
        """A new instance's own source of chance; None for the machine's."""
        if self.seed is None:
            return None
        return Random(f"{self.seed}/{service}/{function}/{next(self._instances)}")  # noqa: S311
