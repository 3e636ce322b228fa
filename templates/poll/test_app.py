"""The flow on an account in this process: `python -m pytest`. Its forty seconds cost none."""

from pathlib import Path

from app import app, poll

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_a_job_is_polled_until_it_is_done() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(poll, delay=20)
        assert (run.status, run.entered("GetJobStatus"), cloud.elapsed) == ("Succeeded", 4, 40)


def test_a_job_that_takes_too_long_fails_the_flow() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(poll, delay=999)
        assert (run.status, run.error, run.path[-1]) == ("Failed", "JobFailed", "JobFailed")


def test_a_job_of_unknown_status_fails_the_flow() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        cloud.stub("GetJobStatus", {"job_id": "1", "job_status": "lost", "try_count": 1})
        assert cloud.run(poll, delay=20).error == "JobFailed"
