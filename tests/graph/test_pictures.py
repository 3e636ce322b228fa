"""Pictures: nothing overlaps, nothing is lost, every text is escaped, and large flows stay readable."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

from fnfkit.cli.graph import spell
from fnfkit.graph import diagram_of, mermaid, svg
from fnfkit.graph.diagram import Way
from fnfkit.graph.layout import Box, Scene, laid_out
from fnfkit.lang.fdl import read
from fnfkit.model.flow import Flow
from tests.lang.flow_strategies import flows

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "tests/data/flows/good").glob("*.yml")), *sorted((ROOT / "templates").glob("*/flow.fdl.yml"))]
GOLDEN = Path(__file__).with_name("golden")
SVG = "{http://www.w3.org/2000/svg}"


def flow_of(text: str) -> Flow:
    flow = read(text).flow
    assert flow is not None
    return flow


def scenes(scene: Scene) -> Iterator[Scene]:
    yield scene
    for box in scene.boxes:
        for frame in box.frames:
            yield from scenes(frame.scene)


def overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not beside and one.y < other.y + other.height and other.y < one.y + one.height


def check_scene(scene: Scene) -> None:
    for position, box in enumerate(scene.boxes):
        assert box.x + 1e-6 >= 0 and box.x + box.width <= scene.width + 1e-6
        assert box.y >= 0 and box.y + box.height <= scene.height + 1e-6
        assert not any(overlap(box, other) for other in scene.boxes[:position])
        for frame in box.frames:
            assert frame.x + frame.width <= box.width and frame.y + frame.height <= box.height
            assert frame.scene.width <= frame.width and frame.scene.height <= frame.height
        for one, other in zip(box.frames, box.frames[1:], strict=False):
            assert one.x + one.width < other.x
    for line in scene.lines:
        ends = scene.boxes[line.edge.source], scene.boxes[line.edge.target]
        for box, point in zip(ends, (line.points[0], line.points[-1]), strict=True):
            assert box.x - 1e-6 <= point.x <= box.x + box.width + 1e-6
            assert box.y - 1e-6 <= point.y <= box.y + box.height + 1e-6


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_flows_are_drawn_without_overlaps(path: Path) -> None:
    flow = flow_of(path.read_bytes().decode())
    for scene in scenes(laid_out(diagram_of(flow, spell))):
        check_scene(scene)
    ElementTree.fromstring(svg(flow, spell))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(flows())
def test_any_flow_is_drawn(flow: Flow) -> None:
    for scene in scenes(laid_out(diagram_of(flow, spell))):
        check_scene(scene)
    ElementTree.fromstring(svg(flow, spell, "a title"))
    assert mermaid(flow, spell).startswith("flowchart TD\n")


@pytest.mark.parametrize("name", ["poll", "transaction"])
def test_the_picture_of_a_template(name: str, request: pytest.FixtureRequest) -> None:
    picture = svg(flow_of((ROOT / "templates" / name / "flow.fdl.yml").read_text("utf-8")), spell, name)
    golden = GOLDEN / f"{name}.svg"
    if request.config.getoption("--accept"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(picture, "utf-8")
    assert picture == golden.read_text("utf-8")


STEPS = """\
  - {type: task, name: Buy, resourceArn: 'acs:fc:::services/s/functions/f', catch: [{errors: [A, B], goto: Undo}]}
  - type: choice
    name: Pick
    choices:
      - {condition: $.n > 3, goto: Buy}
      - condition: $.ok
        steps: [{type: pass, name: Inner}]
    default: {goto: Pick}
  - {type: pass, name: Last, end: true}
  - {type: fail, name: Undo, error: Undone}
"""


def test_ways_are_those_of_the_flow() -> None:
    diagram = diagram_of(flow_of("version: v1\ntype: flow\nsteps:\n" + STEPS), spell)
    names = [node.name for node in diagram.nodes]
    ways = [(names[edge.source], names[edge.target], edge.label, edge.way) for edge in diagram.edges]
    assert ways == [
        ("start", "Buy", "", Way.NEXT),
        ("Buy", "Undo", "A, B", Way.CAUGHT),
        ("Buy", "Pick", "", Way.NEXT),
        ("Pick", "Buy", "$.n > 3", Way.CHOSEN),
        ("Pick", "Last", "$.ok", Way.CHOSEN),
        ("Pick", "Pick", "else", Way.CHOSEN),
        ("Last", "end", "", Way.NEXT),
    ]
    (pick,) = (node for node in diagram.nodes if node.name == "Pick")
    assert [(body.label, [node.name for node in body.diagram.nodes]) for body in pick.bodies] == [("$.ok", ["Inner"])]


def test_texts_are_escaped() -> None:
    name = 'A<script>alert("x")</script>&amp;'
    condition = '$.a == "<b> & \\"c\\"\\u0007"'
    text = f"""\
version: v1
type: flow
steps:
  - type: choice
    name: '{name}'
    choices:
      - condition: '{condition}'
        goto: Done
  - {{type: succeed, name: Other}}
  - {{type: succeed, name: Done}}
"""
    flow = flow_of(text)
    root = ElementTree.fromstring(svg(flow, spell, "<title>"))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert 'A<script>alert("x")</script>&amp;' in texts
    assert any("<b> &" in str(text) for text in texts)
    assert not list(root.iter(f"{SVG}script"))
    drawn = mermaid(flow, spell)
    assert "<script" not in drawn and "&" not in drawn
    assert "#60;script#62;" in drawn


def big(steps: int) -> str:
    """A flow of polling loops and calls that are undone."""
    text = ""
    for number in range(0, steps - 6, 3):
        text += f"""\
  - {{type: wait, name: Wait{number}, duration: 10}}
  - {{type: task, name: Ask{number}, resourceArn: 'acs:fc:::services/s/functions/f',
      catch: [{{errors: [FnF.ALL], goto: Undo{number % 5}}}]}}
  - {{type: choice, name: Check{number}, choices: [{{condition: '$.again', goto: Wait{number}}}]}}
"""
    undo = [f"  - {{type: pass, name: Undo{number}}}\n" for number in range(5)]
    return "version: v1\ntype: flow\nsteps:\n" + text + "  - {type: succeed, name: Done}\n" + "".join(undo)


def test_sixty_steps_stay_readable() -> None:
    scene = laid_out(diagram_of(flow_of(big(60)), spell))
    assert len(scene.boxes) > 60
    check_scene(scene)
    main = [box for box in scene.boxes if box.node.kind in ("wait", "task", "choice")]
    columns = {round(box.x + box.width / 2) for box in main}
    assert len(columns) <= 12, "the way everything goes is nearly straight"
    assert scene.width < 2000
    picture = svg(flow_of(big(60)), spell)
    assert len(re.findall("marker-end", picture)) == len(scene.lines)


def test_drawing_takes_time_in_proportion() -> None:
    small, large = flow_of(big(60)), flow_of(big(240))
    begin = time.perf_counter()
    svg(small, spell)
    middle = time.perf_counter()
    svg(large, spell)
    assert time.perf_counter() - middle < max(4.0, 60 * (middle - begin))
