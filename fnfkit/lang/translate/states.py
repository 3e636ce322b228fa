"""One state that replaces, as steps that accumulate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from fnfkit.lang.translate.calls import called_with, catches_runtime_errors, touched
from fnfkit.lang.translate.chain import DATA, Chain, Row, local
from fnfkit.lang.translate.names import Names
from fnfkit.lang.translate.origins import Keys, Origins, taken
from fnfkit.lang.translate.sources import check_condition, flat, of_step, paths, reads
from fnfkit.lang.translate.translation import at, below
from fnfkit.lang.translate.undone import Foreign, rejoined
from fnfkit.lang.trees import with_paths
from fnfkit.model.expr import (
    EMPTY,
    EVERYTHING,
    INPUT,
    RESULT,
    SCOPE_INPUT,
    SCOPE_LOCAL,
    Compare,
    Comparison,
    Const,
    Expr,
    Key,
    Object,
    Or,
    Path,
    Root,
    Wild,
)
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Foreach,
    Parallel,
    Pass,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.vocabulary import Bounds

OWN, OUT, START, ITEM, INDEX = "own", "out", "start", "item", "index"
"""Keys of locals and inputs: a state's own input, its raw result, the execution's input, an element, its position."""
_START = (Key("execution"), Key("input"))
_INDEX = Path(Root.CONTEXT, (Key("item"), Key("index")))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope stands: the paths of its input and of the execution's, and whether the results of its last states
    are the flow's output as they are."""

    input: Path
    start: Path
    bounds: Bounds
    pure: bool = False


Inner: TypeAlias = Callable[[tuple[Step, ...], Place, Keys, Expr | None], tuple[Step, ...]]
"""Unfolds a scope inside a state: its states, its place, the keys of its input, and what that is built from."""


