"""Looking at stacks, and at what they have (api-ros.md 2, 3)."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from fnfkit.cloud.ros import records
from fnfkit.cloud.ros.core import Core
from fnfkit.cloud.ros.records import page_of
from fnfkit.cloud.ros.state import Stack
from fnfkit.lang import ros
from fnfkit.ports import Numbered, ResourceNotFound, ResourceRecord, StackEvent, StackRecord


class Readings:
    """The operations that change nothing, over the account's stacks."""

    _core: Core

    def get_stack(self, stack: str) -> StackRecord:
        """A stack; deleted ones by id only."""
        with self._core.lock:
            found = self._core.register.get(stack)
            return records.full(found, self._core.place, root=self._core.register.outermost(found))

    def list_stacks(
        self,
        *,
        names: Sequence[str] = (),
        statuses: Sequence[str] = (),
        page: int = 1,
        size: int = 10,
        parent: str = "",
        nested: bool = False,
    ) -> Numbered[StackRecord]:
        """Stacks, newest first; deleted ones only if their status is asked for (inferred)."""
        with self._core.lock:
            found = [
                records.summary(stack, self._core.place)
                for stack in sorted(self._core.register.stacks.values(), key=lambda stack: -stack.number)
                if _wanted(stack, names, statuses)
                and (stack.parent == parent if parent else nested or not stack.parent)
            ]
            return page_of(found, page, size)

    # What stacks have

    def list_stack_resources(self, stack: str) -> tuple[ResourceRecord, ...]:
        """The resources, in the order they were made."""
        with self._core.lock:
            found = self._core.register.get(stack)
            return tuple(records.resource(found, made) for made in found.resources.values())

    def get_stack_resource(self, stack: str, logical_id: str) -> ResourceRecord:
        """A resource with its attributes."""
        with self._core.lock:
            found = self._core.register.get(stack)
            made = found.resources.get(logical_id)
            if made is None:
                raise ResourceNotFound(f"The Resource ({logical_id}) could not be found in Stack {found.name}.")
            return records.resource(found, made, attributes=True)

    def list_stack_events(
        self,
        stack: str,
        *,
        logical_ids: Sequence[str] = (),
        types: Sequence[str] = (),
        statuses: Sequence[str] = (),
        page: int = 1,
        size: int = 10,
    ) -> Numbered[StackEvent]:
        """Events, newest first."""
        with self._core.lock:
            events = [
                event
                for event in reversed(self._core.journal.events(self._core.register.get(stack)))
                if (not logical_ids or event.logical_id in logical_ids)
                and (not types or event.type in types)
                and (not statuses or event.status in statuses)
            ]
            return page_of(events, page, size)

    def get_template(self, stack: str, *, original: bool = False) -> str:
        """The template of a stack: the text as it was sent, or what the transform made of it."""
        with self._core.lock:
            found = self._core.register.get(stack)
            template = ros.read(found.source.text).template
            if original or template is None or not template.transform:
                return found.source.text
            return ros.write_json(ros.expand(template, stack_name=found.name).template)


def _wanted(stack: Stack, names: Sequence[str], statuses: Sequence[str]) -> bool:
    if names and not any(fnmatchcase(stack.name, name) for name in names):
        return False
    return stack.status in statuses if statuses else not stack.gone


def _placed(stack: Stack, parent: str, *, nested: bool) -> bool:
    """Inner stacks are listed if they are asked for."""
    return stack.parent == parent if parent else nested or not stack.parent
