"""The ledger: claims, outcomes, several workers on one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnfkit.workers.ledger import KEPT_SECONDS, Busy, Claimed, Ledger, LedgerError, Recorded
from fnfkit.workers.outcome import Done, Raised


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_an_outcome_is_found_again_by_another_process(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger")
    assert first.begin("t", 30) == Claimed()
    first.record("t", Done({"a": 1}))
    first.close()
    second = Ledger(tmp_path / "ledger")
    assert second.begin("t", 30) == Recorded(Done({"a": 1}))
    second.close()


def test_a_claim_keeps_others_out_until_it_ends(tmp_path: Path) -> None:
    clock = Clock()
    mine, other = (Ledger(tmp_path / "ledger", now=clock) for _ in range(2))
    assert mine.begin("t", 30) == Claimed()
    assert other.begin("t", 30) == Busy()
    assert mine.begin("t", 30) == Busy(), "a copy that reaches the same worker"
    clock.seconds += 20
    mine.renew("t", 30)
    clock.seconds += 20
    assert other.begin("t", 30) == Busy()
    clock.seconds += 10
    assert other.begin("t", 30) == Claimed()
    mine.renew("t", 500)
    clock.seconds += 30
    mine.release("t")
    assert mine.begin("t", 30) == Claimed(), "a renewal by whoever has lost the claim changes nothing"
    mine.close()
    other.close()


def test_the_first_outcome_counts(tmp_path: Path) -> None:
    clock = Clock()
    slow, quick = (Ledger(tmp_path / "ledger", now=clock) for _ in range(2))
    assert slow.begin("t", 30) == Claimed()
    clock.seconds += 31  # as if the process had been stopped
    assert quick.begin("t", 30) == Claimed()
    assert quick.record("t", Done({"by": "quick"})) == Done({"by": "quick"})
    assert slow.record("t", Done({"by": "slow"})) == Done({"by": "quick"})
    assert slow.begin("t", 30) == Recorded(Done({"by": "quick"}))
    slow.close()
    quick.close()


def test_a_file_that_is_no_ledger_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be looked at as one" * 100)
    with pytest.raises(LedgerError, match=r"text.*move it away"):
        Ledger(tmp_path / "text")
    with pytest.raises(LedgerError, match="does its folder exist"):
        Ledger(tmp_path / "none" / "ledger")


def test_a_released_task_is_anybodys(tmp_path: Path) -> None:
    mine, other = (Ledger(tmp_path / "ledger") for _ in range(2))
    mine.begin("t", 30)
    mine.release("t")
    assert other.begin("t", 30) == Claimed()
    mine.close()
    other.close()


def test_nobody_can_report_with_what_the_file_says(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.begin("secret-token", 30)
    ledger.record("secret-token", Raised("E", "c"))
    ledger.close()
    assert all(b"secret-token" not in path.read_bytes() for path in tmp_path.iterdir())


def test_old_outcomes_are_forgotten() -> None:
    clock = Clock()
    ledger = Ledger(now=clock)
    ledger.record("t", Done({}))
    assert ledger.prune() == 0
    clock.seconds += KEPT_SECONDS
    assert ledger.prune() == 1
    assert ledger.begin("t", 30) == Claimed()
    ledger.close()
