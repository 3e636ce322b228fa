"""Task steps: attempts, answers, callbacks, retries and catches (fdl.md 4)."""

from __future__ import annotations

from fnfkit.engine.errors import INVALID_LOCAL, RUNTIME_ERROR, TASK_TIMEOUT, EvaluationError, Flaw, Oversize
from fnfkit.engine.evaluate import Formula
from fnfkit.engine.execution import Execution
from fnfkit.engine.nodes import TaskNode
from fnfkit.engine.policy import catch_of, delay_of
from fnfkit.engine.sizes import weigh
from fnfkit.engine.state import EMPTY, Scope, TaskRun
from fnfkit.engine.steps import caught, conclude, fail, forget_token, release, take
from fnfkit.engine.tokens import TokenState
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json
from fnfkit.model.names import Unresolved


def run_task(execution: Execution, scope: Scope, node: TaskNode) -> None:
    """Make the first attempt."""
    run = TaskRun(node, scope)
    scope.active = run
    attempt(execution, run)


def attempt(execution: Execution, run: TaskRun) -> None:
    """Call the target, for the first time or again. A mapping without a value is an error a catch may take."""
    try:
        _prepare(execution, run)
    except EvaluationError as error:
        if run.input is EMPTY and not execution.program.accumulates:
            run.input = run.scope.local  # all that a catch can look at
        _settle(execution, run, RUNTIME_ERROR, str(error))
        return
    except Oversize as oversize:
        _give_up(execution, run, RUNTIME_ERROR, str(oversize))
        return
    node, scope = run.node, run.scope
    words = execution.words
    if words.task_scheduled:
        scheduled = {"input": run.input, "resourceArn": node.resource, "retryCount": run.attempt}
        execution.record(scope, words.task_scheduled, node.name, scheduled)
        execution.record(scope, words.task_started, node.name, EMPTY)
    elif run.attempt == 0:
        execution.record(scope, words.started, node.name, {"input": run.input})
    if isinstance(node.target, Unresolved):
        cause = f"the target {node.resource!r} is a placeholder that only a deployment fills in"
        _attempt_failed(execution, run, words.task_failed, RUNTIME_ERROR, cause)
        return
    if run.timeout is not None:
        run.timer = execution.set_timer(execution.now + 1000 * run.timeout, run)
    execution.invoke(run)


def _prepare(execution: Execution, run: TaskRun) -> None:
    """Map input and parameters: once for all attempts, but anew where each attempt has a token (inferred, 4.6)."""
    callback = run.node.pattern is Pattern.WAIT_FOR_CALLBACK
    if callback:
        run.token = execution.sign(run.entered, run.attempt)
        run.token_state = TokenState.PENDING
        execution.tokens[run.entered] = run
    run.accepted = False
    if callback or run.attempt == 0:
        take(execution, run)
        node = run.node
        if node.params is not None:
            run.params = _own(execution, run, node.params)
        if node.sends is not None:
            run.sent = _own(execution, run, node.sends)
        if node.timeout_from is not None:
            run.timeout = _timeout(_own(execution, run, node.timeout_from))


def _own(execution: Execution, run: TaskRun, formula: Formula) -> Json:
    return formula.evaluate(run.input, None, execution.context(run) if formula.uses_context else None)


def _timeout(value: Json) -> int | None:
    """Seconds; 0 means never (cloudflow.md 5.1). Raises Flaw."""
    if type(value) is not int or value < 0:
        raise EvaluationError("a timeout needs a whole number of seconds from 0")
    return value or None


def accepted(execution: Execution, run: TaskRun) -> None:
    """The target has the call; only patterns that wait for more care (fdl.md 4.2)."""
    if run.accepted or run.node.pattern is Pattern.REQUEST_RESPONSE:
        return
    run.accepted = True
    # Only a callback has a token to show; the detail of `sync` is inferred (fdl.md 6.4).
    output = {"taskToken": run.token} if run.token else EMPTY
    execution.record_if_named(run.scope, execution.words.task_submitted, run.node.name, {"output": output})


def completed(execution: Execution, run: TaskRun, output: Json) -> None:
    """The call has ended well. For a callback that is no more than acceptance: what the function returns is not the
    step's output, whether it ends before or after the report (scenarios.md 5, 9)."""
    if run.node.pattern is Pattern.WAIT_FOR_CALLBACK:
        accepted(execution, run)
        return
    _succeeded(execution, run, output)


