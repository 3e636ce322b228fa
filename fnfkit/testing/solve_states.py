"""Values worth trying in a state machine, whose data is passed on from state to state under ever new keys.

Where a value comes from is not followed through every constructor. A path may be read from the input or from a result
with any of its first keys left out, and a key stands for every key that some constructor makes of it, or it of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from fnfkit.lint.tree import inner, paths_in, places_of
from fnfkit.model.expr import Expr, Key, Object, Path, Root
from fnfkit.model.flow import Choice, Flow, Foreach, Parallel, Step, Task, Wait
from fnfkit.model.json import Json

Keys: TypeAlias = tuple[str, ...]
_EXECUTION_INPUT = ("execution", "input")
_LONGEST = 4


class Aliases:
    """Keys that stand for each other."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def first(self, key: str) -> str:
        """One key for all that stand for each other."""
        while (other := self._of.get(key, key)) != key:
            key = other
        return key

    def join(self, one: str, other: str) -> None:
        """These two stand for each other."""
        self._of[self.first(one)] = self.first(other)


def candidates(flow: Flow, compared: Iterable[tuple[Path, tuple[Json, ...]]]) -> dict[Keys, list[Json]]:
    """Values by place, for the input and for results alike. `compared` are paths and values to try them with."""
    aliases, wanted = Aliases(), dict[Keys, None]()
    for place in places_of(flow):
        for expr in expressions_of(place.step):
            _alias(expr, aliases)
            for path in paths_in(expr):
                wanted |= dict.fromkeys(_places(path))
    values: dict[str, list[Json]] = {}
    for path, options in compared:
        for keys in list(_places(path))[:1]:
            known = values.setdefault(aliases.first(keys[-1]), [])
            known += [value for value in options if value not in known]
    return {keys: values.get(aliases.first(keys[-1])) or [f"some-{keys[-1]}"] for keys in wanted}


def expressions_of(step: Step) -> Iterator[Expr]:
    """Every expression of a step."""
    yield step.takes
    yield step.gives
    found: list[Expr | None] = [getattr(step, "globals", None)]
    match step:
        case Task():
            found += [step.params, step.timeout_from, step.sends, step.on_error, *(entry.gives for entry in step.catch)]
        case Wait():
            found += [step.seconds, step.until]
        case Choice():
            found += [option.condition for option in step.options]
        case Foreach():
            found += [step.collection, step.each, *(entry.gives for entry in step.catch)]
        case Parallel():
            found += [entry.gives for entry in step.catch]
        case _:
            pass
    yield from (expr for expr in found if expr is not None)


def _places(path: Path) -> Iterator[Keys]:
    """Where the value of a path may stand, the whole path first."""
    keys = tuple(part.name for part in path.parts if isinstance(part, Key))
    if len(keys) != len(path.parts):
        return
    if path.root is Root.CONTEXT:
        if keys[:2] != _EXECUTION_INPUT:
            return
        keys = keys[2:]
    yield from (keys[start:] for start in range(max(0, len(keys) - _LONGEST), len(keys)))


def _alias(expr: Expr, aliases: Aliases) -> None:
    for part in inner(expr):
        if isinstance(part, Object):
            for name, source in part.fields:
                if isinstance(source, Path) and source.parts and isinstance(last := source.parts[-1], Key):
                    aliases.join(name, last.name)
