"""What an App needs in a cloud: its flows with what their steps call, and what its functions have to be for that."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.deploy.error import DeployError
from fnfkit.dsl.app import App, Schedule
from fnfkit.dsl.function import Deployed, Function
from fnfkit.model.expr import Const, Object
from fnfkit.model.flow import Flow, Pattern, Step, Task, bodies
from fnfkit.model.json import Json
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, Target, TopicRef
from fnfkit.model.problem import Location, Mark


@dataclass(frozen=True, slots=True)
class Call:
    """What a step calls, and how it waits. `lasting` calls are asynchronous ones the service reports the end of."""

    target: Target
    pattern: Pattern
    lasting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNode:
    """A flow, its calls in the order of the steps, and where its parts were written."""

    name: str
    flow: Flow
    description: str
    calls: tuple[Call, ...]
    file: str = ""
    marks: Mapping[Location, Mark] = field(default_factory=dict, compare=False)

    def line(self, at: Location) -> int | None:
        """The line of the file that a part of the flow comes from, as closely as it is known."""
        near = (self.marks.get(at[:length]) for length in range(len(at), -1, -1))
        return next((mark.line for mark in near if mark is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionNode:
    """A function whose code is ours. `reports` means that its role has to report the end of tasks (ros.md 10.3),
    `lasting` that it is called as an asynchronous task, `qualifiers` are the aliases that steps call it by."""

    handle: Function[..., Json]
    reports: bool
    lasting: bool
    qualifiers: tuple[str, ...]

    @property
    def ref(self) -> FunctionRef:
        """Its name, without a qualifier."""
        return FunctionRef(self.handle.ref.function, self.handle.ref.service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A project as the things a cloud has to have for it. `worked` are the queues whose messages carry task tokens."""

    name: str
    folder: Path
    flows: tuple[FlowNode, ...]
    functions: tuple[FunctionNode, ...]
    queues: tuple[str, ...]
    worked: tuple[str, ...]
    topics: tuple[str, ...]
    schedules: tuple[Schedule, ...]

    def called(self, target: FunctionRef) -> FunctionNode | None:
        """The function of ours that a step calls, whatever the qualifier."""
        plain = FunctionRef(target.function, target.service)
        return next((node for node in self.functions if node.ref == plain), None)


def graph(app: App, folder: Path) -> Graph:
    """What an App needs; folders of code are relative to `folder`. Raises CompileError, `DeployError`."""
    flows = tuple(_flow(name, app) for name in app.flows)
    calls = [call for node in flows for call in node.calls]
    functions = tuple(
        _function(handle, calls) for handle in app.functions.values() if not isinstance(handle.code, Deployed)
    )
    made = Graph(
        name=app.name,
        folder=folder,
        flows=flows,
        functions=functions,
        queues=tuple(app.queues),
        worked=tuple(dict.fromkeys(_worked(calls))),
        topics=tuple(app.topics),
        schedules=tuple(app.schedules.values()),
    )
    if not (flows or functions or app.queues or app.topics):
        raise DeployError("NothingToDeploy", f"the App {app.name} has no flows, functions, queues or topics")
    return made


def _flow(name: str, app: App) -> FlowNode:
    handle = app.flows[name]
    compiled = handle.compile()
    flow = compiled.flow
    told = inspect.cleandoc(handle.body.__doc__ or "").partition("\n")[0]
    # The service wants a description of 1 to 128 characters (ros.md 5).
    return FlowNode(
        name=name,
        flow=flow,
        description=(told or name)[:128],
        calls=tuple(calls(flow)),
        file=compiled.file,
        marks=compiled.marks,
    )


def calls(flow: Flow) -> Iterator[Call]:
    """The distinct calls of a flow."""
    return iter(dict.fromkeys(call_of(task) for task in tasks(flow.steps)))


def call_of(task: Task) -> Call:
    """What a task calls."""
    return Call(task.target, task.pattern, _lasting(task))


def tasks(steps: tuple[Step, ...]) -> Iterator[Task]:
    """Every task of a sequence and of what is inside it, in the order of the text."""
    pending = list(reversed(steps))
    while pending:
        step = pending.pop()
        if isinstance(step, Task):
            yield step
        pending += [inner for body in reversed(bodies(step)) for inner in reversed(body)]


def _lasting(task: Task) -> bool:
    """Whether a task is an asynchronous call with the pattern sync (fdl.md 4.2)."""
    if task.pattern is not Pattern.SYNC or not isinstance(task.target, FunctionRef):
        return False
    fields = dict(task.params.fields) if isinstance(task.params, Object) else {}
    return fields.get("InvocationType") == Const("Async")


def _function(handle: Function[..., Json], calls: list[Call]) -> FunctionNode:
    mine = [call for call in calls if _names(call.target, handle.ref)]
    qualifiers = [call.target.qualifier for call in mine if isinstance(call.target, FunctionRef)]
    return FunctionNode(
        handle=handle,
        reports=any(call.lasting or call.pattern is Pattern.WAIT_FOR_CALLBACK for call in mine),
        lasting=any(call.lasting for call in mine),
        qualifiers=tuple(dict.fromkeys(name for name in qualifiers if _is_alias(name))),
    )


def _names(target: Target, ref: FunctionRef) -> bool:
    return isinstance(target, FunctionRef) and (target.function, target.service) == (ref.function, ref.service)


def _is_alias(qualifier: str) -> bool:
    return qualifier not in ("", "LATEST") and not qualifier.isdigit()


def _worked(calls: list[Call]) -> Iterator[str]:
    for call in calls:
        if isinstance(call.target, QueueRef) and call.pattern is Pattern.WAIT_FOR_CALLBACK:
            yield call.target.queue


def own(target: Target) -> bool:
    """Whether a target is in the flow's own account and region, where its ARN leaves both open."""
    match target:
        case FunctionRef() | QueueRef() | TopicRef() | FlowRef():
            return not target.region and not target.account
        case _:
            return False
