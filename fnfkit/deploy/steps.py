"""What differs between two definitions of a flow, step by step: order of keys, comments and quotes do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum

from fnfkit.lang.dialect import Reading
from fnfkit.lang.dialects import read as read_either
from fnfkit.model.flow import Flow, Step, bodies


class StepAction(Enum):
    """What becomes of a step."""

    ADD = "added"
    REMOVE = "removed"
    CHANGE = "changed"
    MOVE = "moved"


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step that differs. `parts` are the parts of it that do, by their names in the model."""

    step: str
    action: StepAction
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = f"{self.step} {self.action.value}"
        return f"{told}: {', '.join(self.parts)}" if self.parts else told


def step_changes(before: str, after: str, *, read: Callable[[str], Reading] = read_either) -> tuple[StepChange, ...]:
    """The steps that differ between two definitions; none if either cannot be read."""
    old, new = read(before).flow, read(after).flow
    return tuple(_compared(old, new)) if old is not None and new is not None else ()


def _compared(old: Flow, new: Flow) -> Iterator[StepChange]:
    olds, news = dict(_steps(old.steps, ())), dict(_steps(new.steps, ()))
    flow_parts = tuple(name for name in ("takes", "gives", "timeout") if getattr(old, name) != getattr(new, name))
    if flow_parts:
        yield StepChange("flow", StepAction.CHANGE, flow_parts)
    for path in dict.fromkeys((*olds, *news)):
        name = "/".join(path)
        if path not in news:
            yield StepChange(name, StepAction.REMOVE)
        elif path not in olds:
            yield StepChange(name, StepAction.ADD)
        elif parts := _parts(olds[path], news[path]):
            yield StepChange(name, StepAction.CHANGE, parts)
    kept = [path for path in olds if path in news]
    order = [path for path in news if path in olds]
    if kept != order:
        moved = next(now for was, now in zip(kept, order, strict=True) if was != now)
        yield StepChange("/".join(moved), StepAction.MOVE)


def _steps(steps: tuple[Step, ...], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Step]]:
    for step in steps:
        here = (*path, step.name)
        yield here, step
        for body in bodies(step):
            yield from _steps(body, here)


def _parts(old: Step, new: Step) -> tuple[str, ...]:
    """The parts that differ, without what is inside: nested steps are compared on their own."""
    if type(old) is not type(new):
        return ("type",)
    inside = {"steps", "branches", "options", "default"}
    names = [field.name for field in fields(old) if field.name not in inside]
    differing = [name for name in names if getattr(old, name) != getattr(new, name)]
    if not differing and old != new and _shape(old) != _shape(new):
        differing = ["conditions" if hasattr(old, "options") else "branches"]
    return tuple(differing)


def _shape(step: Step) -> object:
    """What of a container is its own: how many sequences it has, and what guards them."""
    guards = [(one.condition, one.arm.goto) for one in getattr(step, "options", ())]
    default = getattr(step, "default", None)
    return guards, default.goto if default else None, len(bodies(step))
