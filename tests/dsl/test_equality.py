"""A flow gives the same natively as compiled on the engine: result or error, and calls with arguments in order."""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from fnfkit import FC, App, FlowFailed, native
from fnfkit.dsl.failures import caught
from fnfkit.dsl.flow import PythonFlow
from fnfkit.engine import NO_LIMITS, Invoke, Settings
from fnfkit.lang.fdl.read import read
from fnfkit.lang.fdl.write import write
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from tests.dsl import world
from tests.dsl.programs import TEXTS, programs
from tests.engine.driver import Accepts, Answer, Fails, drive

LONG = bool(os.environ.get("FNFKIT_TEST_LONG"))
MOST_CALLS = 40

texts = st.sampled_from(TEXTS)
numbers = st.integers(-1, 3)
inners = st.fixed_dictionaries({"k": texts, "v": st.sampled_from([0.0, 1.5, 2.5])})
outs = st.fixed_dictionaries(
    {
        "n": numbers,
        "s": texts,
        "ok": st.booleans(),
        "maybe": st.none() | texts,
        "count": st.none() | numbers,
        "flag": st.none() | st.booleans(),
        "items": st.lists(texts, max_size=3),
        "inner": inners,
        "other": st.none() | inners,
    }
)
failures = st.sampled_from([world.Broken, world.Worse, world.Known, FC.Unknown, KeyError])
answers = st.lists(st.one_of(outs, outs, outs, failures), min_size=1, max_size=12)
inputs = st.fixed_dictionaries(
    {"p": numbers, "q": texts, "r": st.booleans(), "xs": st.lists(texts, max_size=3), "m": st.none() | texts},
    optional={"d": numbers, "w": texts},
)


class Enough(BaseException):
    """A program that calls on and on is compared up to here."""


class Outcome(NamedTuple):
    """How a run ended, and every call it made."""

    ended: str
    result: Json
    calls: list[tuple[str, JsonObject]]


@dataclass
class Script:
    """Answers call after call, round and round."""

    answers: list[Json]
    calls: list[tuple[str, JsonObject]] = field(default_factory=list)

    def next(self, function: str, event: JsonObject) -> JsonObject | type[Exception]:
        if len(self.calls) == MOST_CALLS:
            raise Enough
        self.calls.append((function, event))
        found: JsonObject | type[Exception] = self.answers[(len(self.calls) - 1) % len(self.answers)]
        return found

    def stub(self, function: str) -> Callable[[JsonObject], Json]:
        def answer(event: JsonObject) -> Json:
            found = self.next(function, event)
            if isinstance(found, type):
                raise found(f"call {len(self.calls)}")
            return found

        return answer

    def mock(self, invoke: Invoke) -> Answer:
        found = self.next(CALLED[str(invoke.target)], invoke.input)
        answer: Answer = found
        if isinstance(found, type):
            told = caught(found(f"call {len(self.calls)}"))
            answer = Fails(told.error, told.cause)
        return Accepts(answer) if invoke.pattern is Pattern.SYNC else answer


def flow_of(source: str) -> PythonFlow[..., Json]:
    """The flow `program` of a source text."""
    file = f"<program {abs(hash(source))}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {name: getattr(world, name) for name in world.__all__}
    exec(compile(source, file, "exec", dont_inherit=True), names)
    return App("programs").flow(names["program"])


CALLED = {str(callee.target): callee.title for callee in (world.f0, world.f1, world.f2, world.sub)}


class Mocks(dict[str, Callable[[Invoke], Answer]]):
    """One mock for every function and sub-flow."""

    def __init__(self, mock: Callable[[Invoke], Answer]) -> None:
        super().__init__(any=mock)

    def __missing__(self, key: str) -> Callable[[Invoke], Answer]:
        return self["any"]


def natively(flow: PythonFlow[..., Json], input: JsonObject, script: Script) -> Outcome:
    with native(stubs={name: script.stub(name) for name in CALLED.values()}):
        try:
            return Outcome("Succeeded", flow.native(**input), script.calls)
        except FlowFailed as failed:
            return Outcome(f"Failed {failed.error}", failed.cause, script.calls)
        except Enough:
            return Outcome("Enough", None, script.calls)


def on_the_engine(flow: PythonFlow[..., Json], input: JsonObject, script: Script) -> Outcome:
    driver = drive(flow.compile().flow, Mocks(script.mock), Settings(limits=NO_LIMITS))
    try:
        execution = driver.start(input).run().execution
    except Enough:
        return Outcome("Enough", None, script.calls)
    if execution.status == "Succeeded":
        return Outcome("Succeeded", execution.output, script.calls)
    return Outcome(f"{execution.status} {execution.error}", execution.cause, script.calls)


@settings(
    max_examples=2_000 if LONG else 100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(programs(), inputs, answers)
def test_a_flow_does_natively_what_it_does_compiled(source: str, input: JsonObject, given_answers: list[Json]) -> None:
    note(source)
    flow = flow_of(source)
    compiled = flow.compile()
    written = write(compiled.flow)
    note(written.text)
    assert not written.unsupported
    assert read(written.text).flow == compiled.flow
    assert natively(flow, input, Script(given_answers)) == on_the_engine(flow, input, Script(given_answers))
