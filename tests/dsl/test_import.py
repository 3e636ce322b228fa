"""Any flow becomes Python that builds an equal flow."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from fnfkit.dsl.flow import StepsFlow
from fnfkit.lang.fdl.read import read
from fnfkit.lang.python import write
from fnfkit.model.expr import SCOPE_INPUT, Const, Merge
from fnfkit.model.flow import Flow, Pass, Task
from fnfkit.model.json import Json
from fnfkit.model.names import FlowRef
from tests.dsl.test_goldens import CASES, app_of
from tests.lang.flow_strategies import flows

FLOWS = sorted((Path(__file__).parents[1] / "data" / "flows" / "good").rglob("*.yml"))


def built(flow: Flow, name: str = "flow") -> Flow:
    """The flow that the Python of a flow builds."""
    written = write(flow, name)
    assert not written.unsupported, written
    names: dict[str, Json] = {}
    exec(compile(written.text, "imported.py", "exec", dont_inherit=True), names)
    made = names["app"].flows[name]
    assert isinstance(made, StepsFlow)
    return made.compile().flow


@given(flows())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_flow_comes_back_from_its_python(flow: Flow) -> None:
    assert built(flow) == flow


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_flow_of_the_test_folder_comes_back(path: Path) -> None:
    reading = read(path.read_text("utf-8"))
    assert reading.flow is not None
    assert built(reading.flow, "my-flow") == reading.flow


@pytest.mark.parametrize("case", CASES)
def test_compiled_flows_come_back(case: str) -> None:
    flow = app_of(case).flows[case].compile().flow
    assert built(flow, case) == flow


def test_what_the_builder_cannot_say_is_told() -> None:
    odd = Pass(name="Odd", gives=Merge((Const({}),)))
    task = Task(name="Call", target=FlowRef("f"), params=Const(3), on_error=Const(None))
    written = write(Flow(steps=(odd, task), takes=SCOPE_INPUT, accumulates=False))
    features = {(missing.path, missing.feature) for missing in written.unsupported}
    assert (("accumulates",), "`accumulates` of a flow") in features
    assert any(path[:3] == ("steps", 0, "outputMappings") for path, _ in features)
    assert any(path[:3] == ("steps", 1, "errorMappings") for path, _ in features)


def test_the_text_reads_like_the_builder() -> None:
    text = write(app_of("poll_job").flows["poll_job"].compile().flow, "poll_job").text
    assert 'f.wait("Wait10s", seconds=10)' in text
    assert "def poll_job(f: Steps) -> None:" in text
