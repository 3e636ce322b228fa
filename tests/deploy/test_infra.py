"""The bootstrap stack: deployable, and with the very policy that stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

from deploy_accounts import Deployer

from fnfkit.lang import ros

INFRA = Path(__file__).parents[2] / "infra"


def test_the_bootstrap_stack_deploys(deployer: Deployer) -> None:
    text = (INFRA / "bootstrap.ros.yml").read_text("utf-8")
    outcome = deployer.executor.deploy("bootstrap", text, parameters={"BucketName": "shop-code"})
    assert outcome.record.status == "CREATE_COMPLETE"
    assert outcome.record.output("Policy") == "fnfkit-operator"


def test_its_policy_is_the_one_beside_it() -> None:
    reading = ros.read((INFRA / "bootstrap.ros.yml").read_text("utf-8"))
    assert reading.template is not None
    policy = ros.document(reading.template)["Resources"]["Operator"]["Properties"]["PolicyDocument"]
    text = json.dumps(policy).replace('{"Fn::Sub": "acs:oss:*:*:${BucketName}"}', '"acs:oss:*:*:<bucket>"')
    text = text.replace('{"Fn::Sub": "acs:oss:*:*:${BucketName}/*"}', '"acs:oss:*:*:<bucket>/*"')
    assert json.loads(text) == json.loads((INFRA / "operator.json").read_text("utf-8"))
    assert len(json.dumps(policy, separators=(",", ":"))) < 2048
