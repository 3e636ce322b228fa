"""The flow on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, async_tasks

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_the_flow_waits_for_the_task() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(async_tasks, seconds=30, fail=False)
        assert (run.output["done"], cloud.elapsed) == (True, 30)


def test_a_task_that_fails_is_run_four_times() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(async_tasks, seconds=30, fail=True)
        assert (run.error, run.elapsed) == ("JobFailed", 123.5)
