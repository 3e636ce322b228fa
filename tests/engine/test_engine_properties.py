"""Random flows with random answers: nothing raises, everything ends, histories are sound and fold again."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fnfkit.engine import (
    Accepted,
    Completed,
    Event,
    Execution,
    Failed,
    Limits,
    Reported,
    ReportedFailure,
    Resume,
    Retire,
    Settings,
    Start,
    Stop,
    TimerFired,
    TokenState,
    advance,
    compile,
)
from tests.engine.flows import Maker

LONG = os.environ.get("FNFKIT_TEST_LONG") == "1"
EXAMPLES = 20_000 if LONG else 800
FINAL = {"Succeeded", "Failed", "Stopped", "TimedOut"}
seeds = st.integers(0, 2**40)


def choose(maker: Maker, execution: Execution, now: int, more: bool) -> Event:
    """The next event: mostly an answer somebody waits for, sometimes one that nobody does."""
    dice = maker.dice
    if more and maker.often(75):
        return Resume(now)
    tokens = [run.token for run in execution.calls.values() if run.token] or ["djE="]
    call = dice.choice([*execution.calls, execution.serial + 1] if maker.often(90) else [0])
    match dice.randrange(20):
        case 0 | 1 | 2 | 3 | 4:
            return Completed(now, call, maker.object() if maker.often(90) else maker.value())
        case 5 | 6:
            return Failed(now, call, dice.choice("AB"), maker.value())
        case 7 | 8 | 9 | 10:
            return Accepted(now, call)
        case 11 | 12 | 13:
            return Reported(now, dice.choice(tokens), maker.object())
        case 14:
            return ReportedFailure(now, dice.choice(tokens), "B", "cause")
        case 15 if maker.often(10):
            return dice.choice([Stop(now, "E", "c"), Retire(now), Start(now, {})])
        case _:
            return next_timer(execution, now) or Resume(now)


def next_timer(execution: Execution, now: int) -> TimerFired | None:
    due = sorted((alarm.due, number) for number, alarm in execution.timers.items())
    return TimerFired(max(now, due[0][0]), due[0][1]) if due else None


def state(execution: Execution) -> tuple[object, ...]:
    return (execution.history, execution.outstanding(), execution.status, execution.output, execution.error)


def check(execution: Execution, more: bool) -> None:
    """What holds after every event."""
    history = execution.history
    assert [event.id for event in history] == list(range(1, len(history) + 1))
    assert all(0 <= event.scheduled_by < event.id for event in history)
    assert all(one.at <= other.at for one, other in pairwise(history))
    limit = execution.settings.limits.events
    assert limit is not None
    assert len(history) <= limit
    if execution.status in FINAL:
        assert not execution.outstanding()
        assert not more
        assert execution.ended_at == execution.now
        assert (execution.output is not None) == (execution.status == "Succeeded")
    elif execution.status == "Running":
        assert more or execution.calls or execution.timers, "nothing can wake the execution"
    for run in execution.calls.values():
        assert execution.waiting_token(run.token) is (TokenState.PENDING if run.token else TokenState.UNKNOWN)


def finish(execution: Execution, now: int) -> None:
    """Answer whatever is asked until the end: every execution has one."""
    more = bool(execution.agenda)
    for _ in range(3_000):
        if execution.status in FINAL:
            return
        call = next(iter(execution.calls.values()), None)
        if more:
            event: Event | None = Resume(now)
        elif call is not None:
            event = Reported(now, call.token, {"a": 1}) if call.token else Completed(now, call.call, {"a": 1})
        else:
            event = next_timer(execution, now)
        assert event is not None
        now = event.at
        more = advance(execution, event).more
    raise AssertionError("the execution has no end")


@settings(max_examples=EXAMPLES, deadline=None)
@given(seeds)
def test_random_flows(seed: int) -> None:
    maker = Maker(Random(seed))
    program, config = compile(maker.flow()), maker.settings()
    execution, again = (Execution(program, "flow", "run", config) for _ in range(2))
    event: Event = Start(0, maker.object())
    for _ in range(150):
        before = len(execution.history)
        transition = advance(execution, event)
        assert advance(again, event) == transition
        assert transition.history == execution.history[before:]
        assert state(execution) == state(again)
        check(execution, transition.more)
        if execution.status in FINAL:
            break
        event = choose(maker, execution, event.at, transition.more)
    finish(execution, event.at)
    check(execution, False)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seeds)
def test_what_begins_ends(seed: int) -> None:
    """In an execution that succeeds every step, branch and attempt that began has ended."""
    maker = Maker(Random(seed))
    execution = Execution(compile(maker.flow()), "flow", "run", Settings(Limits(events=600), missing_path_is_null=True))
    advance(execution, Start(0, maker.object()))
    finish(execution, 0)
    count = Counter(event.type for event in execution.history)
    if execution.status == "Succeeded":
        assert count["StepEntered"] == count["StepExited"]
        assert count["BranchEntered"] == count["BranchExited"]
        assert count["IterationEntered"] == count["IterationExited"]
        ended = count["TaskSucceeded"] + count["TaskFailed"] + count["TaskTimedOut"] + count["TaskSubmitFailed"]
        assert count["TaskScheduled"] == count["TaskStarted"] == ended
