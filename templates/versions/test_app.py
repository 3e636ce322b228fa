"""The flow on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, versions

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_the_alias_says_which_version_runs() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        cloud.cloud.fc.publish_version("fnf-demo", "")
        cloud.cloud.fc.create_alias("fnf-demo", "", "online", "1")
        assert cloud.run(versions).output == {"success": True}


def test_without_the_alias_the_step_fails() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        assert cloud.run(versions).status == "Failed"
