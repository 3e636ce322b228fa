"""One flow of `fnfkit demo` on all three languages, and the runs of Amazon States Language on an embedded account."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fnfkit.cli import demo_languages
from fnfkit.cli.interpreting import interpret
from fnfkit.cli.running import Outcome, failure, run_flow
from fnfkit.cloud.cloud import Cloud
from fnfkit.lang import asl
from fnfkit.lang.dialects import DIALECTS
from fnfkit.lang.translate import replacing
from fnfkit.model.json import Json, JsonObject
from tests.cli.conftest import TEMPLATES, Cli

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_the_demo_shows_one_flow_side_by_side(cli: Cli) -> None:
    out = cli("demo").out
    section = out[out.index(demo_languages.TITLE) :].split("\nSummary\n")[0].splitlines()
    rows = [next(line for line in section if line.startswith(name)) for name in ("FDL", "CloudFlow", "Amazon")]
    assert [row.split()[-5:] for row in rows] == [["Failed", "OrderFailed", "8", "7", "s"]] * 3
    assert "the same calls with the same input, the same end after the same time" in section
    assert len(section) < 20


def test_the_demo_has_the_runs_as_data(cli: Cli) -> None:
    data = cli("demo", "--json").data
    assert isinstance(data, dict)
    languages = data["languages"]
    assert [run["language"] for run in languages] == [one.name for one in demo_languages.LANGUAGES]
    assert len({json.dumps(run["calls"]) for run in languages}) == 1
    assert languages[0]["events"] != languages[1]["events"]


def test_every_language_is_shown() -> None:
    assert len(demo_languages.LANGUAGES) == len(DIALECTS)
    for language in demo_languages.LANGUAGES:
        assert (TEMPLATES / demo_languages.TEMPLATE / language.file).is_file()


def test_what_is_not_alike_is_told() -> None:
    runs = demo_languages.run_all()
    assert demo_languages.deviations(runs) == []
    other = replace(runs[2], calls=runs[2].calls[:-1])
    (said,) = demo_languages.deviations([*runs[:2], other])
    assert said.startswith("calls in Amazon States Language: ")


# -- a language that is not the account's own


def states(named: JsonObject, input: JsonObject, results: dict[str, Json], latency: float = 0) -> Outcome:
    text = json.dumps({"StartAt": "A", "States": named})
    flow = asl.read(text).flow
    assert flow is not None
    with Cloud() as cloud:
        for name, result in results.items():
            cloud.functions.stub("", name, lambda event, result=result: result, latency=latency)
        return interpret(cloud, flow, text, json.dumps(input), name="states")


def test_waits_last_as_long_as_they_say() -> None:
    nap = {"Type": "Wait", "SecondsPath": "$.s", "Next": "B"}
    call = {"Type": "Task", "Resource": FUNCTION, "End": True}
    outcome = states({"A": nap, "B": call}, {"s": 40}, {"f": {"n": 1}}, latency=2)
    assert (outcome.record.status, outcome.record.output, outcome.cloud_time) == ("Succeeded", '{"n":1}', 42_000)
    assert outcome.events[-1].type == "ExecutionSucceeded"


def test_a_call_that_takes_too_long_is_abandoned() -> None:
    call = {"Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 3, "End": True}
    outcome = states({"A": call}, {}, {"f": {}}, latency=10)
    assert (failure(outcome)[0], outcome.cloud_time, outcome.record.output) == ("FnF.TaskTimeout", 3_000, "")


def test_a_branch_that_fails_ends_the_others() -> None:
    fails = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No"}}}
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    both = {"Type": "Parallel", "Branches": [waits, fails], "End": True}
    outcome = states({"A": both}, {}, {})
    assert (failure(outcome)[0], outcome.cloud_time) == ("No", 0)


@pytest.mark.parametrize("name", ["error-handling", "poll", "timer"])
def test_the_templates_end_as_they_do_in_the_account(name: str) -> None:
    text = (TEMPLATES / name / "flow.fdl.yml").read_text("utf-8")
    flow = DIALECTS["fdl"].read(text).flow
    assert flow is not None
    given = (TEMPLATES / name / "input.json").read_text("utf-8")
    results: dict[str, Json] = {"hello": {"greeting": "hi"}, "StartJob": {"job_id": 1}, "fnf": {}}
    results["GetJobStatus"] = {"job_status": "success", "job_id": 1, "try_count": 1}
    ends = []
    for form in ("fdl", "asl"):
        with Cloud() as cloud:
            for function, result in results.items():
                cloud.functions.stub("*", function, lambda event, result=result: result)
            if form == "fdl":
                outcome = run_flow(cloud, text, given, name=name)
            else:
                states = asl.read(asl.write(replacing(flow, name).flow).text).flow
                assert states is not None
                outcome = interpret(cloud, states, "", given, name=name)
        ends.append((outcome.record.status, outcome.cloud_time, json.loads(outcome.record.output or "null")))
    assert ends[0] == ends[1]
