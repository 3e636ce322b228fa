"""The steps that call nothing: pass, succeed, fail, wait and choice (fdl.md 2.3 to 2.7)."""

from __future__ import annotations

from fnfkit.engine.errors import EvaluationError
from fnfkit.engine.evaluate import holds
from fnfkit.engine.execution import Execution
from fnfkit.engine.nodes import ArmNode, ChoiceNode, FailNode, PassNode, WaitNode
from fnfkit.engine.sizes import EMPTY_WEIGHT
from fnfkit.engine.state import EMPTY, Nest, Pause, Run, Scope
from fnfkit.engine.steps import begin, conclude, fail, finish
from fnfkit.engine.times import instant
from fnfkit.model.json import Json


def run_pass(execution: Execution, scope: Scope, node: PassNode) -> None:
    """A pass does not echo its input: its result is `{}` (fdl.md 2.3)."""
    run = Run(node, scope)
    begin(execution, run)
    conclude(execution, run, EMPTY, EMPTY_WEIGHT)


def run_fail(execution: Execution, scope: Scope, node: FailNode) -> None:
    """Fail with the step's constants (fdl.md 2.6)."""
    begin(execution, Run(node, scope))
    if node.whole and not execution.settings.fail_is_catchable:
        execution.record(scope, execution.words.failed, node.name, {"error": node.error, "cause": node.cause})
        execution.end("Failed", {"error": node.error, "cause": node.cause})
        return
    fail(execution, scope, node, node.error, node.cause)


def run_wait(execution: Execution, scope: Scope, node: WaitNode) -> None:
    """Wait for a span or until an instant; one that lies in the past ends the step at once (fdl.md 2.4)."""
    run = Pause(node, scope)
    begin(execution, run)
    context = execution.context(run) if node.extent.uses_context else None
    value = node.extent.evaluate(run.input, None, context)
    due = execution.now + 1000 * _seconds(value) if node.timed else _instant(value)
    _check_span(execution, due - execution.now, value)
    if due <= execution.now:
        conclude(execution, run, EMPTY, EMPTY_WEIGHT)
        return
    scope.active = run
    run.timer = execution.set_timer(due, run)


def _check_span(execution: Execution, span: int, value: Json) -> None:
    """A wait has a longest span, and in some dialects a shortest one (fdl.md 6.5, cloudflow.md 2.5)."""
    limit, bounds = execution.settings.limits.wait_seconds, execution.program.bounds
    if limit is None:
        return
    longest = limit if bounds.longest_wait is None else bounds.longest_wait
    if span > 1000 * longest:
        raise EvaluationError(f"a wait may last {longest} seconds at most (fdl.md 6.5), not until {_quote(value)}")
    if bounds.shortest_wait and span < 1000 * bounds.shortest_wait:
        raise EvaluationError(f"a wait lasts {bounds.shortest_wait} seconds at least, not {_quote(value)}")


def end_wait(execution: Execution, run: Pause) -> None:
    """The timer of a wait step has fired."""
    finish(execution, run, EMPTY, EMPTY_WEIGHT)


def _seconds(value: Json) -> int:
    """A duration: whole seconds, not negative (inferred, fdl.md 2.4)."""
    whole = type(value) is int or (type(value) is float and value.is_integer())
    if not whole or value < 0:
        raise EvaluationError(f"a wait needs a whole number of seconds from 0, not {_quote(value)}")
    return int(value)


def _instant(value: Json) -> int:
    try:
        found = instant(value) if type(value) is str else None
    except (ValueError, OverflowError) as error:
        raise EvaluationError(f"{_quote(value)} is no time of the calendar") from error
    if found is None:
        raise EvaluationError(f"a wait needs an RFC 3339 time such as 2030-01-31T08:00:00Z, not {_quote(value)}")
    return found


def _quote(value: Json) -> str:
    text = repr(value) if type(value) in (str, int, float, bool) else f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def run_choice(execution: Execution, scope: Scope, node: ChoiceNode) -> None:
    """Take the first arm whose condition holds; with none the flow just goes on (fdl.md 2.7)."""
    run = Nest(node, scope)
    begin(execution, run)
    arm = _taken(execution, run)
    if arm is None or arm.body is None:
        conclude(execution, run, EMPTY, EMPTY_WEIGHT, goto=arm.goto if arm else None)
        return
    run.arm = arm
    run.inner = Scope(execution.program.sequences[arm.body], run.input, run.weight, scope.last, owner=run)
    scope.active = run
    execution.agenda.append(run.inner)


def _taken(execution: Execution, run: Nest) -> ArmNode | None:
    for arm in run.node.arms:
        condition = arm.condition
        if condition is None:
            return arm
        if holds(condition, run.input, execution.context(run) if condition.uses_context else None):
            return arm
    return None


def leave_choice(execution: Execution, run: Nest) -> None:
    """The arm's body has ended: its local is the choice's result, then the arm may jump (fdl.md 2.7)."""
    run.scope.last = run.inner.last
    finish(execution, run, run.inner.local, run.inner.local_weight, goto=run.arm.goto)
