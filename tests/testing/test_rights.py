"""Rights that no test has used: recorded by the plugin in whatever way flows run, and listed by `fnfkit check`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fnfkit.cloud.cloud import Cloud
from fnfkit.testing import LocalCloud
from fnfkit.testing.rights import Rights, Use, covers
from fnfkit.workers.deadletters import DeadLetter, park
from tests.testing.flows import TEMPLATES

PROJECT = """
from fnfkit import App, Steps, TaskToken, context, input, otherwise, this, when

app = App("jobs", service="lab")
queue = app.queue("work")


@app.function
def ask(n: int) -> dict:
    return {"n": n}


@app.function
def rare(n: int) -> dict:
    return {"n": n}


@app.function
def begin(token: TaskToken) -> None:
    return None


@app.steps
def poll(f: Steps) -> None:
    f.task("Ask", ask.at("LATEST"), n=input.n)
    f.task("Begin", begin, pattern="waitForCallback", token=context.task.token)
    params = {"MessageBody": this, "Priority": 1}
    f.task("Work", queue, pattern="waitForCallback", task_token=context.task.token, params=params)
    f.choose("Pick", when(input.n > 5).go("Rare"), otherwise.go("Done"))
    f.task("Rare", rare, n=input.n)
    f.succeed("Done")
"""
TESTS = """
import pytest

from app import app

@pytest.mark.target("TARGET")
@pytest.mark.parametrize("n", NUMBERS)
def test_it(cloud, worker_harness, n):
    cloud.deploy(app)
    worker_harness.work("work", lambda payload: {"ok": 1})
    run = cloud.start("poll", n=n)
    cloud.run_until(lambda: any(event.type == "TaskSubmitted" for event in run.history))
    run.succeed({})
    run.finish()
    run.expect(status="Succeeded")
    CRASH
