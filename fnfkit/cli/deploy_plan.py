"""A plan as people and scripts read it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator

from fnfkit.cli.blocks import Block, Line, Tone
from fnfkit.deploy import Action, Change, Difference, Plan
from fnfkit.model.json import Json, JsonObject

LONGEST = 72
"""Characters of a value that are shown: those around where it differs."""
_SIGNS = {
    Action.CREATE: ("+", Tone.GOOD),
    Action.UPDATE: ("~", Tone.PLAIN),
    Action.REPLACE: ("!", Tone.BAD),
    Action.DELETE: ("-", Tone.BAD),
    Action.KEEP: (" ", Tone.QUIET),
}


def plan_blocks(plan: Plan) -> Iterator[Block]:
    """A plan, its dangers and drift; what is kept is only counted."""
    for change in plan.changes:
        if change.action is not Action.KEEP or change.because:
            sign, tone = _SIGNS[change.action]
            yield Line(f"{sign} {change.action.value:<8}{change.id} ({change.type}){_why(change)}", tone)
            yield from (Line(f"      {step}", Tone.QUIET) for step in change.steps)
            yield from (Line(f"      {told}", Tone.QUIET) for one in change.differences for told in _shown(one))
    yield from (Line(f"drift: {drift.id}: {drift.message}", Tone.BAD) for drift in plan.drifts)
    for danger in plan.dangers:
        yield Line(f"danger: {danger.message} ({danger.hint})", Tone.BAD)
    yield Line(summary(plan), Tone.GOOD if plan.same and not plan.drifts else Tone.PLAIN)


def summary(plan: Plan) -> str:
    """A plan in one line."""
    if plan.same and plan.drifts:
        drifted = len({drift.id for drift in plan.drifts})
        return f"stack {plan.stack}: nothing to do, but {drifted} of {len(plan.changes)} resources drifted"
    if plan.same:
        return f"stack {plan.stack}: nothing to do, {len(plan.changes)} resources are as they should be"
    counts = ", ".join(f"{plan.count(action)} to {action.value}" for action in Action if plan.count(action))
    state = plan.status if plan.exists else "new"
    return f"stack {plan.stack} ({state}): {counts or 'no resources'}"


def plan_data(plan: Plan) -> JsonObject:
    """A plan for scripts."""
    return {
        "stack": plan.stack,
        "exists": plan.exists,
        "status": plan.status,
        "same": plan.same,
        "changes": [_change(change) for change in plan.changes],
        "dangers": [{"id": one.id, "message": one.message, "hint": one.hint} for one in plan.dangers],
        "drifts": [{"id": one.id, "message": one.message} for one in plan.drifts],
    }


def _change(change: Change) -> JsonObject:
    return {
        "id": change.id,
        "type": change.type,
        "action": change.action.value,
        "forced_by": list(change.forced_by),
        "because": change.because,
        "steps": [str(step) for step in change.steps],
        "differences": [
            {"path": list(one.path), "before": _code(one, one.before), "after": _code(one, one.after)}
            for one in change.differences
        ],
    }


def _why(change: Change) -> str:
    if change.forced_by:
        return f": {', '.join(change.forced_by)} cannot change in place"
    return f": {change.because}" if change.because else ""


def _shown(one: Difference) -> Iterator[str]:
    where = ".".join(map(str, one.path))
    if one.path == ("Definition",):
        yield f"{where} differs"
    elif items := _items(one.before, one.after):
        yield from (f"{where}: {item}" for item in items)
    else:
        before, after = _contrast(_text(_code(one, one.before)), _text(_code(one, one.after)))
        yield f"{where}: {before} -> {after}"


def _items(before: Json, after: Json) -> list[str]:
    """What only one of two lists has."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return []
    gone = [f"- {_text(item)}" for item in before if item not in after]
    return gone + [f"+ {_text(item)}" for item in after if item not in before]


def _code(one: Difference, value: Json) -> Json:
    """A value, but of code only a hash: nobody reads archives."""
    if value is None or one.path[:1] != ("Code",):
        return value
    return "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _text(value: Json) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def _contrast(before: str, after: str) -> tuple[str, str]:
    """Two texts, of long ones the part in which they differ and a little of what is before it."""
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    start = max(0, sum(1 for _ in alike) - LONGEST // 4)
    return _part(before, start), _part(after, start)


def _part(text: str, start: int) -> str:
    if len(text) <= LONGEST:
        return text
    start = min(start, len(text) - LONGEST)
    return "..." * (start > 0) + text[start : start + LONGEST] + "..." * (start + LONGEST < len(text))
