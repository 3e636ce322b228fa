"""What Resource Orchestration offers beside the port of stacks, which other clouds have too (api-ros.md 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fnfkit.model.json import JsonObject
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES, ChangeSetRecord, Numbered, StackRecord, Stacks


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiableParameters:
    """What a dry run tells of the parameters that an update could give other values (api-ros.md 3)."""

    allowed: tuple[str, ...] = ()
    conditionally: tuple[str, ...] = ()
    not_allowed: tuple[str, ...] = ()


class RosStacks(Stacks, Protocol):
    """The operations of `Stacks` with what only Resource Orchestration takes, and those that only it has."""

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
        """As above, with a policy that says what updates may change, as JSON."""
        ...

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
        """As above, with another policy from then on, or with one that counts for this update only. Raises
        `StackPolicyValidationFailed` too."""
        ...

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
        """As above; the stacks nested in a `parent`, or with `nested` all of them too, which are left out else."""
        ...

    def try_update_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
    ) -> ModifiableParameters:
        """A dry run of an update: raises what the update would be refused with; nothing happens."""
        ...

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
        """As above; the policies are those of an update. Raises `StackPolicyValidationFailed` too."""
        ...

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
        """Goes on with a creation that has failed, returns the ID. The mode Recreate makes what has failed, has not
        been made, or is named by logical ID with what leans on it; Ignore drops what has failed or not been made.
        Parameters that are not given keep their values. Raises `ContinueCreateStackValidationFailed`."""
        ...

    def cancel_update_stack(self, stack: str, *, safe: bool = False) -> None:
        """Calls an update off, and the stack goes back. A `safe` cancellation lets the resource under way finish."""
        ...

    def set_stack_policy(self, stack: str, body: str) -> None:
        """Says what updates may change; the policy is JSON."""
        ...

    def get_stack_policy(self, stack: str) -> JsonObject:
        """What updates may change; empty without a policy."""
        ...

    def signal_resource(self, stack: str, logical_id: str, status: str, unique_id: str) -> None:
        """Gives a wait condition, or its handle, a signal: SUCCESS, FAILURE or WARNING."""
        ...
