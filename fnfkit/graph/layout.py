"""Coordinates: every box, line and label of a diagram, in pixels from the upper left of its own sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fnfkit.graph.diagram import Body, Diagram, Edge, Node, Way
from fnfkit.graph.layers import Layered, Line, layered
from fnfkit.graph.metrics import cut, width_of
from fnfkit.graph.positions import positions

NAME, SMALL = 12, 10
"""Sizes of type: names, and everything else."""
GAP_X, GAP_Y, PIECE, LABEL_HEIGHT = 26, 34, 10, 16
PADDING, HEADER, BODY_LABEL = 12, 24, 18
LOOP = 22
"""How far a line from a node to itself stands out."""
LONGEST_NAME, LONGEST_DETAIL, LONGEST_LABEL = 36, 44, 38


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A node with its place and, for containers, what is in it."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A body of a container, placed inside its box."""

    label: str
    x: float
    y: float
    width: float
    height: float
    scene: Scene


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line from its source to its target, and where its label is centred."""

    edge: Edge
    points: tuple[Point, ...]
    label: Point | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A sequence with everything in its place."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Drawn, ...]


def laid_out(diagram: Diagram) -> Scene:
    """The coordinates of a diagram and of all bodies in it."""
    return _Layout(diagram).scene()


def label_of(edge: Edge) -> str:
    """A label as it is shown."""
    return cut(edge.label, LONGEST_LABEL)


class _Layout:
    """The layout of one sequence."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.boxes = [_sized(node) for node in diagram.nodes]
        self.lines = [_line(edge) for edge in diagram.edges]
        self.made: Layered = layered(len(self.boxes), self.lines)
        self.widths = self._widths()
        self.x = positions(self.made, self.widths, GAP_X)
        self.top, self.depth = self._bands()

    def scene(self) -> Scene:
        """Everything in its place, starting at zero."""
        left = min((x - width / 2 for x, width in zip(self.x, self.widths, strict=True)), default=0.0)
        right = max((x + width / 2 for x, width in zip(self.x, self.widths, strict=True)), default=0.0)
        self.x = [x - left for x in self.x]
        boxes = tuple(self._placed(number) for number in range(len(self.boxes)))
        lines = tuple(self._drawn(number, boxes) for number in range(len(self.lines)))
        height = self.top[-1] + self.depth[-1] if self.boxes else 0.0
        return Scene(right - left, height, boxes, lines)

    def _widths(self) -> list[float]:
        widths = [box.width for box in self.boxes] + [PIECE] * (len(self.made.rank) - len(self.boxes))
        for number, vertex in self.made.labels.items():
            widths[vertex] = self.lines[number].label_width
        for edge in self.diagram.edges:
            if edge.source == edge.target:
                widths[edge.source] += 2 * (LOOP + width_of(label_of(edge), SMALL))
        return widths

    def _bands(self) -> tuple[list[float], list[float]]:
        """The upper edge and the height of each rank."""
        labelled = set(self.made.labels.values())
        top, depth, y = [], [], 0.0
        for layer in self.made.layers:
            own = [self.boxes[vertex].height for vertex in layer if vertex < len(self.boxes)]
            height = max([*own, LABEL_HEIGHT if labelled & set(layer) else 0.0])
            top.append(y)
            depth.append(height)
            y += height + (GAP_Y if own else GAP_Y / 2)
        return top, depth

    def _placed(self, number: int) -> Box:
        box, rank = self.boxes[number], self.made.rank[number]
        x = self.x[number] - box.width / 2
        y = self.top[rank] + (self.depth[rank] - box.height) / 2
        return Box(box.node, x, y, box.width, box.height, box.frames)

    # -- lines

    def _drawn(self, number: int, boxes: tuple[Box, ...]) -> Drawn:
        edge, chain = self.diagram.edges[number], self.made.chains[number]
        if edge.source == edge.target:
            return _loop(edge, boxes[edge.source])
        points = [*self._from(number, chain, boxes), *self._through(chain), *self._to(number, chain, boxes)]
        if edge.source > edge.target:
            points.reverse()
        return Drawn(edge, tuple(points), self._label(number))

    def _from(self, number: int, chain: list[int], boxes: tuple[Box, ...]) -> Iterator[Point]:
        box, rank = boxes[chain[0]], self.made.rank[chain[0]]
        x = box.x + box.width / 2 + self._port(number, chain[0], 0, 1)
        yield Point(x, box.y + box.height)
        yield Point(x, self.top[rank] + self.depth[rank])

    def _through(self, chain: list[int]) -> Iterator[Point]:
        for vertex in chain[1:-1]:
            rank = self.made.rank[vertex]
            yield Point(self.x[vertex], self.top[rank])
            yield Point(self.x[vertex], self.top[rank] + self.depth[rank])

    def _to(self, number: int, chain: list[int], boxes: tuple[Box, ...]) -> Iterator[Point]:
        box = boxes[chain[-1]]
        x = box.x + box.width / 2 + self._port(number, chain[-1], -1, -2)
        yield Point(x, self.top[self.made.rank[chain[-1]]])
        yield Point(x, box.y)

    def _port(self, number: int, node: int, end: int, beside: int) -> float:
        """How far from the middle of a node a line meets it: lines do not share the last bit."""
        ways = sorted(
            (self.x[chain[beside]] - self.x[node], other)
            for other, chain in enumerate(self.made.chains)
            if len(chain) > 1 and chain[end] == node
        )
        # A line to what is right above or below stays upright; the others meet the node on either side of it.
        upright = [place for place, (away, _) in enumerate(ways) if abs(away) < 1]
        middle = upright[0] if upright else (len(ways) - 1) / 2
        step = min(16.0, self.boxes[node].width * 0.35 / max(middle, len(ways) - 1 - middle, 1))
        own = [other for _, other in ways].index(number)
        return (own - middle) * step

    def _label(self, number: int) -> Point | None:
        if (vertex := self.made.labels.get(number)) is None:
            return None
        rank = self.made.rank[vertex]
        return Point(self.x[vertex], self.top[rank] + self.depth[rank] / 2)


