"""Tests for paths that no test has taken: inputs, stub results and failures are searched for, and written down.

Candidate values come from the conditions of the flow; each play that takes new paths becomes a test, and what it turned
out to do is what the test expects. Read them before you believe them: they say what the flow does, not what it should.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from fnfkit.cloud.fc.outcome import Returned
from fnfkit.engine import Program, compile
from fnfkit.engine.commands import Invoke
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.arms import Arm, arms
from fnfkit.testing.breaking import breakable, broken
from fnfkit.testing.choices import menu
from fnfkit.testing.paste import recorded
from fnfkit.testing.player import Chooser, Occasion, Played, Player, by_schedule
from fnfkit.testing.reasons import Key, Seen, reason
from fnfkit.testing.samples import results
from fnfkit.testing.schedule import Error, Lost, Outcome, Success, TimedOut
from fnfkit.testing.solve import Keys, build, domain
from fnfkit.testing.sources import AnyFlow, source_of
from fnfkit.testing.taken import taken
from fnfkit.testing.written import module

PLAYS = 2_000
"""Plays that are tried, at most."""
MOST_STEPS = 200
"""Steps of a play that is worth a test: longer ones go round in circles."""
MOST_LAPS = 1_000
"""Steps of a play that goes round in circles until the flow's own time is over."""
MOST_WASTED = 3
"""Plays in which even that never comes, at most."""


@dataclass(frozen=True, slots=True)
class Case:
    """A play that takes paths nothing before it took."""

    played: Played
    new: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """Tests for a flow: their source, the arms they take, and those nothing was found for, with the reason."""

    source: str
    cases: tuple[Case, ...]
    reasons: Mapping[Arm, str]

    @property
    def missing(self) -> tuple[Arm, ...]:
        """The arms that no test takes."""
        return tuple(self.reasons)


def generate(
    flow: AnyFlow,
    *,
    name: str = "",
    covered: Iterable[Key] = (),
    seed: int = 0,
    plays: int = PLAYS,
    file: Path | None = None,
) -> Generated:
    """Write tests for what is not `covered`, which holds the keys of arms as in `FlowCoverage.counts`. `file` is where
    the source will be, if that is known."""
    source = source_of(flow, name)
    known = set(covered)
    search = _Search(source.flow, known, Random(seed))  # noqa: S311
    cases = list(search.cases(plays))
    pairs = [(case.played, [str(arm) for arm in case.new]) for case in cases]
    seen = replace(search.seen, taken=search.seen.taken | known)
    reasons = {arm: reason(source.flow, arm, seen) for arm in search.wanted.values()}
    return Generated(module(flow, source, pairs, file), tuple(cases), reasons)


class _Search:
    """Plays by chance. What a play takes is no longer `wanted`."""

    def __init__(self, flow: Flow, known: set[Key], random: Random) -> None:
        self.flow, self.random = flow, random
        self.program, self.values = compile(flow), domain(flow)
        self.outcomes = _outcomes(flow)
        self.wanted = {arm.key: arm for arm in _goals(flow, known)}
        self.seen = Seen()
        self.wasted = 0
        """Plays that went round in circles for good."""

    def cases(self, plays: int) -> Iterator[Case]:
        """Plays that take arms nothing before took, without what those do not need."""
        for number in range(plays):
            if not self.wanted:
                return
            played = self._played(number)
            keys = set(self._new(played))
            if not keys or len(played.path) > (MOST_LAPS if self._timed_out(played) else MOST_STEPS):
                continue
            calm = _trimmed(self.flow, self.program, _calmed(self.flow, self.program, played, keys), keys)
            new = [self.wanted.pop(key) for key in self._new(calm)]
            yield Case(calm, tuple(new))

    def _played(self, number: int) -> Played:
        drawn = {keys: self.random.choice(options) for keys, options in self.values.input.items()}
        laps = self.flow.timeout is not None and number % 4 == 1 and self.wasted < MOST_WASTED
        source = _Drawn(self.values.results, self.random, {} if laps else None)
        rate = 0.0 if number % 3 == 0 else self.random.uniform(0.1, 0.6)
        play = Player(self.program, lambda: source).play(
            build(drawn), _chance(self.outcomes, self.random, 0.0 if laps else rate)
        )
        self.wasted += laps and play.stuck
        self.seen.plays += 1
        self.seen.taken |= {arm.key for arm in taken(self.flow, play.history)}
        if play.history:
            self.seen.longest = max(self.seen.longest, (play.history[-1].at - play.history[0].at) / 1000)
        return play

    def _new(self, played: Played) -> list[Key]:
        return [key for key in _keys(self.flow, played) if key in self.wanted]

    def _timed_out(self, played: Played) -> bool:
        return played.status == "TimedOut" and ("timeout", "", "") in self.wanted


