"""Compiled steps. Sequences and siblings are positions, expressions are formulas; None stands for the defaults of
flows that accumulate (`takes`: the scope's input merged with its local; `gives`: the result), which the engine
computes faster itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.engine.evaluate import Formula
from fnfkit.model.flow import Pattern, Retry
from fnfkit.model.names import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNode:
    """What every step has. `onward` is the position it goes on at; that behind the last step ends its sequence."""

    name: str
    takes: Formula | None
    gives: Formula | None
    globals: Formula | None
    onward: int


@dataclass(frozen=True, slots=True)
class CatchNode:
    """Where an error goes on, and what the local gets; `label` is the name the history shows."""

    errors: frozenset[str]
    goto: int
    label: str
    gives: Formula | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedNode(StepNode):
    """A step that retries and catches. `resource` is a task's target as the history spells it."""

    resource: str
    retry: tuple[Retry, ...]
    catch: tuple[CatchNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassNode(StepNode):
    """A step without an act of its own: `pass` or `succeed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitNode(StepNode):
    """`timed` tells whether `extent` yields seconds or an instant."""

    extent: Formula
    timed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FailNode(StepNode):
    """Fails its sequence; `whole`: the execution at once."""

    error: str
    cause: str
    whole: bool


@dataclass(frozen=True, slots=True)
class ArmNode:
    """What a choice does when it takes this arm; `body` and `goto` are positions or None."""

    condition: Formula | None
    body: int | None
    goto: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceNode(StepNode):
    """The arms in order; the default, if any, is last and has no condition."""

    arms: tuple[ArmNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelNode(GuardedNode):
    """One sequence per branch."""

    branches: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeachNode(GuardedNode):
    """One sequence, run per item."""

    collection: Formula
    item: str
    index: str | None
    each: Formula | None
    body: int
    concurrency: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNode(GuardedNode):
    """A call."""

    target: Target
    pattern: Pattern
    params: Formula | None
    sends: Formula | None
    timeout: int | None
    timeout_from: Formula | None
    on_error: Formula | None


Node: TypeAlias = PassNode | WaitNode | FailNode | ChoiceNode | ParallelNode | ForeachNode | TaskNode
