"""A flow that accumulates as one that replaces (cloudflow.md 9): the same calls, outputs and errors.

Every scope begins with a state that makes the envelope and ends with one that takes the local out of it. A step
becomes a state of its name; the body of a choice's option becomes a Parallel of one branch, which is a scope too.
"""

from __future__ import annotations

from dataclasses import replace

from fnfkit.lang.cloudflow.transitions import in_order
from fnfkit.lang.dialect import Unsupported
from fnfkit.lang.translate.names import Names
from fnfkit.lang.translate.translation import (
    BOTH,
    NOTHING,
    OWN,
    OWN_INPUT,
    OWN_LOCAL,
    RAW_LOCAL,
    Translation,
    closed,
    of_own,
    of_scope,
    opened,
)
from fnfkit.lang.translate.waits import waiting
from fnfkit.lang.trees import rebuilt, with_paths
from fnfkit.model.expr import (
    EVERYTHING,
    INPUT,
    RESULT,
    SCOPE_INPUT,
    SCOPE_LOCAL,
    Const,
    Expr,
    Index,
    Key,
    Merge,
    Object,
    Path,
    Root,
)
from fnfkit.model.flow import (
    Arm,
    Catch,
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
    When,
)
from fnfkit.model.names import FlowRef, FunctionRef, Unresolved
from fnfkit.model.problem import Location
from fnfkit.model.vocabulary import STATES, UNBOUNDED, Bounds

CONCURRENCY = 100
"""Iterations that run at a time where accumulating flows run (fdl.md 6.5)."""


def replacing(flow: Flow, name: str, *, bounds: Bounds = UNBOUNDED) -> Translation:
    """The flow as one whose steps replace, of that name; and what has no counterpart."""
    if not flow.accumulates:
        return Translation(replace(flow, title=name))
    forward = _Forward(name)
    begins = Object((("input", of_scope_start(forward.once(flow.takes, ()))), ("local", NOTHING)))
    gives = with_paths(forward.once(flow.gives, ()), _of_flow)
    steps = forward.scope(flow.steps, ("steps",), begins, gives)
    made = Flow(
        steps=steps,
        takes=SCOPE_INPUT,
        timeout=flow.timeout,
        accumulates=False,
        bounds=bounds,
        words=STATES,
        title=name,
    )
    return Translation(made, tuple(forward.missing))


def of_scope_start(takes: Expr) -> Expr:
    """What a scope takes, where its input is all there is."""
    return with_paths(takes, lambda path: Path(Root.SCOPE_LOCAL, path.parts) if _is_input(path) else path)


def _is_input(path: Path) -> bool:
    return path.root is Root.SCOPE_INPUT


def _of_flow(path: Path) -> Expr:
    match path.root:
        case Root.INPUT:
            return Path(Root.SCOPE_LOCAL, (Key("input"), *path.parts))
        case Root.RESULT:
            return Path(Root.SCOPE_LOCAL, (Key("local"), *path.parts))
        case _:
            return path


