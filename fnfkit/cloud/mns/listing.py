"""Listings by prefix, page by page."""

from __future__ import annotations

from collections.abc import Iterable

from fnfkit.cloud.mns.checks import PAGE
from fnfkit.ports import Page


def page_of(names: Iterable[str], prefix: str, marker: str, limit: int | None) -> Page[str]:
    """One page of names with a prefix, in order, after the marker (api-mns.md 2)."""
    size = 1_000 if limit is None else PAGE.check(limit)
    found = sorted(name for name in names if name.startswith(prefix) and name > marker)
    return Page(tuple(found[:size]), found[size - 1] if len(found) > size else None)
