"""Each documented limit (fdl.md 6.5), one step within it and one beyond."""

from __future__ import annotations

from typing import Any

import pytest

from fnfkit.engine import NO_LIMITS, Completed, Limits, Settings
from fnfkit.engine.execution import Execution
from fnfkit.model.expr import RESULT, SCOPE_INPUT, Const, Key, List, Object, Path, Root
from fnfkit.model.flow import Arm, Catch, Choice, Flow, Parallel, Pass, Task, When
from fnfkit.model.names import FunctionRef
from tests.engine.driver import Accepts, Fails, Later, answers, drive, flow_of, run, steps

ARN = "resourceArn: acs:fc:::services/s/functions/f"
KIB = 1024


def passes(count: int) -> Flow:
    return Flow(takes=SCOPE_INPUT, steps=tuple(Pass(name=f"s{number}") for number in range(count)))


def failed(execution: Execution, words: str) -> None:
    assert (execution.status, execution.error) == ("Failed", "FnF.RuntimeError")
    assert words in execution.cause


def test_events() -> None:
    settings = Settings(limits=Limits(events=42))
    execution = run(passes(10), settings=settings)
    assert (execution.status, len(execution.history)) == ("Succeeded", 42)
    execution = run(passes(11), settings=settings)
    failed(execution, "42 events")
    assert [event.id for event in execution.history] == list(range(1, 43))
    assert execution.history[-1].type == "ExecutionFailed"
    assert execution.outstanding() == []
    assert len(run(passes(2_000), settings=Settings(limits=NO_LIMITS)).history) == 8_002
    execution = run(passes(2_000))
    failed(execution, "5000 events")
    assert len(execution.history) == 5_000


def test_the_event_limit_takes_back_what_is_pending() -> None:
    text = f"""
- type: foreach
  name: E
  iterationMapping: {{collection: $.xs, item: x}}
  steps: [{{type: task, name: T, {ARN}}}]
"""
    driver = drive(steps(text), {"f": answers(Later(9_000, {}))}, Settings(limits=Limits(events=20)))
    driver.start({"xs": list(range(50))}).run()
    failed(driver.execution, "20 events")
    assert driver.abandoned == [invoke.call for invoke in driver.invokes]
    assert driver.execution.ended_at == 0


@pytest.mark.parametrize(("size", "ok"), [(16_000, True), (16_380, True), (16_390, False), (33_000, False)])
def test_a_step_of_a_task_counts_its_result_and_its_output(size: int, ok: bool) -> None:
    execution = run(steps(f"- {{type: task, name: T, {ARN}}}"), {}, {"f": answers({"x": "y" * (size - 8)})})
    if ok:
        assert execution.status == "Succeeded"
    else:
        failed(execution, "32768 bytes")


def test_the_size_is_that_of_utf_8_bytes() -> None:
    text = f"- {{type: task, name: T, {ARN}, outputMappings: []}}"
    for letter, count, ok in (("a", 32_700, True), ("é", 16_350, True), ("é", 16_400, False), ("界", 11_000, False)):
        execution = run(steps(text), {}, {"f": answers({"x": letter * count})})
        assert (execution.status == "Succeeded") is ok, letter
    surrogate = run(steps(text), {"\ud800": "\ud800" * 10_000}, {"f": answers({"x": "\udfff"})})
    assert surrogate.status == "Succeeded", surrogate.cause


def test_no_catch_helps_against_size() -> None:
    task = Task(name="T", target=FunctionRef("f"), catch=(Catch(("FnF.ALL",), "Z"),))
    flow = Flow(takes=SCOPE_INPUT, steps=(task, Pass(name="Z")))
    failed(run(flow, {}, {"f": answers({"x": "y" * 40_000})}), "task result: 40008 bytes")


def test_the_input_of_the_execution() -> None:
    assert run(passes(1), {"x": "y" * 32_000}).status == "Succeeded"
    failed(run(passes(1), {"x": "y" * 33_000}), "execution input: 33008 bytes")


def test_mapped_input_and_the_data_around_a_step() -> None:
    doubled = Object((("a", Path(Root.SCOPE_INPUT)), ("b", Path(Root.SCOPE_INPUT))))
    flow = Flow(takes=SCOPE_INPUT, steps=(Pass(name="A", takes=doubled),))
    assert run(flow, {"x": "y" * 16_000}).status == "Succeeded"
    failed(run(flow, {"x": "y" * 17_000}), "step input")
    mapped = "inputMappings: [], outputMappings: [{target: %s, source: %s}]"
    text = "\n".join(f"- {{type: pass, name: S{key}, {mapped % (key, 'z' * 12_000)}}}" for key in "abc")
    failed(run(steps(text), {}), "input and local around the step")
    assert run(steps("\n".join(text.splitlines()[:2])), {}).status == "Succeeded"


