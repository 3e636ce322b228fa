"""Coverage for people and tools: a table, JSON, one HTML page, LCOV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from fnfkit.testing.arms import Arm
from fnfkit.testing.coverage import Coverage, FlowCoverage

MOST_MISSING = 12
"""Missing arms that the terminal lists per flow."""

_STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2em .6em;border-bottom:1px solid #ddd}
td.n{text-align:right}tr.miss{background:#fdeaea}tr.hit{background:#eefaef}pre{background:#f6f6f6;padding:1em}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}tr.miss{background:#4a2222}tr.hit{background:#1e3a22}
pre{background:#222}td,th{border-color:#444}}
"""


def terminal(coverage: Coverage) -> Iterator[str]:
    """Lines for the end of a test run."""
    rows = [(flow.name, len(flow.arms), len(flow.missing), flow.percent, flow) for flow in coverage]
    if not rows:
        yield "no flow was executed"
        return
    width = max(len("flow"), len("total"), *(len(row[0]) for row in rows))
    yield f"{'flow':<{width}}  {'arms':>5}  {'missed':>6}  {'cover':>6}  not taken"
    for name, total, missed, percent, flow in rows:
        yield f"{name:<{width}}  {total:>5}  {missed:>6}  {_shown(percent):>6}  {_missing(flow)}".rstrip()
    missed = coverage.total - coverage.covered
    yield f"{'total':<{width}}  {coverage.total:>5}  {missed:>6}  {_shown(coverage.percent):>6}"


def _shown(percent: float) -> str:
    """Rounded down, so that 100 means all."""
    return f"{int(percent * 10) / 10:.1f}%"


def _missing(flow: FlowCoverage) -> str:
    names = [str(arm) for arm in flow.missing]
    more = len(names) - MOST_MISSING
    return "; ".join(names[:MOST_MISSING]) + (f"; and {more} more" if more > 0 else "")


def write_json(coverage: Coverage, path: Path) -> None:
    """Everything, for scripts; `Coverage.merge` reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**coverage.dump(), "arms": coverage.total, "taken": coverage.covered, "percent": coverage.percent}
    path.write_text(json.dumps(whole, indent=1), "utf-8")


def write_html(coverage: Coverage, path: Path) -> None:
    """One page without any other file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(_section(flow) for flow in coverage)
    title = f"Flow coverage {_shown(coverage.percent)}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    path.write_text(f"{head}<h1>{title}</h1><p>{coverage.covered} of {coverage.total} arms</p>{body}</html>", "utf-8")


def _section(flow: FlowCoverage) -> str:
    rows = "".join(_html_row(flow, arm) for arm in flow.arms)
    place = f" <small>{escape(flow.file)}</small>" if flow.file else ""
    table = f"<table><tr><th>arm<th>kind<th>line<th>taken</tr>{rows}</table>"
    return (
        f"<h2>{escape(flow.name)}{place} {_shown(flow.percent)}</h2>{table}"
        f"<details><summary>definition</summary><pre>{escape(flow.definition)}</pre></details>"
    )


def _html_row(flow: FlowCoverage, arm: Arm) -> str:
    hits = flow.hits(arm)
    cells = f"<td>{escape(str(arm))}<td>{escape(arm.kind)}<td class=n>{flow.line(arm.at) or ''}<td class=n>{hits}"
    return f'<tr class="{"hit" if hits else "miss"}">{cells}</tr>'


def write_lcov(coverage: Coverage, path: Path) -> None:
    """LCOV: steps are lines of the file they were written in, all other arms branches of these lines.

    Flows without a file, given as text or as a model, are left out: there is no line to point to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[FlowCoverage]] = {}
    for flow in coverage:
        if flow.file:
            files.setdefault(flow.file, []).append(flow)
    path.write_text("".join(_record(file, flows) for file, flows in sorted(files.items())), "utf-8")


def _record(file: str, flows: list[FlowCoverage]) -> str:
    lines: dict[int, int] = {}
    branches: list[tuple[int, int, int]] = []
    for flow in flows:
        for arm in flow.arms:
            line, hits = flow.line(arm.at), flow.hits(arm)
            if not line:
                continue
            if arm.kind == "step":
                lines[line] = max(lines.get(line, 0), hits)
            else:
                branches.append((line, len(branches), hits))
    text = [f"TN:\nSF:{file}"]
    text += [f"DA:{line},{hits}" for line, hits in sorted(lines.items())]
    text += [f"LF:{len(lines)}", f"LH:{sum(hits > 0 for hits in lines.values())}"]
    text += [f"BRDA:{line},0,{number},{hits or '-'}" for line, number, hits in sorted(branches)]
    text += [f"BRF:{len(branches)}", f"BRH:{sum(hits > 0 for _, _, hits in branches)}", "end_of_record"]
    return "\n".join(text) + "\n"
