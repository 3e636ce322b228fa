"""What is done to stacks that are stuck or protected: going on with a creation, calling off an update, stack policies,
and signals (api-ros.md 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fnfkit.cloud.ros.core import Core
from fnfkit.cloud.ros.records import check_body
from fnfkit.cloud.ros.signals import FAILURE, SUCCESS, WARNING, Signals
from fnfkit.cloud.ros.stack_policy import read_policy
from fnfkit.cloud.ros.state import Action, Made, Source, Stack, Work
from fnfkit.lang import ros
from fnfkit.lang.ros.references import references
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import Template
from fnfkit.ports import (
    ContinueCreateStackValidationFailed,
    InvalidParameter,
    NotSupported,
    ResourceNotAvailable,
    ResourceNotFound,
)

LONGEST_ID = 64
"""Characters of a signal's unique id."""


class Mending:
    """The operations, over the account's stacks."""

    def __init__(self, core: Core, signals: Signals) -> None:
        self._core, self._signals = core, signals

    # Going on with a creation

    def resume(
        self,
        stack: str,
        template: str | None,
        *,
        mode: str,
        parameters: Mapping[str, str],
        recreating: Sequence[str],
        dry_run: bool,
    ) -> str:
        """ContinueCreateStack; returns the stack's id."""
        core = self._core
        with core.lock:
            found = core.idle(core.register.get(stack))
            if found.status != "CREATE_FAILED":
                raise _refused(f"the stack {found.name} is {found.status}; only a failed creation can go on")
            match mode:
                case "Recreate":
                    source, again = self._recreated(found, template, parameters, recreating)
                case "Ignore":
                    source, again = _without_failures(found), []
                case _:
                    raise InvalidParameter("The specified parameter Mode is invalid, use Recreate or Ignore.")
            core.check(found, source)
            if not dry_run:
                found.source = source
                work = Work(action=Action.CREATE, started=core.clock.now(), recreate=again, disable_rollback=True)
                core.operations.begin(found, work)
            return found.id

    def _recreated(
        self, stack: Stack, template: str | None, parameters: Mapping[str, str], recreating: Sequence[str]
    ) -> tuple[Source, list[str]]:
        """The source to go on with, and the resources that have to go first: those named, what leans on them, and
        what was left half made."""
        text = stack.source.text if template is None else check_body(template)
        source = self._core.previous(stack, Source(text=text, parameters=dict(parameters)), keep=True)
        self._core.check(stack, source)
        _check_sections(stack.source.text, text)
        again = _leaning(stack, recreating)
        kept = {id: made for id, made in stack.resources.items() if made.healthy and id not in again}
        for change in self._core.preview(stack.name, stack.id, source, stack.resources):
            if change.logical_id in kept and change.action != "None":
                raise _refused(f"the resource {change.logical_id} is complete: it cannot change unless it is recreated")
        half = [made.id for made in stack.resources.values() if not made.healthy and made.status != "INIT_COMPLETE"]
        return source, list(dict.fromkeys((*again, *half)))

    # Calling off an update

    def cancel_update(self, stack: str, *, safe: bool) -> None:
        """CancelUpdateStack: the stack goes back; a safe cancellation lets the resource under way finish first."""
        core = self._core
        with core.lock:
            found = core.register.get(stack)
            if found.work is None or found.work.action is not Action.UPDATE:
                raise NotSupported(f"The stack {found.name} has no update in progress: it is {found.status}.")
            core.operations.cancel(found, found.work, safe=safe)

    # Policies

    def set_policy(self, stack: str, body: str) -> None:
        """SetStackPolicy."""
        core = self._core
        with core.lock:
            found = core.register.get(stack)
            found.policy = read_policy(body)
            core.journal.commit(found)

    def policy(self, stack: str) -> JsonObject:
        """GetStackPolicy; empty if the stack has none."""
        with self._core.lock:
            return self._core.register.get(stack).policy or {}

    # Signals

    def signal(self, stack: str, logical_id: str, status: str, unique_id: str) -> None:
        """SignalResource, for a handle or for the handle of a condition."""
        if status not in (SUCCESS, FAILURE, WARNING):
            raise InvalidParameter("The specified parameter Status is invalid, use SUCCESS, FAILURE or WARNING.")
        if not 1 <= len(unique_id) <= LONGEST_ID:
            raise InvalidParameter(f"The specified parameter UniqueId is invalid, use 1 to {LONGEST_ID} characters.")
        with self._core.lock:
            found = self._core.register.get(stack)
            made = found.resources.get(logical_id)
            if made is None:
                raise ResourceNotFound(f"The Resource ({logical_id}) could not be found in Stack {found.name}.")
            if not self._signals.send(_handle(made), unique_id, status):
                raise ResourceNotAvailable(f"The Resource ({logical_id}) is not available.")


def _handle(made: Made) -> str:
    match made.type:
        case "ALIYUN::ROS::WaitConditionHandle":
            return made.physical
        case "ALIYUN::ROS::WaitCondition":
            return str(made.properties.get("Handle", ""))
        case _:
            return ""


def _leaning(stack: Stack, ids: Sequence[str]) -> list[str]:
    """The resources of those ids that are there, and everything made after them."""
    again = [id for id in ids if id in stack.resources]
    for id in again:
        again += [made.id for made in stack.resources.values() if id in made.leans and made.id not in again]
    return again


def _check_sections(old: str, new: str) -> None:
    """Only Description, Metadata, Resources and Outputs may change."""
    before, after = ros.read(old).template, ros.read(new).template
    if before is None or after is None:
        return
    for name in ("parameters", "mappings", "conditions", "transform"):
        if getattr(before, name) != getattr(after, name):
            raise _refused(f"the section {name.capitalize()} of the template cannot change")


def _without_failures(stack: Stack) -> Source:
    """The template without what has failed or has not been made, and without outputs that are about it."""
    template = ros.read(stack.source.text).template
    assert template is not None
    expanded = ros.expand(template, stack_name=stack.name).template
    kept = tuple(one for one in expanded.resources if _is_made(stack, one.id))
    names = {one.id for one in kept}
    lost = {one.id for one in expanded.resources} - names
    outputs = tuple(one for one in expanded.outputs if not any(ref.name in lost for ref in references(one.value)))
    resources = tuple(replace(one, depends_on=tuple(id for id in one.depends_on if id in names)) for one in kept)
    made: Template = replace(expanded, resources=resources, outputs=outputs)
    return Source(text=ros.write(made), parameters=stack.source.parameters)


def _is_made(stack: Stack, id: str) -> bool:
    """Whether a resource is there; one with a Count is if all of its copies are."""
    copies = [made for name, made in stack.resources.items() if name == id or name.startswith(f"{id}[")]
    return bool(copies) and all(made.healthy for made in copies)


def _refused(reason: str) -> ContinueCreateStackValidationFailed:
    return ContinueCreateStackValidationFailed(f"{reason[:1].upper()}{reason[1:]}.")
