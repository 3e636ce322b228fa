"""What task steps call: the protocol of a target, the call it is given, and the table of targets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from fnfkit.engine.commands import Invoke
from fnfkit.engine.events import Accepted, Completed, Failed
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import ActionRef, Target

_log = logging.getLogger("fnfkit.targets")


class Caller(Protocol):
    """The execution that calls, and takes the answers."""

    @property
    def flow_name(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def key(self) -> str: ...

    def now(self) -> int: ...

    def answer(self, call: int, event: Accepted | Completed | Failed) -> None: ...


class TaskCall:
    """One attempt of a task step: what to call it with, and how to answer.

    Answer with `succeed` or `fail`, and before that with `accept` for patterns that go on waiting (sync,
    waitForCallback): at once or later, from any thread. Answers after the first `succeed` or `fail`, and after the
    call was abandoned, change nothing.
    """

    __slots__ = ("_caller", "_command", "abandoned", "input", "on_abandon", "params", "pattern", "target")

    def __init__(self, caller: Caller, command: Invoke) -> None:
        self._caller = caller
        self._command = command
        self.target: Target = command.target
        """What the step calls."""
        self.pattern: Pattern = command.pattern
        """How the step waits."""
        self.input: JsonObject = command.input
        """The mapped step input."""
        self.params: JsonObject | None = command.params
        """The evaluated serviceParams, None if the step has none."""
        self.abandoned = False
        """Whether the answer no longer matters (timeout, stop, a failed sibling branch)."""
        self.on_abandon: Callable[[], None] | None = None
        """Called, in the driving thread, when the call is abandoned."""

    @property
    def id(self) -> str:
        """Unique among all calls of the account, and the same again when a crash makes the cloud repeat the call."""
        return f"{self._caller.key}/{self._command.call}"

    @property
    def flow(self) -> str:
        """The flow's name."""
        return self._caller.flow_name

    @property
    def execution(self) -> str:
        """The execution's name."""
        return self._caller.name

    @property
    def account(self) -> str:
        """The account the flow belongs to."""
        return self._caller.account

    @property
    def call(self) -> int:
        """The call's number within the execution."""
        return self._command.call

    @property
    def step(self) -> str:
        """The step's name."""
        return self._command.step

    @property
    def token(self) -> str:
        """The callback token, empty unless the pattern waits for a callback."""
        return self._command.token

    @property
    def attempt(self) -> int:
        """How many attempts came before this one."""
        return self._command.attempt

    def accept(self) -> None:
        """The call has been taken; the task now waits for its end or its callback."""
        self._caller.answer(self._command.call, Accepted(self._caller.now(), self._command.call))

    def succeed(self, output: Json) -> None:
        """The call has ended well. Anything but a JSON object fails the step: FnF.InvalidLocal (fdl.md 4.1)."""
        self._caller.answer(self._command.call, Completed(self._caller.now(), self._command.call, output))

    def fail(self, error: str, cause: Json) -> None:
        """The call could not be made, or has ended badly."""
        self._caller.answer(self._command.call, Failed(self._caller.now(), self._command.call, error, cause))

    def through(self, answer: Callable[[Accepted | Completed | Failed], None]) -> TaskCall:
        """The same call for a target, whose answers go to `answer` instead: what stands between the two may change,
        delay or drop them. It is abandoned together with this one."""
        other = TaskCall(_Between(self._caller, answer), self._command)
        self.on_abandon = other.abandon
        return other

    def abandon(self) -> None:
        """The cloud's side: nobody waits for the answer any more."""
        self.abandoned = True
        if self.on_abandon is not None:
            self.on_abandon()


class _Between:
    """A caller that hands every answer to somebody else."""

    __slots__ = ("_answer", "account", "flow_name", "key", "name", "now")

    def __init__(self, caller: Caller, answer: Callable[[Accepted | Completed | Failed], None]) -> None:
        self.flow_name, self.name, self.account, self.key = caller.flow_name, caller.name, caller.account, caller.key
        self.now = caller.now
        self._answer = answer

    def answer(self, call: int, event: Accepted | Completed | Failed) -> None:
        self._answer(event)


class InvokesTasks(Protocol):
    """A target: a service that task steps can call."""

    def invoke(self, call: TaskCall) -> None:
        """Takes the call. Runs without the cloud's lock, in the driving thread."""
        ...


class Targets:
    """The table of targets, by the type of the reference; actions also by the service they name."""

    def __init__(self) -> None:
        self._table: dict[tuple[type, str], InvokesTasks] = {}
        self.carry: Callable[[TaskCall, Callable[[TaskCall], None]], None] | None = None
        """What brings calls to their targets, if it is not done directly: tests record and disturb calls here."""

    def register(self, kind: type, target: InvokesTasks, service: str = "") -> None:
        """Has references of a type, e.g. FunctionRef, answered by a target. `service` is for ActionRef only."""
        self._table[kind, service] = target

    def guard_with(self, before: Callable[[InvokesTasks], InvokesTasks]) -> None:
        """Puts something in front of every target registered so far: it may refuse calls."""
        self._table = {key: before(target) for key, target in self._table.items()}

    def invoke(self, call: TaskCall) -> None:
        """Gives a call to its target; without one, and if the target breaks, the call fails with FnF.RuntimeError."""
        if self.carry is None:
            self._deliver(call)
        else:
            self.carry(call, self._deliver)

    def _deliver(self, call: TaskCall) -> None:
        reference = call.target
        service = reference.service if isinstance(reference, ActionRef) else ""
        target = self._table.get((type(reference), service))
        if target is None:
            call.fail("FnF.RuntimeError", f"step {call.step} calls {reference}, which this cloud does not offer")
            return
        try:
            target.invoke(call)
        except Exception as error:
            _log.exception("the target of step %s failed", call.step)
            call.fail("FnF.RuntimeError", f"{reference} could not be called: {type(error).__name__}: {error}")
