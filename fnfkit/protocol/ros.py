"""The wire of Resource Orchestration (api-ros.md): times, lists and the fields of its records, for either side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A JSON value, as in `protocol.rpc`."""

VERSION = "2019-09-10"


def write_moment(at: int | None) -> str | None:
    """`YYYY-MM-DDThh:mm:ss` in UTC, without a `Z` (api-ros.md 1), of Unix milliseconds."""
    return None if at is None else datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def read_moment(text: str | None) -> int | None:
    """Unix milliseconds of such a time; 0 for what is no time."""
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return 0


def read_numbered(parameters: Mapping[str, str], name: str) -> list[str]:
    """The values of `Name.1`, `Name.2` ... in order; gaps do no harm (api-ros.md 1)."""
    form = re.compile(re.escape(name) + r"\.(\d{1,6})\Z")
    found = {int(match[1]): value for key, value in parameters.items() if (match := form.match(key))}
    return [found[number] for number in sorted(found)]


def read_pairs(parameters: Mapping[str, str], name: str, key: str, value: str) -> dict[str, str]:
    """`Name.1.<key>` and `Name.1.<value>` ... as a mapping; a key without a value has an empty one."""
    form = re.compile(re.escape(name) + rf"\.(\d{{1,6}})\.({key}|{value})\Z")
    rows: dict[int, dict[str, str]] = {}
    for parameter, given in parameters.items():
        if match := form.match(parameter):
            rows.setdefault(int(match[1]), {})[match[2]] = given
    return {rows[number][key]: rows[number].get(value, "") for number in sorted(rows) if key in rows[number]}


def write_pairs(mapping: Mapping[str, Json], key: str, value: str) -> list[dict[str, Json]]:
    """A mapping as the list of objects the API has for it."""
    return [{key: name, value: item} for name, item in mapping.items()]


def read_named(items: Iterable[Mapping[str, Json]], key: str, value: str) -> dict[str, Json]:
    """The mapping that such a list stands for."""
    return {item[key]: item.get(value) for item in items}
