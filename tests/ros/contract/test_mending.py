"""Going on with creations, calling off updates, stack policies and signals: in process and through the official SDK."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from stack_texts import flow, queue, template, topic

from fnfkit.aliyun import AliyunStacks, Key, Session
from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    ActionInProgress,
    ContinueCreateStackValidationFailed,
    Fault,
    InvalidParameter,
    NotSupported,
    ResourceNotAvailable,
    ResourceNotFound,
    RosStacks,
    StackNotFound,
    StackPolicyValidationFailed,
    StackRecord,
    settled,
)
from fnfkit.server.listener import serving

Settle = Callable[[str], StackRecord]

BAD = "version: v1\ntype: flow\nsteps:\n  - type: nonsense\n    name: only\n"


def sleep(**seconds: Json) -> JsonObject:
    return {"Type": "ALIYUN::ROS::Sleep", "Properties": seconds}


def statuses(stacks: RosStacks, id: str) -> dict[str, str]:
    return {one.logical_id: one.status for one in stacks.list_stack_resources(id)}


# -- ContinueCreateStack

HALF = template(
    {
        "First": queue("first"),
        "Broken": {**flow("main", BAD), "DependsOn": ["First"]},
        "Last": {**topic("last"), "DependsOn": ["Broken"]},
    },
    Outputs={
        "Url": {"Value": {"Fn::GetAtt": ["First", "QueueUrl"]}},
        "Name": {"Value": {"Fn::GetAtt": ["Broken", "Name"]}},
    },
)
WHOLE = HALF.replace("type: nonsense", "type: pass")


@pytest.fixture
def failed(stacks: RosStacks, settle: Settle) -> str:
    id = stacks.create_stack("half", HALF, disable_rollback=True)
    assert settle(id).status == "CREATE_FAILED"
    return id


def test_a_creation_goes_on_with_a_template_that_is_mended(
    stacks: RosStacks, settle: Settle, failed: str, cloud: Cloud
) -> None:
    made = cloud.queues.get_queue_attributes("first").created
    assert statuses(stacks, failed) == {"First": "CREATE_COMPLETE", "Broken": "CREATE_FAILED"}
    cloud.advance(60)
    assert stacks.continue_create_stack(failed, WHOLE, dry_run=True) == failed
    assert stacks.get_stack(failed).status == "CREATE_FAILED"
    assert stacks.continue_create_stack(failed, WHOLE) == failed
    assert settle(failed).status == "CREATE_COMPLETE"
    assert set(statuses(stacks, failed).values()) == {"CREATE_COMPLETE"}
    assert stacks.get_stack(failed).output("Name") == "main"
    assert cloud.queues.get_queue_attributes("first").created == made, "what was complete stays as it is"


def test_what_fails_again_is_left_to_be_continued_again(stacks: RosStacks, settle: Settle, failed: str) -> None:
    stacks.continue_create_stack(failed)
    assert settle(failed).status == "CREATE_FAILED"
    stacks.continue_create_stack(failed, WHOLE)
    assert settle(failed).status == "CREATE_COMPLETE"


def test_resources_are_made_anew_with_what_leans_on_them(
    stacks: RosStacks, settle: Settle, failed: str, cloud: Cloud
) -> None:
    made = cloud.queues.get_queue_attributes("first").created
    cloud.advance(60)
    changed = WHOLE.replace("QueueName: first", "QueueName: other")
    with pytest.raises(ContinueCreateStackValidationFailed, match="The resource First is complete"):
        stacks.continue_create_stack(failed, changed)
    stacks.continue_create_stack(failed, changed, recreating_resources=["First"])
    assert settle(failed).status == "CREATE_COMPLETE"
    assert cloud.queues.list_queues().items == ("other",)
    assert cloud.queues.get_queue_attributes("other").created > made


def test_failures_are_left_out(stacks: RosStacks, settle: Settle, failed: str, cloud: Cloud) -> None:
    stacks.continue_create_stack(failed, mode="Ignore")
    record = settle(failed)
    assert (record.status, statuses(stacks, failed)) == ("CREATE_COMPLETE", {"First": "CREATE_COMPLETE"})
    assert [output.name for output in record.outputs] == ["Url"]
    assert "Broken" not in stacks.get_template(failed, original=True)
    assert cloud.topics.list_topics().items == ()


def test_what_cannot_be_continued(stacks: RosStacks, settle: Settle, failed: str) -> None:
    with pytest.raises(
        ContinueCreateStackValidationFailed, match="The section Parameters of the template cannot change"
    ):
        stacks.continue_create_stack(failed, WHOLE + "Parameters: {New: {Type: String, Default: x}}\n")
    with pytest.raises(InvalidParameter, match="Recreate or Ignore"):
        stacks.continue_create_stack(failed, mode="Hope")
    with pytest.raises(Fault, match="nonsense"):
        stacks.continue_create_stack(failed, HALF.replace("ALIYUN::FNF::Flow", "ALIYUN::FNF::nonsense"))
    with pytest.raises(StackNotFound):
        stacks.continue_create_stack("nobody")
    whole = stacks.create_stack("whole", template({"Queue": queue("jobs")}))
    settle(whole)
    with pytest.raises(ContinueCreateStackValidationFailed, match="is CREATE_COMPLETE"):
        stacks.continue_create_stack(whole)


def test_what_timed_out_half_made_is_made_anew(stacks: RosStacks, settle: Settle, cloud: Cloud) -> None:
    slow = template({"Pause": sleep(CreateDuration=1800), "Queue": {**queue("jobs"), "DependsOn": ["Pause"]}})
    id = stacks.create_stack("slow", slow, disable_rollback=True, timeout_minutes=10)
    assert settle(id).status == "CREATE_FAILED"
    stacks.continue_create_stack(id, slow.replace("1800", "5"))
    assert settle(id).status == "CREATE_COMPLETE"


# -- CancelUpdateStack

BEFORE = template({"Queue": queue("jobs", VisibilityTimeout=30), "Pause": sleep()})
AFTER = template(
    {
        "Queue": queue("jobs", VisibilityTimeout=60),
        "Pause": {**sleep(UpdateDuration=600), "DependsOn": ["Queue"]},
        "Late": {**queue("late"), "DependsOn": ["Pause"]},
    }
)


@pytest.mark.parametrize(("safe", "seconds"), [(False, 0), (True, 600)])
def test_an_update_is_called_off(settle: Settle, cloud: Cloud, safe: bool, seconds: int) -> None:
    stacks = cloud.stacks
    id = stacks.create_stack("one", BEFORE)
    settle(id)
    began = cloud.clock.now()
    stacks.update_stack(id, AFTER)
    assert cloud.run_until(lambda: statuses(stacks, id).get("Pause") == "UPDATE_IN_PROGRESS")
    assert cloud.queues.get_queue_attributes("jobs").visibility_timeout == 60
    stacks.cancel_update_stack(id, safe=safe)
    record = settle(id)
    assert record.status == "ROLLBACK_COMPLETE"
    assert cloud.clock.now() - began == seconds * 1000
    assert cloud.queues.get_queue_attributes("jobs").visibility_timeout == 30
    assert cloud.queues.list_queues().items == ("jobs",)
    told = [
        event.status_reason for event in stacks.list_stack_events(id, size=50).items if event.status == "UPDATE_FAILED"
    ]
    assert told == ["The update was cancelled."]


def test_only_updates_are_called_off(settle: Settle, cloud: Cloud) -> None:
    stacks = cloud.stacks
    id = stacks.create_stack("one", BEFORE)
    with pytest.raises(NotSupported, match="it is CREATE_IN_PROGRESS"):
        stacks.cancel_update_stack(id)
    settle(id)
    with pytest.raises(NotSupported, match="no update in progress"):
        stacks.cancel_update_stack(id)
    with pytest.raises(StackNotFound):
        stacks.cancel_update_stack("nobody")


# -- Stack policies


def policy(*statements: JsonObject) -> str:
    return json.dumps({"Statement": [{"Principal": "*", **one} for one in statements]})


def rule(effect: str, action: Json, resource: Json = "*", **more: Json) -> JsonObject:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


EVERYTHING = rule("Allow", "Update:*")
PROTECTED = policy(EVERYTHING, rule("Deny", "Update:*", "LogicalResourceId/Que*"))
CHANGED = BEFORE.replace("VisibilityTimeout: 30", "VisibilityTimeout: 31")
REMOVED = template({"Pause": sleep()})


@pytest.fixture
def deployed(stacks: RosStacks, settle: Settle) -> str:
    id = stacks.create_stack("one", BEFORE)
    settle(id)
    return id


def test_policies_are_kept_and_told(stacks: RosStacks, deployed: str) -> None:
    assert stacks.get_stack_policy(deployed) == {}
    stacks.set_stack_policy(deployed, PROTECTED)
    assert stacks.get_stack_policy(deployed) == json.loads(PROTECTED)
    id = stacks.create_stack("two", template({"Queue": queue("other")}), stack_policy=PROTECTED)
    assert stacks.get_stack_policy(id) == json.loads(PROTECTED)


@pytest.mark.parametrize("text", [CHANGED, REMOVED, CHANGED.replace("QueueName: jobs", "QueueName: new")])
def test_what_a_policy_denies_is_not_done(stacks: RosStacks, settle: Settle, deployed: str, text: str) -> None:
    stacks.set_stack_policy(deployed, PROTECTED)
    with pytest.raises(StackPolicyValidationFailed, match=r"Action denied by stack policy: Update:\w+ on Queue"):
        stacks.update_stack(deployed, text, replacement=True)
    with pytest.raises(StackPolicyValidationFailed):
        stacks.create_change_set("set", text, stack=deployed, replacement=True)
    assert stacks.get_stack(deployed).status == "CREATE_COMPLETE"
    stacks.update_stack(deployed, text, replacement=True, stack_policy_during_update=policy(EVERYTHING))
    assert settle(deployed).status == "UPDATE_COMPLETE"
    assert stacks.get_stack_policy(deployed) == json.loads(PROTECTED)


@pytest.mark.parametrize(
    ("statements", "text", "denied"),
    [
        ([EVERYTHING], CHANGED, False),
        ([rule("Allow", "Update:Modify")], CHANGED, False),
        ([rule("Allow", "Update:Modify")], REMOVED, True),
        ([rule("Allow", ["Update:Modify", "Update:Delete"])], REMOVED, False),
        ([EVERYTHING, rule("Deny", "Update:Replace")], CHANGED, False),
        ([EVERYTHING, rule("Deny", "Update:Replace")], BEFORE.replace("QueueName: jobs", "QueueName: n"), True),
        ([rule("Allow", "Update:*", "LogicalResourceId/Pause")], CHANGED, True),
        ([{"Effect": "Allow", "Action": "Update:*", "NotResource": "LogicalResourceId/Pause"}], CHANGED, False),
        ([EVERYTHING, {"Effect": "Deny", "NotAction": "Update:Modify", "Resource": "*"}], CHANGED, False),
        ([EVERYTHING, {"Effect": "Deny", "NotAction": "Update:Modify", "Resource": "*"}], REMOVED, True),
        (
            [EVERYTHING, rule("Deny", "*", Condition={"StringEquals": {"ResourceType": ["ALIYUN::MNS::Queue"]}})],
            CHANGED,
            True,
        ),
        (
            [EVERYTHING, rule("Deny", "*", Condition={"StringLike": {"ResourceType": "ALIYUN::FC*"}})],
            CHANGED,
            False,
        ),
    ],
)
def test_what_statements_mean(
    cloud: Cloud, settle: Settle, statements: list[JsonObject], text: str, denied: bool
) -> None:
    id = cloud.stacks.create_stack("one", BEFORE, stack_policy=policy(*statements))
    settle(id)
    if denied:
        with pytest.raises(StackPolicyValidationFailed):
            cloud.stacks.update_stack(id, text, replacement=True)
    else:
        cloud.stacks.update_stack(id, text, replacement=True)
        assert settle(id).status == "UPDATE_COMPLETE"


def test_additions_are_always_allowed_and_a_new_policy_counts_from_then_on(
    stacks: RosStacks, settle: Settle, deployed: str
) -> None:
    more = template({"Queue": queue("jobs", VisibilityTimeout=30), "Pause": sleep(), "New": queue("new")})
    stacks.set_stack_policy(deployed, policy(rule("Deny", "Update:*")))
    stacks.update_stack(deployed, more, stack_policy=policy(EVERYTHING))
    assert settle(deployed).status == "UPDATE_COMPLETE"
    stacks.update_stack(deployed, CHANGED)
    assert settle(deployed).status == "UPDATE_COMPLETE"


def test_a_change_set_is_held_to_the_policy_of_its_day(stacks: RosStacks, deployed: str) -> None:
    change = stacks.create_change_set("set", CHANGED, stack=deployed)
    stacks.set_stack_policy(deployed, PROTECTED)
    with pytest.raises(StackPolicyValidationFailed):
        stacks.execute_change_set(change.id)


def test_a_change_set_has_policies_of_its_own(stacks: RosStacks, settle: Settle, deployed: str) -> None:
    stacks.set_stack_policy(deployed, PROTECTED)
    allowed = policy(EVERYTHING)
    with pytest.raises(InvalidParameter, match="StackPolicyDuringUpdateBody"):
        stacks.create_change_set("bad", CHANGED, stack=deployed, stack_policy_during_update="nonsense")
    with pytest.raises(InvalidParameter, match="StackPolicyBody"):
        stacks.create_change_set("bad", CHANGED, stack=deployed, stack_policy="nonsense")
    change = stacks.create_change_set(
        "set", CHANGED, stack=deployed, stack_policy=allowed, stack_policy_during_update=allowed
    )
    assert stacks.get_stack_policy(deployed) == json.loads(PROTECTED)
    stacks.execute_change_set(change.id)
    assert settle(deployed).status == "UPDATE_COMPLETE"
    assert stacks.get_stack_policy(deployed) == json.loads(allowed)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("nonsense", "no JSON"),
        ("[]", "Statement"),
        ('{"Statement": []}', "Statement"),
        (policy(rule("Perhaps", "*")), "statement 1: Effect is Allow or Deny"),
        (policy(EVERYTHING, rule("Deny", "Update:All")), "statement 2: Action is one or more of"),
        (policy(rule("Deny", "*", "Queue")), "LogicalResourceId/NAME"),
        (policy(rule("Deny", "*", Resources="*")), "Resources is not known"),
        (policy(rule("Deny", "*", Condition={"Bool": {"ResourceType": "x"}})), "StringEquals"),
        (policy(rule("Deny", "*", Condition={"StringLike": {"Name": "x"}})), "ResourceType"),
        (json.dumps({"Statement": [{**EVERYTHING, "Principal": "me"}]}), 'Principal is "\\*"'),
        (policy(EVERYTHING) + " " * 16_384, "16384 bytes"),
    ],
)
def test_wrong_policies(stacks: RosStacks, deployed: str, body: str, why: str) -> None:
    with pytest.raises(InvalidParameter, match=why):
        stacks.set_stack_policy(deployed, body)
    with pytest.raises(StackNotFound):
        stacks.get_stack_policy("nobody")


# -- Dry runs

PARAMETERS = template(
    {"Queue": queue({"Ref": "Name"}, VisibilityTimeout={"Ref": "Seconds"})},
    Parameters={
        "Name": {"Type": "String", "Default": "jobs"},
        "Seconds": {"Type": "Number", "Default": 30},
        "Unused": {"Type": "String", "Default": ""},
    },
)


def test_a_dry_run_tells_what_could_change(stacks: RosStacks, settle: Settle) -> None:
    id = stacks.create_stack("one", PARAMETERS)
    settle(id)
    found = stacks.try_update_stack(id)
    assert (found.allowed, found.conditionally, found.not_allowed) == (("Seconds", "Unused"), (), ("Name",))
    found = stacks.try_update_stack(id, PARAMETERS, parameters={"Seconds": "60"}, replacement=True)
    assert (found.allowed, found.conditionally, found.not_allowed) == (("Seconds", "Unused"), ("Name",), ())
    assert stacks.get_stack(id).status == "CREATE_COMPLETE"
    with pytest.raises(Fault, match="Nothing"):
        stacks.try_update_stack(id, parameters={"Nothing": "x"})
    stacks.set_stack_policy(id, PROTECTED)
    with pytest.raises(StackPolicyValidationFailed):
        stacks.try_update_stack(id, parameters={"Seconds": "60"})


# -- Signals

WAITING = template(
    {
        "Handle": {"Type": "ALIYUN::ROS::WaitConditionHandle", "Properties": {"Count": 2}},
        "Wait": {
            "Type": "ALIYUN::ROS::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": 600},
        },
        "Queue": {**queue("after"), "DependsOn": ["Wait"]},
    },
    Outputs={
        "Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}},
        "Bad": {"Value": {"Fn::GetAtt": ["Wait", "JoinedErrorData"]}},
    },
)


@pytest.fixture
def waiting(cloud: Cloud) -> str:
    stacks = cloud.stacks
    id = stacks.create_stack("wait", WAITING)
    assert cloud.run_until(lambda: statuses(stacks, id).get("Wait") == "CREATE_IN_PROGRESS")
    return id


def test_a_stack_waits_for_its_signals(cloud: Cloud, settle: Settle, waiting: str) -> None:
    stacks = cloud.stacks
    stacks.signal_resource(waiting, "Handle", "SUCCESS", "one")
    stacks.signal_resource(waiting, "Wait", "SUCCESS", "one")
    assert statuses(stacks, waiting)["Wait"] == "CREATE_IN_PROGRESS", "one signal counts once"
    stacks.signal_resource(waiting, "Wait", "WARNING", "two")
    record = settle(waiting)
    assert record.status == "CREATE_COMPLETE"
    assert (
        json.loads(str(record.output("Data"))) if isinstance(record.output("Data"), str) else record.output("Data")
    ) == {"one": ""}
    assert record.output("Bad") == "two"


@pytest.mark.parametrize(
    ("signals", "why"),
    [
        (["SUCCESS", "FAILURE"], "a failure was signalled: 1"),
        (["WARNING", "WARNING"], "all signals are warnings"),
        (["SUCCESS"], "1 of 2 signals came within 600 seconds"),
        ([], "0 of 2 signals"),
    ],
)
def test_a_stack_that_waits_in_vain(cloud: Cloud, settle: Settle, waiting: str, signals: list[str], why: str) -> None:
    stacks = cloud.stacks
    for number, status in enumerate(signals):
        stacks.signal_resource(waiting, "Wait", status, str(number))
    assert settle(waiting).status == "CREATE_ROLLBACK_COMPLETE"
    reasons = [event.status_reason for event in stacks.list_stack_events(waiting, statuses=["CREATE_FAILED"]).items]
    assert any(why in reason for reason in reasons)


def test_signals_nobody_waits_for(cloud: Cloud, waiting: str) -> None:
    stacks = cloud.stacks
    deployed = stacks.create_stack("one", BEFORE)
    assert cloud.run_until(lambda: statuses(stacks, deployed).get("Queue") == "CREATE_COMPLETE")
    with pytest.raises(ResourceNotFound):
        stacks.signal_resource(waiting, "Nothing", "SUCCESS", "1")
    with pytest.raises(ResourceNotAvailable):
        stacks.signal_resource(deployed, "Queue", "SUCCESS", "1")
    with pytest.raises(InvalidParameter, match="Status"):
        stacks.signal_resource(waiting, "Wait", "FINE", "1")
    with pytest.raises(InvalidParameter, match="UniqueId"):
        stacks.signal_resource(waiting, "Wait", "SUCCESS", "x" * 65)
    with pytest.raises(StackNotFound):
        stacks.signal_resource("nobody", "Wait", "SUCCESS", "1")


# -- Over HTTP in real time, which does not jump to what is waited for


@pytest.fixture
def patient() -> Iterator[tuple[Cloud, AliyunStacks]]:
    with Cloud(clock=RealClock()) as cloud, serving(cloud) as listening:
        key = Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
        yield cloud, AliyunStacks(Session(key, endpoint=listening.endpoint))


def test_signals_over_http(patient: tuple[Cloud, AliyunStacks]) -> None:
    cloud, stacks = patient
    id = stacks.create_stack("wait", WAITING)
    assert cloud.run_until(lambda: statuses(stacks, id).get("Wait") == "CREATE_IN_PROGRESS")
    with pytest.raises(ActionInProgress):
        stacks.continue_create_stack(id)
    with pytest.raises(NotSupported, match="it is CREATE_IN_PROGRESS"):
        stacks.cancel_update_stack(id)
    with pytest.raises(ResourceNotFound):
        stacks.signal_resource(id, "Nothing", "SUCCESS", "1")
    with pytest.raises(InvalidParameter, match="Status"):
        stacks.signal_resource(id, "Wait", "FINE", "1")
    for number in range(2):
        stacks.signal_resource(id, "Wait", "SUCCESS", str(number))
    assert cloud.run_until(lambda: settled(stacks.get_stack(id).status))
    assert stacks.get_stack(id).status == "CREATE_COMPLETE"


def test_an_update_is_called_off_over_http(patient: tuple[Cloud, AliyunStacks]) -> None:
    cloud, stacks = patient
    id = stacks.create_stack("one", BEFORE)
    assert cloud.run_until(lambda: settled(stacks.get_stack(id).status))
    stacks.update_stack(id, AFTER)
    assert cloud.run_until(lambda: statuses(stacks, id).get("Pause") == "UPDATE_IN_PROGRESS")
    stacks.cancel_update_stack(id)
    assert cloud.run_until(lambda: settled(stacks.get_stack(id).status))
    assert stacks.get_stack(id).status == "ROLLBACK_COMPLETE"
