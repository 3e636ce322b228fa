"""What single steps do: data flow, choices, waits, containers and the flow's own mappings."""

from __future__ import annotations

from typing import Any

import pytest

from fnfkit.engine import Resume, Settings, Start, Stop, advance, compile
from fnfkit.engine.execution import Execution
from fnfkit.model.expr import SCOPE_INPUT, SCOPE_LOCAL, Const, Object
from fnfkit.model.flow import Arm, Choice, Fail, Flow, Foreach, Parallel, Pass, Succeed, Wait, When
from tests.engine.driver import Later, answers, drive, flow_of, outline, run, steps


def ends(text: str, input: Any = None) -> Any:
    execution = run(steps(text), input)
    assert execution.status == "Succeeded", execution.cause
    return execution.output


def failure(text: str, input: Any = None) -> tuple[str, str]:
    execution = run(steps(text), input)
    assert execution.status == "Failed"
    return execution.error, execution.cause


def test_pass_does_not_echo_its_input() -> None:
    assert ends("- {type: pass, name: A}", {"x": 1}) == {}


def test_empty_mappings_give_an_empty_object() -> None:
    execution = run(steps("- {type: pass, name: A, inputMappings: [], outputMappings: []}"), {"x": 1})
    assert execution.history[2].detail == {"input": {}}
    assert execution.output == {}


def test_a_later_output_wins_and_looping_back_clears_nothing() -> None:
    text = """
- {type: pass, name: A, outputMappings: [{target: a, source: 1}, {target: b, source: {deep: 1}}]}
- {type: pass, name: B, outputMappings: [{target: b, source: {other: 2}}]}
"""
    assert ends(text) == {"a": 1, "b": {"other": 2}}


def test_paths_in_constants_are_text() -> None:
    assert ends('- {type: pass, name: A, outputMappings: [{target: a, source: ["$input.x"]}]}') == {"a": ["$input.x"]}


@pytest.mark.parametrize(
    ("input", "taken"), [({"n": 5}, "big"), ({"n": 1}, "small"), ({}, "small"), ({"n": None}, "small")]
)
def test_choice_takes_the_first_true_option_or_its_default(input: Any, taken: str) -> None:
    text = """
- type: choice
  name: C
  choices:
    - condition: $.n > 4
      steps: [{type: pass, name: Big, outputMappings: [{target: taken, source: big}]}]
    - condition: $.n > 3
      steps: [{type: pass, name: Never, outputMappings: [{target: taken, source: never}]}]
  default:
    steps: [{type: pass, name: Small, outputMappings: [{target: taken, source: small}]}]
"""
    assert ends(text, input) == {"taken": taken}


def test_a_choice_without_a_true_option_goes_on() -> None:
    text = """
- {type: choice, name: C, choices: [{condition: $.absent == 1, goto: Z}]}
- {type: pass, name: A, outputMappings: [{target: a, source: 1}]}
- {type: pass, name: Z}
"""
    assert ends(text) == {"a": 1}


def test_a_choice_runs_the_steps_of_its_option_and_then_jumps() -> None:
    text = """
- type: choice
  name: C
  end: true
  choices:
    - condition: $.go
      steps:
        - {type: pass, name: In, outputMappings: [{target: inner, source: $input.go}]}
      goto: Z
- {type: pass, name: Skipped, outputMappings: [{target: skipped, source: 1}]}
- {type: pass, name: Z, outputMappings: [{target: z, source: 1}]}
"""
    execution = run(steps(text), {"go": True})
    assert execution.output == {"inner": True, "z": 1}
    assert [kind for _, kind, step in outline(execution) if step == "C"] == [
        "StepEntered",
        "StepStarted",
        "StepSucceeded",
        "StepExited",
    ]
    assert execution.history[3].type == "StepEntered"
    assert execution.history[3].step == "In"
    assert [event.scheduled_by for event in execution.history] == list(range(len(execution.history)))
    assert ends(text, {"go": False}) == {}


def test_succeed_and_end_close_only_their_own_sequence() -> None:
    text = """
- type: choice
  name: C
  choices:
    - condition: $.x == 1
      steps:
        - {type: succeed, name: Return, outputMappings: [{target: r, source: 1}]}
        - {type: pass, name: NotRun, outputMappings: [{target: n, source: 1}]}
- {type: pass, name: After, end: true, outputMappings: [{target: after, source: 1}]}
- {type: fail, name: NeverToo}
"""
    assert ends(text, {"x": 1}) == {"r": 1, "after": 1}


