"""The work on stacks: one resource after the other, on the account's loop (api-ros.md 5).

The rules of this file:

1. A step deals with one resource. Before it and after it the stack is written, so a crash interrupts one resource at
   most; the step is then done again, and a resource that may have been half made is removed first.
2. What comes next is worked out from the stack and its target, never from memory: recovery just goes on.
3. Resources are made after those they refer to, and deleted before them.
4. A failure turns the work round: a creation is taken back, an update goes back to the source before it. So does a
   bug: a stack never stays in progress for good.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import RLock

from fnfkit.cloud.clock import Clock, Timer
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.ros.attributes import attribute_of
from fnfkit.cloud.ros.decide import ABSENT
from fnfkit.cloud.ros.functions import Unresolvable
from fnfkit.cloud.ros.handling import Handler
from fnfkit.cloud.ros.journal import Journal
from fnfkit.cloud.ros.making import Making, Start
from fnfkit.cloud.ros.resolve import Scope, resolve
from fnfkit.cloud.ros.state import Action, Made, Stack, Work
from fnfkit.cloud.ros.target import Place, Target, scope_of, target_of
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault, StackValidationFailed

_log = logging.getLogger(__name__)


CANCELLED = "The update was cancelled."


class Operations:
    """Carries out the work of stacks. Callers hold the account's lock; steps run in the driving thread."""

    def __init__(
        self,
        *,
        clock: Clock,
        loop: Loop,
        lock: RLock,
        journal: Journal,
        handlers: dict[str, Handler],
        place: Place,
        stacks: Callable[[str], Stack],
    ) -> None:
        self._clock, self._loop, self._lock = clock, loop, lock
        self._journal, self._place, self._stacks = journal, place, stacks
        self._making = Making(clock=clock, lock=lock, journal=journal, handlers=handlers, course=self)
        self._targets: dict[str, Target] = {}
        self._timers: dict[str, Timer] = {}
        self._cancels: dict[str, Callable[[], None]] = {}
        self._holds: dict[str, object] = {}
        """Each stands for one stretch of work; what belongs to an earlier one no longer counts."""
        self._watching: dict[str, list[Callable[[], None]]] = {}

    # Beginning

    def begin(self, stack: Stack, work: Work) -> None:
        """Starts work on a stack that has none."""
        stack.work = work
        self._targets.pop(stack.id, None)
        self._journal.stack(stack, f"{work.action}_IN_PROGRESS", f"Stack {work.action} started")
        self._journal.commit(stack)
        self._resume(stack, work)

    def recover(self, stack: Stack) -> None:
        """Takes work up where a crash has left it."""
        if stack.work is None:
            return
        cut_off = (
            made.id for made in stack.resources.values() if made.status in ABSENT and made.status[-8:] == "PROGRESS"
        )
        stack.work.again = next(cut_off, "")
        self._resume(stack, stack.work)

    def _resume(self, stack: Stack, work: Work) -> None:
        hold = self._holds[stack.id] = object()
        due = work.started + stack.timeout_minutes * 60_000
        self._timers[stack.id] = self._clock.call_at(due, partial(self._expire, stack, hold), background=True)
        self._loop.post(partial(self._step, stack, hold))

    # What a stack is to become

    def target(self, stack: Stack) -> Target:
        """The target of a stack. Raises `Fault`."""
        found = self._targets.get(stack.id)
        if found is None:
            now = self._clock.now()
            found = target_of(stack.source, stack.name, stack.id, self._place, self.output, now)
            self._targets[stack.id] = found
        return found

    def scope(self, stack: Stack, target: Target) -> Scope:
        """What values may refer to now."""
        scope = scope_of(target.template, target.parameters, self.output, self._clock.now())
        return replace(scope, resource=partial(_physical, stack), attribute=partial(_attribute, stack))

    def output(self, stack: str, name: str) -> Json:
        """An output of a stack of the account, for Fn::GetStackOutput. Raises `Unresolvable`."""
        try:
            outputs = self._stacks(stack).outputs
        except Fault as fault:
            raise Unresolvable(fault.message) from None
        found = next((output["value"] for output in outputs if output["name"] == name), None)
        if found is None:
            raise Unresolvable(f"the stack {stack} has no output {name}")
        return found

    # Stepping

    def _step(self, stack: Stack, hold: object) -> None:
        with self._lock:
            if stack.work is None or self._holds.get(stack.id) is not hold:
                return
            try:
                start = self._advance(stack, stack.work)
            except Fault as fault:
                self.fail(stack, fault.message)
                return
            except Exception as bug:
                _log.exception("a step of the stack %s failed", stack.name)
                self.fail(stack, f"InternalError: {type(bug).__name__}: {bug}")
                return
        if start is not None:
            start()

    def _advance(self, stack: Stack, work: Work) -> Start | None:
        if work.cancelled:
            raise StackValidationFailed(CANCELLED)
        if work.recreate:
            return self._making.remove(stack, work, self._last([stack.resources[id] for id in work.recreate]))
        if not work.action.deletes:
            target = self.target(stack)
            id = next((id for id in target.order if id not in work.done), None)
            if id is not None:
                return self._making.apply(stack, work, target, target.resource(id), self.scope(stack, target))
        made = self._leaving(stack, work)
        if made is not None:
            return self._making.remove(stack, work, made)
        self._finish(stack, work)
        return None

    def _leaving(self, stack: Stack, work: Work) -> Made | None:
        """The next resource that has to go: one that nothing leans on any more."""
        if work.doomed:
            return work.doomed[-1]
        kept = frozenset() if work.action.deletes else frozenset(self.target(stack).order)
        leaving = [made for made in stack.resources.values() if made.id not in kept]
        return self._last(leaving) if leaving else None

    def _last(self, leaving: list[Made]) -> Made:
        """One that none of the others leans on."""
        for made in reversed(leaving):
            if not any(made.id in other.leans for other in leaving if other is not made):
                return made
        return leaving[-1]

    def holds(self, stack: Stack) -> object:
        """What stands for the present stretch of work."""
        return self._holds.get(stack.id)

    def proceed(self, stack: Stack) -> None:
        """A resource has been dealt with."""
        self._cancels.pop(stack.id, None)
        self._journal.commit(stack)
        self._loop.post(partial(self._step, stack, self._holds.get(stack.id)))

    def interruptible(self, stack: Stack, cancel: Callable[[], None]) -> None:
        """What gives up the resource that is under way."""
        self._cancels[stack.id] = cancel

    # Ending

    def _finish(self, stack: Stack, work: Work) -> None:
        stack.outputs = [] if work.action.deletes else self._outputs(stack)
        stack.previous, stack.work = None, None
        self._release(stack)
        self._journal.stack(stack, f"{work.action}_COMPLETE", f"Stack {work.action} completed successfully")
        self._journal.commit(stack)
        self._told(stack)

    def _outputs(self, stack: Stack) -> list[JsonObject]:
        target = self.target(stack)
        scope = self.scope(stack, target)
        found: list[JsonObject] = []
        for output in target.template.outputs:
            try:
                value = resolve(output.value, scope)
            except Unresolvable as error:
                raise StackValidationFailed(f"The output {output.name} cannot be worked out: {error}.") from None
            found.append({"name": output.name, "value": value, "description": output.description})
        return found

    def fail(self, stack: Stack, why: str) -> None:
        """Turns the work round, or leaves the stack as it is."""
        work = stack.work
        assert work is not None
        if cancel := self._cancels.pop(stack.id, None):
            cancel()
        self._release(stack)
        stack.work = None
        self._journal.stack(stack, f"{work.action}_FAILED", why)
        self._journal.commit(stack)
        back = None if work.disable_rollback else _BACK.get(work.action)
        if back is None:
            self._told(stack)
            return
        if back is Action.ROLLBACK and stack.previous is not None:
            stack.source = stack.previous
        self.begin(stack, Work(action=back, started=self._clock.now(), doomed=work.doomed, replacement=True))

    def cancel(self, stack: Stack, work: Work, *, safe: bool) -> None:
        """Calls an update off: at once, or once the resource under way is dealt with. The stack goes back."""
        work.disable_rollback = False
        if safe:
            work.cancelled = True
            self._journal.commit(stack)
        else:
            self.fail(stack, CANCELLED)

    def abandon(self, stack: Stack) -> None:
        """Gives up the work on a stack that is to be deleted instead."""
        if cancel := self._cancels.pop(stack.id, None):
            cancel()
        self._release(stack)
        stack.work = None

    def watch(self, stack: Stack, look: Callable[[], None]) -> Callable[[], None]:
        """Has `look` called when work on a stack has ended; returns what ends that."""
        watching = self._watching.setdefault(stack.id, [])
        watching.append(look)
        return lambda: watching.remove(look) if look in watching else None

    def _told(self, stack: Stack) -> None:
        for look in tuple(self._watching.get(stack.id, ())):
            self._loop.post(partial(self._looked, look))

    def _looked(self, look: Callable[[], None]) -> None:
        with self._lock:
            look()

    def _expire(self, stack: Stack, hold: object) -> None:
        with self._lock:
            if stack.work is not None and self._holds.get(stack.id) is hold:
                self.fail(stack, f"Stack {stack.work.action} timed out after {stack.timeout_minutes} minutes")

    def _release(self, stack: Stack) -> None:
        self._holds.pop(stack.id, None)
        if timer := self._timers.pop(stack.id, None):
            timer.cancel()


_BACK = {Action.CREATE: Action.CREATE_ROLLBACK, Action.UPDATE: Action.ROLLBACK}


def _physical(stack: Stack, id: str) -> Json:
    return _resource(stack, id).physical


def _attribute(stack: Stack, id: str, attribute: str) -> Json:
    return attribute_of(_resource(stack, id), attribute)


def _resource(stack: Stack, id: str) -> Made:
    made = stack.resources.get(id)
    if made is None:
        raise Unresolvable(f"the resource {id} is not created")
    return made
