"""Signals from outside that stacks wait for: SignalResource, and the handles and conditions it is for (ros.md 9).

A handle keeps what was sent to it; a condition waits until enough has been. Failures end the wait at once, and warnings
alone do not do. One signal counts once, whoever repeats it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

import orjson

from fnfkit.cloud.ros.handling import Account, Built, Done, Order, Outcome, Pending
from fnfkit.cloud.store import Store
from fnfkit.model.json import JsonObject
from fnfkit.ports import Fault

SUCCESS, FAILURE, WARNING = "SUCCESS", "FAILURE", "WARNING"
_TABLE = "ros.signal"
_ADDRESSES = ("CurlCli", "Headers", "PowerShellCurlCli", "URL", "WindowsCurlCli")


@dataclass(slots=True)
class _Box:
    """What a handle has: how many signals its conditions wait for by default, and those that came, by unique id."""

    count: int = -1
    signals: dict[str, str] = field(default_factory=dict)


class Signals:
    """The handles of an account, by physical ID. Callers hold the account's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._boxes: dict[str, _Box] = {}
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def recover(self) -> None:
        """Takes up what the store has kept."""
        for handle, value in self._store.scan(_TABLE):
            self._boxes[handle] = _Box(**orjson.loads(value))

    def open(self, handle: str, count: int, *, anew: bool) -> None:
        """Makes a handle, or sets one anew; `anew` forgets the signals it has."""
        box = self._boxes.setdefault(handle, _Box())
        box.count = count
        if anew:
            box.signals.clear()
        self._keep(handle, box)

    def close(self, handle: str) -> None:
        """Forgets a handle."""
        self._boxes.pop(handle, None)
        self._store.delete(_TABLE, handle)

    def send(self, handle: str, id: str, status: str) -> bool:
        """Gives a handle a signal; False if there is no such handle."""
        box = self._boxes.get(handle)
        if box is None:
            return False
        box.signals[id] = status
        self._keep(handle, box)
        for look in tuple(self._waiting.get(handle, ())):
            look()
        return True

    def received(self, handle: str) -> dict[str, str]:
        """The signals of a handle: unique id -> status."""
        box = self._boxes.get(handle)
        return dict(box.signals) if box else {}

    def wanted(self, handle: str) -> int:
        """How many signals a condition waits for that does not say so itself."""
        box = self._boxes.get(handle)
        return box.count if box and box.count > 0 else 1

    def watch(self, handle: str, look: Callable[[], None]) -> Callable[[], None]:
        """Has `look` called after each signal; returns what ends that."""
        watching = self._waiting.setdefault(handle, [])
        watching.append(look)
        return lambda: watching.remove(look) if look in watching else None

    def _keep(self, handle: str, box: _Box) -> None:
        if self._store.durable:
            self._store.put(_TABLE, handle, orjson.dumps(asdict(box)))
            self._store.commit()


class HandleHandler:
    """ALIYUN::ROS::WaitConditionHandle. An embedded account is signalled by SignalResource only, so the addresses that
    a handle has elsewhere are empty."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Built:
        handle = f"{order.stack}-{order.id}"
        self._signals.open(handle, _count(order), anew=True)
        attributes: JsonObject = dict.fromkeys(_ADDRESSES, "")
        return Built(handle, attributes)

    def update(self, order: Order) -> Built:
        """With the mode Full, the default, what came before no longer counts (inferred from the modes' names)."""
        self._signals.open(order.physical, _count(order), anew=order.text("Mode", "Full") == "Full")
        return Built(order.physical, order.attributes)

    def delete(self, order: Order) -> None:
        self._signals.close(order.physical or f"{order.stack}-{order.id}")


def _count(order: Order) -> int:
    count = order.number("Count")
    return -1 if count is None else count


class ConditionHandler:
    """ALIYUN::ROS::WaitCondition: waits for signals, at most for its timeout."""

    def __init__(self, account: Account, signals: Signals) -> None:
        self._clock, self._signals = account.clock, signals

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Outcome:
        return Pending(partial(self._wait, order))

    def update(self, order: Order) -> Outcome:
        if order.properties == order.before:
            return Built(order.physical, order.attributes)
        return self.create(order)

    def delete(self, order: Order) -> None:
        return

    def _wait(self, order: Order, done: Done) -> Callable[[], None]:
        handle, seconds = order.text("Handle"), order.number("Timeout") or 0
        wanted = order.number("Count") or self._signals.wanted(handle)

        def end(outcome: Built | Fault) -> None:
            stop()
            done(outcome)

        def look() -> None:
            outcome = _outcome(order, self._signals.received(handle), wanted)
            if outcome is not None:
                end(outcome)

        def late() -> None:
            got = len(self._signals.received(handle))
            message = f"{got} of {wanted} signals came within {seconds} seconds"
            end(Fault.of("WaitConditionTimeout", 400, message))

        unwatch = self._signals.watch(handle, look)
        timer = self._clock.call_at(self._clock.now() + seconds * 1000, late)

        def stop() -> None:
            unwatch()
            timer.cancel()

        look()
        return stop


def _outcome(order: Order, received: dict[str, str], wanted: int) -> Built | Fault | None:
    failed = [id for id, status in received.items() if status == FAILURE]
    if failed:
        return Fault.of("WaitConditionFailure", 400, f"a failure was signalled: {', '.join(failed)}")
    if len(received) < wanted:
        return None
    if SUCCESS not in received.values():
        return Fault.of("WaitConditionFailure", 400, "all signals are warnings")
    data = {id: "" for id, status in received.items() if status == SUCCESS}
    errors = {id: "" for id, status in received.items() if status == WARNING}
    attributes = {
        "Data": orjson.dumps(data).decode(),
        "ErrorData": orjson.dumps(errors).decode(),
        "JoinedErrorData": ";".join(errors),
    }
    return Built(f"{order.stack}-{order.id}", attributes)
