"""One run of a flow on an embedded account: what was given, what came of it, and how to show it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fnfkit.cli import events
from fnfkit.cli.blocks import Block, Facts, Line, Tone, tone_of_status
from fnfkit.cli.following import duration, end_of, history
from fnfkit.cli.moments import span
from fnfkit.cli.refusal import DONE, REFUSED
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord

if TYPE_CHECKING:
    from fnfkit.cloud.cloud import Cloud

Between = Callable[[EventRecord], None]
"""What a person does while an execution waits for a callback; given the event that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run that has ended, or cannot go on by itself. Times are in milliseconds."""

    record: ExecutionRecord
    events: list[EventRecord]
    cloud_time: int
    wall_time: float
    log: list[str]

    @property
    def succeeded(self) -> bool:
        return self.record.status == "Succeeded"

    @property
    def exit(self) -> int:
        """The exit code that tells how the flow ended."""
        return DONE if self.succeeded else REFUSED


def run_flow(cloud: Cloud, definition: str, input: str, *, name: str, between: Between | None = None) -> Outcome:
    """Create the flow, start it, and drive the account until the execution has ended or waits for somebody.

    `between` is called once, if it waits for a callback.
    """
    began = time.perf_counter()
    cloud.flows.create_flow(name, definition)
    execution = cloud.flows.start_execution(name, name="run", input=input).name

    def ended() -> bool:
        return cloud.flows.describe_execution(name, execution).ended

    def waiting() -> EventRecord | None:
        last = history(cloud.flows, name, execution)[-1:]
        return last[0] if last and _has_token(last[0]) else None

    if between is not None:
        cloud.run_until(lambda: ended() or waiting() is not None)
        if (submitted := waiting()) is not None:
            between(submitted)
    cloud.run_until(ended)
    record = cloud.flows.describe_execution(name, execution)
    return Outcome(
        record=record,
        events=history(cloud.flows, name, execution),
        cloud_time=duration(record, cloud.clock.now()),
        wall_time=(time.perf_counter() - began) * 1000,
        log=[f"{line.service}/{line.function}: {line.text}" for line in cloud.functions.log],
    )


def _has_token(event: EventRecord) -> bool:
    """Whether somebody is to report; a task that waits for a function's end or a child's has no token."""
    return event.type == "TaskSubmitted" and bool((event.detail.get("output") or {}).get("taskToken"))


def as_data(outcome: Outcome) -> JsonObject:
    """A run for scripts."""
    error, cause = failure(outcome)
    return {
        "status": outcome.record.status,
        "output": parsed(outcome.record.output),
        "error": error,
        "cause": cause,
        "cloud_seconds": outcome.cloud_time / 1000,
        "wall_seconds": round(outcome.wall_time / 1000, 6),
        "events": [events.as_data(event) for event in outcome.events],
    }


def failure(outcome: Outcome) -> tuple[str, Json]:
    """Error name and cause of a run that failed."""
    return ("", "") if outcome.succeeded or not outcome.record.ended else end_of(outcome.events)


def parsed(text: str) -> Json:
    """The JSON of an execution's input or output; None if there is none."""
    return events.parse(text) if text else None


def blocks(outcome: Outcome) -> Iterator[Block]:
    """A run for people: the history, then how it ended."""
    yield events.table(outcome.events)
    record = outcome.record
    facts = [("status", record.status, tone_of_status(record.status))]
    error, cause = failure(outcome)
    if error or cause:
        facts.append(("error", f"{error}: {events.cause_text(cause)}".strip(": "), Tone.BAD))
    if record.output:
        facts.append(("output", record.output, Tone.PLAIN))
    facts.append(("cloud time", span(outcome.cloud_time), Tone.PLAIN))
    facts.append(("wall time", f"{outcome.wall_time:.1f} ms", Tone.PLAIN))
    yield Facts(tuple(facts))
    if not record.ended:
        yield Line(stuck(outcome), Tone.BAD)


def stuck(outcome: Outcome) -> str:
    """Why a run that has not ended does not go on."""
    last = outcome.events[-1]
    if last.type == "TaskSubmitted":
        return (
            f"step {last.step} waits for a callback that nobody is there to send; "
            "use `fnfkit dev` and `fnfkit tasks succeed TOKEN`"
        )
    return f"nothing is left to do after event {last.id} ({last.type} {last.step})"
