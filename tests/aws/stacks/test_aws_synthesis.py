"""The CloudFormation template of a project: goldens, rights statement by statement, and what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from fnfkit import App, FnF, Steps, catch, elsewhere, input, local, retry
from fnfkit.cli import init
from fnfkit.cli.projects import project
from fnfkit.deploy import DeployError, Shelf, aws, graph
from fnfkit.lang import cfn, ros
from fnfkit.lang.cfn.schema import CREATE_ONLY
from fnfkit.model.stack import Template

ROOT = Path(__file__).parents[3]
IN_TEMPLATES = ("poll", "transaction", "queue-worker", "callback")
ELSEWHERE = ("timer", "versions", "topic-callback", "error-handling")
REPORT = ["states:SendTaskSuccess", "states:SendTaskFailure"]


def synthesised(name: str, folder: Path) -> Template:
    """The template of a documented project."""
    init.copy(name, folder)
    with project(str(folder)) as found:
        shelf = Shelf(prefix=f"fnfkit/{name}/")
        return aws.synth(graph(found.app, found.folder), cache=folder / ".fnfkit" / "vendor", shelf=shelf)


def golden(name: str) -> Path:
    if name in IN_TEMPLATES:
        return ROOT / "templates" / name / "template.cfn.yml"
    return ROOT / "tests" / "data" / "deploy" / f"{name}.cfn.yml"


@pytest.mark.parametrize("name", (*IN_TEMPLATES, *ELSEWHERE))
def test_the_documented_projects(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = cfn.write(synthesised(name, tmp_path / name))
    file = golden(name)
    if request.config.getoption("--accept"):
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize("name", (*IN_TEMPLATES, *ELSEWHERE))
def test_cfn_lint_has_nothing_to_say(name: str) -> None:
    """The vendor's own checker, with the schemas of the types and of the states language in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = lint(golden(name).read_text("utf-8"), config=ManualArgs(regions=["us-east-1"]))
    assert [f"{one.rule.id} {one.message}" for one in found] == []


@pytest.mark.parametrize("name", (*IN_TEMPLATES, *ELSEWHERE))
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    template = synthesised(name, tmp_path / name)
    assert ros.read(cfn.write(template)).template == template


@pytest.mark.parametrize("type", CREATE_ONLY)
def test_what_cannot_change_in_place_is_what_the_schemas_say(type: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type).schema
    said = {path.removeprefix("/properties/") for path in schema["createOnlyProperties"]}
    assert said == CREATE_ONLY[type]


# -- rights


def made(app: App, tmp_path: Path) -> Any:
    """The template of an App as plain JSON."""
    (tmp_path / "code").mkdir(exist_ok=True)
    (tmp_path / "code" / "index.py").write_text("def handler(event, context):\n    return event\n", "utf-8")
    return ros.document(aws.synth(graph(app, tmp_path), cache=tmp_path / "cache", shelf=Shelf()))


