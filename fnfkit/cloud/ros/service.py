"""The Resource Orchestration API 2019-09-10 over the embedded account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import RLock

from fnfkit.cloud.loop import Loop
from fnfkit.cloud.ros.changesets import ChangeSets
from fnfkit.cloud.ros.core import REVIEW, Core, Register
from fnfkit.cloud.ros.dry_run import modifiable
from fnfkit.cloud.ros.handlers import handlers
from fnfkit.cloud.ros.handling import Account
from fnfkit.cloud.ros.journal import STACK_TYPE, Journal
from fnfkit.cloud.ros.mending import Mending
from fnfkit.cloud.ros.nested import StackHandler
from fnfkit.cloud.ros.objects import Objects
from fnfkit.cloud.ros.operations import Operations
from fnfkit.cloud.ros.readings import Readings
from fnfkit.cloud.ros.records import check_body, check_timeout
from fnfkit.cloud.ros.signals import Signals
from fnfkit.cloud.ros.stack_policy import read_policy
from fnfkit.cloud.ros.state import Action, Shelf, Source, Work
from fnfkit.cloud.ros.summary import summarised
from fnfkit.cloud.ros.target import Place, checked
from fnfkit.cloud.ros.tokens import Tokens
from fnfkit.cloud.store import Store
from fnfkit.model.json import JsonObject
from fnfkit.ports import (
    ChangeSetRecord,
    DeletionProtected,
    ModifiableParameters,
    NotSupported,
    Numbered,
    ResourceChange,
    TemplateSummary,
)
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES

_UPDATABLE = (
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
)


class StackService(Readings):
    """Implements `fnfkit.ports.Stacks`. Methods may be called from any thread; `stack` is an id or a name."""

    def __init__(self, account: Account, *, store: Store, lock: RLock, loop: Loop, objects: Objects) -> None:
        self.objects = objects
        shelf, register, signals = Shelf(store), Register(), Signals(store)
        table = handlers(account, signals)
        journal = Journal(account.clock, shelf)
        place = Place(region=account.region, account_id=account.account_id)
        operations = Operations(
            clock=account.clock,
            loop=loop,
            lock=lock,
            journal=journal,
            handlers=table,
            place=place,
            stacks=register.get,
        )
        tokens = Tokens(account.clock, store)
        self._core = Core(account.clock, lock, shelf, journal, place, register, operations, tokens)
        self._sets = ChangeSets(self._core)
        self._mending = Mending(self._core, signals)
        # Inner stacks are made by what makes their outer ones, so their handler comes last.
        table[STACK_TYPE] = StackHandler(self._core, objects)
        self._signals = signals

    def recover(self) -> int:
        """Takes up what the store has kept; work that a crash cut off goes on. Returns the time of the last event."""
        core, latest = self._core, 0
        with core.lock:
            for stack in core.shelf.stacks():
                core.register.add(stack)
                latest = max(latest, core.journal.recover(stack))
                core.numbers = max(core.numbers, stack.number)
            self._sets.recover()
            core.tokens.recover()
            self._signals.recover()
            core.numbers += len(core.register.stacks) + 1_000
            for stack in core.register.stacks.values():
                core.operations.recover(stack)
            return latest

    # Stacks

    def create_stack(
        self,
        name: str,
        template: str,
        *,
        parameters: Mapping[str, str] | None = None,
        timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
        disable_rollback: bool = False,
        deletion_protection: bool = False,
        tags: Mapping[str, str] | None = None,
        ram_role_name: str = "",
        client_token: str = "",
        stack_policy: str = "",
    ) -> str:
        """Starts to create a stack; returns its id."""
        core = self._core
        source = Source(text=check_body(template), parameters=dict(parameters or {}))
        options = [
            timeout_minutes,
            disable_rollback,
            deletion_protection,
            dict(tags or {}),
            ram_role_name,
            stack_policy,
        ]
        call = ["create", name, source.text, source.parameters, options, stack_policy]
        with core.lock:
            if known := core.tokens.known(client_token, call):
                return known
            stack = core.new_stack(name, source, "CREATE_IN_PROGRESS")
            core.check(stack, source)
            stack.timeout_minutes = check_timeout(timeout_minutes)
            stack.disable_rollback, stack.protected = disable_rollback, deletion_protection
            stack.tags, stack.ram_role_name = dict(tags or {}), ram_role_name
            stack.policy = read_policy(stack_policy) if stack_policy else None
            core.register.add(stack)
            core.tokens.remember(client_token, call, stack.id)
            work = Work(action=Action.CREATE, started=core.clock.now(), disable_rollback=disable_rollback)
            core.operations.begin(stack, work)
            return stack.id

    def update_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
        disable_rollback: bool = False,
        timeout_minutes: int | None = None,
        tags: Mapping[str, str] | None = None,
        client_token: str = "",
        stack_policy: str = "",
        stack_policy_during_update: str = "",
    ) -> str:
        """Starts to update a stack; returns its id. Without a template it keeps the one it has."""
        core = self._core
        with core.lock:
            found = core.register.get(stack)
            text = check_body(found.source.text if template is None else template)
            given = Source(text=text, parameters=dict(parameters or {}))
            options = [use_previous_parameters, replacement, disable_rollback, timeout_minutes, tags and dict(tags)]
            policies = [stack_policy, stack_policy_during_update]
            call = ["update", found.id, given.text, given.parameters, options, policies]
            if core.tokens.known(client_token, call):
                return found.id
            core.idle(found)
            if found.status not in _UPDATABLE:
                raise NotSupported(f"The stack {found.name} cannot be updated: it is {found.status}.")
            source = core.previous(found, given, keep=use_previous_parameters)
            core.check(found, source)
            if core.same(found, source) and (tags is None or dict(tags) == found.tags):
                raise NotSupported(f"The stack {found.name} has nothing to update: it would be completely the same.")
            policy = read_policy(stack_policy) if stack_policy else found.policy
            core.protect(found, source, stack_policy_during_update)
            found.policy = policy
            found.timeout_minutes = check_timeout(timeout_minutes or found.timeout_minutes)
            found.tags = found.tags if tags is None else dict(tags)
            found.previous, found.source = found.source, source
            core.tokens.remember(client_token, call, found.id)
            work = Work(
                action=Action.UPDATE,
                started=core.clock.now(),
                replacement=replacement,
                disable_rollback=disable_rollback,
            )
            core.operations.begin(found, work)
            return found.id

    def try_update_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
    ) -> ModifiableParameters:
        """A dry run of an update; nothing happens."""
        core = self._core
        with core.lock:
            found = core.register.get(stack)
            text = check_body(found.source.text if template is None else template)
            given = Source(text=text, parameters=dict(parameters or {}))
            source = core.previous(found, given, keep=use_previous_parameters)
            core.preview(found.name, found.id, source, found.resources)
            core.protect(found, source)
            return modifiable(checked(text), found.name, replacement=replacement)

    def delete_stack(self, stack: str, *, retain_all: bool = False, retain: Sequence[str] = ()) -> None:
        """Starts to delete a stack."""
        core = self._core
        with core.lock:
            found = core.register.get(stack)
            if found.gone:
                return
            core.idle(found)
            if found.protected:
                raise DeletionProtected(f"Fail to delete stack {found.id}, as deletion protection is enabled.")
            self._sets.forget(found)
            kept = ["*"] if retain_all else list(retain)
            core.operations.begin(found, Work(action=Action.DELETE, started=core.clock.now(), retain=kept))

    def set_deletion_protection(self, stack: str, enabled: bool) -> None:
        """Protects a stack from deletion, or lets it go."""
        with self._core.lock:
            found = self._core.register.get(stack)
            found.protected = enabled
            self._core.journal.commit(found)

    # Without a stack

    def validate_template(self, template: str) -> TemplateSummary:
        """What a template declares. Raises `InvalidTemplate`."""
        return summarised(check_body(template))

    def preview_stack(
        self,
        name: str,
        template: str,
        *,
        stack: str = "",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
    ) -> tuple[ResourceChange, ...]:
        """What creating a stack, or updating the one given, would do."""
        core = self._core
        with core.lock:
            source = Source(text=check_body(template), parameters=dict(parameters or {}))
            if stack:
                found = core.register.get(stack)
                source = core.previous(found, source, keep=use_previous_parameters)
            else:
                found = core.new_stack(name, source, REVIEW)
            return core.preview(found.name, found.id, source, found.resources)

    # Change sets

    def create_change_set(
        self,
        name: str,
        template: str | None = None,
        *,
        stack: str = "",
        stack_name: str = "",
        type: str = "UPDATE",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
        description: str = "",
        stack_policy: str = "",
        stack_policy_during_update: str = "",
    ) -> ChangeSetRecord:
        """Prepares a change."""
        return self._sets.create(
            name,
            template,
            stack=stack,
            stack_name=stack_name,
            type=type,
            parameters=parameters or {},
            use_previous_parameters=use_previous_parameters,
            replacement=replacement,
            description=description,
            policy=stack_policy,
            policy_during=stack_policy_during_update,
        )

    def get_change_set(self, change_set: str) -> ChangeSetRecord:
        """A change set."""
        return self._sets.get(change_set)

    def list_change_sets(self, stack: str, *, page: int = 1, size: int = 10) -> Numbered[ChangeSetRecord]:
        """The change sets of a stack."""
        return self._sets.page(stack, page, size)

    def execute_change_set(self, change_set: str) -> None:
        """Starts a prepared change."""
        self._sets.execute(change_set)

    def delete_change_set(self, change_set: str) -> None:
        """Drops a prepared change."""
        self._sets.delete(change_set)

    # Mending and protecting

    def continue_create_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        mode: str = "Recreate",
        parameters: Mapping[str, str] | None = None,
        recreating_resources: Sequence[str] = (),
        dry_run: bool = False,
    ) -> str:
        """Goes on with a creation that failed; returns the stack's id."""
        return self._mending.resume(
            stack,
            template,
            mode=mode,
            parameters=parameters or {},
            recreating=recreating_resources,
            dry_run=dry_run,
        )

    def cancel_update_stack(self, stack: str, *, safe: bool = False) -> None:
        """Calls an update off."""
        self._mending.cancel_update(stack, safe=safe)

    def set_stack_policy(self, stack: str, body: str) -> None:
        """Says what updates may change."""
        self._mending.set_policy(stack, body)

    def get_stack_policy(self, stack: str) -> JsonObject:
        """What updates may change; empty for everything."""
        return self._mending.policy(stack)

    def signal_resource(self, stack: str, logical_id: str, status: str, unique_id: str) -> None:
        """Tells a wait condition something."""
        self._mending.signal(stack, logical_id, status, unique_id)
