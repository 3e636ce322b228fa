"""The flow in either language on an account in this process: `python -m pytest`."""

from pathlib import Path

from app import app, state_machine

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_the_flow_waits_for_the_function() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        assert cloud.run(state_machine, n=21).output == {"doubled": 42}


def test_so_does_the_state_machine() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        definition = (HERE / "flow.cloudflow.yml").read_text("utf-8")
        cloud.cloud.flows.create_flow("MyFlow", definition)
        cloud.cloud.flows.start_execution("MyFlow", name="first", input='{"n": 21}')
        cloud.run_until_idle()
        assert cloud.cloud.flows.describe_execution("MyFlow", "first").output == '{"doubled":42}'
