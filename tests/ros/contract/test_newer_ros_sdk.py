"""The newer official SDK of Resource Orchestration, which signs by ACS3, against the same server."""

from __future__ import annotations

import pytest
from alibabacloud_ros20190910 import models
from alibabacloud_ros20190910.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.exceptions import DaraException
from stack_texts import queue, template

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import settled
from fnfkit.server.listener import Listening

ONE = template({"Queue": queue({"Ref": "Name"})}, Parameters={"Name": {"Type": "String"}})


def client_of(served: Listening, secret: str = DEFAULT_KEY_SECRET) -> Client:
    endpoint = served.endpoint.removeprefix("http://")
    config = Config(access_key_id=DEFAULT_KEY_ID, access_key_secret=secret, endpoint=endpoint, protocol="http")
    config.region_id = "cn-hangzhou"
    return Client(config)


def test_a_stack_comes_and_goes(served: Listening, cloud: Cloud) -> None:
    client = client_of(served)
    parameter = models.CreateStackRequestParameters(
        parameter_key="Name", parameter_value="a b+世界~".encode().hex()[:9]
    )
    created = client.create_stack(
        models.CreateStackRequest(
            stack_name="one", region_id="cn-hangzhou", template_body=ONE, parameters=[parameter], timeout_in_minutes=20
        )
    ).body
    assert cloud.run_until(lambda: settled(cloud.stacks.get_stack("one").status))
    found = client.get_stack(models.GetStackRequest(stack_id=created.stack_id, region_id="cn-hangzhou")).body
    assert (found.status, found.timeout_in_minutes) == ("CREATE_COMPLETE", 20)
    listed = client.list_stack_resources(
        models.ListStackResourcesRequest(stack_id=created.stack_id, region_id="cn-hangzhou")
    ).body.resources
    assert [resource.logical_resource_id for resource in listed] == ["Queue"]
    client.delete_stack(models.DeleteStackRequest(stack_id=created.stack_id, region_id="cn-hangzhou"))
    assert cloud.run_until(lambda: cloud.stacks.get_stack(created.stack_id).status == "DELETE_COMPLETE")


def test_refusals_have_their_codes(served: Listening) -> None:
    with pytest.raises(DaraException) as refused:
        client_of(served).get_stack(models.GetStackRequest(stack_id="none", region_id="cn-hangzhou"))
    assert (refused.value.code, refused.value.status_code) == ("StackNotFound", 404)
    with pytest.raises(DaraException) as refused:
        client_of(served, "wrong").get_stack(models.GetStackRequest(stack_id="none", region_id="cn-hangzhou"))
    assert refused.value.code == "SignatureDoesNotMatch"
