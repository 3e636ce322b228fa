"""The embedded account under a `LocalCloud`: switched on, disturbed on purpose, crashed and recovered.

The rules of this file:

1. After a crash everything but the store is gone: clock, timers, calls in progress. Time goes on from the crash.
2. The functions and stubs of the test are put into the new account; flows, executions and messages it recovers itself.
3. A restart is a crash that ends in order, between two things that are done: the store is all that is left of either.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from fnfkit.cloud.clock import DEFAULT_START, Clock, VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.runtime import Latency
from fnfkit.cloud.fnf.core import Quotas
from fnfkit.cloud.ram_records import Grant
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_crash import Crash, CrashingStore
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.cloud.store_sqlite import SqliteStore
from fnfkit.cloud.targets import TaskCall
from fnfkit.engine.events import Accepted, Completed, Failed
from fnfkit.engine.settings import Settings
from fnfkit.testing.calls import CallLog
from fnfkit.testing.deploying import Deployments
from fnfkit.testing.fault_rules import Rule, refusal
from fnfkit.testing.faults import Faults

T = TypeVar("T")

Answer = Accepted | Completed | Failed
_NEVER = 1 << 62
GRACE = 0.02
"""Wall seconds a served cloud waits for clients before time jumps."""


class CannotCrash(RuntimeError):
    """A crash was asked for where there is nothing to recover from; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """How an account is made, each time it is switched on; see `LocalCloud` for what each of these decides."""

    seed: int = 0
    throttle: bool = False
    settings: Settings | None = None
    quotas: Quotas | None = None
    latency: Latency | None = None
    store: Path | None = None


class Power:
    """Keeps an account running through its crashes."""

    def __init__(self, calls: CallLog, faults: Faults, deployments: Deployments, make: Make) -> None:
        self._calls, self._faults, self._deployments, self._make = calls, faults, deployments, make
        self._store: Store = MemoryStore(durable=True) if make.store is None else SqliteStore(make.store)
        self._served = False
        self.crashes = 0
        self.recorded: Callable[[TaskCall], bool] | None = None
        """Answers calls from a recording, as far as it can."""
        self.on_recovered: list[Callable[[], None]] = []
        """Told after each recovery, for those who have to take up their work anew."""
        self._consumed: set[tuple[str, str]] = set()
        self._used: set[Grant] = set()
        self._cloud = self._boot(DEFAULT_START)
        if make.store is not None:
            self._cloud.recover()

    @property
    def cloud(self) -> Cloud:
        """The account as it is now; another one after each crash."""
        return self._cloud

    @property
    def on_file(self) -> bool:
        """Whether the store is a file."""
        return self._make.store is not None

    def ride(self, do: Callable[[], T]) -> T:
        """Do something with the account, again after each crash on the way."""
        while True:
            try:
                return do()
            except Crash:
                self._recover()

    def crash_now(self) -> None:
        """Crash and recover."""
        self._recover()

    def restart(self) -> None:
        """End the account in order, and start another one from its store. Raises `CannotCrash` while it is served."""
        self._not_served()
        self._cloud.close()
        self._boot_again()

    def serving(self) -> None:
        """The account is about to be driven by another thread. Raises `CannotCrash` if faults would end that."""
        if self._faults.can_crash():
            raise CannotCrash("a served cloud cannot crash: ask for crashes, or serve, but not both")
        self._served = True

    def served_out(self) -> None:
        """It is no longer served."""
        self._served = False

    def disturbed(self) -> Cloud:
        """The account with its faults at every door, for those who come over HTTP."""
        cloud = self.cloud
        cloud.flows = self._faults.around(cloud.flows)  # type: ignore[assignment]
        cloud.mns.queues = self._faults.around(cloud.mns.queues)  # type: ignore[assignment]
        cloud.mns.topics = self._faults.around(cloud.mns.topics)  # type: ignore[assignment]
        return cloud

    def close(self) -> None:
        """End what runs, and let go of the store."""
        self._cloud.close()
        self._store.close()

    def _boot(self, start: int) -> Cloud:
        fuse = Fuse(self._store)
        clock = VirtualClock(start, grace=GRACE)
        make = self._make
        cloud = Cloud(
            clock=clock,
            store=fuse,
            settings=make.settings,
            throttle=make.throttle,
            quotas=make.quotas,
            seed=make.seed,
            latency=make.latency,
        )
        # What rights were used for is not forgotten with the account.
        cloud.mns.queues.consumed, cloud.ram.roles.used = self._consumed, self._used
        cloud.targets.carry = self._carry
        cloud.mns.travel(self._faults.transit)
        cloud.functions.quirks.seed = make.seed
        cloud.functions.quirks.skews = _Skews(self._faults)
        self._faults.arm = fuse.arm
        self._faults.later = lambda milliseconds, action: _later(clock, milliseconds, action)
        return cloud

    def _recover(self) -> None:
        self._not_served()
        self.crashes += 1
        with suppress(BaseException):
            self._cloud.functions.close()
        self._boot_again()

    def _not_served(self) -> None:
        if self._served:
            raise CannotCrash("a served cloud can neither crash nor restart: end `with cloud.serve()` first")

    def _boot_again(self) -> None:
        if self._make.store is None:
            self._store.rollback()
        else:
            self._store.close()
            self._store = SqliteStore(self._make.store)
        self._cloud = self._boot(self._cloud.clock.now())
        self._cloud.recover()
        self._deployments.put(self._cloud)
        for action in self.on_recovered:
            action()

    # Calls of tasks on their way to their targets

    def _carry(self, call: TaskCall, deliver: Callable[[TaskCall], None]) -> None:
        noted = self._calls.note(call, self._cloud.clock.now())

        def answered(event: Answer) -> None:
            noted.answered(event)
            _answer(call, event)

        if self.recorded is not None and self.recorded(call.through(answered)):
            return
        rule = self._faults.on_call(call.step, call.target) if self._faults.rules else None
        if rule is None:
            deliver(call.through(answered))
        else:
            self._disturb(rule, call, deliver, answered)

    def _disturb(
        self, rule: Rule, call: TaskCall, deliver: Callable[[TaskCall], None], answered: Callable[[Answer], None]
    ) -> None:
        error, cause = refusal(rule, call.target)
        failed = partial(_fail, call, error, cause, answered)
        match rule.kind:
            case "delay":
                _later(self._cloud.clock, rule.milliseconds, lambda: deliver(call.through(answered)))
            case "duplicate":
                deliver(call.through(_ignore))
                deliver(call.through(answered))
            case "lose":
                deliver(call.through(_ignore))
            case "crash" if rule.after_effect:
                deliver(call.through(_die))
            case "crash":
                raise Crash
            case "fail" if rule.after_effect:
                deliver(call.through(failed))
            case _:
                failed()


