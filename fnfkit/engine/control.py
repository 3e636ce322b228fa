"""The steps that call nothing: pass, succeed, fail, wait and choice (fdl.md 2.3 to 2.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fnfkit.engine.errors import EvaluationError
from fnfkit.engine.evaluate import holds
from fnfkit.engine.execution import Execution
from fnfkit.engine.nodes import ArmNode, ChoiceNode, FailNode, PassNode, WaitNode
from fnfkit.engine.sizes import EMPTY_WEIGHT
from fnfkit.engine.state import EMPTY, Nest, Pause, Run, Scope
from fnfkit.engine.steps import begin, conclude, fail, finish
from fnfkit.model.json import Json

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run_pass(execution: Execution, scope: Scope, node: PassNode) -> None:
    """A pass does not echo its input: its result is `{}` (fdl.md 2.3)."""
    run = Run(node, scope)
    begin(execution, run)
    conclude(execution, run, EMPTY, EMPTY_WEIGHT)


def run_fail(execution: Execution, scope: Scope, node: FailNode) -> None:
    """Fail with the step's constants (fdl.md 2.6)."""
    begin(execution, Run(node, scope))
    fail(execution, scope, node, node.error, node.cause)


def run_wait(execution: Execution, scope: Scope, node: WaitNode) -> None:
    """Wait for a span or until an instant; one that lies in the past ends the step at once (fdl.md 2.4)."""
    run = Pause(node, scope)
    begin(execution, run)
    value = node.extent.evaluate(run.input, None, None)
    due = execution.now + 1000 * _seconds(value) if node.timed else _instant(value)
    limit = execution.settings.limits.wait_seconds
    if limit is not None and due - execution.now > 1000 * limit:
        raise EvaluationError(f"a wait may last {limit} seconds at most (fdl.md 6.5), not until {value!r}")
    if due <= execution.now:
        conclude(execution, run, EMPTY, EMPTY_WEIGHT)
        return
    scope.active = run
    run.timer = execution.set_timer(due, run)


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
    """Milliseconds of an RFC 3339 instant, rounded up so that nobody is woken early."""
    match = _INSTANT.match(value) if type(value) is str else None
    if match is None:
        raise EvaluationError(f"a wait needs an RFC 3339 time such as 2030-01-31T08:00:00Z, not {_quote(value)}")
    date, time, fraction, zone = match.groups()
    try:
        whole = datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone in 'Zz' else zone}")
        past_epoch = whole - _EPOCH
    except (ValueError, OverflowError) as error:
        raise EvaluationError(f"{_quote(value)} is no time of the calendar") from error
    digits = (fraction or "").ljust(3, "0")
    return past_epoch // timedelta(milliseconds=1) + int(digits[:3]) + bool(digits[3:].strip("0"))


def _quote(value: Json) -> str:
    text = repr(value) if type(value) in (str, int, float, bool) else f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def run_choice(execution: Execution, scope: Scope, node: ChoiceNode) -> None:
    """Take the first arm whose condition holds; with none the flow just goes on (fdl.md 2.7)."""
    run = Nest(node, scope)
    begin(execution, run)
    arm = _taken(node, run.input)
    if arm is None or arm.body is None:
        conclude(execution, run, EMPTY, EMPTY_WEIGHT, goto=arm.goto if arm else None)
        return
    run.arm = arm
    run.inner = Scope(execution.program.sequences[arm.body], run.input, run.weight, scope.last, owner=run)
    scope.active = run
    execution.agenda.append(run.inner)


def _taken(node: ChoiceNode, input: Json) -> ArmNode | None:
    for arm in node.arms:
        if arm.condition is None or holds(arm.condition, input):
            return arm
    return None


def leave_choice(execution: Execution, run: Nest) -> None:
    """The arm's body has ended: its local is the choice's result, then the arm may jump (fdl.md 2.7)."""
    run.scope.last = run.inner.last
    finish(execution, run, run.inner.local, run.inner.local_weight, goto=run.arm.goto)