def test_fail_climbs_through_every_owner() -> None:
    text = """
- type: parallel
  name: P
  branches:
    - steps:
        - type: choice
          name: C
          choices:
            - condition: "true"
              steps: [{type: fail, name: F, error: Bad, cause: luck}]
"""
    execution = run(steps(text))
    assert outline(execution)[-4:] == [
        (9, "StepFailed", "F"),
        (10, "StepFailed", "C"),
        (11, "StepFailed", "P"),
        (12, "ExecutionFailed", ""),
    ]
    assert {event.scheduled_by for event in execution.history[-3:]} == {9, 10, 11}
    assert (execution.error, execution.cause) == ("Bad", "luck")
    assert failure("- {type: fail, name: F}") == ("", "")


def test_missing_paths_fail_the_step_or_are_null_in_the_lenient_mode() -> None:
    text = "- {type: pass, name: A, outputMappings: [{target: a, source: $local.marker}]}"
    error, cause = failure(text)
    assert error == "FnF.RuntimeError"
    assert "$local.marker" in cause
    lenient = Settings(missing_path_is_null=True)
    assert run(steps(text), settings=lenient).output == {"a": None}
    choice = "- {type: choice, name: C, choices: [{condition: $.x == null, steps: [{type: fail, name: F}]}]}"
    assert run(steps(choice), settings=lenient).output == {}


def test_context() -> None:
    text = """
- type: pass
  name: A
  outputMappings:
    - {target: flow, source: $context.flow.name}
    - {target: execution, source: $context.execution.name}
- type: pass
  name: B
  inputMappings: [{target: id, source: $context.step.eventId}]
  outputMappings: [{target: id, source: $input.id}, {target: same, source: $context.step.eventId}]
"""
    assert ends(text) == {"flow": "flow", "execution": "run", "id": 6, "same": 6}
    assert failure("- {type: pass, name: A, outputMappings: [{target: t, source: $context.task.token}]}")


def test_flow_mappings_fail_the_execution() -> None:
    for mapping in ("inputMappings", "outputMappings"):
        text = (
            f"version: v1\ntype: flow\n{mapping}: [{{target: a, source: $input.x}}]\nsteps: [{{type: pass, name: A}}]"
        )
        execution = run(flow_of(text))
        assert (execution.status, execution.error) == ("Failed", "FnF.RuntimeError")
        assert "$input.x" in execution.cause


@pytest.mark.parametrize(
    ("wait", "input", "ms"),
    [
        ("duration: 7", {}, 7000),
        ("duration: 0", {}, 0),
        ("duration: $.s", {"s": 3}, 3000),
        ("duration: $.s", {"s": 3.0}, 3000),
        ("duration: $.s", {"s": 172_800}, 172_800_000),
        ('timestamp: "1970-01-01T00:01:00Z"', {}, 60_000),
        ("timestamp: $.t", {"t": "1970-01-01t01:00:30.5+01:00"}, 30_500),
        ("timestamp: $.t", {"t": "1970-01-01T00:00:01.0001z"}, 1_001),
        ("timestamp: $.t", {"t": "1969-07-20T20:17:00Z"}, 0),
        ("timestamp: $.t", {"t": "0001-01-01T00:00:00+23:59"}, 0),
    ],
)
def test_waits(wait: str, input: Any, ms: int) -> None:
    execution = run(steps(f"- {{type: wait, name: W, {wait}}}"), input)
    assert execution.status == "Succeeded", execution.cause
    assert execution.ended_at == ms
    assert [kind for _, kind, _ in outline(execution)][1:5] == [
        "StepEntered",
        "StepStarted",
        "StepSucceeded",
        "StepExited",
    ]