def _line(edge: Edge) -> Line:
    width = width_of(label_of(edge), SMALL) + 8 if edge.label and edge.source != edge.target else 0.0
    return Line(edge.source, edge.target, width, 3 if edge.way is Way.NEXT else 2 if edge.way is Way.CHOSEN else 1)


def _loop(edge: Edge, box: Box) -> Drawn:
    right, y = box.x + box.width, box.y + box.height / 2
    points = (
        Point(right, y + 7), Point(right + LOOP, y + 7), Point(right + LOOP, y - 7), Point(right, y - 7)
    )  # fmt: skip
    label = Point(right + LOOP + 4 + width_of(label_of(edge), SMALL) / 2, y) if edge.label else None
    return Drawn(edge, points, label)


def _sized(node: Node) -> Box:
    """A node at no place yet, as large as its texts and what is in it."""
    name = width_of(cut(node.name, LONGEST_NAME), NAME)
    detail = width_of(cut(node.detail, LONGEST_DETAIL), SMALL)
    width, height = max(name, detail, 36) + 2 * PADDING, 44.0 if node.detail else 30.0
    if not node.bodies:
        return Box(node, 0, 0, width, height)
    return _container(node, width)


def _container(node: Node, width: float) -> Box:
    """Bodies stand beside each other under the name of the container."""
    y = HEADER + (14.0 if node.detail else 0.0)
    sized = [(body, laid_out(body.diagram)) for body in node.bodies]
    inner = [_frame_size(body, scene) for body, scene in sized]
    total = sum(one for one, _ in inner) + PADDING * (len(inner) + 1)
    height = max(one for _, one in inner)
    x = PADDING + max(0.0, (width - total) / 2)
    frames = []
    for (body, scene), (frame_width, _) in zip(sized, inner, strict=True):
        frames.append(Frame(body.label, x, y, frame_width, height, scene))
        x += frame_width + PADDING
    return Box(node, 0, 0, max(width, total), y + height + PADDING, tuple(frames))


def _frame_size(body: Body, scene: Scene) -> tuple[float, float]:
    label = width_of(cut(body.label, LONGEST_LABEL), SMALL)
    above = BODY_LABEL if body.label else 0
    return max(scene.width, label) + 2 * PADDING, scene.height + 2 * PADDING + above
