"""Making, changing and removing one resource of a stack.

A resource is noted as being made before its handler is asked and as made afterwards. What a handler cannot do at once
it hands back as `Pending`; that is started without the account's lock, and its end is taken with it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import RLock
from typing import NoReturn, Protocol, TypeAlias

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.ros.decide import Verdict, for_good, verdict
from fnfkit.cloud.ros.fitting import unfit
from fnfkit.cloud.ros.functions import Unresolvable
from fnfkit.cloud.ros.handlers import OTHERS
from fnfkit.cloud.ros.handling import Built, Handler, Order, Pending
from fnfkit.cloud.ros.journal import Journal
from fnfkit.cloud.ros.resolve import Scope, resolve
from fnfkit.cloud.ros.state import Action, Made, Stack, Work
from fnfkit.cloud.ros.target import Target
from fnfkit.lang.ros.foreign import is_foreign
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import Resource
from fnfkit.ports import Fault, StackValidationFailed

Start: TypeAlias = Callable[[], None]
"""Work to begin once the lock is free."""


class Course(Protocol):
    """The work a resource is part of: told what became of the resource."""

    def holds(self, stack: Stack) -> object:
        """What stands for the present stretch of work."""
        ...

    def proceed(self, stack: Stack) -> None: ...

    def fail(self, stack: Stack, why: str) -> None: ...

    def interruptible(self, stack: Stack, cancel: Callable[[], None]) -> None: ...


class Making:
    """Deals with resources one at a time. Callers hold the account's lock. A failure is a `Fault`."""

    def __init__(
        self, *, clock: Clock, lock: RLock, journal: Journal, handlers: dict[str, Handler], course: Course
    ) -> None:
        self._clock, self._lock, self._journal = clock, lock, journal
        self._handlers, self._course = handlers, course

    def apply(self, stack: Stack, work: Work, target: Target, resource: Resource, scope: Scope) -> Start | None:
        """Makes a resource what the template says, and has the work proceed."""
        try:
            properties: JsonObject = resolve(resource.properties, scope)
        except Unresolvable as error:
            self._break(stack, self._slot(stack, resource), "CREATE", f"{error}.")
        if wrong := unfit(resource.type, properties):
            self._break(stack, self._slot(stack, resource), "CREATE", wrong)
        made = self._revived(stack, work, resource, properties) or stack.resources.get(resource.id)
        order = self._order(stack, work, resource, properties, made)
        leans = list(target.leans[resource.id])
        match verdict(made, resource.type, properties):
            case Verdict.KEEP:
                assert made is not None
                made.leans = leans
                self._done(stack, work, resource.id)
                return None
            case Verdict.CREATE:
                return self._create(stack, work, resource, order, leans)
            case Verdict.CHANGE:
                assert made is not None
                made.leans = leans
                self._note(stack, made, "UPDATE_IN_PROGRESS")
                return self._run(stack, work, made, order, "UPDATE")
            case Verdict.REPLACE:
                assert made is not None
                self._set_aside(stack, work, made, order)
                return self._create(stack, work, resource, order, leans)

    def remove(self, stack: Stack, work: Work, made: Made) -> Start | None:
        """Removes a resource, unless it is to stay, and has the work proceed."""
        retained = made.retained and work.action is not Action.CREATE_ROLLBACK
        stays = made.id in work.retain or "*" in work.retain or retained or _renewed(stack, work, made)
        if stays or made.status in ("INIT_COMPLETE", "CREATE_FAILED"):
            self._gone(stack, work, made)
            return None
        self._note(stack, made, "DELETE_IN_PROGRESS")
        return self._run(stack, work, made, _of(stack, made), "DELETE")

    def _order(self, stack: Stack, work: Work, resource: Resource, properties: JsonObject, made: Made | None) -> Order:
        return Order(
            stack=stack.name,
            id=resource.id,
            type=resource.type,
            properties=properties,
            physical=made.physical if made else "",
            before=made.properties if made else {},
            attributes=made.attributes if made else {},
            again=work.again == resource.id,
            rolling_back=work.action is Action.ROLLBACK,
        )

    def _slot(self, stack: Stack, resource: Resource) -> Made:
        now = self._clock.now()
        fresh = Made(id=resource.id, type=resource.type, status="INIT_COMPLETE", created=now, updated=now)
        return stack.resources.setdefault(resource.id, fresh)

    def _revived(self, stack: Stack, work: Work, resource: Resource, properties: JsonObject) -> Made | None:
        """What an update has set aside, when going back to it: it takes its place again."""
        for old in work.doomed:
            if (old.id, old.type, old.properties) == (resource.id, resource.type, properties) and old.healthy:
                work.doomed.remove(old)
                if newer := stack.resources.get(resource.id):
                    work.doomed.append(newer)
                stack.resources[resource.id] = old
                return old
        return None

    def _create(self, stack: Stack, work: Work, resource: Resource, order: Order, leans: list[str]) -> Start | None:
        handler, now = self._handler(order.type), self._clock.now()
        fresh = Made(id=order.id, type=order.type, status="INIT_COMPLETE", created=now, updated=now)
        fresh.properties, fresh.leans, fresh.retained = order.properties, leans, resource.deletion_policy == "Retain"
        order = replace(order, physical="", before={}, attributes={})
        stack.resources[order.id] = fresh
        if order.again:
            handler.delete(order)
        elif handler.exists(order):
            self._break(stack, fresh, "CREATE", f"another {order.type} has its name already.")
        self._note(stack, fresh, "CREATE_IN_PROGRESS")
        return self._run(stack, work, fresh, order, "CREATE")

    def _set_aside(self, stack: Stack, work: Work, made: Made, order: Order) -> None:
        """Makes room for a replacement. Where both would have the same name, the old resource goes first; else it
        goes once everything has moved to the new one."""
        if not work.replacement:
            names = ", ".join(for_good(order.type, made.properties, order.properties)) or "Type"
            why = f"{names} of {order.type} cannot be changed in place, and replacement is not enabled."
            self._break(stack, made, "UPDATE", why)
        if made.type == order.type and self._handler(order.type).exists(replace(order, physical="")):
            self._note(stack, made, "DELETE_IN_PROGRESS")
            self._handler(made.type).delete(_of(stack, made))
        else:
            work.doomed.append(made)

    def _handler(self, type: str) -> Handler:
        handler = self._handlers.get(OTHERS if is_foreign(type) else type)
        if handler is None:
            raise StackValidationFailed(f"Resources of type {type} cannot be made here.")
        return handler

    def _run(self, stack: Stack, work: Work, made: Made, order: Order, verb: str) -> Start | None:
        handler = self._handler(made.type)
        try:
            match verb:
                case "CREATE":
                    outcome = handler.create(order)
                case "UPDATE":
                    outcome = handler.update(order)
                case _:
                    outcome = handler.delete(order) or Built("")
        except Fault as fault:
            if verb == "CREATE":  # of something made in several calls, some may have been made
                with suppress(Fault):
                    handler.delete(order)
            self._break(stack, made, verb, f"{fault.code}: {fault.message}")
        if isinstance(outcome, Pending):
            return partial(self._start, stack, work, made, order, verb, outcome, self._course.holds(stack))
        self._settle(stack, work, made, order, verb, outcome)
        return None

    def _start(
        self, stack: Stack, work: Work, made: Made, order: Order, verb: str, pending: Pending, hold: object
    ) -> None:
        ended = False

        def done(outcome: Built | Fault) -> None:
            nonlocal ended
            with self._lock:
                ended = True
                if self._course.holds(stack) is not hold:
                    return
                if isinstance(outcome, Built):
                    self._settle(stack, work, made, order, verb, outcome)
                else:
                    why = f"{outcome.code}: {outcome.message}"
                    self._course.fail(stack, self._broken(stack, made, verb, why))

        cancel = pending.start(done)
        with self._lock:
            if not ended and self._course.holds(stack) is hold:
                self._course.interruptible(stack, cancel)

    def _settle(self, stack: Stack, work: Work, made: Made, order: Order, verb: str, built: Built) -> None:
        if verb == "DELETE":
            self._journal.resource(stack, made, "DELETE_COMPLETE", "state changed")
            self._gone(stack, work, made)
            return
        made.physical, made.attributes, made.properties = built.physical, built.attributes, order.properties
        self._journal.resource(stack, made, f"{verb}_COMPLETE", "state changed")
        self._done(stack, work, made.id)

    def _done(self, stack: Stack, work: Work, id: str) -> None:
        work.done.append(id)
        work.again = ""
        self._course.proceed(stack)

    def _gone(self, stack: Stack, work: Work, made: Made) -> None:
        if made in work.doomed:
            work.doomed.remove(made)
        else:
            stack.resources.pop(made.id, None)
            if made.id in work.recreate:
                work.recreate.remove(made.id)
        self._course.proceed(stack)

    def _note(self, stack: Stack, made: Made, status: str) -> None:
        self._journal.resource(stack, made, status, "state changed")
        self._journal.commit(stack)

    def _break(self, stack: Stack, made: Made, verb: str, why: str) -> NoReturn:
        raise StackValidationFailed(self._broken(stack, made, verb, why))

    def _broken(self, stack: Stack, made: Made, verb: str, why: str) -> str:
        self._journal.resource(stack, made, f"{verb}_FAILED", why)
        return f"Resource {verb} failed: {made.id} ({made.type}): {why}"


def _renewed(stack: Stack, work: Work, made: Made) -> bool:
    """Whether what was set aside lives on under the same name as the resource that replaced it."""
    newer = stack.resources.get(made.id)
    same = newer is not None and newer is not made and (newer.type, newer.physical) == (made.type, made.physical)
    return same and made in work.doomed and made.physical != ""


def _of(stack: Stack, made: Made) -> Order:
    return Order(
        stack=stack.name,
        id=made.id,
        type=made.type,
        properties=made.properties,
        physical=made.physical,
        before=made.properties,
        attributes=made.attributes,
    )