def failed(execution: Execution, run: TaskRun, error: str, cause: Json) -> None:
    """The call could not be made or has ended badly. A function that ends badly after its submission does not end a
    step that waits for a report (scenarios.md 9: ends by the report, whether or not the function has ended)."""
    waits = run.node.pattern is not Pattern.REQUEST_RESPONSE
    if run.accepted and run.node.pattern is Pattern.WAIT_FOR_CALLBACK:
        return
    words = execution.words
    type = words.task_submit_failed if waits and not run.accepted else words.task_failed
    _attempt_failed(execution, run, type, error, cause)


def reported(execution: Execution, run: TaskRun, output: Json) -> None:
    """ReportTaskSucceeded; it may come before the target has accepted (fdl.md 4.2)."""
    accepted(execution, run)
    run.token_state = TokenState.COMPLETED
    _succeeded(execution, run, output)


def reported_failure(execution: Execution, run: TaskRun, error: str, cause: Json) -> None:
    """ReportTaskFailed: an error of the step like any other."""
    accepted(execution, run)
    run.token_state = TokenState.COMPLETED
    _attempt_failed(execution, run, execution.words.task_failed, error, cause)


def timer_fired(execution: Execution, run: TaskRun) -> None:
    """The back-off is over, or the attempt has run out of time: that covers the wait for a callback (fdl.md 4.1)."""
    run.timer = 0
    if not run.call:
        run.attempt += 1
        attempt(execution, run)
        return
    release(execution, run)
    cause = f"the task did not end within {run.timeout} seconds"
    _attempt_failed(execution, run, execution.words.task_timed_out, TASK_TIMEOUT, cause)


def _succeeded(execution: Execution, run: TaskRun, output: Json) -> None:
    if type(output) is not dict and execution.program.accumulates:
        cause = f"the result of a task must be a JSON object, not {type(output).__name__}"
        _attempt_failed(execution, run, execution.words.task_failed, INVALID_LOCAL, cause)
        return
    _answered(execution, run)
    weight = weigh(output)
    try:
        if weight > execution.size_limit:
            (weight,) = execution.fit("task result", output)
        execution.record(run.scope, execution.words.task_succeeded, run.node.name, {"output": output})
        conclude(execution, run, output, weight)
    except EvaluationError as error:
        _settle(execution, run, RUNTIME_ERROR, str(error))
    except Oversize as oversize:
        _give_up(execution, run, RUNTIME_ERROR, str(oversize))
    else:
        forget_token(execution, run)


def _answered(execution: Execution, run: TaskRun) -> None:
    """The call is over, and so is its timeout. Nothing is left to abandon: the answer came from the call."""
    execution.calls.pop(run.call, None)
    execution.cancel_timer(run.timer)
    run.call = run.timer = 0


def _attempt_failed(execution: Execution, run: TaskRun, type: str, error: str, cause: Json) -> None:
    """Write the failure, then retry, or else look for a catch (fdl.md 4.6)."""
    _answered(execution, run)
    if run.token_state is TokenState.PENDING:
        run.token_state = TokenState.SUPERSEDED
    cause = _bounded(execution, cause)
    detail = {"error": error, "cause": cause}
    execution.record_if_named(run.scope, type, run.node.name, detail)
    delay = delay_of(run, error)
    if delay is None:
        if error == TASK_TIMEOUT:
            execution.record_if_named(run.scope, execution.words.timed_out, run.node.name, detail)
        _settle(execution, run, error, cause)
        return
    run.timer = execution.set_timer(execution.now + delay, run)


def _bounded(execution: Execution, cause: Json) -> Json:
    """A cause that fits an event (fdl.md 6.5); the error itself must not get lost with it."""
    if weigh(cause) <= execution.size_limit:
        return cause
    try:
        execution.fit("cause", cause)
    except Oversize as oversize:
        return f"the cause is left out: {oversize}"
    return cause


def _settle(execution: Execution, run: TaskRun, error: str, cause: Json) -> None:
    """No retry is left: jump to the first catch that matches, or fail (fdl.md 4.7)."""
    entry = catch_of(run.node, error)
    if entry is None:
        _give_up(execution, run, error, cause)
        return
    try:
        caught(execution, run, entry, error, cause)
    except Flaw as flaw:
        _give_up(execution, run, RUNTIME_ERROR, str(flaw))


def _give_up(execution: Execution, run: TaskRun, error: str, cause: Json) -> None:
    forget_token(execution, run)
    fail(execution, run.scope, run.node, error, cause, timed_out=error == TASK_TIMEOUT)
