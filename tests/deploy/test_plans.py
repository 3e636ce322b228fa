"""Plans: what becomes of every resource and why, and what that endangers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fnfkit.cli.deploy_plan import plan_blocks
from fnfkit.deploy import Action, Change, Plan, State
from fnfkit.deploy.dangers import dangers
from fnfkit.deploy.plan import changes, differences
from fnfkit.deploy.steps import step_changes
from fnfkit.lang import ros
from fnfkit.model.json import Json
from fnfkit.model.stack import Template

BASE = """
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Prefix: {Type: String, Default: shop}
  Secret: {Type: String, NoEcho: true, Default: x}
Resources:
  Orders:
    Type: ALIYUN::MNS::Queue
    Properties: {QueueName: {'Fn::Sub': '${Prefix}-orders'}, DelaySeconds: 1}
  Service:
    Type: ALIYUN::FC::Service
    Properties: {ServiceName: shop}
  Bill:
    Type: ALIYUN::FC::Function
    Properties:
      ServiceName: {'Fn::GetAtt': [Service, ServiceName]}
      FunctionName: bill
      Handler: index.handler
      Runtime: python3.10
      Code: {SourceCode: 'def handler(event, context): return event'}
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: shop-role
      AssumeRolePolicyDocument:
        Version: '1'
        Statement: [{Action: sts:AssumeRole, Effect: Allow, Principal: {Service: [fnf.aliyuncs.com]}}]
      Policies:
        - PolicyName: shop-policy
          PolicyDocument:
            Version: '1'
            Statement:
              - {Effect: Allow, Action: [fc:InvokeFunction], Resource: [{'Fn::Sub': 'acs:${ALIYUN::Region}:bill'}]}
  Sell:
    Type: ALIYUN::FNF::Flow
    Properties:
      Name: sell
      Description: sells
      RoleArn: {'Fn::GetAtt': [Role, Arn]}
      Definition: |
        version: v1
        type: flow
        steps:
          - {type: task, name: bill, resourceArn: 'acs:fc:::services/shop/functions/bill'}
          - {type: pass, name: rest}
