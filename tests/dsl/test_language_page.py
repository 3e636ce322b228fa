"""docs/language.md says what is true: every example in it is compiled here. `pytest --accept` rewrites the page."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fnfkit.lang.fdl.read import read
from fnfkit.lang.fdl.write import write
from fnfkit.model.flow import bodies
from tests.dsl.constructs import PRELUDE, REFUSED, SUPPORTED, Construct, flow_of, refusal

PAGE = Path(__file__).parents[2] / "docs" / "language.md"

HEAD = """\
# The language of flows

A flow is a typed Python function with `@app.flow`. The compiler reads its source and writes FDL; what FDL cannot say is
an error that names the line, the reason and the way out. Nothing is left out silently. `flow.native(...)` runs the same
function as plain Python, with the same result and the same calls.

Every example stands in a flow with these names around it, and is compiled by a test.

"""


def steps_text(construct: Construct) -> str:
    """What the construct becomes, as FDL."""
    flow = flow_of(construct).compile().flow
    written = write(flow)
    assert not written.unsupported
    assert read(written.text).flow == flow
    steps = yaml.safe_load(written.text)["steps"]
    text = yaml.safe_dump(steps, sort_keys=False, width=1000, default_flow_style=None)
    assert isinstance(text, str)
    return text


def kinds(construct: Construct) -> list[str]:
    """The step types it becomes, in order, each once."""
    found: dict[str, None] = {}
    rest = list(reversed(flow_of(construct).compile().flow.steps))
    while rest:
        step = rest.pop()
        found[type(step).__name__.lower()] = None
        rest += [inner for body in reversed(bodies(step)) for inner in reversed(body)]
    return list(found)


def reason(construct: Construct) -> str:
    """The first reason, without its place."""
    return refusal(construct).splitlines()[0].split(": ", 1)[1].replace("|", "\\|")


def page() -> str:
    parts = [HEAD, "```python\n", PRELUDE, "    ...\n```\n\n## Overview\n\n| Python | becomes |\n|---|---|\n"]
    parts += [f"| {construct.title} | {', '.join(kinds(construct))} |\n" for construct in SUPPORTED]
    parts += [f"| {construct.title} | refused: {reason(construct)} |\n" for construct in REFUSED]
    parts += ["\n## What becomes FDL\n"]
    for construct in SUPPORTED:
        parts.append(f"\n### {construct.title.capitalize()}\n\n```python\n{construct.body}\n```\n")
        parts.append(f"\n```yaml\n{steps_text(construct)}```\n")
    parts += ["\n## What is refused\n"]
    for construct in REFUSED:
        parts.append(f"\n### {construct.title.capitalize()}\n\n```text\n{refusal(construct)}\n```\n")
    return "".join(parts)


def test_the_page_is_what_the_compiler_does(accept: bool) -> None:
    text = page()
    if accept:
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text


@pytest.mark.parametrize("construct", REFUSED, ids=lambda construct: construct.title)
def test_a_refusal_shows_line_caret_reason_and_mostly_a_way_out(construct: Construct) -> None:
    place, shown, caret, *fix = refusal(construct).splitlines()
    assert place.startswith("flow.py:")
    line = int(place.split(":")[1])
    if "await" not in construct.body:
        assert shown.strip() == construct.body.splitlines()[line - 1].strip()
    assert set(caret.strip()) == {"^"}
    assert not fix or fix[0].startswith("  try: ")


@pytest.mark.parametrize("construct", SUPPORTED, ids=lambda construct: construct.title)
def test_no_step_does_nothing(construct: Construct) -> None:
    for step in yaml.safe_load(write(flow_of(construct).compile().flow).text)["steps"]:
        if step["type"] == "pass":
            assert step["outputMappings"], "a pass that sets nothing"
        if step["type"] == "choice":
            ways = [*step["choices"], *([step["default"]] if "default" in step else [])]
            assert any(way.get("steps") or way.get("goto") for way in ways)
