"""No execution outlives the longest time there is, and that limit alone lets no time pass (fdl.md 6.5)."""

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fnf.years import Years
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.store_memory import MemoryStore

WAITING = """\
version: v1
type: flow
steps:
  - type: task
    name: Ask
    resourceArn: acs:fc:::services/s/functions/ask
    pattern: waitForCallback
"""

DAY = 86_400


def waiting(cloud: Cloud, name: str) -> None:
    cloud.flows.start_execution("asks", name=name)
    cloud.run_until_idle()


def status(cloud: Cloud, name: str) -> str:
    return cloud.flows.describe_execution("asks", name).status


def account() -> Cloud:
    cloud = Cloud()
    cloud.functions.stub("s", "ask", lambda event: {})
    cloud.flows.create_flow("asks", WAITING, description="asks")
    return cloud


def test_each_execution_times_out_a_year_after_its_own_start() -> None:
    with account() as cloud:
        waiting(cloud, "first")
        cloud.advance(DAY)
        waiting(cloud, "second")
        cloud.advance(364 * DAY - 1)
        assert (status(cloud, "first"), status(cloud, "second")) == ("Running", "Running")
        cloud.advance(1)
        assert (status(cloud, "first"), status(cloud, "second")) == ("TimedOut", "Running")
        cloud.advance(DAY)
        assert status(cloud, "second") == "TimedOut"


def test_the_limit_of_an_ended_execution_rings_for_nobody() -> None:
    with account() as cloud:
        waiting(cloud, "first")
        cloud.flows.stop_execution("asks", "first")
        waiting(cloud, "second")
        cloud.advance(366 * DAY)
        assert (status(cloud, "first"), status(cloud, "second")) == ("Stopped", "TimedOut")


def test_an_account_that_only_waits_for_reports_is_idle() -> None:
    with account() as cloud:
        begin = cloud.clock.now()
        waiting(cloud, "first")
        assert cloud.clock.now() == begin


def test_recovery_keeps_the_years_of_executions_it_takes_up_out_of_order() -> None:
    store = MemoryStore(durable=True)
    with Cloud(store=store) as cloud:
        cloud.functions.stub("s", "ask", lambda event: {})
        for flow in ("first", "second"):
            cloud.flows.create_flow(flow, WAITING, description="asks")
        # Whichever flow recovery takes up first, in one of the two the older execution comes after a younger one.
        for flow, other in (("first", "second"), ("second", "first")):
            cloud.flows.start_execution(flow, name=f"old-{other}")
            cloud.run_until_idle()
            cloud.advance(DAY)
            cloud.flows.start_execution(other, name=f"young-{flow}")
            cloud.run_until_idle()
            cloud.advance(DAY)
    recovered = Cloud(store=store)
    recovered.functions.stub("s", "ask", lambda event: {})
    recovered.recover()
    recovered.advance(366 * DAY)
    ended = {}
    for flow in ("first", "second"):
        for execution in recovered.flows.list_executions(flow).items:
            assert execution.stopped is not None
            ended[execution.name] = (execution.status, (execution.stopped - execution.started) // 1000)
    assert set(ended.values()) == {("TimedOut", 365 * DAY)}
    recovered.close()


def test_an_earlier_year_that_is_set_later_still_rings_in_time() -> None:
    clock = VirtualClock(start_ms=0)
    rung: list[tuple[object, int]] = []
    years = Years(clock, lambda run, timer: rung.append((run, clock.now())))
    with account() as cloud:
        for name in ("younger", "older"):
            waiting(cloud, name)
        younger, older = cloud.flows._core.registry.get("asks").runs.values()
        years.set(younger, 1, 2_000)
        years.set(older, 1, 1_000)
        loop = Loop(clock)
        loop.advance(3)
        assert rung == [(older, 1_000), (younger, 2_000)]
