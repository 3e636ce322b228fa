"""`@app.function`: a typed handle that is still the function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, NoReturn, ParamSpec, Self, TypeAlias, TypeVar

from fnfkit.dsl.callee import Callee, Mode, Parameters, hints_of, parameters_of
from fnfkit.dsl.native import Call, Run, current
from fnfkit.dsl.shapes import Shape, shape_of
from fnfkit.dsl.values import from_json, to_json
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef

P = ParamSpec("P")
R = TypeVar("R")


class Unanswered(BaseException):
    """A native run called something that lives elsewhere, and no stub stands in for it."""


def elsewhere() -> NoReturn:
    """The body of a function whose code lives elsewhere: a folder, or a function that is deployed already."""
    raise Unanswered("this code lives elsewhere: give it an answer, by native(stubs={...}) or cloud.stub(...)")


@dataclass(frozen=True, slots=True)
class Project:
    """Code that is the decorated Python function itself."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Code in a folder, with a handler like `index.handler`."""

    path: str
    handler: str = "index.handler"


@dataclass(frozen=True, slots=True)
class Deployed:
    """Code that is in the cloud already and not ours to deploy."""


Code: TypeAlias = Project | Folder | Deployed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Function(Callee, Generic[P, R]):
    """A Function Compute function. Calling it in a test runs it; calling it in a flow is a task step."""

    MODES: ClassVar[Mapping[str, Mode]] = {
        "__call__": Mode(Pattern.REQUEST_RESPONSE),
        "callback": Mode(Pattern.WAIT_FOR_CALLBACK),
        "submit": Mode(Pattern.REQUEST_RESPONSE, asynchronous=True, answers=False),
        "wait_for": Mode(Pattern.SYNC, asynchronous=True),
    }

    body: Callable[P, R]
    ref: FunctionRef
    code: Code = Project()
    id: str = ""
    """The id of a stateful asynchronous invocation: a constant, or in a flow one of the call's arguments."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        run = current()
        if run is None:
            return self.body(*args, **kwargs)
        return self._perform(run, Pattern.REQUEST_RESPONSE, *args, **kwargs)

    def callback(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it and wait for a report on `context.task.token`, which one argument should carry (fdl.md 4.2)."""
        return self._perform(current() or Run(), Pattern.WAIT_FOR_CALLBACK, *args, **kwargs)

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Start it and go on at once (fdl.md 4.2)."""
        self._perform(current() or Run(), Pattern.REQUEST_RESPONSE, *args, **kwargs)

    def wait_for(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Start it asynchronously and wait for its end (fdl.md 4.2, pattern sync)."""
        return self._perform(current() or Run(), Pattern.SYNC, *args, **kwargs)

    def at(self, qualifier: str) -> Self:
        """A version or an alias of it (fdl.md 4.3)."""
        ref = dataclasses.replace(self.ref, qualifier=qualifier)
        return dataclasses.replace(self, ref=ref, target=ref)

    def stateful(self, task_id: str) -> Self:
        """Give asynchronous invocations an id, unique over all functions (fdl.md 4.4)."""
        return dataclasses.replace(self, id=task_id)

    def parameters(self) -> Parameters:
        return parameters_of(self.body)

    def returns(self) -> Shape:
        return shape_of(hints_of(self.body).get("return"))

    def event(self, *args: P.args, **kwargs: P.kwargs) -> JsonObject:
        """The event these arguments make."""
        return bound(self.parameters(), args, kwargs)

    def _perform(self, run: Run, pattern: Pattern, *args: P.args, **kwargs: P.kwargs) -> R:
        call = Call(self.target, pattern, self.event(*args, **kwargs))
        result = run.perform(call, self.policies, lambda: self.body(*args, **kwargs))
        typed: R = from_json(hints_of(self.body).get("return"), result)
        return typed


def bound(parameters: Parameters, args: tuple[Json, ...], kwargs: dict[str, Json]) -> JsonObject:
    """Arguments by name, as JSON, in the order they were given."""
    named = dict(zip(parameters.names, args, strict=False)) | kwargs
    return {name: to_json(value) for name, value in named.items()}
