"""A flow that replaces as one that accumulates, where that is possible.

FDL builds objects field by field from paths and constants, so most of what state machines compute has no counterpart
in it. What has is the envelope of `forward`: this module undoes it, state by state.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fnfkit.lang.dialect import Unsupported
from fnfkit.lang.translate.translation import (
    BOTH,
    NOTHING,
    OWN,
    OWN_INPUT,
    OWN_LOCAL,
    RAW_INPUT,
    RAW_LOCAL,
    Translation,
)
from fnfkit.lang.trees import rebuilt, with_paths
from fnfkit.model.expr import (
    EMPTY,
    EVERYTHING,
    RESULT,
    SCOPE_INPUT,
    SCOPE_LOCAL,
    Call,
    Const,
    Expr,
    Index,
    Key,
    Merge,
    Object,
    Path,
    Root,
)
from fnfkit.model.flow import Arm, Catch, Choice, Fail, Flow, Foreach, Parallel, Pass, Step, Succeed, Task, Wait, When
from fnfkit.model.names import FlowRef, FunctionRef, Unresolved
from fnfkit.model.problem import Location


class Foreign(ValueError):
    """A state that does not keep the envelope."""


def accumulating(flow: Flow) -> Translation:
    """The flow as one whose steps add to a local; and what has no counterpart."""
    if flow.accumulates:
        return Translation(flow)
    back = _Back()
    scope = back.scope(flow.steps, ("States",))
    if scope is None:
        return Translation(Flow(steps=(), takes=SCOPE_INPUT), tuple(back.missing))
    takes = with_paths(scope.begins, lambda path: _rooted(path, Root.SCOPE_LOCAL, (), Root.SCOPE_INPUT))
    made = Flow(steps=scope.steps, takes=takes, gives=_flow_gives(scope.gives), timeout=flow.timeout)
    return Translation(made, tuple(back.missing))


def _flow_gives(expr: Expr) -> Expr:
    return with_paths(expr, lambda path: _split(path, Root.SCOPE_LOCAL, Root.INPUT, Root.RESULT))


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
        takes = _takes(state.takes)
        match state:
            case Fail():
                return replace(state, takes=takes, whole=False)
            case Choice():
                return self.choice(state, takes, following)
            case Pass(gives=Object((*_, ("left", _)))):
                return self.wait(state, takes, following)
            case Pass() | Wait():
                return self.finished(replace(state, takes=takes, gives=_gives(state.gives, RESULT)), state, following)
            case Task():
                return self.finished(self.task(state, takes), state, following)
            case Parallel(branches=branches):
                inner = tuple(self.back.inner(branch, (*self.place, state.name)) for branch in branches)
                made = replace(state, branches=inner, takes=takes, gives=_rejoined(_gives(state.gives, EMPTY)))
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
        catches = [_caught(entry) for entry in task.catch]
        if len(set(map(repr, (on_error for _, on_error in catches)))) > 1:
            raise Foreign(f"the catches of {task.name}, which differ in what they give")
        return replace(
            task,
            params=None if params is None else _own(params),
            sends=None,
            on_error=catches[0][1] if catches else None,
            catch=tuple(entry for entry, _ in catches),
            takes=takes,
            gives=_gives(task.gives, EMPTY),
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
            collection=_own(each.collection),
            item=item,
            index=index,
            each=None,
            concurrency=None,
            steps=self.back.inner(each.steps, (*self.place, each.name)),
            takes=takes,
            gives=_gives(each.gives, EMPTY),
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
                made = Wait(name=state.name, seconds=_own(seconds), takes=takes, gives=_gives(done.gives, RESULT))
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
                    gives.insert(0, with_paths(_gives(state.gives, EMPTY), _unwrapped))
                else:
                    gives.append(_gives(state.gives, RESULT))
            return Arm(steps=steps, goto=None if goto == following else goto)

        whens = tuple(When(condition=_own(option.condition), arm=arm(option.arm)) for option in choice.options)
        default: Arm | None = arm(choice.default)
        ends = {target.goto for target in (*(when.arm for when in whens), default) if target} == {self.finish}
        if ends:
            whens = tuple(replace(when, arm=replace(when.arm, goto=None)) for when in whens)
            default = replace(default, goto=None) if default else None
        elif any(target.goto == self.finish for target in (*(when.arm for when in whens), default) if target):
            raise Foreign(f"the choice {choice.name}, one of whose options ends the scope")
        default = None if default == Arm() else default
        return Choice(
            name=choice.name,
            options=whens,
            default=default,
            takes=takes,
            gives=gives[0] if gives else RESULT,
            end=ends and following != self.finish,
        )


def _rejoined(expr: Expr) -> Expr:
    """The list of all branches, which state machines have to build from an object, as the result it is."""
    match expr:
        case Call("toArray", arguments) if all(
            argument == Path(Root.RESULT, (Index(number),)) for number, argument in enumerate(arguments)
        ):
            return RESULT
        case _:
            return rebuilt(expr, _rejoined)


def _unwrapped(path: Path) -> Path:
    match path:
        case Path(Root.RESULT, (Index(0), *rest)):
            return Path(Root.RESULT, tuple(rest))
        case _:
            return path


# -- expressions


def _takes(expr: Expr) -> Expr:
    match expr:
        case Object((("input", input), ("local", local), ("own", own))) if (input, local) == (RAW_INPUT, RAW_LOCAL):
            if own == BOTH:
                return EVERYTHING
            return _listed(
                with_paths(own, lambda path: _split(path, Root.SCOPE_LOCAL, Root.SCOPE_INPUT, Root.SCOPE_LOCAL))
            )
        case _:
            raise Foreign("an input built without an input and a local of the scope")


def _gives(expr: Expr, default: Expr) -> Expr:
    match expr:
        case Object((("input", input), ("local", local), *_)) if input == OWN_INPUT:
            if local == OWN_LOCAL:
                return default
            if isinstance(local, Merge) and len(local.parts) == 2 and local.parts[0] == OWN_LOCAL:
                return _listed(_own(local.parts[1]))
    raise Foreign("an output that does not add to the local of the scope")


def _caught(entry: Catch) -> tuple[Catch, Expr | None]:
    if entry.gives is None:
        raise Foreign("a catch that gives nothing")
    given = _gives(entry.gives, NOTHING)
    return Catch(entry.errors, entry.goto), None if given == NOTHING else given


def _listed(expr: Expr) -> Expr:
    """Constant objects field by field, as mapping lists have them."""
    if isinstance(expr, Const) and isinstance(expr.value, dict):
        return Object(tuple((key, Const(value)) for key, value in expr.value.items()))
    return expr


def _own(expr: Expr) -> Expr:
    return with_paths(expr, lambda path: _rooted(path, Root.INPUT, ("own",), Root.INPUT))


def _rooted(path: Path, root: Root, prefix: tuple[str, ...], becomes: Root) -> Path:
    """A path below a prefix of a root, as one of another root."""
    if path.root is not root:
        return path
    names = tuple(part.name for part in path.parts[: len(prefix)] if isinstance(part, Key))
    if names != prefix:
        raise Foreign("a path that leaves what the state keeps for itself")
    return Path(becomes, path.parts[len(prefix) :])


def _split(path: Path, root: Root, input: Root, local: Root) -> Path:
    """A path into the envelope, as one into the input or the local."""
    if path.root is not root:
        return path
    match path.parts:
        case (Key("input"), *rest):
            return Path(input, tuple(rest))
        case (Key("local"), *rest):
            return Path(local, tuple(rest))
        case _:
            raise Foreign("the input and local of a scope at once")
