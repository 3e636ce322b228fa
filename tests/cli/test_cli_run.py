"""`fnfkit run` and `fnfkit demo`: results, exit codes, and clear words for bad input."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from fnfkit.cli import assets
from fnfkit.cli.demo import CASES
from tests.cli.conftest import FUNCTIONS, ROOT, TEMPLATES, Cli

POLL = TEMPLATES / "poll" / "flow.fdl.yml"


def test_a_flow_that_succeeds(cli: Cli) -> None:
    said = cli("run", POLL, "--input", '{"delay": 20}', "--functions", FUNCTIONS)
    assert said.exit == 0
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0].split() == ["id", "seconds", "event", "step", "detail"]
    assert lines[1].startswith(" 1   +0.000  ExecutionStarted")
    assert any(line.startswith("25  +10.000    StepStarted") for line in lines)
    assert "status      Succeeded" in lines
    assert "cloud time  40 s" in lines
    assert "\x1b" not in said.out


def test_a_flow_that_fails_has_exit_code_one(cli: Cli) -> None:
    said = cli("run", POLL, "--input", f"@{TEMPLATES}/poll/input-slow-job.json", "--functions", FUNCTIONS)
    assert said.exit == 1
    assert "error       JobFailed: the job has not succeeded within four polls" in said.out


def test_the_envelope_of_a_run(cli: Cli) -> None:
    data = cli("run", POLL, "--input", '{"delay": 5}', "--functions", FUNCTIONS, "--json").data
    assert isinstance(data, dict)
    assert data.keys() == {"status", "output", "error", "cause", "cloud_seconds", "wall_seconds", "events"}
    assert (data["status"], data["output"]["job_status"], data["cloud_seconds"]) == ("Succeeded", "success", 20)
    assert data["events"][0] == {
        "id": 1,
        "scheduled_by": 0,
        "type": "ExecutionStarted",
        "step": "",
        "time": "2020-01-01T00:00:00.000Z",
        "detail": {"input": {"delay": 5}},
    }


def test_a_failed_run_is_data_too(cli: Cli) -> None:
    said = cli("run", POLL, "--json")
    assert said.exit == 1
    assert (said.data["status"], said.data["error"]) == ("Failed", "FC.ServiceNotFound")  # type: ignore[index]


def test_input_from_standard_input_and_logs_on_standard_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"delay": 5}'))
    said = cli("run", POLL, "--input", "-", "--functions", FUNCTIONS, "--logs")
    assert said.exit == 0
    assert "*/GetJobStatus: " in said.err
    assert "is success after 10 s, poll 2" in said.err


def test_a_flow_that_nobody_can_finish_says_so(cli: Cli) -> None:
    said = cli("run", TEMPLATES / "callback" / "flow.fdl.yml", "--functions", FUNCTIONS)
    assert said.exit == 1
    assert "step mytask waits for a callback" in said.out


def test_functions_of_a_service_and_of_any(cli: Cli, tmp_path: Path) -> None:
    for path, who in (("fns/fnf-demo/StartJob", "service"), ("fns/GetJobStatus", "any"), ("fns/other/StartJob", "x")):
        code = tmp_path / path
        code.mkdir(parents=True)
        (code / "index.py").write_text(f"def handler(e, c): return {{'job_id': '{who}', 'job_status': 'success'}}\n")
    flow = POLL.read_text().replace(
        "- target: try_count\n        source: $local.try_count", "- target: t\n        source: 1"
    )
    (tmp_path / "flow.yml").write_text(flow)
    said = cli("run", "flow.yml", "--input", '{"delay": 1}', "--functions", "fns", "--json")
    ids = [e["detail"]["output"]["job_id"] for e in said.data["events"] if e["type"] == "TaskSucceeded"]  # type: ignore[index]
    assert ids == ["service", "any"]


def test_real_time_passes_as_it_does(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text("version: v1\ntype: flow\nsteps:\n  - {type: wait, name: w, duration: 1}\n")
    data = cli("run", "flow.yml", "--clock", "real", "--json").data
    assert data["status"] == "Succeeded"  # type: ignore[index]
    # The account's clock ticks in whole milliseconds, and need not run with the one that measures to the last digit.
    assert data["cloud_seconds"] >= 1  # type: ignore[index]
    assert data["wall_seconds"] >= 0.998  # type: ignore[index]


BROKEN = """version: v1
type: flow
steps:
  - type: task
    name: a
   resourceArn: x
