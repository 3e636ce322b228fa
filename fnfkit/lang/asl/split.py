"""Steps as states that JSONPath can express: a state builds its input in a Pass before it, and its output in a Pass
after it, where its own fields cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnfkit.lang.asl.forms import is_path, paths, plain, reads_all, rebased, writable_pass, writable_result
from fnfkit.lang.asl.lifting import is_template, lifted
from fnfkit.lang.asl.places import placed_value
from fnfkit.lang.asl.states import ERROR
from fnfkit.lang.cloudflow.transitions import in_order
from fnfkit.lang.translate.names import Names
from fnfkit.lang.translate.translation import at, below
from fnfkit.lang.trees import with_paths
from fnfkit.model.expr import INPUT, RESULT, SCOPE_LOCAL, Const, Expr, Key, Merge, Object, Path, Root
from fnfkit.model.flow import Catch, Choice, Fail, Foreach, Parallel, Pass, Step, Succeed, Task, Wait
from fnfkit.model.names import FunctionRef, Unresolved

RAW_IN, RAW_OUT = at(SCOPE_LOCAL, "in"), at(SCOPE_LOCAL, "out")
_CODE, _DETAIL = at(SCOPE_LOCAL, "error", "Error"), at(SCOPE_LOCAL, "error", "Cause")
_TOKEN = Path(Root.CONTEXT, (Key("task"), Key("token")))
Change = Callable[[Path], Expr]


def split(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """A scope of states that can be written."""
    names = Names(step.name for step in steps)
    out: list[Step] = []
    for position, step in enumerate(steps):
        following = steps[position + 1].name if position + 1 < len(steps) else None
        out += _Split(step, names, following).states()
    return in_order(out, steps[0].name) if steps else ()


class _Split:
    """One step taken apart; the first state keeps its name."""

    def __init__(self, step: Step, names: Names, following: str | None) -> None:
        self.step = step
        self.names = names
        self.out: list[Step] = []
        self.used = False
        following = None if isinstance(step, Succeed | Fail | Choice) or step.end else step.next or following
        self.onward = following

    def name(self) -> str:
        """The step's own name once, then others."""
        if not self.used:
            self.used = True
            return self.step.name
        return self.names.fresh(f"{self.step.name} then")

    def add(self, step: Step) -> None:
        self.out.append(step)

    def states(self) -> list[Step]:
        match self.step:
            case Pass() as step:
                self.passing(step)
            case Wait() as step:
                self.waiting(step)
            case Succeed() as step:
                self.succeeding(step)
            case Fail() as step:
                self.add(replace(step, takes=SCOPE_LOCAL))
            case Choice() as step:
                takes = self.built(step.takes)
                self.add(replace(step, name=self.name(), takes=takes))
            case Task() | Parallel() | Foreach() as step:
                self.calling(step)
        return self.linked()

    def linked(self) -> list[Step]:
        """The states, each going on to the next of its kind; those that catches reach have their own way."""
        chain = [step for step in self.out if not isinstance(step, Succeed | Fail | Choice) and step.next is None]
        ends = {id(step) for step in chain}
        linked: list[Step] = []
        for position, step in enumerate(self.out):
            if id(step) not in ends or isinstance(step, Succeed | Fail | Choice):
                linked.append(step)
                continue
            later = next((other.name for other in self.out[position + 1 :] if _in_chain(other, ends)), None)
            goes_to = later or self.onward
            linked.append(replace(step, next=goes_to, end=goes_to is None))
        return linked

    # -- building in Pass states

    def built(self, expr: Expr) -> Expr:
        """Have the raw input be the value, unless a path says it all; returns what the state then takes."""
        if isinstance(expr, Path):
            return expr
        self.compute(expr)
        return SCOPE_LOCAL

    def compute(self, expr: Expr) -> None:
        """Pass states after which the raw input is the value of an expression over it."""
        made = lifted(expr)
        if made.wrapped:
            self.add(_pass(self.name(), Object((("raw", SCOPE_LOCAL),))))
        for key, content in made.built:
            kept = Merge((SCOPE_LOCAL, Object(((key, INPUT if isinstance(content, Object) else content),))))
            takes = content if isinstance(content, Object) else SCOPE_LOCAL
            self.add(Pass(name=self.name(), takes=takes, gives=kept))
        if isinstance(made.expr, Path) or is_template(made.expr):
            self.add(_pass(self.name(), made.expr))
        else:
            takes = Object((("value", made.expr),))
            self.add(Pass(name=self.name(), takes=takes, gives=at(INPUT, "value")))

    # -- the kinds of step

    def passing(self, step: Pass) -> None:
        if writable_pass(step):
            self.add(replace(step, name=self.name(), next=None, end=False))
        elif step.takes == SCOPE_LOCAL:
            self.compute(with_paths(step.gives, _input_is(SCOPE_LOCAL)))
        else:
            self.compute(step.takes)
            if step.gives != INPUT:
                self.compute(with_paths(step.gives, _input_is(SCOPE_LOCAL)))

    def waiting(self, step: Wait) -> None:
        plain = is_path(step.gives, Root.INPUT)
        takes = self.built(step.takes)
        gives = step.gives if plain else INPUT
        self.add(replace(step, name=self.name(), takes=takes, gives=gives, next=None, end=False))
        if not plain:
            self.compute(with_paths(step.gives, _input_is(SCOPE_LOCAL)))

    def succeeding(self, step: Succeed) -> None:
        if isinstance(step.takes, Path) and is_path(step.gives, Root.INPUT):
            self.add(step)
            return
        self.compute(step.takes)
        if step.gives != INPUT:
            self.compute(with_paths(step.gives, _input_is(SCOPE_LOCAL)))
        name = self.name()
        self.add(Succeed(name=name, takes=SCOPE_LOCAL, gives=INPUT))
        self.out = [
            replace(one, next=other.name) if isinstance(one, Pass) else one
            for one, other in zip(self.out, [*self.out[1:], self.out[-1]], strict=True)
        ]

    def calling(self, step: Task | Parallel | Foreach) -> None:
        if rebased(step):
            core = step
        elif isinstance(step, Task) and (inlined := _inlined(step)) is not None:
            core = inlined
        else:
            self.compute(Object((("in", step.takes),)))
            core = _over(step, RAW_IN)
        if isinstance(core, Task):
            core = _paid(core)
        if isinstance(core, Foreach):
            core = _selected(core)
        if isinstance(core, Task | Parallel) and not plain(core.takes):
            # What the call is given needs functions over literals: build it beside what is kept.
            core = self.prepared(core)
        after = None if writable_result(core.gives) else core.gives
        if after is not None:
            core = replace(core, gives=Merge((SCOPE_LOCAL, Object((("out", RESULT),)))))
        name = self.name()
        catches = [self.caught(entry) for entry in core.catch]
        core = replace(core, catch=tuple(entry for entry, _ in catches), name=name, next=None, end=False)
        self.add(core)
        if after is not None:
            self.compute(with_paths(after, _result_is(RAW_OUT)))
        for _, states in catches:
            self.out += states

    def prepared(self, core: Task | Parallel) -> Task | Parallel:
        takes = core.takes
        wanted = Merge((SCOPE_LOCAL, Object((("call", takes),))))
        made = lifted(takes)
        if made.wrapped or any(not isinstance(content, Object) for _, content in made.built):
            self.compute(wanted)
            return replace(core, takes=at(SCOPE_LOCAL, "call"))
        for key, content in made.built:
            self.add(Pass(name=self.name(), takes=content, gives=Merge((SCOPE_LOCAL, Object(((key, INPUT),))))))
        call = Object((("value", made.expr),))
        kept = Merge((SCOPE_LOCAL, Object((("call", INPUT),))))
        self.add(Pass(name=self.name(), takes=call, gives=kept))
        return replace(core, takes=at(SCOPE_LOCAL, "call", "value"))

    def caught(self, entry: Catch) -> tuple[Catch, list[Step]]:
        """A catch that only keeps the error, and the states that make of it what the target gets."""
        gives = SCOPE_LOCAL if entry.gives is None else entry.gives
        if gives in (SCOPE_LOCAL, ERROR):
            return replace(entry, gives=gives), []
        found = placed_value(gives)
        if found is not None and found[1] == ERROR:
            return entry, []
        states, self.out = self.out, []
        self.compute(with_paths(gives, _error_is))
        made, self.out = self.out, states
        chain: list[Step] = [
            replace(one, next=other) if isinstance(one, Pass) else one
            for one, other in zip(made, [*(step.name for step in made[1:]), entry.goto], strict=True)
        ]
        kept = Merge((SCOPE_LOCAL, Object((("error", ERROR),))))
        return Catch(entry.errors, chain[0].name, kept), chain


