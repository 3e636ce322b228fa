"""The flow on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, callback

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_a_report_ends_the_step() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.start(callback)
        cloud.flows.report_task_succeeded(run.token(), '{"status": "ok"}')
        cloud.run_until_idle()
        assert run.output == {"s": "ok"}


def test_a_reported_error_fails_the_flow() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.start(callback)
        cloud.flows.report_task_failed(run.token(), "Denied", "the application was turned down")
        cloud.run_until_idle()
        assert (run.status, run.error) == ("Failed", "Denied")
