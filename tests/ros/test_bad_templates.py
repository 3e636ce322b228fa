"""Templates that cannot be made into stacks: one clear problem each, with path and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.lang import ros
from fnfkit.lang.ros.schema import types
from fnfkit.model.problem import Problem
from fnfkit.model.stack import SERVERLESS, Resource, Template
from fnfkit.ports import Fault

ROOT = Path(__file__).parents[2]
GOOD = [*sorted(ROOT.glob("tests/data/ros/*.yml")), *sorted(ROOT.glob("templates/*/template.ros.yml"))]

HEAD = "ROSTemplateFormatVersion: '2015-09-01'\n"
SAM = HEAD + f"Transform: {SERVERLESS}\n"


def resource(properties: str, type: str = "ALIYUN::MNS::Queue") -> str:
    return f"{HEAD}Resources:\n  A:\n    Type: {type}\n    Properties: {properties}\n"


FLOW = "ALIYUN::FNF::Flow"
TRIGGER = "ALIYUN::FC::Trigger"
NAMES = "ServiceName: s, FunctionName: f, TriggerName: t"

BAD = {
    "empty": ("", "T01", 1, "empty"),
    "a list": ("- 1\n", "T01", 1, "must be a mapping, not a list"),
    "no YAML": ("a: [\n", "E00", 2, "not YAML"),
    "no version": ("Resources: {}\n", "T02", 1, "no ROSTemplateFormatVersion"),
    "another version": ("ROSTemplateFormatVersion: '2010-09-09'\nResources: {}\n", "T02", 1, "2010-09-09"),
    "unknown section": (HEAD + "Resource: {}\n", "T01", 2, "no key `Resource`"),
    "unknown transform": (HEAD + "Transform: Other\n", "T13", 2, "Other"),
    "no type": (HEAD + "Resources:\n  A: {}\n", "T01", 3, "has no Type"),
    "resource is text": (HEAD + "Resources:\n  A: x\n", "T01", 3, "must be a mapping, not text"),
    "unknown type": (HEAD + "Resources:\n  A: {Type: ALIYUN::MNS::Queu}\n", "T03", 3, "ALIYUN::MNS::Queu"),
    "unknown resource key": (
        HEAD + "Resources:\n  A: {Type: ALIYUN::ROS::Sleep, Propertys: {}}\n",
        "T01",
        3,
        "Propertys",
    ),
    "bad logical ID": (HEAD + "Resources:\n  'a b': {Type: ALIYUN::ROS::Sleep}\n", "T01", 3, "logical ID"),
    "unknown property": (resource("{QueueName: q, Delay: 1}"), "T04", 5, "has no property Delay"),
    "missing property": (resource("{}"), "T05", 5, "needs the property QueueName"),
    "misspelt property": (resource("{QueuName: q}"), "T04", 5, "did you mean `QueueName`"),
    "text for a number": (resource("{QueueName: q, DelaySeconds: soon}"), "T06", 5, "a whole number, not text"),
    "fraction for an integer": (resource("{QueueName: q, DelaySeconds: 1.5}"), "T06", 5, "a whole number"),
    "list for text": (resource("{QueueName: [q]}"), "T06", 5, "must be text, not a list"),
    "map for a list": (resource("{QueueName: q, Tags: {a: b}}"), "T06", 5, "a list, not a mapping"),
    "text for a flag": (resource("{QueueName: q, LoggingEnabled: perhaps}"), "T06", 5, "true or false"),
    "below the minimum": (resource("{QueueName: q, VisibilityTimeout: 0}"), "T07", 5, "from 1 to 43200"),
    "above the maximum": (resource("{QueueName: q, MaximumMessageSize: 99999}"), "T07", 5, "65536"),
    "against a pattern": (resource("{QueueName: 'a b'}"), "T07", 5, "must match"),
    "too many items": (resource(f"{{QueueName: q, Tags: [{', '.join(['{Key: k}'] * 21)}]}}"), "T07", 5, "at most 20"),
    "missing member": (resource("{QueueName: q, Tags: [{Value: v}]}"), "T05", 5, "Key"),
    "unknown member": (
        resource("{QueueName: q, DlqPolicy: {Enabled: true, MaxReceiveCount: 3, DeadLetterTargetQueue: d, Queue: d}}"),
        "T04",
        5,
        "Queue",
    ),
    "not an allowed value": (
        resource("{Name: f, Definition: x, ExecutionMode: Fast}", FLOW),
        "T07",
        5,
        "Express, Standard",
    ),
    "not a multiple": (
        resource(
            "{ServiceName: s, FunctionName: f, Handler: h, Runtime: r, Code: {}, MemorySize: 200}",
            "ALIYUN::FC::Function",
        ),
        "T07",
        5,
        "multiple of 64",
    ),
    "one of several is missing": (
        resource("{ServiceName: s, FunctionName: f, Handler: h, Runtime: r}", "ALIYUN::FC::Function"),
        "T05",
        5,
        "Code or CustomContainerConfig",
    ),
    "missing for this kind": (
        resource(
            f"{{{NAMES}, TriggerType: oss, SourceArn: a, TriggerConfig: {{BucketName: b, Events: [e]}}}}", TRIGGER
        ),
        "T05",
        5,
        "InvocationRole",
    ),
    "configuration of another kind": (
        resource(
            f"{{{NAMES}, TriggerType: timer, TriggerConfig: {{CronExpression: '@every 1m', Methods: [GET]}}}}", TRIGGER
        ),
        "T04",
        5,
        "TriggerConfig of type timer",
    ),
    "no cron expression": (
        resource("{FlowName: f, ScheduleName: s, CronExpression: '@every 30s'}", "ALIYUN::FNF::Schedule"),
        "T07",
        5,
        "cron",
    ),
    "unknown name": (resource("{QueueName: {Ref: Nmae}}"), "T08", 5, "no parameter or resource Nmae"),
    "unknown name in text": (resource("{QueueName: {'Fn::Sub': 'q-${Nmae}'}}"), "T08", 5, "Nmae"),
    "unknown resource": (resource("{QueueName: {'Fn::GetAtt': [B, Name]}}"), "T08", 5, "no resource B"),
    "unknown dependency": (
        HEAD + "Resources:\n  A:\n    Type: ALIYUN::ROS::Sleep\n    DependsOn: [B]\n",
        "T08",
        5,
        "depends on B",
    ),
    "unknown condition": (
        HEAD + "Resources:\n  A:\n    Type: ALIYUN::ROS::Sleep\n    Condition: Never\n",
        "T08",
        5,
        "no condition Never",
    ),
    "unknown condition in Fn::If": (resource("{QueueName: {'Fn::If': [Never, a, b]}}"), "T08", 5, "no condition Never"),
    "unknown condition in a condition": (
        HEAD + "Conditions:\n  C:\n    Fn::Not: [Never]\nResources: {}\n",
        "T08",
        3,
        "no condition Never",
    ),
    "conditions in a circle": (
        HEAD + "Conditions:\n  C: {'Fn::Not': D}\n  D: {'Fn::And': [C, C]}\nResources: {}\n",
        "T10",
        3,
        "C -> D -> C",
    ),
    "locals in a circle": (HEAD + "Locals:\n  L: {Value: {Ref: L}}\nResources: {}\n", "T10", 3, "L -> L"),
    "unknown name in a local": (HEAD + "Locals:\n  L: {Value: {Ref: M}}\nResources: {}\n", "T08", 3, "M"),
    "local is text": (HEAD + "Locals:\n  L: x\nResources: {}\n", "T01", 3, "must be a mapping, not text"),
    "unknown mapping": (resource("{QueueName: {'Fn::FindInMap': [M, a, b]}}"), "T08", 5, "no mapping M"),
    "unknown key of a mapping": (
        HEAD + "Mappings: {M: {a: {b: c}}}\nResources:\n  A:\n    Type: ALIYUN::MNS::Queue\n"
        "    Properties: {QueueName: {'Fn::FindInMap': [M, x, b]}}\n",
        "T08",
        6,
        "no key x in the mapping M",
    ),
    "output is a number": (HEAD + "Resources: {}\nOutputs:\n  O: 3\n", "T01", 4, "the output O must be a mapping"),
    "event is a number": (
        SAM + "Resources:\n  S:\n    Type: Aliyun::Serverless::Service\n    f:\n"
        "      Type: Aliyun::Serverless::Function\n      Properties: {Handler: h, Runtime: python3, CodeUri: oss://b/k}\n"
        "      Events:\n        e: 3\n",
        "T01",
        10,
        "an event must be a mapping",
    ),
    "rule is a number": (HEAD + "Rules:\n  R: 3\nResources: {}\n", "T01", 3, "the rule R"),
    "rule without assertions": (
        HEAD + "Rules:\n  R: {Assertions: [{}]}\nResources: {}\n",
        "T01",
        3,
        "needs a list of assertions",
    ),
    "unknown attribute": (
        HEAD + "Resources:\n  A: {Type: ALIYUN::MNS::Queue, Properties: {QueueName: q}}\n"
        "Outputs:\n  O:\n    Value: !GetAtt A.Arn\n",
        "T09",
        6,
        "has no attribute Arn",
    ),
    "leans on itself": (resource("{QueueName: {'Fn::GetAtt': [A, QueueName]}}"), "T10", 3, "A -> A"),
    "unknown function": (resource("{QueueName: {'Fn::Concat': [a, b]}}"), "T11", 5, "no function Fn::Concat"),
    "unknown tag": (resource("{QueueName: !Concat [a, b]}"), "T11", 5, "Fn::Concat"),
    "wrong argument": (resource("{QueueName: {'Fn::GetAtt': A.Name}}"), "T11", 5, "wrong argument"),
    "condition with one operand": (
        HEAD + "Conditions:\n  C:\n    Fn::Equals: [a]\nResources: {}\n",
        "T11",
        4,
        "Fn::Equals: [left, right]",
    ),
    "two branches": (resource("{QueueName: {'Fn::If': [C, a]}}"), "T11", 5, "value if false"),
    "function beside others": (resource("{QueueName: {'Fn::Sub': a, b: c}}"), "T11", 5, "beside other keys"),
    "parameter without a type": (HEAD + "Parameters:\n  P: {Default: x}\nResources: {}\n", "T12", 3, "has no Type"),
    "parameter of an unknown type": (HEAD + "Parameters:\n  P: {Type: Text}\nResources: {}\n", "T12", 3, "Text"),
    "default against its rule": (
        HEAD + "Parameters:\n  P:\n    Type: String\n    Default: long\n    MaxLength: 2\nResources: {}\n",
        "T12",
        5,
        "0 to 2 characters",
    ),
    "bad pattern": (
        HEAD + "Parameters:\n  P: {Type: String, AllowedPattern: '['}\nResources: {}\n",
        "T12",
        3,
        "regular",
    ),
    "serverless without transform": (
        HEAD + "Resources:\n  S: {Type: Aliyun::Serverless::Service}\n",
        "T13",
        3,
        "transform",
    ),
    "unknown child": (
        SAM + "Resources:\n  S:\n    Type: Aliyun::Serverless::Service\n    Handler: x\n",
        "T01",
        6,
        "`Handler`",
    ),
    "child without code": (
        SAM + "Resources:\n  S:\n    Type: Aliyun::Serverless::Service\n    f:\n"
        "      Type: Aliyun::Serverless::Function\n      Properties: {Handler: h, Runtime: python3}\n",
        "T05",
        8,
        "CodeUri",
    ),
    "unknown event": (
        SAM + "Resources:\n  S:\n    Type: Aliyun::Serverless::Service\n    f:\n"
        "      Type: Aliyun::Serverless::Function\n      Properties: {Handler: h, Runtime: python3, CodeUri: oss://b/k}\n"
        "      Events:\n        e: {Type: Webhook}\n",
        "T03",
        10,
        "Webhook",
    ),
    "flow without definition": (
        SAM + "Resources:\n  F:\n    Type: Aliyun::Serverless::Flow\n    Properties: {Description: d}\n",
        "T05",
        6,
        "Definition or DefinitionUri",
    ),
}


def first(text: str) -> tuple[ros.Reading, list[Problem]]:
    reading = ros.read(text)
    found = list(reading.errors)
    if not found and reading.template is not None:
        found = list(ros.validate(reading.template))
    return reading, found


@pytest.mark.parametrize("name", BAD)
def test_one_problem_with_its_line(name: str) -> None:
    text, id, line, part = BAD[name]
    reading, found = first(text)
    assert [problem.id for problem in found] == [id], found
    mark = reading.mark(found[0])
    assert part in found[0].message + found[0].fix
    assert mark is not None and mark.line == line


@pytest.mark.parametrize("name", BAD)
def test_the_service_says_the_same(name: str, cloud: Cloud) -> None:
    text, _, line, part = BAD[name]
    with pytest.raises(Fault) as refused:
        cloud.stacks.create_stack("s", text)
    assert refused.value.status == 400 and cloud.stacks.list_stacks().items == ()
    if text:
        assert f"line {line}" in refused.value.message and part in refused.value.message


def test_a_circle_is_told_as_a_path() -> None:
    text = HEAD + "".join(
        ["Resources:\n"]
        + [
            f"  {one}:\n    Type: ALIYUN::ROS::Sleep\n    DependsOn: {other}\n"
            for one, other in (("A", "B"), ("B", "C"), ("C", "B"))
        ]
    )
    reading, (problem,) = first(text)
    assert problem.id == "T10" and "B -> C -> B" in problem.message
    mark = reading.mark(problem)
    assert mark is not None and mark.line == 6


def test_a_megabyte_is_too_much(cloud: Cloud) -> None:
    text = HEAD + "Description: |\n" + "".join(f"  {'x' * 98}\n" for _ in range(10_500))
    assert len(text) > 1024 * 1024
    (problem,) = ros.read(text).problems
    assert problem.id == "T14" and problem.mark is not None and problem.mark.line > 5_000
    with pytest.raises(Fault, match="at most 524288"):
        cloud.stacks.create_stack("s", text)


def test_too_many_resources() -> None:
    text = HEAD + "Resources:\n" + "".join(f"  A{number}: {{Type: ALIYUN::ROS::Sleep}}\n" for number in range(301))
    (problem,) = ros.read(text).problems
    assert problem.path == ("Resources",) and "301" in problem.message


def mutations(template: Template) -> Iterator[tuple[str, Template]]:
    """The template with each required property of each resource dropped in turn, and with an unknown one added."""
    for position, resource in enumerate(template.resources):
        known = types()[resource.type].properties
        required = [name for name in resource.properties if known[name].required]
        for name in required:
            rest = {key: value for key, value in resource.properties.items() if key != name}
            yield f"{resource.id} without {name}", _with(template, position, replace(resource, properties=rest))
        unknown = {**resource.properties, "Unknwon": 1}
        yield f"{resource.id} with Unknwon", _with(template, position, replace(resource, properties=unknown))


def _with(template: Template, position: int, resource: Resource) -> Template:
    resources = (*template.resources[:position], resource, *template.resources[position + 1 :])
    return replace(template, resources=resources)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_mutation_of_a_good_template_is_found(path: Path) -> None:
    template = ros.read(path.read_text("utf-8")).template
    assert template is not None
    tried = 0
    for name, mutant in mutations(ros.expand(template).template):
        found = ros.validate(mutant)
        assert [problem.id for problem in found] == ["T04" if "Unknwon" in name else "T05"], name
        tried += 1
    assert tried >= 10
