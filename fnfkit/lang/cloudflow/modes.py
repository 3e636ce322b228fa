"""Standard and Express: what a mode allows, which only CreateFlow knows (cloudflow.md 7)."""

from __future__ import annotations

from dataclasses import replace

from fnfkit.lang.cloudflow.schema import LONGEST_EXPRESS_WAIT
from fnfkit.model.expr import Const
from fnfkit.model.flow import Flow, Pattern, Step, Task, Wait, bodies
from fnfkit.model.vocabulary import STATES

EXPRESS = "Express"


def mode_faults(flow: Flow, mode: str) -> list[str]:
    """What keeps a state machine from being created in a mode, in words; empty for a flow of another language."""
    if mode != EXPRESS or flow.words is not STATES:
        return []
    faults: list[str] = []
    level: list[Step] = list(flow.steps)
    while level:
        faults += [fault for step in level if (fault := _fault(step))]
        level = [inner for step in level for body in bodies(step) for inner in body]
    return faults


def _fault(step: Step) -> str:
    match step:
        case Task(pattern=pattern) if pattern is not Pattern.REQUEST_RESPONSE:
            return f"state {step.name}: an Express flow allows the task mode RequestComplete only"
        case Wait(seconds=Const(int() as seconds)) if seconds > LONGEST_EXPRESS_WAIT:
            return f"state {step.name}: a wait in an Express flow lasts {LONGEST_EXPRESS_WAIT} seconds at most"
        case _:
            return ""


def in_mode(flow: Flow, mode: str) -> Flow:
    """The flow with the limits of its mode."""
    if mode != EXPRESS or flow.words is not STATES:
        return flow
    return replace(flow, bounds=replace(flow.bounds, longest_wait=LONGEST_EXPRESS_WAIT))
