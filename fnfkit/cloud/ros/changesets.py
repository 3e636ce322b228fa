"""Change sets: changes that are prepared, looked at, and executed or dropped (api-ros.md 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from fnfkit.cloud.ros.core import REVIEW, Core
from fnfkit.cloud.ros.records import change_set, check_body, check_name, page_of
from fnfkit.cloud.ros.stack_policy import read_policy
from fnfkit.cloud.ros.state import Action, ChangeSet, Source, Stack, Work
from fnfkit.ports import (
    ChangeSetExists,
    ChangeSetNotFound,
    ChangeSetRecord,
    Fault,
    InvalidParameter,
    NotSupported,
    Numbered,
    StackPolicyValidationFailed,
)

MOST_SETS = 20
"""Change sets of a stack (api-ros.md 2)."""
UNCHANGED = "The submitted information does not contain changes."


class ChangeSets:
    """The change sets of the account's stacks."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sets: dict[str, ChangeSet] = {}

    def recover(self) -> None:
        """Takes up what the store has kept."""
        self._sets = {change.id: change for change in self._core.shelf.sets()}

    def create(
        self,
        name: str,
        template: str | None,
        *,
        stack: str,
        stack_name: str,
        type: str,
        parameters: Mapping[str, str],
        use_previous_parameters: bool,
        replacement: bool,
        description: str,
        policy: str,
        policy_during: str,
    ) -> ChangeSetRecord:
        """Prepares a change; a template that cannot be made is a failed change set, as are no changes at all."""
        core = self._core
        check_name(name, "ChangeSetName")
        with core.lock:
            made_of = self._stack(type, stack, stack_name)
            if any(other.name == name for other in self._of(made_of)):
                raise ChangeSetExists(f"The ChangeSet ({name}) of Stack ({made_of.name}) already exists.")
            if len(self._of(made_of)) >= MOST_SETS:
                raise NotSupported(f"The stack {made_of.name} has {MOST_SETS} change sets, its quota.")
            text = check_body(made_of.source.text if template is None else template)
            given = Source(text=text, parameters=dict(parameters))
            source = core.previous(made_of, given, keep=use_previous_parameters)
            if policy:
                read_policy(policy)
            self._protect(made_of, source, policy_during)
            change = ChangeSet(
                id=core.new_id(name),
                name=name,
                type=type,
                stack_id=made_of.id,
                source=source,
                status="CREATE_COMPLETE",
                execution="AVAILABLE",
                description=description,
                replacement=replacement,
                policy=policy,
                policy_during=policy_during,
                created=core.clock.now(),
            )
            self._fill(change, made_of)
            core.register.add(made_of)
            self._keep(change)
            core.journal.commit(made_of)
            return change_set(change, made_of, core.place)

    def _stack(self, type: str, stack: str, stack_name: str) -> Stack:
        core = self._core
        match type:
            case "CREATE":
                known = core.register.named(stack_name)
                if known is not None and known.status == REVIEW:
                    return known
                return core.new_stack(stack_name, Source(text=""), REVIEW)
            case "UPDATE":
                found = core.idle(core.register.get(stack))
                if found.status == REVIEW:
                    raise NotSupported(f"The stack {found.name} is not created yet; use a change set of type CREATE.")
                return found
            case _:
                raise InvalidParameter("The specified parameter ChangeSetType is invalid, use CREATE or UPDATE.")

    def _protect(self, stack: Stack, source: Source, instead: str) -> None:
        """A change that the stack's policy denies is refused; one that cannot be previewed is kept as failed."""
        try:
            self._core.protect(stack, source, instead)
        except (StackPolicyValidationFailed, InvalidParameter):
            raise
        except Fault:
            return

    def _fill(self, change: ChangeSet, stack: Stack) -> None:
        try:
            changes = self._core.preview(stack.name, stack.id, change.source, stack.resources)
        except Fault as fault:
            change.status, change.reason, change.execution = "CREATE_FAILED", fault.message, "UNAVAILABLE"
            return
        if self._core.same(stack, change.source):
            change.status, change.reason, change.execution = "CREATE_FAILED", UNCHANGED, "UNAVAILABLE"
        change.changes = [asdict(entry) for entry in changes if entry.action != "None"]

    def get(self, id: str) -> ChangeSetRecord:
        """A change set. Raises `ChangeSetNotFound`."""
        with self._core.lock:
            change = self._find(id)
            return change_set(change, self._core.register.get(change.stack_id), self._core.place)

    def page(self, stack: str, page: int, size: int) -> Numbered[ChangeSetRecord]:
        """Those of a stack, newest first."""
        core = self._core
        with core.lock:
            found = core.register.get(stack)
            records = [change_set(change, found, core.place, changes=False) for change in reversed(self._of(found))]
            return page_of(records, page, size)

    def execute(self, id: str) -> None:
        """Starts the change; the stack's other change sets go (api-ros.md 5)."""
        core = self._core
        with core.lock:
            change = self._find(id)
            stack = core.idle(core.register.get(change.stack_id))
            if change.execution != "AVAILABLE":
                raise NotSupported(f"The change set {change.name} cannot be executed: it is {change.execution}.")
            core.check(stack, change.source)
            core.protect(stack, change.source, change.policy_during)
            for other in self._of(stack):
                if other is not change:
                    self._drop(other)
            change.execution = "EXECUTE_COMPLETE"
            self._keep(change)
            action = Action.CREATE if change.type == "CREATE" else Action.UPDATE
            if action is Action.UPDATE:
                stack.previous = stack.source
            stack.source = change.source
            stack.policy = read_policy(change.policy) if change.policy else stack.policy
            core.operations.begin(
                stack,
                Work(
                    action=action,
                    started=core.clock.now(),
                    replacement=change.replacement,
                    disable_rollback=stack.disable_rollback,
                ),
            )

    def delete(self, id: str) -> None:
        """Drops a change set; a stack in review stays (api-ros.md 5)."""
        with self._core.lock:
            change = self._find(id)
            if change.execution not in ("AVAILABLE", "UNAVAILABLE"):
                raise NotSupported(f"The change set {change.name} cannot be deleted: it is {change.execution}.")
            self._drop(change)
            self._core.shelf.commit()

    def forget(self, stack: Stack) -> None:
        """Drops those of a deleted stack."""
        for change in self._of(stack):
            self._drop(change)

    def _of(self, stack: Stack) -> list[ChangeSet]:
        return [change for change in self._sets.values() if change.stack_id == stack.id]

    def _find(self, id: str) -> ChangeSet:
        found = self._sets.get(id)
        if found is None:
            raise ChangeSetNotFound(f"The ChangeSet {id} could not be found.")
        return found

    def _keep(self, change: ChangeSet) -> None:
        self._sets[change.id] = change
        self._core.shelf.keep_set(change)

    def _drop(self, change: ChangeSet) -> None:
        self._sets.pop(change.id, None)
        self._core.shelf.drop_set(change)
