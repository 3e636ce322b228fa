"""The arms of a flow: everything that an execution can do in more than one way, each with its place.

| kind | one arm for each |
|---|---|
| step | step |
| edge | pair of a step and what can follow it in its sequence, the end of the sequence included |
| option | option of a choice, its default, and "no option" for a choice without one |
| catch, retry | entry of a `catch` and `retry`; containers have them in state machines |
| timeout | task with `timeoutSeconds`, and the flow itself if it has them |
| items | foreach with none, one, and many items |
"""

from __future__ import annotations

from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass

from fnfkit.lint.tree import Sequence, arms_of, flows_on, leaves, sequences_of
from fnfkit.model.flow import ANY_ERROR, Catch, Choice, Fail, Flow, Foreach, Parallel, Retry, Step, Succeed, Task
from fnfkit.model.problem import Location

END = "(end)"
NO_OPTION = "no option"
COUNTS = ("0", "1", "many")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to go. `label` tells it from others of its kind at the same place."""

    kind: str
    at: Location
    step: str
    label: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "step":
                return f"step {self.step}"
            case "edge":
                return f"{self.step} -> {self.label}"
            case _:
                return f"{self.step}: {self.kind} {self.label}".rstrip()

    @property
    def key(self) -> tuple[str, str, str]:
        """What is stored of it."""
        return (self.kind, "/".join(map(str, self.at)), self.label)


def arms(flow: Flow) -> tuple[Arm, ...]:
    """All arms of a flow, in text order."""
    found = [arm for sequence in sequences_of(flow) for arm in _sequence(sequence)]
    if flow.timeout is not None:
        found.append(Arm("timeout", (), "(flow)"))
    return tuple(dict.fromkeys(sorted(found, key=lambda arm: _order(arm.at))))


def _order(at: Location) -> tuple[tuple[int, str], ...]:
    return tuple((part, "") if isinstance(part, int) else (-1, part) for part in at)


def _sequence(sequence: Sequence) -> Iterator[Arm]:
    for position, step, at in sequence.places():
        yield Arm("step", at, step.name)
        for follower in followers(sequence, position):
            yield Arm("edge", at, step.name, follower)
        yield from _outcomes(step, at)


def followers(sequence: Sequence, position: int) -> list[str]:
    """The names of what can follow a step in its sequence."""
    step = sequence.steps[position]
    if isinstance(step, Fail):
        return []
    jumps = [name for name in _jumps(step) if sequence.position(name) is not None]
    if not flows_on(step) and not leaves(step):
        return list(dict.fromkeys(jumps))
    if isinstance(step, Choice) and not _falls_through(step):
        return list(dict.fromkeys(jumps))
    return list(dict.fromkeys([*jumps, following(sequence, position)]))


def following(sequence: Sequence, position: int) -> str:
    """What comes after a step of a sequence that does not jump."""
    step, last = sequence.steps[position], position + 1 == len(sequence.steps)
    if not isinstance(step, Succeed | Fail) and step.next is not None:
        return step.next
    return END if leaves(step) or last else sequence.steps[position + 1].name


def _jumps(step: Step) -> Iterator[str]:
    match step:
        case Task(catch=catch) | Parallel(catch=catch) | Foreach(catch=catch):
            yield from (entry.goto for entry in catch)
        case Choice():
            yield from (arm.goto for arm, _ in arms_of(step, ()) if arm.goto is not None)


def _falls_through(choice: Choice) -> bool:
    return choice.default is None or any(arm.goto is None for arm, _ in arms_of(choice, ()))


def _outcomes(step: Step, at: Location) -> Iterator[Arm]:
    match step:
        case Choice(options=options, default=default):
            yield from (Arm("option", at, step.name, str(number)) for number in range(1, len(options) + 1))
            yield Arm("option", at, step.name, NO_OPTION if default is None else "default")
        case Task():
            yield from _guards(step, at)
            if step.timeout is not None or step.timeout_from is not None:
                yield Arm("timeout", at, step.name)
        case Parallel():
            yield from _guards(step, at)
        case Foreach():
            yield from _guards(step, at)
            yield from (Arm("items", at, step.name, count) for count in COUNTS)
        case _:
            return


def _guards(step: Task | Parallel | Foreach, at: Location) -> Iterator[Arm]:
    for kind, entries in (("retry", step.retry), ("catch", step.catch)):
        yield from (Arm(kind, at, step.name, entry_label(entries, number)) for number in range(len(entries)))


def entry_label(entries: abc.Sequence[Retry | Catch], number: int) -> str:
    """What an entry of `retry` or `catch` is called: its number from 1, and the errors it takes."""
    return f"{number + 1} ({', '.join(entries[number].errors)})"


def entry_for(entries: abc.Sequence[Retry | Catch], error: str) -> int | None:
    """The first entry that takes an error (fdl.md 4.6, 4.7)."""
    for number, entry in enumerate(entries):
        if error in entry.errors or ANY_ERROR in entry.errors:
            return number
    return None
