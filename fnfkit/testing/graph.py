"""The graph of a flow with the path taken, as an SVG picture: steps in text order, jumps as arcs beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from fnfkit.lint.tree import Place, Sequence, bodies_of
from fnfkit.model.flow import Flow
from fnfkit.testing.arms import END, arms

ROW, INDENT, BOX, LANE = 44, 26, 230, 14
"""Pixels: between rows, per level of nesting, of a box, and between the lanes of arcs."""

Taken = Counter[tuple[str, str, str]]


def graph(flow: Flow, taken: Taken) -> str:
    """The picture; what was taken is green and says how often."""
    places = list(_in_text_order(flow))
    rows = {_key(place): number for number, place in enumerate(places)}
    deepest = max((_level(place) for place in places), default=0)
    right = BOX + INDENT * deepest + 12
    siblings = {(_key(place).rpartition("/")[0], place.step.name): row for row, place in enumerate(places)}
    arcs = list(_arcs(flow, rows, siblings, taken, right))
    boxes = [_box(place, rows[_key(place)], taken) for place in places]
    width, height = right + LANE * (len(arcs) + 2) + 20, ROW * len(places) + 12
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="graph of the flow">{"".join(arcs)}{"".join(boxes)}</svg>'
    )


def _in_text_order(flow: Flow) -> Iterator[Place]:
    root = Sequence(flow.steps, ("steps",), None)
    todo = [Place(step, at, root, position) for position, step, at in root.places()][::-1]
    while todo:
        place = todo.pop()
        yield place
        inner = [
            Place(step, at, body, position)
            for body in bodies_of(place.step, place.at)
            for position, step, at in body.places()
        ]
        todo.extend(reversed(inner))


def _key(place: Place) -> str:
    return "/".join(map(str, place.at))


def _level(place: Place) -> int:
    return sum(part == "steps" for part in place.at) - 1


def _box(place: Place, row: int, taken: Taken) -> str:
    x, y, hits = 6 + INDENT * _level(place), 6 + ROW * row, taken["step", _key(place), ""]
    kind = type(place.step).__name__.lower()
    times = f" &#215;{hits}" if hits else ""
    return (
        f'<g class="{"hit" if hits else "miss"}"><rect x="{x}" y="{y}" width="{BOX}" height="30" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 20}">{escape(place.step.name[:24])}<tspan class="kind"> {kind}{times}</tspan>'
        f"</text></g>"
    )


def _arcs(
    flow: Flow, rows: dict[str, int], siblings: dict[tuple[str, str], int], taken: Taken, right: int
) -> Iterator[str]:
    lane = 0
    for arm in arms(flow):
        if arm.kind != "edge" or arm.label == END:
            continue
        source = rows[arm.key[1]]
        target = siblings.get((arm.key[1].rpartition("/")[0], arm.label), 0)
        hits = taken[arm.key]
        level = sum(part == "steps" for part in arm.at) - 1
        if target == source + 1:
            x = 6 + INDENT * level + 20
            path = f"M{x} {36 + ROW * source}V{6 + ROW * target}"
        else:
            lane += 1
            edge, out = 6 + INDENT * level + BOX, right + LANE * lane
            path = f"M{edge} {21 + ROW * source}H{out}V{21 + ROW * target}H{edge + 2}"
        yield f'<path class="{"hit" if hits else "miss"}" d="{path}"><title>{escape(str(arm))}: {hits}</title></path>'
