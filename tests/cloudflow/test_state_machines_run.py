"""What state machines do on the engine: data flow, functions, globals, limits and errors (cloudflow.md 2 to 6)."""

from __future__ import annotations

import pytest

from fnfkit.engine import Execution, Settings, advance, compile
from fnfkit.lang.dialects import read
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json, JsonObject
from tests.engine.driver import Fails, answers, drive, flow_of, outline, run


def machine(states: str, start: str = "A") -> Flow:
    head = f"Type: StateMachine\nSpecVersion: v1\nName: flow\nStartAt: {start}\nStates:\n"
    return flow_of(head + "".join(f"  {line}\n" for line in states.strip("\n").splitlines()))


def output(expression: str, input: JsonObject | None = None) -> Json:
    escaped = expression.replace("'", "''")
    done = run(machine(f"- {{Type: Pass, Name: A, OutputConstructor: {{v.$: '{escaped}'}}, End: true}}"), input)
    if done.status != "Succeeded":
        assert done.error == "FnF.RuntimeError"
        raise ValueError(done.cause)
    assert done.output is not None
    return done.output["v"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('format("{}-{}", "a", 1)', "a-1"),
        ('format("{} {} {}", $Input.o, true, null)', '{"x":[1,2]} true null'),
        ("length($Input.o)", 1),
        ('length("äb")', 2),
        ("length($Input.a)", 3),
        ('regexMatchString("abc", "^a.c$")', True),
        ('regexMatchString("abd", "c")', False),
        ('split("a,b,,c", ",")', ["a", "b", "", "c"]),
        ("get($Input.a, 1)", 1),
        ('get($Input.o, "x")', [1, 2]),
        ("intAdd(2, -5)", -3),
        ("arrayContains($Input.a, 1)", True),
        ("arrayContains($Input.a, true)", False),
        ("arrayUnique($Input.a)", [3, 1]),
        ("arrayUnique([1, true, 1])", [1, True]),
        ('toArray(1, "b", $Input.o)', [1, "b", {"x": [1, 2]}]),
        ('mapKeys({"b": 1, "a": 2})', ["a", "b"]),
        ('mapValues({"b": 1, "a": 2})', [2, 1]),
        ('jsonMerge({"x":1,"y":1}, {"y":2})', {"x": 1, "y": 2}),
        ('stringToJson("{\\"a\\":[1]}")', {"a": [1]}),
        ("fromJSON('{\"a\":1}')", {"a": 1}),
        ('jsonToString({"a":[1,null]})', '{"a":[1,null]}'),
        ('toBase64("ä")', "w6Q="),
        ('fromBase64("w6Q=")', "ä"),
        ('hash("abc","MD5")', "900150983cd24fb0d6963f7d28e17f72"),
        ('hash("abc","SHA-1")', "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("randomInt(5, 5)", 5),
        ("$Input.a[*]", [3, 1, 3]),
        ("$Input.a[0] > 2 && !($Input.a[1] == 3)", True),
        ("$Context.Execution.Name", "run"),
        ("$Context.Current.Name", "A"),
        ("$Context.Current.RetryCount", 0),
        ("$Context.Execution.Input.a[1]", 1),
        ("$Global", {}),
    ],
)
def test_functions_and_context(expression: str, value: Json) -> None:
    found = output(expression, {"a": [3, 1, 3], "o": {"x": [1, 2]}})
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("$Input.nothing", "does not exist"),
        ('format("{}")', "1 places and 0 values"),
        ("length(1)", "not a number"),
        ('get($Input.a, "x")', "whole number"),
        ("get($Input.a, 7)", "there is no 7"),
        ('intAdd(1, "2")', "not a string"),
        ("randomInt(2, 1)", "2 is above 1"),
        ('stringToJson("{")', "not JSON"),
        ('stringToJson("NaN")', "not JSON"),
        ('fromBase64("?")', "fromBase64"),
        ('hash("a", "MD4")', "MD4"),
        ('regexMatchString("a", "(")', "does not parse"),
        ('split("a", "")', "not empty"),
        ("jsonMerge($Input, 1)", "only objects"),
        ("arrayUnique(1)", "needs an array"),
        ("mapKeys([])", "needs an object"),
    ],
)
def test_what_functions_refuse_fails_the_state(expression: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        output(expression, {"a": [3]})


def test_chance_is_folded_again_alike() -> None:
    flow = machine(
        '- {Type: Pass, Name: A, OutputConstructor: {a.$: uuid(), b.$: "randomInt(0, 1000000)", c.$: uuid()}}'.replace(
            "}}", "}, End: true}"
        )
    )
    driver = drive(flow).start().run()
    drawn = driver.execution.output
    assert drawn is not None
    assert drawn["a"] != drawn["c"]
    again = Execution(compile(flow), "flow", "run", Settings())
    for event in driver.journal:
        advance(again, event)
    assert again.output == drawn


def test_globals_are_written_at_the_end_and_merged() -> None:
    flow = machine("""
- {Type: Pass, Name: A, GlobalConstructor: {n.$: $Input.n, m: {k: 1}}, OutputConstructor: {before.$: $Global}, Next: B}
- {Type: Pass, Name: B, GlobalConstructor: {m: 2}, OutputConstructor: {seen.$: $Global}, Next: C}
- {Type: Pass, Name: C, OutputConstructor: {end.$: $Global, before.$: $Input.seen}, End: true}
""")
    assert run(flow, {"n": 7}).output == {"end": {"n": 7, "m": 2}, "before": {"n": 7, "m": {"k": 1}}}


def test_the_start_may_stand_anywhere_and_states_may_go_back() -> None:
    flow = machine("""
- {Type: Succeed, Name: Z}
- {Type: Choice, Name: C, Branches: [{Condition: $Input.n >= 3, Next: Z}], Default: A}
- {Type: Pass, Name: A, OutputConstructor: {n.$: "intAdd($Input.n, 1)"}, Next: C}
""")
    done = run(flow, {"n": 0})
    assert [name for _, type, name in outline(done) if type == "StateEntered"] == ["A", "C", "A", "C", "A", "C", "Z"]


def test_a_missing_key_in_a_condition_is_not_taken() -> None:
    flow = machine("""
- Type: Choice
  Name: A
  Branches:
    - {Condition: $Input.a.b == 1, Next: B}
    - {Condition: $Context.Execution.Input.c == 1, Next: C}
  Default: B
- {Type: Pass, Name: B, OutputConstructor: {at: B}, End: true}
- {Type: Pass, Name: C, OutputConstructor: {at: C}, End: true}
""")
    assert run(flow, {}).output == {"at": "B"}
    assert run(flow, {"c": 1}).output == {"at": "C"}


@pytest.mark.parametrize(("catchable", "status"), [(False, "Failed"), (True, "Succeeded")])
def test_a_fail_ends_the_whole_flow_from_any_scope(catchable: bool, status: str) -> None:
    flow = machine("""
- Type: Parallel
  Name: A
  Branches: [{StartAt: F, States: [{Type: Fail, Name: F, Code: No, Detail: never}]}]
  Catch: [{Errors: [FnF.ALL], Next: B}]
  Next: B
- {Type: Succeed, Name: B}
""")
    done = run(flow, settings=Settings(fail_is_catchable=catchable))
    assert (done.status, done.error) == (status, "" if catchable else "No")


def test_a_wait_of_a_path_keeps_to_the_range() -> None:
    flow = machine("- {Type: Wait, Name: A, Seconds.$: $Input.s, End: true}".replace("Seconds.$", '"Seconds.$"'))
    assert drive(flow).start({"s": 300}).run().now == 300_000
    for seconds in (0, 301, "5", 1.5):
        assert run(flow, {"s": seconds}).status == "Failed"


def test_inputs_and_outputs_are_limited_one_by_one() -> None:
    flow = machine("- {Type: Pass, Name: A, OutputConstructor: {a.$: $Input.t, b.$: $Input.t}, End: true}")
    assert run(flow, {"t": "x" * 32_000}).status == "Succeeded"
    done = run(flow, {"t": "x" * 33_000})
    assert (done.status, done.error) == ("Failed", "FnF.RuntimeError")


TASK = (
    "Action: FC:InvokeFunction, Parameters: {resourceArn: 'acs:fc:::functions/f', invocationType: Sync, body.$: $Input}"
)


def test_a_catch_without_a_constructor_passes_the_input_on() -> None:
    flow = machine(f"""
- {{Type: Task, Name: A, InputConstructor: {{x.$: $Input.n}}, {TASK}, Catch: [{{Errors: [Bad], Next: B}}], End: true}}
- {{Type: Pass, Name: B, End: true}}
""")
    assert run(flow, {"n": 1}, {"f": answers(Fails("Bad"))}).output == {"x": 1}
    assert run(flow, {"n": 1}, {"f": answers(Fails("Worse"))}).error == "Worse"
    assert run(flow, {"n": 1}, {"f": answers({"y": 2})}).output == {"y": 2}


def test_a_constant_interval_is_the_default() -> None:
    retry = "Retry: [{Errors: [FnF.ALL], MaxAttempts: 2, IntervalSeconds: 5}]"
    driver = drive(machine(f"- {{Type: Task, Name: A, {TASK}, {retry}, End: true}}"), {"f": answers(Fails("Bad"))})
    driver.start().run()
    assert (driver.now, len(driver.invokes)) == (10_000, 3)


def test_a_timeout_may_be_an_expression() -> None:
    flow = machine(
        f"- {{Type: Task, Name: A, {TASK}, TaskMode: WaitForCustomCallback, Timeout.$: $Input.t, End: true}}".replace(
            "Timeout.$", '"Timeout.$"'
        )
    )
    from tests.engine.driver import Accepts

    driver = drive(flow, {"f": answers(Accepts())}).start({"t": 9}).run()
    assert (driver.now, driver.execution.error) == (9_000, "FnF.TaskTimeout")


def test_a_map_runs_so_many_at_a_time() -> None:
    flow = machine("""
- Type: Map
  Name: A
  ItemsPath: $Input.rows
  MaxConcurrency: 2
  Processor: {StartAt: W, States: [{Type: Wait, Name: W, Seconds: 10, End: true}]}
  End: true
""")
    driver = drive(flow).start({"rows": [{"n": n} for n in range(5)]}).run()
    assert driver.now == 30_000
    assert driver.execution.output == {"Items": [{"n": n} for n in range(5)]}


def test_elements_of_a_distributed_map_are_rebuilt() -> None:
    flow = machine("""
- Type: Map
  Name: A
  ItemsPath: $Input.rows
  ProcessorConfig: {ExecutionMode: Express}
  ItemConstructor: {row.$: $Item, unit.$: $Input.unit}
  Processor: {StartAt: W, States: [{Type: Succeed, Name: W}]}
  End: true
""")
    assert run(flow, {"rows": [1, 2], "unit": "kg"}).output == {
        "Items": [{"row": 1, "unit": "kg"}, {"row": 2, "unit": "kg"}]
    }


def test_null_is_read_with_a_note() -> None:
    reading = read(
        "Type: StateMachine\nSpecVersion: v1\nName: f\nStartAt: A\nStates:\n"
        "  - {Type: Pass, Name: A, OutputConstructor: {v.$: 'null'}, End: true}\n"
    )
    assert [problem.id for problem in reading.problems] == ["W10"]
    assert reading.errors == ()
