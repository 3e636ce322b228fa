"""The one place where things happen: actions that are ready, and timers that are due.

The rules of this file:

1. One thread drives at a time; driving may nest (a function that calls back into its cloud). Others may only post.
2. A turn runs the timers that are due and the actions that are ready, in the order they came.
3. Time passes only when a turn had nothing to do: virtual time by a jump to the next timer unless something is held,
   real time by waiting.
4. Nobody is woken by polling: posts, new timers and ended holds signal a condition, and `stop` is looked at between
   bounded waits.
5. While the thread that serves rests, a thread that has borrowed the loop runs what it has posted by itself: to wake
   another thread costs more than most turns do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

from fnfkit.cloud.clock import Action, DrivenClock
from fnfkit.cloud.store import StoreError

_LOOK_AT_STOP = 0.2
"""Wall seconds between two looks at the stop event of `serve_forever`."""
_PATIENCE = 10
"""A served virtual clock jumps after this many times its grace even if clients keep calling (they may be polling)."""
_ERRAND = 8
"""Turns that a thread which has borrowed the loop runs before it leaves the rest to the one that serves."""

_log = logging.getLogger("fnfkit.loop")


class Loop:
    """Runs posted actions and due timers in the thread that drives it: a caller's, or one that serves.

    `lends` promises that no action waits for a client or runs a user's code, so that a server's thread may run it.
    """

    def __init__(self, clock: DrivenClock, *, lends: bool = False) -> None:
        self._clock = clock
        self._lends = lends and not clock.virtual
        self._borrower = 0
        self._soon: Callable[[Action], object] = _forget
        self._errand = False
        self._actions: deque[Action] = deque()
        self._condition = threading.Condition()
        self._waiting = self._watching = 0
        self._waits_for: int | None = None
        self._numbers = count()
        self._signal = self._seen = 0
        self._owner: int | None = None
        self._depth = 0
        self._ownership = threading.Lock()
        self._turn_lock = threading.RLock()
        self._turns = 0
        self._turning = False
        self._touched = time.monotonic()
        clock.listen(self.wake)

    def post(self, action: Action) -> None:
        """Has an action run by the driving thread, soon. From any thread."""
        self._actions.append(action)
        self.wake()

    def fail(self, failure: StoreError) -> None:
        """Has the driving thread raise: whoever started it decides. From any thread."""
        self.post(partial(_raise, failure))

    def wake(self) -> None:
        """Makes a waiting loop look around again."""
        self._signal = next(self._numbers)
        if not self._waiting:
            return
        if self._borrower != threading.get_ident():
            self._notify()
        elif not self._errand:
            self._errand = True
            self._soon(self._run_errand)

    @contextmanager
    def borrowed(self, soon: Callable[[Action], object]) -> Iterator[None]:
        """Lends the loop to this thread for as long as the block lasts, if it may be lent. `soon` has an action called
        in this thread once the thread is free."""
        if self._lends:
            self._soon, self._borrower = soon, threading.get_ident()
        try:
            yield
        finally:
            self._borrower = 0

    def touch(self) -> None:
        """Tells a served virtual clock that a client is acting, so that time waits for another grace period."""
        self._touched = time.monotonic()

    def run_until(self, predicate: Callable[[], bool]) -> bool:
        """Drives until the predicate holds, or nothing is left that could make it hold; returns whether it holds.

        Nothing is left when no action is ready, nothing is held and no timer is set but those in the background. If
        another thread drives, waits for that thread to get there.
        """
        if predicate():
            return True
        with self._driving() as mine:
            if not mine:
                return self._watch(predicate)
            while True:
                if self._turn():
                    if predicate():
                        return True
                elif not self._pass_time():
                    return predicate()

    def run_until_idle(self) -> None:
        """Drives until nothing is left."""
        self.run_until(_never)

    def advance(self, seconds: float) -> None:
        """Lets time pass, and everything happen that is due by then, background timers included."""
        reached: list[bool] = []
        self._clock.call_at(self._clock.now() + round(seconds * 1000), lambda: reached.append(True))
        self.run_until(lambda: bool(reached))
        with self._driving() as mine:
            while mine and (self._turn() or self._clock.held()):
                if self._clock.held():
                    self._wait(None)

    def serve_forever(self, stop: threading.Event) -> None:
        """Drives until `stop` is set. An action that raises is logged and does not end the loop, unless it is
        StoreError: what is in memory is ahead of the store then, so nothing goes on, and this raises it."""
        with self._driving() as mine:
            if not mine:
                raise RuntimeError("this loop is driven by another thread already; stop that one first")
            idle_since: float | None = None
            while not stop.is_set():
                if self._guarded_turn():
                    idle_since = None
                else:
                    idle_since = idle_since or time.monotonic()
                    idle_since = self._rest(idle_since)
            with self._turn_lock:
                self._borrower = 0

    def _run_errand(self) -> None:
        """In the thread that has borrowed the loop: a few turns, unless the other thread has begun one."""
        self._errand = False
        if self._turn_lock.acquire(blocking=False):
            try:
                if self._borrower:
                    self._run_turns()
            finally:
                self._turn_lock.release()
        due = self._clock.next_due()
        if self._actions or (due is not None and (self._waits_for is None or due < self._waits_for)):
            self._notify()

    def _run_turns(self) -> None:
        outer, self._owner = self._owner, threading.get_ident()
        try:
            for _ in range(_ERRAND):
                if not self._guarded_turn():
                    return
        except StoreError as failure:
            self._borrower = 0
            self.fail(failure)
        finally:
            self._owner = outer

    def _notify(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _guarded_turn(self) -> bool:
        try:
            return self._turn()
        except StoreError:
            raise
        except Exception:
            _log.exception("an action of the loop failed")
            return True

    def _turn(self) -> bool:
        with self._turn_lock:
            self._turns += 1
            self._turning, outer = True, self._turning
            try:
                return self._run_ready()
            finally:
                self._turning = outer

    def _run_ready(self) -> bool:
        ran = False
        self._seen = self._signal  # what is signalled from here on is a reason not to wait
        while (action := self._clock.take_due()) is not None:
            action()
            ran = True
        for _ in range(len(self._actions)):
            if not self._actions:  # a nested drive took the rest
                break
            self._actions.popleft()()
            ran = True
        if ran and self._watching:
            self._notify()  # other threads watch what this one drives
        return ran

    def _pass_time(self) -> bool:
        """Lets time move on by one timer; False if nothing is left."""
        due = self._clock.next_due()
        if self._clock.held():
            self._wait(due)
        elif due is None or not self._clock.pending():
            return bool(self._actions)
        elif self._clock.virtual:
            self._clock.jump(due)
        else:
            self._wait(due)
        return True

    def _rest(self, idle_since: float) -> float | None:
        """Waits for work while served; returns since when the loop is idle, or None once time has jumped."""
        due = self._clock.next_due()
        if not self._clock.virtual or self._clock.held() or due is None or not self._clock.pending():
            self._wait(due, _LOOK_AT_STOP)
            return idle_since
        now = time.monotonic()
        quiet_at = min(max(self._touched, idle_since) + self._clock.grace, idle_since + _PATIENCE * self._clock.grace)
        if now < quiet_at:
            self._wait(None, min(quiet_at - now, _LOOK_AT_STOP))
            return idle_since
        self._clock.jump(due)
        return None

    def _wait(self, due: int | None, at_most: float | None = None) -> None:
        """Waits for a signal, for a real timer to be due, or at most some wall seconds."""
        with self._condition:
            self._waiting += 1
            self._waits_for = due
            try:
                if not self._actions and self._signal == self._seen:
                    self._condition.wait(self._patience(due, at_most))
            finally:
                self._waiting -= 1

    def _patience(self, due: int | None, at_most: float | None) -> float | None:
        if due is None or self._clock.virtual:
            return at_most
        wait = max(0.0, (due - self._clock.now()) / 1000)
        return wait if at_most is None else min(wait, at_most)

    def _watch(self, predicate: Callable[[], bool]) -> bool:
        """Waits for the thread that drives to make the predicate hold, or to run out of work."""
        if self._errand:
            self._notify()  # this thread may be the one that was to run it
        while not predicate():
            if self._owner is None or self._idle():
                return predicate()
            with self._condition:
                self._waiting += 1
                self._watching += 1
                self._condition.wait(_LOOK_AT_STOP)
                self._watching -= 1
                self._waiting -= 1
        return True

    def _idle(self) -> bool:
        """Whether the driving thread has nothing to do and nothing to wait for; asked from another thread."""
        turns = self._turns
        busy = self._turning or self._actions or self._clock.held() or self._clock.pending()
        return not (busy or self._turning or self._turns != turns)

    @contextmanager
    def _driving(self) -> Iterator[bool]:
        """Takes the loop for this thread; yields False if another thread has it."""
        me = threading.get_ident()
        with self._ownership:
            mine = self._owner in (None, me)
            if mine:
                self._owner = me
                self._depth += 1
        try:
            yield mine
        finally:
            if mine:
                self._release()

    def _release(self) -> None:
        with self._ownership:
            self._depth -= 1
            if not self._depth:
                self._owner = None
        self.wake()


def _never() -> bool:
    return False


def _forget(action: Action) -> None:
    return None


def _raise(failure: StoreError) -> None:
    raise failure
