"""The work on stacks: order, failures and ways back, replacements, timeouts, crashes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from stack_texts import flow, queue, schedule, template, topic

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ros.handlers_mns import QueueHandler
from fnfkit.cloud.ros.handling import Built, Order
from fnfkit.cloud.store_crash import Crash, CrashingStore
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import StackRecord, settled

Settle = Callable[[str], StackRecord]

SLEEP = {"Type": "ALIYUN::ROS::Sleep", "Properties": {"CreateDuration": 60}}


def story(cloud: Cloud, stack: str) -> list[str]:
    """What has happened, oldest first: `Resource STATUS`."""
    events = cloud.stacks.list_stack_events(stack, size=50).items
    return [f"{event.logical_id} {event.status}" for event in reversed(events)]


def made(cloud: Cloud, stack: str) -> list[str]:
    return [line.split()[0] for line in story(cloud, stack) if line.endswith("CREATE_IN_PROGRESS")][1:]


def test_resources_are_made_in_the_order_they_lean_on_each_other(cloud: Cloud, settle: Settle) -> None:
    text = template(
        {
            "Schedule": schedule({"Fn::GetAtt": ["Flow", "Name"]}),
            "Flow": {**flow({"Fn::Sub": "f-${Topic.TopicName}"}), "DependsOn": "Queue"},
            "Queue": queue("q"),
            "Topic": topic("t"),
        }
    )
    settle(cloud.stacks.create_stack("s", text))
    assert made(cloud, "s") == ["Queue", "Topic", "Flow", "Schedule"]
    id = cloud.stacks.get_stack("s").id
    cloud.stacks.delete_stack("s")
    assert settle(id).status == "DELETE_COMPLETE"
    deleted = [line.split()[0] for line in story(cloud, id) if line.endswith("DELETE_COMPLETE")]
    assert deleted.index("Schedule") < deleted.index("Flow") < deleted.index("Topic")


def test_a_failed_creation_is_taken_back(cloud: Cloud, settle: Settle) -> None:
    text = template({"Queue": queue("q"), "Flow": flow("f", "version: v2")})
    record = settle(cloud.stacks.create_stack("s", text))
    assert record.status == "CREATE_ROLLBACK_COMPLETE"
    assert cloud.queues.list_queues().items == () and cloud.stacks.list_stack_resources("s") == ()
    failed = cloud.stacks.list_stack_events("s", statuses=["CREATE_FAILED"]).items
    assert [event.logical_id for event in failed] == ["s", "Flow"]
    assert "line 1" in failed[1].status_reason and "InvalidArgument" in failed[1].status_reason


def test_a_bug_of_ours_fails_the_stack_and_takes_it_back(
    cloud: Cloud, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that stayed in progress could not even be deleted."""

    def broken(handler: QueueHandler, order: Order) -> Built:
        raise RecursionError("too deep")

    monkeypatch.setattr(QueueHandler, "create", broken)
    record = settle(cloud.stacks.create_stack("s", template({"Topic": topic("t"), "Queue": queue("q")})))
    assert record.status == "CREATE_ROLLBACK_COMPLETE" and cloud.topics.list_topics().items == ()
    failed = cloud.stacks.list_stack_events("s", statuses=["CREATE_FAILED"]).items
    assert failed[0].status_reason == "InternalError: RecursionError: too deep"


def test_without_rollback_what_was_made_stays(cloud: Cloud, settle: Settle) -> None:
    text = template({"Queue": queue("q"), "Flow": flow("f", "version: v2")})
    record = settle(cloud.stacks.create_stack("s", text, disable_rollback=True))
    assert record.status == "CREATE_FAILED" and "Flow" in record.status_reason
    assert cloud.queues.list_queues().items == ("q",)
    cloud.stacks.update_stack("s", template({"Queue": queue("q"), "Flow": flow("f")}))
    assert settle("s").status == "UPDATE_COMPLETE"
    assert cloud.flows.describe_flow("f").name == "f"


def test_a_resource_of_somebody_else_is_never_taken(cloud: Cloud, settle: Settle) -> None:
    cloud.queues.create_queue("q")
    record = settle(cloud.stacks.create_stack("s", template({"Queue": queue("q")})))
    assert record.status == "CREATE_ROLLBACK_COMPLETE"
    assert cloud.queues.list_queues().items == ("q",)


def test_a_failed_update_goes_back(cloud: Cloud, settle: Settle) -> None:
    before = template({"Queue": queue("q", VisibilityTimeout=10), "Old": topic("old")})
    settle(cloud.stacks.create_stack("s", before))
    after = template({"Queue": queue("q", VisibilityTimeout=20), "New": topic("new"), "Flow": flow("f", "nonsense: 1")})
    cloud.stacks.update_stack("s", after)
    assert settle("s").status == "ROLLBACK_COMPLETE"
    assert cloud.queues.get_queue_attributes("q").visibility_timeout == 10
    assert cloud.topics.list_topics().items == ("old",)
    assert cloud.stacks.get_template("s") == before
    cloud.stacks.update_stack("s", template({"Queue": queue("q", VisibilityTimeout=30)}))
    assert settle("s").status == "UPDATE_COMPLETE"


