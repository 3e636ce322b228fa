"""The Resource Orchestration port: its records and its protocol. Times are Unix milliseconds, templates are text.

Creating, updating and deleting answer at once and go on behind the call: read the stack until its status is `settled`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from fnfkit.model.json import Json, JsonObject

T = TypeVar("T")

DEFAULT_TIMEOUT_MINUTES = 60
IN_PROGRESS = "_IN_PROGRESS"

HEALTHY = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
"""The statuses of a stack that is as its template says."""


def settled(status: str) -> bool:
    """Whether nothing is under way in a stack, or with a resource, of that status (api-ros.md 4)."""
    return not status.endswith(IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[T]):
    """One page of a listing that counts pages; `total` is of all pages together."""

    items: tuple[T, ...]
    page: int
    size: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRecord:
    """A result of a stack; the value is text, or JSON where the template yields a list or a map."""

    name: str
    value: Json
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRecord:
    """A stack (api-ros.md 3). Listings leave parameters and outputs empty. `parameters` include the pseudo
    parameters; those with NoEcho are masked."""

    id: str
    name: str
    status: str
    status_reason: str = ""
    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: tuple[OutputRecord, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    region: str = ""
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES
    disable_rollback: bool = False
    deletion_protection: bool = False
    ram_role_name: str = ""
    parent: str = ""
    root: str = ""
    """The IDs of the stack that this one is a resource of, and of the outermost one; empty unless it is nested."""
    created: int
    updated: int | None = None

    def output(self, name: str) -> Json:
        """The value of an output, None if there is none of that name."""
        return next((output.value for output in self.outputs if output.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRecord:
    """A resource of a stack. `attributes` are only told by `get_stack_resource`."""

    stack_id: str
    stack_name: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    status_reason: str = ""
    created: int
    updated: int
    attributes: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """Something that happened to a stack (then `logical_id` is its name) or to a resource."""

    id: str
    stack_id: str
    stack_name: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    status_reason: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What an update would do with a resource. `action` is Add, Modify, Remove or None; `replacement` is True,
    False or Conditional; `properties` are resolved as far as they are known, and `changed` names what differs."""

    logical_id: str
    type: str
    action: str
    replacement: str = "False"
    physical_id: str = ""
    properties: JsonObject = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSetRecord:
    """A prepared change of a stack. `changes` and `template` are empty in listings."""

    id: str
    name: str
    type: str
    status: str
    status_reason: str = ""
    execution_status: str
    description: str = ""
    stack_id: str
    stack_name: str
    parameters: dict[str, str] = field(default_factory=dict)
    changes: tuple[ResourceChange, ...] = ()
    template: str = ""
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSummary:
    """What ValidateTemplate tells of a template; the entries are as the API has them (api-ros.md 3)."""

    description: str = ""
    parameters: tuple[JsonObject, ...] = ()
    outputs: tuple[JsonObject, ...] = ()
    resources: tuple[JsonObject, ...] = ()


class Stacks(Protocol):
    """The ROS API 2019-09-10, what deployment needs of it (api-ros.md 2). Every method raises `Fault`; `stack`
    is an ID, and the embedded cloud takes names too."""

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
    ) -> str:
        """Starts to create a stack; returns its ID."""
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
    ) -> str:
        """Starts to update a stack, with its previous template if none is given; returns its ID. `replacement`
        allows resources to be made anew. Raises `NotSupported` if nothing would change."""
        ...

    def delete_stack(self, stack: str, *, retain_all: bool = False, retain: Sequence[str] = ()) -> None:
        """Starts to delete a stack; the resources to retain are logical IDs."""
        ...

    def get_stack(self, stack: str) -> StackRecord: ...

    def list_stacks(
        self, *, names: Sequence[str] = (), statuses: Sequence[str] = (), page: int = 1, size: int = 10
    ) -> Numbered[StackRecord]:
        """Stacks, newest first; `*` in names stands for anything."""
        ...

    def list_stack_resources(self, stack: str) -> tuple[ResourceRecord, ...]: ...

    def get_stack_resource(self, stack: str, logical_id: str) -> ResourceRecord: ...

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
        ...

    def get_template(self, stack: str, *, original: bool = False) -> str:
        """The template of a stack, by default after transforms; without a transform it is the text as it was sent."""
        ...

    def validate_template(self, template: str) -> TemplateSummary: ...

    def preview_stack(
        self,
        name: str,
        template: str,
        *,
        stack: str = "",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
    ) -> tuple[ResourceChange, ...]:
        """What creating a stack, or updating the one named by `stack`, would do; nothing happens."""
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
    ) -> ChangeSetRecord:
        """Prepares a change: `type` CREATE with a `stack_name`, or UPDATE with a `stack`."""
        ...

    def get_change_set(self, change_set: str) -> ChangeSetRecord: ...

    def list_change_sets(self, stack: str, *, page: int = 1, size: int = 10) -> Numbered[ChangeSetRecord]: ...

    def execute_change_set(self, change_set: str) -> None: ...

    def delete_change_set(self, change_set: str) -> None: ...

    def set_deletion_protection(self, stack: str, enabled: bool) -> None: ...


class Objects(Protocol):
    """Object storage, the little of it that deployment needs: a place for code that templates name. Every method
    raises `Fault`."""

    def create_bucket(self, bucket: str) -> None:
        """Makes a bucket; one that is the caller's already is no fault."""
        ...

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Keeps an object, in place of the one that was there."""
        ...

    def get(self, bucket: str, key: str) -> bytes: ...

    def delete(self, bucket: str, key: str) -> None:
        """Removes an object; an absent one is no fault."""
        ...
