"""The stack port: one contract, in process and over HTTP through the official SDK."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stack_texts import flow, queue, template

from fnfkit.cloud.cloud import Cloud
from fnfkit.ports import (
    ActionInProgress,
    ChangeSetExists,
    ChangeSetNotFound,
    DeletionProtected,
    Fault,
    InvalidIdempotenceParameter,
    InvalidParameter,
    InvalidTemplate,
    NotSupported,
    ResourceNotFound,
    StackExists,
    StackNotFound,
    StackRecord,
    Stacks,
    UnknownUserParameter,
    UserParameterMissing,
)

Settle = Callable[[str], StackRecord]

PARAMETERS = {
    "Name": {"Type": "String", "Default": "first"},
    "Secret": {"Type": "String", "Default": "open sesame", "NoEcho": True},
}
ONE = template(
    {"Queue": queue({"Ref": "Name"})},
    Description="a queue",
    Parameters=PARAMETERS,
    Outputs={"Url": {"Value": {"Fn::GetAtt": ["Queue", "QueueUrl"]}, "Description": "where"}},
)
TWO = template({"Queue": queue({"Ref": "Name"}, VisibilityTimeout=60), "Flow": flow("f")}, Parameters=PARAMETERS)


def test_a_stack_is_created_and_told_of(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE, parameters={"Name": "jobs"}, tags={"team": "flows"}, timeout_minutes=15)
    settle(id)
    record = stacks.get_stack(id)
    assert (record.id, record.name, record.status) == (id, "one", "CREATE_COMPLETE")
    assert record.status_reason == "Stack CREATE completed successfully"
    assert (record.description, record.tags, record.timeout_minutes) == ("a queue", {"team": "flows"}, 15)
    assert record.parameters["Name"] == "jobs" and record.parameters["Secret"] == "******"
    assert record.parameters["ALIYUN::StackName"] == "one" and record.parameters["ALIYUN::StackId"] == id
    assert record.output("Url") == "http://123456789012.mns.cn-hangzhou.aliyuncs.com/queues/jobs"
    assert record.outputs[0].description == "where" and record.updated is None


def test_resources_and_their_attributes(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE)
    settle(id)
    (resource,) = stacks.list_stack_resources(id)
    assert (resource.logical_id, resource.physical_id, resource.type) == ("Queue", "first", "ALIYUN::MNS::Queue")
    assert (resource.status, resource.status_reason) == ("CREATE_COMPLETE", "state changed")
    told = stacks.get_stack_resource(id, "Queue")
    assert told.attributes["ARN.WithSlash"] == "acs:mns:cn-hangzhou:123456789012:/queues/first"
    with pytest.raises(ResourceNotFound):
        stacks.get_stack_resource(id, "Nothing")


def test_events_newest_first_and_filtered(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE)
    settle(id)
    events = stacks.list_stack_events(id, size=50)
    assert [(event.logical_id, event.status) for event in events.items] == [
        ("one", "CREATE_COMPLETE"),
        ("Queue", "CREATE_COMPLETE"),
        ("Queue", "CREATE_IN_PROGRESS"),
        ("one", "CREATE_IN_PROGRESS"),
    ]
    assert stacks.list_stack_events(id, logical_ids=["Queue"]).total == 2
    assert stacks.list_stack_events(id, statuses=["CREATE_COMPLETE"], types=["ALIYUN::MNS::Queue"]).total == 1
    page = stacks.list_stack_events(id, page=2, size=3)
    assert (len(page.items), page.total, page.page) == (1, 4, 2)


def test_templates_come_back_as_they_were_sent(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE)
    settle(id)
    assert stacks.get_template(id) == stacks.get_template(id, original=True) == ONE


def test_update_changes_adds_and_removes(stacks: Stacks, settle: Settle, cloud: Cloud) -> None:
    id = stacks.create_stack("one", ONE, parameters={"Name": "jobs"})
    settle(id)
    assert stacks.update_stack(id, TWO, use_previous_parameters=True) == id
    record = settle(id)
    assert record.status == "UPDATE_COMPLETE" and record.parameters["Name"] == "jobs" and record.updated is not None
    assert cloud.queues.get_queue_attributes("jobs").visibility_timeout == 60
    assert cloud.flows.describe_flow("f").name == "f"
    stacks.update_stack(id, ONE, use_previous_parameters=True)
    settle(id)
    assert cloud.queues.get_queue_attributes("jobs").visibility_timeout == 30
    assert cloud.flows.list_flows().items == ()


def test_an_update_that_changes_nothing_is_refused(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE)
    settle(id)
    with pytest.raises(NotSupported):
        stacks.update_stack(id, ONE)
    with pytest.raises(NotSupported):
        stacks.update_stack(id)


def test_parameters_not_given_go_back_to_their_defaults(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE, parameters={"Name": "jobs"})
    settle(id)
    stacks.update_stack(id, ONE, replacement=True)
    record = settle(id)
    assert (record.status, record.parameters["Name"]) == ("UPDATE_COMPLETE", "first")


def test_deleting_leaves_nothing(stacks: Stacks, settle: Settle, cloud: Cloud) -> None:
    id = stacks.create_stack("one", TWO)
    settle(id)
    stacks.delete_stack(id)
    settle(id)
    assert stacks.get_stack(id).status == "DELETE_COMPLETE"
    assert (cloud.queues.list_queues().items, cloud.flows.list_flows().items) == ((), ())
    assert stacks.list_stacks().items == ()
    assert stacks.list_stacks(statuses=["DELETE_COMPLETE"]).total == 1
    stacks.delete_stack(id)


def test_resources_can_be_retained(stacks: Stacks, settle: Settle, cloud: Cloud) -> None:
    id = stacks.create_stack("one", TWO)
    settle(id)
    stacks.delete_stack(id, retain=["Queue"])
    settle(id)
    assert cloud.queues.list_queues().items == ("first",) and cloud.flows.list_flows().items == ()


def test_protection_from_deletion(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE, deletion_protection=True)
    settle(id)
    with pytest.raises(DeletionProtected):
        stacks.delete_stack(id)
    stacks.set_deletion_protection(id, False)
    stacks.delete_stack(id)
    assert settle(id).status == "DELETE_COMPLETE"


def test_listing_by_name_and_status(stacks: Stacks, settle: Settle) -> None:
    for name in ("app-a", "app-b", "other"):
        settle(stacks.create_stack(name, ONE, parameters={"Name": name}))
    assert [record.name for record in stacks.list_stacks(names=["app-*"]).items] == ["app-b", "app-a"]
    assert stacks.list_stacks(statuses=["CREATE_FAILED"]).items == ()
    page = stacks.list_stacks(page=2, size=2)
    assert ([record.name for record in page.items], page.total) == (["app-a"], 3)


def test_validation_tells_what_a_template_declares(stacks: Stacks) -> None:
    summary = stacks.validate_template(ONE)
    assert summary.description == "a queue"
    assert summary.parameters[0]["ParameterKey"] == "Name" and summary.parameters[0]["NoEcho"] == "false"
    assert summary.outputs[0]["OutputKey"] == "Url"
    assert summary.resources[0]["ResourceType"] == "ALIYUN::MNS::Queue"
    with pytest.raises(InvalidTemplate, match="line 3"):
        stacks.validate_template("ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  A: {Type: ALIYUN::FNF::Such}\n")


def test_preview_of_a_new_stack(stacks: Stacks, cloud: Cloud) -> None:
    (change,) = stacks.preview_stack("one", ONE, parameters={"Name": "jobs"})
    assert (change.logical_id, change.action, change.properties) == ("Queue", "Add", {"QueueName": "jobs"})
    assert stacks.list_stacks().items == () and cloud.queues.list_queues().items == ()


def test_preview_of_an_update(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", TWO)
    settle(id)
    changes = stacks.preview_stack("", ONE, stack=id, parameters={"Name": "renamed"})
    assert [(change.logical_id, change.action, change.replacement) for change in changes] == [
        ("Queue", "Modify", "True"),
        ("Flow", "Remove", "False"),
    ]
    same = stacks.preview_stack("", TWO, stack=id)
    assert {change.action for change in same} == {"None"}


def test_a_change_set_creates_a_stack(stacks: Stacks, settle: Settle) -> None:
    record = stacks.create_change_set("first", ONE, stack_name="one", type="CREATE", description="why")
    assert (record.status, record.execution_status, record.description) == ("CREATE_COMPLETE", "AVAILABLE", "why")
    assert [(change.logical_id, change.action) for change in record.changes] == [("Queue", "Add")]
    assert stacks.get_stack(record.stack_id).status == "REVIEW_IN_PROGRESS"
    stacks.execute_change_set(record.id)
    assert settle(record.stack_id).status == "CREATE_COMPLETE"
    assert stacks.get_change_set(record.id).execution_status == "EXECUTE_COMPLETE"


def test_a_change_set_updates_a_stack_and_displaces_the_others(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE)
    settle(id)
    first = stacks.create_change_set("first", TWO, stack=id)
    second = stacks.create_change_set("second", TWO, stack=id)
    assert [(change.logical_id, change.action, change.changed) for change in first.changes] == [
        ("Queue", "Modify", ("VisibilityTimeout",)),
        ("Flow", "Add", ()),
    ]
    assert [record.name for record in stacks.list_change_sets(id).items] == ["second", "first"]
    with pytest.raises(ChangeSetExists):
        stacks.create_change_set("first", TWO, stack=id)
    stacks.execute_change_set(first.id)
    assert settle(id).status == "UPDATE_COMPLETE"
    with pytest.raises(ChangeSetNotFound):
        stacks.get_change_set(second.id)


def test_a_change_set_without_changes_or_with_a_bad_template_fails(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE)
    settle(id)
    same = stacks.create_change_set("same", ONE, stack=id)
    assert (same.status, same.execution_status) == ("CREATE_FAILED", "UNAVAILABLE")
    bad = stacks.create_change_set("bad", template({"Queue": queue({"Ref": "Nothing"})}), stack=id)
    assert bad.status == "CREATE_FAILED" and "Nothing" in bad.status_reason
    with pytest.raises(NotSupported):
        stacks.execute_change_set(bad.id)
    stacks.delete_change_set(bad.id)
    with pytest.raises(ChangeSetNotFound):
        stacks.delete_change_set(bad.id)


@pytest.mark.parametrize(
    ("name", "given", "fault"),
    [
        ("-x", {}, InvalidParameter),
        ("one", {"timeout_minutes": 5}, InvalidParameter),
        ("one", {"parameters": {"Nothing": "x"}}, UnknownUserParameter),
        ("one", {"client_token": "not allowed!"}, InvalidParameter),
    ],
)
def test_bad_calls(stacks: Stacks, name: str, given: dict[str, object], fault: type[Fault]) -> None:
    with pytest.raises(fault):
        stacks.create_stack(name, ONE, **given)  # type: ignore[arg-type]
    assert stacks.list_stacks().items == ()


def test_refusals_name_what_is_missing(stacks: Stacks, settle: Settle) -> None:
    with pytest.raises(StackNotFound, match=r"The Stack \(none\) could not be found\."):
        stacks.get_stack("none")
    text = template({"Queue": queue({"Ref": "Name"})}, Parameters={"Name": {"Type": "String"}})
    with pytest.raises(UserParameterMissing, match=r"The Parameter Name was not provided\."):
        stacks.create_stack("one", text)
    id = stacks.create_stack("one", ONE)
    with pytest.raises(StackExists, match=r"The Stack \(one\) already exists\."):
        stacks.create_stack("one", ONE)
    settle(id)
    with pytest.raises(ChangeSetNotFound):
        stacks.execute_change_set("none")


def test_a_token_makes_a_call_once(stacks: Stacks, settle: Settle) -> None:
    id = stacks.create_stack("one", ONE, client_token="t-1")
    assert stacks.create_stack("one", ONE, client_token="t-1") == id
    with pytest.raises(InvalidIdempotenceParameter):
        stacks.create_stack("two", ONE, client_token="t-1")
    settle(id)


def test_nothing_else_while_an_action_runs(stacks: Stacks, cloud: Cloud, settle: Settle) -> None:
    with cloud.clock.hold():
        text = template({"Nap": {"Type": "ALIYUN::ROS::Sleep", "Properties": {"CreateDuration": 60}}})
        id = stacks.create_stack("one", text)
        with pytest.raises(ActionInProgress, match="already has an action"):
            stacks.update_stack(id, ONE)
        with pytest.raises(ActionInProgress):
            stacks.delete_stack(id)
    assert settle(id).status == "CREATE_COMPLETE"
