"""What tests have made of the rights of roles: who has done what to which resource, and which grants stood idle.

Flows, functions and workers are told apart by name, whatever role they have: a history shows what a flow has called
and whose reports ended its tasks, a queue what its consumers did. Beside that, the grants of roles that an account has
had, e.g. those of a template deployed there, are kept with whether they were used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram_guard import REPORT_FAILED, REPORT_SUCCEEDED, request_of
from fnfkit.cloud.ram_records import Grant
from fnfkit.lint.shapes.promises import is_asynchronous
from fnfkit.lint.tree import places_of
from fnfkit.model.flow import Flow, Pattern, Task
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef, QueueRef, Target, dead_letter_queue
from fnfkit.model.patterns import glob
from fnfkit.testing.trace import Fact

ANY = "*"
_PARKING = ("CreateQueue", "SendMessage")
_REPORTS = {"TaskSucceeded": REPORT_SUCCEEDED, "TaskFailed": REPORT_FAILED}
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """Something done: `by` is `flow NAME`, `function SERVICE/NAME`, `function NAME`, or `queue NAME` for a worker of
    it. Region and account of the resource are left out where they are the flow's own."""

    by: str
    action: str
    resource: str


@dataclass(slots=True)
class Rights:
    """What is known of a test run. Taking the same thing into account again changes nothing."""

    uses: set[Use] = field(default_factory=set)
    grants: dict[Grant, bool] = field(default_factory=dict)
    """The grants of roles that stood in an account -> whether any was used."""

    def add_history(self, name: str, flow: Flow, events: Iterable[Fact]) -> None:
        """Take an execution into account."""
        tasks: dict[str, Task] = {
            place.step.name: place.step for place in places_of(flow) if isinstance(place.step, Task)
        }
        submitted: set[int] = set()
        for event in events:
            task = tasks.get(event.step)
            if task is None:
                continue
            if event.type == "TaskScheduled":
                self.uses.update(_call(name, task.target))
            elif event.type == "TaskSubmitted":
                submitted.add(event.id)
            elif event.type in _REPORTS and event.scheduled_by in submitted:
                self.uses.update(_report(task, _REPORTS[event.type]))

    def add_account(self, cloud: Cloud) -> None:
        """Take an account into account, when the test is over."""
        self.uses.update(_work(cloud.mns.queues.consumed))
        unused = set(cloud.ram.roles.unused_grants())
        for grant in cloud.ram.roles.grants():
            self.grants[grant] = self.grants.get(grant, False) or grant not in unused

    def used(self, by: Iterable[str], action: str, resource: str) -> bool:
        """Whether a right was made use of. In the resource `${...}` stands for anything."""
        holders = set(by)
        return any(use.by in holders and use.action == action and covers(resource, use.resource) for use in self.uses)

    def dump(self) -> JsonObject:
        """All of it as JSON."""
        uses = [[use.by, use.action, use.resource] for use in sorted(self.uses)]
        grants = [_dumped(grant, used) for grant, used in sorted(self.grants.items(), key=lambda item: str(item[0]))]
        return {"uses": uses, "grants": grants}

    def merge(self, data: Json) -> None:
        """Add what `dump` gave, in this process or another. Raises KeyError, TypeError and ValueError for anything
        else."""
        for by, action, resource in data["uses"]:
            self.uses.add(Use(by, action, resource))
        for row in data["grants"]:
            lists = (tuple(row["actions"]), tuple(row["resources"]))
            grant = Grant(row["role"], row["policy"], row["statement"], *lists)
            self.grants[grant] = self.grants.get(grant, False) or row["used"]


def _dumped(grant: Grant, used: bool) -> JsonObject:
    return {
        "role": grant.role,
        "policy": grant.policy,
        "statement": grant.statement,
        "actions": list(grant.actions),
        "resources": list(grant.resources),
        "used": used,
    }


def _work(operations: Set[tuple[str, str]]) -> Iterator[Use]:
    """What workers did with their queue, and with the one they park its dead letters in."""
    queues = {dead_letter_queue(queue): queue for queue, _ in operations}
    for queue, operation in operations:
        messages = str(QueueRef(queue))
        if operation not in _PARKING:
            yield Use(f"queue {queue}", f"mns:{operation}", messages)
        elif queue in queues:
            resource = messages.removesuffix("/messages") if operation == "CreateQueue" else messages
            yield Use(f"queue {queues[queue]}", f"mns:{operation}", resource)


def _call(flow: str, target: Target) -> Iterator[Use]:
    request = request_of(target, "", "")
    if request is not None:
        action, spellings = request
        yield from (Use(f"flow {flow}", action, resource) for resource in spellings)


def _report(task: Task, action: str) -> Iterator[Use]:
    """Who reports the end of a task that was accepted: the function, the service for it, or a worker (ros.md 10.3)."""
    waits = task.pattern is Pattern.WAIT_FOR_CALLBACK
    match task.target:
        case FunctionRef(function, service) if waits or is_asynchronous(task):
            yield Use(f"function {service}/{function}" if service else f"function {function}", action, ANY)
        case QueueRef(queue) if waits:
            yield Use(f"queue {queue}", action, ANY)
        case _:
            return


def covers(granted: str, resource: str) -> bool:
    """Whether a granted resource, with `*`, `?` and `${...}` for what is not known, means a resource."""
    plain = _PLACEHOLDER.sub(ANY, granted)
    wanted, found = plain.split(":", 4), resource.split(":", 4)
    if len(wanted) < 5 or len(found) < 5:
        return _matches(plain, resource)
    places = all(not there or _matches(here, there) for here, there in zip(wanted[2:4], found[2:4], strict=True))
    return places and wanted[:2] == found[:2] and _matches(wanted[4], found[4])


def _matches(pattern: str, text: str) -> bool:
    return pattern == text or glob(pattern).match(text) is not None
