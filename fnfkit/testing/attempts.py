"""The attempts of a task whose history shows answers only.

A state machine writes no event for a call, nor for an attempt that ran out of time and is tried again. Since an attempt
lasts no longer than its timeout, and retries wait for as long as their policy says, the time between two events tells
how many attempts ran out in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fnfkit.engine.errors import TASK_TIMEOUT
from fnfkit.engine.policy import backoff
from fnfkit.model.flow import Flow, Task
from fnfkit.testing.arms import entry_for
from fnfkit.testing.roles import Role, role_of
from fnfkit.testing.trace import Fact, time_of


def silent(flow: Flow) -> bool:
    """Whether histories of a flow leave calls out (cloudflow.md 8.1)."""
    return not flow.words.task_scheduled


@dataclass(frozen=True, slots=True)
class Attempts:
    """Where a visit of a task stands. `since` is when the attempt under way began, in Unix milliseconds; `error` how
    the one before failed; `used` how often each retry policy was taken."""

    task: Task
    since: int
    used: tuple[int, ...]
    error: str = ""

    @classmethod
    def begin(cls, task: Task, event: Fact) -> Attempts:
        """The first attempt begins with the event."""
        return cls(task, time_of(event), (0,) * len(task.retry))

    def ended(self, event: Fact) -> tuple[Attempts, list[str]]:
        """An attempt has ended with an event; the errors that were retried since the event before."""
        retried, after = [], self
        if after.error:
            retried.append(after.error)
            after = after._retry(after.error)
        while after._ran_out(event):
            retried.append(TASK_TIMEOUT)
            after = replace(after, since=after.since + 1000 * (self.task.timeout or 0))._retry(TASK_TIMEOUT)
        failed = role_of(event) in (Role.REFUSED, Role.EXPIRED)
        error = str(event.detail.get("error", "")) if failed else ""
        return replace(after, since=time_of(event), error=error), retried

    def _ran_out(self, event: Fact) -> bool:
        """Whether the attempt under way had ended of time before the event, and another one was made."""
        number = entry_for(self.task.retry, TASK_TIMEOUT)
        if number is None or self.used[number] >= self.task.retry[number].attempts:
            return False
        if self.task.timeout is None:
            # How long an attempt may last is data; at the end all are used up.
            return self.task.timeout_from is not None and role_of(event) is Role.RAN_OUT
        return time_of(event) > self.since + 1000 * self.task.timeout

    def _retry(self, error: str) -> Attempts:
        number = entry_for(self.task.retry, error)
        if number is None:
            return self
        used = tuple(count + (place == number) for place, count in enumerate(self.used))
        return replace(self, used=used, since=self.since + backoff(self.task.retry[number], used[number]), error="")
