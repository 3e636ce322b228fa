"""`App`: what a project consists of, and the decorators that add to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol, TypeVar, overload

from fnfkit.dsl.flow import FlowReference, PythonFlow, StepsFlow
from fnfkit.dsl.function import Code, Deployed, Folder, Function, Project
from fnfkit.dsl.messages import Queue, Topic
from fnfkit.dsl.steps import Steps
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import NAME, FlowRef, FunctionRef, QueueRef, TopicRef

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class FunctionDecorator(Protocol):
    """`@app.function(...)`."""

    def __call__(self, body: Callable[P, R], /) -> Function[P, R]: ...


class FlowDecorator(Protocol):
    """`@app.flow(...)`."""

    def __call__(self, body: Callable[P, R], /) -> PythonFlow[P, R]: ...


class StepsDecorator(Protocol):
    """`@app.steps(...)`."""

    def __call__(self, body: Callable[[Steps], None], /) -> StepsFlow: ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Starts a flow by cron, `CRON_TZ=` or `@every` (fdl.md 7)."""

    name: str
    flow: str
    cron: str
    payload: JsonObject | None = None
    enabled: bool = True


@dataclass(slots=True)
class App:
    """A project: its flows, functions, queues, topics and schedules by name. `service` is the default of functions."""

    name: str
    service: str = ""
    region: str = ""
    flows: dict[str, PythonFlow[..., Json] | StepsFlow] = field(default_factory=dict)
    functions: dict[str, Function[..., Json]] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_name("app", self.name)

    @overload
    def function(self, body: Callable[P, R], /) -> Function[P, R]: ...
    @overload
    def function(
        self,
        /,
        *,
        name: str = ...,
        service: str | None = ...,
        qualifier: str = ...,
        code: str = ...,
        handler: str = ...,
        deployed: bool = ...,
    ) -> FunctionDecorator: ...
    def function(
        self,
        body: Callable[..., Json] | None = None,
        /,
        *,
        name: str = "",
        service: str | None = None,
        qualifier: str = "",
        code: str = "",
        handler: str = "index.handler",
        deployed: bool = False,
    ) -> Json:
        """Make a function callable from flows. Its parameters are the keys of the event, its result is the object.

        The code is the function itself, or a folder (`code=`, `handler=`), or in the cloud already (`deployed=True`);
        for the latter two the body is `elsewhere()`. The name in the cloud is the Python name unless `name` is given.
        """
        if code and deployed:
            raise TypeError("code= deploys a folder, deployed=True uses what is there: give one of them")
        kind: Code = Folder(code, handler) if code else Deployed() if deployed else Project()

        def decorate(function: Callable[P, R]) -> Function[P, R]:
            ref = FunctionRef(name or function.__name__, self.service if service is None else service, qualifier)
            made = Function(target=ref, ref=ref, title=function.__name__, body=function, code=kind)
            _check_new(self.functions, _key(ref), "function")
            self.functions[_key(ref)] = made
            return made

        return decorate if body is None else decorate(body)

    @overload
    def flow(self, body: Callable[P, R], /) -> PythonFlow[P, R]: ...
    @overload
    def flow(self, /, *, name: str = ..., timeout: int | None = ...) -> FlowDecorator: ...
    def flow(self, body: Callable[..., Json] | None = None, /, *, name: str = "", timeout: int | None = None) -> Json:
        """Make a function a flow. `timeout` in seconds covers a whole execution."""

        def decorate(function: Callable[P, R]) -> PythonFlow[P, R]:
            title = name or function.__name__
            made = PythonFlow(
                target=FlowRef(title), title=function.__name__, name=title, body=function, timeout_seconds=timeout
            )
            _check_new(self.flows, title, "flow")
            self.flows[title] = made
            return made

        return decorate if body is None else decorate(body)

    @overload
    def steps(self, body: Callable[[Steps], None], /) -> StepsFlow: ...
    @overload
    def steps(self, /, *, name: str = ...) -> StepsDecorator: ...
    def steps(self, body: Callable[..., Json] | None = None, /, *, name: str = "") -> Json:
        """Make a flow step by step: the function gets the builder."""

        def decorate(function: Callable[[Steps], None]) -> StepsFlow:
            title = name or function.__name__
            made = StepsFlow(target=FlowRef(title), title=function.__name__, name=title, body=function)
            _check_new(self.flows, title, "flow")
            self.flows[title] = made
            return made

        return decorate if body is None else decorate(body)

    def queue(self, name: str) -> Queue:
        """A queue of the Message Service."""
        return self.queues.setdefault(name, Queue(target=QueueRef(name), title=name))

    def topic(self, name: str) -> Topic:
        """A topic of the Message Service."""
        return self.topics.setdefault(name, Topic(target=TopicRef(name), title=name))

    @overload
    def flow_ref(self, name: str) -> FlowReference[JsonObject]: ...
    @overload
    def flow_ref(self, name: str, *, returns: type[T]) -> FlowReference[T]: ...
    def flow_ref(self, name: str, *, returns: Json = dict) -> Json:
        """A flow that is defined elsewhere, with the type of what it returns."""
        _check_name("flow", name)
        return FlowReference(target=FlowRef(name), title=name, name=name, result=returns)

    def schedule(
        self,
        flow: PythonFlow[..., Json] | StepsFlow,
        cron: str,
        *,
        name: str = "",
        payload: JsonObject | None = None,
        enabled: bool = True,
    ) -> Schedule:
        """Start a flow by the clock. The execution's input has `payload`, `triggerName`, `triggerTime` (fdl.md 7)."""
        made = Schedule(name or f"{flow.name}-schedule", flow.name, cron, payload, enabled)
        _check_new(self.schedules, made.name, "schedule")
        self.schedules[made.name] = made
        return made


def _key(ref: FunctionRef) -> str:
    return f"{ref.service}/{ref.function}".lstrip("/")


def _check_new(known: Mapping[str, object], name: str, kind: str) -> None:
    _check_name(kind, name.rpartition("/")[2])
    if name in known:
        raise TypeError(f"there is a {kind} {name} already: give one of them another name=")


def _check_name(kind: str, name: str) -> None:
    if not NAME.match(name):
        raise TypeError(f"{name!r} is no name for a {kind}: a letter or _, then letters, digits, _ and -, at most 128")
