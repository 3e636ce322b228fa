"""What a task step can call, as a value: the target, how often to try, how long to wait, what it takes and returns."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Self

from fnfkit.dsl import shapes
from fnfkit.dsl.failures import patterns
from fnfkit.dsl.shapes import Shape
from fnfkit.model.flow import ANY_ERROR, Pattern, Retry
from fnfkit.model.json import Json
from fnfkit.model.names import Target


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a call. `open` means that any further keyword is taken too."""

    names: tuple[str, ...]
    required: frozenset[str]
    positional: int
    open: bool = False


ANYTHING = Parameters((), frozenset(), 0, open=True)


@lru_cache(maxsize=4096)
def parameters_of(function: Callable[..., Json]) -> Parameters:
    """The parameters of a function. TypeError for `*args`, which an event of named keys cannot carry."""
    named = []
    open_ = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise TypeError(f"{function.__name__} takes *{parameter.name}: an event has named keys only")
        if parameter.kind is parameter.VAR_KEYWORD:
            open_ = True
        else:
            named.append(parameter)
    return Parameters(
        tuple(parameter.name for parameter in named),
        frozenset(parameter.name for parameter in named if parameter.default is parameter.empty),
        sum(parameter.kind is not parameter.KEYWORD_ONLY for parameter in named),
        open_,
    )


@lru_cache(maxsize=4096)
def hints_of(function: Callable[..., Json]) -> dict[str, Json]:
    """The resolved annotations of a function, types of the enclosing function included.

    TypeError if one names a type that cannot be found.
    """
    code = function.__code__
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    local = {name: cell.cell_contents for name, cell in cells}
    try:
        return typing.get_type_hints(function, localns=local, include_extras=True)
    except NameError as error:
        raise TypeError(
            f"the annotations of {function.__name__} name a type that is not there ({error}): define it at module level"
        ) from None


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to call: the pattern, whether the call is asynchronous, and whether it has a result."""

    pattern: Pattern
    asynchronous: bool = False
    answers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Callee:
    """The part every handle shares. Each method gives a changed copy; the handle itself never changes."""

    MODES: ClassVar[Mapping[str, Mode]] = {}
    """The methods that are task steps."""
    SETTINGS: ClassVar[frozenset[str]] = frozenset({"retry", "timeout", "named", "at", "stateful"})
    """The methods that give a changed handle."""

    target: Target
    title: str
    """What it is called in Python; steps are named after it."""
    policies: tuple[Retry, ...] = ()
    limit: int | None = None
    """Seconds one attempt may take."""
    step: str = ""
    """The step name, where it was chosen by hand."""

    def retry(
        self,
        *errors: type[BaseException] | str,
        times: int = 3,
        every: int = 1,
        factor: float = 2,
        longest: int = 86400,
    ) -> Self:
        """Call again after these errors (none given: after every error), at most `times` times (fdl.md 4.6).

        Retry n waits `every * factor ** (n - 1)` seconds, never longer than `longest`. Policies are asked in order.
        """
        names = tuple(dict.fromkeys(name for error in errors for name in patterns(error))) or (ANY_ERROR,)
        policy = Retry(names, every, longest, times, factor)
        return dataclasses.replace(self, policies=(*self.policies, policy))

    def timeout(self, seconds: int) -> Self:
        """Give one attempt this many seconds; then it fails with `FnF.TaskTimeout` (fdl.md 4.1)."""
        return dataclasses.replace(self, limit=seconds)

    def named(self, step: str) -> Self:
        """Choose the name of the step."""
        return dataclasses.replace(self, step=step)

    def parameters(self) -> Parameters:
        """What a call may pass."""
        return ANYTHING

    def returns(self) -> Shape:
        """What a call gives."""
        return shapes.ANY
