"""Search: the published transaction breaks, the mended one does not, and failures come as tests to paste."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from fnfkit.testing import (
    Answer,
    Bound,
    Crash,
    Error,
    Lost,
    Slow,
    TimedOut,
    Twice,
    called_once,
    explore,
    flow_ends,
    nothing_after_the_end,
    play,
    undone_or_succeeded,
)
from fnfkit.testing.choices import menu
from fnfkit.testing.player import Played
from fnfkit.testing.sources import source_of
from tests.testing.flows import ASK, BOOKED, CALL, CALLBACK, EVERYTHING, PRINTED, TRANSACTION, price, quote

SAGA = {"BuyTrainTicket": "CancelTrainTicket", "ReserveFlight": "CancelFlight"}


class Operation:
    """The documented function: each call has a transaction id of its own."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def __call__(self, event: dict[str, object]) -> dict[str, object]:
        name = str(event["operation"])
        return {name: "success", f"{name}_txnID": f"{name}-{next(self.numbers)}"}


def test_the_published_transaction_leaves_a_ticket_paid_and_never_cancelled() -> None:
    found = explore(
        PRINTED / "booking.fdl.yml", [undone_or_succeeded(SAGA)], input=BOOKED, outcomes={"Operation": Operation()}
    )
    assert found.failure is not None
    assert found.seconds < 10
    assert found.failure.schedule == (Answer("ReserveFlight", 1, Error("FC.Unknown")),)
    assert "BuyTrainTicket was completed" in found.failure.complaint
    assert "never undone by CancelTrainTicket" in found.failure.complaint
    with pytest.raises(AssertionError, match=r"Answer\('ReserveFlight', 1, Error\('FC.Unknown'\)\)"):
        found.check()


def test_a_cancellation_with_the_wrong_id_is_none() -> None:
    played = play(
        PRINTED / "booking.fdl.yml",
        [Answer("ReserveHotel", 1, Error("FC.Unknown", always=True))],
        input=BOOKED,
        outcomes={"Operation": Operation()},
    )
    assert played.path[-3:] == ["CancelFlight", "CancelTrainTicket", "OrderFailed"]
    complaint = undone_or_succeeded(SAGA)(played)
    assert complaint is not None
    assert complaint.startswith("BuyTrainTicket was completed"), "the flight's id cancels no train"
    assert undone_or_succeeded({"ReserveFlight": "CancelFlight"})(played) is None


def test_the_mended_transaction_stands_5000_schedules() -> None:
    found = explore(
        TRANSACTION,
        [undone_or_succeeded(SAGA)],
        input=BOOKED,
        outcomes={"Operation": Operation()},
        bound=Bound(schedules=5_000, seconds=600),
    )
    assert found.failure is None
    assert found.schedules == 5_000


def test_retries_are_what_mends_the_compensation() -> None:
    """Without them the very template fails: the search does look at compensations."""
    text = TRANSACTION.read_text("utf-8")
    head, marker, tail = text.partition("    name: CancelTrainTicket\n")
    before, retry, after = tail.partition("    retry:\n")
    without = head + marker + before + after.partition("  - type: fail\n")[1] + after.partition("  - type: fail\n")[2]
    assert retry
    found = explore(without, [undone_or_succeeded(SAGA)], input=BOOKED, outcomes={"Operation": Operation()})
    assert found.failure is not None
    assert [answer.step for answer in found.failure.schedule] == ["ReserveFlight", "CancelTrainTicket"]


def test_the_failure_is_a_test_that_fails() -> None:
    flow = PRINTED / "booking.fdl.yml"
    found = explore(flow, [undone_or_succeeded(SAGA)], input=BOOKED, outcomes={"Operation": Operation()})
    assert found.failure is not None
    assert _run(found.failure.test()).startswith("BuyTrainTicket was completed")
    as_text = explore(flow.read_text(), [undone_or_succeeded(SAGA)], input=BOOKED, outcomes={"Operation": Operation()})
    assert as_text.failure is not None
    assert _run(as_text.failure.test()).startswith("BuyTrainTicket was completed")


def _run(source: str) -> str:
    """What the pasted test complains about."""
    module: dict[str, object] = {}
    exec(compile(source, "pasted", "exec"), module)
    (test,) = [value for name, value in module.items() if name.startswith("test_")]
    with pytest.raises(AssertionError) as failed:
        test()  # type: ignore[operator]
    return str(failed.value)


def no_nines(played: Played) -> str | None:
    """An invariant of a test's own, as a plain function."""
    return "nine" if played.output == {"price": 9} else None


def test_python_flows_and_invariants_of_ones_own() -> None:
    found = explore(quote, [no_nines], input={"item": "chair"}, outcomes={price: [{"price": 9}]})
    assert found.failure is not None
    assert found.failure.schedule == ()
    assert "from tests.testing.flows import quote" in found.failure.test()
    assert f"from {no_nines.__module__} import no_nines" in found.failure.test()
    assert _run(found.failure.test()) == "nine"


