"""An event history as a table a person reads, and as data (fdl.md 6.2 to 6.4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from fnfkit.cli.blocks import Row, Table, Tone
from fnfkit.cli.moments import offset, stamp
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord

DETAIL_WIDTH = 100
"""Characters of a detail that the table shows; `--json` has all of it."""

_ENTERS = ("StepEntered", "BranchEntered", "IterationEntered")
_LEAVES = ("StepExited", "BranchExited", "IterationExited", "StepFailed")
_QUIET = ("StepEntered", "StepStarted", "TaskScheduled", "TaskStarted", "BranchEntered", "IterationEntered")


def as_data(event: EventRecord) -> JsonObject:
    """An event for scripts."""
    return {
        "id": event.id,
        "scheduled_by": event.scheduled_by,
        "type": event.type,
        "step": event.step,
        "time": stamp(event.time),
        "detail": event.detail,
    }


def table(events: Sequence[EventRecord]) -> Table:
    """The history: times relative to its start, events indented by the steps they happen in."""
    start = events[0].time if events else 0
    rows = tuple(
        Row(
            (str(event.id), offset(event.time - start), "  " * depth + event.type, event.step, detail(event)),
            tone(event),
        )
        for event, depth in _depths(events)
    )
    return Table((">id", ">seconds", "event", "step", "detail"), rows)


def tone(event: EventRecord) -> Tone:
    """Failures stand out, the end of the execution is good or bad, and the routine stays quiet."""
    if event.type.endswith(("Failed", "TimedOut", "Stopped")) or "error" in event.detail:
        return Tone.BAD
    if event.type == "ExecutionSucceeded":
        return Tone.GOOD
    return Tone.QUIET if event.type in _QUIET else Tone.PLAIN


def _depths(events: Sequence[EventRecord]) -> Iterator[tuple[EventRecord, int]]:
    # Branches interleave, so the nesting follows the event that scheduled each one, not the order of the log.
    after: dict[int, int] = {0: 0}
    for event in events:
        depth = after.get(event.scheduled_by, 0)
        if event.type in _LEAVES:
            depth = max(depth - 1, 0)
        if event.type.startswith("Execution"):
            depth = 0
        after[event.id] = depth + (event.type in _ENTERS)
        yield event, depth


def detail(event: EventRecord) -> str:
    """What is worth knowing about an event, on one line."""
    text = _detail(event.type, event.detail)
    return text if len(text) <= DETAIL_WIDTH else text[: DETAIL_WIDTH - 1] + "…"


def _detail(type: str, detail: JsonObject) -> str:
    if "goto" in detail:
        return f"caught {detail.get('error')} after {detail.get('retryCount', 0)} retries, goes to {detail['goto']}"
    if "error" in detail:
        return f"{detail['error']}: {cause_text(detail.get('cause'))}".rstrip(": ")
    match type:
        case "ExecutionStarted" | "StepStarted" | "BranchEntered" | "IterationEntered":
            return _named("input", detail.get("input"))
        case "TaskScheduled":
            retries = detail.get("retryCount")
            return _named("input", detail.get("input")) + (f" (retry {retries})" if retries else "")
        case "StepExited" | "BranchExited" | "IterationExited":
            return _named("local", detail.get("local"))
        case "StepEntered":
            return ""
        case _:
            return _named("output", detail.get("output"))


def cause_text(cause: Json) -> str:
    """The sentence in a cause, which is a text, or an object with a message (fdl.md 4.8)."""
    if isinstance(cause, dict) and isinstance(cause.get("errorMessage"), str):
        return str(cause["errorMessage"])
    return cause if isinstance(cause, str) else compact(cause)


def compact(value: Json) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def parse(text: str) -> Json:
    """JSON text as a value; a text that is no JSON stays what it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _named(name: str, value: Json) -> str:
    return f"{name} {compact(value)}" if value else ""