def test_a_property_that_cannot_change_needs_leave_to_replace(cloud: Cloud, settle: Settle) -> None:
    settle(cloud.stacks.create_stack("s", template({"Queue": queue("a")})))
    cloud.stacks.update_stack("s", template({"Queue": queue("b")}))
    record = settle("s")
    assert record.status == "ROLLBACK_COMPLETE" and cloud.queues.list_queues().items == ("a",)
    why = cloud.stacks.list_stack_events("s", statuses=["UPDATE_FAILED"], logical_ids=["Queue"]).items[0].status_reason
    assert "QueueName" in why
    cloud.stacks.update_stack("s", template({"Queue": queue("b")}), replacement=True)
    assert settle("s").status == "UPDATE_COMPLETE" and cloud.queues.list_queues().items == ("b",)


def test_what_leans_on_a_replaced_resource_moves_before_the_old_one_goes(cloud: Cloud, settle: Settle) -> None:
    def text(name: str) -> str:
        queue_name = {"Fn::Sub": "described by ${Queue.QueueName}"}
        return template({"Queue": queue(name), "Flow": flow("f", Description=queue_name)})

    settle(cloud.stacks.create_stack("s", text("a")))
    cloud.stacks.update_stack("s", text("b"), replacement=True)
    settle("s")
    assert cloud.flows.describe_flow("f").description == "described by b"
    lines = story(cloud, "s")
    assert lines.index("Flow UPDATE_COMPLETE") < lines.index("Queue DELETE_COMPLETE")


def test_a_replacement_under_the_same_name(cloud: Cloud, settle: Settle) -> None:
    settle(cloud.stacks.create_stack("s", template({"Flow": flow("f")})))
    first = cloud.flows.describe_flow("f").id
    cloud.stacks.update_stack("s", template({"Flow": flow("f", ExecutionMode="Express")}), replacement=True)
    assert settle("s").status == "UPDATE_COMPLETE"
    found = cloud.flows.describe_flow("f")
    assert found.execution_mode == "Express" and found.id != first


def test_going_back_after_a_replacement(cloud: Cloud, settle: Settle) -> None:
    settle(cloud.stacks.create_stack("s", template({"Queue": queue("a")})))
    cloud.queues.send_message("a", "kept")
    broken = template({"Queue": queue("b"), "Flow": {**flow("f", "nonsense: 1"), "DependsOn": "Queue"}})
    cloud.stacks.update_stack("s", broken, replacement=True)
    assert settle("s").status == "ROLLBACK_COMPLETE"
    assert cloud.queues.list_queues().items == ("a",)
    assert cloud.queues.receive_message("a").body == "kept"


def test_a_policy_to_retain(cloud: Cloud, settle: Settle) -> None:
    text = template({"Queue": {**queue("q"), "DeletionPolicy": "Retain"}, "Topic": topic("t")})
    id = cloud.stacks.create_stack("s", text)
    settle(id)
    cloud.stacks.delete_stack("s")
    settle(id)
    assert cloud.queues.list_queues().items == ("q",) and cloud.topics.list_topics().items == ()


def test_a_stack_that_takes_too_long_fails(cloud: Cloud, settle: Settle) -> None:
    slow = {"Type": "ALIYUN::ROS::Sleep", "Properties": {"CreateDuration": 1800}}
    text = template({"Queue": queue("q"), "Nap": {**slow, "DependsOn": "Queue"}})
    record = settle(cloud.stacks.create_stack("s", text, timeout_minutes=10))
    assert record.status == "CREATE_ROLLBACK_COMPLETE" and cloud.queues.list_queues().items == ()
    failed = cloud.stacks.list_stack_events("s", statuses=["CREATE_FAILED"]).items
    assert "timed out after 10 minutes" in failed[0].status_reason


def test_sleeping_takes_time_of_the_account(cloud: Cloud, settle: Settle) -> None:
    begun = cloud.clock.now()
    settle(cloud.stacks.create_stack("s", template({"Nap": SLEEP})))
    assert cloud.clock.now() - begun == 60_000


def test_a_function_is_called_while_the_stack_is_made(cloud: Cloud, settle: Settle) -> None:
    code = {"SourceCode": "def handler(event, context):\n    return event + b'!'\n"}
    function = {"FunctionName": "f", "Handler": "index.handler", "Runtime": "python3.10", "Code": code}
    invoker = {"FunctionName": {"Fn::GetAtt": ["F", "FunctionName"]}, "Event": "hello", "ExecuteVersion": 1}
    text = template(
        {
            "F": {"Type": "ALIYUN::FC3::Function", "Properties": function},
            "Call": {"Type": "ALIYUN::FC3::FunctionInvoker", "Properties": invoker},
        },
        Outputs={"Said": {"Value": {"Fn::GetAtt": ["Call", "Result"]}}},
    )
    record = settle(cloud.stacks.create_stack("s", text))
    assert (record.status, record.output("Said")) == ("CREATE_COMPLETE", "hello!")