class Fuse(CrashingStore):
    """A store that crashes the account once it has been told at which of the coming commits."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, commits=_NEVER)
        self._blown: Callable[[], None] | None = None

    def arm(self, commits: int, lost: bool, blown: Callable[[], None]) -> None:
        """Crash after that many more commits that change something, or with `lost` instead of the last of them; `blown`
        is called right before."""
        self._left, self._lost, self._blown = commits, lost, blown

    def commit(self) -> None:
        """Commit, or crash."""
        try:
            super().commit()
        except Crash:
            if self._blown is not None:
                self._blown()
            raise


class _Skews(dict[tuple[str, str], int]):
    """Looks names up as tests spell them, `service/function`, function or `*`, in what may still change."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    def __bool__(self) -> bool:
        return bool(self._faults.skews)

    def __contains__(self, place: object) -> bool:
        return isinstance(place, tuple) and _spelled(place) in self._faults.skews

    def __getitem__(self, place: tuple[str, str]) -> int:
        return self._faults.skewed(_spelled(place))


def _spelled(place: tuple[str, str]) -> str:
    service, function = place
    return function if service == "*" else f"{service}/{function}"


def _answer(call: TaskCall, event: Answer) -> None:
    match event:
        case Accepted():
            call.accept()
        case Completed(output=output):
            call.succeed(output)
        case Failed(error=error, cause=cause):
            call.fail(error, cause)


def _fail(
    call: TaskCall, error: str, cause: str, answered: Callable[[Answer], None], event: Answer | None = None
) -> None:
    answered(Failed(event.at if event else 0, call.call, error, cause))


def _ignore(event: Answer) -> None:
    """Nobody hears this answer."""


def _die(event: Answer) -> None:
    """The answer is there, and the engine gone."""
    raise Crash


def _later(clock: Clock, milliseconds: int, action: Callable[[], None]) -> None:
    clock.call_at(clock.now() + milliseconds, action)
