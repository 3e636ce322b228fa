"""Names for states that no step stands behind."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """The names of a scope."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def fresh(self, wish: str) -> str:
        """The wished name, or the first numbered one that nobody has."""
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{wish} {number}"
        self._taken.add(name)
        return name