def statements(template: Any, role: str) -> list[tuple[list[str], Any]]:
    """What a role or a policy allows: actions and resource of each statement."""
    properties = template["Resources"][role]["Properties"]
    documents = [one["PolicyDocument"] for one in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    found = []
    for document in documents:
        for one in document["Statement"]:
            assert set(one) == {"Effect", "Action", "Resource"}
            assert one["Effect"] == "Allow"
            (resource,) = one["Resource"]
            found.append((one["Action"], resource))
    return found


def trusted(template: Any, role: str) -> str:
    (statement,) = template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    return str(statement["Principal"]["Service"])


def arn(resource: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def everything() -> App:
    """A project whose flow calls something of every kind."""
    app = App("all", service="s")

    @app.function(code="code")
    def work(token: str = "") -> dict[str, str]:
        elsewhere()

    @app.function(name="plain", service="", code="code")
    def plain() -> dict[str, str]:
        elsewhere()

    @app.function(name="there", deployed=True)
    def there() -> dict[str, str]:
        elsewhere()

    queue, topic = app.queue("q"), app.topic("t")
    other = app.flow_ref("other")

    @app.steps
    def main(f: Steps) -> None:
        f.task("A", plain)
        f.task("B", work, pattern="waitForCallback", token="x")
        f.task("C", there)
        f.task("D", there.at("7"))
        f.task("E", work.at("online"))
        f.task("F", queue, pattern="waitForCallback", params={"MessageBody": {"a": 1}})
        f.task("G", topic, params={"MessageBody": "hello"})
        f.task("H", other, pattern="sync")
        f.task("I", plain)

    app.schedule(main, "CRON_TZ=Asia/Shanghai 0 30 9 * * MON-FRI", name="mornings", payload={"a": 1}, enabled=False)
    return app


def test_the_flow_may_call_what_its_steps_call_and_no_more(tmp_path: Path) -> None:
    template = made(everything(), tmp_path)
    here = "${AWS::Region}:${AWS::AccountId}"
    there = f"arn:${{AWS::Partition}}:lambda:{here}:function:s__there"
    rule = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
    assert statements(template, "MainFlowRole") == [
        (["lambda:InvokeFunction"], arn("PlainFunction")),
        (["lambda:InvokeFunction"], arn("SWorkFunction")),
        (["lambda:InvokeFunction"], {"Fn::Sub": there}),
        (["lambda:InvokeFunction"], {"Fn::Sub": f"{there}:7"}),
        (["lambda:InvokeFunction"], {"Ref": "SWorkFunctionOnlineAlias"}),
        (["sqs:SendMessage"], arn("QQueue")),
        (["sns:Publish"], {"Ref": "TTopic"}),
        (["states:StartExecution"], {"Fn::Sub": f"arn:${{AWS::Partition}}:states:{here}:stateMachine:other"}),
        (
            ["states:DescribeExecution", "states:StopExecution"],
            {"Fn::Sub": f"arn:${{AWS::Partition}}:states:{here}:execution:other:*"},
        ),
        (
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            {"Fn::Sub": f"arn:${{AWS::Partition}}:events:{here}:rule/{rule}"},
        ),
    ]
    assert trusted(template, "MainFlowRole") == "states.amazonaws.com"


def test_functions_may_write_their_log_and_report_if_they_are_handed_tokens(tmp_path: Path) -> None:
    template = made(everything(), tmp_path)
    log = ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statements(template, "PlainFunctionRole") == [(log, arn("PlainLog"))]
    assert statements(template, "SWorkFunctionRole") == [(log, arn("SWorkLog")), (REPORT, "*")]
    assert trusted(template, "PlainFunctionRole") == "lambda.amazonaws.com"


def test_workers_may_work_on_their_queue_and_schedules_start_their_flow(tmp_path: Path) -> None:
    template = made(everything(), tmp_path)
    work = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
    parked = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q-dlq"
    assert statements(template, "QWorkerPolicy") == [
        ([*work, "sqs:GetQueueUrl", "sqs:GetQueueAttributes"], arn("QQueue")),
        (["sqs:GetQueueUrl", "sqs:CreateQueue", "sqs:SendMessage"], {"Fn::Sub": parked}),
        (REPORT, "*"),
    ]
    flow = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:main"
    assert statements(template, "MorningsScheduleRole") == [(["states:StartExecution"], {"Fn::Sub": flow})]
    assert trusted(template, "MorningsScheduleRole") == "scheduler.amazonaws.com"


def test_nothing_but_reports_is_allowed_on_everything(tmp_path: Path) -> None:
    template = made(everything(), tmp_path)
    kinds = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    roles = [id for id, one in template["Resources"].items() if one["Type"] in kinds]
    open = [action for role in roles for action, resource in statements(template, role) if resource == "*"]
    assert open == [REPORT, REPORT]


# -- the definition


def states(template: Any, flow: str) -> Any:
    return json.loads(template["Resources"][flow]["Properties"]["DefinitionString"]["Fn::Sub"])["States"]


def test_states_call_what_the_stack_has_by_reference(tmp_path: Path) -> None:
    all = states(made(everything(), tmp_path), "MainFlow")
    found = {name[0]: state for name, state in all.items() if state["Type"] == "Task"}
    here = "${AWS::Region}:${AWS::AccountId}"
    assert found["A"]["Resource"] == "${PlainFunction.Arn}"
    assert found["B"]["Resource"] == "arn:${AWS::Partition}:states:::lambda:invoke.waitForTaskToken"
    assert found["B"]["Parameters"]["FunctionName"] == "${SWorkFunction.Arn}"
    assert found["C"]["Resource"] == f"arn:${{AWS::Partition}}:lambda:{here}:function:s__there"
    assert found["D"]["Resource"] == f"arn:${{AWS::Partition}}:lambda:{here}:function:s__there:7"
    assert found["E"]["Resource"] == "${SWorkFunctionOnlineAlias}"
    assert found["F"]["Parameters"]["QueueUrl"] == "${QQueue}"
    assert found["G"]["Parameters"]["TopicArn"] == "${TTopic}"
    assert found["H"]["Parameters"]["StateMachineArn"] == f"arn:${{AWS::Partition}}:states:{here}:stateMachine:other"


def test_texts_of_the_flow_are_no_substitutions(tmp_path: Path) -> None:
    app = App("texts")

    @app.steps
    def main(f: Steps) -> None:
        f.put("Say", a="${AWS::Region}", b="${!x}", c="${", d="arn:aws:lambda:us-east-1:123456789012:function:f")

    text = made(app, tmp_path)["Resources"]["MainFlow"]["Properties"]["DefinitionString"]["Fn::Sub"]
    assert "${" not in text
    written = json.dumps(states(made(app, tmp_path), "MainFlow"))
    for said in ("${AWS::Region}", "${!x}", "arn:aws:lambda:us-east-1:123456789012:function:f"):
        assert said in written


def test_errors_of_function_compute_are_those_of_lambda_too(tmp_path: Path) -> None:
    app = App("errors")

    @app.function(code="code")
    def work() -> dict[str, str]:
        elsewhere()

    @app.steps
    def main(f: Steps) -> None:
        f.task(
            "Work",
            work,
            retry=[retry("FC.ResourceThrottled", "FC.ResourceExhausted", "Busy", times=1, every=1, factor=1)],
            catch=[catch(FnF.TaskTimeout, "FC.Unknown", go="End")],
        )
        f.succeed("End")

    found = states(made(app, tmp_path), "MainFlow")
    (state,) = (one for one in found.values() if one["Type"] == "Task")
    throttled = ["FC.ResourceThrottled", "Lambda.TooManyRequestsException", "FC.ResourceExhausted", "Busy"]
    assert state["Retry"][0]["ErrorEquals"] == throttled
    unknown = ["FC.Unknown", "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"]
    assert state["Catch"][0]["ErrorEquals"] == ["States.Timeout", *unknown]


# -- what is refused


def refused(app: App, tmp_path: Path) -> DeployError:
    with pytest.raises(DeployError) as raised:
        made(app, tmp_path)
    assert raised.value.hint
    return raised.value


def test_what_the_language_lacks_is_told_with_flow_step_line_and_a_way_out(tmp_path: Path) -> None:
    app = App("lacking")

    @app.function(code="code")
    def work(n: int) -> dict[str, str]:
        elsewhere()

    @app.flow(name="the-flow")
    def the_flow(n: int) -> None:
        work.named("Wait").wait_for(n)

    error = refused(app, tmp_path)
    line = next(n for n, text in enumerate(Path(__file__).read_text("utf-8").splitlines(), 1) if ".wait_for(n)" in text)
    lost = [
        f"{__file__}:{line}: flow the-flow, step Wait: Amazon States Language cannot express {what}"
        for what in ("a function that is called asynchronously", "an asynchronous function that is awaited")
    ]
    assert error.message.splitlines() == lost
    assert "callback" in error.hint


def test_names_that_are_too_long(tmp_path: Path) -> None:
    app = App("long")

    @app.function(name="f" * 65, code="code")
    def work() -> dict[str, str]:
        elsewhere()

    assert "65 characters; AWS takes 64" in refused(app, tmp_path).message

    steps = App("steps")

    @steps.steps
    def main(f: Steps) -> None:
        f.put("s" * 81, a=1)

    error = refused(steps, tmp_path)
    assert f"step {'s' * 81}: " in error.message
    assert "more than 80 characters" in error.message


def test_code_in_another_language(tmp_path: Path) -> None:
    app = App("other")
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "index.js").write_text("exports.handler = () => {}\n", "utf-8")

    @app.function(code="node")
    def work() -> dict[str, str]:
        elsewhere()

    assert "only functions in Python" in refused(app, tmp_path).message


def test_more_rights_than_a_role_holds(tmp_path: Path) -> None:
    app = App("many")
    topics = [app.topic(f"topic-with-a-rather-long-name-{n}") for n in range(120)]

    @app.steps
    def main(f: Steps) -> None:
        for n, topic in enumerate(topics):
            f.task(f"T{n}", topic, params={"MessageBody": local.a})

    assert "a role holds 10240" in refused(app, tmp_path).message


@pytest.mark.parametrize(
    ("cron", "expression", "zone"),
    [
        ("@every 1m", "rate(1 minute)", "UTC"),
        ("@every 90m", "rate(90 minutes)", "UTC"),
        ("0 0 4 * * *", "cron(0 4 * * ? *)", "UTC"),
        ("0 */20 0-6,8 * * *", "cron(0,20,40 0-6,8 * * ? *)", "UTC"),
        ("0 0 4 1,15 * ?", "cron(0 4 1,15 * ? *)", "UTC"),
        ("0 0 4 ? JAN-MAR 1-5", "cron(0 4 ? 1-3 MON,TUE,WED,THU,FRI *)", "UTC"),
        ("0 0 4 * * 7", "cron(0 4 ? * SUN *)", "UTC"),
        ("0 0 4 1-31 * 1", "cron(0 4 * * ? *)", "UTC"),
        ("CRON_TZ=Asia/Shanghai 0 30 9 * * *", "cron(30 9 * * ? *)", "Asia/Shanghai"),
    ],
)
def test_schedules(cron: str, expression: str, zone: str, tmp_path: Path) -> None:
    properties = scheduled(cron, tmp_path)["Resources"]["DailySchedule"]["Properties"]
    assert properties["ScheduleExpression"] == expression
    assert properties["ScheduleExpressionTimezone"] == zone
    assert properties["Target"]["Arn"] == {"Ref": "MainFlow"}
    told = {"payload": {"a": 1}, "triggerName": "daily", "triggerTime": "<aws.scheduler.scheduled-time>"}
    assert json.loads(properties["Target"]["Input"]) == told


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("30 0 4 * * *", "fires at second 30"),
        ("0 0 4 1 * 1", "has only one of them"),
        ("0 0 4 * *", "has six fields"),
    ],
)
def test_schedules_that_cannot_be_expressed(cron: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DeployError) as raised:
        scheduled(cron, tmp_path)
    assert told in raised.value.message
    assert "daily" in raised.value.message


def scheduled(cron: str, tmp_path: Path) -> Any:
    app = App("scheduled")

    @app.steps
    def main(f: Steps) -> None:
        f.put("Say", a=input.payload)

    app.schedule(main, cron, name="daily", payload={"a": 1})
    return made(app, tmp_path)
