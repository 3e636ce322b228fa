"""A flow that replaces as one that accumulates, where that is possible.

FDL builds objects field by field from paths and constants, so most of what state machines compute has no counterpart
in it. What has is the envelope of `forward`: this module undoes it, state by state.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fnfkit.lang.dialect import Unsupported
from fnfkit.lang.translate.keyed import keyed
from fnfkit.lang.translate.translation import NOTHING, OWN, Translation
from fnfkit.lang.translate.undone import (
    Foreign,
    caught_by,
    gives_of,
    own_of,
    parted,
    rejoined,
    rooted,
    takes_of,
    unwrapped,
)
from fnfkit.lang.trees import with_paths
from fnfkit.model.expr import (
    EMPTY,
    RESULT,
    SCOPE_INPUT,
    SCOPE_LOCAL,
    Call,
    Const,
    Expr,
    Key,
    Merge,
    Object,
    Path,
    Root,
)
from fnfkit.model.flow import Arm, Choice, Fail, Flow, Foreach, Parallel, Pass, Step, Succeed, Task, Wait, When
from fnfkit.model.names import FlowRef, FunctionRef, Unresolved
from fnfkit.model.problem import Location


def accumulating(flow: Flow) -> Translation:
    """The flow as one whose steps add to a local; and what has no counterpart."""
    if flow.accumulates:
        return Translation(flow)
    if not _is_enveloped(flow.steps):
        return keyed(flow)
    undone = _undone(flow)
    if undone.unsupported:
        return min(keyed(flow), undone, key=lambda made: len(made.unsupported))
    return undone


def _is_enveloped(states: tuple[Step, ...]) -> bool:
    """Whether states begin and end as those that `forward` makes."""
    match states:
        case (Pass(takes=Object((("input", _), ("local", local)))), *_, Pass()) if local == NOTHING:
            return True
        case _:
            return False


def _undone(flow: Flow) -> Translation:
    back = _Back()
    scope = back.scope(flow.steps, ("States",))
    if scope is None:
        return Translation(Flow(steps=(), takes=SCOPE_INPUT), tuple(back.missing))
    try:
        takes = with_paths(scope.begins, lambda path: rooted(path, Root.SCOPE_LOCAL, (), Root.SCOPE_INPUT))
        gives = with_paths(scope.gives, lambda path: parted(path, Root.SCOPE_LOCAL, Root.INPUT, Root.RESULT))
    except Foreign as error:
        return Translation(Flow(steps=(), takes=SCOPE_INPUT), (*back.missing, Unsupported(str(error), ("States",))))
    made = Flow(steps=scope.steps, takes=takes, gives=gives, timeout=flow.timeout)
    return Translation(made, tuple(back.missing))


@dataclass(frozen=True, slots=True)
class _Scope:
    """A scope without its envelope: what its input is made of, its steps, and what it hands over."""

    begins: Expr
    steps: tuple[Step, ...]
    gives: Expr


@dataclass(slots=True)
class _Back:
    missing: list[Unsupported] = field(default_factory=list)

    def scope(self, states: tuple[Step, ...], place: Location) -> _Scope | None:
        """A scope; None if, told, it has no envelope."""
        if len(states) >= 2 and isinstance(states[0], Pass) and isinstance(states[-1], Pass):
            match states[0].takes:
                case Object((("input", begins), ("local", local))) if local == NOTHING:
                    return self.enveloped(states, begins, place)
                case Path(Root.SCOPE_LOCAL, ()):
                    return self.enveloped(states, SCOPE_LOCAL, place)
        fix = "states whose output replaces their input: what FDL has is an input and a local that only grows"
        self.missing.append(Unsupported(fix, place))
        return None

    def enveloped(self, states: tuple[Step, ...], begins: Expr, place: Location) -> _Scope:
        finish = states[-1]
        sequence = _Sequence(self, states, finish.name, place)
        return _Scope(begins, tuple(sequence.steps()), finish.takes)

    def inner(self, states: tuple[Step, ...], place: Location) -> tuple[Step, ...]:
        scope = self.scope(states, place)
        return () if scope is None else scope.steps


class _Sequence:
    """The states of one scope by name; those that only help another are skipped."""

    def __init__(self, back: _Back, states: tuple[Step, ...], finish: str, place: Location) -> None:
        self.back = back
        self.place = place
        self.finish = finish
        self.states = states
        self.by_name = {state.name: state for state in states}
        self.after = {
            state.name: (states[at + 1].name if at + 1 < len(states) else finish) for at, state in enumerate(states)
        }
        self.helpers = self._helpers()

    def _helpers(self) -> set[str]:
        """States that take the envelope as it is: the bodies of options, and the loops of waits."""
        return {state.name for state in self.states if state.takes == SCOPE_LOCAL and state.name != self.finish}

    def steps(self) -> list[Step]:
        kept = [state for state in self.states[1:-1] if state.name not in self.helpers]
        order = [state.name for state in kept]
        out: list[Step] = []
        for position, state in enumerate(kept):
            following = order[position + 1] if position + 1 < len(order) else self.finish
            try:
                out.append(self.step(state, following))
            except Foreign as error:
                self.back.missing.append(Unsupported(str(error), (*self.place, position)))
        return out

    def onward(self, state: Step) -> str:
        if isinstance(state, Succeed | Fail) or state.end:
            return self.finish
        return getattr(state, "next", None) or self.after[state.name]

    def step(self, state: Step, following: str) -> Step:
        takes = takes_of(state.takes)
        match state:
            case Fail():
                return replace(state, takes=takes, whole=False)
            case Choice():
                return self.choice(state, takes, following)
            case Pass(gives=Object((*_, ("left", _)))):
                return self.wait(state, takes, following)
            case Pass() | Wait():
                return self.finished(replace(state, takes=takes, gives=gives_of(state.gives, RESULT)), state, following)
            case Task():
                return self.finished(self.task(state, takes), state, following)
            case Parallel(branches=branches):
                inner = tuple(self.back.inner(branch, (*self.place, state.name)) for branch in branches)
                made = replace(state, branches=inner, takes=takes, gives=rejoined(gives_of(state.gives, EMPTY)))
                return self.finished(made, state, following)
            case Foreach():
                return self.finished(self.each(state, takes), state, following)
            case _:
                raise Foreign(f"the state {state.name}")

    def finished(self, step: Task | Pass | Wait | Parallel | Foreach, state: Step, following: str) -> Step:
        goes_to = self.onward(state)
        if goes_to == following:
            return replace(step, next=None, end=False)
        if goes_to == self.finish:
            return replace(step, next=None, end=True)
        raise Foreign(f"the state {state.name}, which goes on at a state that does not follow it")

    def task(self, task: Task, takes: Expr) -> Task:
        if task.timeout_from is not None:
            raise Foreign("a timeout that is an expression")
        params = task.params
        match task.target:
            case FunctionRef() | Unresolved() if task.sends == OWN:
                if params == Object((("InvocationType", Const("Sync")),)):
                    params = None
            case FlowRef() if params == Object((("Input", OWN),)):
                params = None
            case FunctionRef() | Unresolved():
                raise Foreign(f"the task {task.name}, whose body is not its whole input")
            case _:
                pass
        catches = [caught_by(entry) for entry in task.catch]
        if len(set(map(repr, (on_error for _, on_error in catches)))) > 1:
            raise Foreign(f"the catches of {task.name}, which differ in what they give")
        return replace(
            task,
            params=None if params is None else own_of(params),
            sends=None,
            on_error=catches[0][1] if catches else None,
            catch=tuple(entry for entry, _ in catches),
            takes=takes,
            gives=gives_of(task.gives, EMPTY),
        )

    def each(self, each: Foreach, takes: Expr) -> Foreach:
        match each.each:
            case Object((("input", Merge((own, Object(added)))), ("local", local))) if (own, local) == (OWN, NOTHING):
                pass
            case _:
                raise Foreign(f"the iterations of {each.name}, which see only their element")
        match added:
            case ((item, element),) if element == RESULT:
                index = None
            case ((item, element), (index, Path(Root.CONTEXT, (Key("item"), Key("index"))))) if element == RESULT:
                pass
            case _:
                raise Foreign(f"the iterations of {each.name}, which get more than an element")
        return replace(
            each,
            collection=own_of(each.collection),
            item=item,
            index=index,
            each=None,
            concurrency=None,
            steps=self.back.inner(each.steps, (*self.place, each.name)),
            takes=takes,
            gives=gives_of(each.gives, EMPTY),
        )

    def wait(self, state: Pass, takes: Expr, following: str) -> Step:
        """A wait that `waits` made a loop of: its length is in the first state, its end in the last."""
        counter = self.by_name.get(self.onward(state))
        match state.gives, counter:
            case (
                Object((*_, ("left", Call("intAdd", (seconds, Const(0)))))),
                Choice(default=Arm(goto=str() as last)),
            ):
                done = self.by_name[last]
                made = Wait(name=state.name, seconds=own_of(seconds), takes=takes, gives=gives_of(done.gives, RESULT))
                return self.finished(made, done, following)
            case _:
                raise Foreign(f"the state {state.name}")

    # -- choice

    def choice(self, choice: Choice, takes: Expr, following: str) -> Choice:
        gives: list[Expr] = []

        def arm(arm: Arm | None) -> Arm:
            goto = (arm.goto if arm else None) or self.finish
            steps: tuple[Step, ...] = ()
            if goto in self.helpers:
                state = self.by_name[goto]
                goto = self.onward(state)
                if isinstance(state, Parallel):
                    steps = self.back.inner(state.branches[0], (*self.place, state.name))
                    gives.insert(0, with_paths(gives_of(state.gives, EMPTY), unwrapped))
                else:
                    gives.append(gives_of(state.gives, RESULT))
            return Arm(steps=steps, goto=goto)

        whens = tuple(When(condition=own_of(option.condition), arm=arm(option.arm)) for option in choice.options)
        default = arm(choice.default)
        ends = following != self.finish and self.finish in (default.goto, *(when.arm.goto for when in whens))
        # A goto beats `end` (fdl.md 3.9), so an option that goes on says where to.
        unsaid = self.finish if ends else following
        whens = tuple(replace(when, arm=_without(when.arm, unsaid)) for when in whens)
        default = _without(default, unsaid)
        return Choice(
            name=choice.name,
            options=whens,
            default=None if default == Arm() else default,
            takes=takes,
            gives=gives[0] if gives else RESULT,
            end=ends,
        )


def _without(arm: Arm, goto: str) -> Arm:
    """The option without a jump to where it goes on anyhow."""
    return replace(arm, goto=None) if arm.goto == goto else arm
