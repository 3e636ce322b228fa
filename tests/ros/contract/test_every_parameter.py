"""What the official SDK's own requests can ask for: filters, words, templates of change sets, and nonsense."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Callable

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from stack_texts import queue, template

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import StackRecord
from fnfkit.server.listener import Listening

Json = dict[str, object]
Settle = Callable[[str], StackRecord]
ONE, TWO = template({"Queue": queue("one")}), template({"Queue": queue("two")})

ACTIONS = (
    *("CreateStack", "UpdateStack", "DeleteStack", "GetStack", "ListStacks", "ListStackResources", "GetStackResource"),
    *("ListStackEvents", "GetTemplate", "PreviewStack", "ValidateTemplate", "CreateChangeSet", "ExecuteChangeSet"),
    *("GetChangeSet", "ListChangeSets", "DeleteChangeSet", "ContinueCreateStack", "CancelUpdateStack"),
    *("SetDeletionProtection", "SetStackPolicy", "GetStackPolicy", "SignalResource"),
)


class Client:
    """Calls with the request classes of aliyun-python-sdk-ros."""

    def __init__(self, endpoint: str) -> None:
        self._client = AcsClient(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, "cn-hangzhou", auto_retry=False)
        self._address = endpoint.removeprefix("http://")

    def __call__(self, action: str, **parameters: str) -> Json:
        module = importlib.import_module(f"aliyunsdkros.request.v20190910.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._address)
        request.set_protocol_type("http")
        for name, value in parameters.items():
            (request.add_body_params if name == "TemplateBody" else request.add_query_param)(name, value)
        answer: Json = json.loads(self._client.do_action_with_exception(request))
        return answer

    def refused(self, action: str, **parameters: str) -> tuple[int, str]:
        """Status and code of a refusal, (200, "") if there is none."""
        try:
            self(action, **parameters)
        except ServerException as refusal:
            return refusal.http_status, refusal.error_code
        return 200, ""


@pytest.fixture
def call(served: Listening) -> Client:
    return Client(served.endpoint)


def names(answer: Json) -> list[object]:
    return [one["StackName"] for one in answer["Stacks"]]  # type: ignore[attr-defined]


def test_stacks_are_filtered_before_they_are_paged(call: Client, cloud: Cloud) -> None:
    ids = [
        str(call("CreateStack", StackName=f"s{n}", TemplateBody=template({"Q": queue(f"q{n}")}), **tags)["StackId"])
        for n, tags in enumerate([{"Tags.1.Key": "team", "Tags.1.Value": "a"}, {}, {"Tags.1.Key": "team"}])
    ]
    found = call("ListStacks", PageSize="1", **{"StackIds.1": ids[0], "StackIds.2": ids[1]})
    assert names(found) == ["s1"] and found["TotalCount"] == 2
    assert names(call("ListStacks", StackId=ids[0], PageSize="1")) == ["s0"]
    assert names(call("ListStacks", **{"Tag.1.Key": "team"})) == ["s2", "s0"]
    assert names(call("ListStacks", **{"Tag.1.Key": "team", "Tag.1.Value": "a"})) == ["s0"]
    assert names(call("ListStacks", StartTime="2020-01-01T00:00:00Z", EndTime="2020-01-01T00:00:00Z")) != []
    assert names(call("ListStacks", StartTime="2020-01-02T00:00:00Z")) == []
    assert call.refused("ListStacks", StartTime="yesterday") == (400, "InvalidParameter")


def test_change_sets_are_filtered_and_show_their_template(call: Client, settle: Settle) -> None:
    stack = settle(str(call("CreateStack", StackName="s", TemplateBody=ONE)["StackId"])).id
    made = [
        str(call("CreateChangeSet", ChangeSetName=name, StackId=stack, TemplateBody=TWO)["ChangeSetId"])
        for name in ("first", "second")
    ]

    def listed(**filters: str) -> list[object]:
        found = call("ListChangeSets", StackId=stack, **filters)
        return sorted(one["ChangeSetName"] for one in found["ChangeSets"])  # type: ignore[attr-defined]

    assert listed() == ["first", "second"] and listed(ChangeSetId=made[1]) == ["second"]
    assert listed(**{"ChangeSetName.1": "f*"}) == ["first"]
    assert listed(**{"Status.1": "CREATE_COMPLETE", "ExecutionStatus.1": "AVAILABLE"}) == ["first", "second"]
    assert listed(**{"ExecutionStatus.1": "OBSOLETE"}) == [] and listed(**{"Status.1": "CREATE_FAILED"}) == []
    assert call("GetTemplate", ChangeSetId=made[0])["TemplateBody"] == TWO
    assert call("GetChangeSet", ChangeSetId=made[0], ShowTemplate="true")["TemplateBody"] == TWO
    assert "TemplateBody" not in call("GetChangeSet", ChangeSetId=made[0])


def test_a_preview_tells_what_it_is_of(call: Client) -> None:
    body = template({}, Description="nothing yet", Parameters={"P": {"Type": "String", "Default": "x"}})
    given = {"Parameters.1.ParameterKey": "P", "Parameters.1.ParameterValue": "y", "TimeoutInMinutes": "30"}
    shown = call("PreviewStack", StackName="s", TemplateBody=body, **given)["Stack"]
    assert isinstance(shown, dict)
    assert (shown["Description"], shown["TimeoutInMinutes"]) == ("nothing yet", 30)
    assert shown["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "y"}]


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("CreateStack", "DeletionProtection"),
        ("UpdateStack", "ReplacementOption"),
        ("GetStack", "OutputOption"),
        ("GetTemplate", "TemplateStage"),
    ],
)
def test_a_word_that_is_none_is_refused(call: Client, settle: Settle, action: str, name: str) -> None:
    stack = settle(str(call("CreateStack", StackName="s", TemplateBody=ONE)["StackId"])).id
    given = {"StackId": stack, "StackName": "other", "TemplateBody": TWO, name: "perhaps"}
    assert call.refused(action, **given) == (400, "InvalidParameter")


PARAMETERS = (
    *("StackName", "StackId", "TemplateBody", "RegionId", "TimeoutInMinutes", "DisableRollback", "DeletionProtection"),
    *("ClientToken", "PageNumber", "PageSize", "Status.1", "StackName.1", "StackIds.1", "LogicalResourceId"),
    *("LogicalResourceId.1", "ResourceType.1", "ChangeSetName", "ChangeSetName.1", "ChangeSetType", "ChangeSetId"),
    *("Parameters.1.ParameterKey", "Parameters.x.ParameterKey", "Parameters.1.ParameterValue", "Tags.1.Key"),
    *("UsePreviousParameters", "TemplateURL", "TemplateId", "TemplateStage", "RetainAllResources", "RetainResources.1"),
    *("OutputOption", "CreateOption", "Parallelism", "ReplacementOption", "DryRun", "StackPolicyBody", "RamRoleName"),
    *("NotificationURLs.1", "Mode", "CancelType", "UniqueId", "StartTime", "EndTime", "Tag.1.Key", "Description"),
    *("RecreatingResources.1", "ResourceAttributes.1", "ShowTemplate", "ParentStackId", "ShowNestedStack"),
)
NONSENSE = ("", "中文", "-1", "0", "9" * 20, "{}", "[]", "null", "\x00", "a b", "'\"<>&%s", "x" * 2000, "../..")


@pytest.mark.parametrize("action", ACTIONS)
def test_nonsense_is_refused_and_never_breaks_the_service(
    call: Client, cloud: Cloud, settle: Settle, action: str
) -> None:
    stack = settle(str(call("CreateStack", StackName="kept", TemplateBody=ONE)["StackId"])).id
    nonsense = itertools.cycle(NONSENSE)
    numbers = itertools.count()
    for name in PARAMETERS:
        for value in itertools.islice(nonsense, 3):
            number = next(numbers)
            usual = {
                "StackId": "nobody" if action == "DeleteStack" else stack,
                "StackName": f"n{number}",
                "ChangeSetName": f"c{number}",
                "ChangeSetId": "none",
                "LogicalResourceId": "Queue",
                "TemplateBody": template({"Queue": queue(f"q{number}")}),
            }
            status, code = call.refused(action, **{**usual, name: value})
            assert status in (200, 400, 403, 404, 409), (name, value, status, code)
    assert cloud.stacks.get_stack("kept").id == stack
