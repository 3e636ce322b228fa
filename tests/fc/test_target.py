"""Functions as task targets: patterns, invocation types, and the names of errors (fdl.md 4.2, 4.9; scenarios.md 8)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fnfkit.cloud.fc.faults import ResourceExhausted
from fnfkit.cloud.fc.target import FunctionTarget
from fnfkit.cloud.targets import TaskCall
from fnfkit.engine.commands import Invoke
from fnfkit.engine.events import Accepted, Completed, Failed
from fnfkit.model.flow import Pattern
from fnfkit.model.json import JsonObject
from fnfkit.model.names import FunctionRef
from fnfkit.ports import Fault, ResourceThrottled
from tests.fc.conftest import START, Lab

SLOW = """
    import time
    def handler(event, context):
        time.sleep(5)
        return {"slept": 5}
"""


@dataclass
class Answers:
    """Keeps what a call answered, with the seconds since the start."""

    lab: Lab
    flow: str = "flow"
    execution: str = "run"
    account: str = "1"
    key: str = "flow/run"
    seen: list[tuple[float, Accepted | Completed | Failed]] = field(default_factory=list)

    def now(self) -> int:
        return self.lab.clock.now()

    def answer(self, call: int, event: Accepted | Completed | Failed) -> None:
        self.seen.append(((self.now() - START) / 1000, event))


def call(
    lab: Lab,
    *,
    pattern: Pattern = Pattern.REQUEST_RESPONSE,
    params: JsonObject | None = None,
    event: JsonObject | None = None,
    ref: FunctionRef = FunctionRef("f", "lab"),  # noqa: B008  frozen
) -> list[tuple[float, str, object]]:
    answers = Answers(lab)
    command = Invoke(1, "Step", ref, pattern, event or {}, params, "token", 0)
    FunctionTarget(lab.functions, lab.queue).invoke(TaskCall(answers, command))
    lab.loop.run_until_idle()
    return [(at, *told(event)) for at, event in answers.seen]


def told(event: Accepted | Completed | Failed) -> tuple[str, object]:
    match event:
        case Accepted():
            return ("accepted", None)
        case Completed(output=output):
            return ("completed", output)
        case Failed(error=error, cause=cause):
            return (error, cause)


ASYNC = {"InvocationType": "Async"}


@pytest.mark.parametrize(
    ("pattern", "params", "answers"),
    [
        (Pattern.REQUEST_RESPONSE, None, [(5.0, "completed", {"slept": 5})]),
        (Pattern.REQUEST_RESPONSE, {"InvocationType": "Sync"}, [(5.0, "completed", {"slept": 5})]),
        (Pattern.SYNC, None, [(5.0, "completed", {"slept": 5})]),
        (Pattern.WAIT_FOR_CALLBACK, None, [(5.0, "accepted", None)]),
        (Pattern.REQUEST_RESPONSE, ASYNC, [(0.0, "completed", {})]),
        (Pattern.SYNC, ASYNC, [(0.0, "accepted", None), (5.0, "completed", {"slept": 5})]),
        (Pattern.WAIT_FOR_CALLBACK, ASYNC, [(0.0, "accepted", None)]),
    ],
)
def test_when_a_step_goes_on(
    lab: Lab, pattern: Pattern, params: JsonObject | None, answers: list[tuple[float, str, object]]
) -> None:
    lab.deploy(SLOW)
    assert call(lab, pattern=pattern, params=params) == answers
    assert lab.clock.now() == START + 5000, "the function runs to its end in every case"


@pytest.mark.parametrize("pattern", [Pattern.REQUEST_RESPONSE, Pattern.WAIT_FOR_CALLBACK])
def test_a_failed_function_fails_the_call(lab: Lab, pattern: Pattern) -> None:
    lab.deploy("class Busy(Exception): pass\ndef handler(event, context):\n    raise Busy('later')\n")
    ((_, error, cause),) = call(lab, pattern=pattern)
    assert (error, cause["errorMessage"]) == ("Busy", "later")  # type: ignore[index]


def test_nobody_hears_of_a_failure_after_an_accepted_request(lab: Lab) -> None:
    lab.deploy("def handler(event, context):\n    exit()\n")
    assert call(lab, params=ASYNC) == [(0.0, "completed", {})]
    assert call(lab, params=ASYNC, pattern=Pattern.SYNC)[1][1] == "FC.Unknown"


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        (FunctionRef("f", "other"), "FC.ServiceNotFound"),
        (FunctionRef("g", "lab"), "FC.FunctionNotFound"),
        (FunctionRef("f", "lab", "9"), "FC.VersionNotFound"),
        (FunctionRef("f", "lab", "blue"), "FC.AliasNotFound"),
    ],
)
def test_a_refused_call_carries_the_code_of_function_compute(lab: Lab, ref: FunctionRef, error: str) -> None:
    lab.deploy(SLOW)
    ((_, name, cause),) = call(lab, ref=ref)
    assert name == error
    assert isinstance(cause, str)


def test_an_unknown_invocation_type_is_an_invalid_argument(lab: Lab) -> None:
    lab.deploy(SLOW)
    assert call(lab, params={"InvocationType": "async"})[0][1] == "FC.InvalidArgument"


@pytest.mark.parametrize("raised", [ResourceThrottled(), ResourceExhausted(), Fault(), Fault.of("Odd", 418, "x")])
def test_a_stub_can_stand_for_a_function_compute_that_refuses(lab: Lab, raised: Fault) -> None:
    def refuse(event: JsonObject) -> JsonObject:
        raise raised

    lab.functions.stub("lab", "f", refuse)
    assert call(lab) == [(0.0, f"FC.{raised.code}", raised.message)]


def test_a_stub_that_exits_or_raises(lab: Lab) -> None:
    def end(event: JsonObject) -> JsonObject:
        raise SystemExit if event else KeyError("k")

    lab.functions.stub("lab", "f", end)
    assert [call(lab, event=event)[0][1] for event in ({"a": 1}, {})] == ["FC.Unknown", "KeyError"]


def test_a_stub_gets_a_copy_of_the_event_and_takes_its_time(lab: Lab) -> None:
    def spoil(event: JsonObject) -> JsonObject:
        event["list"].append(event.pop("gone"))
        return event

    lab.functions.stub("lab", "f", spoil, latency=2.5)
    event = {"list": [{"deep": [1]}], "gone": 1}
    assert call(lab, event=event) == [(2.5, "completed", {"list": [{"deep": [1]}, 1]})]
    assert event == {"list": [{"deep": [1]}], "gone": 1}


@pytest.mark.parametrize(("result", "value"), [("[1]", [1]), ("'text'", "text"), ("None", None), ("b'{'", "{")])
def test_results_that_are_no_objects_are_handed_on(lab: Lab, result: str, value: object) -> None:
    lab.deploy(f"def handler(event, context):\n    return {result}\n")
    assert call(lab) == [(0.0, "completed", value)]


def test_events_beyond_the_fast_encoder_arrive(lab: Lab) -> None:
    lab.deploy("import json\ndef handler(event, context):\n    return {'same': json.loads(event)['n'] == 2**70}\n")
    assert call(lab, event={"n": 2**70}) == [(0.0, "completed", {"same": True})]
