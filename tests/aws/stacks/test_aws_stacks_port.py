"""The stacks port over CloudFormation: records, statuses and faults, on moto and, for what moto lacks, botocore's stub.

moto's defects that are met here: DescribeStackResource tells no time; CreateChangeSet does not know stacks by their
ids; parameters that a template no longer has stay, and those that were left to their default cannot be kept;
ValidateTemplate tells no parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from fnfkit.aws import Session
from fnfkit.aws.objects import AwsObjects
from fnfkit.aws.stacks import AwsStacks
from fnfkit.deploy import Executor, StackFailed
from fnfkit.ports import (
    ActionInProgress,
    ChangeSetExists,
    ChangeSetNotFound,
    DeletionProtected,
    Fault,
    InvalidArgument,
    InvalidTemplate,
    NotSupported,
    ResourceNotFound,
    StackExists,
    StackNotFound,
    UserParameterMissing,
    settled,
)
from fnfkit.ports.stacks import HEALTHY
from tests.aws.moto_account import account as session_of

TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Description: a queue
Parameters:
  Name: {Type: String, Description: of the queue}
  Other: {Type: String, Default: x}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: {Ref: Name}, Tags: [{Key: other, Value: {Ref: Other}}]}
Outputs:
  Url: {Value: {Ref: Queue}, Description: where it is}
"""
WITH_TOPIC = TEMPLATE.replace("Outputs:", "  Topic:\n    Type: AWS::SNS::Topic\nOutputs:")
AT = datetime(2026, 1, 1, tzinfo=UTC)
ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1"


@pytest.fixture
def session(bare_environment: None) -> Iterator[Session]:
    with mock_aws():
        yield session_of()


@pytest.fixture
def stacks(session: Session) -> AwsStacks:
    return AwsStacks(session)


# -- on moto


def test_a_stack_from_its_creation_to_its_end(stacks: AwsStacks) -> None:
    given = {"Name": "q", "Other": "x"}
    id = stacks.create_stack("s", TEMPLATE, parameters=given, tags={"team": "a"})
    record = stacks.get_stack("s")
    assert (record.id, record.name, record.status, record.description) == (id, "s", "CREATE_COMPLETE", "a queue")
    assert (record.parameters, record.tags, record.region) == (given, {"team": "a"}, "us-east-1")
    (output,) = record.outputs
    assert (output.name, output.description, str(output.value).endswith("/q")) == ("Url", "where it is", True)
    assert stacks.get_template(id, original=True) == TEMPLATE
    (resource,) = stacks.list_stack_resources(id)
    assert resource == replace(
        stacks.get_stack_resource(id, "Queue"), created=resource.created, updated=resource.updated
    )
    assert (resource.type, resource.status, resource.stack_id) == ("AWS::SQS::Queue", "CREATE_COMPLETE", id)

    stacks.update_stack(id, WITH_TOPIC, use_previous_parameters=True)
    assert [one.logical_id for one in stacks.list_stack_resources("s")] == ["Queue", "Topic"]
    assert stacks.get_stack("s").status == "UPDATE_COMPLETE"
    events = stacks.list_stack_events("s", size=100)
    assert events.total == len(events.items)
    assert [one.at for one in events.items] == sorted((one.at for one in events.items), reverse=True)
    assert events.items[-1].status == "CREATE_IN_PROGRESS"
    second = stacks.list_stack_events("s", page=2, size=2)
    assert second.items == events.items[2:4]
    assert stacks.list_stack_events("s", statuses=["UPDATE_COMPLETE"]).total == 1

    stacks.delete_stack(id)
    assert stacks.get_stack(id).status == "DELETE_COMPLETE"
    with pytest.raises(StackNotFound):
        stacks.get_stack("s")


