"""The newer official SDK against the same server: the core operations, long polls and errors."""

from __future__ import annotations

import json

import pytest
from alibabacloud_fnf20190315 import models
from alibabacloud_fnf20190315.client import Client
from alibabacloud_tea_openapi.utils_models import Config

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.server.listener import Listening
from tests.contract.conftest import token_of
from tests.contract.flows import CALLBACK, PASS


def client_of(served: Listening, key_id: str, secret: str, token: str | None = None) -> Client:
    place = {"endpoint": served.endpoint.removeprefix("http://"), "protocol": "http", "region_id": "cn-hangzhou"}
    return Client(Config(access_key_id=key_id, access_key_secret=secret, security_token=token, **place))


@pytest.fixture
def client(served: Listening) -> Client:
    return client_of(served, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)


def create(client: Client, name: str, definition: str) -> models.CreateFlowResponseBody:
    request = models.CreateFlowRequest(name=name, definition=definition, description="世界 +%&", type="FDL")
    return client.create_flow(request).body


def test_a_flow_runs(client: Client, cloud: Cloud) -> None:
    created = create(client, "f", PASS)
    assert (created.name, created.definition, created.description) == ("f", PASS, "世界 +%&")
    assert created.request_id
    start = models.StartExecutionRequest(flow_name="f", execution_name="e", input='{"name": "世界"}')
    assert client.start_execution(start).body.name == "e"
    describe = models.DescribeExecutionRequest(flow_name="f", execution_name="e", wait_time_seconds=5)
    ended = client.describe_execution(describe).body
    assert (ended.status, json.loads(ended.output)) == ("Succeeded", {"greeting": "hello", "name": "世界"})
    whole = models.GetExecutionHistoryRequest(flow_name="f", execution_name="e", limit=100)
    events = client.get_execution_history(whole).body.events
    assert [(event.event_id, event.type) for event in events] == [
        (event.id, event.type) for event in cloud.flows.get_execution_history("f", "e").items
    ]
    assert all(isinstance(json.loads(event.event_detail), dict) for event in events)


def test_a_task_is_reported(client: Client, cloud: Cloud) -> None:
    create(client, "callback", CALLBACK)
    client.start_execution(models.StartExecutionRequest(flow_name="callback", execution_name="e"))
    token = token_of(cloud, "callback", "e")
    report = models.ReportTaskSucceededRequest(task_token=token, output='{"status": "ok"}')
    assert client.report_task_succeeded(report).body.event_id > 0
    describe = models.DescribeExecutionRequest(flow_name="callback", execution_name="e", wait_time_seconds=5)
    assert json.loads(client.describe_execution(describe).body.output) == {"s": "ok"}


def test_schedules_and_lists(client: Client) -> None:
    create(client, "f", PASS)
    wanted = models.CreateScheduleRequest(
        flow_name="f", schedule_name="s", cron_expression="0 * * * * *", enable=False, payload="{}"
    )
    assert client.create_schedule(wanted).body.enable is False
    listed = client.list_schedules(models.ListSchedulesRequest(flow_name="f")).body.schedules
    assert [schedule.schedule_name for schedule in listed] == ["s"]
    assert [flow.name for flow in client.list_flows(models.ListFlowsRequest(limit=10)).body.flows] == ["f"]


def test_errors_keep_their_code(client: Client, served: Listening) -> None:
    request = models.DescribeFlowRequest(name="nobody")
    for asker, code, status in (
        (client, "FlowNotExists", 404),
        (client_of(served, DEFAULT_KEY_ID, "wrong"), "SignatureNotMatch", 403),
        (client_of(served, "LTAInobody", "wrong"), "InvalidAccessKeyID", 403),
    ):
        with pytest.raises(Exception, match=code) as error:
            asker.describe_flow(request)
        assert (error.value.code, error.value.status_code) == (code, status)  # type: ignore[attr-defined]


def test_temporary_credentials(served: Listening, cloud: Cloud) -> None:
    held = cloud.ram.assume_role("acs:ram::123456789012:role/Admin", "alice")
    client = client_of(served, held.key.id, held.key.secret, held.token)
    assert client.list_flows(models.ListFlowsRequest()).body.flows == []
