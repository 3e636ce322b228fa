"""Drives executions: folds events into them, and performs what they ask for.

The rules of this file:

1. A round folds one event into each execution that has any, up to a number of them, under the lock; then the store
   commits once; then the commands are performed without the lock.
2. An event is journaled in the commit of the round that folds it. What a caller is told has been committed.
3. After a fold, an answer that came at once goes first; else the work left over (`Resume`); else the next event.
   So a branch runs until it blocks before the next one moves (fdl.md 6.3).
4. Recovery folds the journal again without performing anything, then performs what is outstanding.
5. An ended execution takes no more events; its record and history are written in the commit that ends it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import RLock, get_ident

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.fnf.archive import Archive
from fnfkit.cloud.fnf.journal import decode_event, encode, encode_answer, encode_event
from fnfkit.cloud.fnf.run import Due, Outcome, Run, StoredFlow, parse_object
from fnfkit.cloud.fnf.throttle import Pace
from fnfkit.cloud.fnf.years import Years
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.store import Store
from fnfkit.cloud.targets import Targets, TaskCall
from fnfkit.engine import Transition, advance
from fnfkit.engine.commands import Abandon, CancelTimer, Command, Invoke, SetTimer
from fnfkit.engine.events import Accepted, Completed, Event, Failed, Resume, Retire, Start, TimerFired
from fnfkit.model.flow import Pattern
from fnfkit.model.json import JsonObject
from fnfkit.ports import FINAL_STATUSES

_log = logging.getLogger("fnfkit.runner")

_NOTHING = Transition([], [], False)
_MOST = 256
"""Executions in a round: more would keep the lock for long, and have left the processor's cache when performed."""


