"""Stacks as callers see them (api-ros.md 3), and the checks of what callers send (api-ros.md 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from fnfkit.cloud.ros.functions import text
from fnfkit.cloud.ros.state import ChangeSet, Made, Stack
from fnfkit.cloud.ros.target import Place
from fnfkit.lang import ros
from fnfkit.lang.ros.read import LARGEST
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    ChangeSetRecord,
    InvalidParameter,
    InvalidSchema,
    MissingParameter,
    Numbered,
    OutputRecord,
    ResourceChange,
    ResourceRecord,
    StackRecord,
)

T = TypeVar("T")

MASK = "******"
LARGEST_PAGE = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}\Z")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def check_name(name: str, parameter: str = "StackName") -> str:
    """The name of a stack or of a change set."""
    if not name:
        raise MissingParameter(f"The input parameter {parameter} should be specified.")
    if not _NAME.match(name):
        rule = "use 1 to 255 letters, digits, '-' and '_', the first a letter or digit"
        raise InvalidParameter(f"The specified parameter {parameter} is invalid, {rule}.")
    return name


def check_timeout(minutes: int) -> int:
    """TimeoutInMinutes."""
    if not 10 <= minutes <= 1440:
        raise InvalidParameter("The specified parameter TimeoutInMinutes is invalid, use 10 to 1440.")
    return minutes


def check_token(token: str) -> str:
    """ClientToken."""
    if token and not _TOKEN.match(token):
        raise InvalidParameter("The specified parameter ClientToken is invalid, use 1 to 64 letters, digits, - and _.")
    return token


def check_body(template: str) -> str:
    """TemplateBody."""
    if not template:
        raise MissingParameter("The input parameter TemplateBody should be specified.")
    if len(template.encode("utf-8", "replace")) > LARGEST:
        size = len(template.encode("utf-8", "replace"))
        raise InvalidSchema(f"template: it has {size} bytes; at most {LARGEST} are taken.")
    return template


def page_of(items: Iterable[T], page: int, size: int) -> Numbered[T]:
    """One page, counted from 1. Raises `InvalidParameter`."""
    if page < 1 or not 1 <= size <= LARGEST_PAGE:
        raise InvalidParameter(f"PageNumber starts at 1, and PageSize is 1 to {LARGEST_PAGE}.")
    found = tuple(items)
    first = (page - 1) * size
    return Numbered(found[first : first + size], page, size, len(found))


def summary(stack: Stack, place: Place) -> StackRecord:
    """A stack in a listing."""
    return StackRecord(
        id=stack.id,
        name=stack.name,
        status=stack.status,
        status_reason=stack.reason,
        tags=dict(stack.tags),
        region=place.region,
        timeout_minutes=stack.timeout_minutes,
        disable_rollback=stack.disable_rollback,
        deletion_protection=stack.protected,
        ram_role_name=stack.ram_role_name,
        parent=stack.parent,
        created=stack.created,
        updated=stack.updated,
    )


def full(stack: Stack, place: Place, *, root: str = "") -> StackRecord:
    """A stack with everything; `root` is the outermost stack around it."""
    outputs = (
        OutputRecord(name=output["name"], value=output["value"], description=described(output["description"]))
        for output in stack.outputs
    )
    return replace(
        summary(stack, place),
        root=root,
        description=_description(stack),
        parameters=parameters_of(stack, place),
        outputs=tuple(outputs),
    )


def parameters_of(stack: Stack, place: Place) -> dict[str, str]:
    """The values of a stack's parameters, pseudo parameters first; those with NoEcho are masked."""
    template = ros.read(stack.source.text).template
    own: dict[str, Json] = {}
    for parameter in template.parameters if template else ():
        value = stack.source.parameters.get(parameter.name, parameter.default)
        own[parameter.name] = MASK if parameter.no_echo else value
    pseudo = place.pseudo(stack.name, stack.id)
    return {name: "" if value is None else text(value) for name, value in (pseudo | own).items()}


def _description(stack: Stack) -> str:
    template = ros.read(stack.source.text).template
    return described(template.description) if template else ""


def described(description: Json) -> str:
    """A description, which may be given by language (ros.md 1)."""
    if isinstance(description, Mapping):
        return str(description.get("en") or next(iter(description.values()), ""))
    return "" if description is None else str(description)


def resource(stack: Stack, made: Made, *, attributes: bool = False) -> ResourceRecord:
    """A resource of a stack."""
    return ResourceRecord(
        stack_id=stack.id,
        stack_name=stack.name,
        logical_id=made.id,
        physical_id=made.physical,
        type=made.type,
        status=made.status,
        status_reason=made.reason,
        created=made.created,
        updated=made.updated,
        attributes=dict(made.attributes) if attributes else {},
    )


def change_set(change: ChangeSet, stack: Stack, place: Place, *, changes: bool = True) -> ChangeSetRecord:
    """A change set; without its changes in a listing."""
    return ChangeSetRecord(
        id=change.id,
        name=change.name,
        type=change.type,
        status=change.status,
        status_reason=change.reason,
        execution_status=change.execution,
        description=change.description,
        stack_id=stack.id,
        stack_name=stack.name,
        parameters=dict(change.source.parameters),
        changes=tuple(_change(entry) for entry in change.changes) if changes else (),
        template=change.source.text if changes else "",
        created=change.created,
    )


def _change(entry: JsonObject) -> ResourceChange:
    lists = {"changed": tuple(entry["changed"]), "required_by": tuple(entry["required_by"])}
    return ResourceChange(**{**entry, **lists})