class _Forward:
    """Translates sequences; `missing` collects what has no counterpart."""

    def __init__(self, flow_name: str) -> None:
        self.flow_name = flow_name
        self.missing: list[Unsupported] = []

    def unsupported(self, place: Location, feature: str) -> None:
        self.missing.append(Unsupported(feature, place))

    def scope(self, steps: tuple[Step, ...], place: Location, begins: Expr, gives: Expr) -> tuple[Step, ...]:
        """A whole scope: begin, the steps, finish."""
        names = Names(step.name for step in steps)
        start, finish = names.fresh("Begin"), names.fresh("Finish")
        states: list[Step] = [
            Pass(name=start, takes=begins, gives=INPUT, next=steps[0].name if steps else finish),
        ]
        for position, step in enumerate(steps):
            following = steps[position + 1].name if position + 1 < len(steps) else finish
            states += self.step(step, (*place, position), names, following, finish)
        states.append(Pass(name=finish, takes=gives, gives=INPUT, end=True))
        return in_order(states, start)

    def inner(self, steps: tuple[Step, ...], place: Location) -> tuple[Step, ...]:
        """The scope of a branch or of an option: its input is the container's own."""
        begins = Object((("input", Path(Root.SCOPE_LOCAL, (Key("own"),))), ("local", NOTHING)))
        return self.scope(steps, place, begins, RAW_LOCAL)

    def takes(self, step: Step, place: Location) -> Object:
        return opened(BOTH if step.takes == EVERYTHING else self.context(of_scope(self.once(step.takes, place)), place))

    def gives(self, step: Step, place: Location, result: Expr = RESULT) -> Object:
        given = self.context(of_own(self.once(step.gives, place), result), place)
        return closed(NOTHING if given == Object(()) else given)

    def context(self, expr: Expr, place: Location) -> Expr:
        """The context has no flow's name and no event id; the first is known by now."""

        def change(path: Path) -> Expr:
            match path:
                case Path(Root.CONTEXT, (Key("flow"), Key("name"))):
                    return Const(self.flow_name)
                case Path(Root.CONTEXT, (Key("execution"), Key("name"), *_) | (Key("task"), Key("token"), *_)):
                    return path
                case Path(Root.CONTEXT, _):
                    self.unsupported(place, "a part of $context other than the names and the token")
                    return Const(None)
                case _:
                    return path

        return with_paths(expr, change)

    def once(self, expr: Expr, place: Location) -> Expr:
        """Objects with every key once: of equal ones the last wins (fdl.md 3.4). What it hides is evaluated still."""
        expr = rebuilt(expr, lambda child: self.once(child, place))
        if not isinstance(expr, Object) or len(fields := dict(expr.fields)) == len(expr.fields):
            return expr
        last = {key: position for position, (key, _) in enumerate(expr.fields)}
        hidden = [value for position, (key, value) in enumerate(expr.fields) if last[key] != position]
        if not all(isinstance(value, Const) or (isinstance(value, Path) and not value.parts) for value in hidden):
            self.unsupported(place, "a key that is mapped twice, from a path that may be missing")
        return Object(tuple(fields.items()))

    # -- steps

    def step(self, step: Step, place: Location, names: Names, following: str, finish: str) -> list[Step]:
        if isinstance(step, Fail):
            return [replace(step, takes=self.takes(step, place), whole=True)]
        takes = self.takes(step, place)
        onward = finish if isinstance(step, Succeed) or step.end else step.next or following
        match step:
            case Task():
                return [self.task(step, takes, onward, place)]
            case Pass() | Succeed():
                gives = self.gives(step, place, NOTHING)
                return [Pass(name=step.name, takes=takes, gives=gives, next=onward)]
            case Wait():
                if step.until is not None:
                    self.unsupported(place, "a wait until an instant")
                return waiting(step, takes, self.gives(step, place, NOTHING), onward, names=names)
            case Choice():
                return self.choice(step, takes, onward, place, names)
            case Parallel(branches=branches):
                scopes = tuple(
                    self.inner(branch, (*place, "branches", number, "steps")) for number, branch in enumerate(branches)
                )
                return [
                    replace(step, branches=scopes, takes=takes, gives=self.gives(step, place), next=onward, end=False)
                ]
            case Foreach():
                return [self.each(step, takes, onward, place)]

    def task(self, task: Task, takes: Expr, onward: str, place: Location) -> Task:
        params = None if task.params is None else of_own(task.params)
        sends: Expr | None = None
        match task.target:
            case FunctionRef():
                sends = OWN
            case FlowRef() if params is None:
                params = Object((("Input", OWN),))
            case Unresolved():
                self.unsupported(place, "a target that deployment fills in")
                sends = OWN
            case _:
                pass
        on_error = task.on_error
        kept = Object((("input", OWN_INPUT), ("local", OWN_LOCAL)))
        caught = kept if on_error is None else closed(self.context(of_own(self.once(on_error, place)), place))
        return replace(
            task,
            params=params,
            sends=sends,
            on_error=None,
            catch=tuple(Catch(entry.errors, entry.goto, caught) for entry in task.catch),
            takes=takes,
            gives=self.gives(task, place),
            next=onward,
            end=False,
        )

    def each(self, each: Foreach, takes: Expr, onward: str, place: Location) -> Foreach:
        added: list[tuple[str, Expr]] = [(each.item, RESULT)]
        if each.index is not None:
            added.append((each.index, Path(Root.CONTEXT, (Key("item"), Key("index")))))
        input = Merge((OWN, Object(tuple(added))))
        return replace(
            each,
            collection=of_own(each.collection),
            item="",
            index=None,
            each=Object((("input", input), ("local", NOTHING))),
            concurrency=each.concurrency or CONCURRENCY,
            steps=self.scope(each.steps, (*place, "steps"), SCOPE_LOCAL, RAW_LOCAL),
            takes=takes,
            gives=self.gives(each, place),
            next=onward,
            end=False,
        )

    # -- choice

    def choice(self, choice: Choice, takes: Expr, onward: str, place: Location, names: Names) -> list[Step]:
        states: list[Step] = []

        def arm(arm: Arm, where: Location, label: str) -> Arm:
            goes_on = arm.goto if arm.goto is not None else onward
            state = self.arm(choice, arm, where, place, names.fresh(f"{choice.name} {label}"))
            if state is None:
                return Arm(goto=goes_on)
            states.append(replace(state, next=goes_on))
            return Arm(goto=state.name)

        whens = tuple(
            When(
                condition=of_own(option.condition),
                arm=arm(option.arm, (*place, "choices", number, "steps"), f"option {number + 1}"),
            )
            for number, option in enumerate(choice.options)
        )
        default = arm(choice.default or Arm(), (*place, "default", "steps"), "default")
        made = Choice(name=choice.name, options=whens, default=default, takes=takes, gives=INPUT)
        return [made, *states]

    def arm(self, choice: Choice, arm: Arm, where: Location, place: Location, name: str) -> Parallel | Pass | None:
        """The state that does what an option does; None if it does nothing."""
        if arm.steps:
            gives = self.gives(choice, place, Path(Root.RESULT, (Index(0),)))
            return Parallel(name=name, branches=(self.inner(arm.steps, where),), takes=SCOPE_LOCAL, gives=gives)
        gives = self.gives(choice, place, NOTHING)
        if gives == closed(NOTHING):
            return None
        return Pass(name=name, takes=SCOPE_LOCAL, gives=gives)
