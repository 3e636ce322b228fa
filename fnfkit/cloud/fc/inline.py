"""The inline runtime: functions in the host's process, on the cloud's clock. The default in tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from types import CodeType

from fnfkit.cloud.fc.context import context_of
from fnfkit.cloud.fc.function import Answer, Call, Function
from fnfkit.cloud.fc.instance import Instance
from fnfkit.cloud.fc.invocation import Fleet, Invocation
from fnfkit.cloud.fc.languages import refusal, refused
from fnfkit.cloud.fc.runtime import Key, Platform, key_of
from fnfkit.cloud.fc.sandbox import ProcessEnded
from fnfkit.cloud.fc.strands import Strands


class InlineRuntime:
    """Instances are sandboxes in this process; `strands` decide whether their sleep costs wall time."""

    def __init__(self, platform: Platform, strands: Strands) -> None:
        self._platform = platform
        self._strands = strands
        self._fleets: dict[Key, Fleet] = {}
        self._numbers = itertools.count(1)

    def start(self, function: Function, call: Call, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Calls a function; see `Runtime`."""
        if why := refusal(function, processes=False):
            now = self._platform.clock.now()
            done(refused(call, why, now))
            return _nothing
        fleet = self._fleet(function)
        invocation = Invocation(fleet, call, platform=self._platform, done=partial(self._after, function, fleet, done))
        main = partial(invocation.run, self._strands.sleep)
        wake = self._strands.run(main, function.timeout, invocation.expire)

        def stop() -> None:
            invocation.stop()
            wake()

        return stop

    def reserve(self, function: Function, count: int) -> None:
        """Makes instances and runs their initializers; one that fails to is made anew by the call that needs it."""
        fleet = self._fleet(function)
        fleet.reserved = count
        if refusal(function, processes=False):
            return
        for _ in range(count - len(fleet)):
            self._strands.run(partial(self._prepare, function, fleet), function.initialization_timeout, _nothing)

    def reserved(self, function: Function) -> int:
        """How many instances are kept ready."""
        fleet = self._fleets.get(key_of(function))
        return fleet.reserved if fleet else 0

    def forget(self, function: Function) -> None:
        """Lets the instances of a function go."""
        fleet = self._fleets.pop(key_of(function), None)
        if fleet is not None:
            fleet.forgotten = True

    def close(self) -> None:
        """Ends the handlers that still run."""
        self._strands.close()

    def _fleet(self, function: Function) -> Fleet:
        key = key_of(function)
        fleet = self._fleets.get(key)
        if fleet is None:
            codes: dict[str, CodeType] = {}
            self._platform.ready(function)
            fleet = self._fleets[key] = Fleet(partial(self._make, function, codes))
        return fleet

    def _make(self, function: Function, codes: dict[str, CodeType]) -> Instance:
        return Instance(function, self._platform, self._strands, codes, f"c-{next(self._numbers):08x}")

    def _prepare(self, function: Function, fleet: Fleet) -> None:
        instance, _ = fleet.take()
        context = context_of(function, self._platform, "", cold=True)
        try:
            instance.prepare(context, self._platform.clock.now() + function.initialization_timeout * 1000)
        except (Exception, ProcessEnded, SystemExit):
            instance.end()
        fleet.give(instance)

    def _after(self, function: Function, fleet: Fleet, done: Callable[[Answer], None], answer: Answer) -> None:
        # A reserved instance that has ended is replaced at once (scenarios.md 6).
        if fleet.reserved and answer.error_type and not len(fleet) and not fleet.forgotten:
            self.reserve(function, fleet.reserved)
        done(answer)


def _nothing() -> None:
    return None
