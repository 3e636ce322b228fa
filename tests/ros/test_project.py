"""A project as people publish them: a serverless template with local code and flow files, deployed unmodified."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.packages import pack
from fnfkit.lang import ros
from fnfkit.model.stack import Sub, Template
from fnfkit.ports import StackRecord, StackValidationFailed

Settle = Callable[[str], StackRecord]
PROJECT = Path(__file__).parents[1] / "data" / "ros" / "project"


class Folder:
    """The files of the project, with its code put into the template."""

    def definition(self, uri: str) -> str:
        return (PROJECT / uri).read_text("utf-8")

    def code(self, uri: str, runtime: str) -> str:
        return ros.DATA_ZIP + base64.b64encode(pack(PROJECT / uri)).decode()


def project() -> Template:
    template = ros.read((PROJECT / "template.yml").read_text("utf-8")).template
    assert template is not None
    return template


def test_the_project_runs(cloud: Cloud, settle: Settle) -> None:
    localized = ros.localized(project(), Folder())
    assert localized.problems == ()
    record = settle(cloud.stacks.create_stack("shop", ros.write(localized.template)))
    assert record.status == "CREATE_COMPLETE", cloud.stacks.list_stack_events("shop", size=50).items
    flow = record.output("OrderFlow")
    cloud.flows.start_execution(flow, name="first", input='{"amount": 5}')
    cloud.run_until_idle()
    found = cloud.flows.describe_execution(flow, "first")
    assert found.status == "Succeeded", cloud.flows.get_execution_history(flow, "first").items[-1]
    shipped = json.loads(cloud.queues.receive_message("shipping-shop").body)
    assert shipped["charged"] == "5 CNY" and shipped["valid"] is True
    assert record.output("Url").endswith("/api/")


def test_what_the_project_expands_to() -> None:
    localized = ros.localized(project(), Folder()).template
    expanded = ros.expand(localized, stack_name="shop").template
    assert {resource.id for resource in expanded.resources} == {
        *("Orders", "OrdersRole", "AliyunFnFFullAccessOrdersRole", "Orderscheck", "Orderscharge", "Ordersapi"),
        *("Ordersapihttp-trigger", "Ordersapinightly", "Shipping", "Payment", "PaymentRole"),
        *("AliyunFCInvocationAccessPaymentRole", "Order", "OrderRole"),
        *("AliyunFnFFullAccessOrderRole", "AliyunMNSFullAccessOrderRole"),
    }
    payment = expanded.resource("Payment")
    assert payment is not None and {"Orderscheck", "Orderscharge"} <= set(payment.depends_on)
    definition = payment.properties["Definition"]
    assert isinstance(definition, Sub) and "resourceArn: ${Orderscheck.ARN}" in definition.text
    assert "${Orderscharge.ARN}  # the function" in definition.text
    role = expanded.resource("OrdersRole")
    assert role is not None
    (policy,) = role.properties["Policies"]
    assert policy["PolicyName"] == role.properties["RoleName"] + "Policy1"
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == ["*"]
    trigger = expanded.resource("Ordersapihttp-trigger")
    assert trigger is not None and trigger.properties["TriggerConfig"]["AuthType"] == "anonymous"


def test_files_are_told_and_missing_ones_named() -> None:
    named = [(kind, uri) for _, kind, uri in ros.local_files(project())]
    assert named == [
        ("code", "./orders"),
        ("code", "./orders"),
        ("code", "./orders"),
        ("definition", "./flows/payment.fdl.yml"),
        ("definition", "flows/order.fdl.yml"),
    ]

    class Nowhere:
        def definition(self, uri: str) -> str:
            raise FileNotFoundError(2, "No such file", uri)

        def code(self, uri: str, runtime: str) -> str:
            raise ValueError("the folder is empty")

    problems = ros.localized(project(), Nowhere()).problems
    assert [problem.path[1:] for problem in problems] == [
        ("Orders", "check", "Properties", "CodeUri"),
        ("Orders", "charge", "Properties", "CodeUri"),
        ("Orders", "api", "Properties", "CodeUri"),
        ("Payment", "Properties", "DefinitionUri"),
        ("Order", "Properties", "DefinitionUri"),
    ]
    assert "No such file" in problems[-1].message and "the folder is empty" in problems[0].message


def test_the_service_refuses_files_it_cannot_see(cloud: Cloud) -> None:
    with pytest.raises(StackValidationFailed, match=r"line \d+, .*CodeUri: .*no object on OSS"):
        cloud.stacks.create_stack("shop", (PROJECT / "template.yml").read_text("utf-8"))


def test_triggers_that_call_with_a_role_get_one() -> None:
    text = """
ROSTemplateFormatVersion: '2015-09-01'
Transform: Aliyun::Serverless-2018-04-03
Resources:
  S:
    Type: Aliyun::Serverless::Service
    f:
      Type: Aliyun::Serverless::Function
      Properties: {Handler: index.handler, Runtime: python3, CodeUri: oss://b/k}
      Events:
        news: {Type: MNSTopic, Properties: {TopicName: news}}
"""
    template = ros.read(text).template
    assert template is not None and ros.validate(template) == ()
    expanded = ros.expand(template).template
    trigger = expanded.resource("Sfnews")
    assert trigger is not None and trigger.properties["TriggerType"] == "mns_topic"
    assert trigger.properties["TriggerConfig"] == {"NotifyContentFormat": "STREAM", "NotifyStrategy": "BACKOFF_RETRY"}
    assert expanded.resource("SfnewsRole") is not None
