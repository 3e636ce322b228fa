"""What a search prints can be pasted: as the test of another project it fails in the very way that was found."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from fnfkit import FC
from fnfkit.testing import Answer, Crash, Error, NoSuchStep, called_once, error, explore, play, undone_or_succeeded
from fnfkit.testing.paste import flow_literal
from fnfkit.testing.player import Played
from fnfkit.testing.sources import source_of
from tests.testing.flows import BOOKED, CALL, PRINTED

SAGA = {"BuyTrainTicket": "CancelTrainTicket", "ReserveFlight": "CancelFlight"}


@dataclass(frozen=True)
class AtMost:
    """An invariant of a project's own that has parameters."""

    steps: int

    def __call__(self, played: Played) -> str | None:
        return f"more than {self.steps} steps" if len(played.path) > self.steps else None


def never(played: Played) -> str | None:
    """An invariant that nothing keeps."""
    return "never"


def full(event: dict[str, object]) -> dict[str, object]:
    """A function that fails by itself."""
    if event["operation"] == "reserve_hotel":
        raise FC.Unknown("no room") if event.get("odd") else error("HotelFull", "no room")
    return {f"{event['operation']}_txnID": f"id of {event['operation']}"}


def pasted(tmp_path: Path, source: str) -> str:
    """What pytest says of the source as a project's only test; it must fail."""
    (tmp_path / "test_pasted.py").write_text(source, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_pasted.py"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, source + done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("invariant", "complaint"),
    [(AtMost(1), "more than 1 steps"), (never, "never"), (called_once("Call"), "took effect 2 times")],
    ids=["with parameters", "function", "ready-made"],
)
def test_invariants_of_all_kinds_are_pasted(tmp_path: Path, invariant: object, complaint: str) -> None:
    found = explore(CALL, [invariant])  # type: ignore[list-item]
    assert found.failure is not None
    assert f"AssertionError: {found.failure.complaint}" in pasted(tmp_path, found.failure.test())
    assert complaint in found.failure.complaint


def test_functions_that_fail_by_themselves_are_pasted(tmp_path: Path) -> None:
    found = explore(
        PRINTED / "booking.fdl.yml", [undone_or_succeeded(SAGA)], input=BOOKED, outcomes={"Operation": full}
    )
    assert found.failure is not None
    assert found.failure.schedule == (), "nothing has to go wrong beside the function"
    assert "error('HotelFull')" in found.failure.test()
    assert "BuyTrainTicket was completed" in pasted(tmp_path, found.failure.test())


@pytest.mark.parametrize("tail", ['\n# "quoted"', "\n# back\\slash \\u0041 '''\"\"\"", '\r\n# """"', '\n# \\"'])
def test_texts_come_back_as_they_were(tail: str) -> None:
    source = source_of(CALL + tail)
    name, lines = flow_literal(source.definition, source)
    module: dict[str, object] = {}
    exec("\n".join(lines), module)
    assert module[name] == source.definition


def test_what_cannot_be_imported_says_so() -> None:
    found = explore(CALL, [lambda played: "always"])
    assert found.failure is not None
    source = found.failure.test()
    compile(source, "pasted", "exec")
    assert "holds = ...  # cannot be imported, write it here" in source
    assert source.endswith("played.check(holds)\n")


def test_answers_may_be_exceptions() -> None:
    for answers in (error("FC.Unknown"), FC.Unknown, [error("FC.Unknown")]):
        assert play(CALL, outcomes={"f": answers}).path == ["Call", "Recovered"]  # type: ignore[dict-item]
    turns = play(CALL, outcomes={"Call": [error("FC.ResourceThrottled"), {"n": 1}]})
    assert (turns.path, turns.output) == (["Call", "Done"], {"n": 1})
    assert repr([error("A"), error("A", "b")]) == "[error('A'), error('A', 'b')]"


def test_work_that_fails_by_itself_has_no_effect() -> None:
    for outcome in (Error("FC.ResourceThrottled", after_effect=True), Crash()):
        played = play(CALL, [Answer("Call", 1, outcome)], outcomes={"f": error("FC.Unknown")})
        assert played.effects == []


def test_steps_that_are_not_there_are_not_passed_over() -> None:
    for invariant in (called_once("Cal"), undone_or_succeeded({"Call": "Uncall"})):
        with pytest.raises(NoSuchStep, match=r"names (Cal|Uncall), which the flow does not have; its steps are: Call"):
            explore(CALL, [invariant])
    with pytest.raises(NoSuchStep, match="the schedule names Cal,"):
        play(CALL, [Answer("Cal", 1, Crash())])
    for search in (explore, play):
        with pytest.raises(NoSuchStep, match="outcomes names g, which the flow does not have; its steps are: Call"):
            search(CALL, outcomes={"f": {}, "Call": {}, "g": {}})


@pytest.mark.parametrize("wrong", [called_once, lambda played: played.status == "Succeeded"])
def test_invariants_that_do_not_complain_are_refused(wrong: object) -> None:
    with pytest.raises(
        TypeError, match=r"returns a complaint \(a text\), or None if it holds; .* returned (called_once|bool)"
    ):
        explore(CALL, [wrong])  # type: ignore[list-item]


PROJECT = f'''
import pytest
from fnfkit.testing import called_once, error

CALL = """{CALL}"""


def nothing(played):
    return None


def complains(played):
    return "complained"


@pytest.mark.invariants([complains])
def test_own(cloud):
    cloud.stub("f", {{}})
    cloud.run(CALL)


@pytest.mark.invariants(called_once("Elsewhere"))
def test_of_another_flow(cloud):
    cloud.stub("f", {{}})
    cloud.run(CALL)
    cloud.step(CALL, "Call")
'''


def test_the_marker_takes_functions_in_a_list_and_loses_no_test(tmp_path: Path) -> None:
    (tmp_path / "test_chaos.py").write_text(PROJECT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--fnf-chaos=20"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "--fnf-chaos broke flow flow: complained" in done.stdout
    (tmp_path / "test_chaos.py").write_text(PROJECT.replace("([complains])", "(nothing)"))
    lost = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert lost.returncode == 2, lost.stdout
    assert "write invariants([nothing])" in lost.stdout
