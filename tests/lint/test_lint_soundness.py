"""The data-flow checker against the interpreter: flows are generated, checked and run.

What runs must be in the shapes: every input and local that the history shows is one that the checker thought
possible. An error-level finding on a step means that no execution ever gets through the step.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from fnfkit.engine import Execution, Settings
from fnfkit.engine.settings import Limits
from fnfkit.lint import Options, Promises, check_flow, from_schema
from fnfkit.lint.check import step_of
from fnfkit.lint.shapes.interpret import shapes_of
from fnfkit.lint.shapes.shape import Kind, Shape, kind_of
from fnfkit.lint.tree import places_of
from fnfkit.model.expr import (
    EMPTY,
    EVERYTHING,
    RESULT,
    SCOPE_INPUT,
    And,
    Compare,
    Comparison,
    Const,
    Expr,
    Index,
    Key,
    Not,
    Object,
    Or,
    Part,
    Path,
    Root,
    Wild,
)
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Retry,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.json import Json
from fnfkit.model.names import FunctionRef
from fnfkit.model.problem import Severity
from tests.engine.driver import Answer, Fails, run

T = TypeVar("T")
EXAMPLES = 4_000 if os.environ.get("FNFKIT_TEST_LONG") else 150
SETTINGS = Settings(limits=Limits(events=150))

RESULTS: Mapping[str, Json] = {
    "known": {
        "type": "object",
        "properties": {"a": {"enum": ["x", 1, True, None]}, "b": {"type": "array", "items": {"type": "number"}}},
        "required": ["a"],
        "additionalProperties": False,
    },
    "rich": {
        "type": "object",
        "properties": {"c": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}},
        "required": ["c"],
        "additionalProperties": False,
    },
    "unknown": {},
}
INPUT: Json = {
    "type": "object",
    "properties": {"a": {"type": "number"}, "d": {"type": "array", "items": {"enum": [1, "1", "x"]}}},
    "required": ["a"],
    "additionalProperties": False,
}
PROMISES = Promises(
    input=from_schema(INPUT), results={name: from_schema(schema) for name, schema in RESULTS.items() if schema}
)

NAMES = ("a", "b", "c", "d")
SCALARS = (None, True, False, 0, 1, 2.5, "x", "1", "true", "")


class Maker:
    """Makes flows, inputs and answers from one seed; small and quick, so that many can be tried."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def one(self, *choices: T) -> T:
        return self.random.choice(choices)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def value(self) -> Json:
        match self.random.randrange(6):
            case 0:
                return [self.one(*SCALARS) for _ in range(self.random.randrange(3))]
            case 1:
                return {self.one(*NAMES): self.one(*SCALARS) for _ in range(self.random.randrange(3))}
            case _:
                return self.one(*SCALARS)

    def part(self) -> Part:
        if self.chance(70):
            return Key(self.one(*NAMES))
        return Index(self.one(-1, 0, 1)) if self.chance(50) else Wild()

    def path(self, *roots: Root) -> Path:
        return Path(self.one(*roots), tuple(self.part() for _ in range(self.one(0, 1, 1, 1, 2))))

    def mapping(self, default: Expr, *roots: Root) -> Expr:
        if self.chance(50):
            return default
        return Object(tuple((self.one(*NAMES), self.source(*roots)) for _ in range(self.random.randrange(4))))

    def source(self, *roots: Root) -> Expr:
        return self.path(*roots) if self.chance(60) else Const(self.value())

    def takes(self) -> Expr:
        return self.mapping(EVERYTHING, Root.SCOPE_INPUT, Root.SCOPE_LOCAL)

    def gives(self, default: Expr = RESULT) -> Expr:
        return self.mapping(default, Root.INPUT, Root.RESULT)

    def condition(self, depth: int = 2) -> Expr:
        match self.random.randrange(8) if depth else 7:
            case 0:
                return And(self.condition(depth - 1), self.condition(depth - 1))
            case 1:
                return Or(self.condition(depth - 1), self.condition(depth - 1))
            case 2:
                return Not(self.condition(depth - 1))
            case 3:
                return self.path(Root.INPUT)
            case _:
                return Comparison(self.one(*Compare), self.operand(), self.operand())

    def operand(self) -> Expr:
        return self.path(Root.INPUT) if self.chance(60) else Const(self.one(*SCALARS))

    def steps(self, depth: int, least: int = 1) -> tuple[Step, ...]:
        names = []
        for _ in range(self.random.randint(least, 4)):
            self.count += 1
            names.append(f"S{self.count}")
        return tuple(self.step(name, names, depth) for name in names)

    def goto(self, names: list[str]) -> str | None:
        return self.one(*names) if self.chance(60) else None

    def step(self, name: str, names: list[str], depth: int) -> Step:
        simple = ("pass", "pass", "task", "task", "choice", "choice", "succeed", "fail", "wait")
        match self.one(*simple, *(("parallel", "foreach", "foreach") if depth else ())):
            case "pass":
                return Pass(name=name, takes=self.takes(), gives=self.gives(), end=self.chance(10))
            case "task":
                return self.task(name, names)
            case "choice":
                return self.choice(name, names, depth)
            case "parallel":
                branches = tuple(self.steps(depth - 1) for _ in range(self.one(1, 2)))
                return Parallel(name=name, branches=branches, takes=self.takes(), gives=self.gives(EMPTY))
            case "foreach":
                return self.foreach(name, depth)
            case "wait":
                length = self.path(Root.INPUT) if self.chance(60) else Const(1)
                timed, until = (length, None) if self.chance(80) else (None, self.path(Root.INPUT))
                return Wait(name=name, seconds=timed, until=until, takes=self.takes(), gives=self.gives())
            case "succeed":
                return Succeed(name=name, takes=self.takes(), gives=self.gives())
            case _:
                return Fail(name=name, error="Given up", takes=self.takes())

    def task(self, name: str, names: list[str]) -> Task:
        errors = self.one(("Boom",), ("FnF.ALL",), ("FnF.RuntimeError",))
        goto = self.goto(names)
        return Task(
            name=name,
            target=FunctionRef(self.one(*RESULTS), "lab"),
            params=Object((("P", self.path(Root.INPUT)),)) if self.chance(10) else None,
            takes=self.takes(),
            gives=self.gives(),
            catch=(Catch(errors, goto),) if goto else (),
            retry=(Retry(("Boom",), attempts=1),) if self.chance(30) else (),
            on_error=self.mapping(EMPTY, Root.INPUT, Root.RESULT) if self.chance(50) else None,
        )

    def choice(self, name: str, names: list[str], depth: int) -> Choice:
        options = tuple(When(condition=self.condition(), arm=self.arm(names, depth)) for _ in range(self.one(1, 2)))
        default = self.arm(names, depth) if self.chance(50) else None
        return Choice(name=name, options=options, default=default, takes=self.takes(), gives=self.gives())

    def arm(self, names: list[str], depth: int) -> Arm:
        return Arm(steps=self.steps(depth - 1, 0) if depth and self.chance(50) else (), goto=self.goto(names))

    def foreach(self, name: str, depth: int) -> Foreach:
        return Foreach(
            name=name,
            collection=Path(Root.INPUT, (Key("d"),)) if self.chance(70) else self.path(Root.INPUT),
            item=self.one(*NAMES),
            index=self.one(None, *NAMES),
            steps=self.steps(depth - 1),
            takes=self.takes(),
            gives=self.gives(EMPTY),
        )

    def flow(self) -> Flow:
        return Flow(
            steps=self.steps(2, 2),
            takes=self.mapping(SCOPE_INPUT, Root.SCOPE_INPUT),
            gives=self.gives(),
        )

    def instance(self, schema: Json) -> Json:
        """A value of one of the few schemas above; of the empty one, any object."""
        match schema:
            case {"enum": values}:
                return self.one(*values)
            case {"type": "number"}:
                return self.one(0, 1, 2.5)
            case {"type": "string"}:
                return self.one("x", "1", "true")
            case {"type": "array", "items": items}:
                return [self.instance(items) for _ in range(self.random.randrange(3))]
            case {"properties": properties, "required": required}:
                return {
                    name: self.instance(item)
                    for name, item in properties.items()
                    if name in required or self.chance(60)
                }
            case _:
                return {self.one(*NAMES): self.value() for _ in range(self.random.randrange(3))}

    def answer(self, name: str) -> Answer:
        return Fails("Boom") if self.chance(25) else self.instance(RESULTS[name])


