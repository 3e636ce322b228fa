"""`LocalCloud`: an account for tests, on virtual time, in this process; usable with and without pytest.

with LocalCloud() as cloud:
    cloud.stub("GetJobStatus", {"job_status": "success"})
    run = cloud.run(Path("poll.fdl.yml"), delay=20)
    assert run.status == "Succeeded" and cloud.elapsed == 10
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict, cast

from fnfkit.cloud.clock import DrivenClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.runtime import Latency
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.fnf.core import Quotas
from fnfkit.cloud.fnf.service import FlowService
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.dsl.app import App
from fnfkit.dsl.flow import PythonFlow, StepsFlow
from fnfkit.engine.settings import Settings
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord, FlowNotExists, Flows, Queues, Topics
from fnfkit.server.account import serving_account
from fnfkit.testing import watch
from fnfkit.testing.calls import CallLog
from fnfkit.testing.deploying import Deployments, stubs_of
from fnfkit.testing.endpoint import Endpoint
from fnfkit.testing.faults import Faults, undisturbed
from fnfkit.testing.page import page
from fnfkit.testing.power import Make, Power
from fnfkit.testing.records import events_of, executions_of
from fnfkit.testing.run import Run
from fnfkit.testing.single import Single, single_step
from fnfkit.testing.sources import AnyFlow, CannotRead, Source, is_definition, source_of
from fnfkit.testing.stubs import Answers, StubAnswer


class Options(TypedDict, total=False):
    """What a `LocalCloud` is made with."""

    seed: int
    latency: float | Latency
    throttle: bool
    settings: Settings | None
    quotas: Quotas | None
    store: Path | str | None


class LocalCloud:
    """An embedded account. Two of them that are told the same do the same, to the byte.

    `seed` decides everything that is left to chance; `latency` is how many virtual seconds a call of a stub or of a
    function of the project takes, or a `Latency`: what it takes to reach any function, cold and warm; `throttle`
    switches the API's rate limits on. `store` is a file that survives `restart`, `crash` and this cloud itself: the
    next cloud on that file goes on where this one ended. Raises `StoreError` if it cannot be used.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        latency: float | Latency = 0.0,
        throttle: bool = False,
        settings: Settings | None = None,
        quotas: Quotas | None = None,
        store: Path | str | None = None,
    ) -> None:
        self.seed = seed
        self.calls = CallLog()
        self.faults = Faults(seed)
        self.sources: dict[str, Source] = {}
        """The flows that were deployed here, by name."""
        self.singles: dict[str, Single] = {}
        """The flows of single steps, by name."""
        self.runs: list[Run] = []
        """The executions that were started here."""
        self.door: Flows | None = None
        """Another way to the flows, e.g. the official SDK."""
        reach, call = (latency, 0.0) if isinstance(latency, Latency) else (None, latency)
        self._deployments = Deployments(latency=call)
        self._names = itertools.count(1)
        file = None if store is None else Path(store)
        make = Make(seed=seed, throttle=throttle, settings=settings, quotas=quotas, latency=reach, store=file)
        self.power = Power(self.calls, self.faults, self._deployments, make)
        power = self.power  # not this cloud, which is let go of as soon as nobody uses it
        self.faults.wait = lambda milliseconds: power.ride(lambda: power.cloud.advance(milliseconds / 1000))
        self._start = self.power.cloud.clock.now()
        self._looking: tuple[Cloud, Flows] | None = None
        self._closed = False
        watch.opened(self)

    # The account and its doors

    @property
    def cloud(self) -> Cloud:
        """The embedded account; another one after each crash and restart."""
        return self.power.cloud

    @property
    def clock(self) -> DrivenClock:
        """Virtual time."""
        return self.cloud.clock

    @property
    def flows(self) -> Flows:
        """The Serverless Workflow API, faults included; through another `door` if there is one."""
        return self.door or cast(Flows, self.faults.around(self.cloud.flows))

    @property
    def queues(self) -> Queues:
        """The queues of the Message Service, faults included."""
        return cast(Queues, self.faults.around(self.cloud.queues))

    @property
    def topics(self) -> Topics:
        """The topics of the Message Service, faults included."""
        return cast(Topics, self.faults.around(self.cloud.topics))

    @property
    def functions(self) -> FunctionService:
        """Function Compute."""
        return self.cloud.functions

    @property
    def elapsed(self) -> float:
        """Virtual seconds since this cloud was made."""
        return (self.clock.now() - self._start) / 1000

    # What is in it

    def deploy(
        self,
        what: App | AnyFlow,
        *,
        name: str = "",
        functions: Path | str | None = None,
        stubs: Mapping[Any, StubAnswer] | None = None,
        root: Path | str = ".",
    ) -> str:
        """Deploy a flow, or all of an app, whose function folders are relative to `root`; returns the flow's name.

        `functions` is a folder of FUNCTION/index.py or SERVICE/FUNCTION/index.py; `stubs` are stand-ins by function.
        Raises `CannotRead`, `CompileError`.
        """
        if functions is not None:
            folder = Path(functions)
            self.power.ride(lambda: self._deployments.add_folder(self.cloud, folder))
        for function, answers in stubs_of(stubs or {}):
            self.stub(function, *answers)
        if isinstance(what, App):
            self._put_app(what, Path(root))
            return what.name
        return self._put(source_of(what, name))

    def _put_app(self, app: App, root: Path) -> None:
        self.power.ride(lambda: self._deployments.add_app(self.cloud, app, root))
        for flow in app.flows.values():
            self._put(source_of(flow))
        for schedule in app.schedules.values():
            payload = "" if schedule.payload is None else json.dumps(schedule.payload)
            self.flows.create_schedule(
                schedule.flow, schedule.name, schedule.cron, payload=payload, enabled=schedule.enabled
            )

    def function(self, service: str, name: str, code: Path | str, *, handler: str = "index.handler") -> None:
        """Deploy a folder of code as a function; one without a service, as FC 3 has them, has the service ``""``."""
        folder = Path(code)
        self.power.ride(lambda: self._deployments.add_function(self.cloud, service, name, folder, handler))

    def stub(self, function: object, *answers: StubAnswer, latency: float | None = None) -> Answers:
        """Let answers stand for a function: a handle, `service/function`, or a bare name for any service.

        One answer (a value, an exception, or a function of the event) serves every call; several are given in turn.
        """
        return self.power.ride(lambda: self._deployments.add_stub(self.cloud, function, answers, latency))

    def _put(self, source: Source) -> str:
        known = self.sources.get(source.name)
        if known is not None and known.digest == source.digest:
            return source.name
        self.power.ride(lambda: self._store(source))
        self.sources[source.name] = source
        return source.name

    def _store(self, source: Source) -> None:
        try:
            self.cloud.flows.update_flow(source.name, definition=source.definition)
        except FlowNotExists:
            self.cloud.flows.create_flow(source.name, source.definition)

    def _flow(self, flow: AnyFlow) -> str:
        if isinstance(flow, str) and not is_definition(flow):
            try:
                return self._known().describe_flow(flow).name
            except FlowNotExists:
                known = ", ".join(sorted(self.sources)) or "none"
                raise CannotRead(f"there is no flow {flow} here; deployed are: {known}") from None
        return self._put(source_of(flow))

    # Running

    def start(self, flow: AnyFlow, input: JsonObject | None = None, *, name: str = "", **inputs: Json) -> Run:
        """Start an execution; a flow that is not deployed yet is. Nothing happens until the cloud is driven."""
        flow_name = self._flow(flow)
        given = input_of(flow, input, inputs)
        execution = name or f"run-{next(self._names)}"
        text = json.dumps(given)
        self.power.ride(lambda: self.flows.start_execution(flow_name, name=execution, input=text))
        run = Run(self, flow_name, execution)
        self.runs.append(run)
        return run

    def run(self, flow: AnyFlow, input: JsonObject | None = None, *, name: str = "", **inputs: Json) -> Run:
        """Run a flow to its end, or for as long as anything happens: a run that waits for a callback is not ended.

        Inputs are keywords (for a Python flow its arguments), or one object as `input`. Raises `StubMisuse`.
        """
        return self.start(flow, input, name=name, **inputs).finish()

    def step(
        self, flow: AnyFlow, step: str, *, input: JsonObject | None = None, local: JsonObject | None = None
    ) -> Run:
        """Run one step of a flow by itself, in a scope with that input and that local.

        The run's output is the local after the step; where the step went is the last of its `path`. Raises
        `CannotRead` if the flow has no such step.
        """
        origin = self.sources[flow] if isinstance(flow, str) and flow in self.sources else source_of(flow)
        single = single_step(origin, step, local or {}, taken=self.sources)
        self.power.ride(lambda: self._store(single.source))
        self.singles[single.source.name] = single
        return self.run(single.source.name, input or {})

    def finish(self, run: Run) -> None:
        """Drive until a run has ended or nothing is left; see `run`."""
        self.run_until(lambda: run.ended)
        if (misuse := self._deployments.misuse()) is not None:
            raise misuse

    def run_until(self, predicate: Callable[[], bool]) -> bool:
        """Drive work and time until the predicate holds or nothing is left; returns whether it holds."""
        return self.power.ride(lambda: self.cloud.run_until(predicate))

    def run_until_idle(self) -> None:
        """Drive work and time until nothing is left but waiting for callers and schedules."""
        self.power.ride(lambda: self.cloud.run_until_idle())

    def advance(self, seconds: float) -> None:
        """Let so much time pass, schedules included. Raises ValueError if it is negative."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds} seconds")
        until = self.clock.now() + round(seconds * 1000)
        self.power.ride(lambda: self.cloud.advance((until - self.clock.now()) / 1000))

    def crash(self) -> None:
        """Lose everything that is not in the store, and take up again what is. See `Faults.crash` for chosen points."""
        self.power.crash_now()

    def restart(self) -> None:
        """End the account in order, as a process that is stopped, and start another one from what the store has.

        Instances of functions are new; calls that were not answered are made again. What this cloud was told of
        (functions, stubs, faults) it still knows; what was put into `cloud.cloud` by other ways, only the store does.
        """
        self.power.restart()

    # Looking

    def history(self, flow: str, name: str) -> list[EventRecord]:
        """Every event of an execution, oldest first."""
        return events_of(self._known(), flow, name)

    def record(self, flow: str, name: str) -> ExecutionRecord:
        """An execution as the account has it on record."""
        return self._known().describe_execution(flow, name)

    def _known(self) -> Flows:
        """The flows for a test that only looks: it meets no faults and no limits, unless it looks through a door."""
        return self.door or self._undisturbed()

    def _undisturbed(self) -> Flows:
        cloud = self.cloud
        if self._looking is None or self._looking[0] is not cloud:
            self._looking = cloud, cast(FlowService, undisturbed(cloud.flows)).without_limits()
        return self._looking[1]

    def executions(self) -> Iterator[Run]:
        """Every execution of every flow, whoever started it."""
        return (Run(self, record.flow, record.name) for record in self.records())

    def records(self) -> Iterator[ExecutionRecord]:
        """The same as the account has them on record."""
        return executions_of(self._undisturbed())

    def evidence(self, flow: str, name: str) -> tuple[ExecutionRecord, list[EventRecord]]:
        """An execution and its events as the account has them on record, through no other door."""
        flows = self._undisturbed()
        return flows.describe_execution(flow, name), events_of(flows, flow, name)

    def write_report(self, run: Run, path: Path) -> Path:
        """Write the page about a run; see `Run.report`."""
        record, events = self.evidence(run.flow, run.name)
        source = self.sources.get(run.flow)
        if source is None or source.definition != record.definition:
            source = source_of(record.definition, run.flow)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(source, record, events), "utf-8")
        return path

    # Serving

    @contextmanager
    def serve(self) -> Iterator[Endpoint]:
        """Serve the account over HTTP, on virtual time, for the official SDKs; several clients in threads may work.

        Time jumps when all of them wait. Crashes cannot be asked for while a cloud is served, nor delays of operations
        other than reports. Raises `CannotCrash`, `CannotWait`.
        """
        self.faults.serving()
        self.power.serving()
        try:
            with serving_account(self.power.disturbed()) as listening:
                yield Endpoint(
                    url=listening.endpoint,
                    access_key_id=DEFAULT_KEY_ID,
                    access_key_secret=DEFAULT_KEY_SECRET,
                    region=self.cloud.region,
                    account_id=self.cloud.account_id,
                )
        finally:
            self.power.served_out()
            self.faults.served = False

    @property
    def readable(self) -> bool:
        """Whether executions can be asked about: no longer if this cloud was closed and its file with it."""
        return not (self._closed and self.power.on_file)

    def close(self) -> None:
        """End what still runs."""
        if self._closed:
            return
        try:
            watch.closing(self)
        finally:
            self._closed = True
            self.power.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def input_of(flow: AnyFlow, input: JsonObject | None, inputs: JsonObject) -> JsonObject:
    if input is not None and inputs:
        raise TypeError("give the input as one object or as keywords, not both")
    if input is not None:
        return input
    if isinstance(flow, PythonFlow):
        try:
            signature(flow.body).bind(**inputs)
        except TypeError as problem:
            raise TypeError(f"flow {flow.name}: {problem}; to give it what it does not take, give one object") from None
    return flow.input(**inputs) if isinstance(flow, PythonFlow | StepsFlow) else inputs
