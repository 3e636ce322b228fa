"""Steps of FDL in a row that build values under keys of the local, and rows put in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest

from fnfkit.lang.translate.names import Names
from fnfkit.lang.translate.origins import Keys
from fnfkit.lang.translate.sources import TOKEN, computed, fields_of, paths
from fnfkit.lang.translate.translation import at
from fnfkit.lang.translate.undone import Foreign
from fnfkit.model.expr import EMPTY, INPUT, SCOPE_LOCAL, Const, Expr, Object, Path
from fnfkit.model.flow import Arm, Choice, Fail, Pass, Step, Succeed, When

DATA = "data"
"""Under which a scope's local has what the next state is given."""
_UNKNOWN = "a whole object that is handed on, whose keys are not known"


def local(key: str) -> Path:
    """A value that a step before has kept."""
    return at(SCOPE_LOCAL, key)


class Chain:
    """The steps of one state. The first has the state's name, since that is where jumps go; `keys` says which keys the
    values at some paths have."""

    def __init__(self, names: Names, first: str, keys: dict[Path, Keys]) -> None:
        self.names = names
        self.first = first
        self.keys = keys
        self.steps: list[Step] = []
        self._parts = 0

    def name(self) -> str:
        """The name of the step that is added next."""
        return self.names.fresh(f"{self.first} then") if self.steps else self.first

    def store(self, key: str, value: Expr) -> Path:
        """Keep a value under a key of the local; returns where it is then. Raises Foreign."""
        if isinstance(value, Path | Const):
            takes, gives = Object(((key, value),)), at(INPUT, key)
        else:
            takes, gives = self.mapping(value), INPUT
        if TOKEN in paths(takes):
            raise Foreign("a token inside an object inside what a function is given")
        self.steps.append(Pass(name=self.name(), takes=takes, gives=Object(((key, gives),))))
        return local(key)

    def mapping(self, value: Expr) -> Object:
        """An object as a mapping list can build it; objects in it are stored before. Raises Foreign."""
        fields = fields_of(value, self.keys, _UNKNOWN)
        return Object(tuple((key, self.source(item)) for key, item in fields))

    def source(self, value: Expr) -> Path | Const:
        """A value as the source of a mapping. Raises Foreign."""
        match value:
            case Path() | Const():
                return value
            case Object():
                self._parts += 1
                return self.store(f"part{self._parts}", value)
            case _:
                raise Foreign(computed(value))


@dataclass(slots=True)
class Row:
    """Steps that run one after the other, and the step after them; None is the end of the scope."""

    steps: list[Step]
    goes_to: str | None


def in_sequence(rows: Iterable[Row], names: Names) -> tuple[Step, ...]:
    """The rows as one sequence. What does not go on with the next row gets a choice that jumps."""
    kept = list(rows)
    out: list[Step] = []
    for row, following in zip_longest(kept, kept[1:]):
        *steps, last = row.steps
        out += steps
        if isinstance(last, Choice | Fail | Succeed):
            out.append(last)
        elif row.goes_to is None:
            out.append(replace(last, end=following is not None))
        elif following is not None and following.steps[0].name == row.goes_to:
            out.append(last)
        else:
            out += [last, jump(names.fresh(f"{last.name} next"), row.goes_to)]
    return tuple(out)


def jump(name: str, goto: str) -> Choice:
    """A step that does nothing but go on elsewhere."""
    return Choice(name=name, options=(When(condition=Const(True), arm=Arm(goto=goto)),), takes=EMPTY)