def _in_chain(step: Step, ends: set[int]) -> bool:
    return id(step) in ends or isinstance(step, Succeed | Fail | Choice)


def _pass(name: str, takes: Expr) -> Pass:
    return Pass(name=name, takes=takes, gives=INPUT)


def _input_is(value: Path) -> Change:
    return lambda path: below(value, path.parts) if path.root is Root.INPUT else path


def _result_is(value: Path) -> Change:
    return lambda path: below(value, path.parts) if path.root is Root.RESULT else path


def _error_is(path: Path) -> Expr:
    match path:
        case Path(Root.RESULT, (Key("error"), *rest)):
            return below(_CODE, tuple(rest))
        case Path(Root.RESULT, (Key("cause"), *rest)):
            return below(_DETAIL, tuple(rest))
        case Path(Root.RESULT, ()):
            return Object((("error", _CODE), ("cause", _DETAIL)))
        case _:
            return path


def _inlined(task: Task) -> Task | None:
    """The task with what it takes put into its payload, where a failure can be caught and the token is known; None
    if it is no template there. Its own input must be built from parts of the raw input, which then stays."""
    if not isinstance(task.takes, Object) or reads_all(task.takes) or at(SCOPE_LOCAL, "out") in paths(task.takes):
        return None
    if task.timeout_from is not None:
        return None  # it is read from the task's own input, which has to stay
    takes = task.takes

    def change(path: Path) -> Expr:
        return below(takes, path.parts) if path.root is Root.INPUT else path

    function = isinstance(task.target, FunctionRef | Unresolved)
    if not function and _TOKEN not in paths(takes):
        return None
    payload = with_paths((task.sends or INPUT) if function else (task.params or Object(())), change)
    if not is_template(payload) or lifted(payload).built:
        return None
    catch = tuple(
        replace(entry, gives=with_paths(INPUT if entry.gives is None else entry.gives, change)) for entry in task.catch
    )
    params = task.params if function else INPUT
    gives = with_paths(task.gives, change)
    return replace(task, takes=payload, sends=None, params=params, gives=gives, catch=catch)


