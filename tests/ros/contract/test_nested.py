"""Stacks in stacks: made, changed, taken back and deleted with the outer one; in process and through the SDK."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from stack_texts import flow, queue, template

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import RosStacks, StackRecord

Settle = Callable[[str], StackRecord]

INNER: JsonObject = {
    "ROSTemplateFormatVersion": "2015-09-01",
    "Parameters": {"Name": {"Type": "String"}, "Seconds": {"Type": "Number", "Default": 30}},
    "Resources": {"Queue": queue({"Ref": "Name"}, VisibilityTimeout={"Ref": "Seconds"})},
    "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Queue", "QueueUrl"]}}},
}
BAD = "version: v1\ntype: flow\nsteps:\n  - type: nonsense\n    name: only\n"


def inner(body: Json = INNER, **parameters: Json) -> JsonObject:
    return {"Type": "ALIYUN::ROS::Stack", "Properties": {"TemplateBody": body, "Parameters": parameters}}


def outer(body: Json = INNER, name: str = "jobs", more: JsonObject | None = None, **parameters: Json) -> str:
    made = flow({"Fn::Sub": "f-${Prefix}"}, Description={"Fn::GetAtt": ["Inner", "Outputs.Url"]})
    return template(
        {"Inner": inner(body, Name={"Fn::Sub": "${Prefix}-" + name}, **parameters), "Flow": made, **(more or {})},
        Parameters={"Prefix": {"Type": "String", "Default": "my"}},
        Outputs={"Url": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Url"]}}, "Id": {"Value": {"Ref": "Inner"}}},
    )


@pytest.fixture
def made(stacks: RosStacks, settle: Settle) -> StackRecord:
    record = settle(stacks.create_stack("outer", outer()))
    assert record.status == "CREATE_COMPLETE", stacks.list_stack_events(record.id, size=50)
    return record


def test_a_stack_is_made_in_a_stack(stacks: RosStacks, cloud: Cloud, made: StackRecord) -> None:
    assert cloud.queues.list_queues().items == ("my-jobs",)
    assert made.output("Url") == "http://123456789012.mns.cn-hangzhou.aliyuncs.com/queues/my-jobs"
    assert cloud.flows.describe_flow("f-my").description == made.output("Url")
    (resource,) = [one for one in stacks.list_stack_resources(made.id) if one.logical_id == "Inner"]
    child = stacks.get_stack(str(made.output("Id")))
    assert (resource.physical_id, resource.status) == (child.id, "CREATE_COMPLETE")
    assert (child.status, child.parent, child.root) == ("CREATE_COMPLETE", made.id, made.id)
    assert child.name.startswith("outer-Inner-") and child.parameters["Name"] == "my-jobs"
    assert (made.parent, made.root) == ("", "")
    assert json.loads(stacks.get_template(child.id, original=True)) == INNER


def test_inner_stacks_are_listed_if_they_are_asked_for(stacks: RosStacks, made: StackRecord) -> None:
    assert [one.name for one in stacks.list_stacks().items] == ["outer"]
    (child,) = stacks.list_stacks(parent=made.id).items
    assert child.parent == made.id
    assert {one.id for one in stacks.list_stacks(nested=True).items} == {made.id, child.id}


def test_an_update_goes_inwards(stacks: RosStacks, settle: Settle, cloud: Cloud, made: StackRecord) -> None:
    child = str(made.output("Id"))
    stacks.update_stack(made.id, outer(Seconds=60))
    assert settle(made.id).status == "UPDATE_COMPLETE"
    assert stacks.get_stack(child).status == "UPDATE_COMPLETE"
    assert cloud.queues.get_queue_attributes("my-jobs").visibility_timeout == 60
    more = {**INNER, "Resources": {**INNER["Resources"], "More": queue("more")}}
    stacks.update_stack(made.id, outer(more, Seconds=60))
    assert settle(made.id).status == "UPDATE_COMPLETE"
    assert cloud.queues.list_queues().items == ("more", "my-jobs")


def test_a_failed_update_is_taken_back_inwards(
    stacks: RosStacks, settle: Settle, cloud: Cloud, made: StackRecord
) -> None:
    bad = {"Bad": {**flow("bad", BAD), "DependsOn": ["Inner"]}}
    stacks.update_stack(made.id, outer(Seconds=60, more=bad))
    assert settle(made.id).status == "ROLLBACK_COMPLETE"
    assert cloud.queues.get_queue_attributes("my-jobs").visibility_timeout == 30
    broken = {**INNER, "Resources": {**INNER["Resources"], "Bad": flow("bad", BAD)}}
    stacks.update_stack(made.id, outer(broken))
    record = settle(made.id)
    assert record.status == "ROLLBACK_COMPLETE"
    reasons = [event.status_reason for event in stacks.list_stack_events(made.id, statuses=["UPDATE_FAILED"]).items]
    assert any("NestedStackFailed: the inner stack outer-Inner-" in reason for reason in reasons)
    stacks.update_stack(made.id, outer(Seconds=45))
    assert settle(made.id).status == "UPDATE_COMPLETE"
    assert cloud.queues.get_queue_attributes("my-jobs").visibility_timeout == 45


def test_deleting_the_outer_one_deletes_both(
    stacks: RosStacks, settle: Settle, cloud: Cloud, made: StackRecord
) -> None:
    stacks.delete_stack(made.id)
    assert settle(made.id).status == "DELETE_COMPLETE"
    assert stacks.get_stack(str(made.output("Id"))).status == "DELETE_COMPLETE"
    assert (cloud.queues.list_queues().items, stacks.list_stacks(nested=True).items) == ((), ())


def test_a_creation_that_fails_leaves_nothing(stacks: RosStacks, settle: Settle, cloud: Cloud) -> None:
    broken = {**INNER, "Resources": {**INNER["Resources"], "Bad": {**flow("bad", BAD), "DependsOn": ["Queue"]}}}
    for text in (outer(broken), outer(more={"Bad": {**flow("bad", BAD), "DependsOn": ["Inner"]}})):
        id = stacks.create_stack("outer", text)
        assert settle(id).status == "CREATE_ROLLBACK_COMPLETE"
        assert cloud.queues.list_queues().items == ()
        assert stacks.list_stacks(nested=True).total == 1
        stacks.delete_stack(id)
        settle(id)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**INNER, "Resources": {"Queue": {"Type": "ALIYUN::MNS::Queues"}}}, "ALIYUN::MNS::Queues"),
        ({**INNER, "Parameters": {}}, "Name"),
        ({"Resources": {}}, "ROSTemplateFormatVersion"),
        ({}, "needs a TemplateBody, or a TemplateURL"),
    ],
)
def test_a_wrong_inner_template_fails_the_resource(stacks: RosStacks, settle: Settle, body: Json, why: str) -> None:
    id = stacks.create_stack("outer", outer(body))
    assert settle(id).status == "CREATE_ROLLBACK_COMPLETE"
    (event,) = stacks.list_stack_events(id, statuses=["CREATE_FAILED"], logical_ids=["Inner"]).items
    assert why in event.status_reason


def test_a_stack_that_only_has_the_name_is_left_alone(stacks: RosStacks, settle: Settle, made: StackRecord) -> None:
    name = stacks.get_stack(str(made.output("Id"))).name
    stacks.delete_stack(made.id)
    settle(made.id)
    other = stacks.create_stack(name, template({"Queue": queue("other")}))
    settle(other)
    again = stacks.create_stack("outer", outer())
    assert settle(again).status == "CREATE_ROLLBACK_COMPLETE"
    assert stacks.get_stack(other).status == "CREATE_COMPLETE"


def test_a_failed_creation_goes_on_inwards(stacks: RosStacks, settle: Settle, cloud: Cloud) -> None:
    broken = {**INNER, "Resources": {**INNER["Resources"], "Flow": flow("inner-flow", BAD)}}
    mended = {**INNER, "Resources": {**INNER["Resources"], "Flow": flow("inner-flow")}}
    id = stacks.create_stack("outer", outer(broken), disable_rollback=True)
    assert settle(id).status == "CREATE_FAILED"
    stacks.continue_create_stack(id, outer(mended))
    assert settle(id).status == "CREATE_COMPLETE"
    assert {one.name for one in cloud.flows.list_flows().items} == {"inner-flow", "f-my"}


def test_templates_on_oss_and_elsewhere(stacks: RosStacks, settle: Settle, cloud: Cloud) -> None:
    cloud.objects.put("templates", "inner.json", json.dumps(INNER).encode())
    made = {"Type": "ALIYUN::ROS::Stack", "Properties": {"TemplateURL": "oss://templates/inner.json"}}
    made["Properties"]["Parameters"] = {"Name": "stored"}  # type: ignore[index]
    id = stacks.create_stack("one", template({"Inner": made}))
    assert settle(id).status == "CREATE_COMPLETE"
    assert cloud.queues.list_queues().items == ("stored",)
    for name, url in (("two", "https://example.com/x.yml"), ("three", "oss://templates/nothing")):
        id = stacks.create_stack(name, template({"Inner": {**made, "Properties": {"TemplateURL": url}}}))
        assert settle(id).status == "CREATE_ROLLBACK_COMPLETE"


def test_five_levels_are_the_most(stacks: RosStacks, settle: Settle, cloud: Cloud) -> None:
    def deep(levels: int) -> JsonObject:
        body: JsonObject = {"ROSTemplateFormatVersion": "2015-09-01", "Resources": {"Queue": queue("deep")}}
        for _ in range(levels - 1):
            body = {"ROSTemplateFormatVersion": "2015-09-01", "Resources": {"In": inner(body)}}
        return body

    id = stacks.create_stack("five", json.dumps(deep(5)))
    assert settle(id).status == "CREATE_COMPLETE"
    assert stacks.list_stacks(nested=True).total == 5
    stacks.delete_stack(id)
    settle(id)
    id = stacks.create_stack("six", json.dumps(deep(6)))
    assert settle(id).status == "CREATE_ROLLBACK_COMPLETE"
    assert cloud.queues.list_queues().items == ()


def test_an_outer_stack_that_times_out_takes_the_inner_one_along(cloud: Cloud, settle: Settle) -> None:
    slow = {**INNER, "Resources": {"Pause": {"Type": "ALIYUN::ROS::Sleep", "Properties": {"CreateDuration": 1800}}}}
    del slow["Outputs"]
    text = template({"Inner": inner(slow, Name="x")})
    id = cloud.stacks.create_stack("outer", text, timeout_minutes=10)
    assert settle(id).status == "CREATE_ROLLBACK_COMPLETE"
    assert [one.id for one in cloud.stacks.list_stacks(nested=True).items] == [id]


def test_a_failed_creation_that_is_cut_off_anywhere_leaves_nothing() -> None:
    broken = {**INNER, "Resources": {**INNER["Resources"], "Bad": {**flow("bad", BAD), "DependsOn": ["Queue"]}}}
    for steps in range(1, 14):
        kept = MemoryStore(durable=True)
        cloud = Cloud(store=kept)
        id = cloud.stacks.create_stack("outer", outer(broken))
        cloud = _interrupted(cloud, kept, steps)
        assert cloud.stacks.get_stack(id).status == "CREATE_ROLLBACK_COMPLETE", steps
        assert [one.id for one in cloud.stacks.list_stacks(nested=True).items] == [id], steps
        assert cloud.queues.list_queues().items == ()


def test_a_restart_anywhere_changes_nothing() -> None:
    """The process dies after each number of steps: creation, update and deletion still end as they should."""
    for steps in range(1, 14):
        kept = MemoryStore(durable=True)
        cloud = Cloud(store=kept)
        id = cloud.stacks.create_stack("outer", outer())
        cloud = _interrupted(cloud, kept, steps)
        assert cloud.stacks.get_stack(id).status == "CREATE_COMPLETE", steps
        cloud.stacks.update_stack(id, outer(Seconds=60))
        cloud = _interrupted(cloud, kept, steps)
        assert cloud.stacks.get_stack(id).status == "UPDATE_COMPLETE", steps
        assert cloud.queues.get_queue_attributes("my-jobs").visibility_timeout == 60
        cloud.stacks.delete_stack(id)
        cloud = _interrupted(cloud, kept, steps)
        assert cloud.stacks.get_stack(id).status == "DELETE_COMPLETE", steps
        assert (cloud.queues.list_queues().items, cloud.stacks.list_stacks(nested=True).items) == ((), ())


def _interrupted(cloud: Cloud, store: MemoryStore, steps: int) -> Cloud:
    looked = 0

    def enough() -> bool:
        nonlocal looked
        looked += 1
        return looked > steps

    cloud.run_until(enough)
    cloud.functions.close()
    store.rollback()
    again = Cloud(clock=VirtualClock(cloud.clock.now()), store=store)
    again.recover()
    again.run_until_idle()
    return again
