"""Parallel and foreach: scopes side by side, whose locals become the step's result (fdl.md 2.8, 2.9).

A fork on the agenda begins its next branch and goes back on the agenda below it. So at zero latency one branch ends
before the next begins, and a branch that blocks lets the next one begin (fdl.md 6.3).
"""

from __future__ import annotations

from fnfkit.engine.errors import RUNTIME_ERROR, EvaluationError, Flaw
from fnfkit.engine.execution import Execution
from fnfkit.engine.nodes import ForeachNode, ParallelNode
from fnfkit.engine.sizes import LEVEL, UNLIMITED, weigh
from fnfkit.engine.state import EMPTY, Fork, Scope
from fnfkit.engine.steps import begin, cancel, conclude, fail, finish, fit_scope, fork_failed, queue
from fnfkit.model.json import Json


def run_parallel(execution: Execution, scope: Scope, node: ParallelNode) -> None:
    """Begin every branch with the step's input (fdl.md 2.8)."""
    limit = execution.settings.limits.branches
    if limit is not None:
        limit = execution.program.bounds.branches or limit
    if limit is not None and len(node.branches) > limit:
        raise EvaluationError(f"{len(node.branches)} branches exceed the limit of {limit} (fdl.md 6.5)")
    fork = Fork(node, scope)
    begin(execution, fork)
    _open(execution, fork, len(node.branches))


def run_foreach(execution: Execution, scope: Scope, node: ForeachNode) -> None:
    """Begin an iteration per item; a collection that is no array fails the step (inferred, fdl.md 2.9)."""
    fork = Fork(node, scope)
    begin(execution, fork)
    context = execution.context(fork) if node.collection.uses_context else None
    items = node.collection.evaluate(fork.input, None, context)
    if type(items) is not list:
        raise EvaluationError(f"the collection must be an array, not {type(items).__name__}")
    if type(fork.input) is not dict and node.each is None:
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


def run_again(execution: Execution, fork: Fork) -> None:
    """The back-off of a container is over: begin all its branches anew (cloudflow.md 6)."""
    again = Fork(fork.node, fork.scope)
    again.entered, again.input, again.weight, again.items = fork.entered, fork.input, fork.weight, fork.items
    again.attempt, again.retries = fork.attempt + 1, fork.retries
    _open(execution, again, len(fork.results))


def begin_branch(execution: Execution, fork: Fork) -> None:
    """Begin the next branch, if one is left and the concurrency allows it (fdl.md 6.5)."""
    fork.queued = False
    if len(fork.running) >= _concurrency(execution, fork):
        return
    place = fork.begun
    fork.begun += 1
    queue(execution, fork)
    try:
        scope = _scope(execution, fork, place)
        fit_scope(execution, scope)
    except Flaw as flaw:
        cancel(execution, fork)
        fail(execution, fork.scope, fork.node, RUNTIME_ERROR, str(flaw))
        return
    scope.place = place
    fork.running[place] = scope
    words = execution.words
    entered, name = words.branch_entered, words.branch
    if type(fork.node) is ForeachNode:
        entered, name = words.iteration_entered, words.iteration
    shown = {"input": scope.input, "local": EMPTY} if execution.program.accumulates else {"input": scope.local}
    execution.record(scope, entered, name.format(place) if name else fork.node.name, shown)
    execution.agenda.append(scope)


def _concurrency(execution: Execution, fork: Fork) -> int:
    limit = execution.settings.limits.foreach_concurrency
    if limit is None or isinstance(fork.node, ParallelNode):
        return UNLIMITED
    return min(limit, fork.node.concurrency or execution.program.bounds.concurrency or limit)


def _scope(execution: Execution, fork: Fork, place: int) -> Scope:
    node, sequences = fork.node, execution.program.sequences
    if isinstance(node, ParallelNode):
        scope = Scope(sequences[node.branches[place]], fork.input, fork.weight, fork.started, owner=fork)
        return scope if execution.program.accumulates else _seeded(scope)
    item: Json = None if fork.items is None else fork.items[place]
    if node.each is not None or not execution.program.accumulates:
        return _iteration(execution, fork, node, place, item)
    # The item's name hides an equal key of the input (inferred, fdl.md 2.9).
    added = {node.item: item} if node.index is None else {node.item: item, node.index: place}
    weight = fork.weight + weigh(added)
    return Scope(sequences[node.body], {**fork.input, **added}, weight, fork.started, owner=fork)


def _iteration(execution: Execution, fork: Fork, node: ForeachNode, place: int, value: Json) -> Scope:
    """An iteration whose input is made from the element (cloudflow.md 2.10). Raises Flaw."""
    item = {"index": place, "value": value}
    input = value
    if node.each is not None:
        context = {**execution.context(fork), "item": item} if node.each.uses_context else None
        input = node.each.evaluate(fork.input, value, context)
    scope = Scope(execution.program.sequences[node.body], input, weigh(input), fork.started, owner=fork)
    scope.item = item
    return scope if execution.program.accumulates else _seeded(scope)


def _seeded(scope: Scope) -> Scope:
    """Where outputs replace the local, the first step finds the scope's input there (cloudflow.md 3.1)."""
    scope.local, scope.local_weight = scope.input, scope.input_weight
    return scope


def leave_branch(execution: Execution, fork: Fork, scope: Scope) -> None:
    """A branch has ended: keep its local; the last one concludes the step, any other makes room."""
    words = execution.words
    exited, name = words.branch_exited, words.branch
    if type(fork.node) is ForeachNode:
        exited, name = words.iteration_exited, words.iteration
    shown = {"local" if execution.program.accumulates else "output": scope.local}
    execution.record(scope, exited, name.format(scope.place) if name else fork.node.name, shown)
    del fork.running[scope.place]
    fork.results[scope.place] = scope.local
    fork.results_weight += scope.local_weight
    if fork.running or fork.begun < len(fork.results):
        queue(execution, fork)
        return
    fork.scope.last = scope.last
    if fork.failure is not None:
        if not fork_failed(execution, fork, *fork.failure):
            fail(execution, fork.scope, fork.node, *fork.failure)
        return
    finish(execution, fork, fork.results, fork.results_weight)
