"""Forward abstract interpretation of a flow to a fixpoint, after the interpreter of fdl.md 3.9.

Rules of the file:
- A sequence is swept in list order. What gotos bring is kept at their targets; a sweep starts again at the lowest
  target that learnt something, until none does. Only then, in one more sweep, findings are reported.
- A task leaves towards its catches with the local from before it, and what errorMappings add (fdl.md 4.7, 4.8).
- What a failed look-up would have given is unknown, so that one mistake is reported once.
- Sweeps are bounded: a target that keeps learning is widened, and a flow that exceeds its budget of visits is taken
  as unknown at every target, which reports less and never more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from fnfkit.lint.shapes.conditions import judge, refined
from fnfkit.lint.shapes.evaluate import Roots, unknown_object
from fnfkit.lint.shapes.promises import Promises
from fnfkit.lint.shapes.report import Reporter
from fnfkit.lint.shapes.shape import (
    ANY,
    ANY_OBJECT,
    NEVER,
    NUMBER,
    STRING,
    Kind,
    Record,
    Shape,
    array_of,
    closed,
    join,
    join_all,
    of_record,
    overlay,
    row_of,
)
from fnfkit.lint.tree import Sequence, arms_of, bodies_of, jumps_of, leaves, sequences_of
from fnfkit.model.expr import EVERYTHING, Root
from fnfkit.model.flow import Arm, Choice, Fail, Flow, Foreach, Parallel, Pass, Step, Succeed, Task, Wait
from fnfkit.model.problem import Location, Problem

MAX_SWEEPS = 6
"""After so many sweeps of one sequence, what its targets learn is widened."""
VISITS_PER_STEP = 60
"""Visits of steps, on average, before a flow is taken as unknown at its targets."""
MAX_LEVELS = 40
"""Sequences nested deeper than this are taken as unknown."""

EMPTY_LOCAL = closed({})
TASK_ERROR = closed({"error": STRING, "cause": ANY})
"""`$local` of an errorMappings source (fdl.md 4.8)."""
CONTEXT = of_record(Record({"task": ANY, "execution": ANY, "flow": ANY, "step": ANY}, open=True))


def interpret(flow: Flow, promises: Promises) -> list[Problem]:
    """The data-flow findings of a flow. Never raises for a flow any reader gives."""
    return _Interpretation(flow, promises).run()


def shapes_of(flow: Flow, promises: Promises) -> dict[Location, Seen]:
    """What is known at every step that can be reached, by its location; steps that are left out never run."""
    interpretation = _Interpretation(flow, promises)
    interpretation.run()
    return interpretation.seen


@dataclass(frozen=True, slots=True)
class Seen:
    """The shapes at one step, over all ways to it: its scope's input and local before it, and its own input."""

    scope_input: Shape
    scope_local: Shape
    input: Shape


@dataclass(slots=True)
class _Exits:
    """How a step can be left: to what follows it, and by goto; with the scope's local then."""

    next: Shape = NEVER
    jumps: list[tuple[str, Shape]] = field(default_factory=list)


