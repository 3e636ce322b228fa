"""The policy of a worker as a table."""

from __future__ import annotations

import pytest

from fnfkit.ports import (
    AccessDenied,
    EntityTooLarge,
    ExecutionNotExists,
    Fault,
    InvalidArgument,
    NetworkFault,
    ResourceThrottled,
    TaskAlreadyCompleted,
    TaskInvalidState,
)
from fnfkit.workers.outcome import Again, Done, Later, Raised, decode, encode, trimmed
from fnfkit.workers.settle import (
    POISON,
    REFUSED_OUTPUT,
    Decision,
    Report,
    Settle,
    Settlement,
    Work,
    may_pass,
    on_answer,
    on_arrival,
    on_outcome,
)

DELETE, LEAVE, PARK = Settlement.DELETE, Settlement.LEAVE, Settlement.PARK
DONE, RAISED = Done({"k": 1}), Raised("OutOfStock", "none left")


def settlement(decision: Decision) -> object:
    return decision.settlement if isinstance(decision, Settle) else type(decision)


@pytest.mark.parametrize(
    ("has_token", "deliveries", "expected"),
    [(True, 1, Work), (True, 5, Work), (True, 6, Report), (False, 1, PARK), (False, 9, PARK)],
)
def test_on_arrival(has_token: bool, deliveries: int, expected: object) -> None:
    decision = on_arrival(has_token=has_token, deliveries=deliveries, max_deliveries=5)
    assert settlement(decision) == expected


def test_poison_is_reported_then_parked() -> None:
    decision = on_arrival(has_token=True, deliveries=6, max_deliveries=5)
    assert isinstance(decision, Report)
    assert isinstance(decision.outcome, Raised)
    assert decision.outcome.error == POISON
    assert "6 times" in decision.outcome.cause
    assert decision.then is PARK


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (DONE, Report(DONE)),
        (RAISED, Report(RAISED)),
        (Again(7, "busy"), Settle(LEAVE, "busy", 7)),
        (Later(), Settle(DELETE, "somebody else reports")),
    ],
)
def test_on_outcome(outcome: Done | Raised | Again | Later, expected: Decision) -> None:
    assert on_outcome(outcome) == expected


POISONED = Report(Raised(POISON, "x"), then=PARK)


@pytest.mark.parametrize(
    ("report", "refusal", "expected"),
    [
        (Report(DONE), None, DELETE),
        (Report(RAISED), None, DELETE),
        (POISONED, None, PARK),
        (Report(DONE), TaskAlreadyCompleted(), DELETE),
        (POISONED, TaskAlreadyCompleted(), PARK),
        (Report(DONE), TaskInvalidState(), LEAVE),
        (POISONED, TaskInvalidState(), PARK),
        (Report(DONE), EntityTooLarge(), Report),
        (Report(DONE), InvalidArgument(), Report),
        (Report(RAISED), InvalidArgument(), PARK),
        (Report(DONE), ExecutionNotExists(), PARK),
        (Report(DONE), AccessDenied(), LEAVE),
        (Report(DONE), ResourceThrottled(), LEAVE),
        (Report(DONE), Fault(), LEAVE),
        (Report(DONE), NetworkFault(), LEAVE),
        (POISONED, NetworkFault(), LEAVE),
    ],
    ids=str,
)
def test_on_answer(report: Report, refusal: Fault | None, expected: object) -> None:
    assert settlement(on_answer(report, refusal)) == expected


def test_a_refused_output_becomes_a_failure() -> None:
    again = on_answer(Report(DONE), EntityTooLarge("too much"))
    assert isinstance(again, Report)
    assert again.outcome == Raised(REFUSED_OUTPUT, "EntityTooLarge: too much")
    assert settlement(on_answer(again, None)) is DELETE


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (NetworkFault(), True),
        (ResourceThrottled(), True),
        (Fault(), True),
        (InvalidArgument(), False),
        (AccessDenied(), False),
    ],
)
def test_which_faults_may_pass(fault: Fault, expected: bool) -> None:
    assert may_pass(fault) is expected


@pytest.mark.parametrize("outcome", [DONE, RAISED, Later()])
def test_outcomes_survive_being_written_down(outcome: Done | Raised | Later) -> None:
    assert decode(encode(outcome)) == outcome


def test_failures_fit_into_a_report() -> None:
    assert trimmed("E" * 200, "c" * 5_000) == Raised("E" * 128, "c" * 4_096)
    assert trimmed("", "") == Raised("Error", "")
