"""What calls answer in a search: what the test says, or else made-up results with the keys that the flow reads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fnfkit.cloud.fc.function import Stub
from fnfkit.cloud.fc.outcome import Raised, Returned, call_stub
from fnfkit.dsl.values import to_json
from fnfkit.engine.commands import Invoke
from fnfkit.lint.tree import expressions_of, flow_expressions, paths_in, places_of
from fnfkit.model.expr import Key, Path, Root
from fnfkit.model.flow import Flow, Task
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.calls import spelled
from fnfkit.testing.schedule import check_names
from fnfkit.testing.sources import names_of
from fnfkit.testing.stubs import as_flow_sees

Answers: TypeAlias = Mapping[Any, Json | list[Json] | Callable[[JsonObject], Json]]
"""Results by step or target: a value, an exception, a list of these in turn (the last one for ever), or a function of
the event."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The paths a flow reads: of the local, and by step of the result of that very step."""

    local: tuple[Path, ...]
    own: Mapping[str, tuple[Path, ...]]

    def sample(self, step: str, local: Json, text: str) -> JsonObject:
        """A result that has what the step's own mappings read, and what the local still lacks; it never replaces
        what the local has, as a careful function would not either."""
        has = local if isinstance(local, dict) else {}
        lacking = tuple(path for path in self.local if isinstance(path.parts[0], Key) and path.parts[0].name not in has)
        return sample((*self.own.get(step, ()), *lacking), text)


@dataclass(slots=True)
class Results:
    """Gives each call that goes well its result, deterministically within one execution."""

    answers: Mapping[str, Json]
    wanted: Wanted
    _counts: dict[str, Iterator[int]] = field(default_factory=dict)

    def of(self, call: Invoke, local: Json) -> Returned | Raised:
        """The result of a call in a scope with that local, or the error that the test's own function raised."""
        names = (call.step, *names_of(call.target))
        key = next((name for name in names if name in self.answers), None)
        number = next(self._counts.setdefault(key or call.step, itertools.count()))
        if key is None:
            return Returned(self.wanted.sample(call.step, local, f"{call.step}-{number + 1}"))
        answer = self.answers[key]
        if isinstance(answer, list):
            answer = answer[min(number, len(answer) - 1)] if answer else {}
        if callable(answer) or isinstance(answer, BaseException):
            return call_stub(Stub(service="", name=call.step, answer=lambda event: _called(answer, event)), call.input)
        return Returned(to_json(answer))


def results(flow: Flow, answers: Answers | None) -> Callable[[], Results]:
    """Makes a fresh source of results for each execution.

    Raises `NoSuchStep` if an answer is for a step or a target that the flow does not have.
    """
    spelt = {spelled(key): value for key, value in (answers or {}).items()}
    _check_names(flow, spelt)
    wanted = _wanted(flow)
    return lambda: Results(spelt, wanted)


def _check_names(flow: Flow, names: Iterable[str]) -> None:
    tasks = [place.step for place in places_of(flow) if isinstance(place.step, Task)]
    steps = dict.fromkeys(task.name for task in tasks)
    targets = {name for task in tasks for name in names_of(task.target)}
    check_names((name for name in names if name not in targets), steps, "outcomes")


def _called(answer: Any, event: JsonObject) -> Json:
    if isinstance(answer, type) and issubclass(answer, BaseException):
        answer = answer()
    if isinstance(answer, BaseException):
        raise as_flow_sees(answer)
    try:
        return to_json(answer(event))
    except Exception as raised:
        raise as_flow_sees(raised) from raised


def sample(wanted: tuple[Path, ...], text: str) -> JsonObject:
    """An object that has all the keys of the paths, with a text that tells where each value comes from."""
    made: JsonObject = {}
    for path in wanted:
        keys = [part.name for part in path.parts if isinstance(part, Key)]
        if len(keys) != len(path.parts):
            continue
        place = made
        for key in keys[:-1]:
            inner = place.get(key)
            place[key] = place = inner if isinstance(inner, dict) else {}
        place.setdefault(keys[-1], f"{text}-{keys[-1]}")
    return made


def _wanted(flow: Flow) -> Wanted:
    local: dict[Path, None] = {}
    own: dict[str, tuple[Path, ...]] = {}
    for place in places_of(flow):
        paths = [path for expr, _ in expressions_of(place.step, place.at) for path in paths_in(expr) if path.parts]
        local |= dict.fromkeys(path for path in paths if path.root is Root.SCOPE_LOCAL)
        if isinstance(place.step, Task):
            gives = paths_in(place.step.gives)
            own[place.step.name] = tuple(path for path in gives if path.root is Root.RESULT and path.parts)
    for expr, _ in flow_expressions(flow):
        local |= dict.fromkeys(path for path in paths_in(expr) if path.root is Root.RESULT and path.parts)
    return Wanted(tuple(local), own)
