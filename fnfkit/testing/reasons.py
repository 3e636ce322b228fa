"""Why no execution was found that takes an arm: what is in the way, as far as the flow and the search tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from fnfkit.lang.fdl.sources import OWN
from fnfkit.lang.grammar import Grammar
from fnfkit.lang.unparse import Inexpressible, unparse
from fnfkit.lint.tree import places_of
from fnfkit.model.expr import Expr, Root
from fnfkit.model.flow import ANY_ERROR, Catch, Choice, Flow, Foreach, Parallel, Retry, Task
from fnfkit.testing.arms import NO_OPTION, Arm, arms, entry_label
from fnfkit.testing.breaking import FAILURE

_STATES_OWN = Grammar({"$Input": Root.INPUT, "$Context": Root.CONTEXT})
Key = tuple[str, str, str]


@dataclass(slots=True)
class Seen:
    """What the search has come to: the arms that some play took, and how long the longest play lasted, in seconds."""

    taken: set[Key] = field(default_factory=set)
    longest: float = 0.0
    plays: int = 0


def reason(flow: Flow, arm: Arm, seen: Seen) -> str:
    """Why the arm was not reached."""
    if arm.kind == "timeout" and not arm.at:
        return f"no execution lasted {flow.timeout} s, the longest {seen.longest:g} s"
    if arm.kind == FAILURE:
        return f"nothing was found to fail there in {seen.plays} tries"
    if arm.kind == "step":
        return _unreached(flow, arm)
    if Arm("step", arm.at, arm.step).key not in seen.taken:
        return f"step {arm.step} was not reached"
    step = next(place.step for place in places_of(flow) if place.at == arm.at)
    match step:
        case Choice() if arm.kind == "option":
            return _option(flow, step, arm.label)
        case Task() | Parallel() | Foreach() if arm.kind in ("retry", "catch"):
            return _entry(step.retry if arm.kind == "retry" else step.catch, arm)
        case Foreach() if arm.kind == "items":
            return f"no list of that length was found in {seen.plays} tries"
        case _ if arm.kind == "edge":
            return f"nothing took it from there to {arm.label} in {seen.plays} tries"
        case _:
            return f"nothing was found in {seen.plays} tries"


def _unreached(flow: Flow, arm: Arm) -> str:
    ways = [str(other) for other in arms(flow) if other.kind == "edge" and _leads_to(flow, other, arm)]
    if ways:
        return f"none of its ways was taken: {'; '.join(ways)}"
    place = next(place for place in places_of(flow) if place.at == arm.at)
    owner = place.sequence.owner
    if place.position == 0 and owner is not None:
        return f"step {owner.name} never began it"
    return "nothing leads to it"


def _leads_to(flow: Flow, edge: Arm, arm: Arm) -> bool:
    return edge.label == arm.step and edge.at[:-1] == arm.at[:-1]


def _option(flow: Flow, choice: Choice, label: str) -> str:
    if label in ("default", NO_OPTION):
        return "one of the options held every time"
    number = int(label)
    before = " while those before it do not" if number > 1 else ""
    return f"no values were found for which {_spelled(flow, choice.options[number - 1].condition)} holds{before}"


def _spelled(flow: Flow, condition: Expr) -> str:
    try:
        return unparse(condition, OWN if flow.accumulates else _STATES_OWN)
    except Inexpressible:
        return "its condition"


def _entry(entries: tuple[Retry, ...] | tuple[Catch, ...], arm: Arm) -> str:
    number = next(number for number in range(len(entries)) if entry_label(entries, number) == arm.label)
    entry, before = entries[number], {error for other in entries[:number] for error in other.errors}
    if isinstance(entry, Retry) and entry.attempts == 0:
        return "it allows no attempts"
    if ANY_ERROR in before or before.issuperset(entry.errors):
        return "entries before it take these errors"
    return "no such error came about" if isinstance(entry, Retry) else "no such error was left for it"
