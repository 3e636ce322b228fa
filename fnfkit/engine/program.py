"""From a flow to a program: once per flow, so that running a step looks nothing up by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, TypedDict, assert_never

from fnfkit.engine.evaluate import INPUT_VIEW, OWN_VIEW, SCOPE_VIEW, Formula, View, formula
from fnfkit.engine.nodes import (
    ArmNode,
    CatchNode,
    ChoiceNode,
    FailNode,
    ForeachNode,
    Node,
    ParallelNode,
    PassNode,
    TaskNode,
    WaitNode,
)
from fnfkit.model.expr import EVERYTHING, RESULT, SCOPE_INPUT, Const, Expr
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Retry,
    Step,
    Succeed,
    Task,
    Wait,
)

Sequence: TypeAlias = tuple[Node, ...]


class Program:
    """A compiled flow: its sequences side by side (the body is number 0). Immutable and shared by its executions."""

    __slots__ = ("_tolerant", "accumulates", "bounds", "flow", "gives", "sequences", "takes", "timeout", "words")

    def __init__(self, flow: Flow, missing_is_null: bool) -> None:
        compiler = _Compiler(missing_is_null, raw=not flow.accumulates)
        self.flow = flow
        self.sequences = compiler.sequences(flow.steps)
        self.takes = None if flow.takes == SCOPE_INPUT else formula(flow.takes, compiler.scope)
        self.gives = compiler.gives(flow.gives)
        self.timeout = flow.timeout
        self.accumulates = flow.accumulates
        self.bounds = flow.bounds
        self.words = flow.words
        self._tolerant: Program | None = self if missing_is_null else None

    def tolerant(self) -> Program:
        """The same flow in the lenient mode of fdl.md 3.6, where a missing path in a mapping is null."""
        if self._tolerant is None:
            self._tolerant = Program(self.flow, True)
        return self._tolerant


def compile(flow: Flow) -> Program:
    """Compile a flow. Raises ValueError if a goto names no sibling; readers report that with its line before."""
    return Program(flow, False)


class _Common(TypedDict):
    name: str
    takes: Formula | None
    gives: Formula | None
    globals: Formula | None
    onward: int


class _Guarded(_Common):
    resource: str
    retry: tuple[Retry, ...]
    catch: tuple[CatchNode, ...]


class _Compiler:
    """Works through the sequences with a list of what is left, since flows may nest deeper than Python does."""

    def __init__(self, missing_is_null: bool, *, raw: bool) -> None:
        self.scope = replace(SCOPE_VIEW, missing_is_null=missing_is_null)
        self.own = replace(OWN_VIEW, missing_is_null=missing_is_null, raw=raw)
        self.input = replace(INPUT_VIEW, missing_is_null=missing_is_null)
        self.bodies: list[tuple[Step, ...]] = []
        self.siblings: tuple[Step, ...] = ()
        self.positions: dict[str, int] = {}

    def sequences(self, steps: tuple[Step, ...]) -> tuple[Sequence, ...]:
        self.body(steps)
        done: list[Sequence] = []
        while len(done) < len(self.bodies):
            siblings = self.bodies[len(done)]
            self.siblings = siblings
            self.positions = {step.name: position for position, step in reversed(list(enumerate(siblings)))}
            done.append(tuple(self.node(step, place) for place, step in enumerate(siblings)))
        return tuple(done)

    def body(self, steps: tuple[Step, ...]) -> int:
        self.bodies.append(steps)
        return len(self.bodies) - 1

    def node(self, step: Step, place: int) -> Node:
        match step:
            case Pass() | Succeed():
                return PassNode(**self.common(step, place))
            case Fail(error=error, cause=cause, whole=whole):
                return FailNode(error=error, cause=cause, whole=whole, **self.common(step, place))
            case Wait(seconds=seconds, until=until):
                timed = seconds is not None
                extent = formula((seconds if timed else until) or Const(None), self.input)
                return WaitNode(extent=extent, timed=timed, **self.common(step, place))
            case Choice():
                return ChoiceNode(arms=self.arms(step), **self.common(step, place))
            case Parallel(branches=branches):
                numbers = tuple(self.body(branch) for branch in branches)
                return ParallelNode(branches=numbers, **self.guarded(step, place))
            case Foreach():
                return self.foreach(step, place)
            case Task():
                return self.task(step, place)
            case _:
                assert_never(step)

    def common(self, step: Step, place: int) -> _Common:
        return {
            "name": step.name,
            "takes": None if step.takes == EVERYTHING else formula(step.takes, self.scope),
            "gives": self.gives(step.gives),
            "globals": None if isinstance(step, Fail) else self.maybe(step.globals, self.own),
            "onward": self.onward(step, place),
        }

    def guarded(self, step: Task | Parallel | Foreach, place: int) -> _Guarded:
        return {
            **self.common(step, place),
            "resource": str(step.target) if isinstance(step, Task) else "",
            "retry": step.retry,
            "catch": tuple(self.catch(step, entry) for entry in step.catch),
        }

    def gives(self, expr: Expr) -> Formula | None:
        return None if expr == RESULT else formula(expr, self.own)

    def maybe(self, expr: Expr | None, view: View) -> Formula | None:
        return None if expr is None else formula(expr, view)

    def onward(self, step: Step, place: int) -> int:
        if isinstance(step, Succeed | Fail) or step.end:
            return len(self.siblings)
        return place + 1 if step.next is None else self.position(step, step.next)

    def arms(self, step: Choice) -> tuple[ArmNode, ...]:
        # A missing path in a condition is never null, only not true (fdl.md 3.6).
        arms = [self.arm(step, option.arm, formula(option.condition, INPUT_VIEW)) for option in step.options]
        return (*arms, self.arm(step, step.default, None)) if step.default is not None else tuple(arms)

    def arm(self, step: Choice, arm: Arm, condition: Formula | None) -> ArmNode:
        goto = None if arm.goto is None else self.position(step, arm.goto)
        return ArmNode(condition, self.body(arm.steps) if arm.steps else None, goto)

    def catch(self, step: Step, entry: Catch) -> CatchNode:
        goto = self.position(step, entry.goto)
        return CatchNode(frozenset(entry.errors), goto, entry.goto, self.maybe(entry.gives, self.own))

    def position(self, step: Step, goto: str) -> int:
        if goto not in self.positions:
            raise ValueError(f"step {step.name}: goto names {goto}, which is no sibling of the step")
        return self.positions[goto]

    def foreach(self, step: Foreach, place: int) -> ForeachNode:
        return ForeachNode(
            collection=formula(step.collection, self.input),
            item=step.item,
            index=step.index,
            each=self.maybe(step.each, self.own),
            body=self.body(step.steps),
            concurrency=step.concurrency,
            **self.guarded(step, place),
        )

    def task(self, step: Task, place: int) -> TaskNode:
        return TaskNode(
            target=step.target,
            pattern=step.pattern,
            params=self.maybe(step.params, self.input),
            sends=self.maybe(step.sends, self.input),
            timeout=step.timeout,
            timeout_from=self.maybe(step.timeout_from, self.input),
            on_error=self.maybe(step.on_error, self.own),
            **self.guarded(step, place),
        )