def holds(shape: Shape, value: Json) -> bool:
    """Whether a value is one of those a shape stands for."""
    kind = kind_of(value)
    if not shape.kinds & kind:
        return False
    if kind is Kind.OBJECT:
        record = shape.record
        assert record is not None
        return (
            all(holds(record.fields[key], item) if key in record.fields else record.open for key, item in value.items())
            and record.fields.keys() - record.maybe <= value.keys()
        )
    if kind is Kind.ARRAY:
        row = shape.row
        assert row is not None
        exact = row.items is None or (
            len(row.items) == len(value) and all(holds(one, item) for one, item in zip(row.items, value, strict=True))
        )
        return exact and all(holds(row.element, item) for item in value)
    return shape.constants is None or (kind, value) in shape.constants


def execute(flow: Flow, maker: Maker) -> Execution:
    mocks = {name: lambda invoke, name=name: maker.answer(name) for name in RESULTS}
    return run(flow, maker.instance(INPUT), mocks, SETTINGS)


def trespasses(flow: Flow, execution: Execution) -> list[str]:
    """Where the execution did what the checker holds to be impossible."""
    shapes = shapes_of(flow, PROMISES)
    at = {place.step.name: place.at for place in places_of(flow)}
    found = check_flow(flow, Options(promises=PROMISES))
    wrong = {step_of(finding.path) for finding in found if finding.severity is Severity.ERROR}
    said = [] if execution.status != "Succeeded" or () not in wrong else ["the flow succeeds"]
    for event in execution.history:
        seen = shapes.get(at.get(event.step, ()))
        if event.step and seen is None:
            said.append(f"{event.step} is reached")
        elif event.type == "StepEntered" and seen is not None:
            said += [f"input before {event.step}"] * (not holds(seen.scope_input, event.detail["input"]))
            said += [f"local before {event.step}"] * (not holds(seen.scope_local, event.detail["local"]))
        elif event.type == "StepStarted" and seen is not None:
            said += [f"input of {event.step}"] * (not holds(seen.input, event.detail["input"]))
        elif event.type == "StepExited" and at[event.step] in wrong:
            said.append(f"{event.step} passes")
    return said


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**48))
def test_what_runs_is_in_the_shapes_and_what_is_an_error_never_passes(seed: int) -> None:
    maker = Maker(seed)
    flow = maker.flow()
    for _ in range(3):
        assert trespasses(flow, execute(flow, maker)) == []


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**48))
def test_no_rule_fails_on_any_flow(seed: int) -> None:
    every = Options(promises=PROMISES, enable=frozenset({"W11", "W17"}), scheduled=True)
    assert not [finding for finding in check_flow(Maker(seed).flow(), every) if finding.id == "X00"]


def test_the_generated_flows_try_what_matters() -> None:
    """The property above says something only if flows do run, do loop, and do have errors."""
    statuses, errors, longest = set[str](), 0, 0
    for seed in range(300):
        maker = Maker(seed)
        flow = maker.flow()
        execution = execute(flow, maker)
        statuses.add(execution.status)
        errors += any(finding.id[0] == "E" for finding in check_flow(flow, Options(promises=PROMISES)))
        longest = max(longest, len(execution.history))
    assert statuses == {"Succeeded", "Failed"}
    assert 30 < errors < 270 and longest > 100