def test_results_of_branches_and_iterations() -> None:
    text = f"""
- type: foreach
  name: E
  iterationMapping: {{collection: $.xs, item: x}}
  steps: [{{type: task, name: T, {ARN}}}]
"""
    mocks = {"f": answers({"x": "y" * 1_000})}
    assert run(steps(text), {"xs": list(range(30))}, mocks).status == "Succeeded"
    failed(run(steps(text), {"xs": list(range(33))}, mocks), "32768 bytes")
    big = {"xs": ["z" * 11_000], "k": "z" * 11_000}
    failed(run(steps(text), big, mocks), "input and local around the step: 33")


def test_values_that_grow_in_a_loop_stay_cheap_and_bounded() -> None:
    nest = Object((("v", List((Path(Root.INPUT, (Key("v"),)),))),))
    again = Choice(name="C", options=(When(condition=Const(True), arm=Arm(goto="A")),))
    flow = Flow(takes=SCOPE_INPUT, steps=(Pass(name="A", gives=nest), again))
    failed(run(flow, {"v": 1}), "nested deeper than the limit of 128 levels")
    same = Object((("v", Path(Root.INPUT, (Key("v"),))), ("w", Path(Root.INPUT, (Key("o"),)))))
    steady = Flow(takes=SCOPE_INPUT, steps=(Pass(name="A", gives=same), again))
    failed(run(steady, {"v": 1, "o": {"p": [1]}}), "5000 events")


def test_depth_of_what_comes_in() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    failed(run(passes(1), {"x": deep}), "execution input: JSON nested")
    task = f"- {{type: task, name: T, {ARN}}}"
    failed(run(steps(task), {}, {"f": answers({"x": deep})}), "task result: JSON nested")
    execution = run(steps(task), {}, {"f": answers(Fails("E", deep))})
    assert (execution.error, execution.cause) == (
        "E",
        "the cause is left out: cause: JSON nested deeper than the limit of 128 levels",
    )
    assert run(steps(task), {}, {"f": answers(Fails("E", "c" * 8_000))}).cause == "c" * 8_000
    while isinstance(deep, list):
        deep = deep[0]


def test_branches() -> None:
    def fan(count: int) -> Flow:
        return Flow(takes=SCOPE_INPUT, steps=(Parallel(name="P", branches=((),) * count),))

    assert run(fan(100)).status == "Succeeded"
    failed(run(fan(101)), "101 branches exceed the limit of 100")
    assert run(fan(101), settings=Settings(limits=Limits(branches=None))).status == "Succeeded"


def test_the_101st_iteration_begins_when_one_ends() -> None:
    text = f"""
- type: foreach
  name: E
  iterationMapping: {{collection: $.xs, item: x}}
  steps: [{{type: task, name: T, {ARN}}}]
"""
    driver = drive(steps(text), {"f": lambda invoke: Later(1_000 + invoke.input["x"], {})}).start(
        {"xs": list(range(150))}
    )
    assert len(driver.invokes) == 100
    driver.tell(Completed(1, driver.invokes[7].call, {}))
    assert [invoke.input["x"] for invoke in driver.invokes[100:]] == [100]
    driver.run()
    assert driver.execution.status == "Succeeded"
    assert len(driver.invokes) == 150
    starts = [event.at for event in driver.execution.history if event.type == "IterationEntered"]
    assert starts[:100] == [0] * 100
    assert starts[100:103] == [1, 1_000, 1_001]


def test_the_execution_times_out() -> None:
    text = "version: v1\ntype: flow\ntimeoutSeconds: 30\nsteps: [{type: wait, name: W, duration: %d}]"
    assert run(flow_of(text % 30)).status == "TimedOut"
    assert run(flow_of(text % 29)).status == "Succeeded"
    execution = run(flow_of(text % 300))
    assert (execution.status, execution.error, execution.ended_at) == ("TimedOut", "FnF.Timeout", 30_000)
    assert execution.history[-1].type == "ExecutionTimedOut"
    assert execution.history[-1].detail == {
        "error": "FnF.Timeout",
        "cause": "the execution did not end within 30 seconds",
    }
    assert execution.outstanding() == []


def test_an_execution_lasts_a_year_at_most() -> None:
    driver = drive(steps(f"- {{type: task, name: T, {ARN}, pattern: waitForCallback}}"), {"f": answers(Accepts())})
    year = 365 * 86_400_000
    assert driver.start().run(year - 1).execution.status == "Running"
    assert driver.run(1).execution.status == "TimedOut"
    unlimited = Settings(limits=NO_LIMITS)
    assert drive(passes(1), settings=unlimited).start().due == []


def test_an_output_that_is_too_large_for_the_flow() -> None:
    flow = Flow(
        takes=SCOPE_INPUT,
        steps=(Pass(name="A", takes=Const({}), gives=Object((("x", Const("y" * 20_000)),))),),
        gives=Object((("a", RESULT), ("b", RESULT))),
    )
    failed(run(flow), "flow output")