BEFORE = template(
    {
        "Queue": queue("q", VisibilityTimeout=10),
        "Flow": flow("f", Description={"Fn::GetAtt": ["Queue", "QueueName"]}),
        "Tick": schedule({"Fn::GetAtt": ["Flow", "Name"]}),
        "Old": topic("old"),
    }
)
AFTER = template(
    {
        "Queue": queue("p", VisibilityTimeout=20),
        "Flow": flow("f", Description={"Fn::GetAtt": ["Queue", "QueueName"]}),
        "New": topic("new"),
    }
)


def survive(store: MemoryStore, commits: int, act: Callable[[Cloud], None]) -> bool:
    """Acts on an account that crashes at a commit; returns whether it did. Then another takes over and finishes."""
    crashed = False
    try:
        with Cloud(store=CrashingStore(store, commits=commits)) as cloud:
            cloud.recover()
            act(cloud)
            cloud.run_until_idle()
    except Crash:
        crashed = True
    with Cloud(store=store) as cloud:
        cloud.recover()
        if not cloud.stacks.list_stacks().items and act is create:
            act(cloud)
        cloud.run_until_idle()
    return crashed


def create(cloud: Cloud) -> None:
    cloud.stacks.create_stack("s", BEFORE)


def update(cloud: Cloud) -> None:
    cloud.stacks.update_stack("s", AFTER, replacement=True)


def check(store: MemoryStore, *, queues: tuple[str, ...], topics: tuple[str, ...], schedules: int) -> None:
    with Cloud(store=store) as cloud:
        cloud.recover()
        assert all(settled(record.status) for record in cloud.stacks.list_stacks().items)
        assert cloud.queues.list_queues().items == queues
        assert cloud.topics.list_topics().items == topics
        if queues:
            assert cloud.flows.describe_flow("f").description == queues[0]
            assert len(cloud.flows.list_schedules("f").items) == schedules


def test_a_creation_survives_a_crash_at_every_commit() -> None:
    crashed = True
    commits = 0
    while crashed:
        commits += 1
        store = MemoryStore(durable=True)
        crashed = survive(store, commits, create)
        check(store, queues=("q",), topics=("old",), schedules=1)
    assert commits > 12


def test_an_update_survives_a_crash_at_every_commit() -> None:
    crashed = True
    commits = 0
    while crashed:
        commits += 1
        store = MemoryStore(durable=True)
        with Cloud(store=store) as cloud:
            create(cloud)
            cloud.run_until_idle()
        crashed = survive(store, commits, update)
        with Cloud(store=store) as cloud:
            cloud.recover()
            changed = cloud.stacks.get_stack("s").status == "UPDATE_COMPLETE"
        if changed:
            check(store, queues=("p",), topics=("new",), schedules=0)
        else:
            check(store, queues=("q",), topics=("old",), schedules=1)
    assert commits > 12


def test_a_deletion_survives_a_crash_at_every_commit() -> None:
    crashed = True
    commits = 0
    while crashed:
        commits += 1
        store = MemoryStore(durable=True)
        with Cloud(store=store) as cloud:
            create(cloud)
            cloud.run_until_idle()
        crashed = survive(store, commits, lambda cloud: cloud.stacks.delete_stack("s"))
        with Cloud(store=store) as cloud:
            cloud.recover()
            gone = not cloud.stacks.list_stacks().items
        check(store, queues=() if gone else ("q",), topics=() if gone else ("old",), schedules=1)
    assert commits > 8


@pytest.mark.parametrize("text", [BEFORE, AFTER])
def test_events_survive(text: str) -> None:
    store = MemoryStore(durable=True)
    with Cloud(store=store) as cloud:
        cloud.stacks.create_stack("s", text)
        cloud.run_until_idle()
        told = story(cloud, "s")
    with Cloud(store=store) as cloud:
        cloud.recover()
        assert story(cloud, "s") == told


def test_an_application_runs_after_a_restart() -> None:
    text = (Path(__file__).parents[2] / "templates/callback/template.ros.yml").read_text("utf-8")
    store = MemoryStore(durable=True)
    with Cloud(store=store) as cloud:
        cloud.stacks.create_stack("s", text)
        cloud.run_until_idle()
    with Cloud(store=store) as cloud:
        cloud.recover()
        cloud.flows.start_execution("pinned-s", name="first")
        cloud.run_until_idle()
        assert cloud.flows.describe_execution("pinned-s", "first").status == "Succeeded"
        id = cloud.stacks.get_stack("s").id
        cloud.stacks.delete_stack("s")
        cloud.run_until_idle()
        assert cloud.stacks.get_stack(id).status == "DELETE_COMPLETE"
        assert (cloud.functions.list(), cloud.ram.roles.roles()) == ((), ())
