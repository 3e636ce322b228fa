"""The flow on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, topic_callback

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_a_subscribers_report_ends_the_step() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.start(topic_callback, messageBody="hello world")
        cloud.flows.report_task_succeeded(run.token(), '{"status": "success"}')
        cloud.run_until_idle()
        assert run.output == {"status": "success"}


def test_without_a_report_the_step_times_out() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(topic_callback, messageBody="hello world")
        assert (run.error, cloud.elapsed) == ("FnF.TaskTimeout", 600)
