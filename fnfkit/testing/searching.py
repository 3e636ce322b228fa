"""Search for what breaks a flow: schedules of faults, tried systematically up to a bound, then deeper by chance.

The rules of this file:

1. Breadth first: all schedules with one fault, then with two, and so on. So what is found first is short already.
2. A schedule is extended only behind its last fault; the other orders of the same faults are other schedules' business.
3. What ends in the same way with the same effects, in whatever order, is extended once.
4. Chance comes from a seed. Nothing is tried twice.
5. A call is not failed more than `consecutive` times in a row where the flow relies on the error to pass.
"""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from fnfkit.engine import Program, Settings, compile
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.choices import Menu, menu
from fnfkit.testing.invariants import ALWAYS, Invariant, texts_of
from fnfkit.testing.paste import Recipe, pasted, shown
from fnfkit.testing.player import Occasion, Played, Player, by_schedule
from fnfkit.testing.samples import Answers, results
from fnfkit.testing.schedule import Answer, Error, Outcome, Schedule, Success, simpler, weight
from fnfkit.testing.sources import AnyFlow, Source, source_of

Seen: TypeAlias = tuple[object, ...]
_MISSES = 1_000
"""So many schedules in a row that were tried before mean that chance finds no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How far a search goes: at most so many `schedules` and wall `seconds`; `faults` at once systematically, and
    `depth` by chance; `consecutive` failures of one call in a row."""

    schedules: int = 1_000
    seconds: float = 60.0
    faults: int = 3
    depth: int = 8
    consecutive: int = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """A schedule that breaks an invariant, shrunk: nothing can be left out of it."""

    invariant: Invariant
    complaint: str
    played: Played
    recipe: Recipe

    @property
    def schedule(self) -> Schedule:
        """What has to happen."""
        return self.played.schedule

    def test(self) -> str:
        """A test that plays the schedule, ready to paste."""
        return pasted(self.recipe, self.invariant, self.played)

    def __str__(self) -> str:
        lines = [
            self.complaint,
            "when",
            *(f"  {shown(answer)}" for answer in self.schedule),
            f"path {self.played.path}",
        ]
        return "\n".join([*lines, "", self.test()])


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a search has come to. `pruned` schedules were not extended, being equivalent to others."""

    schedules: int
    pruned: int
    seconds: float
    failure: Failure | None = None
    exhausted: bool = field(default=False)
    """Whether every schedule within the bound was tried."""

    def check(self) -> Exploration:
        """Raises AssertionError with the failing schedule as a test, if there is one."""
        assert self.failure is None, str(self.failure)
        return self


def explore(
    flow: AnyFlow,
    invariants: Sequence[Invariant] = (),
    *,
    input: JsonObject | None = None,
    outcomes: Answers | None = None,
    errors: Sequence[str] = (),
    bound: Bound | None = None,
    seed: int = 0,
) -> Exploration:
    """Try schedules of faults on a flow until an invariant breaks or the bound is reached.

    Every flow is held to `flow_ends` and `nothing_after_the_end` beside the `invariants` given. `outcomes` say what
    calls answer that go well, by step, function or handle: a value, a list of values in turn, or a function of the
    event; for others a result is made up that has the keys the flow reads. `errors` are tried beside declared ones.
    """
    source = source_of(flow)
    recipe = Recipe(flow, source, input or {}, outcomes)
    return _Search(source, recipe, (*invariants, *ALWAYS), tuple(errors), bound or Bound(), seed).run()


def play(
    flow: AnyFlow,
    schedule: Sequence[Answer] = (),
    *,
    input: JsonObject | None = None,
    outcomes: Answers | None = None,
    settings: Settings | None = None,
) -> Played:
    """Play one execution of a flow in which calls end as the schedule says, and well otherwise."""
    source = source_of(flow)
    player = Player(compile(source.flow), results(source.flow, outcomes), settings or Settings())
    return player.play(input or {}, by_schedule(tuple(schedule)))


class _Search:
    def __init__(
        self,
        source: Source,
        recipe: Recipe,
        invariants: tuple[Invariant, ...],
        errors: tuple[str, ...],
        bound: Bound,
        seed: int,
    ) -> None:
        program: Program = compile(source.flow)
        self.player = Player(program, results(source.flow, recipe.outcomes))
        self.menu: Menu = menu(source.flow, errors)
        self.recipe, self.invariants, self.bound = recipe, invariants, bound
        self.random = Random(seed)  # noqa: S311
        self.began = time.monotonic()
        self.tried: set[Schedule] = set()
        self.seen: set[Seen] = set()
        self.pruned = 0

    def run(self) -> Exploration:
        failure = None
        exhausted = True
        for played in self._systematic():
            if (failure := self._judge(played)) or self._spent():
                exhausted = False
                break
        if failure is None and not self._spent():
            exhausted = False
            for played in self._random():
                if (failure := self._judge(played)) or self._spent():
                    break
            else:
                exhausted = True
        spent = time.monotonic() - self.began
        return Exploration(len(self.tried), self.pruned, spent, failure, exhausted and failure is None)

    def _spent(self) -> bool:
        return len(self.tried) >= self.bound.schedules or time.monotonic() - self.began > self.bound.seconds

    def _play(self, schedule: Schedule) -> Played:
        self.tried.add(schedule)
        return self.player.play(self.recipe.input, by_schedule(schedule))

    def _systematic(self) -> Iterator[Played]:
        queue: deque[Schedule] = deque([()])
        while queue:
            schedule = queue.popleft()
            if schedule in self.tried:
                continue
            played = self._play(schedule)
            yield played
            if len(played.schedule) == len(schedule) < self.bound.faults and not self._equivalent(played):
                queue.extend(self._extended(played))

    def _equivalent(self, played: Played) -> bool:
        last = _last(played)
        rest = tuple((occasion.step, occasion.number) for occasion in played.occasions[last + 1 :])
        names = _names(played)
        effects = Counter((effect.step, _text(effect.event, names), effect.known) for effect in played.effects)
        output = _text(played.output, names)
        key = (played.status, played.error, played.stuck, output, rest, frozenset(effects.items()))
        if key in self.seen:
            self.pruned += 1
            return True
        self.seen.add(key)
        return False

    def _extended(self, played: Played) -> Iterator[Schedule]:
        for occasion in played.occasions[_last(played) + 1 :]:
            for outcome in self.menu.of(occasion.step):
                if self._allowed(played.schedule, occasion, outcome):
                    yield (*played.schedule, Answer(occasion.step, occasion.number, outcome))

    def _allowed(self, schedule: Schedule, occasion: Occasion, outcome: Outcome) -> bool:
        """Rule 5."""
        if isinstance(outcome, Error) and outcome.always:
            return True
        failed = {answer.number for answer in schedule if answer.step == occasion.step}
        row = 0
        while occasion.number - row - 1 in failed:
            row += 1
        return row < self.bound.consecutive

    def _random(self) -> Iterator[Played]:
        misses = 0
        while misses < _MISSES:
            rate = self.random.uniform(0.3, 1.0)
            played = self.player.play(self.recipe.input, self._chance(rate))
            if played.schedule in self.tried:
                misses += 1
                continue
            misses = 0
            self.tried.add(played.schedule)
            yield played

    def _chance(self, rate: float) -> Callable[[Occasion], Outcome]:
        chosen: list[Answer] = []

        def choose(occasion: Occasion) -> Outcome:
            options = self.menu.of(occasion.step)
            if not options or len(chosen) >= self.bound.depth or self.random.random() >= rate:
                return Success()
            outcome = self.random.choice(options)
            if not self._allowed(tuple(chosen), occasion, outcome):
                return Success()
            chosen.append(Answer(occasion.step, occasion.number, outcome))
            return outcome

        return choose

    def _judge(self, played: Played) -> Failure | None:
        for invariant in self.invariants:
            if invariant(played):
                return self._shrunk(invariant, played)
        return None

    def _shrunk(self, invariant: Invariant, played: Played) -> Failure:
        """The failure with everything left out that is not needed for it."""
        best = played
        while True:
            for candidate in sorted(_smaller(best.schedule), key=weight):
                again = self.player.play(self.recipe.input, by_schedule(candidate))
                if invariant(again) and weight(again.schedule) < weight(best.schedule):
                    best = again
                    break
            else:
                return Failure(invariant, invariant(best) or "", best, self.recipe)


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    for place, answer in enumerate(schedule):
        yield schedule[:place] + schedule[place + 1 :]
        for outcome in simpler(answer.outcome):
            yield (*schedule[:place], Answer(answer.step, answer.number, outcome), *schedule[place + 1 :])


def _last(played: Played) -> int:
    """The place of the last occasion at which something out of the ordinary happened, -1 without any."""
    odd = {(answer.step, answer.number) for answer in played.schedule}
    places = [at for at, occasion in enumerate(played.occasions) if (occasion.step, occasion.number) in odd]
    return places[-1] if places else -1


def _names(played: Played) -> dict[str, str]:
    """A name for each text that some call has made up: generated ids differ from one execution to the next."""
    names: dict[str, str] = {}
    for number, effect in enumerate(played.effects):
        for text in texts_of(effect.output):
            names.setdefault(text, f"<{effect.step} {number}>")
    return names


def _text(value: Json, names: dict[str, str]) -> str:
    return json.dumps(_named(value, names), sort_keys=True, default=repr)


def _named(value: Json, names: dict[str, str]) -> Json:
    match value:
        case str():
            return names.get(value, value)
        case dict():
            return {key: _named(item, names) for key, item in value.items()}
        case list():
            return [_named(item, names) for item in value]
        case _:
            return value
