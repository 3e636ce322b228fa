"""Search for what breaks a flow: schedules of faults, tried systematically up to a bound, then deeper by chance.

The rules of this file:

1. Breadth first: all schedules with one fault, then with two, and so on. So what is found first is short already.
2. A schedule is extended only behind its last fault; the other orders of the same faults are other schedules' business.
3. What ends in the same way with the same effects, in whatever order, is extended once.
4. Chance comes from a seed: deeper schedules are those tried before with one more fault. Nothing is tried twice.
5. A call is not failed more than `consecutive` times in a row where the flow relies on the error to pass.
"""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from fnfkit.engine import Program, Settings, compile
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing import watch
from fnfkit.testing.choices import Menu, menu
from fnfkit.testing.invariants import ALWAYS, Invariant, names_of, texts_of
from fnfkit.testing.paste import Recipe, pasted, shown
from fnfkit.testing.player import Played, Player, by_schedule, complaint_of
from fnfkit.testing.samples import Answers, results
from fnfkit.testing.schedule import Answer, Error, Outcome, Schedule, Slow, check_names, simpler, weight
from fnfkit.testing.sources import AnyFlow, Source, source_of, steps_of

Ending: TypeAlias = tuple[object, ...]
"""How a play ended, and what it had done by then, in whatever order."""


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
        __tracebackhide__ = True
        if self.failure is not None:
            raise AssertionError(str(self.failure))
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
    Raises `CannotRead`, and `NoSuchStep` if an invariant or an outcome names what the flow does not have.
    """
    source = source_of(flow)
    for invariant in invariants:
        check_names(names_of(invariant), steps_of(source), repr(invariant))
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
    """Play one execution of a flow in which calls end as the schedule says, and well otherwise.

    Raises `CannotRead`, and `NoSuchStep` if the schedule or an outcome names what the flow does not have.
    """
    source = source_of(flow)
    check_names((answer.step for answer in schedule), steps_of(source), "the schedule")
    player = Player(compile(source.flow), results(source.flow, outcomes), settings or Settings())
    found = player.play(input or {}, by_schedule(tuple(schedule)))
    watch.played(source, found.history)
    return found


@dataclass(frozen=True, slots=True)
class _Branch:
    """A schedule that was tried, and the calls that came after its last fault, where further faults can strike."""

    schedule: Schedule
    rest: tuple[tuple[str, int], ...]


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
        self.seen: dict[Ending, list[frozenset[tuple[str, int]]]] = {}
        self.frontier: list[_Branch] = []
        self.pruned = 0

    def run(self) -> Exploration:
        failure, exhausted = None, True
        for played in itertools.chain(self._systematic(), self._random()):
            if (failure := self._judge(played)) or self._spent():
                exhausted = False
                break
        return Exploration(len(self.tried), self.pruned, time.monotonic() - self.began, failure, exhausted)

    def _spent(self) -> bool:
        return len(self.tried) >= self.bound.schedules or time.monotonic() - self.began > self.bound.seconds

    def _play(self, schedule: Schedule) -> Played:
        self.tried.add(schedule)
        return self.player.play(self.recipe.input, by_schedule(schedule))

    def _systematic(self) -> Iterator[Played]:
        queue: deque[Schedule] = deque([()])
        while queue:
            played = self._play(queue.popleft())
            yield played
            branch = _Branch(played.schedule, _rest(played))
            if self._equivalent(played):
                continue
            if len(branch.schedule) < self.bound.faults:
                queue.extend(self._extensions(branch))
            else:
                self.frontier.append(branch)

    def _random(self) -> Iterator[Played]:
        """Goes on from schedules that were tried, each time with one more fault behind the last."""
        while self.frontier:
            place = self.random.randrange(len(self.frontier))
            options = [one for one in self._extensions(self.frontier[place]) if one not in self.tried]
            if not options:
                self.frontier[place] = self.frontier[-1]
                self.frontier.pop()
                continue
            played = self._play(self.random.choice(options))
            yield played
            if len(played.schedule) < self.bound.depth and not self._equivalent(played):
                self.frontier.append(_Branch(played.schedule, _rest(played)))

    def _equivalent(self, played: Played) -> bool:
        """Rule 3. A slow answer that changed nothing leaves behind what the same schedule without it has."""
        rest = frozenset(_rest(played))
        names = _names(played)
        effects = Counter((effect.step, _text(effect.event, names), effect.known) for effect in played.effects)
        output = _text(played.output, names)
        key = (played.status, played.error, played.stuck, output, frozenset(effects.items()))
        known = self.seen.setdefault(key, [])
        slow = bool(played.schedule) and isinstance(played.schedule[-1].outcome, Slow)
        if any(rest <= other if slow else rest == other for other in known):
            self.pruned += 1
            return True
        known.append(rest)
        return False

    def _extensions(self, branch: _Branch) -> Iterator[Schedule]:
        for step, number in branch.rest:
            for outcome in self.menu.of(step):
                if self._allowed(branch.schedule, step, number, outcome=outcome):
                    yield (*branch.schedule, Answer(step, number, outcome))

    def _allowed(self, schedule: Schedule, step: str, number: int, *, outcome: Outcome) -> bool:
        """Rule 5."""
        if isinstance(outcome, Error) and outcome.always:
            return True
        failed = {answer.number for answer in schedule if answer.step == step}
        row = 0
        while number - row - 1 in failed:
            row += 1
        return row < self.bound.consecutive

    def _judge(self, played: Played) -> Failure | None:
        for invariant in self.invariants:
            if complaint_of(invariant, played):
                return self._shrunk(invariant, played)
        return None

    def _shrunk(self, invariant: Invariant, played: Played) -> Failure:
        """The failure with everything left out that is not needed for it."""
        best = played
        while True:
            for candidate in sorted(_smaller(best.schedule), key=weight):
                again = self.player.play(self.recipe.input, by_schedule(candidate))
                if complaint_of(invariant, again) and weight(again.schedule) < weight(best.schedule):
                    best = again
                    break
            else:
                return Failure(invariant, complaint_of(invariant, best), best, self.recipe)


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    for place, answer in enumerate(schedule):
        yield schedule[:place] + schedule[place + 1 :]
        for outcome in simpler(answer.outcome):
            yield (*schedule[:place], Answer(answer.step, answer.number, outcome), *schedule[place + 1 :])


def _rest(played: Played) -> tuple[tuple[str, int], ...]:
    """The calls behind the last one to which something out of the ordinary happened."""
    odd = {(answer.step, answer.number) for answer in played.schedule}
    calls = [(occasion.step, occasion.number) for occasion in played.occasions]
    last = max((place for place, call in enumerate(calls) if call in odd), default=-1)
    return tuple(calls[last + 1 :])


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
