"""One kind of fault: where it strikes and when, and what to say if there was nothing to strike."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from random import Random

from fnfkit.model.names import QueueRef, Target, TopicRef

AT_COMMIT = "crash at commit"
MOST_NAMES = 12
"""Names of what came by that are told."""


@dataclass(slots=True)
class Rule:
    """One kind of fault, where it strikes and when."""

    kind: str
    name: str
    times: int | None
    after: int
    rate: float
    random: Random
    error: str = ""
    cause: str = ""
    milliseconds: int = 0
    after_effect: bool = False
    optional: bool = False
    struck: int = 0
    met: bool = False
    """Whether anything came by that it means, struck or not."""

    def meet(self) -> None:
        """It has found what it means."""
        self.met = True

    def means(self, name: str) -> bool:
        """Whether something of that name is meant."""
        return fnmatchcase(name, self.name)

    def strikes(self) -> bool:
        """Whether it happens now, to something that it means."""
        if self.times is not None and self.struck >= self.times:
            return False
        if self.after:
            self.after -= 1
            return False
        if self.rate < 1 and self.random.random() >= self.rate:
            return False
        self.struck += 1
        return True


def missed(rule: Rule, passed: Collection[str]) -> str:
    """What to say of a rule that meant none of the names that came by."""
    if rule.kind == AT_COMMIT:
        return f"the fault {rule.kind} {rule.name} met nothing; there were fewer commits"
    return f"the fault {rule.kind} {rule.name!r} met nothing; {_hint(rule, passed)}"


def _hint(rule: Rule, passed: Collection[str]) -> str:
    if any(map(rule.means, passed)):
        return "what has that name is not where this fault strikes"
    near = get_close_matches(rule.name, passed, 1)
    return f"did you mean {near[0]}?" if near else f"what came by: {_listed(passed)}"


def _listed(names: Collection[str]) -> str:
    short = sorted(name for name in names if not name.startswith("acs:"))
    return ", ".join([*short[:MOST_NAMES], *(["..."] if len(short) > MOST_NAMES else [])]) or "nothing"


def refusal(rule: Rule, target: Target) -> tuple[str, str]:
    """The error and cause of a call that a rule fails or throttles."""
    messages = isinstance(target, QueueRef | TopicRef)
    if rule.kind == "throttle":
        return ("MNS.QpsLimitExceeded" if messages else "FC.ResourceThrottled"), "throttled"
    return rule.error or ("MNS.InternalError" if messages else "FC.Unknown"), rule.cause
