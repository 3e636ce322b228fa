"""Flows as handles: what `@app.flow` and `@app.steps` leave behind, and references to flows that exist elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, ParamSpec, TypeVar

from fnfkit.dsl.callee import Callee, Mode, Parameters, hints_of, parameters_of
from fnfkit.dsl.compile import Compiled, compile_flow
from fnfkit.dsl.failures import CloudError, FlowFailed
from fnfkit.dsl.function import bound, elsewhere
from fnfkit.dsl.native import Call, Run, current, execute
from fnfkit.dsl.shapes import Shape, shape_of
from fnfkit.dsl.steps import Steps, compile_steps
from fnfkit.dsl.values import from_json, to_json
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_MODES: Mapping[str, Mode] = {
    "__call__": Mode(Pattern.SYNC),
    "start": Mode(Pattern.REQUEST_RESPONSE, answers=False),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PythonFlow(Callee, Generic[P, R]):
    """A flow written as Python. Called in another flow it is a sub-flow that is waited for (fdl.md 4.4)."""

    MODES: ClassVar[Mapping[str, Mode]] = _MODES

    name: str
    body: Callable[P, R]
    timeout_seconds: int | None = None
    _compiled: list[Compiled] = field(default_factory=list, repr=False)

    def compile(self) -> Compiled:
        """The flow in the model, with the Python line of every step. CompileError says what cannot be expressed."""
        if not self._compiled:
            self._compiled.append(compile_flow(self.body, self.timeout_seconds))
        return self._compiled[0]

    def native(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the flow as the Python it is. Raises FlowFailed where its execution would fail."""
        return execute(lambda: self.body(*args, **kwargs))

    def input(self, *args: P.args, **kwargs: P.kwargs) -> JsonObject:
        """The input of an execution with these arguments."""
        return bound(self.parameters(), args, kwargs)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        run = current()
        if run is None:
            return self.native(*args, **kwargs)
        call = Call(self.target, Pattern.SYNC, self.input(*args, **kwargs))
        result = run.perform(call, self.policies, lambda: self._child(*args, **kwargs))
        typed: R = from_json(hints_of(self.body).get("return"), result)
        return typed

    def start(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Start it and go on at once."""
        run = current() or Run()
        run.perform(Call(self.target, Pattern.REQUEST_RESPONSE, self.input(*args, **kwargs)), self.policies, dict)

    def _child(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it as a sub-flow: what fails it is an error that the parent can catch by name (fdl.md 2.6)."""
        try:
            return self.native(*args, **kwargs)
        except FlowFailed as failed:
            of_a_task = failed.__cause__
            if isinstance(of_a_task, Exception):  # the parent catches what it was
                raise of_a_task from of_a_task.__cause__
            raise as_error(failed.error, failed.cause) from failed

    def parameters(self) -> Parameters:
        return parameters_of(self.body)

    def returns(self) -> Shape:
        return shape_of(hints_of(self.body).get("return"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepsFlow(Callee):
    """A flow written step by step."""

    MODES: ClassVar[Mapping[str, Mode]] = _MODES

    name: str
    body: Callable[[Steps], None]
    _compiled: list[Compiled] = field(default_factory=list, repr=False)

    def compile(self) -> Compiled:
        """The flow in the model, with the Python line of every step."""
        if not self._compiled:
            flow, marks = compile_steps(self.body)
            self._compiled.append(Compiled(flow, self.body.__code__.co_filename, marks))
        return self._compiled[0]

    def input(self, **inputs: Json) -> JsonObject:
        """The input of an execution with these keys."""
        return {name: to_json(value) for name, value in inputs.items()}

    def __call__(self, **inputs: Json) -> JsonObject:
        return _elsewhere(self, Pattern.SYNC, inputs)

    def start(self, **inputs: Json) -> None:
        """Start it and go on at once."""
        _started(self, inputs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowReference(Callee, Generic[T]):
    """A flow that is defined elsewhere."""

    MODES: ClassVar[Mapping[str, Mode]] = _MODES

    name: str
    result: type[T]

    def __call__(self, **inputs: Json) -> T:
        typed: T = from_json(self.result, _elsewhere(self, Pattern.SYNC, inputs))
        return typed

    def start(self, **inputs: Json) -> None:
        """Start it and go on at once."""
        _started(self, inputs)

    def returns(self) -> Shape:
        return shape_of(self.result)


def _elsewhere(callee: Callee, pattern: Pattern, inputs: JsonObject) -> JsonObject:
    event = {name: to_json(value) for name, value in inputs.items()}
    found: JsonObject = (current() or Run()).perform(Call(callee.target, pattern, event), callee.policies, elsewhere)
    return found


def _started(callee: Callee, inputs: JsonObject) -> None:
    event = {name: to_json(value) for name, value in inputs.items()}
    (current() or Run()).perform(Call(callee.target, Pattern.REQUEST_RESPONSE, event), callee.policies, dict)


def as_error(name: str, cause: Json) -> CloudError:
    """An exception for an error name: the class that was derived for it, else a CloudError that carries the name."""
    rest = [CloudError]
    while rest:
        kind = rest.pop()
        if (kind.named or kind.__name__) == name:
            return kind(cause)
        rest += kind.__subclasses__()
    error = CloudError(cause)
    error.error = name
    return error
