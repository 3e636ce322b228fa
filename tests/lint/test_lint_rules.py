"""Every rule of the catalogue: its examples, its switches, and what happens when it breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fnfkit.lint import CATALOGUE, Finding, Options, Promises, Rule, check, check_flow, check_text, from_schema
from fnfkit.lint.shapes.shape import NUMBER, STRING, closed
from fnfkit.model.expr import SCOPE_INPUT
from fnfkit.model.flow import Flow, Task
from fnfkit.model.names import FunctionRef
from fnfkit.model.problem import Problem, Severity

RULES = list(CATALOGUE.values())
EXEMPLARY = [rule for rule in RULES if rule.bad]
CALLBACK = CATALOGUE["W17"].bad


def findings(text: str, options: Options | None = None) -> tuple[Finding, ...]:
    return check_text(text, options)[1]


def ids(text: str, options: Options | None = None) -> list[str]:
    return [finding.id for finding in findings(text, options)]


def everything(rule: Rule) -> Options:
    return Options(enable=frozenset({rule.id}), scheduled=rule.id == "W12")


@pytest.mark.parametrize("rule", EXEMPLARY, ids=lambda rule: rule.id)
def test_the_bad_example_is_reported_and_nothing_else(rule: Rule) -> None:
    found = findings(rule.bad, everything(rule))
    assert {finding.id for finding in found} == {rule.id}
    assert {finding.severity for finding in found} == {rule.severity}
    assert all(finding.mark is not None for finding in found)


@pytest.mark.parametrize("rule", EXEMPLARY, ids=lambda rule: rule.id)
def test_the_good_example_is_clean(rule: Rule) -> None:
    assert findings(rule.good, everything(rule)) == ()


def test_the_catalogue_of_the_reference_is_complete() -> None:
    assert {f"E{number:02}" for number in range(1, 11)} | {f"W{number:02}" for number in range(1, 14)} <= set(CATALOGUE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_what_it_is(rule: Rule) -> None:
    assert rule.title and rule.explanation.endswith(".") and rule.source
    assert (rule.severity is Severity.ERROR) == rule.id.startswith("E")
    assert rule.bad or rule.id in ("E13", "E23", "W16", "W23"), "only what needs more than a flow has no example"


def task(**more: object) -> Flow:
    built = Task(name="Charge", target=FunctionRef("charge", "lab"), takes=closed_mapping(), **more)  # type: ignore[arg-type]
    return Flow(steps=(built,), takes=SCOPE_INPUT)


def closed_mapping() -> object:
    reading, _ = check_text(CATALOGUE["W02"].good)
    assert reading.flow is not None
    return reading.flow.steps[0].takes


@pytest.mark.parametrize("name", ["Charge", "acs:fc:::services/lab/functions/charge", "lab/charge", "charge"])
def test_parameters_are_found_by_step_target_and_name(name: str) -> None:
    declared = Options(promises=Promises(parameters={name: closed({"amount": NUMBER, "size": STRING})}))
    assert [finding.id for finding in check_flow(task(), declared)] == ["E23"]
    assert check_flow(task(), Options()) == []


def test_rules_can_be_switched_off_and_advice_on() -> None:
    assert ids(CATALOGUE["W08"].bad, Options(disable=frozenset({"W08"}))) == []
    assert ids(CALLBACK) == []
    assert ids(CALLBACK, Options(enable=frozenset({"W17"}))) == ["W17"]


def test_what_the_service_refuses_cannot_be_silenced() -> None:
    bad = CATALOGUE["E05"].bad
    assert ids(bad, Options(disable=frozenset({"E05"}))) == ["E05"]
    assert ids(bad.replace("goto: Dome", "goto: Dome  # fnfkit: ignore")) == ["E05"]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# fnfkit: ignore[W04]", []),
        ("# fnfkit: ignore", []),
        ("#fnfkit:ignore[W01, w04]", []),
        ("# why so  # fnfkit: ignore[W04]", []),
        ("# fnfkit: ignore[W03]", ["W04"]),
        ("# fnfkit: ignored", ["W04"]),
        ("# fnfkit: ignore[]", ["W04"]),
    ],
)
def test_comments_silence_findings(comment: str, left: list[str]) -> None:
    bad = CATALOGUE["W04"].bad
    assert ids(bad.replace("source: $.tag", f"source: $.tag  {comment}")) == left
    assert ids(bad.replace("- type: pass", f"- type: pass  {comment}")) == left


def test_a_comment_elsewhere_silences_nothing() -> None:
    assert ids(CATALOGUE["W04"].bad.replace("type: flow", "type: flow  # fnfkit: ignore")) == ["W04"]


def test_comments_in_python_work_by_the_lines_of_its_marks() -> None:
    reading, _ = check_text(CATALOGUE["W04"].bad)
    mark = reading.marks["steps", 0]
    lines = [""] * (mark.line - 1) + ['f.put("Tag", tag="$.tag")  # fnfkit: ignore[W04]']
    built = replace(reading, marks={("steps", 0): mark})
    assert check(built, source="\n".join(lines)) == ()
    assert [finding.mark for finding in check(built)] == [mark]


def test_a_rule_that_breaks_is_a_finding() -> None:
    def broken(subject: object) -> list[Problem]:
        raise KeyError("oh")

    rules = [replace(CATALOGUE["W08"], check=broken), CATALOGUE["W04"]]
    reading, _ = check_text(CATALOGUE["W04"].bad)
    assert reading.flow is not None
    found = check_flow(reading.flow, rules=rules)
    assert [(finding.id, finding.severity) for finding in found] == [
        ("X00", Severity.WARNING),
        ("W04", Severity.WARNING),
    ]
    assert "W08" in found[0].message and "KeyError" in found[0].message


def test_data_flow_is_left_out_where_the_text_has_errors() -> None:
    text = CATALOGUE["E21"].bad + "  - {type: pass, name: Use}\n"
    assert ids(text) == ["E02"]


def test_a_text_that_is_no_flow_gives_the_readers_problems_only() -> None:
    assert ids("[]") == ["E01"]
    assert ids("steps: [") == ["E00"]


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_schemas_declare_parameters(kind: str) -> None:
    schema = from_schema({"type": "object", "properties": {"size": {"type": kind}}, "required": ["size"]})
    flow = task()
    assert check_flow(flow, Options(promises=Promises(parameters={"charge": schema}))) == []


def test_long_flows_are_counted() -> None:
    steps = "".join(f"  - {{type: pass, name: P{number}}}\n" for number in range(1250))
    assert ids(f"version: v1\ntype: flow\nsteps:\n{steps}") == ["W06"]
    fewer = steps.replace("  - {type: pass, name: P0}\n", "")
    assert ids(f"version: v1\ntype: flow\nsteps:\n{fewer}") == []
