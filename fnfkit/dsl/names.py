"""Step names a person would choose: from functions, variables and conditions, never from positions."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z0-9]+")
_LONGEST = 60


def pascal(text: str) -> str:
    """`get_job_status` and `get-job-status` become `GetJobStatus`; capitals inside words stay."""
    return "".join(word[0].upper() + word[1:] for word in _WORD.findall(text))


def sanitize(hint: str) -> str:
    """A hint as a legal name (fdl.md 2.2)."""
    name = re.sub(r"[^A-Za-z0-9_-]", "", hint)[:_LONGEST] or "Step"
    return name if name[0].isalpha() or name[0] == "_" else f"Step{name}"


class Names:
    """Hands out names that are unique in a flow: a hint as it is, then with its second choice, then numbered."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def unique(self, hint: str, second: str = "") -> str:
        """A name not given before. Numbers count per name, so that other steps do not shift them."""
        name = sanitize(hint)
        if name in self._taken and second:
            name = sanitize(second)
        if name in self._taken:
            name = self._numbered(name)
        self._taken.add(name)
        return name

    def _numbered(self, name: str) -> str:
        number = self._next.get(name, 2)
        while f"{name}{number}" in self._taken:
            number += 1
        self._next[name] = number + 1
        return f"{name}{number}"
