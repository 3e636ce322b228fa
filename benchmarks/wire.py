"""Workloads over HTTP: the official SDK against our server, against a constant answer, and boto3 against moto."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

from benchmarks import flows, servers


def sdk() -> SimpleNamespace:
    """The classes of the official SDK that the workloads use."""
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkfnf.request.v20190315.CreateFlowRequest import CreateFlowRequest
    from aliyunsdkfnf.request.v20190315.DescribeExecutionRequest import DescribeExecutionRequest
    from aliyunsdkfnf.request.v20190315.GetExecutionHistoryRequest import GetExecutionHistoryRequest
    from aliyunsdkfnf.request.v20190315.StartExecutionRequest import StartExecutionRequest

    return SimpleNamespace(
        AcsClient=AcsClient,
        CreateFlowRequest=CreateFlowRequest,
        DescribeExecutionRequest=DescribeExecutionRequest,
        GetExecutionHistoryRequest=GetExecutionHistoryRequest,
        StartExecutionRequest=StartExecutionRequest,
    )


def create(client: Any, endpoint: str, name: str, definition: str) -> None:
    """Creates a flow."""
    request = sdk().CreateFlowRequest()
    request.set_Name(name)
    request.set_Definition(definition)
    request.set_Description("bench")
    request.set_Type("FDL")
    _send(client, endpoint, request)


def run(client: Any, endpoint: str, flow: str, execution: str) -> None:
    """Starts an execution and asks until it has ended."""
    request = sdk().StartExecutionRequest()
    request.set_FlowName(flow)
    request.set_ExecutionName(execution)
    _send(client, endpoint, request)
    while True:
        request = sdk().DescribeExecutionRequest()
        request.set_FlowName(flow)
        request.set_ExecutionName(execution)
        request.set_WaitTimeSeconds(5)
        if _send(client, endpoint, request)["Status"] == "Succeeded":
            return


def sdk_executions(executions: int) -> float:
    """Executions per second against the embedded account."""
    with servers.dev() as ready:
        client = sdk().AcsClient(ready["access_key_id"], ready["access_key_secret"], ready["region"])
        create(client, ready["endpoint"], "one", flows.chain(1))
        return _rate(executions, lambda number: run(client, ready["endpoint"], "one", f"e{number}"))


def sdk_ceiling(executions: int) -> float:
    """Executions per second if the server answered at once with a constant."""
    client = sdk().AcsClient("key", "secret", "cn-hangzhou")
    with servers.constant() as endpoint:
        return _rate(executions, lambda number: run(client, endpoint, "one", f"e{number}"))


def history(steps: int) -> float:
    """Events per second of reading a whole history in the largest pages."""
    with servers.dev() as ready:
        client = sdk().AcsClient(ready["access_key_id"], ready["access_key_secret"], ready["region"])
        create(client, ready["endpoint"], "long", flows.chain(steps))
        run(client, ready["endpoint"], "long", "e")
        return _read_rate(lambda: _read_history(client, ready["endpoint"]))


def moto_client(endpoint: str) -> Any:
    """boto3's Step Functions client for moto's server."""
    import boto3

    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client("stepfunctions", endpoint_url=endpoint, **keys)


def moto_machine(client: Any, length: int) -> str:
    """A chain of Pass states."""
    from benchmarks.peers import moto_states

    definition = json.dumps(moto_states.chain(length))
    return str(
        client.create_state_machine(name="m", definition=definition, roleArn=moto_states.ROLE)["stateMachineArn"]
    )


def moto_run(client: Any, machine: str, name: str) -> str:
    """Starts an execution and asks until it has ended."""
    arn = str(client.start_execution(stateMachineArn=machine, name=name, input="{}")["executionArn"])
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.001)
    return arn


def moto_executions(executions: int) -> float:
    """Executions per second on moto's server."""
    with servers.moto_server() as endpoint:
        client = moto_client(endpoint)
        machine = moto_machine(client, 1)
        return _rate(executions, lambda number: moto_run(client, machine, f"e{number}"))


def moto_history(steps: int) -> float:
    """Events per second of reading a whole history in the largest pages from moto's server."""
    with servers.moto_server() as endpoint:
        client = moto_client(endpoint)
        arn = moto_run(client, moto_machine(client, steps), "e")
        pages = client.get_paginator("get_execution_history")
        return _read_rate(lambda: sum(len(p["events"]) for p in pages.paginate(executionArn=arn, maxResults=1000)))


def _read_history(client: Any, endpoint: str) -> int:
    count, token = 0, None
    while True:
        request = sdk().GetExecutionHistoryRequest()
        request.set_FlowName("long")
        request.set_ExecutionName("e")
        request.set_Limit(999)
        if token:
            request.set_NextToken(token)
        page = _send(client, endpoint, request)
        count += len(page["Events"])
        token = page.get("NextToken")
        if not token:
            return count


def _read_rate(read: Any) -> float:
    read()
    begin = time.perf_counter()
    events = sum(read() for _ in range(3))
    return float(events / (time.perf_counter() - begin))


def _rate(count: int, act: Any) -> float:
    act(-1)
    begin = time.perf_counter()
    for number in range(count):
        act(number)
    return count / (time.perf_counter() - begin)


def _send(client: Any, endpoint: str, request: Any) -> Any:
    request.set_endpoint(endpoint)
    return json.loads(client.do_action_with_exception(request))
