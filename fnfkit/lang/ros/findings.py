"""The problems of templates: their ids, and what readers and validators share in finding them.

| id | what is wrong |
|---|---|
| E00 | the text is no YAML or JSON document |
| T01 | a section or an entry has the wrong shape, or an unknown key |
| T02 | the template version |
| T03 | an unknown resource type |
| T04 | an unknown property |
| T05 | a required property is missing |
| T06 | a value has the wrong type |
| T07 | a value breaks a constraint |
| T08 | a reference to something that is not there |
| T09 | an attribute that the resource does not have |
| T10 | resources depend on each other in a circle |
| T11 | an unknown function, or one with wrong arguments |
| T12 | a parameter: its declaration, or the value given for it |
| T13 | the transform cannot expand something |
| T14 | the template is too large |
| T15 | a warning: something is taken and not imitated here |
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Mark, Problem, Severity
from fnfkit.model.stack import Template


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader understood. `template` is None only if nothing of a template could be recognised.

    `marks` gives the place of every mapping, list and scalar of the text by its location.
    """

    template: Template | None
    problems: tuple[Problem, ...]
    marks: Mapping[Location, Mark] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the template from being used."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def mark(self, problem: Problem) -> Mark | None:
        """The line of a problem: its own mark, else that of the nearest enclosing location."""
        if problem.mark is not None:
            return problem.mark
        for length in range(len(problem.path), -1, -1):
            if (mark := self.marks.get(problem.path[:length])) is not None:
                return mark
        return None


class Findings:
    """Collects problems."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self.problems = list(problems)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are no warnings."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def error(self, id: str, path: Location, message: str, fix: str = "") -> None:
        """Notes an error."""
        self.problems.append(Problem(id, path, message, fix))

    def warn(self, id: str, path: Location, message: str, fix: str = "") -> None:
        """Notes a warning."""
        self.problems.append(Problem(id, path, message, fix, Severity.WARNING))

    def mapping(self, value: Json, path: Location, what: str) -> dict[str, Json]:
        """The value if it is a mapping, else an empty one and a problem."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.error("T01", path, f"{what} must be a mapping, not {kind(value)}", f"write `{path[-1]}:` with entries")
        return {}

    def known(self, value: Mapping[str, Json], names: Iterable[str], path: Location, what: str) -> None:
        """Notes the keys that are not among the names."""
        names = tuple(names)
        for key in value:
            if key not in names:
                self.error("T01", (*path, key), f"{what} has no key `{key}`", suggestion(key, names))


def suggestion(word: str, names: Iterable[str]) -> str:
    """What to do about an unknown word."""
    names = sorted(names)
    close = difflib.get_close_matches(word, names, 1, 0.7)
    folded = [name for name in names if name.lower() == word.lower()]
    if folded or close:
        return f"did you mean `{(folded or close)[0]}`?"
    shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return f"use one of {shown}" if shown else "remove it"


def kind(value: Json) -> str:
    """What a value is, for messages."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "a function"
