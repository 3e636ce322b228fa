"""Executions behind the port: order of work, deletion, tokens, sub-flows, quotas, rates and determinism."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fnf.core import Quotas
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.cloud.targets import TaskCall
from fnfkit.engine.settings import NO_LIMITS, Settings
from fnfkit.model.names import FunctionRef
from fnfkit.ports import (
    ExecutionAlreadyCompleted,
    ExecutionAlreadyExists,
    ExecutionNotExists,
    InvalidArgument,
    ResourceThrottled,
    TaskAlreadyCompleted,
    TaskInvalidState,
)
from tests.cloud.flows import CALLBACK, EMPTY, PARALLEL, PASS, POLL, SAGA, WAIT, World, parent


@pytest.fixture(params=[False, True], ids=["memory", "durable"])
def world(request: pytest.FixtureRequest) -> World:
    return World(MemoryStore(durable=request.param))


def test_nothing_happens_until_the_cloud_is_driven(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("f", EMPTY)
    assert flows.start_execution("f", name="e").status == "Starting"
    assert flows.start_execution("f", name="e", input='{"other":1}').input == "{}"
    world.cloud.run_until_idle()
    with pytest.raises(ExecutionAlreadyExists, match="Execution e for flow f already exists"):
        flows.start_execution("f", name="e")


def test_an_execution_can_be_stopped_before_it_has_begun(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("f", WAIT)
    flows.start_execution("f", name="e")
    stopped = flows.stop_execution("f", "e", error="Enough", cause="of this")
    assert stopped.status == "Stopped" and stopped.stopped == stopped.started
    assert [event.type for event in world.history()][-1] == "ExecutionStopped"
    world.cloud.run_until_idle()
    assert world.cloud.clock.now() == stopped.started, "a stopped execution's timers are gone"
    with pytest.raises(ExecutionAlreadyCompleted):
        flows.stop_execution("f", "e")


def test_a_flow_that_ends_at_once_cannot_be_stopped_any_more(world: World) -> None:
    world.cloud.flows.create_flow("f", EMPTY)
    world.cloud.flows.start_execution("f", name="e")
    with pytest.raises(ExecutionAlreadyCompleted):
        world.cloud.flows.stop_execution("f", "e")
    assert world.cloud.flows.describe_execution("f", "e").status == "Succeeded"


def test_a_branch_runs_until_it_blocks_before_the_next_moves(world: World) -> None:
    assert world.run(PARALLEL, '{"list":[1,2]}') == "Succeeded"
    steps = [(event.type, event.step) for event in world.history() if event.step in ("L", "LW", "RW", "R")]
    entered = [step for type, step in steps if type == "StepEntered"]
    assert entered == ["L", "LW", "RW", "R"]
    exited = [step for type, step in steps if type == "StepExited"]
    assert exited == ["L", "LW", "RW", "R"]
    scaled = [event.type for event in world.history() if event.step == "Scale"]
    assert scaled == ["StepEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "StepExited"] * 2


def test_waiting_for_a_report_lets_no_time_pass(world: World) -> None:
    start = world.cloud.clock.now()
    assert world.run(CALLBACK) == "Running"
    assert world.cloud.clock.now() == start
    world.cloud.advance(366 * 86_400)
    assert world.cloud.flows.describe_execution("f", "e").status == "TimedOut"


def test_describe_waits_for_the_end_or_for_its_time(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("f", WAIT)
    start = flows.start_execution("f", name="e").started
    assert flows.describe_execution("f", "e", wait_seconds=4).status == "Running"
    assert world.cloud.clock.now() == start + 4_000
    assert flows.describe_execution("f", "e", wait_seconds=60).status == "Succeeded"
    assert world.cloud.clock.now() == start + 10_000


def test_on_end_calls_back_once_and_can_be_cancelled(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("f", WAIT)
    flows.start_execution("f", name="e")
    seen: list[str] = []
    flows.on_end("f", "e", lambda: seen.append("kept"))
    flows.on_end("f", "e", lambda: seen.append("cancelled"))()
    world.cloud.run_until_idle()
    assert seen == ["kept"]
    flows.on_end("f", "e", lambda: seen.append("late"))()
    assert seen == ["kept", "late"]
    with pytest.raises(ExecutionNotExists):
        flows.on_end("f", "other", lambda: None)


def test_a_failing_call_back_harms_nobody_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    flows, seen = world.cloud.flows, []
    flows.create_flow("f", EMPTY)
    for name in ("a", "b"):
        flows.start_execution("f", name=name)
        flows.on_end("f", name, lambda: seen.append(1 // 0))
        flows.on_end("f", name, lambda name=name: seen.append(name))
    world.cloud.run_until_idle()
    assert seen == ["a", "b"] and caplog.text.count("ZeroDivisionError: ") == 2


def story() -> bytes:
    """The histories of several flows, as text."""
    world = World()
    world.run(SAGA, '{"buy_train_ticket_result":1,"reserve_flight_result":1,"reserve_hotel_result":false}')
    world.run(PARALLEL, '{"list":[3,1,2]}', flow="g", name="x")
    world.run(CALLBACK, flow="h", name="y")
    world.cloud.flows.report_task_succeeded(world.tokens[0], "{}")
    generated = world.cloud.flows.start_execution("g", input='{"list":[]}').name
    world.cloud.run_until_idle()
    places = (("f", "e"), ("g", "x"), ("h", "y"), ("g", generated))
    return json.dumps([[event._asdict() for event in world.history(*place)] for place in places]).encode()


def test_a_hundred_runs_have_the_same_history_to_the_byte() -> None:
    assert len({story() for _ in range(100)}) == 1


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_history_does_not_depend_on_the_process(seed: str) -> None:
    code = "import sys; from tests.cloud.test_executions import story; sys.stdout.buffer.write(story())"
    root = Path(__file__).parents[2]
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=root, env=environment, check=True)
    assert said.stdout == story()


def test_timers_of_branches_fire_in_due_order_and_cost_no_wall_time(world: World) -> None:
    branches = "".join(f"      - steps: [{{type: wait, name: W{s}, duration: {s}}}]\n" for s in (60, 30, 10))
    began = time.perf_counter()
    assert world.run(f"version: v1\ntype: flow\nsteps:\n  - type: parallel\n    name: P\n    branches:\n{branches}")
    assert time.perf_counter() - began < 5
    start = world.history()[0].time
    exits = [(event.step, event.time - start) for event in world.history() if event.type == "StepSucceeded"]
    assert exits == [("W10", 10_000), ("W30", 30_000), ("W60", 60_000), ("P", 60_000)]


def test_histories_are_the_same_on_every_store() -> None:
    histories = []
    for store in (MemoryStore(), MemoryStore(durable=True)):
        world = World(store)
        world.run(SAGA, '{"buy_train_ticket_result":1,"reserve_flight_result":1,"reserve_hotel_result":false}')
        histories.append(world.history())
    assert histories[0] == histories[1]


def test_deleting_a_flow_frees_its_name_and_lets_its_executions_finish_their_step(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("f", CALLBACK)
    flows.start_execution("f", name="e")
    world.cloud.run_until_idle()
    flows.delete_flow("f")
    flows.create_flow("f", CALLBACK)
    with pytest.raises(ExecutionNotExists):
        flows.describe_execution("f", "e")
    flows.start_execution("f", name="e")
    world.cloud.run_until_idle()
    old, new = world.tokens
    assert old != new
    flows.report_task_succeeded(old, "{}")
    world.cloud.run_until_idle()
    assert flows.describe_execution("f", "e").status == "Running", "the successor is not touched"
    with pytest.raises(InvalidArgument):
        flows.report_task_succeeded(old, "{}")
    assert world.cloud.clock.now() == flows.describe_execution("f", "e").started, "the old one has not begun to wait"
    flows.report_task_succeeded(new, "{}")
    world.cloud.run_until_idle()
    assert flows.describe_execution("f", "e").status == "Succeeded"


def test_updating_a_flow_leaves_running_executions_alone(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("f", WAIT)
    flows.start_execution("f", name="old")
    world.cloud.run_until(lambda: flows.describe_execution("f", "old").status == "Running")
    flows.update_flow("f", definition=PASS)
    flows.start_execution("f", name="new", input='{"say":1}')
    world.cloud.run_until_idle()
    old, new = (flows.describe_execution("f", name) for name in ("old", "new"))
    assert (old.definition, old.output) == (WAIT, "{}")
    assert (new.definition, new.output) == (PASS, '{"said":1}')


def test_the_token_rules(world: World) -> None:
    flows = world.cloud.flows
    world.run(CALLBACK)
    (token,) = world.tokens
    assert flows.report_task_failed(token, "Denied", "because") == 6
    with pytest.raises(TaskAlreadyCompleted, match="has already completed"):
        flows.report_task_succeeded(token, "{}")
    world.cloud.run_until_idle()
    assert flows.describe_execution("f", "e").status == "Succeeded"
    with pytest.raises(TaskAlreadyCompleted):
        flows.report_task_succeeded(token, "{}")


def test_the_token_of_an_earlier_attempt_is_superseded(world: World) -> None:
    retried = CALLBACK.replace("    catch:", "    timeoutSeconds: 5\n    retry:\n      - errors: [FnF.ALL]\n    catch:")
    world.cloud.flows.create_flow("f", retried)
    world.cloud.flows.start_execution("f", name="e")
    world.cloud.advance(7)
    first, second = world.tokens
    with pytest.raises(TaskInvalidState):
        world.cloud.flows.report_task_succeeded(first, "{}")
    assert world.cloud.flows.report_task_succeeded(second, "{}") > 6


@pytest.mark.parametrize("token", ["", "x", "djEjZiNlIzIj", "é", "A" * 5000])
def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    world.run(CALLBACK)
    with pytest.raises(InvalidArgument):
        world.cloud.flows.report_task_succeeded(token, "{}")
    with pytest.raises(InvalidArgument):
        world.cloud.flows.report_task_failed(token, "E", "C")
    assert world.cloud.flows.describe_execution("f", "e").status == "Running"


def test_a_forged_token_completes_nothing(world: World) -> None:
    world.run(CALLBACK)
    world.run(CALLBACK, name="other")
    mine, other = world.tokens
    assert mine != other
    forged = mine[:-8] + other[-8:]
    with pytest.raises(InvalidArgument):
        world.cloud.flows.report_task_succeeded(forged, "{}")
    world.cloud.flows.report_task_succeeded(mine, "{}")
    world.cloud.run_until_idle()
    assert world.cloud.flows.describe_execution("f", "other").status == "Running"


def test_a_function_may_report_before_it_returns(world: World) -> None:
    def ask(event: dict[str, str]) -> dict[str, str]:
        world.cloud.flows.report_task_succeeded(event["token"], '{"early":true}')
        return {}

    world.cloud.functions.stub("s", "ask", ask)
    assert world.run(CALLBACK) == "Succeeded"
    types = [event.type for event in world.history() if event.step == "Ask"]
    assert types[-3:] == ["TaskSubmitted", "TaskSucceeded", "StepExited"]


class Stubborn:
    """A target that answers far too often, or breaks."""

    def __init__(self) -> None:
        self.calls: list[TaskCall] = []
        self.act: Callable[[TaskCall], None] = lambda call: call.succeed({"n": 3})

    def invoke(self, call: TaskCall) -> None:
        self.calls.append(call)
        self.act(call)


def test_only_the_first_answer_counts(world: World) -> None:
    target = Stubborn()

    def answer(call: TaskCall) -> None:
        call.succeed({"n": 3})
        call.fail("Late", "")
        call.succeed({"n": 0})

    target.act = answer
    world.cloud.targets.register(FunctionRef, target)
    assert world.run(POLL) == "Succeeded"
    target.calls[0].fail("Later", "still")
    world.cloud.run_until_idle()
    assert len(target.calls) == 1
    call = target.calls[0]
    assert (call.flow, call.execution, call.step, call.attempt, call.account) == ("f", "e", "Bump", 0, "123456789012")


def test_a_broken_target_fails_the_step(world: World, caplog: pytest.LogCaptureFixture) -> None:
    target = Stubborn()
    target.act = lambda call: {}["nothing"]
    world.cloud.targets.register(FunctionRef, target)
    assert world.run(POLL) == "Failed"
    failed = next(event for event in world.history() if event.type == "TaskFailed")
    assert failed.detail["error"] == "FnF.RuntimeError" and "KeyError" in failed.detail["cause"]
    assert "the target of step Bump failed" in caplog.text


def test_a_timed_out_call_is_told_so(world: World) -> None:
    target, abandoned = Stubborn(), []

    def wait(call: TaskCall) -> None:
        call.on_abandon = lambda: abandoned.append(call.attempt)

    target.act = wait
    world.cloud.targets.register(FunctionRef, target)
    assert world.run(POLL.replace("name: Bump", "name: Bump\n    timeoutSeconds: 3")) == "Failed"
    assert abandoned == [0] and target.calls[0].abandoned
    target.calls[0].succeed({"n": 3})
    world.cloud.run_until_idle()
    assert [event.type for event in world.history()][-1] == "ExecutionFailed"


def test_a_target_nobody_offers_is_named(world: World) -> None:
    definition = WAIT.replace("type: wait", "type: task").replace("duration: 10", "action: oss:PutObject")
    assert world.run(definition) == "Failed"
    failed = next(event for event in world.history() if event.type == "TaskFailed")
    assert failed.detail["error"] == "FnF.RuntimeError" and "oss:PutObject" in failed.detail["cause"]


@pytest.mark.parametrize(
    ("child", "input", "status", "output"),
    [
        (PASS, '{"say":"hi"}', "Succeeded", {"said": "hi"}),
        (WAIT + "timeoutSeconds: 5\n", "{}", "TimedOut", {"error": "FnF.Timeout"}),
        ("version: v1\ntype: flow\nsteps: [{type: fail, name: No, error: Sorry, cause: why}]", "{}", "Failed",
         {"error": "Sorry", "cause": "why"}),
    ],
    ids=["succeeds", "times out", "fails"],
)  # fmt: skip
def test_what_a_parent_sees_of_its_child(
    world: World, child: str, input: str, status: str, output: dict[str, str]
) -> None:
    flows = world.cloud.flows
    flows.create_flow("child", child)
    assert world.run(parent("sync"), input) == "Succeeded"
    (record,) = flows.list_executions("child").items
    assert (record.status, record.input) == (status, input)
    seen = json.loads(flows.describe_execution("f", "e").output)
    assert {key: seen[key] for key in output} == output


def test_a_stopped_child_raises_its_error_in_the_parent(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("child", CALLBACK)
    assert world.run(parent("sync")) == "Running"
    (record,) = flows.list_executions("child").items
    flows.stop_execution("child", record.name, error="Halt", cause="by hand")
    world.cloud.run_until_idle()
    assert json.loads(flows.describe_execution("f", "e").output) == {"error": "Halt", "cause": "by hand"}


def test_a_child_that_is_only_started(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("child", WAIT)
    start = world.cloud.clock.now()
    assert world.run(parent("requestResponse")) == "Succeeded"
    ended = flows.describe_execution("f", "e")
    assert ended.stopped == start
    response = json.loads(ended.output)
    assert response["Name"] == flows.list_executions("child").items[0].name
    assert (response["FlowName"], response["Status"], response["Output"]) == ("child", "Running", "")


def test_a_child_that_reports_by_itself(world: World) -> None:
    flows = world.cloud.flows
    reporting = """
