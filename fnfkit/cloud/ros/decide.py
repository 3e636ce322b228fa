"""What has to be done with a resource: pure, shared by the work on stacks and by previews (ros.md 3)."""

from __future__ import annotations

from enum import Enum

from fnfkit.cloud.ros.state import Made
from fnfkit.lang.ros.schema import replaces
from fnfkit.model.json import JsonObject

ABSENT = frozenset({"INIT_COMPLETE", "CREATE_FAILED", "CREATE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_IN_PROGRESS"})
"""Statuses of resources that are not there, or that nobody can count on."""


class Verdict(Enum):
    """What a resource needs."""

    KEEP = "None"
    CREATE = "Add"
    CHANGE = "Modify"
    REPLACE = "Replace"


def verdict(made: Made | None, type: str, properties: JsonObject) -> Verdict:
    """What has to be done so that a resource has these properties."""
    if made is None or made.status in ABSENT:
        return Verdict.CREATE
    if made.type != type or for_good(type, made.properties, properties):
        return Verdict.REPLACE
    return Verdict.KEEP if made.healthy and made.properties == properties else Verdict.CHANGE


def changed(before: JsonObject, after: JsonObject) -> tuple[str, ...]:
    """The properties that differ."""
    return tuple(name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name))


def for_good(type: str, before: JsonObject, after: JsonObject) -> tuple[str, ...]:
    """The changed properties that a resource cannot change in place."""
    return tuple(name for name in changed(before, after) if replaces(type, name))
