"""A flow with its places: every step with its location in the document and the sequence it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fnfkit.model.expr import And, Call, Comparison, Expr, List, Merge, Negative, Not, Object, Or, Path
from fnfkit.model.flow import Arm, Choice, Fail, Flow, Foreach, Parallel, Pass, Step, Succeed, Task, Wait
from fnfkit.model.problem import Location


@dataclass(frozen=True, slots=True)
class Sequence:
    """One list of steps, at the location `at`. `owner` is the step it belongs to, None for the flow's own."""

    steps: tuple[Step, ...]
    at: Location
    owner: Step | None

    def places(self) -> Iterator[tuple[int, Step, Location]]:
        """The steps with their positions and locations."""
        for position, step in enumerate(self.steps):
            yield position, step, (*self.at, position)

    def position(self, name: str) -> int | None:
        """Where the step of that name stands, None if it is not in this sequence."""
        return next((at for at, step in enumerate(self.steps) if step.name == name), None)


@dataclass(frozen=True, slots=True)
class Place:
    """A step, where it stands in the document, and its sequence."""

    step: Step
    at: Location
    sequence: Sequence
    position: int


def bodies_of(step: Step, at: Location) -> Iterator[Sequence]:
    """The sequences nested directly in a step, with their locations."""
    match step:
        case Choice():
            yield from (Sequence(arm.steps, (*where, "steps"), step) for arm, where in arms_of(step, at))
        case Parallel(branches=branches):
            for index, branch in enumerate(branches):
                yield Sequence(branch, (*at, "branches", index, "steps"), step)
        case Foreach(steps=steps):
            yield Sequence(steps, (*at, "steps"), step)
        case _:
            return


def arms_of(choice: Choice, at: Location) -> Iterator[tuple[Arm, Location]]:
    """The options of a choice and its default, with their locations."""
    for index, option in enumerate(choice.options):
        yield option.arm, (*at, "choices", index)
    if choice.default is not None:
        yield choice.default, (*at, "default")


def sequences_of(flow: Flow) -> Iterator[Sequence]:
    """All sequences of a flow, outer before inner, in text order."""
    todo = [Sequence(flow.steps, ("steps",), None)]
    while todo:
        sequence = todo.pop()
        yield sequence
        inner = [body for _, step, at in sequence.places() for body in bodies_of(step, at)]
        todo.extend(reversed(inner))


def places_of(flow: Flow) -> Iterator[Place]:
    """All steps of a flow with their places."""
    for sequence in sequences_of(flow):
        for position, step, at in sequence.places():
            yield Place(step, at, sequence, position)


def jumps_of(step: Step) -> tuple[str, ...]:
    """The names a step can go to, in text order."""
    match step:
        case Task(catch=catch):
            return tuple(entry.goto for entry in catch)
        case Choice():
            return tuple(arm.goto for arm, _ in arms_of(step, ()) if arm.goto is not None)
        case _:
            return ()


def leaves(step: Step) -> bool:
    """Whether the step ends its sequence when it is done, unless a goto takes it elsewhere (fdl.md 2.2)."""
    match step:
        case Succeed() | Fail():
            return True
        case _:
            return step.end


def flows_on(step: Step) -> bool:
    """Whether the next step of the sequence can follow: not after an end, a fail, or a choice that always jumps."""
    if leaves(step):
        return False
    match step:
        case Choice(default=None):
            return True
        case Choice():
            return any(arm.goto is None for arm, _ in arms_of(step, ()))
        case _:
            return True


def mapped(expr: Expr, at: Location) -> Iterator[tuple[Expr, Location]]:
    """The expressions of a mapping list with the locations of their sources (fdl.md 3.4)."""
    match expr:
        case Object(fields=fields):
            for index, (_, source) in enumerate(fields):
                yield source, (*at, index, "source")
        case _:
            yield expr, at


def named(expr: Expr | None, at: Location) -> Iterator[tuple[Expr, Location]]:
    """The expressions of an object such as serviceParams with their locations, nested ones included."""
    match expr:
        case None:
            return
        case Object(fields=fields):
            for name, item in fields:
                yield from named(item, (*at, name))
        case List(items=items):
            for index, item in enumerate(items):
                yield from named(item, (*at, index))
        case _:
            yield expr, at


def expressions_of(step: Step, at: Location) -> Iterator[tuple[Expr, Location]]:
    """Every expression of a step with its location; those of nested steps are not its own."""
    yield from mapped(step.takes, (*at, "inputMappings"))
    yield from mapped(step.gives, (*at, "outputMappings"))
    match step:
        case Task(params=params, on_error=on_error):
            yield from named(params, (*at, "serviceParams"))
            if on_error is not None:
                yield from mapped(on_error, (*at, "errorMappings"))
        case Wait(seconds=seconds, until=until):
            yield from ((expr, (*at, key)) for expr, key in ((seconds, "duration"), (until, "timestamp")) if expr)
        case Choice(options=options):
            for index, option in enumerate(options):
                yield option.condition, (*at, "choices", index, "condition")
        case Foreach(collection=collection):
            yield collection, (*at, "iterationMapping", "collection")
        case Pass() | Parallel() | Succeed() | Fail():
            return


def flow_expressions(flow: Flow) -> Iterator[tuple[Expr, Location]]:
    """The expressions of the flow's own mappings."""
    yield from mapped(flow.takes, ("inputMappings",))
    yield from mapped(flow.gives, ("outputMappings",))


def inner(expr: Expr) -> Iterator[Expr]:
    """The expression and everything inside it, outer before inner."""
    yield expr
    match expr:
        case Object(fields=fields):
            parts = [item for _, item in fields]
        case List(items=items):
            parts = list(items)
        case Merge(parts=merged):
            parts = list(merged)
        case Comparison(left=left, right=right) | And(left=left, right=right) | Or(left=left, right=right):
            parts = [left, right]
        case Not(operand=operand) | Negative(operand=operand):
            parts = [operand]
        case Call(arguments=arguments):
            parts = list(arguments)
        case _:
            return
    for part in parts:
        yield from inner(part)


def paths_in(expr: Expr) -> Iterator[Path]:
    """Every path of an expression."""
    return (found for found in inner(expr) if isinstance(found, Path))
