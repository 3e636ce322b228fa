"""Crash at every commit, recover, and nothing differs from the run that was not disturbed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fnf.run import Run
from fnfkit.cloud.store import Store, StoreError
from fnfkit.cloud.store_crash import Crash, CrashingStore
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.cloud.store_sqlite import SqliteStore
from fnfkit.ports import FlowNotExists
from tests.cloud.flows import CALLBACK, EMPTY, ERRORS, HURRY, PARALLEL, PASS, POLL, SAGA, WAIT, World, parent


@dataclass(frozen=True)
class Story:
    """A flow, its input, and who reports to it."""

    definition: str
    input: str = "{}"
    children: tuple[tuple[str, str], ...] = ()
    report: str = ""

    def prepare(self) -> MemoryStore:
        """A store in which the flows exist."""
        store = MemoryStore(durable=True)
        world = World(store)
        for name, definition in (*self.children, ("f", self.definition)):
            world.cloud.flows.create_flow(name, definition)
        return store

    def play(self, world: World) -> World:
        """From wherever the store is to the end."""
        flows = world.cloud.flows
        world.cloud.recover()
        if not flows.list_executions("f").items:
            flows.start_execution("f", name="e", input=self.input)
        world.cloud.run_until_idle()
        if self.report and not flows.describe_execution("f", "e").ended:
            if self.report == "ok":
                flows.report_task_succeeded(self.token(world), '{"ok":true}')
            else:
                flows.report_task_failed(self.token(world), self.report, "no")
            world.cloud.run_until_idle()
        return world

    def token(self, world: World) -> str:
        submitted = [event for event in world.history() if event.type == "TaskSubmitted"]
        return submitted[-1].detail["output"]["taskToken"]


def bookings(train: bool = True, flight: bool = True, hotel: bool = True) -> str:
    """The input of the saga: which booking works."""
    works = {"buy_train_ticket_result": train, "reserve_flight_result": flight, "reserve_hotel_result": hotel}
    return json.dumps(works)


HOTEL_FAILS = bookings(hotel=False)
STORIES = {
    "pass": Story(PASS, '{"say":"hi"}'),
    "saga": Story(SAGA, bookings()),
    "saga, hotel fails": Story(SAGA, HOTEL_FAILS),
    "saga, flight fails": Story(SAGA, bookings(flight=False)),
    "poll": Story(POLL),
    "wait": Story(WAIT),
    "parallel and foreach": Story(PARALLEL, '{"list":[1,2,3]}'),
    "callback": Story(CALLBACK, report="ok"),
    "callback denied": Story(CALLBACK, report="Denied"),
    "errors, none": Story(ERRORS, '{"mood":"fine"}'),
    "errors, retried and caught": Story(ERRORS, '{"mood":"busy"}'),
    "errors, the process ends": Story(ERRORS, '{"mood":"crash"}'),
    "errors, no object": Story(ERRORS, '{"mood":"odd"}'),
    "errors, timed out twice": Story(ERRORS.replace("functions/busy", "functions/slow"), '{"mood":"fine"}'),
    "errors, uncaught": Story(ERRORS.replace("[Busy, ", "["), '{"mood":"busy"}'),
    "the execution times out": Story(HURRY),
    "sub-flow": Story(parent("sync"), '{"say":"hi"}', (("child", PASS),)),
    "sub-flow that waits": Story(parent("sync"), "{}", (("child", WAIT),)),
    "sub-flow that fails": Story(parent("sync"), HOTEL_FAILS, (("child", SAGA),)),
    "sub-flow started": Story(parent("requestResponse"), "{}", (("child", WAIT),)),
}


def result(world: World) -> tuple[object, ...]:
    record = world.cloud.flows.describe_execution("f", "e")
    return record.status, record.output, record.started, record.stopped


def events(world: World) -> list[tuple[object, ...]]:
    return [
        (event.id, event.scheduled_by, event.type, event.step, event.time, event.detail) for event in world.history()
    ]


def crash_and_recover(story: Story, store: Store, commits: int, *, lost: bool) -> tuple[World, list[str]] | None:
    """Plays until the crash and on after it; None if the story ends before the crash."""
    first = World(CrashingStore(store, commits=commits, lost=lost))
    try:
        story.play(first)
    except Crash:
        second = story.play(World(store))
        return second, first.calls + second.calls
    return None


@pytest.mark.parametrize("name", STORIES)
def test_a_crash_after_any_commit_changes_nothing(name: str) -> None:
    story = STORIES[name]
    calm = story.play(World(story.prepare()))
    commits = 1
    while (crashed := crash_and_recover(story, story.prepare(), commits, lost=False)) is not None:
        world, calls = crashed
        assert result(world) == result(calm)
        assert events(world) == events(calm)
        assert Counter(calls) == Counter(calm.calls), "a call was made twice, or not at all"
        commits += 1
    assert commits > len([event for event in calm.history() if event.type == "TaskSucceeded"]) + 1


@pytest.mark.parametrize("name", STORIES)
def test_a_crash_that_loses_a_commit_repeats_at_most_the_call_in_it(name: str) -> None:
    story = STORIES[name]
    calm = story.play(World(story.prepare()))
    commits = 1
    while (crashed := crash_and_recover(story, story.prepare(), commits, lost=True)) is not None:
        world, calls = crashed
        assert result(world) == result(calm)
        assert events(world) == events(calm)
        assert (Counter(calls) - Counter(calm.calls)).total() <= 1
        commits += 1
    assert commits > len([event for event in calm.history() if event.type == "TaskSucceeded"]) + 1


def test_no_flight_is_cancelled_twice_on_sqlite(tmp_path: Path) -> None:
    story, crashes = STORIES["saga, hotel fails"], 0
    for commits in range(1, 30):
        path = tmp_path / f"{commits}.db"
        with SqliteCloud(path) as world:
            world.cloud.flows.create_flow("f", SAGA)
        store = SqliteStore(path)
        first = World(CrashingStore(store, commits=commits))
        try:
            story.play(first)
            break
        except Crash:
            crashes += 1
        finally:
            store.close()
        with SqliteCloud(path) as second:
            story.play(second)
            assert (first.calls + second.calls).count("cancel_flight") == 1
            assert result(second)[0] == "Failed"
    assert crashes > 10


class SqliteCloud(World):
    """A world over a file, closed at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(SqliteStore(path))

    def __enter__(self) -> SqliteCloud:
        return self

    def __exit__(self, *error: object) -> None:
        self.cloud.close()


