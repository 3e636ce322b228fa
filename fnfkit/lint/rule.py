"""What a rule is: a small function over a subject, with its id, source and example as data.

A rule knows places in the document; which line that is, only a report knows. A finding is a `model.problem.Problem`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from fnfkit.lint.shapes.interpret import interpret
from fnfkit.lint.shapes.promises import Promises
from fnfkit.lint.tree import Place, Sequence, places_of, sequences_of
from fnfkit.model.flow import Flow
from fnfkit.model.problem import Location, Problem, Severity

Finding: TypeAlias = Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the caller knows beyond the text.

    `promises` declares shapes of inputs, results and parameters. `scheduled` says that a schedule starts the flow
    (fdl.md 7). `disable` switches rules off, `enable` switches on those that only advise; ids as in the catalogue.
    `unused` are the rights derived from the flow that no test has used: the step that asks, and what it was granted.
    """

    promises: Promises = field(default_factory=Promises)
    scheduled: bool = False
    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    unused: tuple[tuple[Location, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What rules look at. `problems` are the reader's; what is costly to find out is found out once."""

    flow: Flow
    problems: tuple[Problem, ...] = ()
    options: Options = field(default_factory=Options)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every step with its place, outer before inner."""
        return tuple(places_of(self.flow))

    @cached_property
    def sequences(self) -> tuple[Sequence, ...]:
        """Every sequence of steps, outer before inner."""
        return tuple(sequences_of(self.flow))

    @property
    def has_errors(self) -> bool:
        """Whether the reader had to guess parts of the flow."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    @cached_property
    def dataflow(self) -> Mapping[str, tuple[Finding, ...]]:
        """The findings of the data-flow checker by rule id; none if the text has errors, which would mislead it."""
        if self.has_errors:
            return {}
        found: dict[str, tuple[Finding, ...]] = {}
        for finding in interpret(self.flow, self.options.promises):
            found[finding.id] = (*found.get(finding.id, ()), finding)
        return found


Check: TypeAlias = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the catalogue. `source` is the section of the language reference it follows; `bad` and `good` are
    whole flows. `check` is None for what the reader itself reports. A rule with `advice` runs only if enabled."""

    id: str
    title: str
    severity: Severity
    source: str
    explanation: str
    bad: str
    good: str
    check: Check | None = None
    advice: bool = False


def warn(id: str, at: Location, message: str, fix: str = "") -> Finding:
    """A finding that does not keep the flow from running."""
    return Problem(id, at, message, fix, Severity.WARNING)


def flow_text(steps: str) -> str:
    """The whole text of an example, given its steps."""
    return "version: v1\ntype: flow\nsteps:\n" + "".join(f"  {line}\n" for line in steps.strip("\n").splitlines())
