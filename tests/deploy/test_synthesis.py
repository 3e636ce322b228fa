"""Templates from Apps: goldens, least privilege, and what is derived from the steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deploy_accounts import PROJECTS, synthesised

from fnfkit import App, Steps, elsewhere, this
from fnfkit.deploy import DeployError, graph, synth
from fnfkit.lang import ros
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.stack import Template

ROOT = Path(__file__).parents[2]
WRITTEN_BY_HAND = {"callback", "poll", "queue-worker", "state-machine", "timer", "topic-callback", "transaction"}
"""Projects whose template is the documented one; what their App becomes is kept beside the tests."""


def golden(name: str) -> Path:
    if name in WRITTEN_BY_HAND:
        return ROOT / "tests" / "data" / "deploy" / f"{name}.ros.yml"
    return ROOT / "templates" / name / "template.ros.yml"


@pytest.mark.parametrize("name", PROJECTS)
def test_the_documented_projects(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = ros.write(synthesised(name, tmp_path / name))
    file = golden(name)
    if request.config.getoption("--accept"):
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize("name", PROJECTS)
def test_what_is_written_is_read_and_valid(name: str, tmp_path: Path) -> None:
    template = synthesised(name, tmp_path / name)
    reading = ros.read(ros.write(template))
    assert reading.problems == ()
    assert reading.template == template
    assert ros.validate(template) == ()


def made(app: App, tmp_path: Path, stack: str = "stack") -> Template:
    (tmp_path / "code").mkdir(exist_ok=True)
    (tmp_path / "code" / "index.py").write_text("def handler(event, context):\n    return event\n", "utf-8")
    return synth(graph(app, tmp_path), stack, cache=tmp_path / "cache")


def resource(template: Template, id: str) -> JsonObject:
    found: Json = ros.document(template)["Resources"][id]
    return found


def statements(role: JsonObject) -> list[tuple[str, str]]:
    """What a role allows: actions and resource, one pair per statement."""
    found = []
    for policy in role["Properties"]["Policies"]:
        assert len(json.dumps(policy["PolicyDocument"])) < 2048
        for statement in policy["PolicyDocument"]["Statement"]:
            (where,) = statement["Resource"]
            found.append((" ".join(statement["Action"]), where if isinstance(where, str) else where["Fn::Sub"]))
    return found


def an_app() -> App:
    app = App("rights", service="svc")

    @app.function(code="code")
    def work() -> None:
        elsewhere()

    @app.function(code="code", service="", name="three")
    def third() -> None:
        elsewhere()

    queue, topic = app.queue("jobs"), app.topic("news")
    child = app.flow_ref("child")

    @app.steps
    def main(f: Steps) -> None:
        f.task("plain", work)
        f.task("again", work)
        f.task("online", work.at("online"))
        f.task("later", third, pattern="sync", params={"InvocationType": "Async"})
        f.task("send", queue, params={"MessageBody": this})
        f.task("ask", queue, pattern="waitForCallback", params={"MessageBody": this})
        f.task("publish", topic, params={"MessageBody": this})
        f.task("sub", child, pattern="sync")

    return app


def test_the_flow_may_do_what_its_steps_do_and_no_more(tmp_path: Path) -> None:
    here = "${ALIYUN::Region}:${ALIYUN::TenantId}"
    assert statements(resource(made(an_app(), tmp_path), "MainFlowRole")) == [
        ("fc:InvokeFunction", f"acs:fc:{here}:services/svc/functions/work"),
        ("fc:InvokeFunction", f"acs:fc:{here}:services/svc.online/functions/work"),
        ("fc:InvokeFunction", f"acs:fc:{here}:functions/three"),
        ("mns:SendMessage", f"acs:mns:{here}:/queues/jobs/messages"),
        ("mns:PublishMessage", f"acs:mns:{here}:/topics/news/messages"),
        ("fnf:StartExecution", "*"),
    ]


def test_only_functions_that_report_have_a_role(tmp_path: Path) -> None:
    template = made(an_app(), tmp_path)
    assert statements(resource(template, "ThreeFunctionRole")) == [
        ("fnf:ReportTaskSucceeded fnf:ReportTaskFailed", "*")
    ]
    assert "Role" not in resource(template, "SvcService")["Properties"]
    assert resource(template, "ThreeFunctionAsync")["Properties"]["AsyncTask"] is True


def test_a_worker_has_a_policy_of_its_queue(tmp_path: Path) -> None:
    document = resource(made(an_app(), tmp_path), "JobsWorkerPolicy")["Properties"]["PolicyDocument"]
    assert document["Statement"][0]["Resource"] == [
        {"Fn::Sub": "acs:mns:${ALIYUN::Region}:${ALIYUN::TenantId}:/queues/jobs/messages"}
    ]


def test_an_alias_is_moved_to_a_version_of_the_code(tmp_path: Path) -> None:
    template = made(an_app(), tmp_path)
    (version,) = [one for one in template.resources if one.type == "ALIYUN::FC::Version"]
    alias = resource(template, "SvcServiceOnlineAlias")
    assert alias["Properties"]["VersionId"] == {"Fn::GetAtt": [version.id, "VersionId"]}
    assert "SvcServiceOnlineAlias" in resource(template, "MainFlow")["DependsOn"]
    app = an_app()
    (tmp_path / "code" / "more.py").write_text("", "utf-8")
    (again,) = [one for one in made(app, tmp_path).resources if one.type == "ALIYUN::FC::Version"]
    assert again.id != version.id


def test_an_alias_without_a_service_is_refused(tmp_path: Path) -> None:
    app = App("three")

    @app.function(code="code")
    def work() -> None:
        elsewhere()

    @app.steps
    def main(f: Steps) -> None:
        f.task("call", work.at("online"))

    with pytest.raises(DeployError) as refused:
        made(app, tmp_path)
    assert refused.value.code == "NoAlias"


def test_many_rights_are_parted_into_short_policies(tmp_path: Path) -> None:
    app = App("many")
    queues = [app.queue(f"a-queue-with-a-rather-long-name-{number}") for number in range(30)]

    @app.steps
    def main(f: Steps) -> None:
        for number, queue in enumerate(queues):
            f.task(f"send{number}", queue, params={"MessageBody": this})

    role = resource(made(app, tmp_path), "MainFlowRole")
    assert len(statements(role)) == 30
    assert len(role["Properties"]["Policies"]) > 1


def test_names_that_would_meet_are_told_apart(tmp_path: Path) -> None:
    app = App("twins")
    app.queue("a-b")
    app.queue("a--b")
    template = made(app, tmp_path)
    assert len({one.id for one in template.resources}) == 2
    assert made(app, tmp_path) == template


def test_a_flow_without_calls_has_no_role(tmp_path: Path) -> None:
    app = App("calm")

    @app.steps
    def main(f: Steps) -> None:
        f.pass_("nothing")

    template = made(app, tmp_path)
    assert [one.type for one in template.resources] == ["ALIYUN::FNF::Flow"]


def test_an_empty_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError) as refused:
        made(App("empty"), tmp_path)
    assert refused.value.code == "NothingToDeploy"


def test_schedules_go_before_their_flow(tmp_path: Path) -> None:
    app = App("timed")

    @app.steps
    def main(f: Steps) -> None:
        f.pass_("nothing")

    app.schedule(main, "@every 1m", name="tick", payload={"a": 1}, enabled=False)
    tick = resource(made(app, tmp_path), "TickSchedule")["Properties"]
    assert tick == {
        "FlowName": {"Fn::GetAtt": ["MainFlow", "Name"]},
        "ScheduleName": "tick",
        "CronExpression": "@every 1m",
        "Enable": False,
        "Payload": '{"a": 1}',
    }


def test_a_wrong_schedule_is_refused(tmp_path: Path) -> None:
    app = App("timed")

    @app.steps
    def main(f: Steps) -> None:
        f.pass_("nothing")

    app.schedule(main, "every minute")
    with pytest.raises(DeployError) as refused:
        made(app, tmp_path)
    assert refused.value.code == "InvalidTemplate"
    assert "CronExpression" in refused.value.message
