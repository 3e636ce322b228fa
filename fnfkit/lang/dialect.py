"""What every dialect offers: a reader that never raises and a canonical writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fnfkit.model.flow import Flow
from fnfkit.model.problem import Location, Mark, Problem, Severity


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader understood. `flow` is None only if nothing of a flow could be recognised.

    `marks` gives the place of every mapping, list and scalar of the document by its location, in model order:
    the step at ("steps", 2) of the text is step 2 of the flow.
    """

    flow: Flow | None
    problems: tuple[Problem, ...]
    marks: Mapping[Location, Mark] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the flow from running."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def mark(self, problem: Problem) -> Mark | None:
        """The line of a problem: its own mark, else the mark of the nearest enclosing location."""
        if problem.mark is not None:
            return problem.mark
        for length in range(len(problem.path), -1, -1):
            if (mark := self.marks.get(problem.path[:length])) is not None:
                return mark
        return None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A feature of the model that a dialect cannot express, and where it stands."""

    feature: str
    path: Location


@dataclass(frozen=True, slots=True)
class Writing:
    """What a writer made of a flow. `text` leaves out what `unsupported` lists."""

    text: str
    unsupported: tuple[Unsupported, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One language: its name, its reader and its writer."""

    name: str
    read: Callable[[str], Reading]
    write: Callable[[Flow], Writing]
