"""What should hold of every execution, whatever happens: ready-made invariants for `explore` and `--fnf-chaos`.

An invariant is a function of a `Played` that returns a complaint, or None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fnfkit.model.json import Json
from fnfkit.testing.player import Effect, Played
from fnfkit.testing.trace import ENDS

Invariant: TypeAlias = Callable[[Played], str | None]


@dataclass(frozen=True, slots=True)
class undone_or_succeeded:
    """Every completed `do` of a saga is undone, or the flow succeeded.

    `pairs` maps each do step to the step that undoes it. A do has completed once the flow was told so. It is undone
    by a later call of its undo step that goes well and that is about it: if the do's result has texts of its own, such
    as a transaction id, the undo's event must hold one of them.
    """

    pairs: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The steps it is about."""
        return (*self.pairs, *self.pairs.values())

    def __call__(self, played: Played) -> str | None:
        if played.status == "Succeeded":
            return None
        for number, effect in enumerate(played.effects):
            undo = self.pairs.get(effect.step)
            if undo is None or not effect.known:
                continue
            if not self._undone(played.effects, number, undo):
                state = "does not end" if played.stuck else f"ended as {played.status} ({played.error})"
                return f"{effect.step} was completed with {effect.output} and never undone by {undo}; the flow {state}"
        return None

    def _undone(self, effects: list[Effect], number: int, undo: str) -> bool:
        done = effects[number]
        others = [effect for place, effect in enumerate(effects) if place != number]
        own = set(texts_of(done.output)) - {text for effect in others for text in texts_of(effect.output)}
        for effect in effects[number + 1 :]:
            if effect.step == undo and effect.known and (not own or own & set(texts_of(effect.event))):
                return True
        return False


@dataclass(frozen=True, slots=True)
class flow_ends:
    """The flow ends."""

    def __call__(self, played: Played) -> str | None:
        if not played.stuck:
            return None
        last = played.history[-1]
        return f"the flow does not end: nothing moves it after {last.type} of step {last.step or '(flow)'}"


@dataclass(frozen=True, slots=True)
class nothing_after_the_end:
    """No step ran after the flow ended."""

    def __call__(self, played: Played) -> str | None:
        places = [place for place, event in enumerate(played.history) if event.type in ENDS]
        if places and places[0] != len(played.history) - 1:
            after = played.history[places[0] + 1]
            return f"{after.type} of step {after.step} came after the flow had ended"
        late = [effect.step for effect in played.effects if effect.late]
        return f"step {late[0]} was called after the flow had ended" if late else None


@dataclass(frozen=True, slots=True)
class called_once:
    """A function that is not idempotent never takes effect twice for the same event: `steps` names its steps."""

    steps: tuple[str, ...]

    def __init__(self, *steps: str) -> None:
        object.__setattr__(self, "steps", steps)

    @property
    def names(self) -> tuple[str, ...]:
        """The steps it is about."""
        return self.steps

    def __call__(self, played: Played) -> str | None:
        counts = Counter((effect.step, repr(effect.event)) for effect in played.effects if effect.step in self.steps)
        for (step, event), count in counts.items():
            if count > 1:
                return f"{step} took effect {count} times with the event {event}"
        return None

    def __repr__(self) -> str:
        return f"called_once({', '.join(map(repr, self.steps))})"


def names_of(invariant: Invariant) -> tuple[str, ...]:
    """The steps that an invariant names, as the ready-made ones do."""
    names = getattr(invariant, "names", ())
    return names if isinstance(names, tuple) else ()


ALWAYS: tuple[Invariant, ...] = (flow_ends(), nothing_after_the_end())
"""What holds for every flow."""


def texts_of(value: Json) -> Iterator[str]:
    """Every text in a value."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from texts_of(item)
        case list():
            for item in value:
                yield from texts_of(item)