def test_ended_executions_are_read_back_from_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with SqliteCloud(path) as world:
        assert world.run(SAGA, HOTEL_FAILS) == "Failed"
        assert world.run(PASS, '{"say":"hi"}', flow="g", name="x") == "Succeeded"
        before = world.cloud.flows.describe_execution("f", "e"), world.history()
        assert not isinstance(world.cloud.flows.executions.find("f", "e"), Run), "kept in memory for ever"
    with SqliteCloud(path) as again:
        again.cloud.recover()
        assert (again.cloud.flows.describe_execution("f", "e"), again.history()) == before
        assert [flow.name for flow in again.cloud.flows.list_flows().items] == ["f", "g"]
        assert again.cloud.flows.describe_execution("g", "x").output == '{"said":"hi"}'
        assert again.cloud.clock.now() == before[0].stopped


def test_the_order_of_executions_and_new_names_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    names = []
    for _ in range(3):
        with SqliteCloud(path) as world:
            world.cloud.recover()
            if not names:
                world.cloud.flows.create_flow("f", EMPTY)
            for _ in range(3):
                names.append(world.cloud.flows.start_execution("f").name)
            world.cloud.run_until_idle()
            listed = [record.name for record in world.cloud.flows.list_executions("f").items]
            assert listed == names[::-1]
    assert len(set(names)) == 9


def test_an_updated_flow_is_recovered_with_the_definition_each_execution_started_with() -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    flows = world.cloud.flows
    flows.create_flow("f", WAIT)
    flows.start_execution("f", name="old")
    world.cloud.run_until(lambda: world.cloud.clock.now() > 0)
    flows.update_flow("f", definition=PASS)
    again = World(store)
    again.cloud.recover()
    assert again.cloud.flows.describe_flow("f").definition == PASS
    assert again.cloud.flows.describe_execution("f", "old").definition == WAIT
    again.cloud.run_until_idle()
    ended = again.cloud.flows.describe_execution("f", "old")
    assert (ended.status, ended.definition) == ("Succeeded", WAIT)
    assert ended.stopped is not None and ended.stopped - ended.started == 10_000


def test_a_deleted_flow_is_gone_after_a_restart_and_its_execution_stops_after_its_step() -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    world.cloud.flows.create_flow("f", WAIT.replace("duration: 10", "duration: 10\n  - {type: pass, name: Next}"))
    world.cloud.flows.start_execution("f", name="e")
    world.run(EMPTY, flow="g")
    world.cloud.flows.create_flow("h", WAIT)
    world.cloud.flows.start_execution("h", name="e")
    world.cloud.run_until(lambda: len(world.cloud.flows.get_execution_history("h", "e").items) > 2)
    world.cloud.flows.delete_flow("h")
    world.cloud.flows.delete_flow("g")
    again = World(store)
    again.cloud.recover()
    for name in ("g", "h"):
        with pytest.raises(FlowNotExists):
            again.cloud.flows.describe_flow(name)
    again.cloud.run_until_idle()
    last = World(store)
    last.cloud.recover()
    assert not list(store.scan("retired")) and not list(store.scan("live"))
    assert {key.partition("/")[0] for key, _ in store.scan("revision")} == {last.cloud.flows.describe_flow("f").id}