def test_stacks_are_listed_by_name_and_status(stacks: AwsStacks) -> None:
    for name in ("one", "two", "three"):
        stacks.create_stack(name, TEMPLATE, parameters={"Name": name})
    assert {one.name for one in stacks.list_stacks().items} == {"one", "two", "three"}
    assert [one.name for one in stacks.list_stacks(names=["one"]).items] == ["one"]
    assert {one.name for one in stacks.list_stacks(names=["t*"]).items} == {"two", "three"}
    assert stacks.list_stacks(names=["none"]).items == ()
    assert stacks.list_stacks(statuses=["CREATE_FAILED"]).total == 0
    assert (stacks.list_stacks(size=2).total, len(stacks.list_stacks(page=2, size=2).items)) == (3, 1)


def test_change_sets_and_previews(stacks: AwsStacks) -> None:
    preview = stacks.preview_stack("s", TEMPLATE, parameters={"Name": "q"})
    assert [(one.logical_id, one.action) for one in preview] == [("Queue", "Add")]
    assert stacks.list_stacks().items == ()
    id = stacks.create_stack("s", TEMPLATE, parameters={"Name": "q"})
    made = stacks.create_change_set("more", WITH_TOPIC, stack="s", use_previous_parameters=True, description="a topic")
    assert [(one.logical_id, one.type, one.action) for one in made.changes] == [("Topic", "AWS::SNS::Topic", "Add")]
    assert [one.name for one in stacks.list_change_sets(id).items] == ["more"]
    assert len(stacks.list_stack_resources(id)) == 1
    stacks.execute_change_set(made.id)
    assert len(stacks.list_stack_resources(id)) == 2
    stacks.create_change_set("other", TEMPLATE, stack="s", use_previous_parameters=True)
    stacks.delete_change_set(next(one.id for one in stacks.list_change_sets(id).items if one.name == "other"))
    assert "other" not in {one.name for one in stacks.list_change_sets(id).items}


def test_what_is_missing(stacks: AwsStacks) -> None:
    for ask in (stacks.get_template, stacks.list_stack_resources, stacks.list_stack_events):
        with pytest.raises(StackNotFound, match="none"):
            ask("none")
    stacks.create_stack("s", TEMPLATE, parameters={"Name": "q"})
    with pytest.raises(ResourceNotFound):
        stacks.get_stack_resource("s", "Nothing")
    with pytest.raises(StackExists):
        stacks.create_stack("s", TEMPLATE, parameters={"Name": "q"})
    with pytest.raises(UserParameterMissing, match="Name"):
        stacks.create_stack("t", TEMPLATE)


def test_a_large_template_without_a_bucket(stacks: AwsStacks) -> None:
    with pytest.raises(InvalidArgument, match="it has to go by a bucket"):
        stacks.create_stack("s", TEMPLATE + "#" * 60_000, parameters={"Name": "q"})


def test_objects(bare_environment: None) -> None:
    with mock_aws():
        for region in ("us-east-1", "eu-west-1"):
            objects = AwsObjects(session_of(region=region))
            bucket = f"fnfkit-{region}"
            objects.create_bucket(bucket)
            objects.create_bucket(bucket)
            objects.put(bucket, "a/b", b"c")
            assert objects.get(bucket, "a/b") == b"c"
            objects.delete(bucket, "a/b")
            objects.delete(bucket, "a/b")
            with pytest.raises(Fault) as raised:
                objects.get(bucket, "a/b")
            assert raised.value.code == "NoSuchKey"
    regions = {"us-east-1": "s3.amazonaws.com", "cn-north-1": "s3.cn-north-1.amazonaws.com.cn"}
    for region, host in regions.items():
        assert AwsObjects(session_of(region=region)).url("b", "k") == f"https://b.{host}/k"
    assert AwsObjects(session_of(endpoint="http://127.0.0.1:5000")).url("b", "k") == "http://127.0.0.1:5000/b/k"


# -- on botocore's stub: what moto does not do


