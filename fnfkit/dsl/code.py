"""Between Python and the model: a flat list of steps to be, labels and jumps, one list per sequence of the flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from fnfkit.dsl.errors import Node
from fnfkit.model.expr import Const, Expr, Path
from fnfkit.model.flow import Pattern, Retry
from fnfkit.model.names import Target

Source: TypeAlias = Const | Path
"""What a mapping item of FDL can be: a constant or a path (fdl.md 3.4)."""


class Label:
    """A place in a sequence. `lands` is filled in when the sequence is put together."""

    __slots__ = ("lands",)

    def __init__(self) -> None:
        self.lands: Landing = None


@dataclass(slots=True)
class Jump:
    """Go on at a label."""

    label: Label


@dataclass(slots=True)
class Handler:
    """An `except` clause: the error names it is for, where it starts, and what it wants to know of the error."""

    errors: tuple[str, ...]
    label: Label
    wants: dict[str, str] = field(default_factory=dict)
    """`"error"` and `"cause"`, each with the key of `$local` that holds it."""
    reached: bool = False


@dataclass(slots=True, kw_only=True)
class Draft:
    """A step to be. `gives` holds its outputMappings by target; `second` is the name to use if the first is taken."""

    node: Node
    hint: str
    second: str = ""
    chosen: str = ""
    name: str = ""
    end: bool = False
    gives: dict[str, Source] = field(default_factory=dict)
    temporary: str = ""
    """The one key among `gives` that only the next assignment looks at."""


@dataclass(slots=True, kw_only=True)
class TaskDraft(Draft):
    """A task. `takes` holds its inputMappings by target."""

    target: Target
    pattern: Pattern
    takes: dict[str, Source]
    params: Expr | None = None
    limit: int | None = None
    policies: tuple[Retry, ...] = ()
    handlers: tuple[Handler, ...] = ()


@dataclass(slots=True, kw_only=True)
class PassDraft(Draft):
    """A pass. Without `takes` it gets everything (fdl.md 3.3)."""

    takes: dict[str, Source] = field(default_factory=dict)
    names_itself: bool = False
    """Its hint is made from the keys it gives."""


@dataclass(slots=True, kw_only=True)
class WaitDraft(Draft):
    """A wait; exactly one of the two is set."""

    seconds: Source | None = None
    until: Source | None = None


@dataclass(slots=True, kw_only=True)
class Option:
    """A guarded jump of a branch."""

    condition: Expr
    label: Label
    node: Node


@dataclass(slots=True, kw_only=True)
class BranchDraft(Draft):
    """A choice that only jumps. Without a default it goes on with what follows. `takes` as for a pass."""

    options: list[Option]
    default: Label | None = None
    takes: dict[str, Source] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ArmsDraft(Draft):
    """A choice whose options hold steps; a None condition is the default."""

    arms: list[tuple[Expr | None, Sequence]]
    takes: dict[str, Source | Path] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ForeachDraft(Draft):
    """A foreach."""

    collection: Source
    item: str
    index: str | None
    body: Sequence


@dataclass(slots=True, kw_only=True)
class ParallelDraft(Draft):
    """A parallel."""

    branches: list[Sequence]


@dataclass(slots=True, kw_only=True)
class FailDraft(Draft):
    """A fail."""

    error: str
    cause: str


@dataclass(slots=True, kw_only=True)
class ReturnDraft(Draft):
    """The end of the flow with its output: key by key, sources as for a step's input."""

    fields: dict[str, Source]


@dataclass(slots=True, kw_only=True)
class DoneDraft(Draft):
    """A succeed without mappings: where jumps to the end land."""


Item: TypeAlias = Label | Jump | Draft
Landing: TypeAlias = Draft | Label | None
"""Where a label leads: a step, another label (a jump stands there), or None, the end of the sequence."""


@dataclass(slots=True, eq=False)
class Sequence:
    """One `steps:` list to be: the main line, and lines that the main line never runs into."""

    code: list[Item] = field(default_factory=list)
    cold: list[list[Item]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """Keys that are in the sequence's own local; every other key is read from its input (fdl.md 2.7 to 2.9)."""
    handlers: tuple[Handler, ...] = ()
    """What catches the errors of a task that is added now, innermost first."""
    arm: bool = False
    """Whether it is the body of a choice's option, out of which no step can jump."""