"""
MISSPELT = """version: v1
type: flow
steps:
  - type: pass
    name: a
  - type: choice
    name: b
    choices:
      - condition: $.x ==
        goto: a
"""


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["run", "absent.yml"], "FileNotFound", "definition absent.yml does not exist"),
        (["run", "."], "FileNotFound", "app.py"),
        (["run", "binary.yml"], "NotText", "not UTF-8"),
        (["run", "broken.yml"], "InvalidDefinition", "broken.yml:6:"),
        (["run", "misspelt.yml"], "InvalidDefinition", "misspelt.yml:9:"),
        (["run", "ok.yml", "--input", "{delay: 1}"], "InvalidJson", "--input:1:2"),
        (["run", "ok.yml", "--input", "{'delay': 1}"], "InvalidJson", "--input:1:2"),
        (["run", "ok.yml", "--input", "[1]"], "InvalidJson", "must be a JSON object, not list"),
        (["run", "ok.yml", "--input", "@absent.json"], "FileNotFound", "input absent.json does not exist"),
        (["run", "ok.yml", "--input", '{"a":' * 100_000], "InvalidJson", "is not JSON"),
        (["run", "ok.yml", "--input", '{"a": NaN}'], "InvalidJson", "--input:1:7"),
        (["run", "ok.yml", "--input", '{"a": 1e999}'], "InvalidJson", "is not JSON"),
        (["run", "ok.yml", "--input", '{"a": ' + "9" * 5_000 + "}"], "InvalidJson", "is not JSON"),
        (["run", "ok.yml", "--input", '{"a": "\\ud800"}'], "InvalidJson", "surrogate"),
        (["run", "ok.yml", "--input", '{"a": "\ud800"}'], "InvalidJson", "surrogate"),
        (["run", "ok.yml", "--functions", "ok.yml"], "FolderNotFound", "functions folder ok.yml is not a folder"),
        (["run", "ok.yml", "--functions", "named"], "InvalidArgument", "named/not a name: function name"),
        (["run", "ok.yml", "--functions", "absent"], "FolderNotFound", "functions folder absent does not exist"),
        (["run", "ok.yml", "--functions", "empty"], "NoFunctions", "holds no functions"),
        (["run", "ok.yml", "--clock", "sundial"], "UsageError", "--clock"),
        (["run"], "UsageError", "FLOW"),
        (["dance"], "UsageError", "dance"),
        (["dev", "--port", "70000"], "UsageError", "--port"),
        (["dev", "--store", "absent/folder/x.db"], "StoreError", "absent/folder/x.db"),
        (["tasks", "fail", "token"], "UsageError", "--error"),
    ],
)
def test_bad_input_is_named_and_hinted_at(cli: Cli, tmp_path: Path, words: list[str], code: str, says: str) -> None:
    (tmp_path / "ok.yml").write_text("version: v1\ntype: flow\nsteps:\n  - {type: pass, name: p}\n")
    (tmp_path / "broken.yml").write_text(BROKEN)
    (tmp_path / "misspelt.yml").write_text(MISSPELT)
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").mkdir()
    (tmp_path / "named" / "not a name").mkdir(parents=True)
    (tmp_path / "named" / "not a name" / "index.py").write_text("")
    said = cli(*words, "--json")
    assert said.exit == 2
    assert said.error["code"] == code
    assert says in said.error["message"]
    spoken = cli(*words)
    assert (spoken.exit, spoken.out) == (2, "")
    assert says in spoken.err


def test_without_any_words_there_is_the_help_page(cli: Cli) -> None:
    said = cli()
    assert (said.exit, said.err) == (0, "")
    assert said.out.startswith("Usage: fnfkit") and "history" in said.out


def test_a_group_without_a_command_asks_for_one(cli: Cli) -> None:
    said = cli("flows")
    assert said.exit == 2
    assert "name a command of fnfkit flows" in said.err


def test_a_bad_line_is_shown_with_a_caret(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text(MISSPELT)
    lines = cli("run", "flow.yml").err.splitlines()
    shown = next(number for number, line in enumerate(lines) if line.strip() == "- condition: $.x ==")
    assert lines[shown + 1].strip() == "^"
    assert lines[shown + 1].index("^") == lines[shown].index("condition")


def test_the_printed_indentation_is_explained(cli: Cli) -> None:
    said = cli("run", ROOT / "tests" / "data" / "printed" / "retry-indentation.fdl.yml")
    assert said.exit == 2
    assert "intervalSeconds" in said.err


def test_warnings_do_not_stop_a_flow(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text("version: v1\ntype: flow\nsteps:\n  - {type: pass, name: 'two words'}\n")
    said = cli("run", "flow.yml")
    assert said.exit == 0


def test_text_beyond_ascii_is_shown_as_it_is(cli: Cli, tmp_path: Path) -> None:
    flow = (
        "version: v1\ntype: flow\nsteps:\n  - {type: pass, name: p, outputMappings: [{target: x, source: $input.x}]}\n"
    )
    (tmp_path / "flow.yml").write_text(flow)
    said = cli("run", "flow.yml", "--input", '{"x": "\\u65e5\\u672c"}')
    assert said.exit == 0
    assert "日本" in said.out


SHOWN = {
    "poll",
    "transaction",
    "callback",
    "topic-callback",
    "queue-worker",
    "error-handling",
    "versions",
    "async-invocation",
    "async-tasks",
}


def test_the_demo_ends_as_documented(cli: Cli) -> None:
    said = cli("demo", "--json")
    assert said.exit == 0
    assert isinstance(said.data, dict)
    runs = said.data["flows"]
    assert [run["deviations"] for run in runs] == [[]] * len(CASES)
    assert {case.template for case in CASES} == SHOWN
    assert [run["status"] for run in runs] == [case.status for case in CASES]


def test_the_demo_shows_every_run(cli: Cli) -> None:
    said = cli("demo")
    assert said.exit == 0
    for case in CASES:
        assert said.out.count(f"\n{case.title}\n") == 1
    for template in SHOWN:
        assert said.out.count((TEMPLATES / template / "flow.fdl.yml").read_text().splitlines()[0]) == 1
    assert said.out.count("\ncloud time  ") == len(CASES)
    assert said.out.rstrip().endswith("every flow ended as documented")


def test_a_demo_that_goes_wrong_says_in_what(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("templates", "functions"):
        (tmp_path / "assets" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "assets" / name).symlink_to(ROOT / name)
    functions = tmp_path / "assets" / "functions"
    functions.unlink()
    for real in (ROOT / "functions").iterdir():
        code = functions / real.name
        code.mkdir(parents=True)
        (code / "index.py").write_text("def handler(event, context): return {}\n")
    monkeypatch.setattr(assets, "root", lambda: tmp_path / "assets")
    said = cli("demo")
    assert said.exit == 1
    assert "status is Failed, documented is Succeeded" in said.out
    assert "flows did not end as documented" in said.out


APP = """
from dataclasses import dataclass
from fnfkit import App

