"""Stubs: what stands for a function in a test, and what keeps a stub from promising what the function never would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from fnfkit.dsl.callee import hints_of
from fnfkit.dsl.failures import CloudError, caught
from fnfkit.dsl.function import Function, Project
from fnfkit.dsl.values import from_json, to_json
from fnfkit.model.json import Json, JsonObject
from fnfkit.workers.payload import InvalidPayload, convert

StubAnswer: TypeAlias = Json | BaseException | type[BaseException] | Callable[[JsonObject], Json]
"""What a stub answers: a value (dict, dataclass, model), an exception it raises, or a function of the event."""


class StubMisuse(AssertionError):
    """A stub was asked for what it was not given, or gave what the function's declaration excludes."""


class _Named(Exception):
    """Errors by the name of their class; they are shown as they were made."""

    def __repr__(self) -> str:
        return f"error({', '.join(repr(part) for part in (type(self).__name__, str(self)) if part)})"


def error(name: str, cause: str = "") -> Exception:
    """An exception that a flow sees as an error of that name, e.g. `error("FC.Unknown")`."""
    kind = type(name, (_Named,), {})
    made: Exception = kind(cause)
    return made


class Answers:
    """The answers of one stub. One answer serves every call; several are given in order, and no call more.

    `declared` is the annotation of the function's result; every answer is checked against it.
    """

    def __init__(self, name: str, answers: tuple[StubAnswer, ...], declared: Any = None) -> None:
        self._name, self._answers, self.declared = name, answers or ({},), declared
        self._lock = threading.Lock()
        self.calls = 0
        self.misuse: list[StubMisuse] = []

    def __call__(self, event: JsonObject) -> Json:
        with self._lock:
            self.calls += 1
            number = self.calls
        try:
            return self._checked(self._next(number), event)
        except StubMisuse as misuse:
            self.misuse.append(misuse)
            raise

    def _next(self, number: int) -> StubAnswer:
        if len(self._answers) == 1:
            return self._answers[0]
        if number > len(self._answers):
            raise StubMisuse(f"the stub of {self._name} has {len(self._answers)} answers and was called once more")
        return self._answers[number - 1]

    def _checked(self, answer: Any, event: JsonObject) -> Json:
        if isinstance(answer, type) and issubclass(answer, BaseException):
            answer = answer()
        if isinstance(answer, BaseException):
            raise as_flow_sees(answer)
        return self._typed(answer(event) if callable(answer) else answer)

    def _typed(self, answer: Json) -> Json:
        value = to_json(answer)
        if self.declared is not None:
            try:
                convert(value, self.declared, "the result")
            except InvalidPayload as refusal:
                raise StubMisuse(f"the stub of {self._name} gives what {self._name} never returns: {refusal}") from None
        return value


def as_flow_sees(raised: BaseException) -> BaseException:
    """An exception as a function would let it out: errors that have a name of their own keep it."""
    if not isinstance(raised, CloudError):
        return raised
    found = caught(raised)
    return error(found.error, found.cause if isinstance(found.cause, str) else str(found.cause))


def declared_result(function: Function[..., Any]) -> Any:
    """The annotation of a function's result, None without one."""
    return hints_of(function.body).get("return")


def in_project(function: Function[..., Any]) -> Callable[[JsonObject], Json] | None:
    """A function whose code is the decorated Python function, as something that takes an event; None for others."""
    if not isinstance(function.code, Project):
        return None
    body, hints, parameters = function.body, hints_of(function.body), function.parameters()

    def call(event: JsonObject) -> Json:
        taken = event if parameters.open else {name: event[name] for name in parameters.names if name in event}
        try:
            return to_json(body(**{name: from_json(hints.get(name), value) for name, value in taken.items()}))
        except CloudError as raised:
            raise as_flow_sees(raised) from raised

    return call
