"""The record: written whole, held by one, and honest about what it cannot read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fnfkit.deploy import Book, DeployError, Deployment, book
from fnfkit.deploy.record import DESTROYED, DONE, FAILED, MOST, STARTED


def deployment(template: str, state: str = DONE, stack: str = "s", target: str = "t") -> Deployment:
    return Deployment(number=0, at=1, stack=stack, state=state, target=target, template=template)


@pytest.fixture
def kept(tmp_path: Path) -> Book:
    return book(tmp_path, "local")


def test_deployments_are_numbered_and_finished(kept: Book) -> None:
    first = kept.start(deployment("a", STARTED))
    kept.finish(replace(first, state=DONE, stack_id="id"))
    second = kept.start(deployment("b"))
    assert [(one.number, one.state) for one in kept.read()] == [(1, DONE), (2, DONE)]
    assert second.number == 2


def test_the_oldest_are_forgotten_and_numbers_go_on(kept: Book) -> None:
    for number in range(MOST + 5):
        kept.start(deployment(str(number)))
    assert [one.number for one in kept.read()] == list(range(6, MOST + 6))


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], None),
        ([("a", DONE)], None),
        ([("a", DONE), ("b", DONE)], "a"),
        ([("a", DONE), ("b", DONE), ("b", DONE)], "a"),
        ([("a", DONE), ("b", FAILED)], "a"),
        ([("a", DONE), ("b", STARTED)], "a"),
        ([("a", DONE), ("", DESTROYED)], "a"),
        ([("a", FAILED)], None),
    ],
)
def test_what_a_rollback_goes_to(kept: Book, history: list[tuple[str, str]], expected: str | None) -> None:
    for template, state in history:
        kept.start(deployment(template, state))
    kept.start(deployment("other", stack="other"))
    kept.start(deployment("elsewhere", target="elsewhere"))
    found = kept.previous("s", "t")
    assert (found and found.template) == expected


def test_one_at_a_time(kept: Book) -> None:
    with kept.held(), pytest.raises(DeployError) as refused, book(kept.path.parents[1], "local").held():
        pass
    assert refused.value.code == "Busy"
    with kept.held(), book(kept.path.parents[1], "other").held():
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "deployments": [{"a": 1}]}'])
def test_a_file_that_is_no_record(kept: Book, text: str) -> None:
    kept.path.parent.mkdir()
    kept.path.write_text(text, "utf-8")
    with pytest.raises(DeployError, match="cannot be read") as refused:
        kept.read()
    assert refused.value.hint == "move it away; only `rollback` needs it"


def test_a_write_that_fails_leaves_the_record_as_it_was(kept: Book) -> None:
    kept.start(deployment("a"))
    before = kept.path.read_text("utf-8")
    with pytest.raises(TypeError):
        kept.start(replace(deployment("b"), parameters={"K": object()}))  # type: ignore[dict-item]
    assert kept.path.read_text("utf-8") == before
    assert sorted(file.name for file in kept.path.parent.iterdir()) == ["local.json"]
    assert json.loads(before)["version"] == 1
