"""The tasks of an account that wait for a callback: what a person who approves things looks through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from fnfkit.cli.following import every, history, waiting
from fnfkit.cli.refusal import Refusal
from fnfkit.ports import ExecutionRecord, Flows, Page

SHORT = 10
"""Characters of a token that are shown: its last ones, since the first are alike."""
_LONGEST_SHORT = 24


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits since a time in Unix milliseconds."""

    flow: str
    execution: str
    step: str
    token: str
    since: int

    @property
    def short_token(self) -> str:
        """Enough of the token to name it."""
        return f"…{self.token[-SHORT:]}"


def inbox(flows: Flows, flow: str = "", execution: str = "") -> list[WaitingTask]:
    """The waiting tasks of an execution, a flow, or the whole account; the one that waits longest is first."""
    return sorted(_tasks(flows, flow, execution), key=lambda task: task.since)


def token_of(flows: Flows, given: str) -> str:
    """The whole token for what a person has typed: the token, or the short form that the inbox shows.

    Raises `Refusal` for a short form that names several tasks. What names none is returned as it is.
    """
    ending = given.removeprefix("…")
    if len(ending) > _LONGEST_SHORT or not ending:
        return given
    found = {task.token for task in inbox(flows) if task.token.endswith(ending)}
    if len(found) > 1:
        raise Refusal(
            "AmbiguousToken", f"{len(found)} waiting tasks have tokens that end in {ending}", "give more of it"
        )
    return found.pop() if found else ending


def _tasks(flows: Flows, flow: str, execution: str) -> Iterator[WaitingTask]:
    for record in _running(flows, flow, execution):
        for event, token in waiting(history(flows, record.flow, record.name)):
            yield WaitingTask(record.flow, record.name, event.step, token, event.time)


def _running(flows: Flows, flow: str, execution: str) -> Iterator[ExecutionRecord]:
    if execution:
        record = flows.describe_execution(flow, execution)
        if not record.ended:
            yield record
        return
    names = [flow] if flow else [one.name for one in every(lambda token: flows.list_flows(next_token=token))]
    for name in names:
        yield from every(partial(_page, flows, name))


def _page(flows: Flows, flow: str, token: str | None) -> Page[ExecutionRecord]:
    return flows.list_executions(flow, next_token=token, status="Running")
