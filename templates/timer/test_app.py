"""The flow on an account in this process: `python -m pytest`. Its minutes cost none."""

from pathlib import Path

from app import app

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_it_starts_every_minute() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        cloud.advance(150)
        runs = cloud.flows.list_executions("timer").items
        assert [run.status for run in runs] == ["Succeeded", "Succeeded"]
        assert all(run.name.startswith("scheduled-exec-") for run in runs)
