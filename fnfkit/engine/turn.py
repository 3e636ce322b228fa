"""The fold: `advance` tells an execution one event and says what follows from it.

The rules of this file:
1. Answers that nobody waits for (late, doubled, unknown) are dropped, since drivers deliver at least once.
2. What is runnable stands on the agenda, a stack: the branch that was just answered goes on before its siblings do.
3. A turn ends when the agenda is empty, after `Settings.turn_steps` items, or with an Invoke, so that an immediate
   answer is folded before any other branch runs (fdl.md 6.3). `Transition.more` says that the agenda is not empty.
4. Nothing recurses over steps, loops or nesting: containers push scopes, scopes that end push their owner's scope.
5. A flow's faults are Flaws, caught here or where a catch may apply, and become events. Nothing else is caught.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from fnfkit.engine.branches import begin_branch, leave_branch, run_again, run_foreach, run_parallel
from fnfkit.engine.commands import Command
from fnfkit.engine.control import end_wait, leave_choice, run_choice, run_fail, run_pass, run_wait
from fnfkit.engine.errors import RUNTIME_ERROR, TIMEOUT, EvaluationError, EventLimit, Flaw
from fnfkit.engine.events import (
    Accepted,
    Completed,
    Event,
    Failed,
    Reported,
    ReportedFailure,
    Resume,
    Retire,
    Start,
    Stop,
    TimerFired,
)
from fnfkit.engine.execution import Execution
from fnfkit.engine.history import EXECUTION_STARTED, HistoryEvent
from fnfkit.engine.nodes import ChoiceNode, FailNode, ForeachNode, ParallelNode, PassNode, TaskNode, WaitNode
from fnfkit.engine.sizes import EMPTY_WEIGHT, weigh
from fnfkit.engine.state import EMPTY, Fork, Nest, Pause, Scope, TaskRun
from fnfkit.engine.steps import enter, fail, fit_scope
from fnfkit.engine.task import accepted, completed, failed, reported, reported_failure, run_task, timer_fired
from fnfkit.engine.tokens import TokenState, parse_token
from fnfkit.model.json import Json


class Transition(NamedTuple):
    """What an event brought about: new history, commands to perform, and whether to send `Resume` after them."""

    history: list[HistoryEvent]
    commands: list[Command]
    more: bool


def advance(execution: Execution, event: Event) -> Transition:
    """Fold an event into the execution, which changes in place. Deterministic; raises for nothing a flow can do."""
    before = len(execution.history)
    if execution.ended_at is None:
        if event.at > execution.now:
            execution.now = event.at
        try:
            if _fold(execution, event):
                _run(execution)
        except EventLimit:
            cause = f"the history has reached the limit of {execution.event_limit} events (fdl.md 6.5)"
            execution.end("Failed", {"error": RUNTIME_ERROR, "cause": cause})
    commands, execution.commands = execution.commands, []
    return Transition(execution.history[before:], commands, bool(execution.agenda))


def _fold(execution: Execution, event: Event) -> bool:
    """Take in the event. False if the agenda must wait: an acceptance may have its answer right behind it."""
    match event:
        case Start():
            _start(execution, event)
        case Resume():
            pass
        case Accepted(call=call):
            if (run := execution.calls.get(call)) is not None:
                accepted(execution, run)
            return False
        case Completed(call=call, output=output):
            if (run := execution.calls.get(call)) is None:
                return False
            completed(execution, run, output)
        case Failed(call=call, error=error, cause=cause):
            if (run := execution.calls.get(call)) is None:
                return False
            failed(execution, run, error, cause)
        case Reported(token=token, output=output):
            if (run := _awaiting(execution, token)) is None:
                return False
            reported(execution, run, output)
        case ReportedFailure(token=token, error=error, cause=cause):
            if (run := _awaiting(execution, token)) is None:
                return False
            reported_failure(execution, run, error, cause)
        case TimerFired(timer=timer):
            _timer_fired(execution, timer)
        case Stop(error=error, cause=cause):
            execution.end("Stopped", {"error": error, "cause": cause})
        case Retire():
            execution.retired = True
        case _:
            assert_never(event)
    return True


def _awaiting(execution: Execution, token: str) -> TaskRun | None:
    """The task that waits for a report with this very token."""
    parsed = parse_token(token)
    run = execution.tokens.get(parsed[2]) if parsed else None
    if isinstance(run, TaskRun) and run.token == token and run.token_state is TokenState.PENDING:
        return run
    return None


def _start(execution: Execution, event: Start) -> None:
    if execution.status != "Starting":
        return
    execution.status = "Running"
    execution.started = execution.now
    execution.input = event.input
    scope = Scope(execution.program.sequences[0], event.input, weigh(event.input), 0, owner=None)
    execution.root = scope
    _set_deadline(execution)
    execution.record(scope, EXECUTION_STARTED, "", {"input": event.input})
    try:
        _take_input(execution, scope)
    except Flaw as flaw:
        _fail_flow(execution, str(flaw))
        return
    execution.agenda.append(scope)


def _take_input(execution: Execution, scope: Scope) -> None:
    """The flow's own inputMappings, for which `$input` is the execution's input (fdl.md 1.1). Raises Flaw."""
    if scope.input_weight > execution.size_limit:
        (scope.input_weight,) = execution.fit("execution input", scope.input)
    takes = execution.program.takes
    if takes is not None:
        context = execution.flow_context() if takes.uses_context else None
        scope.input = takes.evaluate(scope.input, EMPTY, context)
        scope.input_weight = takes.weight(scope.input, scope.input_weight, EMPTY_WEIGHT)
    if not execution.program.accumulates:
        scope.local, scope.local_weight = scope.input, scope.input_weight
    fit_scope(execution, scope)


def _set_deadline(execution: Execution) -> None:
    """The flow's timeout, or the longest an execution may run: whichever is sooner (fdl.md 1.1, 6.5)."""
    seconds, longest = execution.program.timeout, execution.settings.limits.execution_seconds
    if seconds is None or (longest is not None and longest < seconds):
        seconds = longest
    if seconds is not None:
        execution.set_deadline(execution.now + 1000 * seconds)


