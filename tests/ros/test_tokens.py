"""What outlives the process: client tokens, signals that came, policies, and creations that are being mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from stack_texts import flow, queue, template

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ros.tokens import LIFETIME
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import InvalidIdempotenceParameter, StackExists

ONE = template({"Queue": queue("jobs")})
Restart = Callable[[], Cloud]


@pytest.fixture
def restart() -> Iterator[Restart]:
    """Starts the account anew from what its store has; the process before is gone without a word."""
    store, clouds = MemoryStore(durable=True), list[Cloud]()

    def start() -> Cloud:
        store.rollback()
        now = clouds[-1].clock.now() if clouds else VirtualClock().now()
        cloud = Cloud(clock=VirtualClock(now), store=store)
        cloud.recover()
        clouds.append(cloud)
        return cloud

    yield start
    for cloud in clouds:
        cloud.functions.close()


def test_a_call_is_known_again_after_a_restart(restart: Restart) -> None:
    first = restart()
    id = first.stacks.create_stack("one", ONE, client_token="t-1", tags={"a": "b"})
    second = restart()
    assert second.stacks.create_stack("one", ONE, client_token="t-1", tags={"a": "b"}) == id
    second.run_until_idle()
    assert second.stacks.list_stacks().total == 1
    third = restart()
    with pytest.raises(InvalidIdempotenceParameter):
        third.stacks.create_stack("one", ONE, client_token="t-1", tags={"a": "c"})
    with pytest.raises(StackExists):
        third.stacks.create_stack("one", ONE, client_token="t-2", tags={"a": "b"})


def test_an_update_is_known_again_after_a_restart(restart: Restart) -> None:
    cloud = restart()
    id = cloud.stacks.create_stack("one", ONE)
    cloud.run_until_idle()
    more = template({"Queue": queue("jobs"), "More": queue("more")})
    assert cloud.stacks.update_stack(id, more, client_token="t-1") == id
    again = restart()
    assert again.stacks.update_stack(id, more, client_token="t-1") == id
    again.run_until_idle()
    assert [event.status for event in again.stacks.list_stack_events(id, logical_ids=["one"]).items] == [
        "UPDATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_IN_PROGRESS",
    ]
    with pytest.raises(InvalidIdempotenceParameter):
        again.stacks.update_stack(id, more, client_token="t-1", replacement=True)


@pytest.mark.parametrize("restarted", [False, True])
def test_tokens_are_forgotten_in_time(restart: Restart, restarted: bool) -> None:
    cloud = restart()
    id = cloud.stacks.create_stack("one", ONE, client_token="t-1")
    cloud.run_until_idle()
    cloud.advance(LIFETIME / 1000 - 1)
    assert cloud.stacks.create_stack("one", ONE, client_token="t-1") == id
    cloud.advance(1)
    cloud = restart() if restarted else cloud
    cloud.stacks.delete_stack(id)
    cloud.run_until_idle()
    made = cloud.stacks.create_stack("one", ONE, client_token="t-1")
    assert made != id
    assert restart().stacks.create_stack("one", ONE, client_token="t-1") == made


def test_signals_that_came_count_after_a_restart(restart: Restart) -> None:
    waiting = template(
        {
            "Handle": {"Type": "ALIYUN::ROS::WaitConditionHandle"},
            "Wait": {
                "Type": "ALIYUN::ROS::WaitCondition",
                "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": 600, "Count": 2},
            },
        }
    )
    cloud = restart()
    id = cloud.stacks.create_stack("wait", waiting)
    assert cloud.run_until(lambda: len(cloud.stacks.list_stack_resources(id)) == 2)
    cloud.stacks.signal_resource(id, "Wait", "SUCCESS", "1")
    later = restart()
    later.stacks.signal_resource(id, "Handle", "SUCCESS", "2")
    later.run_until_idle()
    assert later.stacks.get_stack(id).status == "CREATE_COMPLETE"


def test_policies_and_mended_creations_outlive_a_restart(restart: Restart) -> None:
    bad = "version: v1\ntype: flow\nsteps:\n  - type: nonsense\n    name: only\n"
    text = template({"First": queue("first"), "Flow": {**flow("main", bad), "DependsOn": ["First"]}})
    cloud = restart()
    allow = '{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}'
    id = cloud.stacks.create_stack("one", text, disable_rollback=True, stack_policy=allow)
    cloud.run_until_idle()
    cloud.stacks.continue_create_stack(id, text.replace("nonsense", "pass"), recreating_resources=["First"])
    later = restart()
    later.run_until_idle()
    assert later.stacks.get_stack(id).status == "CREATE_COMPLETE"
    assert later.stacks.get_stack_policy(id)["Statement"][0]["Effect"] == "Allow"
    assert later.queues.list_queues().items == ("first",)
