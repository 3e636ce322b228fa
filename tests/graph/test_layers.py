"""Layers and positions: orders without needless crossings, places that keep their distances."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnfkit.graph.layers import Line, crossings, layered
from fnfkit.graph.positions import positions, spread

GAP = 10.0
places = st.integers(0, 9)
drawings = st.lists(st.builds(Line, places, places, st.sampled_from([0.0, 40.0]), st.integers(1, 3)), max_size=24)


@settings(max_examples=200, deadline=None)
@given(drawings)
def test_lines_lead_from_rank_to_rank(lines: list[Line]) -> None:
    made = layered(10, lines)
    assert sorted(vertex for layer in made.layers for vertex in layer) == list(range(len(made.rank)))
    for line, chain in zip(lines, made.chains, strict=True):
        upper, lower = sorted((line.source, line.target))
        assert (chain[0], chain[-1]) == (upper, lower)
        ranks = [made.rank[vertex] for vertex in chain]
        assert ranks == list(range(ranks[0], ranks[0] + len(ranks)))
        assert upper == lower or len(chain) > (2 if line.label_width else 1)


@settings(max_examples=200, deadline=None)
@given(drawings, st.data())
def test_vertices_of_a_layer_keep_their_order_and_their_distance(lines: list[Line], data: st.DataObject) -> None:
    made = layered(10, lines)
    sizes = st.lists(st.sampled_from([10.0, 80.0, 200.0]), min_size=len(made.rank), max_size=len(made.rank))
    widths = data.draw(sizes)
    x = positions(made, widths, GAP)
    for layer in made.layers:
        for left, right in pairwise(layer):
            assert x[right] - widths[right] / 2 >= x[left] + widths[left] / 2 + GAP - 1e-6


def test_the_inside_of_long_lines_is_upright() -> None:
    chain = [Line(step, step + 1, weight=3) for step in range(9)]
    made = layered(10, [*chain, Line(0, 9), Line(2, 7, 40)])
    x = positions(made, [60.0] * 10 + [10.0] * (len(made.rank) - 10), GAP)
    assert len({x[node] for node in range(10)}) == 1
    for line in made.chains[9:]:
        assert len({x[vertex] for vertex in line[1:-1]}) == 1


def test_lines_that_need_not_cross_do_not() -> None:
    lines = [Line(0, 3), Line(0, 4), Line(1, 2), Line(1, 3), Line(0, 1), Line(2, 5), Line(3, 5), Line(4, 5)]
    assert crossings(layered(6, lines)) == 0


def test_what_nothing_leads_to_comes_below_the_one_before_it() -> None:
    assert layered(3, [Line(0, 1)]).rank == [0, 1, 2]


@pytest.mark.parametrize(
    ("wishes", "left", "places"),
    [
        ([0.0, 100.0], 0.0, [5.0, 100.0]),
        ([50.0, 50.0], 0.0, [40.0, 60.0]),
        ([50.0, 50.0, 500.0], 45.0, [50.0, 70.0, 500.0]),
        ([60.0, 40.0], 0.0, [40.0, 60.0]),
    ],
)
def test_places_are_the_nearest_to_the_wishes(wishes: list[float], left: float, places: list[float]) -> None:
    assert spread(wishes, [10.0] * len(wishes), 10.0, left) == places
