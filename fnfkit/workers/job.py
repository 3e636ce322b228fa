"""One message from its arrival to its end: decide, work, report, settle. The decisions are in `settle`."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from random import Random
from typing import Protocol

from fnfkit.ports import Fault, Queues
from fnfkit.workers.backoff import delay, pause
from fnfkit.workers.body import TaskMessage, read_body
from fnfkit.workers.clock import Clock
from fnfkit.workers.counters import Counters
from fnfkit.workers.deadletters import DeadLetter, park
from fnfkit.workers.handler import Handler, Task
from fnfkit.workers.lease import Lease
from fnfkit.workers.ledger import Busy, Claimed, Ledger, Recorded
from fnfkit.workers.outcome import Again, Done, Outcome, Raised
from fnfkit.workers.settle import (
    Decision,
    Report,
    Settle,
    Settlement,
    Work,
    may_pass,
    on_answer,
    on_arrival,
    on_outcome,
)

_log = logging.getLogger("fnfkit.worker")


class Reports(Protocol):
    """What a worker needs of the port `Flows`."""

    def report_task_succeeded(self, token: str, output: str) -> int: ...

    def report_task_failed(self, token: str, error: str, cause: str = "") -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every job of a queue is done with."""

    queues: Queues
    flows: Reports
    handler: Handler
    ledger: Ledger
    clock: Clock
    counters: Counters
    random: Random
    dead_letters: str
    max_deliveries: int
    lease_seconds: int
    attempts: int

    def do(self, lease: Lease) -> None:
        """Does a job. A fault on the way leaves the message; it comes again."""
        found = read_body(lease.message.body)
        try:
            self._settle(lease, self._decide(lease, found))
        except Exception:
            _log.exception("message %s of %s is left after an unexpected error", lease.message.id, lease.queue)
            self.counters.add("left")
            lease.leave()

    def _decide(self, lease: Lease, found: TaskMessage | None) -> Settle:
        decision = on_arrival(
            has_token=found is not None,
            deliveries=lease.message.dequeue_count,
            max_deliveries=self.max_deliveries,
        )
        if found is None:
            return decision if isinstance(decision, Settle) else Settle(Settlement.PARK, "no task")
        if isinstance(decision, Work):
            decision = self._work(lease, found)
        while isinstance(decision, Report):
            decision = on_answer(decision, self._report(found.token, decision.outcome))
        return decision if isinstance(decision, Settle) else Settle(Settlement.LEAVE, "undecided")

    def _work(self, lease: Lease, found: TaskMessage) -> Decision:
        match self.ledger.begin(found.token, self.lease_seconds):
            case Busy():
                return Settle(Settlement.LEAVE, "somebody else is at this task")
            case Recorded(outcome):
                self.counters.add("repeated")
                return on_outcome(outcome)
            case Claimed():
                return on_outcome(self._run(lease, found))

    def _run(self, lease: Lease, found: TaskMessage) -> Outcome:
        lease.on_beat = lambda renewed: self._keep(found.token, renewed)
        message = lease.message
        task = Task(found.token, found.payload, lease.queue, message.id, message.dequeue_count)
        try:
            outcome = self.handler.run(task)
        except BaseException:  # the thread goes down; the task is for another worker, and at once
            self.ledger.release(found.token)
            raise
        if isinstance(outcome, Again):
            self.ledger.release(found.token)
            return outcome
        return self.ledger.record(found.token, outcome)

    def _keep(self, token: str, renewed: bool) -> None:
        self.counters.add("renewed", int(renewed))
        self.ledger.renew(token, self.lease_seconds)

    def _report(self, token: str, outcome: Done | Raised) -> Fault | None:
        """Reports, again and again while trouble may pass; the refusal that stays, or None."""
        for attempt in range(1, self.attempts + 1):
            try:
                self._report_once(token, outcome)
            except Fault as fault:
                if not may_pass(fault) or attempt == self.attempts:
                    return fault
                self._wait(attempt, fault)
            else:
                self.counters.add("succeeded" if isinstance(outcome, Done) else "failed")
                return None
        return None

    def _report_once(self, token: str, outcome: Done | Raised) -> None:
        match outcome:
            case Done(output):
                self.flows.report_task_succeeded(token, _text(output))
            case Raised(error, cause):
                self.flows.report_task_failed(token, error, cause)

    def _settle(self, lease: Lease, end: Settle) -> None:
        extra = {
            "queue": lease.queue,
            "message_id": lease.message.id,
            "deliveries": lease.message.dequeue_count,
            "settlement": end.settlement.value,
            "reason": end.reason,
        }
        _log.info("%s %s of %s: %s", end.settlement.value, lease.message.id, lease.queue, end.reason, extra=extra)
        match end.settlement:
            case Settlement.LEAVE:
                self.counters.add("left")
                lease.leave(end.seconds)
            case Settlement.PARK:
                self._park(lease, end.reason)
            case Settlement.DELETE:
                self._delete(lease)

    def _park(self, lease: Lease, reason: str) -> None:
        message = lease.message
        letter = DeadLetter(
            queue=lease.queue,
            body=message.body,
            reason=reason,
            message_id=message.id,
            deliveries=message.dequeue_count,
        )
        try:
            park(self.queues, self.dead_letters, letter)
        except Fault as fault:
            _log.warning("cannot park %s in %s: %s", message.id, self.dead_letters, fault)
            self.counters.add("left")
            lease.leave()
            return
        self.counters.add("parked")
        self._delete(lease)

    def _delete(self, lease: Lease) -> None:
        for attempt in range(1, self.attempts + 1):
            try:
                lease.delete()
            except Fault as fault:
                if not may_pass(fault) or attempt == self.attempts:
                    _log.warning("cannot delete %s: %s", lease.message.id, fault)
                    lease.leave()
                    return
                self._wait(attempt, fault)
            else:
                self.counters.add("lost", int(lease.lost))
                return

    def _wait(self, attempt: int, fault: Fault) -> None:
        self.counters.add("faults")
        _log.warning("attempt %d failed: %s", attempt, fault)
        pause(self.clock, delay(attempt, self.random))


def _text(output: object) -> str:
    return json.dumps(output, ensure_ascii=False)
