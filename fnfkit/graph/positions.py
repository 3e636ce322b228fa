"""Where vertices stand in their layers, after Brandes and Köpf: long lines are straight, ways that belong together too.

Vertices are aligned with a neighbour into upright blocks, and the blocks are packed; that is done from above and from
below, to the left and to the right, and each vertex takes the middle of the four places it was given.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import fmean

from fnfkit.graph.layers import Layered

_Neighbours = dict[int, list[tuple[int, int]]]


def positions(made: Layered, widths: Sequence[float], gap: float) -> list[float]:
    """The centre of each vertex; `gap` is kept between the edges of those beside each other."""
    if not made.rank:
        return []
    crossed = _crossed(made)
    pulls = _strongest(made.above), _strongest(made.below)
    layouts = []
    for down in (True, False):
        layers = made.layers if down else made.layers[::-1]
        neighbours = made.above if down else made.below
        back = pulls[1] if down else pulls[0]
        layouts.append(_Packing([list(layer) for layer in layers], neighbours, back, crossed, widths, gap).places())
        mirrored = _Packing([layer[::-1] for layer in layers], neighbours, back, crossed, widths, gap).places()
        layouts.append([-place for place in mirrored])
    x = _middle(layouts, widths)
    _draw_near(made, x, widths, gap)
    return x


def _draw_near(made: Layered, x: list[float], widths: Sequence[float], gap: float) -> None:
    """Bring what stands alone between two nodes, the label of a short line, as near to them as there is room."""
    alone = {chain[1]: (chain[0], chain[2]) for chain in made.chains if len(chain) == 3}
    for layer in made.layers:
        for run in _runs(layer, alone):
            left = x[layer[run.start - 1]] + widths[layer[run.start - 1]] / 2 + gap if run.start else -inf
            right = x[layer[run.stop]] - widths[layer[run.stop]] / 2 - gap if run.stop < len(layer) else inf
            vertices = [layer[position] for position in run]
            wishes = [(x[alone[vertex][0]] + x[alone[vertex][1]]) / 2 for vertex in vertices]
            sizes = [widths[vertex] for vertex in vertices]
            for vertex, place in zip(vertices, spread(wishes, sizes, gap, left, right), strict=True):
                x[vertex] = place


def _runs(layer: list[int], alone: Container[int]) -> list[range]:
    """Where such vertices stand beside each other."""
    runs: list[range] = []
    for position, vertex in enumerate(layer):
        if vertex not in alone:
            continue
        if runs and runs[-1].stop == position:
            runs[-1] = range(runs[-1].start, position + 1)
        else:
            runs.append(range(position, position + 1))
    return runs


def spread(
    wishes: Sequence[float], widths: Sequence[float], gap: float, left: float = -inf, right: float = inf
) -> list[float]:
    """The places nearest to the wishes that keep the order and the distances, between two edges.

    Those that would overlap are pooled and stand around the middle of what they wish (isotonic regression).
    """
    offsets = [widths[0] / 2]
    for before, after in pairwise(widths):
        offsets.append(offsets[-1] + (before + after) / 2 + gap)
    pools: list[list[float]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        pools.append([wish - offset])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    places = [fmean(pool) for pool in pools for _ in pool]
    most = right - offsets[-1] - widths[-1] / 2
    return [max(left, min(place, most)) + offset for place, offset in zip(places, offsets, strict=True)]


def _crossed(made: Layered) -> set[tuple[int, int]]:
    """The pieces that have to bend because the inside of a longer line crosses them (upper vertex, lower vertex)."""
    inner = {vertex for chain in made.chains for vertex in chain[1:-1]}
    found: set[tuple[int, int]] = set()
    for upper, lower in pairwise(made.layers):
        place = {vertex: position for position, vertex in enumerate(upper)}
        pieces = [
            (place[above], at, above, vertex)
            for at, vertex in enumerate(lower)
            for above, _ in made.above.get(vertex, ())
        ]
        long = [piece for piece in pieces if piece[2] in inner and piece[3] in inner]
        for first in pieces:
            is_long = first[2] in inner and first[3] in inner
            for other in long:
                crosses = (first[0] - other[0]) * (first[1] - other[1]) < 0
                if crosses and (not is_long or first > other):
                    found.add((first[2], first[3]))
    return found


@dataclass(slots=True)
class _Packing:
    """One of the four layouts, always seen from above and to the left."""

    layers: list[list[int]]
    neighbours: _Neighbours
    back: dict[int, int]
    """The strongest pull that each vertex has from the other side."""
    crossed: set[tuple[int, int]]
    widths: Sequence[float]
    gap: float

    def places(self) -> list[float]:
        """The centre of each vertex."""
        root = self._blocks()
        before: dict[int, dict[int, float]] = {vertex: {} for vertex in set(root)}
        after: dict[int, dict[int, float]] = {vertex: {} for vertex in set(root)}
        for layer in self.layers:
            for left, right in pairwise(layer):
                apart = (self.widths[left] + self.widths[right]) / 2 + self.gap
                one, other = root[left], root[right]
                before[other][one] = max(apart, before[other].get(one, 0))
                after[one][other] = max(apart, after[one].get(other, 0))
        x: dict[int, float] = {}
        order = _sorted(before)
        for block in order:
            x[block] = max((x[other] + apart for other, apart in before[block].items()), default=0.0)
        for block in reversed(order):  # what could as well stand nearer to its right neighbours does
            if after[block]:
                x[block] = max(x[block], min(x[other] - apart for other, apart in after[block].items()))
        return [x[block] for block in root]

    def _blocks(self) -> list[int]:
        """The topmost vertex of the block of each vertex."""
        root = list(range(len(self.widths)))
        for upper, lower in pairwise(self.layers):
            place = {vertex: position for position, vertex in enumerate(upper)}
            free = 0
            for vertex in lower:
                for other in self._wanted(vertex, place):
                    is_crossed = (other, vertex) in self.crossed or (vertex, other) in self.crossed
                    if place[other] >= free and not is_crossed:
                        root[vertex] = root[other]
                        free = place[other] + 1
                        break
        return root

    def _wanted(self, vertex: int, place: dict[int, int]) -> list[int]:
        """The neighbours to stand below: those in the middle of the ones that pull strongest, if none of their own
        pulls is stronger."""
        found = sorted(self.neighbours.get(vertex, ()), key=lambda pair: place[pair[0]])
        strongest = max((pull for _, pull in found), default=0)
        strong = [other for other, pull in found if pull == strongest]
        middle = [strong[(len(strong) - 1) // 2], strong[len(strong) // 2]] if strong else []
        return [other for other in middle if self.back[other] == strongest]


def _strongest(neighbours: _Neighbours) -> dict[int, int]:
    return {vertex: max(pull for _, pull in found) for vertex, found in neighbours.items()}


def _sorted(before: dict[int, dict[int, float]]) -> list[int]:
    """The blocks, each after those to its left."""
    done: dict[int, None] = {}
    for block in before:
        trail = [block]
        while trail:
            waiting = [other for other in before[trail[-1]] if other not in done]
            if waiting:
                trail.append(waiting[0])
            else:
                done[trail.pop()] = None
    return list(done)


def _middle(layouts: list[list[float]], widths: Sequence[float]) -> list[float]:
    """The layouts laid over each other: left ones by their left edge, right ones by their right edge."""
    edges = [_edges(layout, widths) for layout in layouts]
    left, right = min(edges, key=lambda edge: edge[1] - edge[0])
    shifts = [
        left - own_left if number % 2 == 0 else right - own_right for number, (own_left, own_right) in enumerate(edges)
    ]
    shifted = [[x + shift for x in layout] for layout, shift in zip(layouts, shifts, strict=True)]
    middle = []
    for places in zip(*shifted, strict=True):
        ordered = sorted(places)
        middle.append((ordered[1] + ordered[2]) / 2)
    return middle


def _edges(layout: Sequence[float], widths: Sequence[float]) -> tuple[float, float]:
    lefts = (x - width / 2 for x, width in zip(layout, widths, strict=True))
    rights = (x + width / 2 for x, width in zip(layout, widths, strict=True))
    return min(lefts), max(rights)
