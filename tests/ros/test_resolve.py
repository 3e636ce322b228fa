"""Functions, parameters, conditions, rules and counts of templates, through stacks that output them (ros.md 2 to 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stack_texts import queue, template

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ros.resolve import Scope, Unknown, resolve, shown, unknown
from fnfkit.model.json import Json
from fnfkit.model.stack import Call, GetAtt, Join, Ref, Replace, Sub
from fnfkit.ports import Fault, StackRecord, StackValidationFailed

Settle = Callable[[str], StackRecord]

VALUES: dict[str, tuple[Json, Json]] = {
    "Ref": ({"Ref": "Text"}, "a,b"),
    "pseudo parameter": ({"Ref": "ALIYUN::Region"}, "cn-hangzhou"),
    "Ref of a resource": ({"Ref": "Queue"}, "q"),
    "GetAtt": ({"Fn::GetAtt": ["Queue", "QueueName"]}, "q"),
    "Sub": ({"Fn::Sub": "${Text}/${Queue}/${Queue.ARN.WithSlash}"}, "a,b/q/acs:mns:cn-hangzhou:123456789012:/queues/q"),
    "Sub with names": ({"Fn::Sub": ["${X}-${Number}", {"X": {"Ref": "Text"}}]}, "a,b-3"),
    "Sub literal": ({"Fn::Sub": "${!Text} $.x $local.y"}, "${Text} $.x $local.y"),
    "Replace": ({"Fn::Replace": [{"<t>": {"Ref": "Text"}}, "x<t>y<z>"]}, "xa,by<z>"),
    "Join": ({"Fn::Join": ["-", ["a", {"Ref": "Number"}]]}, "a-3"),
    "Join of a list": ({"Fn::Join": ["-", {"Ref": "List"}]}, "x-y"),
    "Split": ({"Fn::Split": [",", {"Ref": "Text"}]}, ["a", "b"]),
    "Select": ({"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "Text"}]}]}, "b"),
    "Select from the end": ({"Fn::Select": ["-1", ["a", "b"]]}, "b"),
    "Select a slice": ({"Fn::Select": ["0:2", ["a", "b", "c"]]}, ["a", "b"]),
    "Select from a map": ({"Fn::Select": ["k", {"k": 1}]}, 1),
    "Select a default": ({"Fn::Select": [5, ["a"], "none"]}, "none"),
    "FindInMap": ({"Fn::FindInMap": ["Sizes", {"Ref": "ALIYUN::Region"}, "small"]}, 128),
    "Str": ({"Fn::Str": 5}, "5"),
    "Base64": ({"Fn::Base64Decode": {"Fn::Base64Encode": "héllo"}}, "héllo"),
    "GetJsonValue": ({"Fn::GetJsonValue": ["b", '{"b": {"c": 1}}']}, {"c": 1}),
    "Jq": ({"Fn::Jq": ["First", ".b[1]", '{"b": [1, 2]}']}, 2),
    "Jq of all": ({"Fn::Jq": ["All", ".b[]", {"b": [1, 2]}]}, [1, 2]),
    "If": ({"Fn::If": ["Large", "big", "small"]}, "big"),
    "If without a value": ({"k": {"Fn::If": ["Small", "x", {"Ref": "ALIYUN::NoValue"}]}, "l": 1}, {"l": 1}),
    "Length": ({"Fn::Length": ["a", "b"]}, 2),
    "Index": ({"Fn::Index": ["b", ["a", "b"]]}, 1),
    "ListMerge": ({"Fn::ListMerge": [["a"], {"Ref": "List"}]}, ["a", "x", "y"]),
    "MergeMapToList": ({"Fn::MergeMapToList": [{"k": [1, 2]}, {"l": [3]}]}, [{"k": 1, "l": 3}, {"k": 2}]),
    "SelectMapList": ({"Fn::SelectMapList": ["k", [{"k": 1}, {"l": 2}, {"k": 3}]]}, [1, 3]),
    "Add": ({"Fn::Add": [1, "2", {"Ref": "Number"}]}, 6),
    "Add of lists": ({"Fn::Add": [["a"], ["b"]]}, ["a", "b"]),
    "Avg": ({"Fn::Avg": [1, [1, 2, 2]]}, 1.7),
    "Max": ({"Fn::Max": [1, 3, 2]}, 3),
    "Min": ({"Fn::Min": [2, 1, 3]}, 1),
    "Calculate": ({"Fn::Calculate": ["(1+{1})*2-{2}/4", 1, [2, 4]]}, 5.0),
    "Indent": ({"Fn::Indent": ["a\nb", 2]}, "  a\n  b"),
    "Contains": ({"Fn::Contains": [["a", "b"], "b"]}, True),
    "EachMemberIn": ({"Fn::EachMemberIn": [["a"], ["a", "b"]]}, True),
    "EachMemberEquals": ({"Fn::EachMemberEquals": [["a", "b"], "a"]}, False),
    "MatchPattern": ({"Fn::MatchPattern": ["^a.*", {"Ref": "Text"}]}, True),
    "Cidr": ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
    "GetAZs": ({"Fn::Length": {"Fn::GetAZs": {"Ref": "ALIYUN::Region"}}}, 3),
    "FormatTime": ({"Fn::FormatTime": ["%Y-%m-%d %H", "Asia/Shanghai"]}, "2020-01-01 08"),
    "a local": ({"Ref": "Greeting"}, "hello a,b"),
    "a JSON parameter": ({"Fn::Select": ["k", {"Ref": "Data"}]}, [1]),
    "a flag": ({"Ref": "Flag"}, True),
}

PARAMETERS = {
    "Text": {"Type": "String", "Default": "a,b"},
    "Number": {"Type": "Number", "Default": "3"},
    "List": {"Type": "CommaDelimitedList", "Default": "x, y"},
    "Data": {"Type": "Json", "Default": '{"k": [1]}'},
    "Flag": {"Type": "Boolean", "Default": "true"},
}
CONDITIONS = {
    "Large": {"Fn::Equals": [{"Ref": "Number"}, 3]},
    "Small": {"Fn::Not": ["Large"]},
    "Both": {"Fn::And": ["Large", {"Fn::Not": ["Small"]}]},
    "Either": {"Fn::Or": ["Small", "Both"]},
}
SECTIONS = {
    "Parameters": PARAMETERS,
    "Conditions": CONDITIONS,
    "Mappings": {"Sizes": {"cn-hangzhou": {"small": 128}}},
    "Locals": {"Greeting": {"Value": {"Fn::Sub": "hello ${Text}"}}},
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str, cloud: Cloud, settle: Settle) -> None:
    value, expected = VALUES[name]
    text = template({"Queue": queue("q")}, **SECTIONS, Outputs={"O": {"Value": value}})
    record = settle(cloud.stacks.create_stack("s", text))
    assert record.output("O") == expected


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ({"Fn::Select": [3, ["a"]]}, "no item 3"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Text"}, "small"]}, "nothing at a,b.small"),
        ({"Fn::GetJsonValue": ["b", "{"]}, "GetJsonValue"),
        ({"Fn::GetJsonValue": ["b", "{}"]}, "no key 'b'"),
        ({"Fn::Split": {"Ref": "Text"}}, "takes a list"),
        ({"Fn::Calculate": ["__import__('os')", 0]}, "Calculate"),
        ({"Fn::Base64Decode": "a"}, "Base64Decode"),
        ({"Fn::Jq": ["First", "][", "{}"]}, "Jq"),
        ({"Fn::GetStackOutput": ["nobody", "O"]}, "nobody"),
        ({"Fn::MarketplaceImage": "x"}, "offline"),
        ({"Fn::FormatTime": ["%Y", "Mars/Olympus"]}, "Mars"),
        ({"Fn::Any": 3}, "Fn::Any cannot take its argument"),
        ({"Fn::If": ["Large", {"Fn::Cidr": ["x", 1, 1]}, ""]}, "Cidr"),
    ],
)
def test_values_that_cannot_be_worked_out(value: Json, part: str, cloud: Cloud, settle: Settle) -> None:
    text = template({"Queue": queue("q")}, **SECTIONS, Outputs={"O": {"Value": value}})
    record = settle(cloud.stacks.create_stack("s", text, disable_rollback=True))
    assert record.status == "CREATE_FAILED" and part in record.status_reason


RESOLVED = {
    "text for a number": (
        {"VisibilityTimeout": {"Fn::Join": ["", ["a", 1]]}},
        "VisibilityTimeout must be a whole number",
    ),
    "a list for a number": ({"DelaySeconds": {"Ref": "List"}}, "DelaySeconds must be a whole number, not a list"),
    "beyond the bounds": ({"DelaySeconds": {"Fn::Add": [604800, 1]}}, "DelaySeconds must be from 0 to 604800"),
    "nothing for something needed": ({"QueueName": {"Ref": "Nothing"}}, "QueueName must have 1 to 256"),
    "a mapping for a list": ({"Tags": {"Ref": "Data"}}, "Tags must be a list, not a mapping"),
}


@pytest.mark.parametrize("name", RESOLVED)
def test_what_functions_yield_must_be_what_the_property_takes(name: str, cloud: Cloud, settle: Settle) -> None:
    properties, part = RESOLVED[name]
    wrong = {"Type": "ALIYUN::MNS::Queue", "Properties": {"QueueName": "q", **properties}}
    parameters = {**PARAMETERS, "Nothing": {"Type": "String", "Default": ""}}
    record = settle(cloud.stacks.create_stack("s", template({"Queue": wrong}, Parameters=parameters)))
    assert record.status == "CREATE_ROLLBACK_COMPLETE"
    failed = cloud.stacks.list_stack_events("s", statuses=["CREATE_FAILED"]).items
    assert f"Properties/{'/'.join(properties)}: {part}" in failed[-1].status_reason


def test_empty_text_for_an_optional_property_is_none(cloud: Cloud, settle: Settle) -> None:
    given = {"QueueName": "q", "DelaySeconds": {"Ref": "Delay"}}
    empty = {"Delay": {"Type": "String", "Default": ""}}
    text = template({"Queue": {"Type": "ALIYUN::MNS::Queue", "Properties": given}}, Parameters=empty)
    assert settle(cloud.stacks.create_stack("s", text)).status == "CREATE_COMPLETE"


def test_outputs_of_other_stacks(cloud: Cloud, settle: Settle) -> None:
    settle(cloud.stacks.create_stack("a", template({}, Outputs={"O": {"Value": "from a"}})))
    other = {"O": {"Value": {"Fn::GetStackOutput": ["a", "O"]}}}
    assert settle(cloud.stacks.create_stack("b", template({}, Outputs=other))).output("O") == "from a"


def test_conditions_decide_what_there_is(cloud: Cloud, settle: Settle) -> None:
    text = template(
        {
            "Yes": {**queue("yes"), "Condition": "Either"},
            "No": {**queue("no"), "Condition": "Small"},
            "After": {**queue("after"), "DependsOn": ["No", "Yes"]},
        },
        **SECTIONS,
        Outputs={"Gone": {"Condition": "Small", "Value": "x"}, "There": {"Condition": "Both", "Value": "y"}},
    )
    record = settle(cloud.stacks.create_stack("s", text))
    assert [resource.logical_id for resource in cloud.stacks.list_stack_resources("s")] == ["Yes", "After"]
    assert [output.name for output in record.outputs] == ["There"]
    cloud.stacks.update_stack("s", text, parameters={"Number": "4"})
    settle("s")
    assert cloud.queues.list_queues().items == ("after", "no", "yes")


def test_counts_make_lists(cloud: Cloud, settle: Settle) -> None:
    text = template(
        {"Q": {**queue({"Fn::Sub": "q-${ALIYUN::Index}"}), "Count": {"Ref": "Number"}}},
        **SECTIONS,
        Outputs={
            "Names": {"Value": {"Fn::GetAtt": ["Q", "QueueName"]}},
            "Ids": {"Value": {"Fn::Join": [",", {"Ref": "Q"}]}},
        },
    )
    record = settle(cloud.stacks.create_stack("s", text, parameters={"Number": "2"}))
    assert record.output("Names") == ["q-0", "q-1"] and record.output("Ids") == "q-0,q-1"
    logical = [resource.logical_id for resource in cloud.stacks.list_stack_resources("s")]
    assert logical == ["Q[0]", "Q[1]"]
    cloud.stacks.update_stack("s", text, parameters={"Number": "1"})
    settle("s")
    assert cloud.queues.list_queues().items == ("q-0",)


@pytest.mark.parametrize("number", ["-1", "1.5", "301"])
def test_counts_are_natural_and_bounded(number: str, cloud: Cloud) -> None:
    text = template({"Q": {"Type": "ALIYUN::ROS::Sleep", "Count": {"Ref": "Number"}}}, **SECTIONS)
    with pytest.raises(StackValidationFailed):
        cloud.stacks.create_stack("s", text, parameters={"Number": number})


def test_rules_are_asserted(cloud: Cloud, settle: Settle) -> None:
    rule = {
        "RuleCondition": {"Fn::Equals": [{"Ref": "Text"}, "strict"]},
        "Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Number"}, 1]}, "AssertDescription": "strict means one"}],
    }
    text = template({}, **SECTIONS, Rules={"Strict": rule})
    settle(cloud.stacks.create_stack("loose", text))
    with pytest.raises(StackValidationFailed, match="strict means one"):
        cloud.stacks.create_stack("s", text, parameters={"Text": "strict"})
    settle(cloud.stacks.create_stack("s", text, parameters={"Text": "strict", "Number": "1"}))


@pytest.mark.parametrize(
    ("declared", "given", "part"),
    [
        ({"Type": "Number"}, "many", "must be a number"),
        ({"Type": "Number", "MinValue": 2, "MaxValue": 4}, "5", "from 2.0 to 4.0"),
        ({"Type": "String", "MinLength": 2}, "x", "at least 2"),
        ({"Type": "String", "AllowedPattern": "^a"}, "b", "must match"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "one of a, b"),
        ({"Type": "Boolean"}, "perhaps", "true or false"),
        ({"Type": "Json"}, "{", "must be JSON"),
    ],
)
def test_parameters_are_checked(declared: Json, given: str, part: str, cloud: Cloud) -> None:
    text = template({}, Parameters={"P": declared})
    with pytest.raises(Fault, match=r"The specified parameter P is invalid") as refused:
        cloud.stacks.create_stack("s", text, parameters={"P": given})
    assert part in refused.value.message


def test_a_default_of_nothing_is_not_checked(cloud: Cloud, settle: Settle) -> None:
    declared = {"Type": "String", "MinLength": 3, "Default": None}
    text = template({}, Parameters={"P": declared}, Outputs={"O": {"Value": {"Ref": "P"}}})
    assert settle(cloud.stacks.create_stack("s", text)).output("O") == ""


def test_what_is_unknown_stays_so() -> None:
    scope = Scope(
        parameters={"P": "p"}, resource=lambda name: Unknown(name), attribute=lambda *names: Unknown(".".join(names))
    )
    for value in (
        Ref("R"),
        GetAtt("R", "A"),
        Sub("x-${R.A}"),
        Join("-", ["a", Ref("R")]),
        Replace((("a", Ref("R")),), "a"),
        Call("Fn::Select", [0, [Ref("R")]]),
    ):
        assert isinstance(resolve(value, scope), Unknown), value
    found = resolve({"known": Ref("P"), "unknown": [GetAtt("R", "A")]}, scope)
    assert unknown(found) == Unknown("R.A") and shown(found) == {"known": "p", "unknown": ["<R.A>"]}
