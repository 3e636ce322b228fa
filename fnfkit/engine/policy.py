"""Retries and catches: which one an error meets, and how long to wait (fdl.md 4.6, 4.7)."""

from __future__ import annotations

from fnfkit.engine.nodes import CatchNode, GuardedNode
from fnfkit.engine.state import Fork, TaskRun
from fnfkit.model.flow import ANY_ERROR, Retry


def delay_of(run: TaskRun | Fork, error: str) -> int | None:
    """Milliseconds until the next attempt, or None if there is none. The first policy that matches decides."""
    for place, policy in enumerate(run.node.retry):
        if error in policy.errors or ANY_ERROR in policy.errors:
            run.retries = run.retries or [0] * len(run.node.retry)
            run.retries[place] += 1
            used = run.retries[place]
            return backoff(policy, used) if used <= policy.attempts else None
    return None


def backoff(policy: Retry, retry: int) -> int:
    """Milliseconds before a retry, counted from 1 (fdl.md 4.6)."""
    try:
        seconds = min(policy.interval * float(policy.multiplier) ** (retry - 1), policy.max_interval)
    except OverflowError:
        seconds = policy.max_interval
    return max(0, round(1000 * seconds))


def catch_of(node: GuardedNode, error: str) -> CatchNode | None:
    """The first catch that takes an error."""
    return next((entry for entry in node.catch if error in entry.errors or ANY_ERROR in entry.errors), None)