def test_a_callback_that_never_comes_hangs_a_flow_without_a_timeout() -> None:
    found = explore(CALLBACK)
    assert found.failure is not None
    assert found.failure.schedule == (Answer("mytask", 1, Lost()),)
    assert "does not end" in found.failure.complaint
    assert explore(ASK, input={"key": 1}, bound=Bound(schedules=300)).check().exhausted, "a timeout mends it"


def test_an_error_after_its_effect_and_a_retry_do_it_twice() -> None:
    found = explore(CALL, [called_once("Call")], errors=["FC.ResourceThrottled"])
    assert found.failure is not None
    (answer,) = found.failure.schedule
    assert answer.outcome in (Error("FC.ResourceThrottled", after_effect=True), TimedOut(), Twice(), Crash())
    assert "took effect 2 times" in found.failure.complaint
    assert explore(CALL, [called_once("Recovered")], bound=Bound(schedules=100)).failure is None


def test_failures_are_shrunk_to_what_is_needed() -> None:
    def both_branches(played: Played) -> str | None:
        crashed = {answer.step for answer in played.schedule if isinstance(answer.outcome, Crash)}
        return "found" if {"A", "B"} <= crashed and played.status == "Succeeded" else None

    def task(name: str) -> str:
        return f"  - {{type: task, name: {name}, resourceArn: 'acs:fc:::services/s/functions/{name}'}}\n"

    flow = "version: v1\ntype: flow\nsteps:\n" + "".join(map(task, "ABCD"))
    found = explore(flow, [both_branches], bound=Bound(faults=1, schedules=20_000), seed=5)
    assert found.failure is not None
    assert found.failure.schedule == (Answer("A", 1, Crash()), Answer("B", 1, Crash()))


def test_the_same_seed_searches_the_same() -> None:
    def search(seed: int) -> tuple[int, int]:
        found = explore(TRANSACTION, input=BOOKED, bound=Bound(schedules=400, faults=1), seed=seed)
        return found.schedules, found.pruned

    assert search(1) == search(1)


def test_small_flows_are_searched_completely() -> None:
    found = explore("version: v1\ntype: flow\nsteps: [{type: pass, name: P}]\n")
    assert (found.schedules, found.exhausted, found.failure) == (1, True, None)


def test_equivalent_errors_are_tried_once_and_equivalent_orders_not_extended() -> None:
    outcomes = menu(source_of(CALL).flow, errors=["FC.Other", "FC.Another"]).of("Call")
    names = [outcome.name for outcome in outcomes if isinstance(outcome, Error) and not outcome.after_effect]
    assert names == ["FC.ResourceThrottled", "FC.Unknown", "FC.Other"], "caught, retried, and neither"
    branches = "".join(
        f"      - steps: [{{type: task, name: {name}, resourceArn: 'acs:fc:::services/s/functions/{name}'}}]\n"
        for name in "AB"
    )
    flow = f"version: v1\ntype: flow\nsteps:\n  - type: parallel\n    name: P\n    branches:\n{branches}"
    found = explore(flow, bound=Bound(faults=2, schedules=500))
    assert found.failure is None
    assert found.pruned > 0
    assert any(isinstance(outcome, Slow) for outcome in menu(source_of(flow).flow).of("A"))


def test_a_slow_answer_comes_after_all_others() -> None:
    flow = EVERYTHING.replace(
        "{type: pass, name: Left}", "{type: task, name: Left, resourceArn: 'acs:fc:::functions/l'}"
    )
    usual = play(flow, input={"items": []})
    slow = play(flow, [Answer("Left", 1, Slow())], input={"items": []})
    places = [[event.step for event in played.history if event.type == "StepExited"] for played in (usual, slow)]
    assert places[0].index("Left") < places[0].index("Right")
    assert places[1].index("Left") > places[1].index("Right")


def test_a_crash_makes_the_call_again_and_forgets_nothing() -> None:
    played = play(TRANSACTION, [Answer("ReserveFlight", 1, Crash())], input=BOOKED, outcomes={"Operation": Operation()})
    assert played.status == "Succeeded"
    assert [effect.known for effect in played.effects] == [True, False, True, True]
    assert [occasion.step for occasion in played.occasions].count("ReserveFlight") == 2


def test_ready_made_invariants_hold_where_they_should() -> None:
    played = play(TRANSACTION, input=BOOKED, outcomes={"Operation": Operation()})
    played.check(undone_or_succeeded(SAGA), flow_ends(), nothing_after_the_end(), called_once(*SAGA))
    played.history.append(played.history[3])
    with pytest.raises(AssertionError, match="came after the flow had ended"):
        played.check(nothing_after_the_end())


def test_the_search_gives_up_in_time() -> None:
    found = explore(Path(TRANSACTION), input=BOOKED, bound=Bound(seconds=0.05, schedules=1_000_000))
    assert found.seconds < 2
    assert not found.exhausted
