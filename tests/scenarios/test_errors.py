"""Scenario 8: retries, catches and the names of errors (scenarios.md 8)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.faults import ResourceExhausted
from fnfkit.ports import Fault, InvalidArgument, ResourceThrottled
from fnfkit.testing.fixtures import CloudMaker
from tests.scenarios.conftest import SERVICE, Stage, template, template_input

HANDLING = template("error-handling")


class ErrorNeedsRetry(Exception):
    """An error class of a function's own."""


def flow(*, errors: str = "FnF.ALL", attempts: int = 3, catch: str = "", timeout: int = 30) -> str:
    return f"""
version: v1
type: flow
steps:
  - type: task
    name: work
    resourceArn: acs:fc:::services/{SERVICE}/functions/work
    timeoutSeconds: {timeout}
    errorMappings:
      - {{target: errCode, source: $local.error}}
      - {{target: errMsg, source: $local.cause}}
    retry:
      - errors: [{errors}]
        intervalSeconds: 10
        maxIntervalSeconds: 300
        maxAttempts: {attempts}
        multiplier: 2
    catch: [{catch}]
  - {{type: succeed, name: done}}
  - type: pass
    name: named
    inputMappings: [{{target: seen, source: $local.errCode}}]
    outputMappings: [{{target: named, source: $input.seen}}]
    end: true
  - {{type: pass, name: final, outputMappings: [{{target: final, source: true}}]}}
"""


def raising(error: BaseException) -> Callable[[dict[str, object]], dict[str, object]]:
    def work(event: dict[str, object]) -> dict[str, object]:
        raise error

    return work


