"""The folders whose texts survive reading and writing hold every feature that the languages document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fnfkit.lang.asl import schema as asl
from fnfkit.lang.asl.choices import KINDS, OPERATORS
from fnfkit.lang.asl.resources import SERVICES
from fnfkit.lang.cloudflow import schema as cloudflow
from fnfkit.lang.cloudflow.tasks import INTEGRATIONS
from fnfkit.model.json import Json, JsonObject

DATA = Path(__file__).parents[1] / "data"
MACHINES = [path.read_text("utf-8") for path in sorted((DATA / "cloudflow" / "good").glob("*.yml"))]
STATES = [path.read_text("utf-8") for path in sorted((DATA / "asl" / "good").glob("*.json"))]
ERRORS = {
    *("FC.ResourceExhausted", "FC.ResourceThrottled", "FC.InternalServerError", "FC.Unknown", "FC.FunctionNotFound"),
    *("FC.ServiceNotFound", "FC.InvalidArgument", "FnF.TaskTimeout", "FnF.Timeout", "FnF.ALL", "FnF.InvalidLocal"),
    *("FnF.RuntimeError", "OutOfStock"),
}
"""fdl.md 4.9, which the newer language shares (cloudflow.md 6)."""


def objects(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


CLOUDFLOW = [one for text in MACHINES for one in objects(yaml.safe_load(text))]
ASL = [one for text in STATES for one in objects(json.loads(text))]


def fields(found: list[JsonObject], kind: str) -> set[str]:
    return {key for one in found if one.get("Type") == kind for key in one}


@pytest.mark.parametrize("kind", cloudflow.STATES)
def test_state_machines_use_every_property(kind: str) -> None:
    # These are read with a warning, so no canonical text has them.
    tolerated = {*cloudflow.NOT_SIMULATED, "MaxConcuccency", *(["End"] if kind == "Fail" else [])}
    described = {"Description"}  # A comment, which no model keeps.
    assert set(cloudflow.STATES[kind]) - tolerated - described - fields(CLOUDFLOW, kind) == set()


def test_state_machines_use_every_mode_of_every_action() -> None:
    used = {(one["Action"], one.get("TaskMode", "RequestComplete")) for one in CLOUDFLOW if "Action" in one}
    assert used >= {(action, mode) for action, offered in INTEGRATIONS.items() for mode in offered.modes}
    assert ("HTTP:Request", "WaitForCustomCallback") in used
    assert {key.removesuffix(".$") for one in CLOUDFLOW for key in one} >= {
        key for integration in INTEGRATIONS.values() for key in integration.parameters
    }


def test_state_machines_use_every_function_and_error() -> None:
    text = "\n".join(MACHINES)
    assert {name for name in cloudflow.FUNCTIONS if not re.search(rf"\b{name}\(", text)} == set()
    assert {name for name in ERRORS if name not in text} == set()
    for part in ("Execution.Name", "Execution.Input", "Execution.RoleArn", "Current.Name", "Current.Input"):
        assert f"$Context.{part}" in text
    for part in ("Current.RetryCount", "Current.TaskToken", "Current.Error.Code", "Current.Error.Detail"):
        assert f"$Context.{part}" in text
    rules = {key for one in CLOUDFLOW if "Errors" in one for key in one}
    assert rules >= {*cloudflow.RETRY, *cloudflow.CATCH}


@pytest.mark.parametrize("kind", asl.STATES)
def test_states_use_every_field(kind: str) -> None:
    # One is refused, one the other name of ItemProcessor, and one is a comment.
    assert set(asl.STATES[kind]) - {"HeartbeatSeconds", "Iterator", "Comment"} - fields(ASL, kind) == set()


def test_states_use_every_function_operator_and_service() -> None:
    text = "\n".join(STATES)
    assert {name for name in asl.INTRINSICS if f"States.{name}(" not in text} == set()
    keys = {key for one in ASL for key in one}
    operators = {*OPERATORS, *(f"{name}Path" for name in OPERATORS), *KINDS, "IsPresent", "IsTimestamp"}
    assert {*operators, "StringMatches", "And", "Or", "Not"} - keys == set()
    assert {name for name in SERVICES if name not in text} == set()
    assert {f"{name}.waitForTaskToken" for name in SERVICES if f"{name}.waitForTaskToken" not in text} == set()
    assert {name for name in asl.ERRORS if name not in text} == set()
    assert {key for one in ASL if "ErrorEquals" in one for key in one} >= {*asl.RETRY, *asl.CATCH}
