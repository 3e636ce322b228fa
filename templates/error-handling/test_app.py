"""The flow on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, error_handling

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_what_passes_is_tried_again() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(error_handling, {"name": "you", "fail": "busy", "times": 2})
        assert run.output == {"greeting": "hello you"}
        assert cloud.elapsed == 30


def test_what_does_not_pass_is_kept() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(error_handling, {"name": "you", "fail": "crash"})
        assert run.status == "Succeeded"
        assert run.output["errCode"] == "FC.Unknown"