@pytest.mark.parametrize(
    ("wait", "value", "words"),
    [
        ("duration", -1, "whole number of seconds"),
        ("duration", 1.5, "whole number of seconds"),
        ("duration", "10", "whole number of seconds"),
        ("duration", True, "whole number of seconds"),
        ("duration", None, "whole number of seconds"),
        ("duration", float("inf"), "whole number of seconds"),
        ("duration", 172_801, "172800 seconds at most"),
        ("duration", [1] * 1000, "a value of type list"),
        ("timestamp", "1970-01-03T00:00:01Z", "172800 seconds at most"),
        ("timestamp", "9999-12-31T23:59:59-23:59", "172800 seconds at most"),
        ("timestamp", "1970-01-01", "RFC 3339"),
        ("timestamp", "1970-01-01T00:00:00", "RFC 3339"),
        ("timestamp", "1970-02-30T00:00:00Z", "no time of the calendar"),
        ("timestamp", "0000-01-01T00:00:00Z", "no time of the calendar"),
        ("timestamp", 5, "RFC 3339"),
    ],
)
def test_waits_that_cannot_be(wait: str, value: Any, words: str) -> None:
    error, cause = failure(f"- {{type: wait, name: W, {wait}: $.v}}", {"v": value})
    assert error == "FnF.RuntimeError"
    assert words in cause
    assert "$.v" in failure(f"- {{type: wait, name: W, {wait}: $.v}}")[1]


def test_containers_lose_their_results_without_output_mappings() -> None:
    text = """
- type: parallel
  name: P
  branches: [{steps: [{type: pass, name: A, outputMappings: [{target: a, source: 1}]}]}]
- type: foreach
  name: E
  iterationMapping: {collection: $.xs, item: x}
  steps: [{type: pass, name: B, outputMappings: [{target: a, source: $input.x}]}]
"""
    assert ends(text, {"xs": [1]}) == {}


def test_foreach_adds_item_and_index_to_each_input_and_an_empty_collection_is_fine() -> None:
    text = """
- type: foreach
  name: E
  iterationMapping: {collection: $.x, item: x, index: i}
  steps:
    - type: pass
      name: A
      outputMappings: [{target: x, source: $input.x}, {target: i, source: $input.i}, {target: k, source: $input.k}]
  outputMappings: [{target: all, source: $local}]
"""
    assert ends(text, {"x": ["p", "q"], "i": 9, "k": 0}) == {
        "all": [{"x": "p", "i": 0, "k": 0}, {"x": "q", "i": 1, "k": 0}]
    }
    assert ends(text, {"x": [], "k": 0}) == {"all": []}
    assert "array, not str" in failure(text, {"x": "pq"})[1]
    assert "$.x does not exist" in failure(text, {})[1]


def test_branches_at_latency_run_side_by_side_and_finish_in_due_order() -> None:
    branches = "\n".join(f"    - steps: [{{type: wait, name: W{s}, duration: {s}}}]" for s in (60, 30, 10))
    execution = run(steps(f"- type: parallel\n  name: P\n  branches:\n{branches}"))
    exits = [(event.step, event.at) for event in execution.history if event.type == "StepSucceeded"]
    assert exits == [("W10", 10_000), ("W30", 30_000), ("W60", 60_000), ("P", 60_000)]


def test_a_nested_foreach_is_done_before_the_next_iteration_begins() -> None:
    text = """
- type: foreach
  name: Outer
  iterationMapping: {collection: $.xs, item: x}
  steps:
    - type: foreach
      name: Inner
      iterationMapping: {collection: $.x, item: y}
      steps:
        - {type: task, name: T, resourceArn: acs:fc:::services/s/functions/f}
      outputMappings: [{target: sums, source: "$local[*].y"}]
  outputMappings: [{target: all, source: "$local[*].sums"}]
"""
    driver = drive(steps(text), {"f": lambda invoke: {"y": invoke.input["y"] * 10}}).start({"xs": [[1, 2], [3]]}).run()
    assert driver.execution.output == {"all": [[10, 20], [30]]}
    assert [invoke.input["y"] for invoke in driver.invokes] == [1, 2, 3]


def test_runs_are_deterministic() -> None:
    text = """
- type: foreach
  name: E
  iterationMapping: {collection: $.xs, item: x}
  steps:
    - {type: task, name: T, resourceArn: acs:fc:::services/s/functions/f}
    - {type: wait, name: W, duration: $.x}
  outputMappings: [{target: n, source: "$local[*].n"}]
"""
    flow = steps(text)
    histories = {
        repr(
            run(
                flow, {"xs": [3, 1, 2]}, {"f": lambda invoke: Later(10 * invoke.input["x"], {"n": invoke.call})}
            ).history
        )
        for _ in range(100)
    }
    assert len(histories) == 1


