"""Whether two flows behave alike: both run on generated inputs against the same answers, in virtual time.

Compared are the calls with what they carried, the status, the output and the error's name. The words of causes and the
histories may differ, and so may tokens, which stand as `T` in what is compared.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fnfkit.engine import (
    Accepted,
    CancelTimer,
    Command,
    Completed,
    Event,
    Execution,
    Failed,
    Invoke,
    Program,
    Reported,
    ReportedFailure,
    Resume,
    SetTimer,
    Settings,
    Start,
    TimerFired,
    advance,
    compile,
)
from fnfkit.lang.trees import children
from fnfkit.model.expr import Const, Expr, Key, Path
from fnfkit.model.flow import ANY_ERROR, Choice, Flow, Foreach, Parallel, Pattern, Step, Task, Wait, bodies
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, TopicRef, Unresolved

MOST_CALLS = 200
"""Calls after which a run is stopped: a loop need not end by itself."""
_YEARS = 400 * 86_400_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: its calls in order, and how it ended."""

    calls: tuple[Json, ...]
    status: str
    output: Json
    error: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A trial in which two flows went apart."""

    seed: int
    input: JsonObject
    first: Outcome
    second: Outcome

    def __str__(self) -> str:
        return f"seed {self.seed}, input {self.input}:\n  {_told(self.first)}\n  {_told(self.second)}"


def _told(outcome: Outcome) -> str:
    end = f"{outcome.status} {outcome.error or outcome.output}"
    return f"{len(outcome.calls)} calls, {end}; calls: {list(outcome.calls)!r:.300}"


@dataclass(frozen=True, slots=True)
class Material:
    """What values are made of: the keys a flow reads, the constants it compares with, the errors it knows."""

    keys: tuple[str, ...]
    values: tuple[Json, ...]
    errors: tuple[str, ...]


def material(flow: Flow) -> Material:
    """The keys, constants and errors a flow mentions."""
    keys, values, errors = {"id"}, [0, 1, True, "x", None, [], [1, {"id": 2}]], {"FC.Unknown", "Custom"}
    for step in _steps(flow.steps):
        if isinstance(step, Task | Parallel | Foreach):
            known = [*(policy.errors for policy in step.retry), *(entry.errors for entry in step.catch)]
            errors |= {name for names in known for name in names if name != ANY_ERROR}
        for expr in _expressions(step):
            for node in _nodes(expr):
                if isinstance(node, Path):
                    keys |= {part.name for part in node.parts if isinstance(part, Key)}
                elif isinstance(node, Const) and not isinstance(node.value, dict):
                    values.append(node.value)
    return Material(tuple(sorted(keys)), tuple(values), tuple(sorted(errors)))


def _steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for body in bodies(step):
            yield from _steps(body)


def _expressions(step: Step) -> Iterator[Expr]:
    yield from (step.takes, step.gives)
    match step:
        case Choice(options=options):
            yield from (option.condition for option in options)
        case Foreach(collection=collection):
            yield collection
        case Task(params=params, on_error=on_error):
            yield from (expr for expr in (params, on_error) if expr is not None)
        case Wait(seconds=seconds, until=until):
            yield from (expr for expr in (seconds, until) if expr is not None)
        case _:
            return


def _nodes(expr: Expr) -> Iterator[Expr]:
    yield expr
    for child in children(expr):
        yield from _nodes(child)


def made_object(chance: random.Random, known: Material, depth: int = 2) -> JsonObject:
    """An object of known keys; its values are known constants, small numbers, lists and objects."""
    keys = chance.sample(known.keys, chance.randint(0, min(6, len(known.keys))))
    return {key: _made(chance, known, depth) for key in keys}


def _made(chance: random.Random, known: Material, depth: int) -> Json:
    kind = chance.random()
    if depth and kind < 0.25:
        return made_object(chance, known, depth - 1)
    if depth and kind < 0.4:
        return [_made(chance, known, depth - 1) for _ in range(chance.randint(0, 3))]
    return chance.choice(known.values) if kind < 0.85 else chance.randint(-2, 400)


@dataclass(slots=True)
class Script:
    """What the outside answers: the n-th call of a target gets the same answer in every run of a trial."""

    seed: int
    known: Material
    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, target: str) -> JsonObject | str:
        """A result, or the name of an error."""
        number = self.asked[target]
        self.asked[target] += 1
        chance = random.Random(f"{self.seed}/{target}/{number}")  # noqa: S311
        return chance.choice(self.known.errors) if chance.random() < 0.3 else made_object(chance, self.known)


def observe(program: Program, input: JsonObject, script: Script, *, without: frozenset[str] = frozenset()) -> Outcome:
    """One run to its end, or until it has made so many calls that it need not end."""
    return _Run(Execution(program, "flow", "run", Settings()), script, without).outcome(input)


class _Run:
    """Drives one execution in virtual time; every answer comes at once."""

    def __init__(self, execution: Execution, script: Script, without: frozenset[str]) -> None:
        self.without = without
        self.execution = execution
        self.script = script
        self.calls: list[Json] = []
        self.due: list[tuple[int, int]] = []
        self.cancelled: set[int] = set()

    def outcome(self, input: JsonObject) -> Outcome:
        self.tell(Start(0, input))
        while self.due and len(self.calls) < MOST_CALLS and not self.execution.ended:
            at, timer = heapq.heappop(self.due)
            if at > _YEARS:
                break
            if timer not in self.cancelled:
                self.tell(TimerFired(at, timer))
        execution = self.execution
        return Outcome(tuple(self.calls), execution.status, execution.output, execution.error)

    def tell(self, event: Event) -> None:
        pending = [event]
        while pending and len(self.calls) < MOST_CALLS:
            transition = advance(self.execution, pending.pop(0))
            for command in transition.commands:
                pending += self.perform(command)
            if transition.more and not pending:
                pending.append(Resume(self.execution.now))

    def perform(self, command: Command) -> Iterable[Event]:
        match command:
            case SetTimer(timer, due):
                heapq.heappush(self.due, (due, timer))
            case CancelTimer(timer):
                self.cancelled.add(timer)
            case Invoke():
                return self.invoked(command)
            case _:
                pass
        return ()

    def compared(self, params: JsonObject) -> JsonObject:
        return {key: value for key, value in params.items() if key not in self.without}

    def invoked(self, call: Invoke) -> list[Event]:
        now, target = self.execution.now, str(call.target)
        call = call if call.params is None else replace(call, params=self.compared(call.params))
        self.calls.append(_masked([target, call.pattern.value, *_carried(call)], call.token))
        answer = self.script.answer(target)
        if call.pattern is not Pattern.WAIT_FOR_CALLBACK:
            accepted: list[Event] = [Accepted(now, call.call)] if call.pattern is Pattern.SYNC else []
            failed = isinstance(answer, str)
            end: Event = Failed(now, call.call, str(answer), "") if failed else Completed(now, call.call, answer)
            return [*accepted, end]
        report: Event = (
            Reported(now, call.token, answer)
            if isinstance(answer, dict)
            else ReportedFailure(now, call.token, answer, "")
        )
        return [Accepted(now, call.call), report]


def _carried(call: Invoke) -> list[Json]:
    """What reaches the callee: only functions are given an input of their own (fdl.md 4.4, cloudflow.md 5.3)."""
    match call.target:
        case FunctionRef() | Unresolved():
            return [call.input, {"InvocationType": "Sync", **(call.params or {})}]
        case QueueRef() | TopicRef():
            return [{"Priority": 8, **(call.params or {})}]
        case FlowRef():
            return [{"Input": call.input} if call.params is None else call.params]
        case ActionRef():
            return [call.params or {}]


def _masked(value: Json, token: str) -> Json:
    if isinstance(value, dict):
        return {key: _masked(item, token) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, token) for item in value]
    return "T" if token and value == token else value


def differences(
    first: Flow, second: Flow, *, trials: int, seed: int, without: frozenset[str] = frozenset()
) -> Iterator[Difference]:
    """The trials in which two flows do not behave alike. `first` tells what inputs and answers are made of; parameters
    of the names `without` are not compared."""
    known = material(first)
    programs = compile(first), compile(second)
    for number in range(seed, seed + trials):
        input = made_object(random.Random(f"{number}/input"), known)  # noqa: S311
        one, other = (observe(program, input, Script(number, known), without=without) for program in programs)
        if one != other:
            yield Difference(number, input, one, other)
