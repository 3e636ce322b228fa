"""The flow on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, async_invocation

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_each_step_waits_for_something_else() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.start(async_invocation)
        token = run.token("WaitForAReport")
        assert cloud.elapsed == 60
        cloud.flows.report_task_succeeded(token, '{"status": "ok"}')
        cloud.run_until_idle()
        assert (run.status, run.output["done"], run.output["status"]) == ("Succeeded", True, "ok")
