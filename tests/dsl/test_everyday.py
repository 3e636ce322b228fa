"""Flows as people write them do natively what they do compiled: loops, sagas, callbacks, sub-flows, odd names."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fnfkit import FC, FlowFailed, native
from fnfkit.dsl.failures import caught
from fnfkit.dsl.flow import PythonFlow
from fnfkit.dsl.values import to_json
from fnfkit.engine import NO_LIMITS, Invoke, Reported, Settings
from fnfkit.lang.fdl.read import read
from fnfkit.lang.fdl.write import write
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import QueueRef, TopicRef
from tests.dsl import everyday
from tests.engine.driver import Accepts, Answer, Driver, Fails, drive

MOST_CALLS = 30
SEEDS = 25
QUEUE, TOPIC = "acs:mns:::/queues/jobs/messages", "acs:mns:::/topics/news/messages"
FLOWS = {name: flow for name, flow in everyday.app.flows.items() if name != "child" and isinstance(flow, PythonFlow)}


class Enough(BaseException):
    """A flow that goes on and on is compared up to here."""


@dataclass
class Script:
    """Answers drawn from a seed, and what they were asked for."""

    draw: random.Random
    calls: list[tuple[str, Json]] = field(default_factory=list)

    def next(self, target: str, event: Json) -> Json:
        if len(self.calls) == MOST_CALLS:
            raise Enough
        self.calls.append((target, event))
        if self.draw.random() < 0.2:
            return self.draw.choice([everyday.OutOfStock, FC.Unknown, KeyError])
        return self._made(target)

    def _made(self, target: str) -> JsonObject:
        match target.rpartition("/")[2]:
            case "row":
                return {"key": self.draw.choice("ab"), "n": 1}
            case "jobs":
                return {"jobs": [self._job() for _ in range(2)], "names": ["a"], "count": 2}
            case "messages":
                sent = {"MessageId": "m", "RequestId": "r", "MessageBodyMD5": "5"}
                return {**self._job(), **sent, "approved": self.draw.random() < 0.5, "comment": "c"}
            case _:
                return self._job()

    def _job(self) -> JsonObject:
        return {
            "id": self.draw.choice(["a", "1", "1.0", "true", "é", ""]),
            "done": self.draw.random() < 0.5,
            "size": self.draw.randrange(0, 5),
            "tags": self.draw.sample(["x", "y", "z"], self.draw.randrange(0, 4)),
            "owner": self.draw.choice([None, "me", "you"]),
        }


def natively(flow: PythonFlow[..., Json], input: JsonObject, script: Script) -> Json:
    def stub(target: str) -> Callable[[JsonObject], Json]:
        def answer(event: JsonObject) -> Json:
            found = script.next(target, event["MessageBody"] if target in (QUEUE, TOPIC) else event)
            if isinstance(found, type):
                raise found("call")
            return found

        return answer

    functions = [str(function.target) for function in everyday.app.functions.values()]
    targets = [*functions, QUEUE, TOPIC, str(everyday.child.target)]
    with native(stubs={target: stub(target) for target in targets}):
        try:
            return "Succeeded", to_json(flow.native(**input))
        except FlowFailed as failed:
            return f"Failed {failed.error}", failed.cause
        except Enough:
            return "Enough", None


class Mocks(dict[str, Callable[[Invoke], Answer]]):
    """One mock for every call; `reports` holds what is to be reported on a token."""

    def __init__(self, script: Script) -> None:
        super().__init__(any=self.answer)
        self.script = script
        self.reports: dict[str, JsonObject] = {}

    def __missing__(self, key: str) -> Callable[[Invoke], Answer]:
        return self.answer

    def answer(self, invoke: Invoke) -> Answer:
        message = isinstance(invoke.target, QueueRef | TopicRef)
        event = (invoke.params or {})["MessageBody"] if message else invoke.input
        if message and isinstance(event, dict):
            event = {
                key: "$context.task.token" if value == invoke.token != "" else value for key, value in event.items()
            }
        found = self.script.next(str(invoke.target), event)
        if isinstance(found, type):
            told = caught(found("call"))
            return Fails(told.error, told.cause)
        if invoke.pattern is Pattern.WAIT_FOR_CALLBACK:
            self.reports[invoke.token] = found
            return Accepts()
        return Accepts(found) if invoke.pattern is Pattern.SYNC else found


def on_the_engine(flow: PythonFlow[..., Json], input: JsonObject, script: Script) -> Json:
    mocks = Mocks(script)
    driver = drive(flow.compile().flow, mocks, Settings(limits=NO_LIMITS))
    try:
        _run(driver, mocks, input)
    except Enough:
        return "Enough", None
    execution = driver.execution
    if execution.status == "Succeeded":
        return "Succeeded", execution.output
    return f"{execution.status} {execution.error}", execution.cause


def _run(driver: Driver, mocks: Mocks, input: JsonObject) -> None:
    driver.start(input).run()
    while mocks.reports:
        token, output = mocks.reports.popitem()
        driver.tell(Reported(driver.now, token, output)).run()


def input_of(flow: PythonFlow[..., Json], draw: random.Random) -> JsonObject:
    """Arguments for the parameters; of those that may be left out, some are."""
    parameters = inspect.signature(flow.body).parameters.values()
    given = [one for one in parameters if one.default is one.empty or draw.random() < 0.5]
    return {one.name: _argument(str(one.annotation), draw) for one in given}


def _argument(annotation: str, draw: random.Random) -> Json:
    if "None" in annotation and draw.random() < 0.4:
        return None
    known = {"int": draw.randrange(5), "bool": draw.random() < 0.5, "list[str]": ["a", "b"], "list[int]": [1, 2]}
    known |= {"dict[str, str]": {"v": "x"}, "dict[str, object]": {"v": 1}}
    return known.get(annotation.removesuffix(" | None"), draw.choice(["a", "1", "1.0", "true", "red"]))


@pytest.mark.parametrize("name", FLOWS)
def test_it_does_natively_what_it_does_compiled(name: str) -> None:
    flow = FLOWS[name]
    written = write(flow.compile().flow)
    assert not written.unsupported
    assert read(written.text).flow == flow.compile().flow
    for seed in range(SEEDS):
        input = input_of(flow, random.Random(seed))
        one, other = Script(random.Random(seed)), Script(random.Random(seed))
        assert (natively(flow, input, one), one.calls) == (on_the_engine(flow, input, other), other.calls), seed