def test_ten_thousand_loops_and_a_thousand_nested_containers_do_not_recurse() -> None:
    loop = Flow(
        takes=SCOPE_INPUT,
        steps=(
            Pass(name="A"),
            Choice(name="C", options=(When(condition=Const(True), arm=Arm(goto="A")),)),
        ),
    )
    execution = run(loop)
    assert (execution.status, len(execution.history)) == ("Failed", 5_000)
    deep: Any = (Fail(name="bottom", error="E"),)
    for level in range(1_000):
        match level % 3:
            case 0:
                deep = (Parallel(name=f"p{level}", branches=(deep,)),)
            case 1:
                deep = (Foreach(name=f"f{level}", collection=Const([1]), item="x", steps=deep),)
            case _:
                deep = (Choice(name=f"c{level}", options=(When(condition=Const(True), arm=Arm(steps=deep)),)),)
    execution = run(Flow(takes=SCOPE_INPUT, steps=deep))
    assert (execution.status, execution.error) == ("Failed", "E")


def test_a_turn_is_bounded_and_goes_on_with_resume() -> None:
    flow = Flow(takes=SCOPE_INPUT, steps=tuple(Pass(name=f"s{number}") for number in range(25)))
    execution = Execution(compile(flow), "flow", "run", Settings(turn_steps=10))
    transition = advance(execution, Start(0, {}))
    lengths = [len(transition.history)]
    while transition.more:
        transition = advance(execution, Resume(0))
        lengths.append(len(transition.history))
    assert lengths == [41, 40, 21]
    assert execution.status == "Succeeded"
    assert advance(execution, Resume(5)).history == []


def test_an_unknown_goto_is_misuse() -> None:
    step = Choice(name="C", options=(), default=Arm(goto="Nowhere"))
    with pytest.raises(ValueError, match="step C: goto names Nowhere"):
        compile(Flow(takes=SCOPE_INPUT, steps=(step,)))


def test_a_flow_that_does_not_accumulate_replaces_its_local() -> None:
    text = Object((("a", Const(1)),))
    flow = Flow(
        takes=SCOPE_INPUT,
        steps=(Pass(name="A", gives=text), Pass(name="B", gives=Const([1, 2])), Succeed(name="S", takes=SCOPE_LOCAL)),
        accumulates=False,
    )
    locals_of = [event.detail["local"] for event in run(flow).history if event.type == "StepExited"]
    assert locals_of == [{"a": 1}, [1, 2], {}]
    listed = Flow(takes=SCOPE_INPUT, steps=(Pass(name="A", gives=Const([1, 2])),), accumulates=False)
    assert run(listed).output == [1, 2]
    accumulating = Flow(takes=SCOPE_INPUT, steps=(Pass(name="A", gives=Const([1, 2])),))
    assert "must be an object" in run(accumulating).cause


def test_odd_models_fail_and_do_not_raise() -> None:
    for flow in (
        Flow(takes=Const(5), steps=(Pass(name="A"),)),
        Flow(takes=SCOPE_INPUT, gives=Const(5), steps=()),
        Flow(takes=SCOPE_INPUT, steps=(Foreach(name="E", takes=Const(5), collection=Const([1]), item="x", steps=()),)),
        Flow(takes=SCOPE_INPUT, steps=(Wait(name="W"),)),
    ):
        execution = run(flow)
        assert (execution.status, execution.error) == ("Failed", "FnF.RuntimeError"), flow
    assert run(Flow(takes=SCOPE_INPUT, steps=())).output == {}
    assert run(Flow(takes=SCOPE_INPUT, steps=(Parallel(name="P", branches=((), ())),))).output == {}


def test_stop_takes_everything_back() -> None:
    text = """
- type: parallel
  name: P
  branches:
    - steps: [{type: task, name: T, timeoutSeconds: 5, resourceArn: acs:fc:::services/s/functions/f}]
    - steps: [{type: wait, name: W, duration: 10}]
"""
    driver = drive(steps(text), {"f": answers(Later(9_000, {}))}).start()
    timers = {1, *driver.execution.timers}
    driver.now = 1_000
    driver.tell(Stop(1_000, "Enough", "said the user"))
    execution = driver.execution
    assert (execution.status, execution.error, execution.cause) == ("Stopped", "Enough", "said the user")
    assert (execution.ended_at, execution.output) == (1_000, None)
    assert execution.history[-1].type == "ExecutionStopped"
    assert execution.history[-1].detail == {"error": "Enough", "cause": "said the user"}
    assert driver.abandoned == [driver.invokes[0].call]
    assert driver.cancelled == timers
    assert execution.outstanding() == []
    count = len(execution.history)
    driver.tell(Stop(2_000, "Again", "")).run()
    assert len(execution.history) == count
