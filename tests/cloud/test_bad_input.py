"""What callers must not send, and the fault each piece of it meets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnfkit.cloud.fnf.service import FlowService
from fnfkit.ports import EntityTooLarge, Fault, FlowNotExists, InvalidArgument
from tests.cloud.flows import CALLBACK, EMPTY, PASS, World

LONG = "x" * 70_000
BAD_NAMES = ["", "7up", "a b", "-a", "ä", "a" * 129, "a\n", "a/b", "\ud800", None, 7]
BAD_OBJECTS = [
    ("[]", "a list"),
    ("1", "a number"),
    ('"x"', "a string"),
    ("null", "null"),
    ("true", "a boolean"),
    ("{", "not JSON"),
    ('{"a":NaN}', "not JSON"),
    ('{"a":Infinity}', "not JSON"),
    ('{"a":1e999}', "not JSON"),
    ("{'a':1}", "not JSON"),
    ('{"a":1}x', "not JSON"),
    ('{"a":"\\ud800"}', "not JSON"),
    ('{"a":"\ud800"}', "surrogate"),
    ("[" * 5000, "not JSON"),
    ("not json", "not JSON"),
    (" ", "not JSON"),
]


@pytest.fixture
def world() -> World:
    world = World()
    world.cloud.flows.create_flow("f", EMPTY)
    return world


@pytest.fixture
def flows(world: World) -> FlowService:
    return world.cloud.flows


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names(flows: FlowService, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: flows.create_flow(name, EMPTY),
        lambda: flows.describe_flow(name),
        lambda: flows.update_flow(name),
        lambda: flows.delete_flow(name),
        lambda: flows.start_execution(name),
        lambda: flows.describe_execution(name, "e"),
        lambda: flows.describe_execution("f", name),
        lambda: flows.stop_execution("f", name),
        lambda: flows.get_execution_history("f", name),
        lambda: flows.create_schedule("f", name, "@every 1m"),
        lambda: flows.describe_schedule("f", name),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument, match="is not a name"):
            call()
    if name:
        with pytest.raises(InvalidArgument):
            flows.start_execution("f", name=name)
        with pytest.raises(InvalidArgument):
            flows.list_flows(next_token=name)


@pytest.mark.parametrize(("text", "complaint"), BAD_OBJECTS)
def test_json_objects(flows: FlowService, world: World, text: str, complaint: str) -> None:
    world.run(CALLBACK, flow="g")
    calls: list[Callable[[], object]] = [
        lambda: flows.start_execution("f", input=text),
        lambda: flows.report_task_succeeded(world.tokens[0], text),
        lambda: flows.create_schedule("f", "s", "@every 1m", payload=text),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument, match=complaint):
            call()
    assert not flows.list_executions("f").items and not flows.list_schedules("f").items


@pytest.mark.parametrize("text", ['{"a":"' + LONG + '"}', '{"a":"' + "é" * 33_000 + '"}', " " * 2**21, "[" * 2**21])
def test_large_objects(flows: FlowService, world: World, text: str) -> None:
    world.run(CALLBACK, flow="g")
    for call in (
        lambda: flows.start_execution("f", input=text),
        lambda: flows.report_task_succeeded(world.tokens[0], text),
        lambda: flows.create_schedule("f", "s", "@every 1m", payload=text),
    ):
        with pytest.raises(EntityTooLarge, match="65536 bytes"):
            call()


def test_numbers_keep_what_64_bits_can_hold(world: World) -> None:
    text = '{"say":[9223372036854775807,-9223372036854775808,123456789012345678901234567890,1e300]}'
    assert world.run(PASS, text, flow="g") == "Succeeded"
    record = world.cloud.flows.describe_execution("g", "e")
    assert record.input == text
    assert record.output == '{"said":[9223372036854775807,-9223372036854775808,1.2345678901234568e+29,1e+300]}'


@pytest.mark.parametrize(
    "call",
    [
        lambda flows: flows.create_flow("g", EMPTY, type="ASL"),
        lambda flows: flows.create_flow("g", EMPTY, execution_mode="Fast"),
        lambda flows: flows.create_flow("g", EMPTY, description="x" * 129),
        lambda flows: flows.create_flow("g", EMPTY, description="\ud800"),
        lambda flows: flows.create_flow("g", EMPTY, role_arn="arn:aws:iam::1:role/x"),
        lambda flows: flows.create_flow("g", ""),
        lambda flows: flows.create_flow("g", "\ud800"),
        lambda flows: flows.create_flow("g", None),
        lambda flows: flows.update_flow("f", type="ASL"),
        lambda flows: flows.update_flow("f", description="x" * 129),
        lambda flows: flows.update_flow("f", definition=""),
        lambda flows: flows.list_flows(limit=0),
        lambda flows: flows.list_flows(limit=1001),
        lambda flows: flows.list_flows(limit=True),
        lambda flows: flows.list_executions("f", limit=0),
        lambda flows: flows.list_executions("f", limit=101),
        lambda flows: flows.list_executions("f", limit=-1),
        lambda flows: flows.list_executions("f", status="Done"),
        lambda flows: flows.list_executions("f", next_token="nobody"),
        lambda flows: flows.list_schedules("f", limit=1001),
        lambda flows: flows.get_execution_history("f", "e", limit=1001),
        lambda flows: flows.get_execution_history("f", "e", next_token="0"),
        lambda flows: flows.get_execution_history("f", "e", next_token="-3"),
        lambda flows: flows.get_execution_history("f", "e", next_token="x"),
        lambda flows: flows.get_execution_history("f", "e", next_token="²"),
        lambda flows: flows.get_execution_history("f", "e", next_token="9" * 5000),
        lambda flows: flows.describe_execution("f", "e", wait_seconds=61),
        lambda flows: flows.describe_execution("f", "e", wait_seconds=-1),
        lambda flows: flows.stop_execution("f", "e", error="x" * 129),
        lambda flows: flows.stop_execution("f", "e", cause="x" * 4097),
        lambda flows: flows.start_execution("f", callback_token="x"),
        lambda flows: flows.start_sync_execution("f"),
        lambda flows: flows.create_schedule("f", "s", "* * * * *"),
        lambda flows: flows.create_schedule("f", "s", "@every 30s"),
        lambda flows: flows.create_schedule("f", "s", ""),
        lambda flows: flows.create_schedule("f", "s", "@every 1m", description="x" * 129),
    ],
)
def test_the_rest(flows: FlowService, call: Callable[[FlowService], object]) -> None:
    flows.start_execution("f", name="e")
    with pytest.raises(InvalidArgument) as caught:
        call(flows)
    assert len(caught.value.message) < 500
    assert [flow.name for flow in flows.list_flows().items] == ["f"]


@pytest.mark.parametrize(("error", "cause"), [("", "c"), ("x" * 129, ""), ("E", "x" * 4097), ("\ud800", "")])
def test_reported_errors(world: World, error: str, cause: str) -> None:
    world.run(CALLBACK, flow="g")
    with pytest.raises(InvalidArgument):
        world.cloud.flows.report_task_failed(world.tokens[0], error, cause)
    assert world.cloud.flows.describe_execution("g", "e").status == "Running"


def test_large_definitions(flows: FlowService) -> None:
    for text in ("#" * 2**21, "é" * 600_000):
        with pytest.raises(EntityTooLarge, match="1048576 bytes"):
            flows.create_flow("g", text)


def test_a_definition_with_errors_is_refused_with_their_lines(flows: FlowService) -> None:
    bad = EMPTY + "  - type: wait\n    name: W\n  - type: task\n    name: T\n  - type: fly\n    name: X\n  - name: Y\n"
    with pytest.raises(InvalidArgument) as caught:
        flows.create_flow("g", bad)
    message = caught.value.message
    assert message.startswith("Definition: line 7: ") and "; line 9: " in message and "and 1 more" in message
    with pytest.raises(InvalidArgument, match="line"):
        flows.update_flow("f", definition=bad)
    assert flows.describe_flow("f").definition == EMPTY


@pytest.mark.parametrize(
    "text", ["a: [", "- 1\n- 2", "42", "\0", "&a [*a]", "a: 1\n" * 3, "!!python/object:os.system {}"]
)
def test_what_is_no_definition(flows: FlowService, text: str) -> None:
    with pytest.raises(InvalidArgument, match="Definition: "):
        flows.create_flow("g", text)


def test_checks_come_before_existence_and_existence_before_state(flows: FlowService) -> None:
    with pytest.raises(InvalidArgument):
        flows.start_execution("nobody", input="[]")
    with pytest.raises(FlowNotExists):
        flows.start_execution("nobody", name="e")
    with pytest.raises(FlowNotExists):
        flows.list_executions("nobody")


def test_every_refusal_is_a_fault_with_a_code(flows: FlowService) -> None:
    for call in (lambda: flows.describe_flow("nobody"), lambda: flows.stop_execution("f", "x")):
        with pytest.raises(Fault) as caught:
            call()
        assert caught.value.code and caught.value.status == 404 and caught.value.message
