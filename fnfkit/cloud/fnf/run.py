"""Stored flows and the executions of them that are in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol, TypeAlias

import orjson

from fnfkit.cloud.clock import Timer
from fnfkit.cloud.fnf.journal import text_of
from fnfkit.cloud.targets import TaskCall
from fnfkit.engine import Execution, Program, compile
from fnfkit.engine.events import Accepted, Completed, Event, Failed
from fnfkit.engine.history import HistoryEvent
from fnfkit.engine.settings import Limits, Settings
from fnfkit.lang import dialects
from fnfkit.lang.cloudflow import in_mode, mode_faults
from fnfkit.lang.dialect import Reading
from fnfkit.model.json import Json
from fnfkit.ports import FINAL_STATUSES, ExecutionRecord, FlowRecord

_EXPRESS_SECONDS = 300


class Outcome(NamedTuple):
    """How an execution ended, and the task token to report that with."""

    token: str
    status: str
    output: Json
    error: str
    cause: str


class Revision:
    """One definition a flow has had; compiled once, when first needed."""

    __slots__ = ("_program", "definition", "mode", "number")

    def __init__(self, number: int, definition: str, program: Program | None = None, *, mode: str = "") -> None:
        self.number = number
        self.definition = definition
        self.mode = mode
        self._program = program

    def program(self) -> Program:
        """The compiled definition. Raises ValueError if it is not one that CreateFlow would accept."""
        if self._program is None:
            reading = dialects.read(self.definition)
            if reading.flow is None or reading.errors:
                raise ValueError("; ".join(problem.message for problem in reading.errors) or "not a flow")
            self._program = program_of(reading, self.mode)
        return self._program


def program_of(reading: Reading, mode: str) -> Program:
    """The program of a definition without errors, for a mode of execution. Raises ValueError if the mode forbids it."""
    if reading.flow is None:
        raise ValueError("not a flow")
    if faults := mode_faults(reading.flow, mode):
        raise ValueError("; ".join(faults))
    return compile(in_mode(reading.flow, mode))


class StoredFlow:
    """A flow from CreateFlow to DeleteFlow, and until its last execution has stopped after that."""

    __slots__ = ("express", "record", "retired", "revision", "revisions", "runs", "settings")

    def __init__(self, record: FlowRecord, revision: Revision, settings: Settings) -> None:
        self.record = record
        self.revision = revision
        self.revisions: dict[int, Revision] = {revision.number: revision}
        """The revisions that are in memory: the newest, and those executions were started with."""
        # A flow that is created again under its old name must not take reports meant for its predecessor.
        settings = replace(settings, token_key=settings.token_key + record.id.encode(), role=record.role_arn)
        if record.execution_mode == "Express":
            settings = replace(settings, limits=_short_lived(settings.limits))
        self.settings = settings
        self.runs: dict[str, Run] = {}
        """By name, in start order: the running ones, and without a durable store the ended ones too."""
        self.express: dict[str, Run] = {}
        """Running executions of StartSyncExecution."""
        self.retired = False

    @property
    def id(self) -> str:
        """Unique for ever, unlike the name."""
        return self.record.id


def _short_lived(limits: Limits) -> Limits:
    """An Express execution lasts five minutes at most (cloudflow.md 7)."""
    longest = limits.execution_seconds
    return limits if longest is None else replace(limits, execution_seconds=min(longest, _EXPRESS_SECONDS))


class AnswersCalls(Protocol):
    """Whoever drives a run: where its targets' answers go."""

    account: str

    def now(self) -> int: ...

    def answer(self, run: Run, call: int, event: Accepted | Completed | Failed) -> None: ...

    def fire(self, run: Run, number: int) -> None: ...


