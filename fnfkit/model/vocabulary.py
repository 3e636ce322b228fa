"""What a dialect's histories call things, and its own limits: data on a flow, so that the engine knows no dialect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The event types of a history; one that is empty is not written (fdl.md 6.3, cloudflow.md 8.1).

    `branch` and `iteration` name the pseudo-steps around branches and iterations (`{}` is the position); if they are
    empty, these events bear the container's name. `task_output` says that a task's result and its output have an event
    each, `timed_out` takes the place of `failed` where time is what a step ran out of, and `aborted` is written for
    steps that a failed sibling cancels.
    """

    entered: str = "StepEntered"
    started: str = "StepStarted"
    succeeded: str = "StepSucceeded"
    failed: str = "StepFailed"
    exited: str = "StepExited"
    aborted: str = ""
    timed_out: str = ""
    branch_entered: str = "BranchEntered"
    branch_exited: str = "BranchExited"
    iteration_entered: str = "IterationEntered"
    iteration_exited: str = "IterationExited"
    branch: str = ""
    iteration: str = ""
    task_scheduled: str = "TaskScheduled"
    task_started: str = "TaskStarted"
    task_submitted: str = "TaskSubmitted"
    task_submit_failed: str = "TaskSubmitFailed"
    task_succeeded: str = "TaskSucceeded"
    task_failed: str = "TaskFailed"
    task_timed_out: str = "TaskTimedOut"
    task_output: bool = False


STEPS = Vocabulary()
"""The events of FDL (fdl.md 6.3)."""

STATES = Vocabulary(
    entered="StateEntered",
    started="StateStarted",
    succeeded="StateSucceeded",
    failed="StateFailed",
    exited="",
    aborted="StateAborted",
    timed_out="StateTimedOut",
    branch_entered="StateEntered",
    branch_exited="StateSucceeded",
    iteration_entered="StateEntered",
    iteration_exited="StateSucceeded",
    branch="ParallelBranch #{}",
    iteration="MapIteration #{}",
    task_scheduled="",
    task_started="",
    task_submitted="",
    task_submit_failed="TaskFailed",
    task_timed_out="",
    task_output=True,
)
"""The events of state machines; order and details are inferred (cloudflow.md 8.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of a dialect that take the place of the engine's own; None leaves those as they are.

    `data_bytes` bounds each input and each output alone. `shortest_wait` and `longest_wait` are in seconds.
    """

    data_bytes: int | None = None
    shortest_wait: int = 0
    longest_wait: int | None = None
    branches: int | None = None
    concurrency: int | None = None


UNBOUNDED = Bounds()
"""The engine's own limits."""