class Stubbed:
    """A port whose client answers what it is told to."""

    def __init__(self) -> None:
        session = session_of()
        self.stub = Stubber(session.client("cloudformation"))
        self.stub.activate()
        self.stacks = AwsStacks(session)

    def refuse(self, method: str, code: str, message: str) -> None:
        self.stub.add_client_error(method, code, message, 400)

    def answer(self, method: str, **answer: Any) -> None:
        self.stub.add_response(method, answer)

    def stack(self, status: str, reason: str = "") -> None:
        told = {"StackId": ID, "StackName": "s", "CreationTime": AT, "StackStatus": status, "StackStatusReason": reason}
        self.answer("describe_stacks", Stacks=[told])

    def events(self, *events: dict[str, Any]) -> None:
        common = {"StackId": ID, "StackName": "s", "Timestamp": AT, "PhysicalResourceId": ""}
        self.answer("describe_stack_events", StackEvents=[{**common, **one} for one in events])


@pytest.fixture
def stubbed(bare_environment: None) -> Stubbed:
    return Stubbed()


MODEL = boto3.client("cloudformation", region_name="us-east-1").meta.service_model
STATUSES = MODEL.shape_for("StackStatus").enum


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_meaning(status: str, stubbed: Stubbed) -> None:
    """Under way, as the template says, or neither: whatever the words are, that must be right."""
    stubbed.stack(status)
    found = stubbed.stacks.get_stack("s").status
    assert settled(found) == (not status.endswith("_IN_PROGRESS"))
    assert (found in HEALTHY) == (status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"))


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ValidationError", "No updates are to be performed.", NotSupported),
        ("ValidationError", "Stack with id s does not exist", StackNotFound),
        ("ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.", ActionInProgress),
        ("ValidationError", "Stack [s] cannot be deleted while TerminationProtection is enabled", DeletionProtected),
        ("ValidationError", "Parameters: [Name] must have values", UserParameterMissing),
        ("ValidationError", "Template format error: unsupported structure.", InvalidTemplate),
        ("ValidationError", "Template error: instance of Fn::GetAtt references undefined resource X", InvalidTemplate),
        ("ValidationError", "1 validation error detected: the name is too long", InvalidArgument),
        ("AlreadyExistsException", "Stack [s] already exists", StackExists),
    ],
)
def test_refusals(code: str, message: str, kind: type[Fault], stubbed: Stubbed) -> None:
    stubbed.refuse("update_stack", code, message)
    with pytest.raises(kind) as raised:
        stubbed.stacks.update_stack("s", TEMPLATE, parameters={"Name": "q"})
    assert type(raised.value) is kind
    assert message.rstrip(".") in raised.value.message


def test_refusals_of_change_sets(stubbed: Stubbed) -> None:
    stubbed.refuse("create_change_set", "AlreadyExistsException", "ChangeSet more already exists")
    with pytest.raises(ChangeSetExists):
        stubbed.stacks.create_change_set("more", TEMPLATE, stack_name="s", type="CREATE")
    stubbed.refuse("describe_change_set", "ChangeSetNotFound", "ChangeSet [more] does not exist")
    with pytest.raises(ChangeSetNotFound):
        stubbed.stacks.get_change_set("more")


def test_a_preview_without_changes(stubbed: Stubbed) -> None:
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    told = {"ChangeSetId": "c", "ChangeSetName": "p", "StackId": ID, "Status": "FAILED", "StatusReason": reason}
    stubbed.answer("create_change_set", Id="c", StackId=ID)
    for _ in range(4):  # after creation, by the waiter, to see why it failed, and for its changes
        stubbed.answer("describe_change_set", **told)
    stubbed.answer("delete_change_set")
    assert stubbed.stacks.preview_stack("s", TEMPLATE, stack=ID) == ()
    stubbed.stub.assert_no_pending_responses()