def _timer_fired(execution: Execution, timer: int) -> None:
    if execution.deadline is not None and timer == execution.deadline.timer:
        seconds = (execution.deadline.due - execution.started) // 1000
        cause = f"the execution did not end within {seconds} seconds"
        execution.deadline = None
        execution.end("TimedOut", {"error": TIMEOUT, "cause": cause})
    elif (alarm := execution.timers.pop(timer, None)) is None:
        return
    elif isinstance(alarm.run, Pause):
        end_wait(execution, alarm.run)
    elif isinstance(alarm.run, Fork):
        run_again(execution, alarm.run)
    else:
        timer_fired(execution, alarm.run)


def _run(execution: Execution) -> None:
    """Work off the agenda."""
    execution.invoked = False
    for _ in range(execution.settings.turn_steps):
        if not execution.agenda or execution.invoked:
            break
        item = execution.agenda.pop()
        if item.cancelled:
            continue
        if isinstance(item, Scope):
            _go_on(execution, item)
        elif not execution.retired:
            begin_branch(execution, item)
    if execution.retired:
        _retire(execution)


def _go_on(execution: Execution, scope: Scope) -> None:
    """Run the scope's next step, or end the scope."""
    if scope.position >= len(scope.nodes):
        _end_scope(execution, scope)
        return
    if execution.retired:
        return
    node = scope.nodes[scope.position]
    try:
        enter(execution, scope, node)
        match node:
            case PassNode():
                run_pass(execution, scope, node)
            case TaskNode():
                run_task(execution, scope, node)
            case ChoiceNode():
                run_choice(execution, scope, node)
            case WaitNode():
                run_wait(execution, scope, node)
            case ForeachNode():
                run_foreach(execution, scope, node)
            case ParallelNode():
                run_parallel(execution, scope, node)
            case FailNode():
                run_fail(execution, scope, node)
            case _:
                assert_never(node)
    except Flaw as flaw:
        fail(execution, scope, node, RUNTIME_ERROR, str(flaw))


def _end_scope(execution: Execution, scope: Scope) -> None:
    owner = scope.owner
    if owner is None:
        _succeed(execution, scope)
    elif isinstance(owner, Nest):
        leave_choice(execution, owner)
    else:
        leave_branch(execution, owner, scope)


def _succeed(execution: Execution, scope: Scope) -> None:
    """Map the flow's output (fdl.md 1.1) and end the execution."""
    try:
        output = _output(execution, scope)
    except Flaw as flaw:
        _fail_flow(execution, str(flaw))
        return
    execution.end("Succeeded", {"output": output})


def _output(execution: Execution, scope: Scope) -> Json:
    gives = execution.program.gives
    output, weight = scope.local, scope.local_weight
    if gives is not None:
        context = execution.flow_context() if gives.uses_context else None
        output = gives.evaluate(scope.input, scope.local, context)
        weight = gives.weight(output, scope.input_weight, scope.local_weight)
    if weight > execution.size_limit:
        execution.fit("flow output", output)
    if execution.program.accumulates and type(output) is not dict:
        raise EvaluationError("the output of a flow must be an object (fdl.md 3.1)")
    return output


def _fail_flow(execution: Execution, cause: str) -> None:
    execution.end("Failed", {"error": RUNTIME_ERROR, "cause": cause})


def _retire(execution: Execution) -> None:
    """The flow was deleted: once no step is under way any more, the execution stops (api-fnf.md 6)."""
    execution.agenda = [scope for scope in execution.agenda if isinstance(scope, Scope) and not scope.cancelled]
    at_rest = not (execution.calls or execution.timers or execution.agenda)
    if execution.ended_at is None and at_rest:
        execution.end("Stopped", {"error": "", "cause": "the flow was deleted"})
