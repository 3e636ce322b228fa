"""The words of a flow: `wait`, `fail`, `parallel`, `part`, `saga`. Natively they do what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NoReturn, ParamSpec, TypeVar, TypeVarTuple

from fnfkit.dsl.failures import Failing
from fnfkit.dsl.native import current

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def wait(seconds: int | None = None, *, until: str | None = None) -> None:
    """Wait for some seconds, or until an RFC 3339 instant; 2 days at most (fdl.md 2.4)."""
    if (seconds is None) == (until is None):
        raise TypeError("wait takes either seconds= or until=")
    if seconds is not None and (run := current()) is not None:
        run.sleep(seconds)


def fail(error: str, cause: str = "") -> NoReturn:
    """Fail the flow (fdl.md 2.6). No `except` of this flow catches it; a flow that calls this one can."""
    raise Failing(error, cause)


def parallel(*results: *Ts) -> tuple[*Ts]:
    """Run the calls that are its arguments side by side and give their results in order (fdl.md 2.8)."""
    return results


@dataclass(frozen=True, slots=True, eq=False)
class Part(Generic[P, R]):
    """A piece of a flow with a name: every call of it becomes the steps of its body."""

    body: Callable[P, R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.body(*args, **kwargs)


def part(body: Callable[P, R]) -> Part[P, R]:
    """Make a function a part of flows: its steps stand where it is called, in a branch or an iteration too."""
    return Part(body)


class Saga:
    """Steps with their compensations: if a later one fails, those done are undone in reverse order."""

    def __init__(self, error: str, cause: str) -> None:
        self._error = error
        self._cause = cause
        self._undo: list[Callable[[], object]] = []

    def do(self, result: T, undo: Callable[[T], object] | None = None) -> T:
        """Note how to undo the call that gave `result`."""
        if undo is not None:
            undoing = undo
            self._undo.append(lambda: undoing(result))
        return result

    def __enter__(self) -> Saga:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception):
            return
        for undo in reversed(self._undo):
            undo()
        raise Failing(self._error, self._cause) from error


def saga(error: str = "SagaFailed", cause: str = "") -> Saga:
    """`with saga() as tx`: when a task inside fails, undo what `tx.do` noted, latest first, then fail with `error`."""
    return Saga(error, cause)