def waits(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@pytest.mark.parametrize(
    ("attempts", "intervals"),
    [(3, [10, 20, 40]), (6, [10, 20, 40, 80, 160, 300]), (0, [])],
)
def test_intervals_double_up_to_the_cap(stage: Stage, attempts: int, intervals: list[float]) -> None:
    stage.cloud.functions.stub(SERVICE, "work", raising(ErrorNeedsRetry("again")))
    story = stage.play(flow(attempts=attempts))
    assert waits(story.times("TaskStarted", "work")) == intervals
    assert (story.status, story.error) == ("Failed", "ErrorNeedsRetry")


def test_after_the_last_retry_the_catch_sees_error_and_cause(stage: Stage) -> None:
    stage.cloud.functions.stub(SERVICE, "work", raising(ErrorNeedsRetry("again")))
    story = stage.play(flow(catch="{errors: [FnF.ALL], goto: final}"))
    (entered,) = story.details("StepEntered", "final")
    local = entered["local"]
    assert local["errCode"] == "ErrorNeedsRetry"  # type: ignore[index, call-overload]
    assert local["errMsg"]["errorMessage"] == "again"  # type: ignore[index, call-overload]
    assert (story.status, story.output["final"], story.count("TaskFailed", "work")) == ("Succeeded", True, 4)


@pytest.mark.parametrize(
    ("catch", "target"),
    [
        ("{errors: [ErrorNeedsRetry], goto: named}, {errors: [FnF.ALL], goto: final}", "named"),
        ("{errors: [FnF.ALL], goto: final}, {errors: [ErrorNeedsRetry], goto: named}", "final"),
        ("{errors: [Other], goto: named}, {errors: [FnF.ALL], goto: final}", "final"),
        ("{errors: [Other, ErrorNeedsRetry], goto: named}", "named"),
    ],
)
def test_the_first_catch_that_matches_is_taken(stage: Stage, catch: str, target: str) -> None:
    stage.cloud.functions.stub(SERVICE, "work", raising(ErrorNeedsRetry("again")))
    assert stage.play(flow(attempts=0, catch=catch)).path == ["work", target]


def refusing(cloud: Cloud, error: BaseException) -> None:
    cloud.functions.stub(SERVICE, "work", raising(error))


def crashing(cloud: Cloud) -> None:
    refusing(cloud, SystemExit())


def slow(cloud: Cloud) -> None:
    cloud.functions.stub(SERVICE, "work", lambda event: {}, latency=31)


def listing(cloud: Cloud) -> None:
    cloud.functions.stub(SERVICE, "work", lambda event: ["no", "object"])


def absent(cloud: Cloud) -> None:
    cloud.functions.stub(SERVICE, "other", lambda event: {})


ERRORS: list[tuple[str, Callable[[Cloud], None]]] = [
    ("FC.ResourceThrottled", lambda cloud: refusing(cloud, ResourceThrottled())),
    ("FC.ResourceExhausted", lambda cloud: refusing(cloud, ResourceExhausted())),
    ("FC.InternalServerError", lambda cloud: refusing(cloud, Fault())),
    ("FC.InvalidArgument", lambda cloud: refusing(cloud, InvalidArgument("wrong"))),
    ("FC.AccessDenied", lambda cloud: refusing(cloud, Fault.of("AccessDenied", 403, "no"))),
    ("FC.FunctionNotFound", absent),
    ("FC.Unknown", crashing),
    ("ErrorNeedsRetry", lambda cloud: refusing(cloud, ErrorNeedsRetry("custom"))),
    ("ValueError", lambda cloud: refusing(cloud, ValueError("plain"))),
    ("FnF.TaskTimeout", slow),
    ("FnF.InvalidLocal", listing),
]


@pytest.mark.parametrize("by", ["name", "FnF.ALL"])
@pytest.mark.parametrize(("name", "prepare"), ERRORS, ids=[name for name, _ in ERRORS])
def test_every_error_is_matched_by_its_name_and_by_all(
    stage: Stage, name: str, prepare: Callable[[Cloud], None], by: str
) -> None:
    prepare(stage.cloud)
    pattern = name if by == "name" else by
    story = stage.play(flow(errors=pattern, attempts=1, catch=f"{{errors: [{pattern}], goto: named}}"))
    assert story.output["named"] == name
    assert story.count("TaskStarted", "work") == 2


@pytest.mark.parametrize(("name", "prepare"), ERRORS, ids=[name for name, _ in ERRORS])
def test_no_error_is_matched_by_another_name(stage: Stage, name: str, prepare: Callable[[Cloud], None]) -> None:
    prepare(stage.cloud)
    others = ", ".join(sorted({other for other, _ in ERRORS} - {name}) + [name.lower(), "FC", "*"][:2])
    story = stage.play(flow(errors=others, attempts=1, catch=f"{{errors: [{others}], goto: final}}"))
    assert (story.status, story.error, story.count("TaskStarted", "work")) == ("Failed", name, 1)


def test_an_absent_service_has_a_name_of_its_own(stage: Stage) -> None:
    story = stage.play(flow(errors="FC.ServiceNotFound", attempts=0).replace(f"services/{SERVICE}", "services/nowhere"))
    assert story.error == "FC.ServiceNotFound"


def test_a_class_of_the_functions_own_is_not_unknown(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(
        "class ErrorNeedsRetry(Exception): pass\n"
        "def handler(event, context):\n"
        "    try: {}['missing']\n"
        "    except KeyError: raise ErrorNeedsRetry('custom error message')\n"
    )
    stage.cloud.functions.deploy(SERVICE, "work", code=tmp_path)
    story = stage.play(flow(errors="FC.Unknown"))
    assert (story.error, story.count("TaskStarted", "work")) == ("ErrorNeedsRetry", 1)
    story = stage.play(flow(errors="ErrorNeedsRetry"))
    assert waits(story.times("TaskStarted", "work")) == [10, 20, 40]


def test_the_timeout_of_the_execution_ends_it_whatever_is_caught(stage: Stage) -> None:
    """No step's catch sees FnF.Timeout: it is the execution that ends (fdl.md 4.9)."""
    stage.cloud.functions.stub(SERVICE, "work", raising(ErrorNeedsRetry("again")))
    definition = flow(catch="{errors: [FnF.ALL, FnF.Timeout], goto: final}").replace(
        "type: flow", "type: flow\ntimeoutSeconds: 25"
    )
    story = stage.play(definition)
    assert (story.status, story.elapsed, story.error) == ("TimedOut", 25, "FnF.Timeout")
    assert story.history[-1].type == "ExecutionTimedOut"
    assert "final" not in story.path


@pytest.mark.parametrize(
    ("file", "seconds", "output"),
    [
        ("input.json", 30, {"greeting": "hello busy twice"}),
        ("input-always-busy.json", 70, {"errCode": "ErrorNeedsRetry", "handled": True}),
        ("input-crash.json", 0, {"errCode": "FC.Unknown", "handled": True}),
        ("input-slow.json", 60, {"errCode": "FnF.TaskTimeout", "handled": True}),
    ],
)
def test_the_inputs_of_the_template_end_as_its_readme_says(
    stage: Stage, file: str, seconds: int, output: dict[str, object]
) -> None:
    story = stage.play(HANDLING, template_input("error-handling", file))
    found = {key: value for key, value in story.output.items() if key != "errMsg"}
    assert (story.status, story.elapsed, found) == ("Succeeded", seconds, output)


def test_a_result_that_is_no_object_is_caught_by_the_template(stage: Stage) -> None:
    assert stage.play(HANDLING, {"fail": "list"}).output["errCode"] == "FnF.InvalidLocal"


def test_histories_are_the_same_in_every_run(make_cloud: CloudMaker) -> None:
    def history() -> str:
        stage = Stage(make_cloud())
        stage.cloud.functions.stub(SERVICE, "work", raising(ErrorNeedsRetry("again")))
        story = stage.play(flow(catch="{errors: [FnF.ALL], goto: final}"), {"n": 1})
        return json.dumps([[event.detail, event.time, event.type] for event in story.history])

    assert len({history() for _ in range(20)}) == 1


def test_branches_that_sleep_in_functions_end_in_due_order(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(
        "import json, time\ndef handler(e, c):\n    time.sleep(json.loads(e)['s'])\n    return {'at': time.time()}\n"
    )
    stage.cloud.functions.deploy(SERVICE, "nap", code=tmp_path)
    branches = "".join(
        f"""
      - steps:
          - type: task
            name: nap{seconds}
            resourceArn: acs:fc:::services/{SERVICE}/functions/nap
            inputMappings: [{{target: s, source: {seconds}}}]"""
        for seconds in (50, 30, 10)
    )
    story = stage.play(
        f"version: v1\ntype: flow\nsteps:\n  - type: parallel\n    name: naps\n    branches:{branches}\n"
    )
    ended = [
        (event.step, event.time - story.history[0].time) for event in story.history if event.type == "TaskSucceeded"
    ]
    assert ended == [("nap10", 10_000), ("nap30", 30_000), ("nap50", 50_000)]
    assert story.status == "Succeeded"
