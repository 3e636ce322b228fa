"""Parallel and foreach: scopes side by side, whose locals become the step's result (fdl.md 2.8, 2.9).

A fork on the agenda begins its next branch and goes back on the agenda below it. So at zero latency one branch ends
before the next begins, and a branch that blocks lets the next one begin (fdl.md 6.3).
"""

from __future__ import annotations

from fnfkit.engine.errors import RUNTIME_ERROR, EvaluationError, Flaw
from fnfkit.engine.execution import Execution
from fnfkit.engine.history import BRANCH_ENTERED, BRANCH_EXITED, ITERATION_ENTERED, ITERATION_EXITED
from fnfkit.engine.nodes import ForeachNode, ParallelNode
from fnfkit.engine.sizes import LEVEL, UNLIMITED, weigh
from fnfkit.engine.state import EMPTY, Fork, Scope
from fnfkit.engine.steps import begin, cancel, conclude, fail, finish, fit_scope, queue
from fnfkit.model.json import Json


def run_parallel(execution: Execution, scope: Scope, node: ParallelNode) -> None:
    """Begin every branch with the step's input (fdl.md 2.8)."""
    limit = execution.settings.limits.branches
    if limit is not None and len(node.branches) > limit:
        raise EvaluationError(f"{len(node.branches)} branches exceed the limit of {limit} (fdl.md 6.5)")
    fork = Fork(node, scope)
    begin(execution, fork)
    _open(execution, fork, len(node.branches))


def run_foreach(execution: Execution, scope: Scope, node: ForeachNode) -> None:
    """Begin an iteration per item; a collection that is no array fails the step (inferred, fdl.md 2.9)."""
    fork = Fork(node, scope)
    begin(execution, fork)
    items = node.collection.evaluate(fork.input, None, None)
    if type(items) is not list:
        raise EvaluationError(f"the collection must be an array, not {type(items).__name__}")
    if type(fork.input) is not dict:
        raise EvaluationError("the input of a foreach must be an object, to take the item")
    fork.items = items
    _open(execution, fork, len(items))


def _open(execution: Execution, fork: Fork, branches: int) -> None:
    fork.started = fork.scope.last
    if not branches:
        conclude(execution, fork, [], LEVEL + 3)
        return
    fork.results = [None] * branches
    fork.scope.active = fork
    queue(execution, fork)


def begin_branch(execution: Execution, fork: Fork) -> None:
    """Begin the next branch, if one is left and the concurrency allows it (fdl.md 6.5)."""
    fork.queued = False
    if len(fork.running) >= _concurrency(execution, fork):
        return
    place = fork.begun
    fork.begun += 1
    queue(execution, fork)
    scope = _scope(execution, fork, place)
    try:
        fit_scope(execution, scope)
    except Flaw as flaw:
        cancel(execution, fork)
        fail(execution, fork.scope, fork.node, RUNTIME_ERROR, str(flaw))
        return
    scope.place = place
    fork.running[place] = scope
    execution.record(scope, _entered(fork), fork.node.name, {"input": scope.input, "local": EMPTY})
    execution.agenda.append(scope)


def _concurrency(execution: Execution, fork: Fork) -> int:
    limit = execution.settings.limits.foreach_concurrency
    return UNLIMITED if limit is None or isinstance(fork.node, ParallelNode) else limit


def _entered(fork: Fork) -> str:
    return BRANCH_ENTERED if isinstance(fork.node, ParallelNode) else ITERATION_ENTERED


def _scope(execution: Execution, fork: Fork, place: int) -> Scope:
    node, sequences = fork.node, execution.program.sequences
    if isinstance(node, ParallelNode):
        return Scope(sequences[node.branches[place]], fork.input, fork.weight, fork.started, owner=fork)
    item: Json = None if fork.items is None else fork.items[place]
    # The item's name hides an equal key of the input (inferred, fdl.md 2.9).
    added = {node.item: item} if node.index is None else {node.item: item, node.index: place}
    weight = fork.weight + weigh(added)
    return Scope(sequences[node.body], {**fork.input, **added}, weight, fork.started, owner=fork)


def leave_branch(execution: Execution, fork: Fork, scope: Scope) -> None:
    """A branch has ended: keep its local; the last one concludes the step, any other makes room."""
    exited = BRANCH_EXITED if isinstance(fork.node, ParallelNode) else ITERATION_EXITED
    execution.record(scope, exited, fork.node.name, {"local": scope.local})
    del fork.running[scope.place]
    fork.results[scope.place] = scope.local
    fork.results_weight += scope.local_weight
    if fork.running or fork.begun < len(fork.results):
        queue(execution, fork)
        return
    fork.scope.last = scope.last
    if fork.failure is not None:
        fail(execution, fork.scope, fork.node, *fork.failure)
        return
    finish(execution, fork, fork.results, fork.results_weight)