def test_what_ended_executions_leave_in_the_store_is_collected() -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    for number in range(600):
        world.run(PASS, '{"say":1}', name=f"e{number}")
    assert 0 < len(list(store.scan("live"))) <= 256
    again = World(store)
    again.cloud.recover()
    assert not list(store.scan("live"))
    assert len(again.cloud.flows.list_executions("f", limit=100, status="Succeeded").items) == 100


def test_the_report_of_an_ended_child_is_not_lost_between_two_commits() -> None:
    def begin(world: World) -> None:
        flows = world.cloud.flows
        known = {flow.name for flow in flows.list_flows().items}
        if "f" not in known:
            flows.create_flow("f", CALLBACK)
        if "child" not in known:
            flows.create_flow("child", WAIT)
        if not flows.list_executions("f").items:
            flows.start_execution("f", name="e")
        world.cloud.run_until_idle()
        if not flows.list_executions("child").items:
            token = next(event for event in world.history() if event.type == "TaskSubmitted").detail["output"]
            flows.start_execution("child", name="c", callback_token=token["taskToken"])
        world.cloud.run_until_idle()

    for commits in range(1, 40):
        store = MemoryStore(durable=True)
        try:
            begin(World(CrashingStore(store, commits=commits)))
        except Crash:
            again = World(store)
            again.cloud.recover()
            begin(again)
            assert result(again)[0] == "Succeeded"
            assert [event.type for event in again.history()].count("TaskSucceeded") == 1
            assert not list(store.scan("callback"))
        else:
            assert commits > 8
            break


def test_a_stored_definition_that_is_no_longer_accepted_is_named() -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    world.cloud.flows.create_flow("f", WAIT)
    world.cloud.flows.start_execution("f", name="e")
    ((key, _),) = store.scan("revision")
    store.put("revision", key, b"type: nonsense")
    ((place, row),) = store.scan("flow")
    store.put("flow", place, row.replace(b"duration", b"lasts"))
    store.commit()
    with pytest.raises(StoreError, match=r"execution e of flow f cannot go on: its definition"):
        Cloud(store=store).recover()


@pytest.mark.parametrize(
    ("table", "row"),
    [("flow", b"{{"), ("flow", b"[1]"), ("flow", b'[{"name": "f"}, 1]'), ("live", b"[]"), ("schedule", b"\xff")],
)
def test_a_damaged_record_is_an_error_of_the_store(table: str, row: bytes) -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    world.cloud.flows.create_flow("f", WAIT)
    world.cloud.flows.create_schedule("f", "s", "@every 1m")
    world.cloud.flows.start_execution("f", name="e")
    ((key, _),) = store.scan(table)
    store.put(table, key, row)
    store.commit()
    with pytest.raises(StoreError, match=r"cannot be read: .*damaged"):
        Cloud(store=store).recover()


def test_a_damaged_journal_is_an_error_of_the_store() -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    world.cloud.flows.create_flow("f", CALLBACK)
    world.cloud.flows.start_execution("f", name="e")
    world.cloud.run_until_idle()
    ((key, _),) = store.scan("live")
    assert store.read(key)
    store.append(key, b'["Nonsense", 1]')
    store.commit()
    with pytest.raises(StoreError, match=r"cannot be read: .*damaged"):
        Cloud(store=store).recover()


@pytest.mark.parametrize("what", ["queue", "message", "topic", "subscription"])
def test_virtual_time_goes_on_from_messages_too(what: str) -> None:
    store = MemoryStore(durable=True)
    cloud = Cloud(store=store)
    cloud.advance(500)
    cloud.queues.create_queue("q")
    cloud.topics.create_topic("t")
    if what in ("message", "subscription"):
        cloud.advance(500)
    if what == "message":
        cloud.queues.send_message("q", "hello")
    if what == "subscription":
        cloud.topics.subscribe("t", "s", f"acs:mns:{cloud.region}:{cloud.account_id}:queues/q")
    if what == "topic":
        cloud.queues.delete_queue("q")
    if what == "queue":
        cloud.topics.delete_topic("t")
    again = Cloud(store=store)
    again.recover()
    assert again.clock.now() == cloud.clock.now() > Cloud().clock.now()


def test_results_that_only_python_can_hold_survive() -> None:
    store = MemoryStore(durable=True)
    world = World(store)
    world.cloud.functions.stub("s", "bump", lambda event: {"n": 2**70})
    assert world.run(POLL) == "Succeeded"
    assert world.cloud.flows.describe_execution("f", "e").output == '{"n":1180591620717411303424}'
    again = World(store)
    again.cloud.recover()
    assert again.history() == world.history()


def test_a_result_that_is_not_json_fails_the_step_on_a_durable_store() -> None:
    world = World(MemoryStore(durable=True))
    world.cloud.functions.stub("s", "bump", lambda event: {"n": object()})
    assert world.run(POLL) == "Failed"
    failed = next(event for event in world.history() if event.type == "TaskFailed")
    assert failed.detail["error"] == "FnF.InvalidLocal" and "not JSON" in failed.detail["cause"]