app = App("mine", service="svc")

@dataclass
class Job:
    id: str

@app.function
def load(id: str) -> Job:
    return Job(id + "!")

@app.flow
def child(id: str) -> Job:
    return load(id)

@app.flow
def main(id: str) -> Job:
    return child(child(id).id)
"""


def test_a_flow_in_python_runs_with_its_project_around_it(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP, "utf-8")
    for source in ("app.py", "app.py:app", "."):
        data = cli("run", source, "--flow", "main", "--input", '{"id": "a"}', "--json").data
        assert isinstance(data, dict)
        assert (data["status"], data["output"]) == ("Succeeded", {"id": "a!!"})
    assert "--flow child | main" in cli("run", "app.py").err
    assert "there are child, main" in cli("run", "app.py", "--flow", "mian").err


def test_functions_of_a_project_may_be_elsewhere(cli: Cli) -> None:
    app = TEMPLATES / "poll" / "native.py"
    refused = cli("run", app, "--input", '{"delay": 20}')
    assert refused.exit == 2 and "--functions FOLDER" in refused.err
    assert cli("run", app, "--input", '{"delay": 20}', "--functions", FUNCTIONS).exit == 0


def test_a_mistake_in_python_is_refused_with_its_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP.replace("child(child(id).id)", "child(idd)"), "utf-8")
    refused = cli("run", "app.py", "--flow", "main")
    assert refused.exit == 1
    assert "app.py:21:18: the name idd is not defined" in refused.err