"""
QUIET = [
    ("fnf:ReportTaskFailed", "*", "LabFunctionsRole"),
    ("mns:ChangeMessageVisibility", "acs:mns:::/queues/work/messages", "WorkWorkerPolicy"),
    ("mns:CreateQueue", "acs:mns:::/queues/work-dlq", "WorkWorkerPolicy"),
    ("mns:SendMessage", "acs:mns:::/queues/work-dlq/messages", "WorkWorkerPolicy"),
    ("fnf:ReportTaskFailed", "*", "WorkWorkerPolicy"),
]
RARE = ("fc:InvokeFunction", "acs:fc:::services/lab/functions/rare", "PollFlowRole")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True)


def project_in(folder: Path, *options: str, target: str = "local", numbers: str = "[1]", crash: str = "") -> None:
    (folder / "app.py").write_text(PROJECT)
    source = TESTS.replace("TARGET", target).replace("NUMBERS", numbers).replace("CRASH", crash)
    (folder / "test_project.py").write_text(source)
    done = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "--fnf-cov-report=json", *options)
    assert done.returncode == 0, done.stdout


def unused(folder: Path, *options: str) -> list[tuple[str, str, str]]:
    done = run(folder, "fnfkit", "check", "app.py", "--json", *options)
    found = json.loads(done.stdout)["data"]["findings"]
    assert {one["id"] for one in found} <= {"W23"}
    rights = [one["message"].removeprefix("no test has used a right: ") for one in found]
    parts = [text.replace(" on ", " ").replace(", which", "").split() for text in rights]
    return [(action, resource, role) for action, resource, role, *_ in parts]


@pytest.mark.parametrize(("options", "target"), [(("-p", "no:xdist"), "served"), (("-n", "2"), "local")])
def test_rights_that_no_test_used_are_listed(tmp_path: Path, options: tuple[str, ...], target: str) -> None:
    project_in(tmp_path, *options, target=target)
    assert unused(tmp_path) == [*QUIET, RARE]


def test_what_workers_of_xdist_have_used_adds_up(tmp_path: Path) -> None:
    project_in(tmp_path, "-n", "2", numbers="[1, 9]")
    assert unused(tmp_path) == QUIET


def test_what_was_used_before_a_crash_counts(tmp_path: Path) -> None:
    project_in(tmp_path, "-p", "no:xdist", numbers="[9]", crash="cloud.crash()")
    assert unused(tmp_path) == QUIET


def test_the_finding_is_one_like_others(tmp_path: Path) -> None:
    project_in(tmp_path, "-p", "no:xdist", "--fnf-cov-report=json:out/run.json", numbers="[9]")
    (tmp_path / "fnf-coverage.json").unlink()
    assert unused(tmp_path) == []
    line = 1 + PROJECT[: PROJECT.index('f.task("Work"')].count("\n")
    done = run(tmp_path, "fnfkit", "check", "app.py", "--coverage", "out/run.json")
    assert done.returncode == 0
    told = (
        "mns:ChangeMessageVisibility on acs:mns:::/queues/work/messages, which WorkWorkerPolicy has for `Work` of poll"
    )
    assert f"app.py:{line}:1: warning[W23] no test has used a right: {told}\n" in done.stdout
    assert done.stderr == "1 flow checked\n"
    assert run(tmp_path, "fnfkit", "check", "app.py", "--coverage", "out/run.json", "--strict").returncode == 1
    sarif = json.loads(run(tmp_path, "fnfkit", "check", "app.py", "--coverage", "out/run.json", "--sarif").stdout)
    (driver,) = [one["tool"]["driver"] for one in sarif["runs"]]
    assert [rule["id"] for rule in driver["rules"]] == ["W23"]
    assert unused(tmp_path, "--coverage", "out/run.json", "--disable", "W23") == []
    ignored = PROJECT.replace("params=params)", "params=params)  # fnfkit: ignore[W23]")
    (tmp_path / "app.py").write_text(ignored)
    assert unused(tmp_path, "--coverage", "out/run.json") == QUIET[:1]


def test_data_about_other_flows_counts_if_it_is_asked_for(tmp_path: Path) -> None:
    project_in(tmp_path, "-p", "no:xdist", numbers="[9]")
    other = PROJECT.replace("def poll(", "def other(")
    (tmp_path / "app.py").write_text(other)
    assert unused(tmp_path) == []
    assert len(unused(tmp_path, "--coverage", "fnf-coverage.json")) > len(QUIET)


WITHOUT_FLOWS = '{"rights": {"uses": [], "grants": []}}'
WRONG_USE = '{"rights": {"uses": [["a"]], "grants": []}}'


@pytest.mark.parametrize("text", ["", "[]", "{}", WRONG_USE, '{"rights": null}', WITHOUT_FLOWS])
def test_data_that_tells_nothing_about_rights_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.py").write_text(PROJECT)
    (tmp_path / "old.json").write_text(text)
    done = run(tmp_path, "fnfkit", "check", "app.py", "--coverage", "old.json")
    assert done.returncode == 2
    assert "error[InvalidCoverage]: old.json does not tell which rights tests have used" in done.stderr


STACK = """
import json
from pathlib import Path

def test_it(cloud):
    template = Path("template.ros.yml").read_text()
    cloud.cloud.stacks.create_stack("shop", template)
    cloud.run_until_idle()
    run = cloud.start("queue-shop")
    cloud.run_until_idle()
    assert run.history[-1].type == "TaskSubmitted"
