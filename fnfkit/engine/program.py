"""From a flow to a program: once per flow, so that running a step looks nothing up by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from fnfkit.engine.evaluate import INPUT_VIEW, OWN_VIEW, SCOPE_VIEW, Formula, formula
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
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Step,
    Succeed,
    Task,
    Wait,
)

Sequence: TypeAlias = tuple[Node, ...]


class Program:
    """A compiled flow: its sequences side by side (the body is number 0). Immutable and shared by its executions."""

    __slots__ = ("_tolerant", "accumulates", "flow", "gives", "sequences", "takes", "timeout")

    def __init__(self, flow: Flow, missing_is_null: bool) -> None:
        compiler = _Compiler(missing_is_null)
        self.flow = flow
        self.sequences = compiler.sequences(flow.steps)
        self.takes = None if flow.takes == SCOPE_INPUT else formula(flow.takes, compiler.scope)
        self.gives = compiler.gives(flow.gives)
        self.timeout = flow.timeout
        self.accumulates = flow.accumulates
        self._tolerant: Program | None = self if missing_is_null else None

    def tolerant(self) -> Program:
        """The same flow in the lenient mode of fdl.md 3.6, where a missing path in a mapping is null."""
        if self._tolerant is None:
            self._tolerant = Program(self.flow, True)
        return self._tolerant


def compile(flow: Flow) -> Program:
    """Compile a flow. Raises ValueError if a goto names no sibling; readers report that with its line before."""
    return Program(flow, False)


class _Compiler:
    """Works through the sequences with a list of what is left, since flows may nest deeper than Python does."""

    def __init__(self, missing_is_null: bool) -> None:
        self.scope = replace(SCOPE_VIEW, missing_is_null=missing_is_null)
        self.own = replace(OWN_VIEW, missing_is_null=missing_is_null)
        self.input = replace(INPUT_VIEW, missing_is_null=missing_is_null)
        self.bodies: list[tuple[Step, ...]] = []
        self.positions: dict[str, int] = {}

    def sequences(self, steps: tuple[Step, ...]) -> tuple[Sequence, ...]:
        self.body(steps)
        done: list[Sequence] = []
        while len(done) < len(self.bodies):
            siblings = self.bodies[len(done)]
            self.positions = {step.name: position for position, step in reversed(list(enumerate(siblings)))}
            done.append(tuple(self.node(step) for step in siblings))
        return tuple(done)

    def body(self, steps: tuple[Step, ...]) -> int:
        self.bodies.append(steps)
        return len(self.bodies) - 1

    def node(self, step: Step) -> Node:
        takes = None if step.takes == EVERYTHING else formula(step.takes, self.scope)
        gives = self.gives(step.gives)
        match step:
            case Pass(name=name, end=end):
                return PassNode(name=name, takes=takes, gives=gives, ends=end)
            case Succeed(name=name):
                return PassNode(name=name, takes=takes, gives=gives, ends=True)
            case Fail(name=name, error=error, cause=cause):
                return FailNode(name=name, takes=takes, gives=gives, ends=True, error=error, cause=cause)
            case Wait():
                return self.wait(step, takes, gives)
            case Choice():
                return self.choice(step, takes, gives)
            case Parallel(name=name, branches=branches, end=end):
                numbers = tuple(self.body(branch) for branch in branches)
                return ParallelNode(name=name, takes=takes, gives=gives, ends=end, branches=numbers)
            case Foreach():
                return self.foreach(step, takes, gives)
            case Task():
                return self.task(step, takes, gives)
            case _:
                assert_never(step)

    def gives(self, expr: Expr) -> Formula | None:
        return None if expr == RESULT else formula(expr, self.own)

    def wait(self, step: Wait, takes: Formula | None, gives: Formula | None) -> WaitNode:
        timed = step.seconds is not None
        extent = formula((step.seconds if timed else step.until) or Const(None), self.input)
        return WaitNode(name=step.name, takes=takes, gives=gives, ends=step.end, extent=extent, timed=timed)

    def choice(self, step: Choice, takes: Formula | None, gives: Formula | None) -> ChoiceNode:
        # A missing path in a condition is never null, only not true (fdl.md 3.6).
        arms = [self.arm(step, option.arm, formula(option.condition, INPUT_VIEW)) for option in step.options]
        if step.default is not None:
            arms.append(self.arm(step, step.default, None))
        return ChoiceNode(name=step.name, takes=takes, gives=gives, ends=step.end, arms=tuple(arms))

    def arm(self, step: Choice, arm: Arm, condition: Formula | None) -> ArmNode:
        goto = None if arm.goto is None else self.position(step, arm.goto)
        return ArmNode(condition, self.body(arm.steps) if arm.steps else None, goto)

    def position(self, step: Step, goto: str) -> int:
        if goto not in self.positions:
            raise ValueError(f"step {step.name}: goto names {goto}, which is no sibling of the step")
        return self.positions[goto]

    def foreach(self, step: Foreach, takes: Formula | None, gives: Formula | None) -> ForeachNode:
        return ForeachNode(
            name=step.name,
            takes=takes,
            gives=gives,
            ends=step.end,
            collection=formula(step.collection, self.input),
            item=step.item,
            index=step.index,
            body=self.body(step.steps),
        )

    def task(self, step: Task, takes: Formula | None, gives: Formula | None) -> TaskNode:
        catch = tuple(
            CatchNode(frozenset(entry.errors), self.position(step, entry.goto), entry.goto) for entry in step.catch
        )
        return TaskNode(
            name=step.name,
            takes=takes,
            gives=gives,
            ends=step.end,
            target=step.target,
            resource=str(step.target),
            pattern=step.pattern,
            params=None if step.params is None else formula(step.params, self.input),
            timeout=step.timeout,
            retry=step.retry,
            catch=catch,
            on_error=None if step.on_error is None else formula(step.on_error, self.own),
        )
