"""The life of any step: entered, its input mapped, concluded or failed (fdl.md 3.9, 6.3)."""

from __future__ import annotations

from fnfkit.engine.commands import Abandon
from fnfkit.engine.errors import RUNTIME_ERROR, EvaluationError, Flaw, Oversize
from fnfkit.engine.execution import Execution, spent
from fnfkit.engine.nodes import CatchNode, Node, TaskNode
from fnfkit.engine.policy import catch_of, delay_of
from fnfkit.engine.sizes import byte_size, weigh
from fnfkit.engine.state import EMPTY, Fork, Nest, Pause, Run, Scope, TaskRun
from fnfkit.model.json import Json, JsonObject

_GLOBAL_KEY, _GLOBAL_VALUE = 128, 256 * 1024
"""Bytes (cloudflow.md 3.5)."""


def enter(execution: Execution, scope: Scope, node: Node) -> None:
    """Write StepEntered, which shows the scope as it is before any mapping (fdl.md 6.4)."""
    shown = {"input": scope.input, "local": scope.local} if execution.program.accumulates else {"input": scope.local}
    execution.record(scope, execution.words.entered, node.name, shown)


def take(execution: Execution, run: Run) -> None:
    """Give the step its input. Raises Flaw."""
    scope, takes = run.scope, run.node.takes
    if takes is None:
        run.input = scope.merged if scope.merged is not None else _merge(scope)
        run.weight = scope.input_weight + scope.local_weight
        return
    context = execution.context(run) if takes.uses_context else None
    run.input = takes.evaluate(scope.input, scope.local, context)
    weight = takes.weight(run.input, scope.input_weight, scope.local_weight)
    if weight > execution.size_limit:
        (weight,) = execution.fit("step input", run.input)
    run.weight = weight


def _merge(scope: Scope) -> JsonObject:
    """FDL's default input: the scope's input and its local, of which the local wins (fdl.md 3.3)."""
    if type(scope.input) is not dict or type(scope.local) is not dict:
        raise EvaluationError("the scope's input and local must be objects to be merged")
    scope.merged = {**scope.input, **scope.local} if scope.local else scope.input
    return scope.merged


def begin(execution: Execution, run: Run) -> None:
    """Map the input and write StepStarted: what every step but a task does first. Raises Flaw."""
    take(execution, run)
    execution.record(run.scope, execution.words.started, run.node.name, {"input": run.input})


def conclude(execution: Execution, run: Run, result: Json, weight: int, *, goto: int | None = None) -> None:
    """Map the step's result to its output, merge that into the scope and go on behind the step. Raises Flaw."""
    node, scope = run.node, run.scope
    output, output_weight = give(execution, run, result, weight)
    words = execution.words
    if words.task_output or not isinstance(run, TaskRun):
        execution.record(scope, words.succeeded, node.name, {"output": output})
    if node.globals is not None:
        write_globals(execution, run, result)
    merge_output(execution, scope, output, output_weight)
    if words.exited:
        execution.record(scope, words.exited, node.name, {"local": scope.local})
    leave(execution, scope, node.onward if goto is None else goto)


def write_globals(execution: Execution, run: Run, result: Json) -> None:
    """Merge what the step writes into the globals, one level deep (cloudflow.md 3.5). Raises Flaw."""
    writes = run.node.globals
    if writes is None:
        return
    written = writes.evaluate(run.input, result, execution.context(run) if writes.uses_context else None)
    if type(written) is not dict:
        raise EvaluationError("the globals that a step writes must be an object")
    for key, value in written.items():
        execution.measure("global", value)
        if len(key.encode("utf-8", "surrogatepass")) > _GLOBAL_KEY or byte_size(value) > _GLOBAL_VALUE:
            raise Oversize(
                f"the global {key!r:.40} is larger than {_GLOBAL_KEY} bytes of key, {_GLOBAL_VALUE} of value"
            )
    execution.globals = {**execution.globals, **written}


def give(execution: Execution, run: Run, result: Json, weight: int) -> tuple[Json, int]:
    """The step's output and its weight; input, result and output together must fit (fdl.md 3.1). Raises Flaw."""
    gives = run.node.gives
    if gives is None:
        output, output_weight = result, weight
    else:
        context = execution.context(run) if gives.uses_context else None
        output = gives.evaluate(run.input, result, context)
        output_weight = gives.weight(output, run.weight, weight)
    if not execution.program.accumulates:
        for what, value, weighs in (("input", run.input, run.weight), ("output", output, output_weight)):
            if weighs > execution.size_limit:
                execution.fit(f"{what} of the step", value)
        return output, weigh(output)
    if run.weight + weight + output_weight > execution.size_limit:
        _, _, output_weight = execution.fit("input, local and output of the step", run.input, result, output)
        fit_scope(execution, run.scope, at_least=0)
    return output, output_weight


def merge_output(execution: Execution, scope: Scope, output: Json, weight: int) -> None:
    """Add an output to the scope's local; a dialect that does not accumulate replaces the local. Raises Flaw."""
    if not execution.program.accumulates:
        scope.local, scope.local_weight, scope.merged = output, weight, None
    elif type(output) is not dict:
        raise EvaluationError("the output of a step must be an object (fdl.md 3.1)")
    elif output:
        # A new local, since events and other steps share the old one; later outputs win (fdl.md 3.1).
        scope.local = {**scope.local, **output} if scope.local else output
        scope.local_weight += weight
        scope.merged = None
    fit_scope(execution, scope)


