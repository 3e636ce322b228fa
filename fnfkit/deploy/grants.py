"""The rights that a deployment derives, one by one: which role is granted what, and which steps ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fnfkit.deploy.graph import Call, FlowNode, Graph, call_of, tasks
from fnfkit.deploy.ids import Ids
from fnfkit.deploy.policy import flow_rights, report_rights, worker_rights
from fnfkit.model.flow import Pattern
from fnfkit.model.names import FunctionRef, QueueRef
from fnfkit.model.stack import Sub, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A right. `role` is the logical ID of the role or policy that has it; `resource` an ARN, with `${ALIYUN::Region}`
    and `${ALIYUN::TenantId}` in it; `by` names those who act with it, as `flow NAME`, `function SERVICE/NAME`,
    `function NAME` or `queue NAME` for its workers; `steps` are the (flow, step) that ask for it."""

    role: str
    by: tuple[str, ...]
    action: str
    resource: str
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    flow: str
    step: str
    call: Call

    @property
    def place(self) -> tuple[str, str]:
        return self.flow, self.step

    @property
    def reported(self) -> bool:
        """Whether somebody else tells the end of the task, with a right to do so (ros.md 10.3)."""
        return self.call.lasting or self.call.pattern is Pattern.WAIT_FOR_CALLBACK


def grants(graph: Graph) -> tuple[Grant, ...]:
    """Every right that `synth` would give, once per role, action and resource."""
    ids = Ids()
    asked = [one for node in graph.flows for one in _asked(node)]
    found = [grant for node in graph.flows for grant in _flow(node.name, ids, asked)]
    return (*found, *_functions(graph, ids, asked), *_workers(graph, ids, asked))


def _asked(node: FlowNode) -> Iterator[_Asked]:
    return (_Asked(node.name, task.name, call_of(task)) for task in tasks(node.flow.steps))


def _flow(name: str, ids: Ids, asked: list[_Asked]) -> Iterator[Grant]:
    steps: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in asked:
        if one.flow == name:
            for right in _rights(flow_rights([one.call])):
                steps.setdefault(right, []).append(one.place)
    role = ids.of(f"{name}-flow", "Role")
    for (action, resource), places in steps.items():
        yield Grant(role=role, by=(f"flow {name}",), action=action, resource=resource, steps=tuple(places))


def _functions(graph: Graph, ids: Ids, asked: list[_Asked]) -> Iterator[Grant]:
    """A role for all functions of a service, and one for each function without a service."""
    holders: dict[str, list[FunctionRef]] = {}
    for node in graph.functions:
        if node.reports:
            ref = node.ref
            holder = f"{ref.service}-functions" if ref.service else f"{ref.function}-function"
            holders.setdefault(ids.of(holder, "Role"), []).append(ref)
    for role, refs in holders.items():
        steps = tuple(one.place for one in asked if one.reported and _called(one.call, refs))
        for action, resource in _rights(report_rights()):
            yield Grant(role=role, by=tuple(map(spelled, refs)), action=action, resource=resource, steps=steps)


def _called(call: Call, refs: list[FunctionRef]) -> bool:
    target = call.target
    return isinstance(target, FunctionRef) and FunctionRef(target.function, target.service) in refs


def _workers(graph: Graph, ids: Ids, asked: list[_Asked]) -> Iterator[Grant]:
    for queue in graph.worked:
        calls = [one for one in asked if isinstance(one.call.target, QueueRef) and one.call.target.queue == queue]
        steps = tuple(one.place for one in calls if one.reported)
        role = ids.of(queue, "WorkerPolicy")
        for action, resource in _rights(worker_rights(queue)):
            yield Grant(role=role, by=(f"queue {queue}",), action=action, resource=resource, steps=steps)


def spelled(ref: FunctionRef) -> str:
    """How `Grant.by` names a function."""
    return f"function {ref.service}/{ref.function}" if ref.service else f"function {ref.function}"


def _rights(document: dict[str, Value] | None) -> Iterator[tuple[str, str]]:
    for statement in document["Statement"] if document else ():
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, resource.text if isinstance(resource, Sub) else str(resource)
