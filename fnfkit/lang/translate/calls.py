"""What a task is called with, where the call is given no more than the step's input and `serviceParams` (fdl.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fnfkit.lang.translate.chain import DATA, Chain
from fnfkit.lang.translate.origins import Known
from fnfkit.lang.translate.sources import TOKEN, check, flat, paths, reads
from fnfkit.lang.translate.translation import at, below
from fnfkit.lang.translate.undone import Foreign
from fnfkit.lang.trees import with_paths
from fnfkit.model.expr import EMPTY, EVERYTHING, INPUT, SCOPE_INPUT, SCOPE_LOCAL, Const, Expr, Key, Object, Path, Root
from fnfkit.model.flow import ANY_ERROR, Task
from fnfkit.model.names import FunctionRef, Unresolved

RUNTIME_ERROR = "FnF.RuntimeError"
_SYNC = Const("Sync")


class Caller(Protocol):
    """The state that calls."""

    chain: Chain
    raw: Path

    def over(self, expr: Expr, own: Expr) -> Expr: ...

    def built(self) -> Path: ...

    def context(self, path: Path) -> Expr: ...


@dataclass(frozen=True, slots=True)
class Called:
    """The step's input and parameters, where the state's own input is afterwards, and whether that is the step's."""

    takes: Expr
    params: Expr | None
    own: Path
    direct: bool = False


def called_with(task: Task, state: Caller) -> Called:
    """How a step calls what a state calls. Raises Foreign."""
    if not isinstance(task.target, FunctionRef | Unresolved):
        own = state.built()
        return Called(*_parameters(task, own, state), own)
    params = _invocation(task)
    sends = INPUT if task.sends is None else task.sends
    if task.takes != SCOPE_LOCAL and sends == INPUT:
        # The function is given the state's own input, which the step can keep.
        takes = state.chain.mapping(state.over(task.takes, INPUT))
        own = at(SCOPE_LOCAL, "own")
        state.chain.keys[own] = tuple(key for key, _ in takes.fields)
        return Called(takes, params, own, direct=True)
    own = state.built()
    event = state.over(sends, own)
    untouched = event == SCOPE_INPUT == state.raw and not state.chain.steps
    return Called(EVERYTHING if untouched else state.chain.mapping(event), params, own)


def _invocation(task: Task) -> Expr | None:
    """The parameters of a call of a function; Sync is what FDL does without any."""
    fields = dict(task.params.fields) if isinstance(task.params, Object) else {}
    if not all(isinstance(value, Const) for value in fields.values()):
        raise Foreign("an invocationType that is an expression")
    return None if fields in ({}, {"InvocationType": _SYNC}) else task.params


def _parameters(task: Task, own: Path, state: Caller) -> tuple[Expr, Expr | None]:
    """The parameters of a call, over an input that has what they read."""
    seen: dict[str, Expr] = {}

    def change(path: Path) -> Expr:
        if path.root is Root.INPUT:
            seen[DATA] = own
            return below(at(INPUT, DATA), path.parts)
        found = state.context(path)
        if not isinstance(found, Path):
            return found
        key = {Root.CONTEXT: "token" if path == TOKEN else "name"}.get(found.root, f"seen{len(seen)}")
        seen[key] = found
        return at(INPUT, key)

    written = flat(task.params or Object(()), {INPUT: state.chain.keys.get(own)})
    check(written)
    params = with_paths(written, change)
    return (Object(tuple(seen.items())) if seen else EMPTY), params


# -- errors of building


def catches_runtime_errors(task: Task) -> bool:
    """Whether a catch takes what goes wrong where a task's input and output are built (fdl.md 3.6)."""
    return any(name in (ANY_ERROR, RUNTIME_ERROR) for entry in task.catch for name in entry.errors)


def touched(task: Task, known: Known, *, helped: bool) -> list[tuple[str, Expr]]:
    """What the step itself has to read, so that its catch takes the error of a path that a step behind it would miss.
    Raises Foreign where a step before it, or one behind it, may miss another."""
    before = [*paths(task.takes), *(path for expr in (task.sends, task.params) if expr for path in paths(expr))]
    # Where its own input cannot be built, a state's Catch sees the input that the state before has left.
    sees = task.takes != SCOPE_LOCAL and any(reads(entry.gives or INPUT, Root.INPUT) for entry in task.catch)
    if (helped or sees) and not all(_is_there(path, known) for path in before):
        raise Foreign(f"a missing path in what {task.name} is given, which its Catch takes")
    behind = [path for path in paths(task.gives) if path.parts]
    for path in behind:
        if path.root is Root.INPUT and not (_is_there(path, known) or any(_leads_to(path, other) for other in before)):
            raise Foreign(f"a missing path in the output of {task.name}, which its Catch takes")
    read = dict.fromkeys(path for path in behind if path.root is Root.RESULT)
    return [(f"seen{number}", path) for number, path in enumerate(read, 1)]


def _is_there(path: Path, known: Known) -> bool:
    """Whether a path cannot be missing: it is whole, or a key that every way to the state has set."""
    match path.parts:
        case ():
            return True
        case (Key(name),):
            return path.root is Root.CONTEXT or name in (known.keys or ())
        case _:
            return path.root is Root.CONTEXT


def _leads_to(path: Path, other: Path) -> bool:
    return path.root is other.root and other.parts[: len(path.parts)] == path.parts