"""


def template(text: str = BASE) -> Template:
    reading = ros.read(text)
    assert reading.template is not None and not reading.problems
    assert ros.validate(reading.template) == ()
    return reading.template


def deployed(text: str = BASE, **parameters: Json) -> State:
    read = template(text)
    statuses = dict.fromkeys((one.id for one in read.resources), "CREATE_COMPLETE")
    return State(template=read, parameters={"ALIYUN::Region": "cn-hangzhou", **parameters}, statuses=statuses)


def planned(before: State | None, text: str = BASE, **parameters: Json) -> dict[str, Change]:
    after = State(template=template(text), parameters=parameters)
    return {change.id: change for change in changes(before, after, stack="s")}


def endangered(text: str, before: State | None = None) -> list[str]:
    old, after = before or deployed(), State(template=template(text))
    return [one.message for one in dangers(old, after, changes(old, after, stack="s"), stack="s")]


def actions(found: dict[str, Change]) -> dict[str, str]:
    return {id: change.action.value for id, change in found.items() if change.action is not Action.KEEP}


def test_everything_is_created_where_there_is_no_stack() -> None:
    assert set(actions(planned(None)).values()) == {"create"}


def test_the_same_template_keeps_everything_however_it_is_written() -> None:
    assert actions(planned(deployed())) == {}
    assert actions(planned(deployed(), ros.write_json(template()))) == {}


def test_an_update_names_the_place() -> None:
    found = planned(deployed(), BASE.replace("DelaySeconds: 1", "DelaySeconds: 5"))
    assert actions(found) == {"Orders": "update"}
    (one,) = found["Orders"].differences
    assert (one.path, one.before, one.after) == (("DelaySeconds",), 1, 5)


def test_a_replacement_names_the_property() -> None:
    found = planned(deployed(), BASE.replace("ServiceName: shop}", "ServiceName: store}"))
    assert found["Service"].action is Action.REPLACE
    assert found["Service"].forced_by == ("ServiceName",)
    assert (found["Bill"].action, found["Bill"].because) == (Action.UPDATE, "Service is replaced")


def test_a_parameter_changes_what_refers_to_it() -> None:
    found = planned(deployed(), Prefix="other")
    assert actions(found) == {"Orders": "replace"}
    assert found["Orders"].forced_by == ("QueueName",)
    assert actions(planned(deployed(Prefix="other"), Prefix="other")) == {}


def test_a_masked_parameter_counts_as_unchanged() -> None:
    text = BASE.replace("Description: sells", "Description: {Ref: Secret}")
    assert actions(planned(deployed(text, Secret="****"), text, Secret="y")) == {}


def test_what_is_missing_from_the_template_is_deleted_unless_it_is_retained() -> None:
    start = BASE.index("  Orders:")
    without = BASE[:start] + BASE[BASE.index("  Service:") :]
    assert planned(deployed(), without)["Orders"].action is Action.DELETE
    kept = deployed(BASE.replace("Type: ALIYUN::MNS::Queue", "Type: ALIYUN::MNS::Queue\n    DeletionPolicy: Retain"))
    assert planned(kept, without)["Orders"].action is Action.KEEP


@pytest.mark.parametrize(
    ("status", "action"),
    [("CREATE_FAILED", "create"), ("DELETE_COMPLETE", "create"), ("UPDATE_FAILED", "update"), ("", "create")],
)
def test_what_is_not_healthy_is_mended(status: str, action: str) -> None:
    state = deployed()
    assert actions(planned(replace(state, statuses={**state.statuses, "Orders": status}))) == {"Orders": action}


def test_another_type_replaces() -> None:
    text = BASE.replace("ALIYUN::MNS::Queue", "ALIYUN::MNS::Topic").replace("QueueName", "TopicName")
    found = planned(deployed(), text.replace(", DelaySeconds: 1", ""))
    assert (found["Orders"].action, found["Orders"].forced_by) == (Action.REPLACE, ("Type",))


def test_a_flow_is_compared_step_by_step() -> None:
    text = BASE.replace(
        "name: rest}", "name: rest, outputMappings: [{target: a, source: 1}]}\n          - {type: succeed, name: end}"
    )
    found = planned(deployed(), text)
    assert [str(step) for step in found["Sell"].steps] == ["rest changed: gives", "end added"]


def test_comments_and_order_are_no_change_of_a_step() -> None:
    before = "version: v1\ntype: flow\nsteps:\n  - type: pass\n    name: a\n"
    after = "# said\ntype: flow\nversion: v1\nsteps:\n  - {name: a, type: pass}\n"
    assert step_changes(before, after) == ()


def test_moved_and_nested_steps_are_told() -> None:
    start = "version: v1\ntype: flow\nsteps:\n"
    before = start + "- {type: pass, name: a}\n- {type: pass, name: b}\n"
    assert [str(one) for one in step_changes(before, start + "- {type: pass, name: b}\n- {type: pass, name: a}\n")] == [
        "b moved"
    ]
    loop = start + "- {type: foreach, name: f, iterationMapping: {collection: $.xs, item: x}, steps: [%s]}\n"
    inner = "{type: pass, name: a}"
    changed = step_changes(loop % inner, loop % inner.replace("pass", "succeed"))
    assert [str(one) for one in changed] == ["f/a changed: type"]


def test_nothing_is_endangered_by_a_small_change() -> None:
    assert endangered(BASE.replace("DelaySeconds: 1", "DelaySeconds: 5")) == []


def test_a_renamed_flow_is_dangerous() -> None:
    assert endangered(BASE.replace("Name: sell", "Name: sale")) == [
        "the flow sell is replaced: its running executions stop after their current step"
    ]


def test_a_shrunk_role_is_dangerous() -> None:
    (message,) = endangered(BASE.replace("fc:InvokeFunction", "fc:GetFunction"))
    assert "Role loses rights: fc:InvokeFunction on acs:${ALIYUN::Region}:bill" in message


def test_a_wider_role_is_not() -> None:
    assert endangered(BASE.replace("[fc:InvokeFunction]", "[fc:InvokeFunction, fc:GetFunction]")) == []


TAIL = "acs:fc:cn-hangzhou:1234567890123456:services/a-service-with-a-long-name/functions/bill"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("short", "other", ['Tags: "short" -> "other"']),
        (None, 5, ["Tags: nothing -> 5"]),
        (f"{TAIL}-one", f"{TAIL}-two", [f'Tags: ...{TAIL[-67:]}-one" -> ...{TAIL[-67:]}-two"']),
        ([{"a": 1}, {"a": TAIL}], [{"a": 1}, {"a": "x"}], [f'Tags.1.a: "{TAIL[:71]}... -> "x"']),
        ([1], [1, {"a": TAIL}], [f'Tags: + {{"a": "{TAIL}"}}']),
        ([1, 2, 3], [3, 4], ["Tags: - 1", "Tags: - 2", "Tags: + 4"]),
        ([1], [1, 1], ["Tags: [1] -> [1, 1]"]),
    ],
)
def test_what_differs_is_shown_however_long_it_is(before: Json, after: Json, told: list[str]) -> None:
    found = tuple(differences({"Tags": before}, {"Tags": after}))
    change = Change(id="Role", type="ALIYUN::RAM::Role", action=Action.UPDATE, differences=found)
    lines = [str(block.text) for block in plan_blocks(Plan(stack="s", exists=True, changes=(change,)))]  # type: ignore[union-attr]
    assert [line.strip() for line in lines[1:-1]] == told


def test_a_function_that_a_flow_still_calls() -> None:
    (message,) = endangered(BASE.replace("FunctionName: bill", "FunctionName: invoice"))
    assert message == "the function bill is replaced, and the flow sell calls it"


def test_a_queue_goes_with_its_messages() -> None:
    (message,) = endangered(BASE.replace("${Prefix}-orders", "${Prefix}-jobs"))
    assert "Orders is replaced with its messages" in message


def test_a_version_that_may_still_be_called() -> None:
    called = BASE.replace("services/shop/", "services/shop.1/")
    version = "\n  Release:\n    Type: ALIYUN::FC::Version\n    Properties: {ServiceName: shop}\n"
    with_version = called.replace("\n  Bill:", version + "  Bill:")
    (message,) = endangered(called, deployed(with_version))
    assert message == "the version Release is deleted, and the flow sell calls a version by its number"


STRANGER = """
ROSTemplateFormatVersion: '2015-09-01'
Resources:
  Theirs:
    Type: ALIYUN::FC::Service
    Properties: {ServiceName: theirs}
"""


def test_a_stack_that_has_nothing_of_the_template_is_somebody_elses() -> None:
    before, after = deployed(STRANGER), State(template=template())
    found = dangers(before, after, changes(before, after, stack="shop"), stack="shop")
    assert [danger.id for danger in found] == ["shop"]
    assert "nothing of this template" in found[0].message and "--stack" in found[0].hint
    both = template(STRANGER + "  Mine: {Type: ALIYUN::FC::Service, Properties: {ServiceName: mine}}\n")
    grown = State(template=both)
    assert dangers(before, grown, changes(before, grown, stack="shop"), stack="shop") == ()