def fit_scope(execution: Execution, scope: Scope, *, at_least: int | None = None) -> None:
    """The scope's input and local must fit the data of one event, the next StepEntered (fdl.md 6.5). Raises Flaw.

    They are measured if their weights pass the limit, or `at_least` where that is given."""
    if not execution.program.accumulates:
        if scope.local_weight > execution.size_limit:
            (scope.local_weight,) = execution.fit("input of the next step", scope.local)
        return
    if scope.input_weight + scope.local_weight > (execution.size_limit if at_least is None else at_least):
        weights = execution.fit("input and local around the step", scope.input, scope.local)
        scope.input_weight, scope.local_weight = weights


def leave(execution: Execution, scope: Scope, position: int) -> None:
    """Go on with the scope at a position; a goto beats `end` (fdl.md 3.9)."""
    scope.active = None
    scope.position = position
    execution.agenda.append(scope)


def finish(execution: Execution, run: Run, result: Json, weight: int, *, goto: int | None = None) -> None:
    """Conclude a step, or fail it if its output cannot be made."""
    try:
        conclude(execution, run, result, weight, goto=goto)
    except Flaw as flaw:
        fail(execution, run.scope, run.node, RUNTIME_ERROR, str(flaw))


def fail(execution: Execution, scope: Scope, node: Node, error: str, cause: Json, *, timed_out: bool = False) -> None:
    """Fail a step, then owner by owner what it stands in, up to the execution (fdl.md 2.6) or to a container that
    tries again or catches (cloudflow.md 6)."""
    words = execution.words
    while True:
        scope.active = None
        if not (timed_out and words.timed_out):
            execution.record(scope, words.failed, node.name, {"error": error, "cause": cause})
        timed_out = False
        owner = scope.owner
        if owner is None:
            execution.end("Failed", {"error": error, "cause": cause})
            return
        if isinstance(owner, Fork):
            error, cause = owner.failure = owner.failure or (error, cause)
            if not _branch_failed(execution, owner, scope):
                return
        owner.scope.last = scope.last
        if isinstance(owner, Fork) and fork_failed(execution, owner, error, cause):
            return
        scope, node = owner.scope, owner.node


def fork_failed(execution: Execution, fork: Fork, error: str, cause: Json) -> bool:
    """Whether the container itself deals with the failure of its branches: it runs them again, or jumps."""
    delay = delay_of(fork, error)
    if delay is not None:
        fork.scope.active = fork
        fork.timer = execution.set_timer(execution.now + delay, fork)
        return True
    entry = catch_of(fork.node, error)
    if entry is None:
        return False
    try:
        caught(execution, fork, entry, error, cause)
    except Flaw as flaw:
        fail(execution, fork.scope, fork.node, RUNTIME_ERROR, str(flaw))
    return True


def caught(execution: Execution, run: TaskRun | Fork, entry: CatchNode, error: str, cause: Json) -> None:
    """Jump to a catch. Only what the catch gives contributes to the scope's local (fdl.md 4.8). Raises Flaw."""
    scope, node, failure = run.scope, run.node, {"error": error, "cause": cause}
    gives = entry.gives
    if gives is None and isinstance(node, TaskNode):
        gives = node.on_error
    if gives is not None:
        context = execution.context(run) if gives.uses_context else None
        output = gives.evaluate(run.input, failure, context)
        weight = gives.weight(output, run.weight, weigh(failure))
        if weight > execution.size_limit:
            (weight,) = execution.fit("error mapping", output)
        merge_output(execution, scope, output, weight)
    words = execution.words
    if words.exited:
        detail = {"input": run.input, "local": scope.local, "resourceArn": node.resource, **failure}
        detail |= {"retryCount": run.attempt, "goto": entry.label}
        execution.record(scope, words.exited, node.name, detail)
    else:
        execution.record(scope, words.failed, node.name, {**failure, "next": entry.label})
    if isinstance(run, TaskRun):
        forget_token(execution, run)
    leave(execution, scope, entry.goto)


def _branch_failed(execution: Execution, fork: Fork, scope: Scope) -> bool:
    """Whether the fork fails now: at once (inferred, fdl.md 2.8), or without `fail_fast` when its last branch ends."""
    del fork.running[scope.place]
    if execution.settings.fail_fast:
        cancel(execution, fork)
        return True
    if not fork.running and fork.begun == len(fork.results):
        return True
    queue(execution, fork)
    return False


def queue(execution: Execution, fork: Fork) -> None:
    """Put a fork that has branches left to begin on the agenda, once."""
    if not fork.queued and fork.begun < len(fork.results):
        fork.queued = True
        execution.agenda.append(fork)


def cancel(execution: Execution, run: Run) -> None:
    """Take back everything pending below a run; costs as much as there is below it."""
    pending: list[Run] = [run]
    while pending:
        under_way = pending.pop()
        if under_way is not run:
            execution.record_if_named(under_way.scope, execution.words.aborted, under_way.node.name, EMPTY)
        match under_way:
            case TaskRun() as task:
                release(execution, task)
                forget_token(execution, task)
            case Pause(timer=timer):
                execution.cancel_timer(timer)
            case Nest(inner=inner):
                inner.cancelled = True
                pending += _active(inner)
            case Fork() as fork:
                fork.cancelled = True
                execution.cancel_timer(fork.timer)
                for scope in reversed(fork.running.values()):
                    scope.cancelled = True
                    pending += _active(scope)


def _active(scope: Scope) -> list[Run]:
    return [] if scope.active is None else [scope.active]


def release(execution: Execution, task: TaskRun) -> None:
    """Take back a task's call and timer, whichever it has."""
    if execution.calls.pop(task.call, None) is not None:
        execution.commands.append(Abandon(task.call))
    execution.cancel_timer(task.timer)
    task.call = task.timer = 0


def forget_token(execution: Execution, task: TaskRun) -> None:
    """The task has ended: keep only what later reports need to be told."""
    if task.token:
        execution.tokens[task.entered] = spent(task)