version: v1
type: flow
steps:
  - type: task
    name: Report
    action: fnf:ReportTaskSucceeded
    serviceParams:
      TaskToken: $.token
      Output:
        from: child
"""
    waiting = parent("waitForCallback").replace(
        "    errorMappings:",
        "    inputMappings:\n      - {target: token, source: $context.task.token}\n    errorMappings:",
    )
    flows.create_flow("child", reporting)
    assert world.run(waiting) == "Succeeded"
    assert json.loads(flows.describe_execution("f", "e").output) == {"from": "child"}


def test_a_child_that_does_not_exist(world: World) -> None:
    assert world.run(parent("sync", "nobody")) == "Succeeded"
    seen = json.loads(world.cloud.flows.describe_execution("f", "e").output)
    assert seen == {"error": "FnF.FlowNotExists", "cause": "Flow nobody does not exist."}


def action(api: str, **params: str) -> str:
    """A flow whose only step calls an operation of the API."""
    lines = "".join(f"      {key}: {value}\n" for key, value in params.items())
    return f"version: v1\ntype: flow\nsteps:\n  - type: task\n    name: Call\n    action: fnf:{api}\n" + (
        f"    serviceParams:\n{lines}" if lines else ""
    )


def test_actions_perform_operations_of_the_api(world: World) -> None:
    flows = world.cloud.flows
    flows.create_flow("child", CALLBACK)
    started = action("StartExecution", FlowName="child", ExecutionName="c", Input="$")
    assert world.run(started, '{"a":1}', flow="start") == "Succeeded"
    assert flows.describe_execution("child", "c").input == '{"a":1}'
    assert world.run(action("DescribeExecution", FlowName="child", ExecutionName="c"), flow="look") == "Succeeded"
    assert json.loads(flows.describe_execution("look", "e").output)["Status"] == "Running"
    assert world.run(action("StopExecution", FlowName="child", ExecutionName="c", Error="Off"), flow="s") == "Succeeded"
    assert flows.describe_execution("child", "c").status == "Stopped"


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        (action("StartExecution", FlowName="nobody"), "fnf.FlowNotExists"),
        (action("StartExecution"), "fnf.MissingRequiredParams"),
        (action("StartExecution", FlowName="f", ExecutionName="7"), "fnf.InvalidArgument"),
        (action("StopExecution", FlowName="f", ExecutionName="x"), "fnf.ExecutionNotExists"),
        (action("ReportTaskFailed", TaskToken="t", Error="E"), "fnf.InvalidArgument"),
        (action("Fly"), "fnf.ActionNotSupported"),
    ],
)
def test_refused_actions_fail_with_the_code(world: World, definition: str, error: str) -> None:
    assert world.run(definition) == "Failed"
    failed = next(event for event in world.history() if event.type == "TaskFailed")
    assert failed.detail["error"] == error and failed.detail["cause"]


def test_without_limits_a_synchronous_execution_that_waits_for_nobody_is_stopped() -> None:
    world = World(settings=Settings(limits=NO_LIMITS))
    world.cloud.flows.create_flow("f", CALLBACK, execution_mode="Express")
    result = world.cloud.flows.start_sync_execution("f", name="e")
    assert (result.status, result.error) == ("Stopped", "FnF.Timeout")


def test_the_limit_of_synchronous_executions_is_theirs_alone(world: World) -> None:
    world.cloud.flows.create_flow("f", WAIT.replace("10", "301"))
    world.cloud.flows.create_flow("g", WAIT.replace("10", "301"), execution_mode="Express")
    world.cloud.flows.create_flow("h", WAIT.replace("10", "299"), execution_mode="Express")
    world.cloud.flows.start_execution("f", name="e")
    assert world.cloud.flows.start_sync_execution("g").status == "TimedOut"
    assert world.cloud.flows.start_sync_execution("h").status == "Succeeded"
    assert world.cloud.flows.describe_execution("f", "e").status == "Succeeded"


def test_a_synchronous_execution_can_be_begun_without_waiting(world: World) -> None:
    world.cloud.flows.create_flow("f", WAIT, execution_mode="Express")
    results: list[object] = []
    world.cloud.flows.begin_sync_execution("f", name="e", on_end=results.append)
    assert not results
    world.cloud.run_until_idle()
    assert [result.status for result in results] == ["Succeeded"]  # type: ignore[attr-defined]
    assert not world.cloud.flows.list_executions("f").items


def test_a_function_may_drive_its_cloud(world: World) -> None:
    def bump(event: dict[str, int]) -> dict[str, int]:
        flows = world.cloud.flows
        flows.start_execution("g", name=f"inner{event['n']}")
        assert flows.describe_execution("g", f"inner{event['n']}", wait_seconds=30).status == "Succeeded"
        return {"n": event["n"] + 1}

    world.cloud.flows.create_flow("g", WAIT)
    world.cloud.functions.stub("s", "bump", bump)
    assert world.run(POLL) == "Succeeded"


def test_quotas(world: World) -> None:
    cloud = Cloud(store=world.cloud.store, quotas=Quotas(flows=2, running_executions=2))
    cloud.flows.create_flow("a", EMPTY)
    cloud.flows.create_flow("b", WAIT)
    with pytest.raises(ResourceThrottled, match="2 flows"):
        cloud.flows.create_flow("c", EMPTY)
    cloud.flows.start_execution("a")
    cloud.flows.start_execution("b")
    with pytest.raises(ResourceThrottled, match="2 running executions"):
        cloud.flows.start_execution("a")
    cloud.run_until_idle()
    cloud.flows.start_execution("a")


@pytest.mark.parametrize(
    ("call", "size", "rate"),
    [
        (lambda flows: flows.start_execution("f"), 100, 100),
        (lambda flows: flows.describe_execution("f", "e"), 50, 5),
        (lambda flows: flows.get_execution_history("f", "e"), 50, 5),
        (lambda flows: flows.list_flows(), 10, 2),
    ],
)
def test_documented_rates(call: Callable[[object], object], size: int, rate: int) -> None:
    world = World(throttle=True)
    world.cloud.flows.create_flow("f", EMPTY)
    world.cloud.flows.start_execution("f", name="e")
    world.cloud.advance(60)
    for allowed in (size, rate, rate):
        for _ in range(allowed):
            call(world.cloud.flows)
        with pytest.raises(ResourceThrottled):
            call(world.cloud.flows)
        world.cloud.advance(1)
    world.cloud.advance(3600)
    for _ in range(size):
        call(world.cloud.flows)
    with pytest.raises(ResourceThrottled):
        call(world.cloud.flows)


@pytest.mark.parametrize(("executions", "steps"), [(60, 10), (1, 450)])
def test_steps_are_entered_at_the_documented_rate(executions: int, steps: int) -> None:
    world = World(throttle=True)
    chain = EMPTY.partition("  - ")[0] + "".join(f"  - {{type: pass, name: S{n}}}\n" for n in range(steps))
    world.cloud.flows.create_flow("f", chain)
    start = world.cloud.clock.now()
    for number in range(executions):
        world.cloud.flows.start_execution("f", name=f"e{number}")
    world.cloud.run_until_idle()
    entered = sorted(
        (event.time - start) / 1000
        for number in range(executions)
        for token in ("1", "1001")
        for event in world.cloud.flows.executions.history("f", f"e{number}", token, 1000).items
        if event.type == "StepEntered"
    )
    assert len(entered) == executions * steps
    assert entered[99] == 0 and entered[-1] == pytest.approx((executions * steps - 100) / 100, abs=0.2)
    for number, at in enumerate(entered):
        assert number < 100 + 100 * at + 20, "a turn that has begun is not cut, and that is all"


def test_executions_that_wait_for_their_pace_survive_a_crash() -> None:
    store = MemoryStore(durable=True)
    world = World(store, throttle=True)
    steps = "".join(f"  - {{type: pass, name: S{number}}}\n" for number in range(3))
    world.cloud.flows.create_flow("f", CALLBACK.replace("steps:\n", "steps:\n" + steps, 1))
    names = [f"e{number}" for number in range(90)]
    for name in names:
        world.cloud.flows.start_execution("f", name=name)
    world.cloud.run_until_idle()
    histories = world.cloud.flows.executions.history
    before = [histories("f", name, None, 1000) for name in names]
    assert before[-1].items[0].time > before[0].items[0].time + 1000
    assert all(page.items[-1].type == "TaskSubmitted" for page in before)
    again = World(store)
    again.cloud.recover()
    assert [again.cloud.flows.executions.history("f", name, None, 1000) for name in names] == before


def test_ten_thousand_waiting_executions_cost_little_memory() -> None:
    import tracemalloc

    world = World()
    world.cloud.flows.create_flow("f", CALLBACK)
    tracemalloc.start()
    for number in range(2_000):
        world.cloud.flows.start_execution("f", name=f"e{number}")
    world.cloud.run_until_idle()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used / 2_000 < 4096, f"{used / 2_000:.0f} bytes for each"


def test_ended_executions_of_a_durable_store_leave_memory() -> None:
    store: Store = MemoryStore(durable=True)
    world = World(store)
    world.cloud.flows.create_flow("f", EMPTY)
    for _ in range(100):
        world.cloud.flows.start_execution("f")
    world.cloud.run_until_idle()
    flow = world.cloud.flows._core.registry.get("f")
    assert not flow.runs
    assert len(world.cloud.flows.list_executions("f", limit=100).items) == 100
