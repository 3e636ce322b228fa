"""The gateway without a socket: dispatch, the order of checks, and what is refused."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.ports import RequestTimeTooSkewed
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.rpc import read_parameters
from fnfkit.server.auth import FNF_REFUSALS, MAX_SKEW_SECONDS, Nonces, Verifier
from fnfkit.server.gateway import Gateway
from fnfkit.server.later import Later
from fnfkit.server.service import MAX_REQUEST, Service
from tests.contract.flows import NOTHING
from tests.server.conftest import signed

FLOW = {"Name": "f", "Definition": NOTHING, "Description": "", "Type": "FDL"}


@pytest.fixture
def gateway(cloud: Cloud) -> Gateway:
    return Gateway(cloud)


def ask(gateway: Gateway, request: Request) -> tuple[int, dict[str, object]]:
    response = gateway.handle(request)
    assert isinstance(response, Response)
    body = json.loads(response.body)
    assert body["RequestId"]
    return response.status, body


def code(gateway: Gateway, request: Request) -> tuple[int, object]:
    status, body = ask(gateway, request)
    return status, body["Code"]


def test_parameters_may_be_anywhere_and_both_methods_work(gateway: Gateway, cloud: Cloud) -> None:
    assert ask(gateway, signed("CreateFlow", **FLOW))[0] == 200
    assert ask(gateway, signed("DescribeFlow", form={"Name": "f"}))[1]["Name"] == "f"
    assert ask(gateway, signed("DescribeFlow", method="GET", Name="f", Unknown="x"))[1]["Name"] == "f"
    everything_in_the_form = signed("ListFlows", method="POST")
    body = everything_in_the_form.query.encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert ask(gateway, Request("POST", "/", headers, body))[0] == 200


@pytest.mark.parametrize("value", ["True", "False", "true", "FALSE"])
def test_flags_in_any_case(gateway: Gateway, value: str) -> None:
    ask(gateway, signed("CreateFlow", **FLOW))
    schedule = {"FlowName": "f", "ScheduleName": "s", "CronExpression": "0 * * * * *", "Enable": value}
    assert ask(gateway, signed("CreateSchedule", form=schedule))[1]["Enable"] is (value.lower() == "true")


def test_the_order_of_checks(gateway: Gateway) -> None:
    """Version, action, required parameters, access key, signature, time, arguments: each hides those after it."""
    wrong = {"FlowName": "1", "Limit": "x"}
    request = signed("ListFlows", **wrong)

    def without(*names: str, **changed: str) -> Request:
        pairs = (pair.split("=", 1) for pair in request.query.split("&"))
        kept = {name: value for name, value in pairs if name not in names}
        return replace(request, target="/?" + "&".join(f"{n}={v}" for n, v in {**kept, **changed}.items()))

    assert code(gateway, Request("GET", "/")) == (400, "MissingRequiredParams")
    assert code(gateway, without("Signature", Version="2000-01-01")) == (400, "APIVersionNotSupported")
    assert code(gateway, without("Signature", Action="Nothing")) == (400, "ActionNotSupported")
    assert code(gateway, without("Action")) == (400, "MissingRequiredParams")
    for name in ("Signature", "AccessKeyId", "Timestamp", "SignatureNonce"):
        assert code(gateway, without(name, Timestamp="x") if name != "Timestamp" else without(name)) == (
            400,
            "MissingRequiredParams",
        )
    assert code(gateway, without(Action="DescribeExecution", AccessKeyId="x")) == (400, "MissingRequiredParams")
    assert code(gateway, without(AccessKeyId="x", Signature="x", Timestamp="x")) == (403, "InvalidAccessKeyID")
    assert code(gateway, without(Timestamp="x")) == (403, "SignatureNotMatch")
    assert code(gateway, without(SignatureMethod="HMAC-MD5")) == (400, "InvalidArgument")
    assert code(gateway, without(SignatureVersion="2.0")) == (400, "InvalidArgument")
    assert code(gateway, request) == (400, "InvalidArgument")
    assert code(gateway, request) == (400, "SignatureNonceUsed")


def test_every_required_parameter_is_required(gateway: Gateway) -> None:
    required = {
        "CreateFlow": "Name Definition Description Type",
        "UpdateFlow": "Name",
        "DescribeFlow": "Name",
        "DeleteFlow": "Name",
        "StartExecution": "FlowName",
        "StartSyncExecution": "FlowName",
        "StopExecution": "FlowName ExecutionName",
        "DescribeExecution": "FlowName ExecutionName",
        "ListExecutions": "FlowName",
        "GetExecutionHistory": "FlowName ExecutionName",
        "ReportTaskSucceeded": "TaskToken Output",
        "ReportTaskFailed": "TaskToken Error",
        "CreateSchedule": "FlowName ScheduleName CronExpression",
        "UpdateSchedule": "FlowName ScheduleName",
        "DescribeSchedule": "FlowName ScheduleName",
        "ListSchedules": "FlowName",
        "DeleteSchedule": "FlowName ScheduleName",
    }
    for action, names in required.items():
        for missing in names.split():
            status, body = ask(gateway, signed(action, **{name: "x" for name in names.split() if name != missing}))
            assert (status, body["Code"]) == (400, "MissingRequiredParams"), (action, missing)
            assert missing in str(body["Message"])


@pytest.mark.parametrize(
    ("action", "parameters", "named"),
    [
        ("ListFlows", {"Limit": "many"}, "Limit"),
        ("DescribeExecution", {"FlowName": "f", "ExecutionName": "e", "WaitTimeSeconds": "1.5"}, "WaitTimeSeconds"),
        ("ListExecutions", {"FlowName": "f", "StartedTimeBegin": "yesterday"}, "StartedTimeBegin"),
        ("UpdateSchedule", {"FlowName": "f", "ScheduleName": "s", "Enable": "maybe"}, "Enable"),
    ],
)
def test_wrong_types(gateway: Gateway, action: str, parameters: dict[str, str], named: str) -> None:
    status, body = ask(gateway, signed(action, **parameters))
    assert (status, body["Code"]) == (400, "InvalidArgument")
    assert named in str(body["Message"])


def test_requests_that_are_none_of_ours(gateway: Gateway) -> None:
    assert code(gateway, replace(signed("ListFlows"), method="DELETE")) == (400, "UnsupportedOperation")
    assert code(gateway, Request("GET", "/elsewhere?Action=ListFlows")) == (404, "InvalidAction.NotFound")
    assert code(gateway, Request("GET", "/?Version=2019-03-15&Version=2019-03-15")) == (400, "InvalidArgument")
    assert code(gateway, Request("GET", "/?a=%ff")) == (400, "InvalidArgument")
    foreign = Request("POST", "/", {"authorization": "FC a:b"})
    assert code(gateway, foreign) == (404, "InvalidAction.NotFound")
    unnamed = Request("POST", "/", {"authorization": "ACS3-HMAC-SHA256 Credential=x"})
    assert code(gateway, unnamed) == (400, "MissingRequiredParams")
    json_body = Request("POST", "/", {"content-type": "application/json"}, b"{}")
    assert code(gateway, json_body) == (415, "UnsupportedMediaType")


def test_the_request_limit_counts_query_and_body(gateway: Gateway) -> None:
    assert code(gateway, Request("POST", "/", {}, b"x" * MAX_REQUEST)) == (400, "EntityTooLarge")
    assert code(gateway, Request("GET", "/?" + "x" * MAX_REQUEST)) == (400, "EntityTooLarge")


def test_the_host_is_echoed(gateway: Gateway) -> None:
    assert ask(gateway, Request("GET", "/", {"host": "fnf.example"}))[1]["HostId"] == "fnf.example"


def test_services_come_before_rpc_and_after_control(cloud: Cloud) -> None:
    seen: list[str] = []

    def handle(request: Request) -> Response:
        seen.append(request.path)
        return Response(200, {}, b"{}")

    mine = Service(
        name="mine",
        matches=lambda head: "x-mine" in head.headers,
        handle=handle,
        too_large=lambda head: Response(413),
        max_body=7,
    )
    gateway = Gateway(cloud, [mine])
    head = Request("PUT", "/anything", {"x-mine": "1"})
    assert gateway.handle(head) == Response(200, {}, b"{}")
    service = gateway.service(head)
    assert (service.max_body, service.too_large(head)) == (7, Response(413))
    assert gateway.service(Request("PUT", "/anything")).max_body == MAX_REQUEST
    gateway.handle(Request("GET", "/_fnfkit/health", {"x-mine": "1", "host": "localhost"}))
    assert seen == ["/anything"]


def test_a_bug_is_an_internal_error(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: Request) -> Response:
        raise ZeroDivisionError

    service = Service(name="b", matches=lambda _: True, handle=broken, too_large=broken)
    with caplog.at_level(logging.ERROR):
        status, body = ask(Gateway(cloud, [service]), Request("GET", "/"))
    assert (status, body["Code"]) == (500, "InternalServerError")
    assert str(body["RequestId"]) in caplog.text
    assert "ZeroDivisionError" not in json.dumps(body)


def test_a_long_poll_is_later(cloud: Cloud, gateway: Gateway) -> None:
    ask(gateway, signed("CreateFlow", **{**FLOW, "Definition": NOTHING.replace("pass", "wait") + "    duration: 9\n"}))
    ask(gateway, signed("StartExecution", FlowName="f", ExecutionName="e"))
    poll = {"FlowName": "f", "ExecutionName": "e", "WaitTimeSeconds": "60"}
    answer = gateway.handle(signed("DescribeExecution", **poll))
    assert isinstance(answer, Later)
    woken: list[bool] = []
    answer.signal.wait(lambda: woken.append(True))
    assert json.loads(answer.answer().body)["Status"] != "Succeeded"
    assert not woken
    assert cloud.run_until(lambda: bool(woken))
    assert json.loads(answer.answer().body)["Status"] == "Succeeded"
    answer.release()
    assert ask(gateway, signed("DescribeExecution", **poll))[1]["Status"] == "Succeeded"


def test_a_flow_deleted_under_a_long_poll(cloud: Cloud, gateway: Gateway) -> None:
    ask(gateway, signed("CreateFlow", **{**FLOW, "Definition": NOTHING.replace("pass", "wait") + "    duration: 9\n"}))
    ask(gateway, signed("StartExecution", FlowName="f", ExecutionName="e"))
    answer = gateway.handle(signed("DescribeExecution", FlowName="f", ExecutionName="e", WaitTimeSeconds="60"))
    assert isinstance(answer, Later)
    ask(gateway, signed("DeleteFlow", Name="f"))
    response = answer.answer()
    assert (response.status, json.loads(response.body)["Code"]) == (404, "FlowNotExists")
    answer.release()


def test_old_nonces_are_forgotten() -> None:
    nonces = Nonces(limit=3)
    assert nonces.use("k", "a", 0)
    assert not nonces.use("k", "a", 2 * MAX_SKEW_SECONDS - 1)
    assert nonces.use("other", "a", 0)
    assert nonces.use("k", "a", 2 * MAX_SKEW_SECONDS)
    for number in range(100):
        assert nonces.use("k", str(number), 2 * MAX_SKEW_SECONDS)
        assert len(nonces) <= 3
    assert not nonces.use("k", "99", 2 * MAX_SKEW_SECONDS)


def test_the_wall_clock_judges_requests(cloud: Cloud) -> None:
    request = signed("ListFlows")
    parameters = read_parameters(request)
    late = Verifier(cloud.ram, wall_clock=lambda: time.time() + MAX_SKEW_SECONDS + 60)
    with pytest.raises(RequestTimeTooSkewed):
        late.verify(request.method, parameters, FNF_REFUSALS)
    assert Verifier(cloud.ram).verify(request.method, parameters, FNF_REFUSALS).account == cloud.ram.account_id
