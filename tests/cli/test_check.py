"""`fnfkit check`: what it looks at, what it says, and how it says it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from fnfkit.lint import CATALOGUE
from tests.cli.conftest import ROOT, TEMPLATES, Cli

PRINTED = ROOT / "tests" / "data" / "printed" / "poll.fdl.yml"
STATUS = {
    "type": "object",
    "properties": {"job_id": {"type": "string"}, "job_status": {"type": "string"}, "try_count": {"type": "number"}},
    "required": ["job_id", "job_status", "try_count"],
    "additionalProperties": False,
}
CLEAN = "version: v1\ntype: flow\nsteps:\n  - {type: pass, name: A}\n"
WARNED = CLEAN + "  - {type: pass, name: B, outputMappings: [{target: a, source: $.a}]}\n"
BROKEN = CLEAN + "  - {type: pass, name: A}\n"
PYTHON = """\
from typing import TypedDict

from fnfkit import App, Steps, elsewhere, local, when

app = App("jobs", service="lab")


class Status(TypedDict):
    job_status: str


@app.function
def ask() -> Status:
    elsewhere()


@app.steps
def poll(f: Steps) -> None:
    f.task("Ask", ask)
    f.pass_("Show", gives={"shown": 1}, takes={"status": local.status})
    f.succeed("Done")
"""
SECOND = """

@app.flow
def tally(count: int) -> int:
    total = count + 1
    return ask()
