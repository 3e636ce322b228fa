"""Template text to model and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fnfkit.lang import ros
from fnfkit.model.stack import Call, GetAtt, Join, Ref, Replace, Sub

ROOT = Path(__file__).parents[2]
GOOD = [*sorted(ROOT.glob("tests/data/ros/*.yml")), *sorted(ROOT.glob("templates/*/template.ros.yml"))]


def read_property(yaml: str) -> object:
    text = (
        "ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  A:\n    Type: ALIYUN::MNS::Queue\n    Properties:\n"
        f"      QueueName: {yaml}\n"
    )
    reading = ros.read(text)
    assert reading.problems == () and reading.template is not None
    return reading.template.resources[0].properties["QueueName"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.parent.name + "-" + path.stem)
def test_what_is_written_reads_the_same(path: Path) -> None:
    reading = ros.read(path.read_text("utf-8"))
    assert reading.template is not None and reading.problems == ()
    assert ros.read(ros.write(reading.template)).template == reading.template
    assert ros.read(ros.write_json(reading.template)).template == reading.template


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.parent.name + "-" + path.stem)
def test_good_templates_are_valid(path: Path) -> None:
    template = ros.read(path.read_text("utf-8")).template
    assert template is not None and ros.validate(template) == ()


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("!Ref Name", Ref("Name")),
        ("{Ref: Name}", Ref("Name")),
        ("!GetAtt Queue.ARN.WithSlash", GetAtt("Queue", "ARN.WithSlash")),
        ("{'Fn::GetAtt': [Queue, ARN.WithSlash]}", GetAtt("Queue", "ARN.WithSlash")),
        ("!Sub 'a-${Name}'", Sub("a-${Name}")),
        ("!Sub ['a-${X}', {X: !Ref Name}]", Sub("a-${X}", (("X", Ref("Name")),))),
        ("{'Fn::Join': ['-', [a, {Ref: Name}]]}", Join("-", ["a", Ref("Name")])),
        ("{'Fn::Replace': [{<x>: {Ref: Name}}, 'a<x>']}", Replace((("<x>", Ref("Name")),), "a<x>")),
        ("{'Fn::Select': [0, {'Fn::Split': [',', 'a,b']}]}", Call("Fn::Select", [0, Call("Fn::Split", [",", "a,b"])])),
        ("!Select [0, [a]]", Call("Fn::Select", [0, ["a"]])),
    ],
)
def test_functions_in_both_spellings(yaml: str, value: object) -> None:
    assert read_property(yaml) == value


def test_text_that_looks_like_something_else_stays_text() -> None:
    for text in ("1e5", "007", "null", "true", "2015-09-01", "~", "0x1F", "a: b", "multi\nline\n", ""):
        reading = ros.read(
            "ROSTemplateFormatVersion: '2015-09-01'\nMetadata: {}\nResources: {}\nDescription: placeholder\n"
        )
        assert reading.template is not None
        template = replace(reading.template, metadata={"text": text})
        assert ros.read(ros.write(template)).template == template
