"""What a test may ask about calls: every attempt of a task step, with its event and its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fnfkit.cloud.targets import TaskCall
from fnfkit.engine.events import Accepted, Completed, Failed
from fnfkit.lint.tree import places_of
from fnfkit.model.flow import Flow, Task
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import Target
from fnfkit.ports import EventRecord
from fnfkit.testing.sources import names_of


@dataclass(slots=True)
class Called:
    """One attempt. `at` is in Unix milliseconds; `output` and `error` are what the target answered, if it has."""

    flow: str
    execution: str
    step: str
    target: Target
    event: JsonObject
    params: JsonObject | None
    token: str
    attempt: int
    at: int
    output: Json = None
    error: str = ""
    cause: Json = None

    def answered(self, event: Accepted | Completed | Failed) -> None:
        """Note what the target has answered."""
        match event:
            case Completed(output=output):
                self.output = output
            case Failed(error=error, cause=cause):
                self.error, self.cause = error, cause
            case Accepted():
                pass


class CallLog:
    """Every attempt so far, in order."""

    def __init__(self) -> None:
        self.entries: list[Called] = []

    def note(self, call: TaskCall, at: int) -> Called:
        """Remember an attempt."""
        entry = Called(
            flow=call.flow,
            execution=call.execution,
            step=call.step,
            target=call.target,
            event=call.input,
            params=call.params,
            token=call.token,
            attempt=call.attempt,
            at=at,
        )
        self.entries.append(entry)
        return entry

    def attempts(self, execution: str) -> Iterator[Called]:
        """The attempts of one execution, or with "" of all."""
        return (entry for entry in self.entries if execution in ("", entry.execution))

    def of(self, target: object = None, *, execution: str = "", step: str = "") -> Iterator[Called]:
        """The attempts that called a target (a handle, a name or an ARN; None is any), of one execution or step."""
        for entry in self.attempts(execution):
            meant = target is None or spelled(target) in names_of(entry.target)
            if meant and step in ("", entry.step):
                yield entry


def told(flow: Flow, name: str, execution: str, events: Iterable[EventRecord]) -> list[Called]:
    """The attempts that a history tells of (fdl.md 6.4): each event of one is scheduled by the one before. Their
    `params` are not in it."""
    words = flow.words
    targets = {place.step.name: place.step.target for place in places_of(flow) if isinstance(place.step, Task)}
    found: list[Called] = []
    chains: dict[int, Called] = {}
    for event in events:
        detail = event.detail
        if event.type == words.task_scheduled and event.step in targets:
            called = Called(
                flow=name,
                execution=execution,
                step=event.step,
                target=targets[event.step],
                event=detail.get("input", {}),
                params=None,
                token="",
                attempt=detail.get("retryCount", 0),
                at=event.time,
            )
            found.append(called)
            chains[event.id] = called
        elif (begun := chains.pop(event.scheduled_by, None)) is not None:
            _hear(begun, detail)
            if event.type in (words.task_started, words.task_submitted):
                chains[event.id] = begun
    return found


def _hear(called: Called, detail: JsonObject) -> None:
    """What an event after the call tells of its token and its answer."""
    output = detail.get("output")
    if isinstance(output, dict) and output.keys() == {"taskToken"}:
        called.token = output["taskToken"]
    else:
        called.output = output
        called.error, called.cause = detail.get("error", ""), detail.get("cause")


def spelled(target: object) -> str:
    """How `names_of` spells what a test names: the ARN of a handle, or the text as it is."""
    handle = getattr(target, "target", None)
    return str(handle) if handle is not None else str(target)
