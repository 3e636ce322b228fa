"""Flows in any of the languages fnfkit reads, as something that the service runs and that tests look at.

FDL and state machines of CloudFlow are what they are. A state machine of the Amazon States Language is run as the
state machine of CloudFlow that says the same, as far as there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fnfkit.lang import asl, cloudflow, dialects, fdl
from fnfkit.lang.dialect import Reading, Unsupported, Writing
from fnfkit.lang.marked import load
from fnfkit.lint.tree import bodies_of
from fnfkit.model.expr import INPUT
from fnfkit.model.flow import Flow, Foreach, Parallel, Step, Task
from fnfkit.model.json import Json
from fnfkit.model.names import FunctionRef
from fnfkit.model.problem import Location, Mark

_INNER = ("Processor", "ItemProcessor", "Iterator")
"""What the scope of a Map is called, in CloudFlow and in both versions of the other language."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A flow that was read: what the service is given, the model, and where each step was written."""

    text: str
    flow: Flow
    marks: Mapping[Location, Mark]


class Untranslatable(ValueError):
    """A definition cannot be carried over to a language that the service runs; the message says what is in the way."""


def read(text: str) -> Reading:
    """What a text of any language defines. Never raises."""
    return asl.read(text) if _is_asl(load(text).value) else dialects.read(text)


def definition_of(text: str, reading: Reading, flow: Flow, name: str) -> Definition:
    """A text that was read without errors, for a flow of that name. Raises `Untranslatable`."""
    if flow.accumulates:
        return Definition(text, flow, reading.marks)
    document = load(text).value
    marks = dict(_marks(flow.steps, ("steps",), document, (), reading.marks))
    if not _is_asl(document):
        return Definition(text, flow, marks)
    written = write(replace(flow, title=name, steps=_with_bodies(flow.steps)))
    again = cloudflow.read(written)
    complaints = [problem.message for problem in again.errors]
    if again.flow is None or complaints:
        raise Untranslatable(f"the service cannot run this: {'; '.join(complaints)}")
    return Definition(written, again.flow, marks)


def _with_bodies(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with functions told to send their input, which CloudFlow does not do by itself (cloudflow.md 5.3)."""
    return tuple(map(_with_body, steps))


def _with_body(step: Step) -> Step:
    match step:
        case Task(target=FunctionRef(), sends=None):
            return replace(step, sends=INPUT)
        case Parallel(branches=branches):
            return replace(step, branches=tuple(map(_with_bodies, branches)))
        case Foreach(steps=steps):
            return replace(step, steps=_with_bodies(steps))
        case _:
            return step


def write(flow: Flow) -> str:
    """A model in the language it is of. Raises `Untranslatable`."""
    writing: Writing = fdl.write(flow) if flow.accumulates else cloudflow.write(flow)
    if writing.unsupported:
        language = "FDL" if flow.accumulates else "CloudFlow"
        raise Untranslatable(f"{language} cannot express this flow: {', '.join(map(_lost, writing.unsupported))}")
    return writing.text


def _lost(one: Unsupported) -> str:
    return f"{one.feature} at {'/'.join(map(str, one.path))}"


def _is_asl(document: Json) -> bool:
    return isinstance(document, dict) and "StartAt" in document and "States" in document and "Type" not in document


def _marks(
    steps: tuple[Step, ...], at: Location, scope: Json, place: Location, marks: Mapping[Location, Mark]
) -> Iterator[tuple[Location, Mark]]:
    """The places of states by where the model has them: there, the state of StartAt comes first."""
    states = dict(_states(scope))
    for position, step in enumerate(steps):
        key, state = states.get(step.name, (None, None))
        if key is None:
            continue
        here, there = (*at, position), (*place, "States", key)
        if (mark := marks.get(there)) is not None:
            yield here, mark
        for body, (inner, beside) in zip(bodies_of(step, here), _scopes(step, state), strict=False):
            yield from _marks(body.steps, body.at, inner, (*there, *beside), marks)


def _states(scope: Json) -> Iterator[tuple[str, tuple[int | str, Json]]]:
    states = scope.get("States") if isinstance(scope, dict) else None
    if isinstance(states, dict):
        yield from ((name, (name, state)) for name, state in states.items())
    elif isinstance(states, list):
        yield from ((str(state.get("Name")), (at, state)) for at, state in enumerate(states) if isinstance(state, dict))


def _scopes(step: Step, state: Json) -> Iterator[tuple[Json, Location]]:
    if not isinstance(state, dict):
        return
    match step:
        case Parallel():
            yield from ((branch, ("Branches", at)) for at, branch in enumerate(state.get("Branches") or ()))
        case Foreach():
            yield from ((state[key], (key,)) for key in _INNER if key in state)
        case _:
            return
