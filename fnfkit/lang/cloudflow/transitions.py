"""Transitions: every state goes on to a state of its scope, or ends the scope (cloudflow.md 2.1, 2.3)."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

from fnfkit.lang.fdl.findings import Findings
from fnfkit.model.flow import Choice, Fail, Foreach, Parallel, Step, Succeed, Task
from fnfkit.model.json import Json
from fnfkit.model.problem import Location


def check_transitions(
    states: list[Json], steps: list[Step], start: str | None, at: Location, findings: Findings
) -> None:
    """Reports names that are used twice, jumps out of the scope, and states that go nowhere or two ways."""
    place = (*at, "States")
    first: dict[str, int] = {}
    for position, step in enumerate(steps):
        if step.name and first.setdefault(step.name, position) != position:
            line = findings.line((*place, first[step.name]))
            message = f"the state name `{step.name}` is used twice (first in {line})"
            findings.error("E02", (*place, position, "Name"), message, "give every state of a scope its own name")
    if start is not None and start not in first:
        _missing("StartAt", start, (*at, "StartAt"), first, findings)
    for position, step in enumerate(steps):
        for where, goto in _jumps(step):
            if (goto and goto not in first) or _is_empty(states[position], where):
                _missing(str(where[-1]), goto or "", (*place, position, *where), first, findings)
        if isinstance(states[position], dict) and not isinstance(step, Choice | Succeed | Fail):
            _check_onward(step, states[position], (*place, position), findings)


def _jumps(step: Step) -> list[tuple[Location, str | None]]:
    match step:
        case Choice(options=options, default=default):
            jumps: list[tuple[Location, str | None]] = [
                (("Branches", position, "Next"), option.arm.goto) for position, option in enumerate(options)
            ]
            return [*jumps, (("Default",), default.goto)] if default else jumps
        case Succeed() | Fail():
            return []
        case Task() | Parallel() | Foreach():
            catches = [(("Catch", position, "Next"), entry.goto) for position, entry in enumerate(step.catch)]
            return [(("Next",), step.next), *catches]
        case _:
            return [(("Next",), step.next)]


def _is_empty(value: Json, where: Location) -> bool:
    """Whether an empty text stands at a place; what is missing is told elsewhere."""
    for part in where:
        found = (isinstance(value, dict) and part in value) or (isinstance(value, list) and part in range(len(value)))
        if not found:
            return False
        value = value[part]
    return bool(value == "")


def _missing(key: str, goto: str, at: Location, names: dict[str, int], findings: Findings) -> None:
    fix = findings.meant(goto, names) or "a jump reaches states of its own scope only, not those inside or outside"
    findings.error("E05", at, f"`{key}: {goto:.128}` names no state of the same scope", fix)


def _check_onward(step: Step, state: dict[str, Json], at: Location, findings: Findings) -> None:
    if isinstance(step, Choice | Succeed | Fail):
        return
    if step.end and "Next" in state:
        findings.error("E05", (*at, "Next"), "the state has both `Next` and `End: true`", "keep one of the two")
    elif not step.end and "Next" not in state:
        findings.error("E05", at, "the state has neither `Next` nor `End: true`", "add `Next: Name` or `End: true`")


def in_order(steps: list[Step], start: str | None) -> tuple[Step, ...]:
    """The states with the first one to run in front, and transitions that the order tells left out."""
    steps = sorted(steps, key=lambda step: step.name != start)
    return tuple(_settled(step, following) for step, following in zip_longest(steps, steps[1:]))


def _settled(step: Step, following: Step | None) -> Step:
    if isinstance(step, Succeed | Fail | Choice):
        return step
    if step.end:
        return replace(step, next=None, end=following is not None)
    return replace(step, next=None) if following is not None and step.next == following.name else step
