"""What an account has on record, all pages of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from fnfkit.ports import EventRecord, ExecutionRecord, Flows, Page

T = TypeVar("T")
_PAGE = 999


def every(pages: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """The items of all pages; `pages` gives the one that a token stands for."""
    token: str | None = None
    while True:
        found = pages(token)
        yield from found.items
        token = found.next_token
        if token is None:
            return


def events_of(flows: Flows, flow: str, name: str) -> list[EventRecord]:
    """Every event of an execution, oldest first."""
    return list(every(lambda token: flows.get_execution_history(flow, name, next_token=token, limit=_PAGE)))


def executions_of(flows: Flows) -> Iterator[ExecutionRecord]:
    """Every execution of every flow."""
    for flow in every(lambda token: flows.list_flows(next_token=token)):
        yield from every(partial(_executions, flows, flow.name))


def _executions(flows: Flows, flow: str, token: str | None) -> Page[ExecutionRecord]:
    return flows.list_executions(flow, next_token=token)