"""


def test_grants_of_a_deployed_template_are_listed_too(tmp_path: Path) -> None:
    template = (TEMPLATES / "queue-worker" / "template.ros.yml").read_text()
    wide = "            Action:\n            - mns:SendMessage\n"
    assert wide in template
    more = "          - {Effect: Allow, Action: ['mns:PublishMessage'], Resource: ['*']}\n          - Effect: Allow\n"
    (tmp_path / "template.ros.yml").write_text(template.replace("          - Effect: Allow\n" + wide, more + wide))
    (tmp_path / "flow.fdl.yml").write_text("version: v1\ntype: flow\nsteps: [{type: pass, name: A}]\n")
    (tmp_path / "test_project.py").write_text(STACK)
    done = run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--fnf-cov-report=json")
    assert done.returncode == 0, done.stdout
    said = run(tmp_path, "fnfkit", "check", "flow.fdl.yml")
    assert said.returncode == 0
    head = "fnf-coverage.json: warning[W23] no test has used a right of the role queue-shop-cn-hangzhou: "
    assert [line for line in said.stdout.splitlines() if "W23" in line] == [f"{head}mns:PublishMessage on *"]
    assert "statement 1 of the policy queue-send-shop" in said.stdout
    assert said.stderr == "1 flow checked\n"


def test_what_a_history_shows_of_rights(cloud: LocalCloud) -> None:
    cloud.deploy(TEMPLATES / "callback" / "flow.fdl.yml", functions=TEMPLATES.parent / "functions")
    cloud.run("callback").fail("Broken")
    rights = Rights()
    (run,) = cloud.runs
    for _ in range(2):
        rights.add_history("callback", cloud.sources["callback"].flow, run.history)
    (call,) = [use for use in rights.uses if use.by == "flow callback"]
    assert call.action == "fc:InvokeFunction"
    service_and_function = call.resource.removeprefix("acs:fc:::services/").replace("/functions/", "/")
    assert rights.uses == {call, Use(f"function {service_and_function}", "fnf:ReportTaskFailed", "*")}
    other = Rights()
    other.merge(json.loads(json.dumps(rights.dump())))
    assert other == rights


@pytest.mark.parametrize(
    ("granted", "resource", "is_covered"),
    [
        ("*", "acs:fnf:::flow/a", True),
        (
            "acs:fc:${ALIYUN::Region}:${ALIYUN::TenantId}:services/s/functions/f",
            "acs:fc:::services/s/functions/f",
            True,
        ),
        ("acs:fc:cn-hangzhou:123:services/s/functions/f", "acs:fc:::services/s/functions/f", True),
        ("acs:fc:cn-hangzhou:123:services/s/functions/f", "acs:fc:cn-beijing::services/s/functions/f", False),
        ("acs:fc:*:*:services/s.*/functions/f", "acs:fc:::services/s.online/functions/f", True),
        ("acs:fc:*:*:services/s/functions/f", "acs:fc:::services/s.online/functions/f", False),
        ("acs:mns:*:*:/queues/${Queue.QueueName}/messages", "acs:mns:::/queues/jobs/messages", True),
        ("acs:mns:*:*:/queues/jobs/messages", "acs:mns:::/topics/jobs/messages", False),
        ("acs:mns:*:*:/queues/jobs/messages", "*", False),
    ],
)
def test_which_resources_a_grant_means(granted: str, resource: str, is_covered: bool) -> None:
    assert covers(granted, resource) is is_covered


def test_a_worker_makes_use_of_rights_by_parking_a_letter() -> None:
    parking = [
        ("mns:CreateQueue", "acs:mns:${R}:${A}:/queues/work-dlq"),
        ("mns:SendMessage", "acs:mns:${R}:${A}:/queues/work-dlq/messages"),
    ]
    with Cloud() as cloud:
        cloud.queues.create_queue("work")
        cloud.queues.send_message("work", "poison")
        message = cloud.queues.receive_message("work")
        before, after = Rights(), Rights()
        before.add_account(cloud)
        letter = DeadLetter(queue="work", body="poison", reason="broken", message_id=message.id, deliveries=1)
        park(cloud.queues, "work-dlq", letter)
        after.add_account(cloud)
    assert not any(before.used(["queue work"], *right) for right in parking)
    assert all(after.used(["queue work"], *right) for right in parking)
