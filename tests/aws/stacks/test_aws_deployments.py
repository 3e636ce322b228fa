"""The commands about stacks with `--target aws`: plans, updates, dangers, rollback, and what is refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation.models import cloudformation_backends

from fnfkit.aws.stacks import AwsStacks
from fnfkit.cli import app, init
from fnfkit.deploy import book
from tests.aws.moto_account import MotoAccount
from tests.aws.stacks.lambdas import ACCOUNT, REGION
from tests.aws.stacks.moto_stacks import BUCKET, Account

APP = '''from dataclasses import dataclass

from fnfkit import FC, App, CloudError, context, TaskToken, fail

app = App("shop", service="shop")


class OutOfStock(CloudError):
    pass


@dataclass
class Order:
    item: str
    count: int


@app.function
def check(order: Order) -> Order:
    """Looks whether there is enough of an item."""
    if order.item == "crash":
        exit(3)
    if order.item == "list":
        return [order.item]
    if order.count > 10:
        raise OutOfStock(f"only 10 of {order.item}")
    print("enough of", order.item)
    return Order(order.item, order.count)


@app.flow
def sell(order: Order) -> Order:
    """Sells something."""
    try:
        return check(order)
    except OutOfStock as error:
        fail("SoldOut", "there is not enough of it")
    except FC.Unknown:
        fail("Crashed", "the function has died")
'''


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.py").write_text(APP, "utf-8")
    return folder


def changes(plan: Any, *kinds: str) -> dict[str, str]:
    """Logical IDs and what becomes of them; of some kinds of action only."""
    return {one["id"]: one["action"] for one in plan["changes"] if not kinds or one["action"] in kinds}


def diff(account: Account, folder: Path, *words: str) -> tuple[int, Any]:
    said = account.call("diff", folder, "--target", "aws", "--json", "--exit-code", *words)
    return said.exit, said.data


def test_functions_of_the_project_run_without_fnfkit(account: Account, shop: Path) -> None:
    account.deploy(shop)
    sold = account.run("sell", {"order": {"item": "tea", "count": 2}})
    assert (sold.status, json.loads(sold.output)) == ("Succeeded", {"item": "tea", "count": 2})
    for item, count, error in (("tea", 11, "SoldOut"), ("crash", 1, "Crashed"), ("list", 1, "FnF.InvalidLocal")):
        run = account.run("sell", {"order": {"item": item, "count": count}})
        assert (run.status, account.error(run)) == ("Failed", error)


def test_a_second_deployment_does_nothing(account: Account, shop: Path) -> None:
    assert diff(account, shop)[0] == 4
    first = account.deploy(shop)
    assert first["changed"] is True
    assert first["outputs"] == {"SellFlowArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:sell"}
    exit, found = diff(account, shop)
    assert (exit, found["same"]) == (0, True)
    events = account.stacks.list_stack_events("shop", size=100).total
    second = account.deploy(shop)
    assert second["changed"] is False
    assert account.stacks.list_stack_events("shop", size=100).total == events


def test_a_changed_flow_is_an_update(account: Account, shop: Path) -> None:
    account.deploy(shop)
    (shop / "app.py").write_text(APP.replace("there is not enough of it", "none left"), "utf-8")
    exit, found = diff(account, shop)
    assert exit == 4
    assert changes(found, "create", "update", "replace", "delete") == {
        "ShopCheckFunction": "update",  # the flow is in the module of the function, and so in its archive
        "SellFlow": "update",
    }
    (flow,) = (one for one in found["changes"] if one["id"] == "SellFlow")
    assert flow["steps"] == ["SoldOut changed: cause"]
    made = account.deploy(shop)
    assert (made["status"], made["changed"]) == ("UPDATE_COMPLETE", True)
    assert "none left" in account.flows.describe_flow("sell").definition
    run = account.run("sell", {"order": {"item": "tea", "count": 11}})
    assert account.error(run) == "SoldOut"


def test_a_flow_that_calls_something_new_may_do_so(account: Account, shop: Path) -> None:
    account.deploy(shop)
    before = account.rights("shop", "SellFlowRole")
    check = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop__check"
    assert before == [(("lambda:InvokeFunction",), (check,))]
    text = APP.replace('"""Sells something."""\n', '"""Sells something."""\n    news.publish({"item": order.item})\n')
    (shop / "app.py").write_text(text.replace("\n\nclass Out", 'news = app.topic("news")\n\n\nclass Out'), "utf-8")
    made = account.deploy(shop)
    assert changes(made["plan"], "create", "update")["NewsTopic"] == "create"
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
    assert account.rights("shop", "SellFlowRole") == [(("sns:Publish",), (topic,)), *before]
    assert account.run("sell", {"order": {"item": "tea", "count": 1}}).status == "Succeeded"

    (shop / "app.py").write_text(APP, "utf-8")
    exit, found = diff(account, shop)
    assert exit == 5
    dangers = " ".join(one["message"] for one in found["dangers"])
    assert "SellFlowRole loses rights: sns:Publish" in dangers
    assert "NewsTopic is deleted with its messages" in dangers
    said = account.call("deploy", shop, "--target", "aws", "--yes")
    assert (said.exit, "error[Dangerous]" in said.err) == (1, True)
    account.deploy(shop, "--force")
    assert account.rights("shop", "SellFlowRole") == before


def test_what_runs_needs_exactly_what_is_granted(account: Account, tmp_path: Path) -> None:
    init.copy("transaction", tmp_path / "transaction")
    account.deploy(tmp_path / "transaction")
    account.run("transaction", json.loads((tmp_path / "transaction" / "input-hotel-fails.json").read_text("utf-8")))
    granted = {
        resource for _, resources in account.rights("transaction", "TransactionFlowRole") for resource in resources
    }
    assert granted == account.lambdas.arns


def test_a_function_that_is_called_cannot_go_unnoticed(account: Account, shop: Path) -> None:
    account.deploy(shop)
    text = APP.replace("def check(", "def look(").replace("check(order)", "look(order)")
    (shop / "app.py").write_text(text, "utf-8")
    _, found = diff(account, shop)
    assert [one["message"] for one in found["dangers"] if one["id"] == "ShopCheckFunction"] == [
        "the function shop__check is deleted, and the flow sell calls it"
    ]


def test_a_renamed_flow_is_made_anew(account: Account, shop: Path) -> None:
    account.deploy(shop)
    (shop / "app.py").write_text(APP.replace("@app.flow\n", '@app.flow(name="sale")\n'), "utf-8")
    _, found = diff(account, shop)
    assert changes(found, "delete", "create") == {
        "SaleFlowRole": "create",
        "SaleFlow": "create",
        "SellFlowRole": "delete",
        "SellFlow": "delete",
    }
    assert "the flow sell is deleted" in found["dangers"][0]["message"]


def test_rollback_deploys_what_was_deployed_before(account: Account, shop: Path) -> None:
    account.deploy(shop)
    (shop / "app.py").write_text(APP.replace("there is not enough of it", "none left"), "utf-8")
    account.deploy(shop)
    said = account.call("rollback", shop, "--target", "aws", "--yes", "--json")
    assert (said.exit, said.data["deployment"]) == (0, 1), said.err
    assert "there is not enough of it" in account.flows.describe_flow("sell").definition
    assert account.run("sell", {"order": {"item": "tea", "count": 2}}).status == "Succeeded"
    assert [one.state for one in book(shop, "aws").read()] == ["done", "done", "done"]
    assert account.call("destroy", shop, "--target", "aws", "--yes").exit == 0
    assert account.left() == {}


def test_a_creation_that_was_taken_back_is_cleared_away_first(account: Account, shop: Path) -> None:
    """As the service leaves a stack whose creation failed: it can be deleted, and nothing else."""
    account.deploy(shop)
    (stack,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    stack.status = "ROLLBACK_COMPLETE"
    _, found = diff(account, shop)
    assert (found["exists"], set(changes(found).values())) == (False, {"create"})
    made = account.deploy(shop)
    assert (made["status"], made["id"] != stack.stack_id) == ("CREATE_COMPLETE", True)


def test_a_template_that_is_too_large_for_a_call_goes_by_the_bucket(account: Account, tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    puts = "\n".join(f'    f.put("Put{n}", a="{"x" * 100}")' for n in range(100))
    text = (
        f'from fnfkit import App, Steps\n\napp = App("large")\n\n\n@app.steps\ndef large(f: Steps) -> None:\n{puts}\n'
    )
    (folder / "app.py").write_text(text, "utf-8")
    assert account.deploy(folder)["status"] == "CREATE_COMPLETE"
    assert len(account.stacks.get_template("large")) > 51_200
    assert account.run("large", {}).status == "Succeeded"
    assert "objects" not in account.left()
    assert account.call("destroy", folder, "--target", "aws", "--yes").exit == 0
    assert account.left() == {}


def test_stages_name_cloud_region_stack_and_bucket(account: Account, shop: Path) -> None:
    stage = '[stages.eu]\ntarget = "aws"\nregion = "eu-west-1"\nstack = "shop-in-eu"\nbucket = "our-code"\n'
    (shop / "fnfkit.toml").write_text(stage, "utf-8")
    said = account.call("deploy", shop, "--stage", "eu", "--yes", "--json")
    assert said.exit == 0, said.err
    assert said.data["stack"] == "shop-in-eu"
    assert ":eu-west-1:" in said.data["outputs"]["SellFlowArn"]
    (key,) = account.left()["objects"]
    assert key.startswith("fnfkit/shop-in-eu/")
    outputs = account.call("outputs", shop, "--stage", "eu", "--json")
    assert outputs.data == said.data["outputs"]
    assert account.call("destroy", shop, "--stage", "eu", "--yes").exit == 0
    assert account.left() == {}


def test_builds_are_deployed_with_the_vendors_own_tools(account: Account, shop: Path) -> None:
    """`fnfkit build --target aws`, then what `aws s3 sync` and `aws cloudformation deploy` would do."""
    said = account.call("build", shop, "--target", "aws")
    assert (said.exit, said.out) == (0, "shop/template.cfn.yml written\n")
    assert account.call("build", shop, "--target", "aws", "--check").exit == 0
    s3 = account.session.client("s3")
    s3.create_bucket(Bucket="mine")
    code = shop / ".fnfkit" / "code"
    for file in code.rglob("*.zip"):
        s3.put_object(Bucket="mine", Key=file.relative_to(code).as_posix(), Body=file.read_bytes())
    template = (shop / "template.cfn.yml").read_text("utf-8")
    account.stacks.create_stack("by-hand", template, parameters={"CodeBucket": "mine"})
    assert account.run("sell", {"order": {"item": "tea", "count": 2}}).status == "Succeeded"


def test_a_stack_of_the_build_is_the_one_that_is_deployed(account: Account, shop: Path) -> None:
    account.call("build", shop, "--target", "aws")
    account.deploy(shop)
    assert account.stacks.get_template("shop") == (shop / "template.cfn.yml").read_text("utf-8")
    assert account.stacks.get_stack("shop").parameters == {"CodeBucket": BUCKET}


def test_what_is_refused(account: Account, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.parent / "template.yml").write_text("Resources: {}\n", "utf-8")
    said = account.call("deploy", shop.parent / "template.yml", "--target", "aws", "--stack", "s")
    assert (said.exit, "--target aws takes projects" in said.err) == (2, True)
    said = account.call("deploy", shop, "--target", "aws")
    assert (said.exit, "say --yes" in said.err) == (2, True)
    assert account.left() == {}
    (shop / "fnfkit.toml").write_text('[stages.x]\ntarget = "azure"\n', "utf-8")
    said = account.call("deploy", shop, "--stage", "x")
    assert (said.exit, "there are: aliyun, aws" in said.err) == (2, True)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = account.call("diff", shop, "--target", "aws")
    assert (said.exit, "AWS_ACCESS_KEY_ID" in said.err) == (3, True)


def test_an_endpoint_that_nobody_answers_at(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No emulator is there, and the embedded account is no place to look for one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert app.run(["diff", str(shop), "--target", "aws", "--endpoint", endpoint]) == 3
    said = capsys.readouterr().err
    assert "look at the region and the endpoint" in said
    assert "fnfkit dev" not in said


def test_names_of_stacks_are_those_that_cloudformation_takes(account: Account, shop: Path) -> None:
    """moto takes any name, the service does not."""
    (shop / "app.py").write_text(APP.replace('App("shop"', 'App("my_shop"'), "utf-8")
    for words in (("deploy", "--yes"), ("outputs",), ("destroy", "--yes")):
        assert account.call(words[0], shop, "--target", "aws", *words[1:]).exit == 0
        assert account.left().get("stacks", []) == (["my-shop"] if words[0] != "destroy" else [])
    for words in (("deploy", "--yes"), ("diff",), ("outputs",), ("destroy", "--yes")):
        said = account.call(words[0], shop, "--target", "aws", "--stack", "my_shop", *words[1:])
        assert (said.exit, "takes no stack named my_shop" in said.err) == (2, True)


def test_what_aws_lacks_is_told_before_anything_happens(account: Account, tmp_path: Path) -> None:
    init.copy("async-tasks", tmp_path / "tasks")
    said = account.call("deploy", tmp_path / "tasks", "--target", "aws", "--yes")
    assert said.exit == 1
    assert "app.py:" in said.err
    assert "flow async-tasks, step InvokeFunction: Amazon States Language cannot express" in said.err
    assert "hint: " in said.err
    assert account.left() == {}


def test_without_boto3_it_says_what_to_install(shop: Path) -> None:
    """boto3 is an extra: nothing else needs it, and who asks for AWS is told."""
    code = "import sys; sys.modules['boto3'] = None; from fnfkit.cli.app import run; sys.exit(run(sys.argv[1:]))"

    def call(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)

    assert call("build", shop, "--target", "aws").returncode == 0
    done = call("deploy", shop, "--target", "aws", "--yes")
    assert (done.returncode, "pip install 'fnfkit[aws]'" in done.stderr) == (3, True)


def test_a_stage_on_aws_is_not_taken_for_one_on_alibaba_cloud(account: Account, shop: Path) -> None:
    (shop / "fnfkit.toml").write_text('[stages.eu]\ntarget = "aws"\n', "utf-8")
    os.chdir(shop)
    said = account.call("doctor", "--stage", "eu")
    assert (said.exit, "the stage eu is on AWS" in said.out + said.err) == (1, True)


def test_archives_that_only_the_stack_remembers_go_with_it(account: Account, shop: Path) -> None:
    """Whoever destroys a stack may not be who has deployed it."""
    account.deploy(shop)
    for file in (shop / ".fnfkit").glob("*.json"):
        file.unlink()
    assert len(account.left()["objects"]) == 1
    assert account.call("destroy", shop, "--target", "aws", "--yes").exit == 0
    assert account.left() == {}


HANDLERS = """import json


