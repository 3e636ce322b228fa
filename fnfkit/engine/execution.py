"""An execution: the state that `advance` folds events into, and the few ways in which it changes."""

from __future__ import annotations

import hmac
from typing import Final, Literal, TypeAlias

from fnfkit.engine.builtins import DRAW
from fnfkit.engine.commands import Abandon, CancelTimer, Command, Invoke, SetTimer
from fnfkit.engine.errors import EventLimit, Oversize
from fnfkit.engine.history import (
    EXECUTION_FAILED,
    EXECUTION_STOPPED,
    EXECUTION_SUCCEEDED,
    EXECUTION_TIMED_OUT,
    HistoryEvent,
)
from fnfkit.engine.program import Program
from fnfkit.engine.settings import Settings
from fnfkit.engine.sizes import LEVEL, MAX_DEPTH, UNLIMITED, byte_size, depth_of
from fnfkit.engine.state import EMPTY, Alarm, Fork, Pause, Run, Scope, Spent, TaskRun
from fnfkit.engine.tokens import TokenState, make_token, parse_token
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject

Status: TypeAlias = Literal["Starting", "Running", "Succeeded", "Failed", "Stopped", "TimedOut"]

_FINAL_EVENTS: Final[dict[Status, str]] = {
    "Succeeded": EXECUTION_SUCCEEDED,
    "Failed": EXECUTION_FAILED,
    "Stopped": EXECUTION_STOPPED,
    "TimedOut": EXECUTION_TIMED_OUT,
}
_new_event = tuple.__new__


