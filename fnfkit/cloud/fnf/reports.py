"""Reports on tasks that wait for their callback (fdl.md 4.10, api-fnf.md 6)."""

from __future__ import annotations

from typing import NoReturn, TypeAlias

from fnfkit.cloud.fnf.check import CAUSE_CHARS, ERROR_CHARS, check_length, check_object
from fnfkit.cloud.fnf.core import Core
from fnfkit.cloud.fnf.journal import decode
from fnfkit.cloud.fnf.run import AnyRun, Outcome, Run
from fnfkit.engine import TokenState, parse_token
from fnfkit.engine.events import Reported, ReportedFailure
from fnfkit.engine.history import TASK_FAILED, TASK_SUBMITTED, TASK_SUCCEEDED
from fnfkit.engine.tokens import make_token
from fnfkit.model.vocabulary import STATES
from fnfkit.ports import InvalidArgument, TaskAlreadyCompleted, TaskInvalidState

Place: TypeAlias = tuple[str, str, int]
"""Flow, execution and event a task token names."""


class Reports:
    """ReportTaskSucceeded, ReportTaskFailed, and the reports that ended executions make themselves."""

    def __init__(self, core: Core) -> None:
        self._core = core
        core.runner.on_callback = self.call_back

    def succeeded(self, token: str, output: str) -> int:
        """Ends the waiting step with an output; returns the event's id.

        Raises InvalidArgument, EntityTooLarge, TaskAlreadyCompleted, TaskInvalidState.
        """
        place = _place(token)
        return self._report(place, Reported(self._core.clock.now(), token, check_object(output, "Output")))

    def failed(self, token: str, error: str, cause: str) -> int:
        """Ends the waiting step with an error; returns the event's id. Raises what `succeeded` raises."""
        place = _place(token)
        check_length(error, "Error", ERROR_CHARS, 1)
        check_length(cause, "Cause", CAUSE_CHARS)
        return self._report(place, ReportedFailure(self._core.clock.now(), token, error, cause))

    def call_back(self, key: str, outcome: Outcome) -> None:
        """Reports an ended execution to the task that waits for it; a task that waits no more is left alone."""
        now, token = self._core.clock.now(), outcome.token
        event: Reported | ReportedFailure = ReportedFailure(now, token, outcome.error, outcome.cause)
        if outcome.status == "Succeeded":
            event = Reported(now, token, outcome.output)
        with self._core.lock:
            self._core.store.delete("callback", key)
            run = self._waiting(_place(token), token)
            if run is not None:
                self._core.runner.fold_now(run, event)
            self._core.store.commit()

    def recover(self) -> None:
        """Makes the reports that a crash prevented."""
        for key, row in list(self._core.store.scan("callback")):
            self.call_back(key, Outcome(*decode(row)))

    def _report(self, place: Place, event: Reported | ReportedFailure) -> int:
        with self._core.lock:
            run = self._waiting(place, event.token)
            if run is None:
                self._refuse(place, event.token)
            history = self._core.runner.fold_now(run, event).history
        return next(entry.id for entry in history if entry.type in (TASK_SUCCEEDED, TASK_FAILED))

    def _waiting(self, place: Place, token: str) -> Run | None:
        for run in self._core.locate(place):
            if isinstance(run, Run) and not run.ended and run.execution.waiting_token(token) is TokenState.PENDING:
                return run
        return None

    def _refuse(self, place: Place, token: str) -> NoReturn:
        for run in self._core.locate(place):
            match _state(run, token):
                case TokenState.COMPLETED:
                    raise TaskAlreadyCompleted(f"Task {token} has already completed.")
                case TokenState.SUPERSEDED:
                    raise TaskInvalidState("Task is in an invalid state, please retry.")
                case _:
                    pass
        raise InvalidArgument("TaskToken is not the token of a task here.")


def _state(run: AnyRun, token: str) -> TokenState:
    if isinstance(run, Run) and not run.ended:
        return run.execution.waiting_token(token)
    # Of an ended execution only the history is sure to be there; every task of it is over (inferred).
    return TokenState.COMPLETED if _was_issued(run, token) else TokenState.UNKNOWN


def _was_issued(run: AnyRun, token: str) -> bool:
    """Whether a task of an ended execution had a token. Histories of state machines do not show them (cloudflow.md
    8.1), though the callback interface is the same: there the signature says it, for one of the attempts."""
    history = run.history()
    shown = {"taskToken": token}
    if any(event.type == TASK_SUBMITTED and event.detail.get("output") == shown for event in history):
        return True
    place = _place(token)
    entered = next((event for event in history if event.id == place[2]), None)
    if entered is None or entered.type != STATES.entered:
        return False
    attempts = sum(event.step == entered.step and event.id > entered.id for event in history)
    return any(token == make_token(run.flow.settings.token_key, place, attempt) for attempt in range(attempts + 1))


def _place(token: str) -> Place:
    place = parse_token(token) if isinstance(token, str) else None
    if place is None:
        raise InvalidArgument("TaskToken is malformed; pass the text of $context.task.token unchanged.")
    return place
