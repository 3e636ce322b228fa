"""Carrying a plan out over `ports.Stacks`. Every step may be the last one: whatever state a deployment was left in, the
next one takes it up.

| left in | taken up by |
|---|---|
| no stack | creating it |
| something under way | waiting for its end, then as below |
| a creation that was taken back, a deletion that stopped | deleting what is left, then creating |
| a failed creation or update | updating |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fnfkit.deploy.error import DeployError
from fnfkit.deploy.hints import hint_for
from fnfkit.deploy.survey import CREATED_IN_VAIN, find
from fnfkit.ports import NotSupported, StackEvent, StackNotFound, StackRecord, Stacks, settled
from fnfkit.ports.stacks import HEALTHY

Watch = Callable[[StackEvent], None]
"""Told every event of the stack, oldest first."""
Wait = Callable[[], None]
"""Lets some time pass."""

_PAGE = 50
_UNCHANGED = ("same", "no update", "not changed")


class StackFailed(DeployError):
    """A stack did not become what it should. `events` are the failures, the first one being the cause."""

    def __init__(self, message: str, hint: str, events: tuple[StackEvent, ...]) -> None:
        super().__init__("StackFailed", message, hint)
        self.events = events


@dataclass(frozen=True, slots=True)
class Outcome:
    """The stack after a deployment, and whether anything was done."""

    record: StackRecord
    changed: bool


@dataclass(frozen=True, slots=True)
class Executor:
    """Acts on stacks; `wait` passes the time between two looks at what is under way."""

    stacks: Stacks
    watch: Watch
    wait: Wait

    def deploy(
        self, name: str, template: str, *, parameters: Mapping[str, str] | None = None, replacement: bool = False
    ) -> Outcome:
        """Makes the stack of a name what the template says. `replacement` allows resources to be made anew.

        Raises `StackFailed`, and `Fault` for what the service refuses at once.
        """
        record = self._rested(name)
        if record is not None and record.status in CREATED_IN_VAIN:
            self._remove(record)
            record = None
        given = dict(parameters or {})
        if record is None:
            id = self.stacks.create_stack(name, template, parameters=given)
            return Outcome(self._followed(id, set()), True)
        seen = self._events(record.id)
        try:
            self.stacks.update_stack(
                record.id, template, parameters=given, use_previous_parameters=True, replacement=replacement
            )
        except NotSupported as refusal:
            if not any(word in refusal.message.lower() for word in _UNCHANGED):
                raise
            return Outcome(record, False)
        return Outcome(self._followed(record.id, seen), True)

    def destroy(self, name: str) -> bool:
        """Deletes the stack of a name and everything in it; False if there is none. Raises `StackFailed`."""
        record = self._rested(name)
        if record is None:
            return False
        self._remove(record)
        return True

    def _rested(self, name: str) -> StackRecord | None:
        """The stack of a name once nothing is under way in it."""
        record = find(self.stacks, name)
        while record is not None and not settled(record.status) and record.status not in CREATED_IN_VAIN:
            self.wait()
            record = find(self.stacks, name)
        return record

    def _remove(self, record: StackRecord) -> None:
        seen = self._events(record.id)
        self.stacks.delete_stack(record.id)
        try:
            gone = self._settled(record.id, seen)
        except StackNotFound:
            return
        if gone.status != "DELETE_COMPLETE":
            raise self._failure(gone, seen)

    def _followed(self, id: str, seen: set[str]) -> StackRecord:
        before = set(seen)
        record = self._settled(id, seen)
        if record.status not in HEALTHY:
            raise self._failure(record, before)
        return record

    def _settled(self, id: str, seen: set[str]) -> StackRecord:
        while True:
            record = self.stacks.get_stack(id)
            self._tell(id, seen)
            if settled(record.status):
                return record
            self.wait()

    def _tell(self, id: str, seen: set[str]) -> None:
        for event in reversed(self._fresh(id, seen)):
            seen.add(event.id)
            self.watch(event)

    def _fresh(self, id: str, seen: set[str]) -> list[StackEvent]:
        """The events that have not been told, newest first: pages are read until a known event turns up."""
        fresh: list[StackEvent] = []
        page = 1
        while True:
            found = self.stacks.list_stack_events(id, page=page, size=_PAGE)
            new = [event for event in found.items if event.id not in seen]
            fresh += new
            if len(new) < _PAGE:
                return fresh
            page += 1

    def _events(self, id: str) -> set[str]:
        return {event.id for event in self._fresh(id, set())}

    def _failure(self, record: StackRecord, before: set[str]) -> StackFailed:
        events = reversed(self._fresh(record.id, before))
        failed = tuple(
            event for event in events if event.status.endswith("_FAILED") and event.logical_id != record.name
        )
        if not failed:
            reason = record.status_reason or "no reason is given"
            return StackFailed(f"the stack {record.name} is {record.status}: {reason}", hint_for(reason), ())
        cause = failed[0]
        message = f"{cause.logical_id} ({cause.type}): {cause.status_reason}"
        return StackFailed(
            f"the stack {record.name} is {record.status}: {message}", hint_for(cause.status_reason), failed
        )
