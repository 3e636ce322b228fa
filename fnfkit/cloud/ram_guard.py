"""Enforcement: between a task step and what it calls stand the roles of the flow and of the function (ros.md 10).

A flow whose role the account does not know is not checked: accounts that have never heard of roles keep working. A
denied call fails the step with the target's own error, e.g. `FC.AccessDenied` (api-fc.md 6, fdl.md 4.9; that a denial
is reported under this name is inferred).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from fnfkit.cloud.fc.catalogue import Catalogue
from fnfkit.cloud.ram_records import Denial
from fnfkit.cloud.ram_roles import Roles
from fnfkit.cloud.targets import InvokesTasks, TaskCall
from fnfkit.engine.events import Accepted, Completed, Failed
from fnfkit.model.flow import Pattern
from fnfkit.model.names import ActionRef, FlowRef, FunctionRef, QueueRef, Target, TopicRef
from fnfkit.ports.roles import Role

FLOW_SERVICE = "fnf.aliyuncs.com"
FUNCTION_SERVICE = "fc.aliyuncs.com"
REPORT_SUCCEEDED = "fnf:ReportTaskSucceeded"
REPORT_FAILED = "fnf:ReportTaskFailed"

_PREFIXES = {"fc": "FC", "mns": "MNS", "fnf": "FnF"}


class Guard:
    """Asks what roles may do. `flow_role` and `function_role` tell the ARN of a flow's and of a function's role."""

    def __init__(
        self,
        roles: Roles,
        lock: RLock,
        *,
        region: str,
        account_id: str,
        flow_role: Callable[[str], str],
        function_role: Callable[[FunctionRef], str],
    ) -> None:
        self._roles, self._lock = roles, lock
        self._region, self._account = region, account_id
        self._flow_role, self._function_role = flow_role, function_role
        self.enforced = True

    def before(self, target: InvokesTasks) -> InvokesTasks:
        """The target, with the guard in front of it."""
        return _Guarded(self, target)

    def denies(self, call: TaskCall) -> Denial | None:
        """Why a step may not make its call; None if it may."""
        arn = self._flow_role(call.flow) if self.enforced else ""
        if not arn:
            return None
        with self._lock:
            role = self._roles.find(arn)
            request = request_of(call.target, self._region, self._account) if role is not None else None
            if role is None or request is None:
                return None
            if not self._roles.trusts(role, FLOW_SERVICE):
                return Denial(role.name, "sts:AssumeRole", role.arn, f"its trust does not name {FLOW_SERVICE}")
            action, spellings = request
            return self._roles.allows(role, action, spellings)

    def reporter(self, call: TaskCall) -> Role | None:
        """The role that reports the end of an asynchronous function call, if its rights count (scenarios.md 9)."""
        target = call.target
        if call.pattern is not Pattern.SYNC or not isinstance(target, FunctionRef) or not self.enforced:
            return None
        if (call.params or {}).get("InvocationType") != "Async":
            return None
        with self._lock:
            return self._roles.find(self._function_role(target))

    def may_report(self, role: Role, event: Completed | Failed) -> bool:
        """Whether a function's role may report how the function ended."""
        action = REPORT_SUCCEEDED if isinstance(event, Completed) else REPORT_FAILED
        with self._lock:
            current = self._roles.find(role.arn)
            return current is not None and self._roles.allows(current, action, ["*"]) is None


class _Guarded:
    def __init__(self, guard: Guard, target: InvokesTasks) -> None:
        self._guard, self._target = guard, target

    def invoke(self, call: TaskCall) -> None:
        denial = self._guard.denies(call)
        if denial is not None:
            call.fail(f"{_PREFIXES.get(denial.action.partition(':')[0], 'FnF')}.AccessDenied", str(denial))
            return
        reporter = self._guard.reporter(call)
        if reporter is None:
            self._target.invoke(call)
        else:
            self._target.invoke(call.through(_Reports(self._guard, reporter, call).answer))


class _Reports:
    """The end of an accepted asynchronous call is reported with the function's role; without the right to do so it is
    never heard of, and the step waits for its timeout (scenarios.md 9)."""

    def __init__(self, guard: Guard, role: Role, call: TaskCall) -> None:
        self._guard, self._role, self._call = guard, role, call
        self._accepted = False

    def answer(self, event: Accepted | Completed | Failed) -> None:
        match event:
            case Accepted():
                self._accepted = True
                self._call.accept()
            case _ if self._accepted and not self._guard.may_report(self._role, event):
                return
            case Completed(output=output):
                self._call.succeed(output)
            case Failed(error=error, cause=cause):
                self._call.fail(error, cause)


def role_of(catalogue: Catalogue, target: FunctionRef) -> str:
    """The role a function acts with: its own, or in FC 2 that of its service (ros.md 10)."""
    unit = catalogue.units.get(target.service or f"/{target.function}")
    if unit is None:
        return ""
    function = unit.functions.get(target.function)
    return (function.role if function else "") or unit.record.role


def request_of(target: Target, region: str, account: str) -> tuple[str, tuple[str, ...]] | None:
    """The action a call needs, and the spellings of its resource in policies; the first is the exact one."""
    match target:
        case FunctionRef():
            return "fc:InvokeFunction", _function_spellings(target, region, account)
        case QueueRef(queue, own, owner):
            return "mns:SendMessage", (str(QueueRef(queue, own or region, owner or account)),)
        case TopicRef(topic, own, owner):
            return "mns:PublishMessage", (str(TopicRef(topic, own or region, owner or account)),)
        case FlowRef(flow, own, owner):
            return "fnf:StartExecution", (str(FlowRef(flow, own or region, owner or account)),)
        case ActionRef(service, api):
            return f"{service}:{api}", ("*",)
        case _:
            return None


def _function_spellings(target: FunctionRef, region: str, account: str) -> tuple[str, ...]:
    """A call of LATEST may be granted with or without naming it (inferred: samples always list both, ros.md 10.3)."""
    names = (target.function, target.service)
    place = (target.region or region, target.account or account)
    qualifiers = ("", "LATEST") if target.qualifier == "LATEST" else (target.qualifier,)
    return tuple(str(FunctionRef(*names, qualifier, *place)) for qualifier in qualifiers)
