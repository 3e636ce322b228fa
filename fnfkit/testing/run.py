"""One execution, as a test asks about it: status, output, path, calls, and what happened when."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fnfkit.engine import parse_token
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord, Flows
from fnfkit.testing.calls import Called, CallLog
from fnfkit.testing.roles import open_visits, path_of
from fnfkit.testing.table import explain
from fnfkit.testing.trace import end_of

UNSET: Any = object()


class Stage(Protocol):
    """The cloud of a run, as far as a run needs it."""

    @property
    def flows(self) -> Flows: ...

    @property
    def calls(self) -> CallLog: ...

    def record(self, flow: str, name: str) -> ExecutionRecord: ...

    def history(self, flow: str, name: str) -> list[EventRecord]: ...

    def run_until(self, predicate: Callable[[], bool]) -> bool: ...

    def finish(self, run: Run) -> None: ...

    def write_report(self, run: Run, path: Path) -> Path: ...


class ExpectationFailed(AssertionError):
    """A run is not what the test expected; the message tells what differs and shows the history."""


@dataclass(frozen=True, slots=True)
class Run:
    """An execution of a flow on a `LocalCloud`. Everything is looked up when asked for, so a run may still go on."""

    cloud: Stage
    flow: str
    name: str

    @property
    def record(self) -> ExecutionRecord:
        """The execution as the API shows it. Looking is no part of the test: it meets no faults and no limits."""
        return self.cloud.record(self.flow, self.name)

    @property
    def history(self) -> list[EventRecord]:
        """Every event, oldest first."""
        return self.cloud.history(self.flow, self.name)

    @property
    def status(self) -> str:
        """Starting, Running, Succeeded, Failed, Stopped or TimedOut."""
        return self.record.status

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.record.ended

    @property
    def input(self) -> JsonObject:
        """What the execution was started with."""
        found: JsonObject = json.loads(self.record.input)
        return found

    @property
    def output(self) -> Json:
        """The output, None unless it succeeded."""
        text = self.record.output
        return json.loads(text) if text else None

    @property
    def error(self) -> str:
        """The error it ended with, empty if it did not fail."""
        return str(end_of(self.history).get("error", ""))

    @property
    def cause(self) -> Json:
        """The cause of that error."""
        return end_of(self.history).get("cause", "")

    @property
    def elapsed(self) -> float:
        """Virtual seconds from the first event to the last."""
        events = self.history
        return (events[-1].time - events[0].time) / 1000 if events else 0.0

    @property
    def path(self) -> list[str]:
        """The steps in the order they were entered; those of branches interleave as they ran."""
        return path_of(self.history)

    def entered(self, step: str) -> int:
        """How often a step was entered."""
        return self.path.count(step)

    def calls(self, target: object = None, *, step: str = "") -> list[Called]:
        """The attempts that called a function, queue, topic or flow; of one step if it is named."""
        return list(self.cloud.calls.of(target, execution=self.name, step=step))

    def count(self, type: str, step: str = "") -> int:
        """How many events of a type there are, for one step if it is named."""
        return Counter((event.type, event.step if step else "") for event in self.history)[type, step]

    def times(self, type: str, step: str) -> list[float]:
        """When events of a type happened for a step, in seconds from the start."""
        events = self.history
        start = events[0].time if events else 0
        return [(event.time - start) / 1000 for event in events if (event.type, event.step) == (type, step)]

    def details(self, type: str, step: str) -> list[JsonObject]:
        """The details of the events of a type for a step."""
        return [event.detail for event in self.history if (event.type, event.step) == (type, step)]

    def token(self, step: str = "") -> str:
        """The task token of the step that waits for its callback (the latest, unless a step is named).

        Drives the cloud until there is one. Raises `ExpectationFailed` if nothing ever waits.
        """
        __tracebackhide__ = True
        self.cloud.run_until(lambda: bool(self._waiting(step)) or self.ended)
        waiting = self._waiting(step)
        if not waiting:
            raise ExpectationFailed(self._explain([f"no step{' ' + step if step else ''} waits for a callback"]))
        return waiting[-1]

    def _waiting(self, step: str) -> list[str]:
        """The tokens that nobody has reported on yet."""
        tokens = [call.token for call in self.calls(step=step) if call.token]
        still = open_visits(self.history) if tokens else frozenset()
        return [token for token in tokens if (place := parse_token(token)) is not None and place[2] in still]

    def succeed(self, output: JsonObject | None = None, *, step: str = "") -> Run:
        """Report success to the step that waits for its callback, and go on."""
        self.cloud.flows.report_task_succeeded(self.token(step), json.dumps(output or {}))
        return self.finish()

    def fail(self, error: str, cause: str = "", *, step: str = "") -> Run:
        """Report failure to the step that waits for its callback, and go on."""
        self.cloud.flows.report_task_failed(self.token(step), error, cause)
        return self.finish()

    def finish(self) -> Run:
        """Drive the cloud until this run has ended, or nothing is left but to wait for somebody."""
        self.cloud.finish(self)
        return self

    def expect(
        self,
        *,
        status: str = UNSET,
        output: Json = UNSET,
        error: str = UNSET,
        path: Sequence[str] = UNSET,
        elapsed: float = UNSET,
        calls: dict[str, int] = UNSET,
    ) -> Run:
        """Check whatever is given, all of it at once. `calls` counts the attempts per target.

        Raises `ExpectationFailed`, an AssertionError that shows every difference and the history as a table.
        """
        __tracebackhide__ = True
        pairs: list[tuple[str, Json, Callable[[], Json]]] = [
            ("status", status, lambda: self.status),
            ("output", output, lambda: self.output),
            ("error", error, lambda: self.error),
            ("path", path if path is UNSET else list(path), lambda: self.path),
            ("elapsed", elapsed, lambda: self.elapsed),
            ("calls", calls, lambda: {target: len(self.calls(target)) for target in calls}),
        ]
        wrong = [
            f"{name}: expected {wanted!r}, found {found!r}"
            for name, wanted, look in pairs
            if wanted is not UNSET and (found := look()) != wanted
        ]
        if wrong:
            raise ExpectationFailed(self._explain(wrong))
        return self

    def report(self, path: Path | str) -> Path:
        """Write an HTML page that shows the graph with the path taken, a timeline, and every payload."""
        return self.cloud.write_report(self, Path(path))

    def __repr__(self) -> str:
        return f"<run {self.name} of {self.flow}: {self.status}{' ' + self.error if self.error else ''}>"

    def _explain(self, wrong: Sequence[str]) -> str:
        return explain(f"run {self.name} of flow {self.flow}", wrong, self.history)
