"""The statuses of stacks and resources, and the events that tell of every change of them (api-ros.md 3, 4)."""

from __future__ import annotations

import uuid

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.ros.state import Made, Shelf, Stack
from fnfkit.ports.stacks import StackEvent

STACK_TYPE = "ALIYUN::ROS::Stack"


class Journal:
    """Sets statuses and notes events. Callers hold the account's lock."""

    def __init__(self, clock: Clock, shelf: Shelf) -> None:
        self._clock, self._shelf = clock, shelf
        self._events: dict[str, list[StackEvent]] = {}

    def recover(self, stack: Stack) -> int:
        """Takes up what is kept of a stack; returns when it last changed."""
        events = self._events[stack.id] = self._shelf.events(stack)
        stack.events = max(stack.events, len(events))
        return max([stack.created, *(event.at for event in events)])

    def events(self, stack: Stack) -> list[StackEvent]:
        """The events of a stack, oldest first."""
        return self._events.get(stack.id, [])

    def stack(self, stack: Stack, status: str, reason: str) -> None:
        """A new status of a stack."""
        stack.status, stack.reason = status, reason
        if status.startswith(("UPDATE", "ROLLBACK")):
            stack.updated = self._clock.now()
        self._note(stack, stack.name, stack.id, STACK_TYPE, status, reason)

    def resource(self, stack: Stack, made: Made, status: str, reason: str) -> None:
        """A new status of a resource."""
        made.status, made.reason, made.updated = status, reason, self._clock.now()
        self._note(stack, made.id, made.physical, made.type, status, reason)

    def commit(self, stack: Stack) -> None:
        """Makes the stack and its events durable."""
        self._shelf.keep(stack)
        self._shelf.commit()

    def _note(self, stack: Stack, logical: str, physical: str, type: str, status: str, reason: str) -> None:
        stack.events += 1
        event = StackEvent(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stack.id}/{stack.events}")),
            stack_id=stack.id,
            stack_name=stack.name,
            logical_id=logical,
            physical_id=physical,
            type=type,
            status=status,
            status_reason=reason,
            at=self._clock.now(),
        )
        self._events.setdefault(stack.id, []).append(event)
        self._shelf.keep_event(event, stack.events)
