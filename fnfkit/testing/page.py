"""A page about one run: graph with the path taken, timeline, every payload. One file, nothing from any network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from fnfkit.model.json import Json
from fnfkit.ports import EventRecord, ExecutionRecord
from fnfkit.testing.graph import graph
from fnfkit.testing.roles import Role, role_of
from fnfkit.testing.sources import Source
from fnfkit.testing.table import summary
from fnfkit.testing.taken import taken
from fnfkit.testing.trace import end_of

_STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:76em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.15em .6em;border-bottom:1px solid #ddd;
vertical-align:top}td.n{text-align:right;white-space:nowrap}tr.bad{background:#fdeaea}tr.good{background:#eefaef}
pre{background:#f6f6f6;padding:.8em;overflow:auto;margin:.3em 0}svg rect{fill:#f3f3f3;stroke:#999}
svg text{font:13px system-ui,sans-serif;fill:#555}svg .kind{fill:#888;font-size:11px}svg path{fill:none;stroke:#ccc}
svg .hit rect{fill:#e3f6e5;stroke:#2a8a3a}svg .hit text{fill:#111}svg path.hit{stroke:#2a8a3a;stroke-width:2}
.bar{fill:#4a90d9}.bar.bad{fill:#d9534f}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}pre{background:#222}td,th{border-color:#444}
tr.bad{background:#4a2222}tr.good{background:#1e3a22}svg rect{fill:#2a2a2a}svg .hit rect{fill:#1e3a22}
svg text,svg .hit text{fill:#ddd}}
"""
_WIDTH = 760


def page(source: Source, record: ExecutionRecord, events: Sequence[EventRecord]) -> str:
    """The page. Everything that comes from flows, inputs and functions is escaped."""
    counts = Counter(arm.key for arm in taken(source.flow, events))
    title = f"{record.flow} {record.name}: {record.status}"
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>',
        f"<h1>{escape(title)}</h1>",
        _facts(record, events),
        f"<h2>Path</h2>{graph(source.flow, counts)}",
        f"<h2>Timeline</h2>{_timeline(events)}",
        f"<h2>Events</h2>{_events(events)}",
        f"<h2>Definition</h2><pre>{escape(source.definition)}</pre></html>",
    ]
    return "".join(parts)


def _facts(record: ExecutionRecord, events: Sequence[EventRecord]) -> str:
    elapsed = (events[-1].time - events[0].time) / 1000 if events else 0.0
    facts: list[tuple[str, Json]] = [("input", record.input), ("output", record.output or "none")]
    facts.append(("elapsed", f"{elapsed:g} s"))
    end = end_of(events)
    facts += [(name, end[name]) for name in ("error", "cause") if end.get(name)]
    return "".join(f"<div>{escape(name)}: <code>{escape(_text(value))}</code></div>" for name, value in facts)


def _events(events: Sequence[EventRecord]) -> str:
    start = events[0].time if events else 0
    return "<table><tr><th>id<th>seconds<th>event<th>step<th>payload</tr>" + "".join(_rows(events, start)) + "</table>"


def _rows(events: Sequence[EventRecord], start: int) -> Iterator[str]:
    for event in events:
        payload = ""
        if event.detail:
            whole = escape(json.dumps(event.detail, indent=2, ensure_ascii=False))
            payload = f"<details><summary>{escape(summary(event))}</summary><pre>{whole}</pre></details>"
        yield (
            f'<tr class="{_tone(event)}"><td class=n>{event.id}<td class=n>{(event.time - start) / 1000:.3f}'
            f"<td>{escape(event.type)}<td>{escape(event.step)}<td>{payload}</tr>"
        )


def _tone(event: EventRecord) -> str:
    if event.type.endswith(("Failed", "TimedOut", "Stopped")) or "error" in event.detail:
        return "bad"
    return "good" if event.type == "ExecutionSucceeded" else ""


def _timeline(events: Sequence[EventRecord]) -> str:
    spans = _spans(events)
    if not spans:
        return "<p>no step was entered</p>"
    start, end = events[0].time, max(events[-1].time, events[0].time + 1)
    scale = _WIDTH / (end - start)
    bars = []
    for row, (step, begin, until, bad) in enumerate(spans):
        x, width = 200 + (begin - start) * scale, max(2.0, (until - begin) * scale)
        bars.append(
            f'<text x="0" y="{row * 20 + 14}">{escape(step[:26])}</text><rect class="bar{" bad" if bad else ""}" '
            f'x="{x:.1f}" y="{row * 20 + 3}" width="{width:.1f}" height="14"><title>{(begin - start) / 1000:g} s to '
            f"{(until - start) / 1000:g} s</title></rect>"
        )
    height, width = 20 * len(spans) + 6, _WIDTH + 210
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(bars)}</svg>'


def _spans(events: Sequence[EventRecord]) -> list[tuple[str, int, int, bool]]:
    """Each visit of a step: when it was entered and left, and whether it failed."""
    spans: list[tuple[str, int, int, bool]] = []
    waiting: dict[str, list[int]] = {}
    for event in events:
        role = role_of(event)
        if role is Role.ENTERED:
            waiting.setdefault(event.step, []).append(len(spans))
            spans.append((event.step, event.time, events[-1].time, False))
        elif role in (Role.LEFT, Role.FAILED, Role.RAN_OUT) and waiting.get(event.step):
            number = waiting[event.step].pop()
            spans[number] = (event.step, spans[number][1], event.time, "error" in event.detail)
    return spans


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