class Runner:
    """The executions that run. Methods may be called from any thread."""

    def __init__(self, clock: Clock, store: Store, loop: Loop, lock: RLock, targets: Targets, archive: Archive) -> None:
        self.account = ""
        self.running = 0
        """How many executions have not ended."""
        self.on_callback: Callable[[str, Outcome], None] = _ignore
        """Told, without the lock, of each ended execution that has a callback token."""
        self.pace: Pace | None = None
        """How fast steps may be entered, if there is a limit."""
        self._resumes_at = 0
        self.now = clock.now
        self._clock = clock
        self._years = Years(clock, self._time_over)
        self._store = store
        self._loop = loop
        self._lock = lock
        self._targets = targets
        self._archive = archive
        self._ready: deque[Run] = deque()
        self._work: list[tuple[Run, list[Command], bool]] = []
        self._posted = False
        self._thread = 0
        self._performing: Run | None = None
        self._answers: list[Event] = []

    def start(self, run: Run, input: JsonObject) -> None:
        """Takes up a new execution; it begins when the loop is driven. The caller commits."""
        with self._lock:
            if run.listed:
                self._archive.open(run)
            else:
                run.flow.express[run.name] = run
            self.running += 1
            run.inbox.append(Start(run.started, input))
            self._enqueue(run)

    def deliver(self, run: Run, event: Event) -> None:
        """Hands an event to an execution; the next rounds fold it."""
        with self._lock:
            if not run.ended:
                run.inbox.append(event)
                self._enqueue(run)

    def answer(self, run: Run, call: int, event: Accepted | Completed | Failed) -> None:
        """Takes a target's answer; a second one, or one to an abandoned call, changes nothing."""
        if self._performing is not run or get_ident() != self._thread:
            with self._lock:
                if _settles(run, call, event):
                    self.deliver(run, event)
        elif _settles(run, call, event):
            self._answers.append(event)

    def fold_now(self, run: Run, event: Event) -> Transition:
        """Folds an event ahead of the queue and commits, for callers who must be told what became of it."""
        with self._lock:
            while run.inbox and isinstance(run.inbox[0], Start):
                self._push(run, self._fold(run, run.inbox.pop(0)))
            transition = self._fold(run, event)
            self._push(run, transition)
            self._store.commit()
            return transition

    def retire(self, flow: StoredFlow) -> None:
        """Has the running executions of a deleted flow stop after their current step (api-fnf.md 6)."""
        for run in [*flow.runs.values(), *flow.express.values()]:
            self.deliver(run, Retire(self.now()))

    def watch(self, run: Run, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, in the driving thread, once the execution has ended; at once if it has. Returns how to cancel."""
        with self._lock:
            if not run.ended:
                if run.watchers is None:
                    run.watchers = []
                run.watchers.append(callback)
                return partial(_unwatch, run, callback)
        callback()
        return _nothing

    def recover(self, run: Run) -> int:
        """Brings an execution to where the store says it was, and takes up its outstanding work.

        Returns the time of the last event.
        """
        with self._lock:
            self.running += 1
            events = [Start(run.started, parse_object(run.input)), *map(decode_event, self._store.read(run.key))]
            for event in events:
                transition = advance(run.execution, event)
            self._push(run, Transition([], run.execution.outstanding(), transition.more))
            if run.flow.retired and not any(isinstance(event, Retire) for event in events):
                self.deliver(run, Retire(events[-1].at))
            return events[-1].at

    def _enqueue(self, run: Run) -> None:
        if not run.queued:
            run.queued = True
            self._ready.append(run)
            self._post()

    def _push(self, run: Run, transition: Transition) -> None:
        self._work.append((run, transition.commands, transition.more))
        self._post()

    def _post(self) -> None:
        if not self._posted:
            self._posted = True
            self._loop.post(self._round)

    def _round(self) -> None:
        with self._lock:
            self._posted = False
            self._thread = get_ident()
            work, self._work = self._work, []
            for _ in range(min(len(self._ready), _MOST)):
                if self.pace is not None and self.pace.free_at() > self.now():
                    self._wait_for(self.pace.free_at())
                    break
                run = self._ready.popleft()
                run.queued = False
                if run.inbox:
                    run.urgent -= run.urgent > 0
                    transition = self._fold(run, self._stamped(run, run.inbox.pop(0)))
                    if transition.commands or transition.more or run.inbox or run.ended:
                        work.append((run, transition.commands, transition.more))
            else:  # nobody has to wait for an instant
                if self._ready:
                    self._post()
            self._store.commit()
        done = 0
        try:
            for run, commands, more in work:
                done += 1
                self._perform(run, commands, more)
        finally:
            if done < len(work):  # one failed: the others are not to suffer
                self._work[:0] = work[done:]
                self._post()

    def _wait_for(self, at: int) -> None:
        """Has the next round, with the executions that are ready, at an instant."""
        if self._resumes_at != at:
            self._resumes_at = at
            self._clock.call_at(at, self._post)

    def _stamped(self, run: Run, event: Event) -> Event:
        """An event that had to wait for its turn happens when it is folded."""
        if self.pace is None or event.at == self.now():
            return event
        if isinstance(event, Start):
            run.started = self.now()
            if run.listed:
                self._archive.open(run)
        return replace(event, at=self.now())

    def _fold(self, run: Run, event: Event) -> Transition:
        execution = run.execution
        if execution.status in FINAL_STATUSES:
            return _NOTHING
        record = b""
        journaled = self._archive.durable and run.listed and type(event) is not Start
        if journaled and isinstance(event, Completed | Failed):
            event, record = encode_answer(event)
        transition = advance(execution, event)
        if self.pace is not None:
            entered = execution.program.words.entered
            self.pace.spend(sum(entry.type == entered for entry in transition.history))
        if execution.status in FINAL_STATUSES:
            self._end(run)
        elif journaled:
            self._store.append(run.key, record or encode_event(event))
        return transition

    def _end(self, run: Run) -> None:
        self.running -= 1
        run.inbox.clear()
        if not run.listed:
            run.flow.express.pop(run.name, None)
            return
        self._archive.close(run)
        if run.callback and self._archive.durable:
            self._store.put("callback", run.key, encode(run.outcome()))
        if run.flow.retired and not any(not other.ended for other in run.flow.runs.values()):
            self._archive.bury_flow(run.flow)

    def _perform(self, run: Run, commands: list[Command], more: bool) -> None:
        answers = self._perform_all(run, commands) if commands and not run.ended else None
        if run.ended:
            self._finish(run)
            return
        with self._lock:
            if answers:
                run.inbox[run.urgent : run.urgent] = answers
                run.urgent += len(answers)
            elif more and not run.urgent:
                run.inbox.insert(0, Resume(self.now()))
                run.urgent = 1
            if run.inbox:
                self._enqueue(run)

    def _perform_all(self, run: Run, commands: list[Command]) -> list[Event]:
        outer = self._performing, self._answers
        self._performing = run
        answers: list[Event] = []
        self._answers = answers
        try:
            for command in commands:
                self._perform_one(run, command)
        finally:
            self._performing, self._answers = outer
        return answers

    def _perform_one(self, run: Run, command: Command) -> None:
        match command:
            case Invoke(call=number):
                call = run.calls[number] = TaskCall(run, command)
                self._targets.invoke(call)
            case SetTimer(timer=number, due=due):
                if _is_year(run, number):
                    self._years.set(run, number, due)
                else:
                    run.timers[number] = self._clock.call_at(due, Due(run, number))
            case CancelTimer(timer=number):
                timer = run.timers.pop(number, None)
                if timer is not None:
                    timer.cancel()
            case Abandon(call=number):
                abandoned = run.calls.pop(number, None)
                if abandoned is not None:
                    _call(abandoned.abandon)

    def fire(self, run: Run, number: int) -> None:
        """A timer of an execution is due."""
        if run.timers.pop(number, None) is not None:
            self._time_over(run, number)

    def _time_over(self, run: Run, number: int) -> None:
        self.deliver(run, TimerFired(self.now(), number))

    def _finish(self, run: Run) -> None:
        self._years.cancel(run)
        for timer in run.timers.values():
            timer.cancel()
        run.timers.clear()
        for call in tuple(run.calls.values()):
            _call(call.abandon)
        run.calls.clear()
        if run.callback:
            self.on_callback(run.key, run.outcome())
        watchers, run.watchers = run.watchers, None
        for callback in watchers or ():
            _call(callback)


def _is_year(run: Run, timer: int) -> bool:
    """Whether a timer is only the limit of every execution. Somebody waits for the end of those that are not listed,
    so theirs are timers like any other."""
    deadline = run.execution.deadline
    return run.listed and deadline is not None and deadline.timer == timer and run.execution.program.timeout is None


def _settles(run: Run, number: int, event: Accepted | Completed | Failed) -> bool:
    """Whether anybody waits for this answer; forgets the call once its last answer is in."""
    call = run.calls.get(number)
    if call is None:
        return False
    if not isinstance(event, Accepted) or call.pattern is Pattern.WAIT_FOR_CALLBACK:
        del run.calls[number]
        if not run.calls:
            run.calls = {}  # an emptied dict keeps its size
    return True


def _call(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        _log.exception("a call-back failed")


def _unwatch(run: Run, callback: Callable[[], None]) -> None:
    if run.watchers and callback in run.watchers:
        run.watchers.remove(callback)


def _nothing() -> None:
    return None


def _ignore(key: str, outcome: Outcome) -> None:
    return None
