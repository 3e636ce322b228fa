"""What the parts of the flow service share."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock

from fnfkit.cloud.clock import DrivenClock
from fnfkit.cloud.fnf.archive import Archive
from fnfkit.cloud.fnf.run import AnyRun, StoredFlow
from fnfkit.cloud.fnf.runner import Runner
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.store import Store
from fnfkit.engine.settings import Settings
from fnfkit.ports import FlowNotExists


@dataclass(frozen=True, slots=True)
class Quotas:
    """What an account may have (api-fnf.md 5); None switches a quota off."""

    flows: int | None = 10_000
    running_executions: int | None = 10_000


class Ids:
    """Random UUIDs from a seed, so that runs can be repeated exactly."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311

    def uuid(self) -> str:
        """The next UUID."""
        bits = self._random.getrandbits(128)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits >> 60 & 3]}{text[17:20]}-{text[20:]}"

    def restart(self, position: int) -> None:
        """Goes on with other UUIDs than those of the first `position` executions."""
        self._random = random.Random(f"{self._seed}/{position}")  # noqa: S311


class Registry:
    """The flows of the account: those that exist, and deleted ones whose executions have not all stopped."""

    def __init__(self) -> None:
        self.flows: dict[str, StoredFlow] = {}
        self.retired: list[StoredFlow] = []

    def get(self, name: str) -> StoredFlow:
        """A flow by name. Raises FlowNotExists."""
        flow = self.flows.get(name)
        if flow is None:
            raise FlowNotExists(f"Flow {name} does not exist.")
        return flow

    def named(self, name: str) -> list[StoredFlow]:
        """The flow of that name and its deleted predecessors."""
        found = [self.flows[name]] if name in self.flows else []
        if self.retired:
            self.retired = [flow for flow in self.retired if flow.runs or flow.express]
            found += [flow for flow in self.retired if flow.record.name == name]
        return found


@dataclass(frozen=True, slots=True)
class Core:
    """The lock, the clock and the rest, as every part of the service needs them."""

    clock: DrivenClock
    store: Store
    loop: Loop
    lock: RLock
    archive: Archive
    runner: Runner
    registry: Registry
    ids: Ids
    settings: Settings
    quotas: Quotas

    def locate(self, place: tuple[str, str, int]) -> list[AnyRun]:
        """The executions a parsed task token may belong to: one, unless the flow was deleted and created again."""
        flow_name, name, _ = place
        runs = [flow.express.get(name) or self.archive.find(flow, name) for flow in self.registry.named(flow_name)]
        return [run for run in runs if run is not None]


def utc(at: int) -> str:
    """An instant as RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
