"""The layers of a drawing, after Sugiyama: ranks by the longest way, long edges cut into pieces, few crossings.

Edges that lead to an earlier node are turned around for all of this and drawn upwards in the end. Text order decides
what is earlier: it is the order authors think in, and it keeps pictures stable while a flow is edited.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

SWEEPS = 24
"""Sweeps that order the layers; fewer for drawings that are large."""
_LARGE = 400_000
_INSIDE = 9


@dataclass(frozen=True, slots=True)
class Line:
    """An edge to be drawn. One with a label is at least two ranks long, and carries it in between."""

    source: int
    target: int
    label_width: float = 0
    weight: int = 1


@dataclass(slots=True)
class Layered:
    """Vertices in layers. The first vertices are the nodes; the others are where a line crosses a rank.

    `chains` has, for each line, its vertices from the top down; `labels` the one that carries the label.
    """

    rank: list[int]
    layers: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    labels: dict[int, int] = field(default_factory=dict)
    above: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    below: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def layered(count: int, lines: Sequence[Line]) -> Layered:
    """Ranks, pieces and orders for `count` nodes in text order. Lines from a node to itself are left out."""
    made = Layered(_ranks(count, lines))
    made.layers = [[] for _ in range(max(made.rank, default=0) + 1)]
    for node in range(count):
        made.layers[made.rank[node]].append(node)
    for number, line in enumerate(lines):
        _cut(made, number, line)
    _order(made)
    return made


def _ends(line: Line) -> tuple[int, int]:
    """The upper and the lower node of a line."""
    return min(line.source, line.target), max(line.source, line.target)


def _ranks(count: int, lines: Sequence[Line]) -> list[int]:
    """The longest way to each node from above; a node that nothing leads to comes below the one before it."""
    into: dict[int, list[tuple[int, int]]] = {}
    for line in lines:
        upper, lower = _ends(line)
        if upper != lower:
            into.setdefault(lower, []).append((upper, 2 if line.label_width else 1))
    rank = [0] * count
    for node in range(1, count):
        ways = into.get(node) or [(node - 1, 1)]
        rank[node] = max(rank[upper] + length for upper, length in ways)
    return rank


def _cut(made: Layered, number: int, line: Line) -> None:
    upper, lower = _ends(line)
    made.chains.append([upper])
    if upper == lower:
        return
    for rank in range(made.rank[upper] + 1, made.rank[lower]):
        vertex = len(made.rank)
        made.rank.append(rank)
        made.layers[rank].append(vertex)
        made.chains[-1].append(vertex)
    made.chains[-1].append(lower)
    chain = made.chains[-1]
    if line.label_width:
        made.labels[number] = chain[1] if upper == line.source else chain[-2]
    for first, second in itertools.pairwise(chain):
        # Straight pieces matter most where a line is long: bends there are bends in the middle of nothing.
        pull = line.weight if upper in (first, second) or lower in (first, second) else _INSIDE
        made.below.setdefault(first, []).append((second, pull))
        made.above.setdefault(second, []).append((first, pull))


def _order(made: Layered) -> None:
    """Sort layers by where their neighbours are, down and up again, and keep the order with the fewest crossings."""
    pieces = sum(map(len, made.below.values()))
    best, fewest = [list(layer) for layer in made.layers], crossings(made)
    for sweep in range(min(SWEEPS, _LARGE // (pieces + 1))):
        if not fewest:
            break
        down = sweep % 2 == 0
        neighbours = made.above if down else made.below
        ranks = range(1, len(made.layers)) if down else range(len(made.layers) - 2, -1, -1)
        for rank in ranks:
            _sort(made, rank, rank - 1 if down else rank + 1, neighbours)
        if (found := crossings(made)) < fewest:
            best, fewest = [list(layer) for layer in made.layers], found
    made.layers = best


def _sort(made: Layered, rank: int, beside: int, neighbours: dict[int, list[tuple[int, int]]]) -> None:
    place = {vertex: position for position, vertex in enumerate(made.layers[beside])}
    own = {vertex: position for position, vertex in enumerate(made.layers[rank])}

    def middle(vertex: int) -> float:
        found = [place[other] for other, _ in neighbours.get(vertex, ())]
        return sum(found) / len(found) if found else own[vertex]

    made.layers[rank].sort(key=middle)


def crossings(made: Layered) -> int:
    """How many pairs of pieces cross."""
    total = 0
    for upper, lower in zip(made.layers, made.layers[1:], strict=False):
        place = {vertex: position for position, vertex in enumerate(lower)}
        seen: list[int] = []
        for vertex in upper:
            ends = sorted(place[other] for other, _ in made.below.get(vertex, ()))
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