class Execution:
    """One run of a flow (fdl.md 6.1). Times are Unix milliseconds; `output` is None until it has succeeded.

    `started` is 0 before the Start event, `ended_at` is None until a final status; `error` and `cause` tell why it
    failed, stopped or timed out. `history` is the record so far. Only `advance` changes an execution.
    """

    __slots__ = (
        "agenda",
        "calls",
        "cause",
        "commands",
        "deadline",
        "draws",
        "ended_at",
        "error",
        "event_limit",
        "flow_name",
        "globals",
        "history",
        "input",
        "invoked",
        "name",
        "now",
        "output",
        "program",
        "retired",
        "root",
        "serial",
        "settings",
        "size_limit",
        "started",
        "status",
        "timers",
        "tokens",
        "words",
    )

    def __init__(self, program: Program, flow_name: str, name: str, settings: Settings) -> None:
        limits = settings.limits
        self.program = program.tolerant() if settings.missing_path_is_null else program
        self.flow_name = flow_name
        self.name = name
        self.settings = settings
        self.event_limit = UNLIMITED if limits.events is None else limits.events
        bounds = program.bounds
        self.size_limit = UNLIMITED if limits.step_bytes is None else bounds.data_bytes or limits.step_bytes
        self.words = program.words
        self.globals: JsonObject = EMPTY
        self.draws = 0
        self.status: Status = "Starting"
        self.input: JsonObject = EMPTY
        self.output: Json | None = None
        self.error = ""
        self.cause: Json = ""
        self.started = 0
        self.ended_at: int | None = None
        self.history: list[HistoryEvent] = []
        self.now = 0
        self.root: Scope | None = None
        self.agenda: list[Scope | Fork] = []
        """What can go on, the next at the end: a scope, or a fork that has branches to begin."""
        self.commands: list[Command] = []
        self.invoked = False
        self.retired = False
        self.serial = 0
        """The latest number given to a call or a timer."""
        self.calls: dict[int, TaskRun] = {}
        self.timers: dict[int, Alarm] = {}
        self.tokens: dict[int, TaskRun | Spent] = {}
        """By the StepEntered id of the task that issued them."""
        self.deadline: SetTimer | None = None
        """The timer of the whole execution."""

    # What a driver asks

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.ended_at is not None

    def outstanding(self) -> list[Command]:
        """The commands whose answers are still awaited, to be issued again after recovery.

        A call that was submitted and waits for its callback is not among them; one that waits for its job's end is, so
        that the driver can attach to the job again. Calls come first, then timers, each in the order they were made.
        """
        calls = [_invoke(run) for run in self.calls.values() if not (run.accepted and _waits_for_callback(run))]
        timers = [SetTimer(timer, alarm.due) for timer, alarm in self.timers.items()]
        return [*calls, *([] if self.deadline is None else [self.deadline]), *timers]

    def waiting_token(self, token: str) -> TokenState:
        """What a report with this token meets (fdl.md 4.10)."""
        parsed = parse_token(token)
        if parsed is None or parsed[:2] != (self.flow_name, self.name):
            return TokenState.UNKNOWN
        holder = self.tokens.get(parsed[2])
        if holder is None:
            return TokenState.UNKNOWN
        if isinstance(holder, TaskRun) and holder.token == token:
            return holder.token_state  # the usual case, without signing anything
        if token == self.sign(parsed[2], holder.attempt):
            return holder.token_state if isinstance(holder, TaskRun) else holder.state
        earlier = any(token == self.sign(parsed[2], attempt) for attempt in range(holder.attempt))
        return TokenState.SUPERSEDED if earlier else TokenState.UNKNOWN

    # What the engine does

    def record(self, scope: Scope, type: str, step: str, detail: JsonObject) -> None:
        """Write the next event of a scope. Raises EventLimit instead of taking the place of the final event."""
        history = self.history
        number = len(history) + 1
        if number >= self.event_limit:
            raise EventLimit
        history.append(_new_event(HistoryEvent, (number, scope.last, type, step, self.now, detail)))
        scope.last = number

    def record_if_named(self, scope: Scope, type: str, step: str, detail: JsonObject) -> None:
        """Write an event that not every flow has a word for."""
        if type:
            self.record(scope, type, step, detail)

    def context(self, run: Run) -> JsonObject:
        """`$context` as a step sees it (fdl.md 3.7); the token exists for tasks that wait for their callback."""
        context = self.flow_context()
        context["step"] = {"eventId": run.entered}
        if not self.program.accumulates:
            context |= self._more(run)
        if isinstance(run, TaskRun) and run.token:
            context["task"] = {"token": run.token}
        return context

    def _more(self, run: Run) -> JsonObject:
        """What the context of a flow that replaces holds besides (model.flow)."""
        scope: Scope | None = run.scope
        while scope is not None and scope.item is None:
            scope = scope.owner.scope if scope.owner is not None else None
        retries = run.attempt if isinstance(run, TaskRun | Fork) else 0
        more: JsonObject = {
            "execution": {"name": self.name, "input": self.input, "role": self.settings.role, "started": self.started},
            "step": {"eventId": run.entered, "name": run.node.name, "retries": retries},
            "globals": self.globals,
            "local": run.scope.local,
        }
        more[DRAW] = self._draw  # type: ignore[index]  # no path can name it
        return more if scope is None else {**more, "item": scope.item}

    def _draw(self) -> bytes:
        """Sixteen bytes of chance, the same again when the journal is folded again."""
        self.draws += 1
        text = f"{self.flow_name}#{self.name}#{self.draws}"
        return hmac.digest(self.settings.token_key, text.encode(), "sha256")[:16]

    def flow_context(self) -> dict[str, Json]:
        """`$context` outside any step."""
        return {"flow": {"name": self.flow_name}, "execution": {"name": self.name}}

    def fit(self, what: str, *values: Json) -> list[int]:
        """The weights of values whose bounds passed the limit, measured. Raises Oversize if they do pass it."""
        sizes = [self.measure(what, value) for value in values]
        total = sum(size for size, _ in sizes)
        if total > self.size_limit:
            raise Oversize(f"{what}: {total} bytes of JSON exceed the limit of {self.size_limit} bytes")
        return [size + LEVEL * depth for size, depth in sizes]

    def measure(self, what: str, value: Json) -> tuple[int, int]:
        """Size and depth of a value. Raises Oversize if it is nested too deeply."""
        depth = depth_of(value)
        if depth > MAX_DEPTH:
            raise Oversize(f"{what}: JSON nested deeper than the limit of {MAX_DEPTH} levels")
        return byte_size(value), depth

    def set_deadline(self, due: int) -> None:
        """Set the timer of the whole execution."""
        self.serial += 1
        self.deadline = SetTimer(self.serial, due)
        self.commands.append(self.deadline)

    def set_timer(self, due: int, run: Pause | TaskRun | Fork) -> int:
        """Set a timer and return its number."""
        self.serial += 1
        self.timers[self.serial] = Alarm(due, run)
        self.commands.append(SetTimer(self.serial, due))
        return self.serial

    def cancel_timer(self, timer: int) -> None:
        """Cancel a timer that is still set; 0 and fired timers are ignored."""
        if self.timers.pop(timer, None) is not None:
            self.commands.append(CancelTimer(timer))

    def invoke(self, run: TaskRun) -> None:
        """Call the task's target; the turn ends, so that an immediate answer comes before any other branch."""
        self.serial += 1
        run.call = self.serial
        self.calls[run.call] = run
        self.commands.append(_invoke(run))
        self.invoked = True

    def sign(self, event_id: int, attempt: int) -> str:
        """The callback token of an attempt of the step entered at an event."""
        return make_token(self.settings.token_key, (self.flow_name, self.name, event_id), attempt)

    def end(self, status: Status, detail: JsonObject) -> None:
        """Write the final event and give up whatever is pending. This event may take the last place there is."""
        last = self.root.last if self.root and status == "Succeeded" else len(self.history)
        event = (len(self.history) + 1, last, _FINAL_EVENTS[status], "", self.now, detail)
        self.history.append(_new_event(HistoryEvent, event))
        self.status = status
        self.ended_at = self.now
        self.output = detail.get("output")
        self.error, self.cause = detail.get("error", ""), detail.get("cause", "")
        self.abandon_all()

    def abandon_all(self) -> None:
        """Take back every call and timer, and forget what was going on."""
        for call in self.calls:
            self.commands.append(Abandon(call))
        if self.deadline is not None:
            self.commands.append(CancelTimer(self.deadline.timer))
        for timer in self.timers:
            self.commands.append(CancelTimer(timer))
        for event_id, holder in self.tokens.items():
            self.tokens[event_id] = spent(holder)
        self.calls, self.timers, self.agenda, self.deadline, self.root = {}, {}, [], None, None


def spent(holder: TaskRun | Spent) -> Spent:
    """What to remember of a task's tokens when nobody waits for them any more."""
    if isinstance(holder, Spent):
        return holder
    pending = holder.token_state is TokenState.PENDING
    return Spent(holder.attempt, TokenState.SUPERSEDED if pending else holder.token_state)


def _waits_for_callback(run: TaskRun) -> bool:
    return run.node.pattern is Pattern.WAIT_FOR_CALLBACK


def _invoke(run: TaskRun) -> Invoke:
    node = run.node
    given = run.input if node.sends is None else run.sent
    return Invoke(run.call, node.name, node.target, node.pattern, given, run.params, run.token, run.attempt)