def _outcomes(flow: Flow) -> dict[str, tuple[Outcome, ...]]:
    """What may happen to each task: errors, and answers that never come. Whether work was done makes no difference."""
    kinds = menu(flow, only=(Error, TimedOut, Lost), endless=flow.timeout is not None)
    return {
        step: tuple(one for one in outcomes if not (isinstance(one, Error) and one.after_effect))
        for step, outcomes in kinds.outcomes.items()
    }


def _goals(flow: Flow, known: set[Key]) -> Iterator[Arm]:
    """The arms that are not covered yet, and the failures inside containers that are not wholly covered."""
    rest = [arm for arm in arms(flow) if arm.key not in known]
    yield from rest
    yield from (goal for goal in breakable(flow) if any(arm.at[: len(goal.at) - 2] == goal.at[:-2] for arm in rest))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Results drawn from the candidate values, for each call anew; or once for each step, kept in `laps`."""

    values: dict[Keys, list[Json]]
    random: Random
    laps: dict[str, Returned] | None = None

    def of(self, call: Invoke, local: Json) -> Returned:
        """An object with every key that the flow may look for."""
        if self.laps is not None and call.step in self.laps:
            return self.laps[call.step]
        found = Returned(build({keys: self.random.choice(options) for keys, options in self.values.items()}))
        if self.laps is not None:
            self.laps[call.step] = found
        return found


def _chance(outcomes: Mapping[str, tuple[Outcome, ...]], random: Random, rate: float) -> Chooser:
    def choose(occasion: Occasion) -> Outcome:
        options = outcomes.get(occasion.step, ())
        return random.choice(options) if options and random.random() < rate else Success()

    return choose


def _calmed(flow: Flow, program: Program, played: Played, keys: set[Key]) -> Played:
    """The play with recorded results, and without the faults that its new arms do not need."""
    player = Player(program, results(flow, recorded(played)))
    best = _again(player, played.input, played)
    for answer in reversed(played.schedule):
        kept = tuple(other for other in best.schedule if other != answer)
        candidate = player.play(played.input, by_schedule(kept))
        if keys <= _keys(flow, candidate).keys():
            best = candidate
    return best if keys <= _keys(flow, best).keys() else played


def _keys(flow: Flow, played: Played) -> dict[Key, None]:
    """What a play takes, in the order it does."""
    return dict.fromkeys(arm.key for arm in (*taken(flow, played.history), *broken(flow, played.history)))


def _again(player: Player, input: JsonObject, played: Played) -> Played:
    return player.play(input, by_schedule(played.schedule))


def _trimmed(flow: Flow, program: Program, played: Played, keys: set[Key]) -> Played:
    """The play without what its input and its results hold and the flow does not look at."""
    best = played
    for name in list(played.input):
        best = _kept(flow, program, best, keys, input={key: best.input[key] for key in best.input if key != name})
    for step, answers in recorded(played).items():
        for name in dict.fromkeys(key for answer in answers if isinstance(answer, dict) for key in answer):
            best = _kept(
                flow, program, best, keys, answers={**recorded(best), step: _without(recorded(best)[step], name)}
            )
    return best


def _without(answers: Sequence[Any], name: str) -> list[Any]:
    return [
        {key: value for key, value in answer.items() if key != name} if isinstance(answer, dict) else answer
        for answer in answers
    ]


def _kept(
    flow: Flow,
    program: Program,
    best: Played,
    keys: set[Key],
    *,
    input: JsonObject | None = None,
    answers: Mapping[str, list[Any]] | None = None,
) -> Played:
    """The play with another input or other results, if nothing else changes by that."""
    player = Player(program, results(flow, answers if answers is not None else recorded(best)))
    other = player.play(best.input if input is None else input, by_schedule(best.schedule))
    return other if _course(other) == _course(best) and keys <= _keys(flow, other).keys() else best


def _course(played: Played) -> tuple[object, ...]:
    """What a reader sees of a play."""
    return played.status, played.error, played.path, [occasion.step for occasion in played.occasions]
