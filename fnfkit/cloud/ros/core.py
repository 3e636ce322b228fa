"""What the parts of the stack service share: the stacks, by name and by id."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from threading import RLock

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.ros.journal import Journal
from fnfkit.cloud.ros.operations import Operations
from fnfkit.cloud.ros.preview import preview
from fnfkit.cloud.ros.records import check_name
from fnfkit.cloud.ros.stack_policy import check_changes, read_policy
from fnfkit.cloud.ros.state import Made, Shelf, Source, Stack
from fnfkit.cloud.ros.target import Place, scope_of, target_of
from fnfkit.cloud.ros.tokens import Tokens
from fnfkit.lang import ros
from fnfkit.ports import ActionInProgress, NotSupported, ResourceChange, StackExists, StackNotFound

MOST_STACKS = 200
"""Stacks of an account (ros.md 5)."""
REVIEW = "REVIEW_IN_PROGRESS"
"""The status of a stack that a change set is to create (api-ros.md 4)."""


class Register:
    """The stacks of an account: live ones by name, and all that were ever there by id."""

    def __init__(self) -> None:
        self.stacks: dict[str, Stack] = {}
        self._names: dict[str, str] = {}

    def add(self, stack: Stack) -> None:
        """Adds a stack; its name is then its own."""
        self.stacks[stack.id] = stack
        if not stack.gone:
            self._names[stack.name] = stack.id

    def forget(self, stack: Stack) -> None:
        """Removes a stack that was never made."""
        self.stacks.pop(stack.id, None)
        self._names.pop(stack.name, None)

    def named(self, name: str) -> Stack | None:
        """The live stack of a name."""
        stack = self.stacks.get(self._names.get(name, ""))
        return stack if stack is not None and not stack.gone else None

    def get(self, key: str) -> Stack:
        """A stack by id or by name. Raises `StackNotFound`."""
        stack = self.stacks.get(key) or self.named(key)
        if stack is None:
            raise StackNotFound(f"The Stack ({key}) could not be found.")
        return stack

    def outermost(self, stack: Stack) -> str:
        """The id of the stack around all that a stack is nested in; empty if it is not."""
        outer = stack
        while outer.parent:
            outer = self.get(outer.parent)
        return outer.id if outer is not stack else ""


@dataclass(slots=True)
class Core:
    """The lock, the clock and the rest."""

    clock: Clock
    lock: RLock
    shelf: Shelf
    journal: Journal
    place: Place
    register: Register
    operations: Operations
    tokens: Tokens
    numbers: int = 0

    def new_id(self, name: str) -> str:
        """An id that no stack or change set has had."""
        self.numbers += 1
        seed = f"{self.place.account_id}/{self.place.region}/{name}/{self.clock.now()}/{self.numbers}"
        return str(uuid.uuid5(uuid.NAMESPACE_URL, seed))

    def new_stack(self, name: str, source: Source, status: str) -> Stack:
        """A stack under a name that is free. Raises `StackExists`, `NotSupported`."""
        check_name(name)
        known = self.register.named(name)
        if known is not None and known.status != REVIEW:
            raise StackExists(f"The Stack ({name}) already exists.")
        if sum(not stack.gone for stack in self.register.stacks.values()) >= MOST_STACKS:
            raise NotSupported(f"This account has {MOST_STACKS} stacks, its quota; delete some.")
        if known is not None:
            raise StackExists(f"The Stack ({name}) already exists: a change set is to create it.")
        now = self.clock.now()
        id = self.new_id(name)
        return Stack(id=id, name=name, status=status, source=source, created=now, number=self.numbers)

    def idle(self, stack: Stack) -> Stack:
        """The stack, if nothing is under way in it. Raises `ActionInProgress`, `StackNotFound`."""
        if stack.work is not None:
            raise ActionInProgress(f"Stack {stack.name} already has an action ({stack.work.action}) in progress.")
        if stack.gone:
            raise StackNotFound(f"The Stack ({stack.name}) could not be found.")
        return stack

    def preview(self, name: str, id: str, source: Source, resources: dict[str, Made]) -> tuple[ResourceChange, ...]:
        """What making a stack of a source would do."""
        now = self.clock.now()
        target = target_of(source, name, id, self.place, self.operations.output, now)
        scope = scope_of(target.template, target.parameters, self.operations.output, now)
        return preview(target, scope, resources)

    def check(self, stack: Stack, source: Source) -> None:
        """Raises the fault of a source that the stack cannot become."""
        target_of(source, stack.name, stack.id, self.place, self.operations.output, self.clock.now())

    def protect(self, stack: Stack, source: Source, instead: str = "") -> None:
        """Raises `StackPolicyValidationFailed` for a change that the stack's policy, or one given `instead` for this
        update, does not allow."""
        policy = read_policy(instead, "StackPolicyDuringUpdateBody") if instead else stack.policy
        if policy is not None:
            check_changes(policy, self.preview(stack.name, stack.id, source, stack.resources))

    def previous(self, stack: Stack, source: Source, *, keep: bool) -> Source:
        """The source of an update; with `keep`, parameters that are not given keep their values (api-ros.md 5)."""
        if not keep:
            return source
        template = ros.read(source.text).template
        names = {parameter.name for parameter in template.parameters} if template else set()
        old = {name: value for name, value in stack.source.parameters.items() if name in names}
        return replace(source, parameters={**old, **source.parameters})

    def same(self, stack: Stack, source: Source) -> bool:
        """Whether a source is what the stack is made of, written the same or not."""
        if not stack.status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
            return False
        if stack.source.parameters != source.parameters:
            return False
        return (
            stack.source.text == source.text or ros.read(stack.source.text).template == ros.read(source.text).template
        )
