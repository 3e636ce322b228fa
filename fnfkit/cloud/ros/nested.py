"""ALIYUN::ROS::Stack: a stack that is a resource of another one (ros.md 5, 9).

The rules of this file:

1. The inner stack is an ordinary stack with a parent. Its name is made of its parent's and of the logical ID, always
   the same, so that it is found again after a crash; its id is the physical ID. Both, and that outputs are attributes
   called `Outputs.NAME`, are inferred: the references have the type's properties only.
2. Functions in `TemplateBody` belong to the inner template; what the outer one knows is handed over by `Parameters`.
3. The outer stack waits for the inner one, and takes its failure as the resource's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import orjson

from fnfkit.cloud.ros.core import Core
from fnfkit.cloud.ros.functions import text
from fnfkit.cloud.ros.handling import Built, Done, Order, Outcome, Pending
from fnfkit.cloud.ros.objects import Objects
from fnfkit.cloud.ros.records import check_body, check_timeout
from fnfkit.cloud.ros.state import Action, Source, Stack, Work
from fnfkit.ports import Fault, InvalidParameter, NotSupported, StackValidationFailed, settled
from fnfkit.ports.stacks import HEALTHY

MOST_LEVELS = 5
"""Stacks in stacks (ros.md 5)."""
GONE = frozenset({"DELETE_COMPLETE"})
_LONGEST = 242
"""Characters of a name before its digits; 255 with them."""


class StackHandler:
    """Makes, changes and removes inner stacks."""

    def __init__(self, core: Core, objects: Objects) -> None:
        self._core, self._objects = core, objects

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Outcome:
        found, parent = self._found(order), self._core.register.get(order.stack)
        if found is not None and order.again:  # a crash cut the outer stack off; the inner one has gone on
            return Pending(partial(self._created, found, parent.disable_rollback))
        if self._level(parent) >= MOST_LEVELS:
            raise StackValidationFailed(f"Stacks may be nested {MOST_LEVELS} levels deep.")
        source = self._source(order)
        if found is not None:  # it is left of a creation that failed and goes on now
            self._core.check(found, source)
            found.source = source
            return self._creating(found, parent)
        stack = self._core.new_stack(_name(order), source, "CREATE_IN_PROGRESS")
        stack.parent = parent.id
        stack.timeout_minutes = check_timeout(order.number("TimeoutMins") or parent.timeout_minutes)
        stack.tags = {str(tag.get("Key")): text(tag.get("Value", "")) for tag in order.properties.get("Tags") or ()}
        self._core.check(stack, source)
        self._core.register.add(stack)
        return self._creating(stack, parent)

    def update(self, order: Order) -> Outcome:
        stack = self._core.register.get(order.physical)
        if stack.work is not None:  # the update that this one takes back is still under way
            return Pending(partial(self._after, stack, order))
        source = self._source(order)
        if self._core.same(stack, source):
            return _built(stack)
        self._core.check(stack, source)
        self._core.protect(stack, source)
        stack.previous, stack.source = stack.source, source
        work = Work(action=Action.UPDATE, started=self._core.clock.now(), replacement=True)
        self._core.operations.begin(stack, work)
        return self._awaited(stack, HEALTHY)

    def delete(self, order: Order) -> Pending | None:
        stack = self._found(order)
        if stack is None or order.again:
            return None
        if stack.protected:
            raise StackValidationFailed(f"The inner stack {stack.name} is protected from deletion.")
        if stack.work is None or stack.work.action is not Action.DELETE:
            self._delete(stack)
        return self._awaited(stack, GONE)

    def _delete(self, stack: Stack) -> None:
        """Deletes a stack, whatever is under way in it; what an update has set aside goes too."""
        doomed = stack.work.doomed if stack.work is not None else []
        self._core.operations.abandon(stack)
        self._core.operations.begin(stack, Work(action=Action.DELETE, started=self._core.clock.now(), doomed=doomed))

    def _found(self, order: Order) -> Stack | None:
        """The inner stack, if there is one; another stack that happens to have the name is none."""
        register = self._core.register
        if order.physical:
            found = register.stacks.get(order.physical)
        else:
            parent, found = register.named(order.stack), register.named(_name(order))
            found = found if found and parent and found.parent == parent.id else None
        return None if found is None or found.gone else found

    def _level(self, stack: Stack) -> int:
        """How deep a stack is, the outermost being 1."""
        level = 1
        while stack.parent:
            stack, level = self._core.register.get(stack.parent), level + 1
        return level

    def _source(self, order: Order) -> Source:
        if order.text("TemplateId"):
            raise NotSupported("TemplateId is not offered offline; give TemplateBody, or a TemplateURL on OSS.")
        given = order.properties.get("Parameters") or {}
        return Source(text=self._template(order), parameters={name: text(value) for name, value in given.items()})

    def _template(self, order: Order) -> str:
        body = order.properties.get("TemplateBody")
        if body:
            return check_body(body if isinstance(body, str) else orjson.dumps(body).decode())
        address = urlsplit(order.text("TemplateURL"))
        if address.scheme != "oss" or not address.netloc:
            raise InvalidParameter("An inner stack needs a TemplateBody, or a TemplateURL such as oss://bucket/key.")
        return check_body(self._objects.get(address.netloc, address.path.lstrip("/")).decode("utf-8", "replace"))

    def _creating(self, stack: Stack, parent: Stack) -> Pending:
        """An inner stack stays as it failed if the outer one does."""
        stays = parent.disable_rollback
        work = Work(action=Action.CREATE, started=self._core.clock.now(), disable_rollback=stays)
        self._core.operations.begin(stack, work)
        return Pending(partial(self._created, stack, stays))

    def _created(self, stack: Stack, stays: bool, done: Done) -> Callable[[], None]:
        """Waits for a creation; one that failed is deleted before it is told."""
        stops: list[Callable[[], None]] = []

        def ended(outcome: Built | Fault) -> None:
            if isinstance(outcome, Built) or stays or stack.gone:
                done(outcome)
                return
            with self._core.lock:
                self._delete(stack)
            stops.append(self._wait(stack, GONE, lambda _: done(outcome)))

        def stop() -> None:
            for one in stops:
                one()

        stops.append(self._wait(stack, HEALTHY, ended))
        return stop

    def _awaited(self, stack: Stack, wanted: frozenset[str]) -> Pending:
        return Pending(partial(self._wait, stack, wanted))

    def _wait(self, stack: Stack, wanted: frozenset[str], done: Done) -> Callable[[], None]:
        """Tells how the stack ended, once nothing is under way in it."""

        def look() -> None:
            if stack.work is None and settled(stack.status):
                unwatch()
                done(_built(stack) if stack.status in wanted else _failure(stack))

        with self._core.lock:
            unwatch = self._core.operations.watch(stack, look)
            look()
        return unwatch

    def _after(self, stack: Stack, order: Order, done: Done) -> Callable[[], None]:
        """Updates a stack once what is under way in it has ended."""
        stops: list[Callable[[], None]] = []

        def look() -> None:
            if stack.work is not None:
                return
            stops.pop()()
            try:
                outcome = self.update(order)
            except Fault as fault:
                done(fault)
                return
            if isinstance(outcome, Pending):
                stops.append(outcome.start(done))
            else:
                done(outcome)

        with self._core.lock:
            stops.append(self._core.operations.watch(stack, look))
            look()

        def stop() -> None:
            for one in stops:
                one()

        return stop


def _name(order: Order) -> str:
    digits = hashlib.sha256(f"{order.stack}/{order.id}".encode()).hexdigest()[:12].upper()
    return f"{order.stack}-{order.id}"[:_LONGEST].replace("[", "-").replace("]", "") + f"-{digits}"


def _built(stack: Stack) -> Built:
    return Built(stack.id, {f"Outputs.{output['name']}": output["value"] for output in stack.outputs})


def _failure(stack: Stack) -> Fault:
    return Fault.of("NestedStackFailed", 400, f"the inner stack {stack.name} is {stack.status}: {stack.reason}")
