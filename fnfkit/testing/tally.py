"""How many clouds and runs there were, how much virtual time they took, and which paths: each counted once, exactly.

A cloud may be looked at again and again, since a test may leave it open for the next one; what was counted of it before
is left out. Nothing here keeps a cloud alive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakKeyDictionary

from fnfkit.cloud.cloud import Cloud
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord
from fnfkit.testing.coverage import ArmKey, Coverage
from fnfkit.testing.run import Run
from fnfkit.testing.single import Single
from fnfkit.testing.sources import Source, source_of

Name = tuple[str, str]
"""Flow and execution."""


class Countable(Protocol):
    """A cloud, as far as it is counted."""

    @property
    def cloud(self) -> Cloud: ...

    @property
    def elapsed(self) -> float: ...

    @property
    def runs(self) -> Sequence[Run]: ...

    @property
    def sources(self) -> Mapping[str, Source]: ...

    @property
    def singles(self) -> Mapping[str, Single]: ...

    def records(self) -> Iterator[ExecutionRecord]: ...

    def evidence(self, flow: str, name: str) -> tuple[ExecutionRecord, list[EventRecord]]: ...


@dataclass(slots=True)
class _Counted:
    """What was counted of one cloud. `arms` are those of executions that had not ended, `ended` needs no other look."""

    virtual: float = 0.0
    runs: set[Name] = field(default_factory=set)
    ended: set[Name] = field(default_factory=set)
    arms: dict[Name, Counter[ArmKey]] = field(default_factory=dict)


class Tally:
    """The sums. `coverage` is None if paths are not asked for."""

    def __init__(self, coverage: Coverage | None = None) -> None:
        self.coverage = coverage
        self.clouds = 0
        self.runs = 0
        self.virtual = 0.0
        """Seconds."""
        self._counted: WeakKeyDictionary[Countable, _Counted] = WeakKeyDictionary()

    def count(self, cloud: Countable) -> None:
        """Take everything into account that has happened on a cloud since the last time."""
        known = self._counted.get(cloud)
        if known is None:
            known = self._counted[cloud] = _Counted()
            self.clouds += 1
        self.virtual += cloud.elapsed - known.virtual
        known.virtual = cloud.elapsed
        names = {(run.flow, run.name) for run in cloud.runs}
        records = [record for record in cloud.records() if (record.flow, record.name) not in known.ended]
        names |= {(record.flow, record.name) for record in records}
        self.runs += len(names - known.runs)
        known.runs |= names
        if self.coverage is None:
            return
        self.coverage.rights.add_account(cloud.cloud)
        for source in cloud.sources.values():
            self.coverage.add_flow(source)
        for record in records:
            self._cover(self.coverage, cloud, known, (record.flow, record.name))

    def _cover(self, coverage: Coverage, cloud: Countable, known: _Counted, name: Name) -> None:
        record, events = cloud.evidence(*name)
        source, single = cloud.sources.get(record.flow), cloud.singles.get(record.flow)
        if source is None or source.definition != record.definition:
            source = source_of(record.definition, record.flow)
        known.arms[name] = coverage.add(source, events, known.arms.get(name), single)
        if record.ended:
            known.ended.add(name)
            del known.arms[name]

    def dump(self) -> JsonObject:
        """All of it as data that can be sent."""
        covered = None if self.coverage is None else self.coverage.dump()
        return {"clouds": self.clouds, "runs": self.runs, "virtual": self.virtual, "coverage": covered}

    def merge(self, data: Json) -> None:
        """Add what another process has sent."""
        self.clouds += data["clouds"]
        self.runs += data["runs"]
        self.virtual += data["virtual"]
        if self.coverage is not None and data["coverage"] is not None:
            self.coverage.merge(data["coverage"])
