"""A flow as SVG: one file without scripts, links or fonts of its own; all texts are escaped."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from html import escape

from fnfkit.graph.diagram import END, START, Spell, Way, diagram_of
from fnfkit.graph.layout import (
    BODY_LABEL,
    LONGEST_DETAIL,
    LONGEST_LABEL,
    LONGEST_NAME,
    NAME,
    SMALL,
    Box,
    Drawn,
    Frame,
    Point,
    Scene,
    label_of,
    laid_out,
)
from fnfkit.graph.metrics import cut, width_of
from fnfkit.model.flow import Flow

MARGIN = 16

_COLOURS: dict[str, tuple[str, str]] = {
    START: ("#ffffff", "#57606a"),
    END: ("#ffffff", "#57606a"),
    "task": ("#ddf4ff", "#0969da"),
    "wait": ("#fff8c5", "#9a6700"),
    "choice": ("#fbefff", "#8250df"),
    "parallel": ("#f6f8fa", "#57606a"),
    "foreach": ("#f6f8fa", "#57606a"),
    "pass": ("#f6f8fa", "#8c959f"),
    "succeed": ("#dafbe1", "#1a7f37"),
    "fail": ("#ffebe9", "#cf222e"),
}
"""Kind -> the colours of its box and of the line around it."""
_LINES: dict[Way, str] = {
    Way.NEXT: 'stroke="#57606a"',
    Way.CHOSEN: 'stroke="#8250df"',
    Way.CAUGHT: 'stroke="#cf222e" stroke-dasharray="5 3"',
}
_HEADS = {Way.NEXT: "#57606a", Way.CHOSEN: "#8250df", Way.CAUGHT: "#cf222e"}


def svg(flow: Flow, spell: Spell, title: str = "") -> str:
    """The picture of a flow; `title` is its name for readers that cannot see it."""
    scene = laid_out(diagram_of(flow, spell))
    width, height = round(scene.width + 2 * MARGIN), round(scene.height + 2 * MARGIN)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace">',
        f"<title>{_text(title or 'flow')}</title>",
        "<defs>",
        *(_head(way) for way in Way),
        "</defs>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<g transform="translate({MARGIN} {MARGIN})">',
        *_scene(scene),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _head(way: Way) -> str:
    return (
        f'<marker id="{way.value}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0 8 4 0 8z" fill="{_HEADS[way]}"/></marker>'
    )


def _scene(scene: Scene) -> Iterator[str]:
    for box in scene.boxes:
        yield from _box(box)
    for drawn in scene.lines:
        yield _line(drawn)
    for drawn in scene.lines:
        yield from _label(drawn)


def _box(box: Box) -> Iterator[str]:
    fill, line = _COLOURS[box.node.kind]
    round_ = box.height / 2 if box.node.kind in (START, END, "succeed", "fail") and not box.frames else 5
    dash = ' stroke-dasharray="2 3"' if box.node.kind == "pass" else ""
    yield f"<g><title>{_text(_told(box))}</title>"
    yield (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="{round_:.0f}" '
        f'fill="{fill}" stroke="{line}"{dash}/>'
    )
    middle = box.x + box.width / 2
    first = box.y + (17 if box.frames else box.height / 2 + (-3 if box.node.detail else 4))
    weight = ' font-weight="600"' if box.node.kind not in (START, END) else ""
    yield _words(Point(middle, first), NAME, "#1f2328", cut(box.node.name, LONGEST_NAME), weight)
    if box.node.detail:
        yield _words(Point(middle, first + 14), SMALL, "#57606a", cut(box.node.detail, LONGEST_DETAIL))
    for frame in box.frames:
        yield from _frame(box, frame)
    yield "</g>"


def _told(box: Box) -> str:
    """What shows when somebody points at a box: nothing is cut there."""
    return ": ".join(filter(None, (f"{box.node.kind} {box.node.name}", box.node.detail)))


def _frame(box: Box, frame: Frame) -> Iterator[str]:
    x, y = box.x + frame.x, box.y + frame.y
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{frame.width:.1f}" height="{frame.height:.1f}" rx="4" '
        f'fill="#ffffff" stroke="#d0d7de"/>'
    )
    above = 0
    if frame.label:
        above = BODY_LABEL
        label = cut(frame.label, LONGEST_LABEL)
        yield f"<g><title>{_text(frame.label)}</title>"
        yield _words(Point(x + frame.width / 2, y + 15), SMALL, "#8250df", label) + "</g>"
    left = x + (frame.width - frame.scene.width) / 2
    top = y + above + (frame.height - above - frame.scene.height) / 2
    yield f'<g transform="translate({left:.1f} {top:.1f})">'
    yield from _scene(frame.scene)
    yield "</g>"


def _line(drawn: Drawn) -> str:
    way = drawn.edge.way
    return f'<path d="{_path(drawn.points)}" fill="none" {_LINES[way]} marker-end="url(#{way.value})"/>'


def _path(points: tuple[Point, ...]) -> str:
    """Straight pieces along the ranks, and curves that leave and arrive upright between them."""
    parts = [f"M{points[0].x:.1f} {points[0].y:.1f}"]
    for before, after in itertools.pairwise(points):
        if abs(before.x - after.x) < 0.5 or abs(before.y - after.y) < 0.5:
            parts.append(f"L{after.x:.1f} {after.y:.1f}")
        else:
            middle = (before.y + after.y) / 2
            parts.append(f"C{before.x:.1f} {middle:.1f} {after.x:.1f} {middle:.1f} {after.x:.1f} {after.y:.1f}")
    return "".join(parts)


def _label(drawn: Drawn) -> Iterator[str]:
    if drawn.label is None:
        return
    text = label_of(drawn.edge)
    width = width_of(text, SMALL) + 4
    yield f"<g><title>{_text(drawn.edge.label)}</title>"
    yield (
        f'<rect x="{drawn.label.x - width / 2:.1f}" y="{drawn.label.y - 7:.1f}" width="{width:.1f}" height="14" '
        f'fill="#ffffff" fill-opacity="0.92"/>'
    )
    yield _words(Point(drawn.label.x, drawn.label.y + 3.5), SMALL, _HEADS[drawn.edge.way], text) + "</g>"


def _words(at: Point, size: int, colour: str, text: str, more: str = "") -> str:
    return (
        f'<text x="{at.x:.1f}" y="{at.y:.1f}" font-size="{size}" text-anchor="middle" fill="{colour}"{more}>'
        f"{_text(text)}</text>"
    )


def _text(text: str) -> str:
    """Escaped, without the control characters that XML cannot carry at all."""
    return escape("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text))