class _Interpretation:
    """One run over one flow."""

    def __init__(self, flow: Flow, promises: Promises) -> None:
        self.flow = flow
        self.promises = promises
        self.report = Reporter(flow, promises)
        self.targets: dict[Location, dict[str, int]] = {}
        self.seen: dict[Location, Seen] = {}
        count = sum(len(sequence.steps) for sequence in sequences_of(flow))
        self.visits_left = VISITS_PER_STEP * count + 10_000

    def run(self) -> list[Problem]:
        """Interpret the flow's own mappings around its steps."""
        taken = {Root.SCOPE_INPUT: self.promises.input, Root.SCOPE_LOCAL: EMPTY_LOCAL, Root.CONTEXT: CONTEXT}
        given = unknown_object(self.report.mapping(self.flow.takes, taken, ("inputMappings",)))
        local = self.sequence(Sequence(self.flow.steps, ("steps",), None), given, 0)
        if local.kinds:
            roots = {Root.INPUT: given, Root.RESULT: local, Root.CONTEXT: CONTEXT}
            self.report.mapping(self.flow.gives, roots, ("outputMappings",))
        # A run cut short has not settled everywhere; what it saw is not certain.
        return self.report.findings if self.visits_left > 0 else []

    # Sequences

    def sequence(self, sequence: Sequence, scope: Shape, level: int) -> Shape:
        """The local a sequence can end with; NEVER if it does not end."""
        if level > MAX_LEVELS:
            return ANY_OBJECT
        targets = self.targets_of(sequence)
        joins = dict.fromkeys(targets.values(), NEVER)
        if self.has_loops(sequence, targets):
            self.settle(sequence, scope, joins, level)
        return self.sweep(sequence, scope, joins, 0, level=level, is_last=True)[0]

    def targets_of(self, sequence: Sequence) -> dict[str, int]:
        """The goto targets of a sequence with their positions."""
        if sequence.at not in self.targets:
            names = {name for step in sequence.steps for name in jumps_of(step)}
            positions = {step.name: at for at, step in enumerate(sequence.steps)} if names else {}
            self.targets[sequence.at] = {name: positions[name] for name in names if name in positions}
        return self.targets[sequence.at]

    def has_loops(self, sequence: Sequence, targets: Mapping[str, int]) -> bool:
        """Whether some goto leads back."""
        return bool(targets) and any(
            targets.get(name, at + 1) <= at for at, step in enumerate(sequence.steps) for name in jumps_of(step)
        )

    def settle(self, sequence: Sequence, scope: Shape, joins: dict[int, Shape], level: int) -> None:
        """Sweep without reporting until no goto target learns anything new."""
        self.report.muted += 1
        first: int | None = 0
        sweeps = 0
        while first is not None:
            if self.visits_left <= 0:
                joins.update(dict.fromkeys(joins, ANY_OBJECT))
                break
            _, first = self.sweep(sequence, scope, joins, first, level=level, widen=sweeps >= MAX_SWEEPS)
            sweeps += 1
        self.report.muted -= 1

    def sweep(
        self,
        sequence: Sequence,
        scope: Shape,
        joins: dict[int, Shape],
        first: int,
        *,
        level: int,
        widen: bool = False,
        is_last: bool = False,
    ) -> tuple[Shape, int | None]:
        """Walk from `first` to the end. Returns the local at the ends seen, and the lowest target that has changed."""
        targets, end, again = self.targets_of(sequence), NEVER, None
        state = NEVER if first else EMPTY_LOCAL
        for at in range(first, len(sequence.steps)):
            if at in joins:
                state = joins[at] = join(joins[at], state)
            if not state.kinds:
                continue
            step = sequence.steps[at]
            exits = self.step(step, (*sequence.at, at), scope, state, level)
            for name, local in exits.jumps:
                target = targets.get(name)
                if target is None or (is_last and target <= at):
                    continue
                learnt = join(joins[target], local)
                if learnt is not joins[target]:
                    joins[target] = _widened(learnt) if widen else learnt
                    again = target if target <= at and (again is None or target < again) else again
            if leaves(step):
                end, state = join(end, exits.next), NEVER
            else:
                state = exits.next
        return join(end, state), again

    # Steps

    def step(self, step: Step, at: Location, scope: Shape, local: Shape, level: int) -> _Exits:
        """What one step does to the local of its scope."""
        self.visits_left -= 1
        roots = {Root.SCOPE_INPUT: scope, Root.SCOPE_LOCAL: local, Root.CONTEXT: CONTEXT}
        certain = not (isinstance(step, Task) and _catches_engine_errors(step))
        given = unknown_object(self.report.mapping(step.takes, roots, (*at, "inputMappings"), certain))
        if not self.report.muted:
            self.seen[at] = Seen(scope, local, given)
        match step:
            case Task():
                return self.task(step, at, given, local, certain)
            case Pass() | Succeed():
                return _Exits(self.leave(step, at, given, EMPTY_LOCAL, local))
            case Wait():
                self.report.wait(step, at, self.own(given))
                return _Exits(self.leave(step, at, given, EMPTY_LOCAL, local))
            case Choice():
                return self.choice(step, at, given, local, level)
            case Parallel():
                return self.parallel(step, at, given, local, level)
            case Foreach():
                return self.foreach(step, at, given, local, level)
            case Fail():
                return _Exits()
            case _:
                assert_never(step)

    def own(self, given: Shape, result: Shape | None = None) -> Roots:
        """The roots of expressions over a step's own values."""
        roots = {Root.INPUT: given, Root.CONTEXT: CONTEXT}
        return roots if result is None else {**roots, Root.RESULT: result}

    def leave(
        self, step: Step, at: Location, given: Shape, result: Shape, local: Shape, *, certain: bool = True
    ) -> Shape:
        """The scope's local after a step with this result."""
        output = self.report.mapping(step.gives, self.own(given, result), (*at, "outputMappings"), certain)
        return self.merged(local, output)

    def merged(self, local: Shape, output: Shape) -> Shape:
        """An output merged into the scope's local (fdl.md 3.1), or put in its place where the dialect has no local."""
        return overlay(local, unknown_object(output)) if self.flow.accumulates else unknown_object(output)

    def task(self, step: Task, at: Location, given: Shape, local: Shape, certain: bool) -> _Exits:
        """A call: its result on success, its catches on failure."""
        self.report.call(step, at, given, self.own(given), certain)
        result = self.promises.result(step)
        # With a catch the call itself may fail and go on, so what the result lacks is not certain to fail the step.
        exits = _Exits(self.leave(step, at, given, result, local, certain=not step.catch))
        if step.catch:
            caught = self.caught(step, at, given, local)
            exits.jumps = [(entry.goto, caught) for entry in step.catch]
        return exits

    def caught(self, step: Task, at: Location, given: Shape, local: Shape) -> Shape:
        """The local a catch jumps with; not certain to happen, so nothing in it is an error."""
        if step.on_error is None:
            return local
        # Where a failed mapping is caught too, the step may have no mapped input to speak of.
        has_input = step.takes == EVERYTHING or not _catches_engine_errors(step)
        roots = self.own(given if has_input else ANY_OBJECT, TASK_ERROR)
        return self.merged(local, self.report.mapping(step.on_error, roots, (*at, "errorMappings"), False))

    def choice(self, step: Choice, at: Location, given: Shape, local: Shape, level: int) -> _Exits:
        """The options that can be taken, in order, up to one that is always taken (fdl.md 2.7)."""
        exits, results = _Exits(), list[Shape]()
        arms = list(arms_of(step, at))
        for option, (arm, where) in zip(step.options, arms, strict=False):
            verdict = judge(option.condition, self.own(given))
            is_final = where == arms[-1][1]
            self.report.condition(option.condition, verdict, (*where, "condition"), given, is_final=is_final)
            if verdict.may_hold:
                inside = refined(given, option.condition)
                self.arm(step, arm, where, given=inside, local=local, exits=exits, results=results, level=level)
            if verdict.must_hold:
                break
        else:
            self.otherwise(step, at, given=given, local=local, exits=exits, results=results, level=level)
        if results:
            self.report.mapping(step.gives, self.own(given, join_all(results)), (*at, "outputMappings"))
        return exits

    def otherwise(
        self,
        step: Choice,
        at: Location,
        *,
        given: Shape,
        local: Shape,
        exits: _Exits,
        results: list[Shape],
        level: int,
    ) -> None:
        """The default; without one the choice just ends."""
        arm = step.default if step.default is not None else Arm()
        self.arm(step, arm, (*at, "default"), given=given, local=local, exits=exits, results=results, level=level)

    def arm(
        self,
        step: Choice,
        arm: Arm,
        at: Location,
        *,
        given: Shape,
        local: Shape,
        exits: _Exits,
        results: list[Shape],
        level: int,
    ) -> None:
        """One option: its steps, the choice's output, then its goto."""
        result = self.sequence(Sequence(arm.steps, (*at, "steps"), step), given, level + 1)
        if not result.kinds:
            return
        results.append(result)
        self.report.muted += 1
        after = self.leave(step, at, given, result, local)
        self.report.muted -= 1
        if arm.goto is None:
            exits.next = join(exits.next, after)
        else:
            exits.jumps.append((arm.goto, after))

    def parallel(self, step: Parallel, at: Location, given: Shape, local: Shape, level: int) -> _Exits:
        """All branches; if one never ends well, neither does the step (fdl.md 2.8)."""
        results = [self.sequence(body, given, level + 1) for body in bodies_of(step, at)]
        if not all(result.kinds for result in results):
            return _Exits()
        return _Exits(self.leave(step, at, given, row_of(tuple(results)), local))

    def foreach(self, step: Foreach, at: Location, given: Shape, local: Shape, level: int) -> _Exits:
        """One iteration stands for all (fdl.md 2.9)."""
        element = self.report.collection(step, at, self.own(given))
        added = {step.item: element} if step.index is None else {step.item: element, step.index: NUMBER}
        inside = overlay(given, closed(added))
        (body,) = bodies_of(step, at)
        result = self.sequence(body, inside, level + 1)
        results = array_of(result) if result.kinds else row_of(())
        return _Exits(self.leave(step, at, given, results, local))


def _catches_engine_errors(step: Task) -> bool:
    """Whether a step that fails while it is mapped may go on at a catch of its own."""
    return any({"FnF.ALL", "FnF.RuntimeError"} & set(entry.errors) for entry in step.catch)


def _widened(local: Shape) -> Shape:
    """The names alone; what the fields hold is given up."""
    if local.record is None:
        return ANY_OBJECT
    fields = dict.fromkeys(local.record.fields, ANY)
    return Shape(Kind.OBJECT, record=Record(fields, local.record.maybe, local.record.open), depth=1)