def text(event, context):
    return json.dumps({"said": json.loads(event)["word"], "kind": type(event).__name__})


def data(event, context):
    return b'{"n": 1}'


def listed(event, context):
    return [1]


def words(event, context):
    return "no JSON"


def told(event, context):
    function = context.function
    return {
        "request": context.request_id,
        "name": function.name,
        "service": context.service.name,
        "version": function.version_id,
        "qualifier": function.qualifier,
        "memory": function.memory,
        "timeout": function.timeout,
        "place": [context.region, context.account_id],
        "cold": context.cold_start,
    }


def gone(event, context):
    import os

    os._exit(1)
"""


FUNCTION = """

@app.function(code="code", handler="index.{name}")
def {name}(word: str) -> dict[str, str]:
    elsewhere()
"""

WAITS = """

@app.steps
def waits(f: Steps) -> None:
    f.task("Hand", listed, pattern="waitForCallback", word="x")
"""


def test_handlers_are_called_as_function_compute_calls_them(account: Account, tmp_path: Path) -> None:
    folder = tmp_path / "handlers"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "index.py").write_text(HANDLERS, "utf-8")
    names = ("text", "data", "listed", "words", "told", "gone")
    functions = "".join(FUNCTION.format(name=name) for name in names)
    text = f'from fnfkit import App, Steps, elsewhere\n\napp = App("handlers", service="s")\n{functions}'
    (folder / "app.py").write_text(text, "utf-8")
    account.deploy(folder)

    def invoke(name: str) -> Any:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:s__{name}"
        answer = account.lambdas.invoke(FunctionName=arn, Payload='{"word": "hé"}'.encode())
        payload = json.loads(answer["Payload"].read())
        return payload["errorType"] if "FunctionError" in answer else payload

    assert invoke("text") == {"said": "hé", "kind": "bytes"}
    assert invoke("data") == {"n": 1}
    assert (invoke("listed"), invoke("words")) == ("FnF.InvalidLocal", "FnF.InvalidLocal")
    assert invoke("gone") == "Runtime.ExitError"
    place = {"place": [REGION, ACCOUNT], "name": "told", "service": "s", "version": "", "qualifier": "LATEST"}
    first = invoke("told")
    assert first == {**place, "request": first["request"], "memory": 256, "timeout": 60, "cold": True}
    assert invoke("told")["cold"] is False

    # Where somebody else reports the end of the task, nobody looks at what the function gives.
    (folder / "app.py").write_text(text + WAITS, "utf-8")
    account.deploy(folder)
    account.lambdas.close()
    assert invoke("listed") == [1]


def test_an_emulator_on_this_machine_by_its_endpoint(
    bare_environment: None,
    served: MotoAccount,
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """AWS_ENDPOINT_URL is boto3's own: no credentials are needed, nobody is asked, and buckets have no hosts."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", served.session.endpoint)

    def call(*words: str) -> Any:
        code = app.run([words[0], str(shop), "--target", "aws", "--json", *words[1:]])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out.splitlines()[-1])["data"]

    assert call("deploy")["status"] == "CREATE_COMPLETE"
    assert call("diff")["same"] is True
    assert AwsStacks(served.session).get_stack("shop").status == "CREATE_COMPLETE"
    assert call("destroy")["deleted"] is True