class State:
    """A state on its way; `labels` has the names of the steps that the states of the scope begin with."""

    def __init__(
        self, step: Step, labels: dict[str, str], origins: Origins, place: Place, names: Names, *, inner: Inner
    ) -> None:
        self.step = step
        self.labels = labels
        self.place = place
        self.inner = inner
        self.known = origins.found[step.name]
        following = None if isinstance(step, Choice) else origins.onward(step)
        self.goes_to = None if following is None else labels[following]
        self.raw = place.input if self.known.pristine else local(DATA)
        self.keys: dict[Path, Keys] = {self.raw: self.known.keys}
        self.chain = Chain(names, labels[step.name], self.keys)
        self.asides: list[Row] = []

    def rows(self) -> list[Row]:
        """The steps of the state, and behind them those that its catches reach. Raises Foreign."""
        step = self.step
        if not isinstance(step, Fail) and step.globals is not None:
            raise Foreign("globals")
        match step:
            case Pass() | Succeed():
                self.passing(step)
            case Wait():
                self.waiting(step)
            case Choice():
                self.choosing(step)
            case Fail():
                self.built()
                self.add(replace(step, name=self.chain.name(), takes=EMPTY, whole=False))
            case Task():
                self.task(step)
            case Parallel() | Foreach():
                self.fork(step)
        return [Row(self.chain.steps, self.goes_to), *self.asides]

    def add(self, step: Step) -> None:
        self.chain.steps.append(step)

    # -- expressions

    def over(self, expr: Expr, own: Expr, result: Expr | None = None) -> Expr:
        """An expression over the state's own input and result, over the scope of the steps. Raises Foreign."""

        def change(path: Path) -> Expr:
            match path.root:
                case Root.INPUT:
                    return below(own, path.parts)
                case Root.RESULT:
                    return below(result or local(OUT), path.parts)
                case Root.SCOPE_LOCAL:
                    return below(self.raw, path.parts)
                case _:
                    return self.context(path)

        return flat(with_paths(rejoined(expr), change), self.keys)

    def context(self, path: Path) -> Expr:
        match path.parts:
            case (Key("execution"), Key("input"), *rest):
                return below(self.place.start, tuple(rest))
            case (Key("execution"), Key("name"), *_) | (Key("task"), Key("token"), *_):
                return path
            case (Key("step"), Key("name")):
                return Const(self.step.name)
            case _:
                raise Foreign("a part of $Context other than the names, the execution's input and the token")

    def built(self) -> Path:
        """The state's own input, kept in the local where an InputConstructor makes it."""
        if self.step.takes == SCOPE_LOCAL:
            return self.raw
        own = self.chain.store(OWN, self.over(self.step.takes, INPUT))
        self.keys[own] = taken(self.step, self.known).keys
        return own

    def give(self, value: Expr) -> None:
        """Make a value the input of the next state, unless it is there already."""
        ends = self.goes_to is None
        if value != self.raw or (self.known.pristine and ends):
            self.chain.store(DATA, value)

    # -- states that call nothing

    def passing(self, step: Pass | Succeed) -> None:
        if step.gives == INPUT:
            self.give(self.over(step.takes, INPUT))
        else:
            self.give(self.over(step.gives, self.built()))
        if not self.chain.steps:
            self.add(Pass(name=self.chain.name(), takes=EMPTY))

    def waiting(self, wait: Wait) -> None:
        own = self.built()
        extent = wait.seconds if wait.seconds is not None else wait.until or Const(0)
        if isinstance(extent, Const):
            self.add(replace(wait, name=self.chain.name(), takes=EMPTY, gives=RESULT, next=None, end=False))
        else:
            source = self.chain.source(self.over(extent, own))
            self.guard(source)
            named = at(INPUT, "extent")
            made = Wait(
                name=self.chain.name(),
                seconds=None if wait.seconds is None else named,
                until=None if wait.until is None else named,
                takes=Object((("extent", source),)),
            )
            self.add(made)
        self.give(self.over(wait.gives, own))

    def guard(self, seconds: Path | Const) -> None:
        """Fails where a wait of state machines is too short or too long, which one of FDL need not be."""
        bounds, value = self.place.bounds, at(INPUT, "extent")
        if bounds.longest_wait is None:
            return
        out_of_range = Or(
            Comparison(Compare.LT, value, Const(bounds.shortest_wait)),
            Comparison(Compare.GT, value, Const(bounds.longest_wait)),
        )
        names = self.chain.names
        cause = f"a wait lasts {bounds.shortest_wait} to {bounds.longest_wait} seconds"
        wrong = Fail(
            name=names.fresh(f"{self.step.name} impossible"), error="FnF.RuntimeError", cause=cause, takes=EMPTY
        )
        option = When(condition=out_of_range, arm=Arm(goto=wrong.name))
        self.add(Choice(name=self.chain.name(), options=(option,), takes=Object((("extent", seconds),))))
        self.asides.append(Row([wrong], None))

    def choosing(self, choice: Choice) -> None:
        if choice.gives != INPUT:
            raise Foreign("a Choice with an output of its own")
        if choice.takes != SCOPE_LOCAL:
            self.raw = self.chain.store(DATA, self.over(choice.takes, INPUT))
        conditions = [path for when in choice.options for path in paths(when.condition)]
        whole = self.raw == SCOPE_INPUT and all(path.root is Root.INPUT for path in conditions)
        seen: dict[str, Expr] = {DATA: self.raw}

        def change(path: Path) -> Expr:
            if path.root is Root.INPUT:
                return path if whole else below(at(INPUT, DATA), path.parts)
            found = self.context(path)
            if isinstance(found, Const):
                return found
            if path.parts[:2] == _START:
                seen[START] = self.place.start
                return below(at(INPUT, START), path.parts[2:])
            seen["name"] = found
            return at(INPUT, "name")

        options = []
        for when in choice.options:
            check_condition(when.condition)
            options.append(When(condition=with_paths(when.condition, change), arm=self.arm(when.arm)))
        takes = EVERYTHING if whole else Object(tuple(seen.items()))
        default = None if choice.default is None else self.arm(choice.default)
        self.add(Choice(name=self.chain.name(), options=tuple(options), default=default, takes=takes))

    def arm(self, arm: Arm) -> Arm:
        return Arm(goto=None if arm.goto is None else self.labels[arm.goto])

    # -- calls

    def task(self, task: Task) -> None:
        if task.timeout_from is not None:
            raise Foreign("a timeout that is an expression")
        call = called_with(task, self)
        gives, value = self.result(task, call.own)
        kept = (*task.catch, Catch((), "", task.gives))
        if call.direct and any(reads(entry.gives or INPUT, Root.INPUT) for entry in kept):
            gives = _with(gives, (OWN, INPUT))
        if catches_runtime_errors(task):
            gives = _with(gives, *touched(task, self.known, helped=bool(self.chain.steps)))
        catches = tuple(self.caught(entry, call.own, number) for number, entry in enumerate(task.catch, 1))
        failed = [("error", at(RESULT, "error")), ("cause", at(RESULT, "cause"))]
        keeps = [*failed, *([(OWN, INPUT)] if call.direct else [])]
        made = replace(
            task,
            name=self.chain.name(),
            params=call.params,
            sends=None,
            on_error=Object(tuple(keeps)) if self.asides else None,
            catch=catches,
            takes=call.takes,
            gives=gives,
            next=None,
            end=False,
        )
        self.add(made)
        if value is not None:
            self.give(value)

    def result(self, task: Task, own: Expr) -> tuple[Expr, Expr | None]:
        """What the step gives, and what is to be made of that afterwards."""
        if task.gives == RESULT:
            pure = self.place.pure and self.goes_to is None
            return (RESULT if pure else Object(((DATA, RESULT),))), None
        kept = Object(((OUT, RESULT),)) if reads(task.gives, Root.RESULT) else EMPTY
        return kept, self.over(task.gives, own)

    def caught(self, entry: Catch, own: Expr, number: int) -> Catch:
        """A catch; what its target gets is built on the way there."""
        gives = entry.gives or INPUT
        if gives == INPUT and own == self.raw:
            return Catch(entry.errors, self.labels[entry.goto])
        names = self.chain.names
        chain = Chain(names, names.fresh(f"{self.step.name} caught {number}"), self.keys)
        failure = Object((("error", local("error")), ("cause", local("cause"))))
        chain.store(DATA, self.over(gives, own, failure))
        self.asides.append(Row(chain.steps, self.labels[entry.goto]))
        return Catch(entry.errors, chain.steps[0].name)

    # -- scopes inside

    def fork(self, step: Parallel | Foreach) -> None:
        if step.retry or step.catch:
            raise Foreign("Retry or Catch of a Parallel or Map: only tasks have them")
        whole = isinstance(step, Parallel) and step.takes == SCOPE_LOCAL and self.raw == SCOPE_INPUT
        own = self.built()
        passed: dict[str, Expr] = {} if whole else {DATA: own}
        start = SCOPE_INPUT
        if not (whole and self.place.start == SCOPE_INPUT) and _reads_start(step):
            whole, passed, start = False, {DATA: own, START: self.place.start}, at(SCOPE_INPUT, START)
        made: Step
        if isinstance(step, Parallel):
            place = Place(SCOPE_INPUT if whole else at(SCOPE_INPUT, DATA), start, self.place.bounds)
            branches = tuple(self.inner(branch, place, self.keys[own], None) for branch in step.branches)
            takes = EVERYTHING if whole else Object(tuple(passed.items()))
            made = replace(step, name=self.chain.name(), branches=branches, takes=takes, next=None, end=False)
        else:
            made = self.iterated(step, own, passed, start)
        outputs = Path(RESULT.root, (Wild(), Key(DATA)))
        self.add(replace(made, gives=Object(((OUT, outputs),))))
        self.give(self.over(step.gives, own))

    def iterated(self, each: Foreach, own: Path, passed: dict[str, Expr], start: Path) -> Foreach:
        if each.concurrency is not None:
            raise Foreign("a number of iterations that run at a time")
        if each.each is None:
            raise Foreign("iterations that see the surrounding input")
        place = Place(at(SCOPE_INPUT, ITEM), start, self.place.bounds)
        seed = None if each.each == RESULT else with_paths(each.each, self.in_iteration)
        keys = None if seed is None else tuple(key for key, _ in seed.fields) if isinstance(seed, Object) else None
        steps = self.inner(each.steps, place, keys, seed)
        items = self.chain.source(self.over(each.collection, own))
        return replace(
            each,
            name=self.chain.name(),
            collection=at(INPUT, "items"),
            item=ITEM,
            index=INDEX if seed is not None and _INDEX in paths(each.each) else None,
            each=None,
            steps=steps,
            takes=Object((("items", items), *passed.items())),
            next=None,
            end=False,
        )

    def in_iteration(self, path: Path) -> Expr:
        match path:
            case Path(Root.RESULT, parts):
                return below(at(SCOPE_INPUT, ITEM), parts)
            case Path(Root.INPUT, parts):
                return below(at(SCOPE_INPUT, DATA), parts)
            case _ if path == _INDEX:
                return at(SCOPE_INPUT, INDEX)
            case Path(Root.CONTEXT, (Key("execution"), Key("input"), *rest)):
                return below(at(SCOPE_INPUT, START), tuple(rest))
            case _:
                return self.context(path)


def _with(gives: Expr, *more: tuple[str, Expr]) -> Expr:
    """A mapping with more fields; a result that is handed on as a whole has no place for them."""
    if not more:
        return gives
    if not isinstance(gives, Object):
        raise Foreign("a result that is the flow's output, beside what a Catch needs")
    return Object((*gives.fields, *more))


def _reads_start(step: Step) -> bool:
    """Whether something inside a step reads the execution's input."""
    return any(path.root is Root.CONTEXT and path.parts[:2] == _START for expr in of_step(step) for path in paths(expr))
