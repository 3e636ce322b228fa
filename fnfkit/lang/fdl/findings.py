"""What a reader of FDL shares while it walks a document: the problems found so far, the names seen, and typed look-ups.

Ids are those of fdl.md 9, and three of ours for what that list leaves out: E00 the text is no document, E11 a value
of the wrong type or range, E12 a source that starts like a path and is none.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from fnfkit.lang.fdl.schema import ADVICE
from fnfkit.lang.marked import Tagged
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location, Mark, Problem, Severity

MOST_KNOWN = 300
"""Words among which a suggestion is looked for."""
MOST_SUGGESTIONS = 200
"""Problems after which no suggestion is looked for."""


@dataclass(slots=True)
class Findings:
    """Collects problems; `value` look-ups report what has the wrong type and return None."""

    marks: Mapping[Location, Mark]
    problems: list[Problem] = field(default_factory=list)
    names: dict[str, Location] = field(default_factory=dict)
    advice: Mapping[str, str] = field(default_factory=lambda: ADVICE)
    """What to do about a property that stands where it is not allowed."""

    def error(self, id: str, path: Location, message: str, fix: str = "") -> None:
        self.problems.append(Problem(id, path, message, fix))

    def warn(self, id: str, path: Location, message: str, fix: str = "") -> None:
        self.problems.append(Problem(id, path, message, fix, Severity.WARNING))

    def line(self, path: Location) -> str:
        mark = self.marks.get(path)
        return f"line {mark.line}" if mark else "an alias"

    # -- typed look-ups

    def text(self, owner: JsonObject, key: str, at: Location, id: str = "E11") -> str | None:
        """The text under a key; None if it is absent or, reported, no text."""
        value = owner.get(key)
        if isinstance(value, str):
            return value
        if key in owner:
            fix = (
                f'put it into double quotes: "{str(value).lower()}"'
                if isinstance(value, bool | int | float)
                else "write a text"
            )
            self.error(id, (*at, key), f"`{key}` must be text, not {kind(value)}", fix)
        return None

    def list(self, owner: JsonObject, key: str, at: Location, id: str = "E11") -> list[Json] | None:
        """The list under a key; None if it is absent or, reported, no list."""
        value = owner.get(key)
        if isinstance(value, list):
            return value
        if key in owner:
            self.error(id, (*at, key), f"`{key}` must be a list, not {kind(value)}", "write its items as `- …` lines")
        return None

    def flag(self, owner: JsonObject, key: str, at: Location) -> bool:
        value = owner.get(key, False)
        if isinstance(value, bool):
            return value
        self.error("E11", (*at, key), f"`{key}` must be true or false, not {kind(value)}", f"write `{key}: true`")
        return False

    def mapping(self, value: Json, at: Location, what: str, id: str = "E11") -> JsonObject | None:
        """The value as a mapping; None if, reported, it is something else."""
        if isinstance(value, dict):
            return value
        self.error(id, at, f"{what} must be a mapping, not {kind(value)}", "write it as `key: value` lines")
        return None

    def seconds(self, owner: JsonObject, key: str, at: Location) -> int | None:
        """A positive whole number of seconds; None if it is absent or, reported, something else."""
        value = owner.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        if key in owner:
            message = f"`{key}` must be a whole number of seconds above 0, not {kind(value)}"
            self.error("E11", (*at, key), message, f"write `{key}: 60`")
        return None

    # -- names and properties

    def name(self, name: str, at: Location) -> None:
        """Notes a step's name; names are unique in the whole flow (fdl.md 2.2)."""
        first = self.names.setdefault(name, at)
        if first != at:
            message = f"the step name `{name}` is used twice (first in {self.line(first)})"
            self.error("E02", (*at, "name"), message, "give every step of the flow, nested ones included, its own name")

    def known(self, owner: JsonObject, allowed: tuple[str, ...], at: Location, what: str) -> None:
        """Reports the keys that are not allowed here."""
        for key in owner:
            if key not in allowed:
                message = f"{what} has no property `{key:.60}`"
                self.error(
                    "E03", (*at, key), message, self.advice.get(key) or self.meant(key, allowed) or among(allowed)
                )

    def meant(self, word: str, words: Collection[str]) -> str:
        """`did you mean …?` for the known word most like an unknown one; nothing if there is none, or if so much is
        wrong or known that looking would take long."""
        if len(words) > MOST_KNOWN or len(self.problems) > MOST_SUGGESTIONS:
            return ""
        known = {other.lower(): other for other in sorted(words)}
        close = difflib.get_close_matches(word.lower()[:100], known, n=1, cutoff=0.7)
        return f"did you mean `{known[close[0]]}`?" if close else ""


def among(words: Iterable[str]) -> str:
    """The list of what is allowed."""
    return "allowed: " + ", ".join(words)


def kind(value: Json) -> str:
    """What a value is, in an author's words, with the value if it is short."""
    match value:
        case None:
            return "empty"
        case bool() | int() | float():
            return f"{str(value).lower():.40}"
        case str():
            return f"the text `{value:.40}`"
        case list():
            return "a list"
        case Tagged(tag=tag):
            return f"a value filled in by deployment ({tag:.40})"
        case _:
            return "a mapping"
