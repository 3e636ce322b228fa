"""Deployments in process: from nothing to running flows, interrupted anywhere, and back to nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from deploy_accounts import PROJECTS, Deployer, text_of

from fnfkit.cloud.cloud import Cloud
from fnfkit.deploy import Action, Executor, Live, StackFailed, find, plan
from fnfkit.lang import ros
from fnfkit.model.stack import Template

FLOW = "version: v1\ntype: flow\nsteps:\n  - type: pass\n    name: %s\n"


def small(step: str = "one", *, queue: str = "jobs", more: str = "") -> str:
    """A template of a queue and a flow."""
    text = FLOW % step
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return (
        "ROSTemplateFormatVersion: '2015-09-01'\nResources:\n"
        f"  Queue:\n    Type: ALIYUN::MNS::Queue\n    Properties: {{QueueName: {queue}}}\n{more}"
        f"  Flow:\n    Type: ALIYUN::FNF::Flow\n    DependsOn: Queue\n    Properties:\n      Name: main\n"
        f"      Description: small\n      Definition: |\n{lines}"
    )


def read(text: str) -> Template:
    template = ros.read(text).template
    assert template is not None
    return template


@pytest.mark.parametrize("name", PROJECTS)
def test_the_documented_projects_deploy_and_leave_nothing(name: str, deployer: Deployer, tmp_path: Path) -> None:
    cloud, text = deployer.cloud, text_of(name, tmp_path / name)
    outcome = deployer.executor.deploy(name, text)
    assert (outcome.record.status, outcome.changed) == ("CREATE_COMPLETE", True)
    assert cloud.stacks.get_template(outcome.record.id) == text
    found = plan(cloud.stacks, name, read(text), live=Live(flows=cloud.flows))
    assert (found.same, found.drifts) == (True, ())
    assert deployer.executor.deploy(name, text).changed is False
    assert deployer.executor.destroy(name)
    assert_empty(cloud)


def assert_empty(cloud: Cloud) -> None:
    assert cloud.flows.list_flows().items == ()
    assert tuple(cloud.functions.list()) == ()
    assert cloud.functions.catalogue.units == {}
    assert cloud.queues.list_queues().items == ()
    assert cloud.topics.list_topics().items == ()
    assert cloud.stacks.list_stacks().items == ()


def test_the_transaction_runs_with_its_derived_role(deployer: Deployer, tmp_path: Path) -> None:
    deployer.executor.deploy("transaction", text_of("transaction", tmp_path / "transaction"))
    ended = deployer.run("transaction", {"customerId": "c", "flightId": "f", "hotelId": "h"})
    assert ended["status"] in ("Succeeded", "Failed")


def test_a_missing_right_fails_the_step(deployer: Deployer, tmp_path: Path) -> None:
    text = text_of("error-handling", tmp_path / "error-handling")
    deployer.executor.deploy("rights", text.replace("fc:InvokeFunction", "fc:GetFunction"))
    flow = deployer.cloud.flows.list_flows().items[0].name
    started = deployer.cloud.flows.start_execution(flow, input="{}")
    deployer.cloud.run_until_idle()
    history = deployer.cloud.flows.get_execution_history(flow, started.name).items
    assert any("AccessDenied" in str(event.detail) for event in history)


class Dying:
    """A door to stacks whose process dies at the n-th call: before the call reached the service, or after."""

    def __init__(self, cloud: Cloud, call: int, *, after: bool) -> None:
        self._stacks, self._left, self._after = cloud.stacks, call, after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._stacks, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left < 0 and not self._after:
                raise KeyboardInterrupt
            answer = method(*args, **kwargs)
            if self._left < 0:
                raise KeyboardInterrupt
            return answer

        return call


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(7))
def test_a_killed_creation_is_repaired(deployer: Deployer, call: int, after: bool) -> None:
    killed(deployer, small(), call, after=after)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(7))
def test_a_killed_update_is_repaired(deployer: Deployer, call: int, after: bool) -> None:
    deployer.executor.deploy("s", small())
    killed(deployer, small("two"), call, after=after)


@pytest.mark.parametrize("call", range(6))
def test_a_killed_deletion_is_repaired(deployer: Deployer, call: int) -> None:
    deployer.executor.deploy("s", small())
    dying: Any = Dying(deployer.cloud, call, after=True)
    with suppress(KeyboardInterrupt):
        Executor(dying, deployer.events.append, lambda: deployer.cloud.advance(0.01)).destroy("s")
    deployer.executor.deploy("s", small())
    assert find(deployer.cloud.stacks, "s") is not None
    deployer.executor.destroy("s")
    assert_empty(deployer.cloud)


def killed(deployer: Deployer, text: str, call: int, *, after: bool) -> None:
    """Kills a deployment at a call, deploys again, and looks whether all is as if nothing had happened."""
    cloud = deployer.cloud
    dying: Any = Dying(cloud, call, after=after)
    with suppress(KeyboardInterrupt):
        # A step of the cloud between two looks, so that the end comes in the middle of the work too.
        Executor(dying, deployer.events.append, lambda: cloud.advance(0.01)).deploy("s", text)
    outcome = deployer.executor.deploy("s", text)
    assert outcome.record.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert plan(cloud.stacks, "s", read(text)).same
    assert cloud.stacks.get_template(outcome.record.id) == text
    assert deployer.executor.deploy("s", text).changed is False


def test_a_failed_creation_tells_the_cause_and_is_repaired(deployer: Deployer) -> None:
    deployer.cloud.flows.create_flow("main", FLOW % "theirs", description="theirs")
    with pytest.raises(StackFailed, match=r"Flow \(ALIYUN::FNF::Flow\)") as failed:
        deployer.executor.deploy("s", small(queue="mine"))
    assert "rename it, or delete the other" in failed.value.hint
    assert failed.value.events[0].logical_id == "Flow"
    deployer.cloud.flows.delete_flow("main")
    assert deployer.executor.deploy("s", small(queue="mine")).record.status == "CREATE_COMPLETE"


def test_a_failed_update_goes_back_and_is_repaired(deployer: Deployer) -> None:
    deployer.executor.deploy("s", small())
    more = "  Other:\n    Type: ALIYUN::MNS::Topic\n    Properties: {TopicName: t}\n"
    wrong = small("two", more=more).replace("type: pass", "type: nonsense")
    with pytest.raises(StackFailed):
        deployer.executor.deploy("s", wrong)
    assert deployer.cloud.flows.describe_flow("main").definition == FLOW % "one"
    assert deployer.executor.deploy("s", small("two", more=more)).changed
    assert deployer.cloud.flows.describe_flow("main").definition == FLOW % "two"


def test_events_are_told_once_and_in_order(deployer: Deployer) -> None:
    deployer.executor.deploy("s", small())
    ids = [event.id for event in deployer.events]
    assert len(set(ids)) == len(ids)
    told = [(event.logical_id, event.status) for event in deployer.events]
    assert told[0] == ("s", "CREATE_IN_PROGRESS")
    assert told[-1] == ("s", "CREATE_COMPLETE")
    assert told.index(("Queue", "CREATE_COMPLETE")) < told.index(("Flow", "CREATE_IN_PROGRESS"))


def test_drift_is_seen(deployer: Deployer) -> None:
    deployer.executor.deploy("s", small())
    deployer.cloud.flows.update_flow("main", definition=FLOW % "theirs")
    stacks, flows = deployer.cloud.stacks, deployer.cloud.flows
    (drift,) = plan(stacks, "s", read(small()), live=Live(flows=flows)).drifts
    assert drift.message == "its definition was changed: one removed, theirs added"
    flows.delete_flow("main")
    (drift,) = plan(stacks, "s", read(small()), live=Live(flows=flows)).drifts
    assert drift.message == "it is gone"


def test_the_plan_agrees_with_the_service(deployer: Deployer) -> None:
    deployer.executor.deploy("s", small())
    text = small("two", queue="others")
    mine = {one.id: one.action for one in plan(deployer.cloud.stacks, "s", read(text)).changes}
    theirs = deployer.cloud.stacks.preview_stack("s", text, stack="s")
    assert {one.logical_id: (one.action, one.replacement) for one in theirs} == {
        "Queue": ("Modify", "True"),
        "Flow": ("Modify", "False"),
    }
    assert mine == {"Queue": Action.REPLACE, "Flow": Action.UPDATE}
    assert deployer.executor.deploy("s", text, replacement=True).record.status == "UPDATE_COMPLETE"


def test_a_stack_that_went_back_is_not_done_with(deployer: Deployer) -> None:
    deployer.executor.deploy("s", small())
    with pytest.raises(StackFailed):
        deployer.executor.deploy("s", small().replace("type: pass", "type: nonsense"))
    found = plan(deployer.cloud.stacks, "s", read(small()))
    assert (found.status, found.same) == ("ROLLBACK_COMPLETE", False)
    assert deployer.executor.deploy("s", small()).record.status == "UPDATE_COMPLETE"
    assert plan(deployer.cloud.stacks, "s", read(small())).same
