"""What users and services see of findings: text, JSON, SARIF, the rule pages and the schema for editors."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from fnfkit.lint import CATALOGUE, Checked, as_json, as_sarif, check_text, fdl_schema, render_text, summary
from fnfkit.lint.docs import pages
from fnfkit.lint.shapes.shape import Kind

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "rules"
TEXT = """\
version: v1
type: flow
steps:
  - type: parallel
    name: Both
    branches:
      - steps:
          - type: pass
            name: Tag
            outputMappings:
              - {target: tag, source: $.tag}
  - type: task
    name: Charge
    resourceArn: acs:fc::services/lab/functions/charge
"""


def checked(text: str = TEXT, file: str = "flow.yml") -> Checked:
    return Checked(file, text, check_text(text)[1])


def test_text_shows_place_line_caret_and_fix() -> None:
    assert (
        render_text([checked()])
        == """\
flow.yml:11:31: warning[W04] `$.tag` is plain text here: sources start with $input, $local or $context
   11 |               - {target: tag, source: $.tag}
      |                               ^
    try: write `$input.tag`

flow.yml:14:5: error[E04] `acs:fc::services/lab/functions/charge` is not a form of `resourceArn`
   14 |     resourceArn: acs:fc::services/lab/functions/charge
      |     ^
    try: the number of colons is wrong: write `acs:fc:::services/lab/functions/charge`

1 error, 1 warning
"""
    )


def test_text_without_findings_is_empty() -> None:
    clean = checked("version: v1\ntype: flow\nsteps:\n  - {type: pass, name: A}\n")
    assert render_text([clean]) == ""
    assert summary([clean]) == "no findings"


def test_a_finding_without_a_line_names_the_file_only() -> None:
    assert render_text([checked("")]).startswith(("flow.yml: error[E01]", "flow.yml:1:1: error[E01]"))


def test_json_is_stable_and_names_the_step() -> None:
    reading, _ = check_text(TEXT)
    report = as_json([checked()], [reading.flow])
    assert json.loads(json.dumps(report)) == report
    assert (report["format"], report["errors"], report["warnings"]) == (1, 1, 1)
    assert report["findings"][0] == {
        "file": "flow.yml",
        "id": "W04",
        "severity": "warning",
        "title": "constant that looks like a path",
        "message": "`$.tag` is plain text here: sources start with $input, $local or $context",
        "fix": "write `$input.tag`",
        "path": ["steps", 0, "branches", 0, "steps", 0, "outputMappings", 0, "source"],
        "step": "Tag",
        "line": 11,
        "column": 31,
    }
    assert report["findings"][1]["step"] == "Charge"


def test_json_without_flows_names_no_step() -> None:
    assert [finding["step"] for finding in as_json([checked()])["findings"]] == [None, None]


SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string", "minLength": 1},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "properties": {
                                                "shortDescription": {"required": ["text"]},
                                                "defaultConfiguration": {
                                                    "properties": {
                                                        "level": {"enum": ["none", "note", "warning", "error"]}
                                                    }
                                                },
                                            },
                                        },
                                    },
                                },
                            }
                        },
                        "required": ["driver"],
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "ruleIndex", "level", "locations"],
                            "additionalProperties": False,
                            "properties": {
                                "message": {"required": ["text"], "properties": {"text": {"type": "string"}}},
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {"type": "string", "pattern": "^[^ \\\\]*$"}
                                                        }
                                                    },
                                                    "region": {
                                                        "properties": {
                                                            "startLine": {"type": "integer", "minimum": 1},
                                                            "startColumn": {"type": "integer", "minimum": 1},
                                                        }
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""The parts of the SARIF 2.1.0 schema that the log uses."""


def test_sarif_has_the_form_of_the_standard() -> None:
    log = as_sarif([checked(), checked("", "a folder\\empty.yml")], "1.2.3")
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["E01", "E04", "W04"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [result["ruleId"] for result in run["results"]]
    assert run["results"][-1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20folder/empty.yml"
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 11, "startColumn": 31}


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_rule_pages_are_those_of_the_catalogue(name: str, request: pytest.FixtureRequest) -> None:
    page = PAGES / name
    if request.config.getoption("--accept", default=False):
        page.write_text(pages()[name], "utf-8")
    assert page.read_text("utf-8") == pages()[name]


def test_there_are_no_other_pages() -> None:
    assert {page.name for page in PAGES.glob("*.md")} == {"README.md", *(f"{id}.md" for id in CATALOGUE)}


VALIDATOR = jsonschema.Draft202012Validator(fdl_schema())
GOOD = [*sorted((ROOT / "templates").rglob("*.fdl.yml")), *sorted((ROOT / "tests/data/lint").rglob("*.yml"))]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(fdl_schema())
    assert json.loads(json.dumps(fdl_schema())) == fdl_schema()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_schema_accepts_flows(path: Path) -> None:
    assert not list(VALIDATOR.iter_errors(yaml.safe_load(path.read_text("utf-8"))))


@pytest.mark.parametrize("id", ["E01", "E03", "E06", "E08", "E09", "E10", "E11"])
def test_the_schema_refuses_what_it_can(id: str) -> None:
    assert not list(VALIDATOR.iter_errors(yaml.safe_load(CATALOGUE[id].good)))
    assert list(VALIDATOR.iter_errors(yaml.safe_load(CATALOGUE[id].bad)))


def test_the_schema_points_at_the_property_and_not_at_the_step() -> None:
    flow = yaml.safe_load(CATALOGUE["E06"].bad)
    (error,) = VALIDATOR.iter_errors(flow)
    assert list(error.absolute_path) == ["steps", 0, "duration"]


def test_kinds_cover_every_json_value() -> None:
    assert Kind.NULL | Kind.BOOL | Kind.NUMBER | Kind.STRING == Kind.SCALAR
    assert Kind.SCALAR | Kind.OBJECT | Kind.ARRAY == Kind.ALL