class Run:
    """An execution in memory."""

    __slots__ = (
        *("callback", "calls", "driver", "execution", "flow", "inbox", "input", "name", "origin", "queued"),
        *("revision", "sequence", "started", "timers", "urgent", "watchers"),
    )

    def __init__(
        self, driver: AnswersCalls, flow: StoredFlow, revision: Revision, name: str, *, input: str, started: int
    ) -> None:
        self.driver = driver
        self.flow = flow
        self.revision = revision
        self.name = name
        self.input = input
        self.started = started
        self.sequence = 0
        """Position in the order of all starts; 0 for executions of StartSyncExecution, which are not listed."""
        self.callback = ""
        """Token to report when this execution ends (CallbackFnFTaskToken)."""
        self.origin = ""
        """Id of the task call that started this execution as its child."""
        self.execution = Execution(revision.program(), flow.record.name, name, flow.settings)
        self.inbox: list[Event] = []
        self.urgent = 0
        """How many events at the head of the inbox go before whatever else arrives."""
        self.queued = False
        self.timers: dict[int, Timer] = {}
        self.calls: dict[int, TaskCall] = {}
        self.watchers: list[Callable[[], None]] | None = None

    @property
    def flow_name(self) -> str:
        """The flow's name."""
        return self.flow.record.name

    @property
    def account(self) -> str:
        """The account."""
        return self.driver.account

    @property
    def key(self) -> str:
        """Where the store keeps this execution."""
        return f"{self.flow.record.id}/{self.name}"

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.execution.status in FINAL_STATUSES

    @property
    def error(self) -> str:
        """The error name, empty unless it failed."""
        return self.execution.error

    @property
    def cause(self) -> str:
        """The cause as text."""
        return cause_text(self.execution.cause)

    @property
    def listed(self) -> bool:
        """Whether it was started by StartExecution."""
        return self.sequence > 0

    def now(self) -> int:
        """The time of the cloud."""
        return self.driver.now()

    def answer(self, call: int, event: Accepted | Completed | Failed) -> None:
        """Takes the answer of a task call."""
        self.driver.answer(self, call, event)

    def record(self) -> ExecutionRecord:
        """The execution as the API shows it."""
        execution = self.execution
        return ExecutionRecord(
            flow=self.flow.record.name,
            name=self.name,
            definition=self.revision.definition,
            input=self.input,
            output=text_of(execution.output) if execution.status == "Succeeded" else "",
            status=execution.status,
            started=self.started,
            stopped=execution.ended_at,
        )

    def outcome(self) -> Outcome:
        """How it ended, for the task that is reported by `callback`."""
        execution = self.execution
        return Outcome(self.callback, execution.status, execution.output, self.error, self.cause)

    def history(self) -> list[HistoryEvent]:
        """Everything that has happened, oldest first."""
        return self.execution.history


class Due:
    """The action of a timer: as small as can be, since every waiting execution has one."""

    __slots__ = ("_number", "_run")

    def __init__(self, run: Run, number: int) -> None:
        self._run = run
        self._number = number

    def __call__(self) -> None:
        self._run.driver.fire(self._run, self._number)


class Ended:
    """An ended execution that was read back from the store."""

    __slots__ = ("_history", "_record", "cause", "error", "flow", "name", "origin", "sequence")
    ended = True

    def __init__(
        self, flow: StoredFlow, record: ExecutionRecord, outcome: Json, history: Callable[[], list[HistoryEvent]]
    ) -> None:
        self.flow = flow
        self.name = record.name
        self._record = record
        self.sequence, self.origin, self.error, self.cause = outcome
        self._history = history

    def record(self) -> ExecutionRecord:
        """The execution as the API shows it."""
        return self._record

    def history(self) -> list[HistoryEvent]:
        """Everything that has happened, oldest first."""
        return self._history()


AnyRun: TypeAlias = Run | Ended


def cause_text(cause: Json) -> str:
    """A cause as the text the API shows; objects become JSON."""
    if cause is None:
        return ""
    return cause if isinstance(cause, str) else text_of(cause)


def parse_object(text: str) -> Json:
    """The object a stored text holds; it was checked before it was stored."""
    return orjson.loads(text)
