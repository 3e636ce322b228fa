"""Accounts that die and come back, for tests of what Function Compute keeps."""

from __future__ import annotations

import json
from collections.abc import Callable

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, InvokeOptions, TaskRecord, TaskStatus
from tests.fc.contract.conftest import archive


class Durable:
    """An account over a store that remembers; `crash` is a kill at this instant."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or MemoryStore(durable=True)
        self.cloud = self._opened(VirtualClock())

    def _opened(self, clock: VirtualClock) -> Cloud:
        cloud = Cloud(store=self.store, clock=clock)
        cloud.recover()
        return cloud

    def crash(self, store: Store | None = None) -> None:
        now = self.cloud.clock.now()
        self.cloud.functions.close()
        self.store.rollback()
        self.store = store or self.store
        self.cloud = self._opened(VirtualClock(now))

    def create(self, source: str, name: str = "f", config: AsyncConfig | None = None) -> None:
        self.cloud.fc.create_function("", name, FunctionSettings(), archive(index=source))
        if config:
            self.cloud.fc.put_async_config("", name, config)

    def submit(self, task_id: str, name: str = "f", payload: object = None) -> None:
        options = InvokeOptions(asynchronous=True, task_id=task_id, stateful=True)
        self.cloud.fc.invoke("", name, json.dumps(payload if payload is not None else {}).encode(), options)

    def task(self, task_id: str, name: str = "f") -> TaskRecord:
        return self.cloud.fc.get_task("", name, task_id)

    def statuses(self, task_id: str, name: str = "f") -> list[TaskStatus]:
        return [event.status for event in self.task(task_id, name).events]

    def times(self, task_id: str, status: TaskStatus, name: str = "f") -> list[float]:
        task = self.task(task_id, name)
        return [(event.at - task.started) / 1000 for event in task.events if event.status is status]

    def until(self, condition: Callable[[], bool]) -> None:
        assert self.cloud.run_until(condition)
