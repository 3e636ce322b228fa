"""Patterns that come up again and again, as parts: made of the public words only, as anybody can write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fnfkit.dsl.failures import FnF
from fnfkit.dsl.messages import Queue
from fnfkit.dsl.refs import context
from fnfkit.dsl.words import part, wait
from fnfkit.model.json import JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided; `decided` is false if nobody did in time."""

    approved: bool
    decided: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a worker reports on an approval's token."""

    approved: bool
    comment: str | None = None


@part
def poll_until(ask: Callable[[], T], done: Callable[[T], bool], every: int = 10) -> T:
    """Wait `every` seconds and ask, until the answer is `done`; gives that answer."""
    while True:
        wait(seconds=every)
        answer = ask()
        if done(answer):
            return answer


@part
def approval(queue: Queue, subject: JsonObject) -> Decision:
    """Ask for a decision by a message, and wait for the report; give the queue a `.timeout(...)` to stop waiting."""
    try:
        verdict = queue.call({"token": context.task.token, "subject": subject}, returns=Verdict)
    except FnF.TaskTimeout:
        return Decision(approved=False, decided=False, comment=None)
    return Decision(approved=verdict.approved, decided=True, comment=verdict.comment)
