"""Function Compute of an account: what is deployed, and calls of it.

A function is looked up by (service, qualifier, function) at every call, so an alias that moves is followed by the
next call and a version number never changes what it means.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import RLock

from fnfkit.cloud.clock import DrivenClock, Timer
from fnfkit.cloud.fc import checks
from fnfkit.cloud.fc.catalogue import Catalogue, absent
from fnfkit.cloud.fc.checks import ANY_SERVICE, UNPUBLISHED
from fnfkit.cloud.fc.credentials import Credentials, Renewed
from fnfkit.cloud.fc.faults import AliasNotFound, VersionNotFound
from fnfkit.cloud.fc.function import Answer, Call, Deployed, Function, LogLine, Stub
from fnfkit.cloud.fc.gate import Gate
from fnfkit.cloud.fc.inline import InlineRuntime
from fnfkit.cloud.fc.languages import runtime_in
from fnfkit.cloud.fc.outcome import answer_of, call_stub, parsed, refusal
from fnfkit.cloud.fc.quirks import Quirks
from fnfkit.cloud.fc.releases import Releases
from fnfkit.cloud.fc.runtime import NO_LATENCY, Key, Latency, Platform, Runtime, key_of
from fnfkit.cloud.fc.strands import strands_for
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault, InvalidArgument
from fnfkit.ports.functions import LATEST

LOG_LINES = 10_000
"""Lines of function log an account remembers."""

Make = Callable[[Platform], Runtime]
"""Makes the runtime an account's functions run on."""


