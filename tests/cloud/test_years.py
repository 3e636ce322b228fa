"""No execution outlives the longest time there is, and that limit alone lets no time pass (fdl.md 6.5)."""

from fnfkit.cloud.cloud import Cloud

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
