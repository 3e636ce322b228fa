"""Compiled steps. Sequences and siblings are positions, expressions are formulas; None stands for FDL's default
(`takes`: the scope's input merged with its local; `gives`: the result), which the engine computes faster itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.engine.evaluate import Formula
from fnfkit.model.flow import Pattern, Retry
from fnfkit.model.names import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class PassNode:
    """A step without an act of its own: `pass` or `succeed`. `ends` closes its sequence."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitNode:
    """`timed` tells whether `extent` yields seconds or an instant."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool
    extent: Formula
    timed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FailNode:
    """Fails its sequence."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool
    error: str
    cause: str


@dataclass(frozen=True, slots=True)
class ArmNode:
    """What a choice does when it takes this arm; `body` and `goto` are positions or None."""

    condition: Formula | None
    body: int | None
    goto: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceNode:
    """The arms in order; the default, if any, is last and has no condition."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool
    arms: tuple[ArmNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelNode:
    """One sequence per branch."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool
    branches: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeachNode:
    """One sequence, run per item."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool
    collection: Formula
    item: str
    index: str | None
    body: int


@dataclass(frozen=True, slots=True)
class CatchNode:
    """Where an error goes on; `label` is the name the history shows."""

    errors: frozenset[str]
    goto: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNode:
    """A call. `resource` is the target as the history spells it."""

    name: str
    takes: Formula | None
    gives: Formula | None
    ends: bool
    target: Target
    resource: str
    pattern: Pattern
    params: Formula | None
    timeout: int | None
    retry: tuple[Retry, ...]
    catch: tuple[CatchNode, ...]
    on_error: Formula | None


Node: TypeAlias = PassNode | WaitNode | FailNode | ChoiceNode | ParallelNode | ForeachNode | TaskNode
