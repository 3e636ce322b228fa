"""Tests for paths that no test has taken: inputs, stub results and failures are searched for, and written down.

Candidate values come from the conditions of the flow; each play that takes new paths becomes a test, and what it turned
out to do is what the test expects. Read them before you believe them: they say what the flow does, not what it should.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from fnfkit.cloud.fc.outcome import Returned
from fnfkit.engine import Program, compile
from fnfkit.engine.commands import Invoke
from fnfkit.model.flow import Flow
from fnfkit.model.json import Json, JsonObject
from fnfkit.testing.arms import Arm, arms
from fnfkit.testing.choices import menu
from fnfkit.testing.paste import recorded
from fnfkit.testing.player import Chooser, Occasion, Played, Player, by_schedule
from fnfkit.testing.samples import results
from fnfkit.testing.schedule import Error, Lost, Outcome, Success, TimedOut
from fnfkit.testing.solve import Keys, build, domain
from fnfkit.testing.sources import AnyFlow, source_of
from fnfkit.testing.taken import taken
from fnfkit.testing.written import module

Key = tuple[str, str, str]
PLAYS = 2_000
"""Plays that are tried, at most."""
MOST_STEPS = 200
"""Steps of a play that is worth a test: longer ones go round in circles."""


@dataclass(frozen=True, slots=True)
class Case:
    """A play that takes paths nothing before it took."""

    played: Played
    new: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """Tests for a flow: their source, the arms they take, and those nothing was found for."""

    source: str
    cases: tuple[Case, ...]
    missing: tuple[Arm, ...]


def generate(
    flow: AnyFlow, *, name: str = "", covered: Iterable[Key] = (), seed: int = 0, plays: int = PLAYS
) -> Generated:
    """Write tests for what is not `covered`, which holds the keys of arms as in `FlowCoverage.counts`."""
    source = source_of(flow, name)
    known = set(covered)
    wanted = {arm.key: arm for arm in arms(source.flow) if arm.key not in known}
    cases = list(_cases(source.flow, wanted, Random(seed), plays))  # noqa: S311
    pairs = [(case.played, [str(arm) for arm in case.new]) for case in cases]
    return Generated(module(flow, source, pairs), tuple(cases), tuple(wanted.values()))


def _cases(flow: Flow, wanted: dict[Key, Arm], random: Random, plays: int) -> Iterator[Case]:
    """Plays that take new arms; what they take is taken out of `wanted`."""
    values, program, kinds = domain(flow), compile(flow), menu(flow, only=(Error, TimedOut, Lost))
    for number in range(plays):
        if not wanted:
            return
        drawn = {keys: random.choice(options) for keys, options in values.input.items()}
        source = _Drawn(values.results, random)
        rate = 0.0 if number % 3 == 0 else random.uniform(0.1, 0.6)
        played = Player(program, lambda source=source: source).play(  # type: ignore[misc]
            build(drawn), _chance(kinds.outcomes, random, rate)
        )
        found = {arm.key: arm for arm in taken(flow, played.history) if arm.key in wanted}
        if not found or len(played.path) > MOST_STEPS:
            continue
        calm = _calmed(flow, program, played, set(found))
        new = {arm.key: arm for arm in taken(flow, calm.history) if arm.key in wanted}
        for key in new:
            del wanted[key]
        yield Case(calm, tuple(new.values()))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Results drawn from the candidate values, for each call anew."""

    values: dict[Keys, list[Json]]
    random: Random

    def of(self, call: Invoke, local: Json) -> Returned:
        """An object with every key that the flow may look for."""
        return Returned(build({keys: self.random.choice(options) for keys, options in self.values.items()}))


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
        if keys <= {arm.key for arm in taken(flow, candidate.history)}:
            best = candidate
    return best if keys <= {arm.key for arm in taken(flow, best.history)} else played


def _again(player: Player, input: JsonObject, played: Played) -> Played:
    return player.play(input, by_schedule(played.schedule))