"""


def at_line(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_the_published_polling_flow_is_reported(cli: Cli) -> None:
    said = cli("check", PRINTED)
    assert (said.exit, said.err) == (0, "1 flow checked\n")
    assert f"{PRINTED}:20:10: warning[W02] `$.status` is never there" in said.out
    assert (
        """   20 |       - {condition: '$.status == "success"', goto: JobSucceeded}\n      |          ^\n""" in said.out
    )
    assert said.out.endswith("2 warnings\n")


def test_with_the_functions_schema_the_key_that_was_meant_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(json.dumps(STATUS))
    said = cli("check", PRINTED, "--schema", "GetJobStatus=status.json")
    assert "did you mean `job_status`? Map it: `- target: status` with `source: $local.job_status`" in said.out


def test_nothing_is_found_in_the_templates(cli: Cli) -> None:
    said = cli("check", TEMPLATES)
    kinds = ("*.fdl.yml", "*.cloudflow.yml", "app.py", "native.py")
    count = len([file for kind in kinds for file in TEMPLATES.glob(f"*/{kind}")])
    assert (said.exit, said.out, said.err) == (0, "", f"{count} flows checked: no findings\n")


def test_a_sample_of_the_input_says_what_is_there(cli: Cli, tmp_path: Path) -> None:
    flow = "version: v1\ntype: flow\nsteps:\n  - {type: wait, name: W, duration: $.delai}\n"
    (tmp_path / "flow.yml").write_text(flow)
    (tmp_path / "input.json").write_text('{"delay": 20}')
    assert cli("check", "flow.yml").out == ""
    said = cli("check", "flow.yml", "--sample", "input.json")
    assert said.exit == 1
    assert "did you mean `$.delay`?" in said.out


def test_findings_in_python_are_at_python_lines(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PYTHON)
    said = cli("check", "app.py", "--json")
    assert said.exit == 1
    envelope = json.loads(said.out)
    (finding,) = envelope["data"]["findings"]
    assert (finding["file"], finding["id"], finding["step"]) == ("app.py", "E21", "Show")
    assert finding["line"] == at_line(PYTHON, '"Show"')
    assert "job_status" in finding["message"] + finding["fix"]


def test_what_cannot_be_compiled_is_a_finding_beside_those_of_other_flows(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PYTHON + SECOND)
    said = cli("check", "app.py")
    assert said.exit == 1
    assert f"app.py:{at_line(PYTHON + SECOND, 'count + 1')}:13: error[E13] FDL has no arithmetic" in said.out
    assert "    total = count + 1\n      |             ^\n" in said.out
    assert "error[E21]" in said.out
    assert said.err == "2 flows checked\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('f.choice("Pick")', "AttributeError: 'Steps' object has no attribute 'choice'"),
        ('f.wait("Pause")', "step Pause: wait takes either seconds= or until="),
        ("[].pop()", "IndexError: pop from empty list"),
    ],
)
def test_what_the_body_of_steps_raises_is_a_finding_at_its_line(cli: Cli, tmp_path: Path, line: str, said: str) -> None:
    text = PYTHON.replace('f.succeed("Done")', line)
    (tmp_path / "app.py").write_text(text)
    found = cli("check", "app.py")
    assert (found.exit, found.err) == (1, "1 flow checked\n")
    assert f"app.py:{at_line(text, line)}:5: error[E13] {said}\n" in found.out


def test_a_comment_in_python_silences_a_finding(cli: Cli, tmp_path: Path) -> None:
    ignored = PYTHON.replace("local.status})", "local.status})  # fnfkit: ignore[E21]")
    (tmp_path / "app.py").write_text(ignored)
    assert cli("check", "app.py").exit == 0


def test_what_the_service_refuses_is_said_of_python_too(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PYTHON.replace('f.succeed("Done")', 'f.wait("Long", seconds=200_000)'))
    said = cli("check", "app.py", "--disable", "E21")
    assert said.exit == 1
    assert f"app.py:{at_line(PYTHON, 'Done')}:1: error[E" in said.out


def test_scheduled_flows_of_an_app_are_checked_as_such(cli: Cli, tmp_path: Path) -> None:
    text = PYTHON.replace("local.status", "input.absent").replace("elsewhere, local", "elsewhere, input")
    (tmp_path / "app.py").write_text(text)
    assert cli("check", "app.py").exit == 0
    (tmp_path / "app.py").write_text(text + '\n\napp.schedule(poll, "@every 1h")\n')
    assert "[W12]" in cli("check", "app.py").out


def test_projects_are_named_in_several_ways(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(PYTHON)
    for given in ("jobs.py", "jobs.py:app", "jobs:app"):
        said = cli("check", given)
        assert (said.exit, "error[E21]" in said.out) == (1, True), given


def test_projects_with_modules_of_one_name_do_not_meet(cli: Cli, tmp_path: Path) -> None:
    for folder, name in (("a", "first"), ("b", "second")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "names.py").write_text(f'NAME = "{name}"\n')
        text = PYTHON.replace("app = App", "from names import NAME\n\napp = App").replace('"Show"', "NAME")
        (tmp_path / folder / "app.py").write_text(text)
    report = json.loads(cli("check", ".", "--json").out)["data"]
    assert [finding["step"] for finding in report["findings"]] == ["first", "second"]


def test_folders_are_searched_for_flows(cli: Cli, tmp_path: Path) -> None:
    inner = tmp_path / "project" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "project" / "flow.yml").write_text(CLEAN)
    (inner / "warned.yaml").write_text(WARNED)
    (inner / "stack.yml").write_text("ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  f:\n    type: flow\n")
    (inner / "helper.py").write_text("raise SystemExit('must not run')\n")
    (inner / "flow.json").write_text('{"version": "v1",\n "type": "flow",\n "steps": [{"type": "pass", "name": "A"}]}')
    for skipped in (".git", "node_modules", "venv"):
        (inner / skipped).mkdir()
        (inner / skipped / "flow.yml").write_text(BROKEN)
    (inner / "venv" / "pyvenv.cfg").touch()
    said = cli("check", "project", "project/flow.yml")
    assert said.err == "3 flows checked\n"
    assert said.out.count("warning[") == said.out.count("project/inner/warned.yaml:5:") == 1


def test_rules_are_switched_by_id(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "warned.yml").write_text(WARNED)
    assert "[W04]" in cli("check", "warned.yml").out
    assert cli("check", "warned.yml", "--disable", "w04").out == ""
    (tmp_path / "callback.yml").write_text(CATALOGUE["W17"].bad)
    assert cli("check", "callback.yml").out == ""
    assert "[W17]" in cli("check", "callback.yml", "--enable", "W16,W17").out


def test_the_json_report(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text(BROKEN)
    (tmp_path / "clean.yml").write_text(CLEAN)
    said = cli("check", "clean.yml", "broken.yml", "--json")
    assert said.exit == 1
    envelope = json.loads(said.out)
    assert envelope["ok"] is True
    assert (envelope["data"]["errors"], envelope["data"]["warnings"]) == (1, 0)
    (finding,) = envelope["data"]["findings"]
    assert (finding["file"], finding["id"], finding["line"], finding["step"]) == ("broken.yml", "E02", 5, "A")


def test_the_sarif_report(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text(BROKEN)
    said = cli("check", "broken.yml", "--sarif")
    log = json.loads(said.out)
    assert (said.exit, log["version"]) == (1, "2.1.0")
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("E02", "error")


def test_state_machines_are_told_what_their_reader_knows(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "machine.yml").write_text("Type: StateMachine\nSpecVersion: v1\n")
    said = cli("check", "machine.yml")
    assert said.exit == 1
    assert "machine.yml:1:1: error[E01] the state machine has no `States`" in said.out


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["absent.yml"], "FileNotFound", "definition absent.yml does not exist"),
        (["absent.py"], "FileNotFound", "project absent.py does not exist"),
        (["absent:app"], "ModuleNotFound", "there is no module absent"),
        (["empty"], "NothingToCheck", "there are no flows in empty"),
        (["plain.py"], "NoApp", "plain.py holds no App"),
        (["two.py"], "SeveralApps", "two.py holds 2 Apps: one, two"),
        (["two.py:three"], "NoApp", "three is no App"),
        (["raising.py"], "CannotLoad", "raising.py:2: ZeroDivisionError"),
        (["leaving.py"], "CannotLoad", "leaving.py:1: SystemExit"),
        (["syntax.py"], "CannotLoad", "syntax.py:1: "),
        (["flow.yml", "--enable", "W99"], "UnknownRule", "there is no rule W99"),
        (["flow.yml", "--schema", "GetJobStatus"], "UsageError", "names no file"),
        (["flow.yml", "--schema", "f=bad.json"], "InvalidJson", "bad.json:1:2: schema is not JSON"),
        (["flow.yml", "--sample", "list.json"], "InvalidJson", "list.json: the input of a flow is a JSON object"),
        ([], "UsageError", "PATH"),
    ],
)
def test_wrong_usage_is_said_so(cli: Cli, tmp_path: Path, words: list[str], code: str, part: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "flow.yml").write_text(CLEAN)
    (tmp_path / "bad.json").write_text("{a}")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "plain.py").write_text("x = 1\n")
    (tmp_path / "two.py").write_text("from fnfkit import App\n\none, two = App('one'), App('two')\n")
    (tmp_path / "raising.py").write_text("import sys\nsys.maxsize / 0\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "syntax.py").write_text("def (:\n")
    said = cli("check", *words, "--json")
    assert (said.exit, said.error["code"]) == (2, code)
    assert part in said.error["message"]


def test_the_schema_is_one_and_accepts_the_templates(cli: Cli, tmp_path: Path) -> None:
    schema = json.loads(cli("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    from fnfkit.lang.marked import load

    for path in TEMPLATES.glob("*/flow.fdl.yml"):
        validator.validate(load(path.read_text("utf-8")).value)
    assert list(validator.iter_errors({"version": "v1", "type": "flow", "steps": [{"type": "walk", "name": "A"}]}))
    assert cli("schema", "--out", "fdl.json").out == ""
    assert json.loads((tmp_path / "fdl.json").read_text()) == schema


def test_checking_a_definition_loads_nothing_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text(CLEAN)
    others = ("rich", "orjson", "greenlet", "uvicorn", "sqlite3", "aliyunsdkcore", "fnfkit.dsl", "fnfkit.cloud")
    code = (
        "import sys; from fnfkit.cli.app import run; run(['check', 'flow.yml']); "
        f"print([name for name in {others!r} if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}
    )
    assert (said.stdout, said.stderr) == ("[]\n", "1 flow checked: no findings\n")


def polling(rounds: int) -> str:
    """A flow of calls, choices and loops; a thousand steps are 333 rounds."""
    steps = [
        f"""\
  - {{type: task, name: Ask{n}, resourceArn: 'acs:fc:::services/s/functions/f', outputMappings: [{{target: k{n},
      source: $local.k}}]}}
  - {{type: wait, name: Wait{n}, duration: 10}}
  - {{type: choice, name: Check{n}, choices: [{{condition: $.k{n} == "again", goto: Ask{n}}}]}}
"""
        for n in range(rounds)
    ]
    return "version: v1\ntype: flow\nsteps:\n" + "".join(steps)


def test_the_time_of_a_check_grows_with_the_flow(cli: Cli, tmp_path: Path) -> None:
    took = []
    for rounds in (83, 333):
        (tmp_path / "flow.yml").write_text(polling(rounds))
        begin = time.perf_counter()
        assert cli("check", "flow.yml", "--disable", "W06").exit == 0
        took.append(time.perf_counter() - begin)
    assert took[1] < max(1.0, 12 * took[0])


def test_strict_lets_warnings_fail(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "clean.yml").write_text(CLEAN)
    (tmp_path / "warned.yml").write_text(WARNED)
    assert [cli("check", "warned.yml").exit, cli("check", "warned.yml", "--strict").exit] == [0, 1]
    assert cli("check", "clean.yml", "--strict").exit == 0
    assert cli("check", PRINTED, "--strict").exit == 1