def test_parameters_that_a_template_no_longer_has_are_not_kept(stubbed: Stubbed) -> None:
    there = [{"ParameterKey": name, "ParameterValue": "x"} for name in ("Name", "Other", "Gone")]
    told = {"StackId": ID, "StackName": "s", "CreationTime": AT, "StackStatus": "CREATE_COMPLETE"}
    stubbed.answer("describe_stacks", Stacks=[{**told, "Parameters": there}])
    stubbed.answer("get_template_summary", Parameters=[{"ParameterKey": "Name"}, {"ParameterKey": "Other"}])
    sent = {
        "StackName": ID,
        "TemplateBody": TEMPLATE,
        "Parameters": [
            {"ParameterKey": "Name", "ParameterValue": "q"},
            {"ParameterKey": "Other", "UsePreviousValue": True},
        ],
        "DisableRollback": False,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    }
    stubbed.stub.add_response("update_stack", {"StackId": ID}, sent)
    stubbed.stacks.update_stack(ID, TEMPLATE, parameters={"Name": "q"}, use_previous_parameters=True)
    stubbed.stub.assert_no_pending_responses()


def test_a_template_tells_its_parameters(stubbed: Stubbed) -> None:
    told = [{"ParameterKey": "Name", "Description": "of the queue"}]
    stubbed.stub.add_response(
        "validate_template", {"Description": "a queue", "Parameters": told}, {"TemplateBody": TEMPLATE}
    )
    summary = stubbed.stacks.validate_template(TEMPLATE)
    assert (summary.description, summary.parameters) == ("a queue", tuple(told))


def test_a_template_that_was_sent_as_json_is_text_again(stubbed: Stubbed) -> None:
    stubbed.answer("get_template", TemplateBody='{"Resources": {}}')
    assert stubbed.stacks.get_template("s", original=True) == '{\n  "Resources": {}\n}'


def test_nothing_is_retained_by_a_wish_alone(stubbed: Stubbed) -> None:
    with pytest.raises(InvalidArgument, match="DeletionPolicy"):
        stubbed.stacks.delete_stack("s", retain_all=True)


def test_protection(stubbed: Stubbed) -> None:
    stubbed.stub.add_response(
        "update_termination_protection", {"StackId": ID}, {"StackName": "s", "EnableTerminationProtection": True}
    )
    stubbed.stacks.set_deletion_protection("s", True)
    stubbed.stub.assert_no_pending_responses()


def test_a_creation_that_fails_tells_the_cause_in_the_vendors_words(stubbed: Stubbed) -> None:
    """The executor is the one for Alibaba Cloud: it follows the stack to its end, and finds the first failure."""
    queue = {"LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}
    stack = {"LogicalResourceId": "s", "ResourceType": "AWS::CloudFormation::Stack"}
    failed = {**queue, "EventId": "2", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "q already exists"}
    begun = {**stack, "EventId": "1", "ResourceStatus": "CREATE_IN_PROGRESS"}
    back = {**stack, "EventId": "3", "ResourceStatus": "ROLLBACK_IN_PROGRESS"}
    stubbed.refuse("describe_stacks", "ValidationError", "Stack with id s does not exist")
    stubbed.answer("create_stack", StackId=ID)
    stubbed.stack("CREATE_IN_PROGRESS")
    stubbed.events(begun)
    stubbed.stack("ROLLBACK_IN_PROGRESS")
    stubbed.events(back, failed, begun)
    stubbed.stack("ROLLBACK_COMPLETE")
    stubbed.events(back, failed, begun)
    stubbed.events(back, failed, begun)
    told: list[str] = []
    waits: list[None] = []
    executor = Executor(stubbed.stacks, lambda event: told.append(event.status), lambda: waits.append(None))
    with pytest.raises(StackFailed) as raised:
        executor.deploy("s", TEMPLATE, parameters={"Name": "q"})
    assert raised.value.message == (
        "the stack s is CREATE_ROLLBACK_COMPLETE: Queue (AWS::SQS::Queue): q already exists"
    )
    assert "rename it" in raised.value.hint
    assert told == ["CREATE_IN_PROGRESS", "CREATE_FAILED", "CREATE_ROLLBACK_IN_PROGRESS"]
    assert len(waits) == 2
