"""Peers of a single workload."""

import time
from typing import Any


def chain(length: int) -> float:
    """Steps per second of a state machine on `transitions`, which keeps no history."""
    from transitions import Machine

    states = [f"S{number}" for number in range(length + 1)]
    machine = Machine(states=states, initial="S0", ordered_transitions=True)
    begin = time.perf_counter()
    for _ in range(length):
        machine.next_state()
    return length / (time.perf_counter() - begin)


def waiting(executions: int) -> float:
    """Executions per second of SpiffWorkflow: each waits at a manual step, in a dict, until it is told to go on."""
    from SpiffWorkflow.specs.Simple import Simple
    from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
    from SpiffWorkflow.util.task import TaskState
    from SpiffWorkflow.workflow import Workflow

    spec = WorkflowSpec("ask", addstart=True)
    spec.start.connect(Simple(spec, "Ask", manual=True))
    waits: dict[str, tuple[Any, Any]] = {}
    begin = time.perf_counter()
    for number in range(executions):
        workflow = Workflow(spec)
        workflow.run_all()
        (task,) = workflow.get_tasks(state=TaskState.READY)
        waits[f"e{number}"] = workflow, task
    for workflow, task in waits.values():
        task.run()
        workflow.run_all()
        assert workflow.is_completed()
    return executions / (time.perf_counter() - begin)
