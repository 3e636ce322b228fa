"""docs/workers.md says what `settle` does, and its programs run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from fnfkit.ports import (
    AccessDenied,
    EntityTooLarge,
    ExecutionNotExists,
    InvalidArgument,
    NetworkFault,
    QpsLimitExceeded,
    ResourceThrottled,
    TaskAlreadyCompleted,
    TaskInvalidState,
)
from fnfkit.workers.outcome import Again, Done, Later, Outcome, Raised
from fnfkit.workers.settle import Decision, Report, Settle, Settlement, may_pass, on_answer, on_arrival, on_outcome
from fnfkit.workers.worker import Options

DOC = (Path(__file__).parents[2] / "docs" / "workers.md").read_text("utf-8")
MESSAGE = {Settlement.DELETE: "is deleted", Settlement.PARK: "is parked", Settlement.LEAVE: "is left"}


def table() -> dict[str, tuple[str, str]]:
    policy = DOC.partition("<!-- policy -->")[2].partition("<!-- end of policy -->")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in policy.strip().splitlines()[2:]]
    return {when: (told, message) for when, told, message in rows}


def settled(decision: Decision, told: str = "nothing") -> tuple[str, str]:
    """What a decision comes to when every report is accepted."""
    while isinstance(decision, Report):
        told = f"failed, `{decision.outcome.error}`" if isinstance(decision.outcome, Raised) else "succeeded"
        decision = on_answer(decision, None)
    assert isinstance(decision, Settle)
    message = MESSAGE[decision.settlement]
    return told, message if decision.seconds is None else f"{message}, visible again after `seconds`"


def arrival(*, has_token: bool, deliveries: int) -> tuple[str, str]:
    return settled(on_arrival(has_token=has_token, deliveries=deliveries, max_deliveries=10))


def outcome(what: Outcome) -> tuple[str, str]:
    return settled(on_outcome(what))


REPORT = Report(Done({}))


def test_the_table_is_the_policy() -> None:
    attempts = Options().attempts
    assert attempts == 6
    passing = {settled(on_answer(REPORT, kind())) for kind in (NetworkFault, ResourceThrottled, QpsLimitExceeded)}
    assert passing == {("nothing", "is left")}
    assert all(may_pass(kind()) for kind in (NetworkFault, ResourceThrottled, QpsLimitExceeded))
    refused = {settled(on_answer(REPORT, kind())) for kind in (EntityTooLarge, InvalidArgument)}
    assert len(refused) == 1
    assert table() == {
        "the message names no task token": arrival(has_token=False, deliveries=1),
        "it was delivered more often than `--max-deliveries`": arrival(has_token=True, deliveries=11),
        "the handler returns an object": outcome(Done({})),
        "the handler raises `OutOfStock`": outcome(Raised("OutOfStock", "none left")),
        "the handler raises `Retry`": outcome(Again(600, "out of stock")),
        "the handler returns `Later`": ("nothing; somebody else reports", outcome(Later())[1]),
        "the report is answered `TaskAlreadyCompleted`": (
            "it has been told",
            settled(on_answer(REPORT, TaskAlreadyCompleted()))[1],
        ),
        "the report is answered `TaskInvalidState`": (
            "nothing yet",
            settled(on_answer(REPORT, TaskInvalidState()))[1],
        ),
        "the output is refused: too large, no object": refused.pop(),
        "the token is unknown, the flow has ended": settled(on_answer(REPORT, ExecutionNotExists())),
        "no answer, throttled, an error of the service": ("nothing, after six attempts", passing.pop()[1]),
        "rights are missing": settled(on_answer(REPORT, AccessDenied())),
    }


def test_the_defaults_are_as_said() -> None:
    assert Options().drain == 25
    assert "(25)" in DOC


def test_the_programs_are_python() -> None:
    programs = re.findall(r"^```python\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
    assert len(programs) == 3
    for program in programs:
        ast.parse(program)
