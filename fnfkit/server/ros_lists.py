"""Listings of stacks and change sets: what of them a call asks for (api-ros.md 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TypeAlias, TypeVar

from fnfkit.ports import ChangeSetRecord, InvalidParameter, Numbered, StackRecord
from fnfkit.protocol.ros import read_numbered, read_pairs

T = TypeVar("T")
Parameters: TypeAlias = Mapping[str, str]
LARGEST_PAGE = 50
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def every(listed: Callable[[int, int], Numbered[T]]) -> list[T]:
    """What all pages of a listing hold; `listed` takes the number of a page and its size."""
    page = listed(1, LARGEST_PAGE)
    found = [*page.items]
    while page.items and len(found) < page.total:
        page = listed(page.page + 1, LARGEST_PAGE)
        found += page.items
    return found


def paged(items: Sequence[T], page: int, size: int) -> Numbered[T]:
    """One page of what was found. Raises `InvalidParameter`."""
    if page < 1 or not 1 <= size <= LARGEST_PAGE:
        raise InvalidParameter(f"PageNumber starts at 1, and PageSize is 1 to {LARGEST_PAGE}.")
    first = (page - 1) * size
    return Numbered(tuple(items[first : first + size]), page, size, len(items))


def wanted_stacks(records: Sequence[StackRecord], given: Parameters) -> list[StackRecord]:
    """The stacks with one of the ids, all of the tags, and made in the time that a call names."""
    ids = {*read_numbered(given, "StackIds"), *filter(None, [given.get("StackId")])}
    tags = read_pairs(given, "Tag", "Key", "Value")
    first, last = _moment(given, "StartTime"), _moment(given, "EndTime")
    return [
        one
        for one in records
        if (not ids or one.id in ids)
        and all(name in one.tags and value in ("", one.tags[name]) for name, value in tags.items())
        and (first is None or one.created >= first)
        and (last is None or one.created <= last)
    ]


def wanted_sets(records: Sequence[ChangeSetRecord], given: Parameters) -> list[ChangeSetRecord]:
    """The change sets with the id, one of the names, and one of the statuses that a call names."""
    names, statuses = read_numbered(given, "ChangeSetName"), read_numbered(given, "Status")
    executions, id = read_numbered(given, "ExecutionStatus"), given.get("ChangeSetId")
    return [
        one
        for one in records
        if (not id or one.id == id)
        and (not names or any(fnmatchcase(one.name, name) for name in names))
        and (not statuses or one.status in statuses)
        and (not executions or one.execution_status in executions)
    ]


def choice(given: Parameters, name: str, *words: str) -> str:
    """A parameter that takes one of a few words, the first one if it is not given. Raises `InvalidParameter`."""
    word = given.get(name) or words[0]
    if word not in words:
        raise InvalidParameter(f"The specified parameter {name} is invalid, use {' or '.join(words)}.")
    return word


def _moment(given: Parameters, name: str) -> int | None:
    if not given.get(name):
        return None
    try:
        return int(datetime.strptime(given[name], _MOMENT).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        why = f"The specified parameter {name} is invalid, it must be like 2020-01-31T12:00:00Z."
        raise InvalidParameter(why) from None
