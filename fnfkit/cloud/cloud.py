"""The embedded account: its services around one lock, one clock, one loop and one store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from fnfkit.cloud.clock import DrivenClock, VirtualClock
from fnfkit.cloud.fc.api import FunctionApi
from fnfkit.cloud.fc.credentials import Credentials
from fnfkit.cloud.fc.destinations import Destinations
from fnfkit.cloud.fc.gate import ON_DEMAND
from fnfkit.cloud.fc.queue import InvocationQueue
from fnfkit.cloud.fc.runtime import NO_LATENCY, Latency
from fnfkit.cloud.fc.service import FunctionService, Make
from fnfkit.cloud.fc.target import FunctionTarget
from fnfkit.cloud.fnf.archive import Archive
from fnfkit.cloud.fnf.core import Core, Ids, Quotas, Registry
from fnfkit.cloud.fnf.runner import Runner
from fnfkit.cloud.fnf.service import FlowService
from fnfkit.cloud.fnf.subflows import FlowActions, FlowTarget
from fnfkit.cloud.fnf.throttle import STEPS, Pace, Throttle
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.mns.rate import SENDS_PER_SECOND
from fnfkit.cloud.mns.service import MessageService
from fnfkit.cloud.ram import Ram
from fnfkit.cloud.ram_guard import Guard, role_of
from fnfkit.cloud.ros.objects import Objects
from fnfkit.cloud.ros.service import StackService
from fnfkit.cloud.store import Store, readable
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.cloud.targets import Targets
from fnfkit.engine.settings import Settings
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef


def _settings(settings: Settings, throttle: bool) -> Settings:
    """With a rate of steps turns are short, since one that has begun is not cut."""
    return replace(settings, turn_steps=min(settings.turn_steps, STEPS // 10)) if throttle else settings


class Cloud:
    """An account of the cloud, in this process.

    Without arguments: virtual time from 2020-01-01 on, everything in memory, no rate limits, UUIDs from seed 0, so
    that two runs of the same calls are equal to the byte. Functions run in process, each call as fast as its code;
    `runtime` and `latency` change that. Nothing happens until the cloud is driven: by `run_until`,
    `run_until_idle` or `advance` in the caller's thread, or by `serve_forever` in a thread of its own.

    State is touched only with `lock` held; functions and call-backs run without it, in the driving thread.
    """

    def __init__(
        self,
        *,
        clock: DrivenClock | None = None,
        store: Store | None = None,
        settings: Settings | None = None,
        region: str = "cn-hangzhou",
        account_id: str = "123456789012",
        throttle: bool = False,
        quotas: Quotas | None = None,
        seed: int = 0,
        runtime: Make | None = None,
        latency: Latency | None = None,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self.clock: DrivenClock = VirtualClock() if clock is None else clock
        self.store: Store = MemoryStore() if store is None else store
        self.lock = threading.RLock()
        self.loop = Loop(self.clock, lends=runtime is not None)
        self.targets = Targets()
        self.ram = Ram(self.clock, account_id, self.store)
        self.functions = FunctionService(
            self.clock,
            store=self.store,
            lock=self.lock,
            runtime=runtime,
            region=region,
            account_id=account_id,
            credentials=self._function_credentials,
            latency=latency or NO_LATENCY,
            limit=ON_DEMAND if throttle else None,
            seed=seed,
        )
        self.mns = MessageService(
            self.clock, self.store, self.lock, drive=self.run_until, post=self.loop.post, account=account_id
        )
        self.mns.limit_sends(SENDS_PER_SECOND if throttle else None)
        self.queues, self.topics = self.mns.queues, self.mns.topics
        core = self._core(_settings(settings or Settings(), throttle), quotas or Quotas(), seed)
        core.runner.pace = Pace(self.clock) if throttle else None
        self.flows = FlowService(core, Throttle(self.clock, throttle))
        destinations = Destinations(self.queues, self.topics, region=region, account_id=account_id)
        self.invocations = InvocationQueue(self.functions, self.store, destinations)
        self.fc = FunctionApi(self.functions, self.invocations, drive=self.run_until)
        self.targets.register(FunctionRef, FunctionTarget(self.functions, self.invocations))
        self.mns.register(self.targets)
        self.targets.register(FlowRef, FlowTarget(core, self.flows))
        self.targets.register(ActionRef, FlowActions(self.flows), "fnf")
        self.guard = self._guard(core)
        self.targets.guard_with(self.guard.before)
        self.objects = Objects(self.store)
        self.stacks = StackService(self, store=self.store, lock=self.lock, loop=self.loop, objects=self.objects)

    def _core(self, settings: Settings, quotas: Quotas, seed: int) -> Core:
        archive = Archive(self.store, settings)
        runner = Runner(self.clock, self.store, self.loop, self.lock, self.targets, archive)
        runner.account = self.account_id
        return Core(
            clock=self.clock,
            store=self.store,
            loop=self.loop,
            lock=self.lock,
            archive=archive,
            runner=runner,
            registry=Registry(),
            ids=Ids(seed),
            settings=settings,
            quotas=quotas,
        )

    def _guard(self, core: Core) -> Guard:
        def flow_role(name: str) -> str:
            flow = core.registry.flows.get(name)
            return flow.record.role_arn if flow else ""

        return Guard(
            self.ram.roles,
            self.lock,
            region=self.region,
            account_id=self.account_id,
            flow_role=flow_role,
            function_role=lambda target: role_of(self.functions.catalogue, target),
        )

    def _function_credentials(self, role: str) -> Credentials:
        """What a function's role is given: an STS session of this account. Published templates name roles of their
        authors' accounts; here that is the role of the same name."""
        name = role.rpartition(":role/")[2] or "fnfkit-function"
        session = self.ram.assume_role(f"acs:ram::{self.account_id}:role/{name}", "fnfkit-function")
        return Credentials(session.key.id, session.key.secret, session.token)

    def run_until(self, predicate: Callable[[], bool]) -> bool:
        """Drives work, and lets time pass, until the predicate holds or nothing is left; returns whether it holds."""
        return self.loop.run_until(predicate)

    def run_until_idle(self) -> None:
        """Drives work, and lets time pass, until nothing is left but waiting for callers and schedules."""
        self.loop.run_until_idle()

    def advance(self, seconds: float) -> None:
        """Lets so many seconds pass, schedules included."""
        self.loop.advance(seconds)

    def serve_forever(self, stop: threading.Event) -> None:
        """Drives the cloud in this thread until `stop` is set."""
        self.loop.serve_forever(stop)

    def recover(self) -> None:
        """Takes up what the store has kept: call it once, before anything else. Raises StoreError.

        Virtual time goes on from the last event, of flows or of messages. Calls whose answers had not been committed
        are made again.
        """
        with self.lock, readable():
            self.clock.jump(self.mns.latest())
            self.ram.roles.recover()
            self.functions.recover()
            self.invocations.recover()
            self.flows.recover()
            self.mns.recover()
            self.clock.jump(self.stacks.recover())

    def close(self) -> None:
        """Ends the functions that still run, and releases the store."""
        self.functions.close()
        with self.lock:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
