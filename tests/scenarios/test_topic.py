"""A topic task whose subscriber reports (scenarios.md 3)."""

from __future__ import annotations

import importlib.util
import io
import json
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from fnfkit.cloud.mns.delivery import Push
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import NotifyContentFormat
from fnfkit.server.account import serving_account
from fnfkit.workers import topic_handler
from tests.scenarios.conftest import ROOT, Stage, template, template_input

TOPIC, HOOK = "fnf-demo", "http://127.0.0.1:9/hook"


class Subscriber:
    """A WSGI application that the topic reaches without a network."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app
        self.bodies: list[bytes] = []
        self.answers: list[int] = []

    def __call__(self, push: Push, answered: Callable[[int], None]) -> None:
        self.bodies.append(push.notification.text(push.format).encode())
        self.answers.append(call(self.app, self.bodies[-1]))
        answered(self.answers[-1])


def call(app: Callable[..., Any], body: bytes, **environ: Any) -> int:
    statuses: list[str] = []
    given = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **environ}
    list(app(given, lambda status, headers: statuses.append(status)))
    return int(statuses[0].split()[0])


def subscribe(
    stage: Stage, handler: Callable[..., Any], format: NotifyContentFormat = NotifyContentFormat.JSON
) -> Subscriber:
    stage.cloud.topics.create_topic(TOPIC)
    stage.cloud.topics.subscribe(TOPIC, "s", HOOK, format=format)
    subscriber = Subscriber(topic_handler(stage.cloud.flows, handler))
    stage.cloud.topics.push_with(subscriber)
    return subscriber


def succeed(payload: dict[str, str]) -> dict[str, str]:
    return {"status": "success"}


def test_the_flow_ends_with_what_the_subscriber_reports(stage: Stage) -> None:
    subscriber = subscribe(stage, succeed)
    story = stage.play(template("topic-callback"), template_input("topic-callback"))
    assert (story.status, story.output) == ("Succeeded", {"status": "success"})
    assert subscriber.answers == [204]


def test_the_message_has_both_keys_and_the_token_of_the_step(stage: Stage) -> None:
    subscriber = subscribe(stage, succeed)
    story = stage.play(template("topic-callback"), template_input("topic-callback"))
    notification = json.loads(subscriber.bodies[0])
    token = story.details("TaskSubmitted", "mns-topic-task")[0]["output"]["taskToken"]
    assert json.loads(notification["Message"]) == {"messageBody": "hello world", "taskToken": token}


def test_an_exception_of_the_subscriber_fails_the_step(stage: Stage) -> None:
    class Unreadable(Exception):
        pass

    def fail(payload: dict[str, str]) -> None:
        raise Unreadable(payload["messageBody"])

    subscribe(stage, fail)
    story = stage.play(template("topic-callback"), template_input("topic-callback"))
    assert (story.status, story.error) == ("Failed", "Unreadable")
    assert story.details("TaskFailed", "mns-topic-task")[0]["cause"] == "hello world"


def test_a_second_push_is_answered_204_and_changes_nothing(stage: Stage) -> None:
    subscriber = subscribe(stage, succeed)
    stage.play(template("topic-callback"), template_input("topic-callback"))
    assert call(topic_handler(stage.cloud.flows, lambda payload: {"status": "again"}), subscriber.bodies[0]) == 204


def test_without_a_callback_the_step_times_out(stage: Stage) -> None:
    stage.cloud.topics.create_topic(TOPIC)
    story = stage.play(template("topic-callback"), template_input("topic-callback"))
    assert (story.status, story.error) == ("Failed", "FnF.TaskTimeout")
    assert story.elapsed == 600


def test_an_answer_that_never_comes_is_pushed_again(stage: Stage) -> None:
    stage.cloud.topics.create_topic(TOPIC)
    stage.cloud.topics.subscribe(TOPIC, "s", HOOK, format=NotifyContentFormat.JSON)
    tries: list[int] = []
    app = topic_handler(stage.cloud.flows, succeed)

    def deaf_at_first(push: Push, answered: Callable[[int], None]) -> None:
        tries.append(stage.cloud.clock.now())
        third = len(tries) == 3
        answered(call(app, push.notification.text(push.format).encode()) if third else 0)

    stage.cloud.topics.push_with(deaf_at_first)
    story = stage.play(template("topic-callback"), template_input("topic-callback"))
    assert story.output == {"status": "success"}
    assert len(tries) == 3
    assert all(10_000 <= later - earlier <= 20_000 for earlier, later in pairwise(tries))


def test_a_topic_that_is_not_there_fails_the_step(stage: Stage) -> None:
    story = stage.play(template("topic-callback"), template_input("topic-callback"))
    assert (story.status, story.error) == ("Failed", "MNS.TopicNotExist")


# The function of the template, as Function Compute would call it


@pytest.fixture
def function() -> Any:
    path = ROOT / "functions" / "topic-callback" / "index.py"
    spec = importlib.util.spec_from_file_location("topic_callback", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hosted(stage: Stage, function: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The function behind a real HTTP server, beside a served account; yields the URL."""
    credentials = SimpleNamespace(access_key_id="", access_key_secret="", security_token="")
    context = SimpleNamespace(region="cn-hangzhou", credentials=credentials)
    session = stage.cloud.ram.assume_role(f"acs:ram::{stage.cloud.account_id}:role/f", "function")
    credentials.access_key_id, credentials.access_key_secret = session.key.id, session.key.secret
    credentials.security_token = session.token

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        return function.handler({**environ, "fc.context": context}, start_response)

    with serving_account(stage.cloud) as served, make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        monkeypatch.setenv("FNF_ENDPOINT", served.endpoint)
        for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
            monkeypatch.delenv(name, raising=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def run_through(stage: Stage, url: str, format: NotifyContentFormat) -> str:
    stage.cloud.topics.create_topic(TOPIC)
    stage.cloud.topics.subscribe(TOPIC, "s", url, format=format)
    name = stage.begin(template("topic-callback"), template_input("topic-callback"))
    stage.cloud.run_until(lambda: stage.cloud.flows.describe_execution(name, name).ended)
    return name


def test_the_function_reports_with_the_credentials_of_its_role(stage: Stage, hosted: str) -> None:
    story = stage.story(run_through(stage, hosted, NotifyContentFormat.JSON))
    assert (story.status, story.output) == ("Succeeded", {"status": "success"})


@pytest.mark.parametrize("format", [NotifyContentFormat.XML, NotifyContentFormat.SIMPLIFIED], ids=str)
def test_other_formats_break_the_function(stage: Stage, hosted: str, format: NotifyContentFormat) -> None:
    story = stage.story(run_through(stage, hosted, format))
    assert (story.status, story.error) == ("Failed", "FnF.TaskTimeout")


def test_the_secret_of_the_default_key_is_not_in_the_function() -> None:
    source = (ROOT / "functions" / "topic-callback" / "index.py").read_text("utf-8")
    assert DEFAULT_KEY_SECRET not in source
    assert DEFAULT_KEY_ID not in source
