"""Schedules on the cloud's clock: when they fire, what they start, and what a restart does to them."""

from __future__ import annotations

import json

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.store_crash import Crash, CrashingStore
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import FlowNotExists, ScheduleAlreadyExists, ScheduleNotExists
from tests.cloud.flows import EMPTY, World

START = 1_597_563_255_000
"""2020-08-16T07:34:15Z"""


@pytest.fixture
def world() -> World:
    world = World(clock=VirtualClock(START))
    world.cloud.flows.create_flow("f", EMPTY)
    return world


def names(world: World) -> list[str]:
    """The scheduled executions, oldest first, without their UUIDs."""
    listed = world.cloud.flows.list_executions("f", limit=100).items
    return [record.name[:31] for record in reversed(listed)]


def test_every_minute_counts_from_the_creation(world: World) -> None:
    world.cloud.flows.create_schedule("f", "tick", "@every 1m", payload='{"a":1}')
    world.cloud.advance(150)
    assert names(world) == ["scheduled-exec-20200816T073515Z", "scheduled-exec-20200816T073615Z"]
    latest = world.cloud.flows.list_executions("f").items[0]
    assert json.loads(latest.input) == {
        "payload": {"a": 1},
        "triggerName": "tick",
        "triggerTime": "2020-08-16T07:36:15Z",
    }
    assert (latest.status, latest.started) == ("Succeeded", START + 120_000)


def test_a_schedule_alone_lets_no_time_pass(world: World) -> None:
    world.cloud.flows.create_schedule("f", "tick", "@every 1m")
    world.cloud.run_until_idle()
    assert world.cloud.clock.now() == START and not names(world)


def test_cron_and_time_zones(world: World) -> None:
    world.cloud.flows.create_schedule("f", "utc", "30 40 7 * * *")
    world.cloud.flows.create_schedule("f", "cn", "CRON_TZ=Asia/Shanghai 0 41 15 * * *")
    world.cloud.advance(86_400)
    assert names(world) == ["scheduled-exec-20200816T074030Z", "scheduled-exec-20200816T074100Z"]


def test_without_a_payload_the_input_says_null(world: World) -> None:
    world.cloud.flows.create_schedule("f", "tick", "@every 1m")
    world.cloud.advance(60)
    assert json.loads(world.cloud.flows.list_executions("f").items[0].input)["payload"] is None


def test_disabled_changed_and_deleted(world: World) -> None:
    flows = world.cloud.flows
    flows.create_schedule("f", "tick", "@every 1m", enabled=False)
    world.cloud.advance(180)
    assert not names(world)
    flows.update_schedule("f", "tick", enabled=True, payload='{"now":true}')
    world.cloud.advance(60)
    assert len(names(world)) == 1
    assert json.loads(flows.list_executions("f").items[0].input)["payload"] == {"now": True}
    changed = flows.update_schedule("f", "tick", cron="@every 5m", description="slow")
    assert (changed.cron, changed.payload, changed.description) == ("@every 5m", '{"now":true}', "slow")
    world.cloud.advance(299)
    assert len(names(world)) == 1
    world.cloud.advance(1)
    assert len(names(world)) == 2
    flows.delete_schedule("f", "tick")
    world.cloud.advance(3600)
    assert len(names(world)) == 2
    with pytest.raises(ScheduleNotExists):
        flows.describe_schedule("f", "tick")


def test_a_new_description_does_not_disturb_the_rhythm(world: World) -> None:
    world.cloud.flows.create_schedule("f", "tick", "@every 1m")
    world.cloud.advance(30)
    world.cloud.flows.update_schedule("f", "tick", description="same")
    world.cloud.advance(30)
    assert len(names(world)) == 1


def test_deleting_the_flow_removes_its_schedules(world: World) -> None:
    flows = world.cloud.flows
    flows.create_schedule("f", "tick", "@every 1m")
    flows.delete_flow("f")
    with pytest.raises(FlowNotExists):
        flows.list_schedules("f")
    flows.create_flow("f", EMPTY)
    world.cloud.advance(180)
    assert not names(world) and not flows.list_schedules("f").items
    flows.create_schedule("f", "tick", "@every 1m")
    with pytest.raises(ScheduleAlreadyExists):
        flows.create_schedule("f", "tick", "@every 2m")


def test_pages(world: World) -> None:
    flows = world.cloud.flows
    for name in ("c", "a", "b"):
        flows.create_schedule("f", name, "@every 1m")
    first = flows.list_schedules("f", limit=2)
    assert ([schedule.name for schedule in first.items], first.next_token) == (["a", "b"], "c")
    last = flows.list_schedules("f", limit=2, next_token=first.next_token)
    assert ([schedule.name for schedule in last.items], last.next_token) == (["c"], None)


def test_no_instant_fires_twice_or_is_lost_by_a_crash() -> None:
    for commits in range(1, 12):
        store = MemoryStore(durable=True)
        before = World(store, clock=VirtualClock(START))
        before.cloud.flows.create_flow("f", EMPTY)
        before.cloud.flows.create_schedule("f", "tick", "@every 1m")
        first = World(CrashingStore(store, commits=commits), clock=VirtualClock(START))
        with pytest.raises(Crash):
            first.cloud.recover()
            first.cloud.advance(600)
        again = World(store, clock=VirtualClock(START))
        again.cloud.recover()
        again.cloud.advance((START + 600_000 - again.cloud.clock.now()) / 1000)
        fired = names(again)
        assert len(fired) == len(set(fired)) == 10
        assert {record.status for record in again.cloud.flows.list_executions("f").items} == {"Succeeded"}


def test_firings_missed_while_the_cloud_was_down_are_not_made_up_for() -> None:
    store = MemoryStore(durable=True)
    before = World(store, clock=VirtualClock(START))
    before.cloud.flows.create_flow("f", EMPTY)
    before.cloud.flows.create_schedule("f", "tick", "@every 1m")
    before.cloud.flows.create_schedule("f", "daily", "0 0 8 * * *")
    again = World(store, clock=VirtualClock(START + 3 * 86_400_000 + 30_000))
    again.cloud.recover()
    assert not names(again)
    again.cloud.advance(30)
    assert names(again) == ["scheduled-exec-20200819T073515Z"], "the rhythm goes on as if nothing had happened"


def test_a_disabled_schedule_stays_disabled_after_a_restart() -> None:
    store = MemoryStore(durable=True)
    before = World(store)
    before.cloud.flows.create_flow("f", EMPTY)
    before.cloud.flows.create_schedule("f", "tick", "@every 1m", enabled=False, payload='{"a":1}', description="d")
    again = World(store)
    again.cloud.recover()
    assert again.cloud.flows.describe_schedule("f", "tick") == before.cloud.flows.describe_schedule("f", "tick")
    again.cloud.advance(600)
    assert not names(again)


def test_a_flow_that_cannot_be_started_does_not_end_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.cloud.flows.create_flow("f", EMPTY, execution_mode="Express")
    world.cloud.flows.create_schedule("f", "tick", "@every 1m")
    world.cloud.advance(120)
    assert caplog.text.count("schedule tick could not start flow f") == 2