def _over(step: Task | Parallel | Foreach, raw: Path) -> Task | Parallel | Foreach:
    """The step over a raw input that holds the step's own."""
    change = _input_is(raw)
    catch = tuple(
        replace(entry, gives=with_paths(raw if entry.gives is None else entry.gives, change)) for entry in step.catch
    )
    return replace(step, takes=raw, gives=with_paths(step.gives, change), catch=catch)


def _paid(task: Task) -> Task:
    """The task with all that it sends in what it takes, which is where a payload stands."""
    if task.sends is None and (
        isinstance(task.target, FunctionRef) or task.params in (None, INPUT, Const({}), Object(()))
    ):
        return task
    raw = task.takes if isinstance(task.takes, Path) else SCOPE_LOCAL
    change = _input_is(raw)
    if task.timeout_from is not None:
        # What is sent takes the place of the input that the timeout is read from.
        task = replace(task, timeout_from=Object((("from", task.timeout_from),)))
    if isinstance(task.target, FunctionRef | Unresolved):
        sends = INPUT if task.sends is None else task.sends
        return replace(task, takes=with_paths(sends, change), sends=None)
    params = Object(()) if task.params is None else with_paths(task.params, change)
    return replace(task, takes=params, params=INPUT, sends=None)


def _selected(each: Foreach) -> Foreach:
    """The map with its iterations' input built inside them, if a selector cannot."""
    if each.each is None or each.each == RESULT or (is_template(each.each) and not lifted(each.each).built):
        return each
    index = Path(Root.CONTEXT, (Key("item"), Key("index")))
    selector = Object((("in", INPUT), ("item", RESULT), ("index", index)))
    names = Names(step.name for step in each.steps)

    def inside(path: Path) -> Expr:
        if path == index:
            return at(SCOPE_LOCAL, "index")
        return _input_is(RAW_IN)(path) if path.root is Root.INPUT else _result_is(at(SCOPE_LOCAL, "item"))(path)

    begin = Pass(name=names.fresh("Item"), takes=with_paths(each.each, inside), gives=INPUT)
    return replace(each, each=selector, steps=(begin, *each.steps))
