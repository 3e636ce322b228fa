"""The expression algebra: what mappings, conditions and service parameters of every dialect lower to.

Dialects spell roots differently, and FDL spells two of them alike (`$local` is the scope's local in an
inputMappings source and the step's own result in an outputMappings source, fdl.md 3.2). A reader resolves that
once, so that an evaluator needs no knowledge of where an expression stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from fnfkit.model.json import Json


class Root(Enum):
    """The value a path starts from."""

    SCOPE_INPUT = "scope input"
    """Input of the scope (flow, branch, iteration, choice body) the step stands in."""
    SCOPE_LOCAL = "scope local"
    """Local of that scope before the step."""
    INPUT = "input"
    """The step's own input, after `takes`."""
    RESULT = "result"
    """What the step itself produced: FDL's own `$local`; for an error mapping `{"error", "cause"}`."""
    CONTEXT = "context"
    """The context object (fdl.md 3.7)."""


@dataclass(frozen=True, slots=True)
class Key:
    """`.name` or `["name"]`."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`; a negative n counts from the end."""

    position: int


@dataclass(frozen=True, slots=True)
class Wild:
    """`[*]` or `.*`: every element or member value. The path then yields a list of the matches."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:stop]`; undocumented, accepted with a warning (fdl.md 3.5)."""

    start: int | None
    stop: int | None


Part: TypeAlias = Key | Index | Wild | Slice


@dataclass(frozen=True, slots=True)
class Const:
    """A literal value; paths inside it are plain text (fdl.md 3.4)."""

    value: Json


@dataclass(frozen=True, slots=True)
class Path:
    """A look-up. `parts == ()` is the whole root value."""

    root: Root
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Object:
    """An object built from named expressions; of equal names the last wins (fdl.md 3.4)."""

    fields: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class List:
    """A list built from expressions."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A shallow union of objects; of equal keys the later wins (fdl.md 3.3)."""

    parts: tuple[Expr, ...]


class Compare(Enum):
    """Comparison operators with the coercions of fdl.md 5.3."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`."""

    op: Compare
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class And:
    """`left && right`, short-circuit on an exact false."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Or:
    """`left || right`, short-circuit on an exact true."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Negative:
    """`-operand`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function of dialects that have them; FDL v1 has none (fdl.md 3.8)."""

    function: str
    arguments: tuple[Expr, ...]


Expr: TypeAlias = Const | Path | Object | List | Merge | Comparison | And | Or | Not | Negative | Call

SCOPE_INPUT = Path(Root.SCOPE_INPUT)
SCOPE_LOCAL = Path(Root.SCOPE_LOCAL)
INPUT = Path(Root.INPUT)
RESULT = Path(Root.RESULT)
CONTEXT = Path(Root.CONTEXT)
EMPTY = Object(())
"""The object without fields, the output of a container without outputMappings (fdl.md 3.3)."""
EVERYTHING = Merge((SCOPE_INPUT, SCOPE_LOCAL))
"""FDL's default step input: the scope's input merged with its local, local wins (fdl.md 3.3)."""
