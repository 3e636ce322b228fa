"""The flow: a tree of steps, free of any dialect.

Every step has two expressions. `takes` builds the step's input from the scope (roots SCOPE_INPUT, SCOPE_LOCAL,
CONTEXT); `gives` builds the step's output from what it did (roots INPUT, RESULT, CONTEXT). A flow that
*accumulates* (FDL) merges each output into the scope's local; one that does not replaces the local by it
(CloudFlow, ASL). Durations are whole seconds, as flow authors write them.

In a flow that replaces, the first step finds the scope's input as the local, and `$context` says more: `execution`
holds `input`, `role` and `started` too, `step` the `name` and the `retries`, `item` the `index` and `value` of the
iteration, `globals` what steps have written with `globals`. There, `gives` may also read SCOPE_LOCAL, the raw input.

A step goes on with `next`, a sibling, or ends its sequence with `end`, or goes on with the step after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from fnfkit.model.expr import EMPTY, EVERYTHING, RESULT, Expr
from fnfkit.model.names import Target
from fnfkit.model.vocabulary import STEPS, UNBOUNDED, Bounds, Vocabulary

ANY_ERROR = "FnF.ALL"
"""The pattern that matches every error name (fdl.md 4.9)."""


class Pattern(Enum):
    """How a task waits for what it called (fdl.md 4.2)."""

    REQUEST_RESPONSE = "requestResponse"
    SYNC = "sync"
    WAIT_FOR_CALLBACK = "waitForCallback"


@dataclass(frozen=True, slots=True)
class Retry:
    """One retry policy (fdl.md 4.6): delay before retry n is min(interval * multiplier ** (n - 1), max_interval)."""

    errors: tuple[str, ...]
    interval: int = 1
    max_interval: int = 86400
    attempts: int = 3
    multiplier: float = 2


@dataclass(frozen=True, slots=True)
class Catch:
    """Where to go on after an error; `goto` names a sibling of the task (fdl.md 4.7). `gives` (roots INPUT and RESULT:
    error, cause) is what the scope's local gets, instead of the step's `on_error` (cloudflow.md 6)."""

    errors: tuple[str, ...]
    goto: str
    gives: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Calls `target`. `params` (root INPUT) are the serviceParams; `on_error` (root RESULT: error, cause) is merged
    into the scope's local before a catch jumps (fdl.md 4.8). `timeout` applies to one attempt; `timeout_from`
    (root INPUT) yields it. `sends` (root INPUT) is what the target is given in place of the step's input
    (cloudflow.md 5.1)."""

    name: str
    target: Target
    pattern: Pattern = Pattern.REQUEST_RESPONSE
    params: Expr | None = None
    timeout: int | None = None
    timeout_from: Expr | None = None
    retry: tuple[Retry, ...] = ()
    catch: tuple[Catch, ...] = ()
    on_error: Expr | None = None
    sends: Expr | None = None
    takes: Expr = EVERYTHING
    gives: Expr = RESULT
    globals: Expr | None = None
    next: str | None = None
    end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Does nothing; its result is `{}` (fdl.md 2.3)."""

    name: str
    takes: Expr = EVERYTHING
    gives: Expr = RESULT
    globals: Expr | None = None
    next: str | None = None
    end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Waits `seconds`, or `until` an RFC 3339 instant; exactly one is set, each with root INPUT (fdl.md 2.4)."""

    name: str
    seconds: Expr | None = None
    until: Expr | None = None
    takes: Expr = EVERYTHING
    gives: Expr = RESULT
    globals: Expr | None = None
    next: str | None = None
    end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One option of a choice, or its default: run `steps`, then go to `goto`, a sibling of the choice (fdl.md 2.7)."""

    steps: tuple[Step, ...] = ()
    goto: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A guarded option: `condition` has root INPUT."""

    condition: Expr
    arm: Arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Takes the first option whose condition holds, else the default, else goes on (fdl.md 2.7)."""

    name: str
    options: tuple[When, ...]
    default: Arm | None = None
    takes: Expr = EVERYTHING
    gives: Expr = RESULT
    globals: Expr | None = None
    next: str | None = None
    end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """Runs all branches at once; its result is the list of their locals (fdl.md 2.8). A retry runs them all again."""

    name: str
    branches: tuple[tuple[Step, ...], ...]
    retry: tuple[Retry, ...] = ()
    catch: tuple[Catch, ...] = ()
    takes: Expr = EVERYTHING
    gives: Expr = EMPTY
    globals: Expr | None = None
    next: str | None = None
    end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreach:
    """Runs `steps` once per element of `collection` (root INPUT); its result lists their locals (fdl.md 2.9).

    An iteration's input is the step's input with the element under the key `item`; or it is `each` (roots INPUT, and
    RESULT for the element). At most `concurrency` iterations run at a time."""

    name: str
    collection: Expr
    item: str
    steps: tuple[Step, ...]
    index: str | None = None
    each: Expr | None = None
    concurrency: int | None = None
    retry: tuple[Retry, ...] = ()
    catch: tuple[Catch, ...] = ()
    takes: Expr = EVERYTHING
    gives: Expr = EMPTY
    globals: Expr | None = None
    next: str | None = None
    end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed:
    """Ends its sequence, like `return` (fdl.md 2.5)."""

    name: str
    takes: Expr = EVERYTHING
    gives: Expr = RESULT
    globals: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """Fails its sequence, and so every owner up to the execution (fdl.md 2.6); `whole` says that no catch on the way
    may take it (cloudflow.md 2.7)."""

    name: str
    error: str = ""
    cause: str = ""
    whole: bool = False
    takes: Expr = EVERYTHING
    gives: Expr = RESULT


Step: TypeAlias = Task | Pass | Wait | Choice | Parallel | Foreach | Succeed | Fail
Container: TypeAlias = Choice | Parallel | Foreach


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A definition. `takes` has root SCOPE_INPUT (the execution's input), `gives` has roots INPUT (the flow's input)
    and RESULT (the flow's local). `timeout` covers the whole execution; `bounds` are a dialect's own limits, `words`
    what its histories call things. `title` is the name a definition gives itself."""

    steps: tuple[Step, ...]
    takes: Expr
    gives: Expr = RESULT
    timeout: int | None = None
    accumulates: bool = True
    bounds: Bounds = UNBOUNDED
    words: Vocabulary = STEPS
    title: str = ""


def bodies(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The sequences nested directly in a step, in text order; empty for simple steps."""
    match step:
        case Choice(options=options, default=default):
            arms = [option.arm.steps for option in options] + ([default.steps] if default else [])
            return tuple(arms)
        case Parallel(branches=branches):
            return branches
        case Foreach(steps=steps):
            return (steps,)
        case _:
            return ()
