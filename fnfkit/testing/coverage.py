"""Path coverage of flows: which arms any execution of a test run has taken, and which none has.

Coverage is data that can be sent and merged: by flow, definition and arm how often it was taken. What is not an arm of
the definition does not count, so it never exceeds 100 percent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from fnfkit.lang import dialects
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location
from fnfkit.testing.arms import Arm, arms
from fnfkit.testing.rights import Rights
from fnfkit.testing.single import Single
from fnfkit.testing.sources import Source
from fnfkit.testing.taken import taken
from fnfkit.testing.trace import Fact

ArmKey: TypeAlias = tuple[str, str, str]
"""`Arm.key`: kind, place and label."""


@dataclass(slots=True)
class FlowCoverage:
    """The arms of one definition and how often each was taken. `lines` are those of `file` by step."""

    name: str
    definition: str
    file: str = ""
    lines: dict[str, int] = field(default_factory=dict)
    """Location of a step, its parts joined by `/` -> line."""
    counts: Counter[ArmKey] = field(default_factory=Counter)

    @property
    def flow(self) -> Flow:
        """The flow."""
        return _flow(self.definition)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Everything there is to take."""
        return _arms(self.definition)

    def hits(self, arm: Arm) -> int:
        """How often an arm was taken."""
        return self.counts[arm.key]

    @property
    def covered(self) -> list[Arm]:
        """The arms that were taken."""
        return [arm for arm in self.arms if self.hits(arm)]

    @property
    def missing(self) -> list[Arm]:
        """The arms that no execution took."""
        return [arm for arm in self.arms if not self.hits(arm)]

    @property
    def percent(self) -> float:
        """From 0 to 100; a flow without arms is covered."""
        return 100 * len(self.covered) / len(self.arms) if self.arms else 100.0

    def line(self, at: Location) -> int:
        """The line of a place, or of the nearest one around it; 0 where none is known."""
        for length in range(len(at), 0, -1):
            if (line := self.lines.get(_spelled(at[:length]))) is not None:
                return line
        return 0


class Coverage:
    """The coverage of all flows of a test run."""

    def __init__(self) -> None:
        self.flows: dict[tuple[str, str], FlowCoverage] = {}
        self.rights = Rights()
        """What the tests have made of the rights of roles."""

    def add_flow(self, source: Source) -> FlowCoverage:
        """Take a flow into account, whether it is executed or not."""
        known = self.flows.get((source.name, source.digest))
        if known is None:
            known = FlowCoverage(source.name, source.definition)
            self.flows[source.name, source.digest] = known
        if source.file and not known.file:
            known.file = source.file
            known.lines = {_spelled(at): mark.line for at, mark in source.marks.items()}
        return known

    def add(
        self,
        source: Source,
        events: Iterable[Fact],
        counted: Counter[ArmKey] | None = None,
        single: Single | None = None,
    ) -> Counter[ArmKey]:
        """Add an execution, but for what was `counted` of it before; returns all that is now.

        If the flow is a `single` step alone, the arms are those of the flow it is from.
        """
        known, facts = self.add_flow(source if single is None else single.origin), tuple(events)
        flow = known.flow if single is None else _flow(source.definition)
        self.rights.add_history(known.name, flow, facts)
        arms = taken(flow, facts)
        if single is not None:
            arms = (arm for found in arms if (arm := single.arm(found)) is not None)
        counts = Counter(arm.key for arm in arms)
        known.counts.update(counts - counted if counted else counts)
        return counts

    def __iter__(self) -> Iterator[FlowCoverage]:
        return (self.flows[key] for key in sorted(self.flows))

    @property
    def total(self) -> int:
        """How many arms there are."""
        return sum(len(flow.arms) for flow in self)

    @property
    def covered(self) -> int:
        """How many of them were taken."""
        return sum(len(flow.covered) for flow in self)

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        return 100 * self.covered / self.total if self.total else 100.0

    def dump(self) -> JsonObject:
        """All of it as JSON."""
        return {"version": 1, "flows": [_dumped(flow) for flow in self], "rights": self.rights.dump()}

    def merge(self, data: Mapping[str, Json]) -> None:
        """Add what `dump` gave, in this process or another."""
        for row in data["flows"]:
            source = Source(row["name"], row["definition"], _flow(row["definition"]))
            known = self.add_flow(source)
            if row["file"] and not known.file:
                known.file, known.lines = row["file"], row["lines"]
            for kind, at, label, count in row["counts"]:
                known.counts[kind, at, label] += count
        self.rights.merge(data["rights"])


def _dumped(flow: FlowCoverage) -> JsonObject:
    counts = [[*key, count] for key, count in sorted(flow.counts.items())]
    return {
        "name": flow.name,
        "definition": flow.definition,
        "file": flow.file,
        "lines": flow.lines,
        "counts": counts,
        "arms": [{"arm": str(arm), "kind": arm.kind, "at": arm.key[1], "taken": flow.hits(arm)} for arm in flow.arms],
        "percent": round(flow.percent, 2),
    }


@lru_cache(maxsize=256)
def _arms(definition: str) -> tuple[Arm, ...]:
    return arms(_flow(definition))


@lru_cache(maxsize=256)
def _flow(definition: str) -> Flow:
    reading = dialects.read(definition)
    if reading.flow is None:
        raise ValueError("the definition of a covered flow cannot be read")
    return reading.flow


def _spelled(at: Location) -> str:
    return "/".join(map(str, at))
