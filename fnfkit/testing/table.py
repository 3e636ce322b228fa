"""A history as a table of text, for people who look at a failed test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from fnfkit.model.json import Json, JsonObject
from fnfkit.model.printable import visible
from fnfkit.ports import EventRecord

MOST_ROWS = 80
"""Events that are shown; of a longer history the beginning and the end are."""
WIDTH = 88
_TITLES = ("id", "seconds", "event", "step", "detail")


def explain(title: str, wrong: Sequence[str], events: Sequence[EventRecord]) -> str:
    """A message for a test that failed: what differs, then what happened."""
    return "\n".join([title, *(f"  {line}" for line in wrong), "", table(events)])


def table(events: Sequence[EventRecord]) -> str:
    """The events as lines with aligned columns."""
    start = events[0].time if events else 0
    rows = [_TITLES, *(_row(event, start) for event in _shown(events))]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(_line(row, widths) for row in rows)


def _shown(events: Sequence[EventRecord]) -> Iterator[EventRecord | None]:
    if len(events) <= MOST_ROWS:
        yield from events
        return
    yield from events[: MOST_ROWS // 2]
    yield None
    yield from events[-MOST_ROWS // 2 :]


def _row(event: EventRecord | None, start: int) -> tuple[str, ...]:
    if event is None:
        return ("...", "", "", "", "")
    return (
        str(event.id),
        f"{(event.time - start) / 1000:.3f}",
        compact(event.type),
        compact(event.step),
        summary(event),
    )


def _line(row: tuple[str, ...], widths: Sequence[int]) -> str:
    id, seconds, type, step, detail = row
    line = f"{id:>{widths[0]}}  {seconds:>{widths[1]}}  {type:<{widths[2]}}  {step:<{widths[3]}}  {detail}"
    return line.rstrip()


def summary(event: EventRecord) -> str:
    """What is worth knowing about an event, on one line."""
    text = _summary(event.type, event.detail)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _summary(type: str, detail: JsonObject) -> str:
    if "error" in detail:
        goto = f" -> {detail['goto']}" if "goto" in detail else ""
        return refusal(detail) + goto
    for key in ("output", "local") if type.endswith(("Succeeded", "Exited", "Submitted")) else ("input",):
        if detail.get(key):
            return f"{key} {compact(detail[key])}"
    return ""


def refusal(detail: JsonObject) -> str:
    """The error in a detail and the sentence of its cause: a text, or an object with a message (fdl.md 4.8)."""
    cause = detail.get("cause")
    if isinstance(cause, dict) and isinstance(cause.get("errorMessage"), str):
        cause = cause["errorMessage"]
    return f"{compact(detail['error'])}: {compact(cause)}".removesuffix(": ")


def compact(value: Json) -> str:
    """JSON on one line, whatever line ends and commands to terminals it has."""
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))