class FunctionService:
    """The functions of an account. Methods raise `Fault`s with the codes of api-fc.md 6.

    `limit` is how many calls may run at once; beyond it they are refused with `ResourceThrottled`. `seed` decides what
    weighted aliases choose. `credentials` opens a session of the role whose ARN it is given.
    """

    def __init__(
        self,
        clock: DrivenClock,
        *,
        store: Store | None = None,
        lock: RLock | None = None,
        runtime: Make | None = None,
        region: str = "cn-hangzhou",
        account_id: str = "123456789012",
        credentials: Callable[[str], Credentials] = lambda role: Credentials(),
        latency: Latency = NO_LATENCY,
        limit: int | None = None,
        seed: int = 0,
    ) -> None:
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.quirks = Quirks()
        """What tests change about the machines functions run on."""
        self.gate = Gate(limit)
        self.region, self.account_id = region, account_id
        self.lock = lock or RLock()
        self.clock = clock
        self._store: Store = store or MemoryStore()
        self._requests = itertools.count(1)
        self._boot = 0
        self._stubs: dict[tuple[str, str], Stub] = {}
        self.catalogue = Catalogue(clock, self._store, self.lock, seed=seed)
        self.releases = Releases(self.catalogue)
        self.variables: dict[str, str] = {}
        """In the environment of every instance that is started from now on, below the function's own."""
        platform = Platform(
            clock=clock,
            region=region,
            account_id=account_id,
            credentials=Renewed(credentials, clock.now),
            log=self.log.append,
            ready=self.catalogue.ready,
            latency=latency,
            quirks=self.quirks,
            variables=self.variables,
        )
        self.runtime: Runtime = runtime(platform) if runtime else InlineRuntime(platform, strands_for(clock))
        self.catalogue.on_change = self._changed
        self.catalogue.on_gone = self.runtime.forget
        self.on_removed: Callable[[str, str], None] = _ignore
        """Told, with the lock held, of each function that has been deleted."""
        self._reservations: dict[Key, tuple[Function, int]] = {}

    def recover(self) -> None:
        """Takes up what the store has kept; functions that were deployed before this call stay as they are."""
        with self.lock:
            boot = self._store.get("fc.boot", "")
            self._boot = int(boot or 0) + 1
            self._store.put("fc.boot", "", str(self._boot).encode())
            self.catalogue.recover()
            self._store.commit()
            self._changed()

    def deploy(
        self,
        service: str,
        function: str,
        *,
        code: Path,
        handler: str = "index.handler",
        initializer: str = "",
        timeout: int = 60,
        memory: int = 128,
        environment: Mapping[str, str] | None = None,
    ) -> Function:
        """Create the function, or replace its code and settings; `timeout` in seconds. Its instances start anew.

        Functions without a service (FC 3) have service "". The folder is used where it lies; publishing a version
        packs it. The file that has the handler tells the language. Raises `InvalidArgument`.
        """
        checks.check_names(service, function)
        if not code.is_dir():
            raise InvalidArgument(f"code folder {str(code)!r} does not exist")
        deployed = Function(
            service=service,
            name=function,
            code=code.resolve(),
            handler=handler,
            runtime=runtime_in(code, handler),
            initializer=initializer,
            timeout=timeout,
            memory=memory,
            environment=dict(environment or {}),
        )
        checks.check_function(deployed)
        with self.lock:
            self._stubs.pop((service, function), None)
            return self.catalogue.put(deployed)

    def stub(
        self,
        service: str,
        function: str,
        answer: Callable[[JsonObject], Json],
        *,
        latency: float = 0,
        shares: bool = False,
    ) -> Stub:
        """Let a callable stand for a function; see `Stub`. Raises `InvalidArgument`."""
        checks.check_names(service, function)
        stub = Stub(service=service, name=function, answer=answer, latency=latency, shares=shares)
        self._stubs[service, function] = stub
        return stub

    def remove(self, service: str, function: str) -> None:
        """Delete a function. Calls in progress go on. Raises `ServiceNotFound`, `FunctionNotFound`."""
        with self.lock:
            if self._stubs.pop((service, function), None) is None:
                self.catalogue.delete(service, function)
            self.on_removed(service, function)

    def list(self) -> tuple[Deployed, ...]:
        """Every function, in order of service and name."""
        with self.lock:
            found: dict[tuple[str, str], Deployed] = {(one.service, one.name): one for one in self.catalogue.all()}
        return tuple(one for _, one in sorted((found | self._stubs).items(), key=lambda item: item[0]))

    def find(self, service: str, qualifier: str, function: str) -> Deployed:
        """The function that a call with that name reaches now. Raises `ServiceNotFound`, `FunctionNotFound`,
        `VersionNotFound`, `AliasNotFound`."""
        stub = self._stubs.get((service, function))
        if stub is not None and qualifier in UNPUBLISHED:
            return stub
        with self.lock:
            found = self.catalogue.find(service, qualifier, function)
            if found is not None:
                return found
            stub = stub or self._stubs.get((ANY_SERVICE, function))
            if stub is None:
                known = service in self.catalogue.units or any(owner == service for owner, _ in self._stubs)
                raise absent(service, function, known=known)
        if qualifier in UNPUBLISHED:
            return stub
        kind, word = (VersionNotFound, "version") if qualifier.isdigit() else (AliasNotFound, "alias")
        raise kind(f"{word} '{qualifier}' does not exist in service '{service}'")

    def start(self, function: Function, payload: bytes, done: Callable[[Answer], None]) -> str:
        """Call a function that `find` returned. `done` gets the answer, before `start` returns unless the function
        sleeps or runs elsewhere. Returns the request id. Raises `ResourceThrottled`."""
        call = Call(payload=payload, request_id=self.new_request_id(), qualifier=function.version or LATEST)
        self.begin(function, call, done)
        return call.request_id

    def begin(
        self,
        deployed: Deployed,
        call: Call,
        done: Callable[[Answer], None],
        *,
        on_enter: Callable[[], None] | None = None,
    ) -> Callable[[], None]:
        """Call whatever `find` returned; like `start`. Returns what ends the call and its instance.

        `on_enter` is called before the function runs, if there is room. Raises `ResourceThrottled`, and whatever fault
        a stub refuses the call with.
        """
        leave = self.gate.enter(deployed.service, deployed.name)
        if on_enter is not None:
            on_enter()
        finish = partial(_finish, leave, done)
        try:
            if isinstance(deployed, Function):
                return self.runtime.start(deployed, call, finish)
            return self._begin_stub(deployed, call, finish)
        except BaseException:
            leave()
            raise

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something after so many seconds of cloud time; 0 is as soon as the present turn is over."""
        return self.clock.call_at(self.clock.now() + round(seconds * 1000), action)

    def new_request_id(self) -> str:
        """An id that no call before has had, also not before a restart."""
        return f"1-{self.clock.now() // 1000:08x}-{self._boot:08x}{next(self._requests):016x}"

    def close(self) -> None:
        """End every handler that still runs, and remove the unpacked code."""
        self.runtime.close()
        self.catalogue.packages.close()

    def _begin_stub(self, stub: Stub, call: Call, done: Callable[[Answer], None]) -> Callable[[], None]:
        started = self.clock.now()

        def answer() -> None:
            outcome = call_stub(stub, _event(call.payload))
            done(answer_of(outcome, call.request_id, started, self.clock.now()))

        def answer_late() -> None:
            try:
                answer()
            except Fault as fault:
                done(answer_of(refusal(fault).late(), call.request_id, started, self.clock.now()))

        if not stub.latency:
            answer()
            return _nothing
        timer = self.later(stub.latency, answer_late)

        def stop() -> None:
            timer.cancel()
            done(answer_of(None, call.request_id, started, self.clock.now()))

        return stop

    def _changed(self) -> None:
        """Has the limits and the instances that are wanted under the names as they stand now."""
        self.gate.maxima = {
            (unit.service, name): most for unit in self.catalogue.units.values() for name, most in unit.maxima.items()
        }
        wanted = {key_of(function): (function, count) for function, count in self.releases.wanted()}
        before, self._reservations = self._reservations, wanted
        for key in before.keys() - wanted.keys():
            self.runtime.reserve(before[key][0], 0)
        for key, (function, count) in wanted.items():
            if key not in before or before[key][1] != count:
                self.runtime.reserve(function, count)


def _finish(leave: Callable[[], None], done: Callable[[Answer], None], answer: Answer) -> None:
    leave()
    done(answer)


def _event(payload: bytes) -> JsonObject:
    value = parsed(payload)
    return value if isinstance(value, dict) else {"event": value}


def _nothing() -> None:
    return None


def _ignore(service: str, function: str) -> None:
    return None
