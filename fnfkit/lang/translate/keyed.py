"""Any flow that replaces as one that accumulates, as far as FDL can say what it computes.

A scope keeps the data that its states hand over under one key of its local. A state becomes the steps that build its
input, do what it does, and put its output there. As long as nothing has replaced the scope's input, the states read
that itself, so that flows which only call something need no such key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from fnfkit.lang.dialect import Unsupported
from fnfkit.lang.translate.chain import DATA, Chain, Row, in_sequence
from fnfkit.lang.translate.names import Names
from fnfkit.lang.translate.origins import Keys, Known, Origins
from fnfkit.lang.translate.states import Inner, Place, State
from fnfkit.lang.translate.translation import Translation, at
from fnfkit.lang.translate.undone import Foreign
from fnfkit.model.expr import INPUT, RESULT, SCOPE_INPUT, SCOPE_LOCAL, Const, Expr, Object, Path
from fnfkit.model.flow import Flow, Step, Task
from fnfkit.model.names import FunctionRef, Unresolved
from fnfkit.model.problem import Location
from fnfkit.model.vocabulary import Bounds


def keyed(flow: Flow) -> Translation:
    """The flow as one whose steps add to a local; and what has no counterpart, state by state."""
    unfolding = _Unfolding(flow.bounds)
    origins = Origins(flow.steps, Known(pristine=True))
    pure = not origins.begins and all(_hands_over(step, origins) for step, _ in origins.ends())
    scope = _Scope(unfolding, flow.steps, ("States",), Place(SCOPE_INPUT, SCOPE_INPUT, flow.bounds, pure=pure))
    steps = scope.steps()
    gives = RESULT if pure else unfolding.output(origins)
    made = Flow(steps=steps, takes=SCOPE_INPUT, gives=gives, timeout=flow.timeout)
    return Translation(made, tuple(unfolding.missing))


def _hands_over(step: Step, origins: Origins) -> bool:
    """Whether a state's result can be the flow's output as it is: nothing else is in the local then."""
    if not isinstance(step, Task) or step.gives != RESULT or not origins.found[step.name].pristine:
        return False
    if step.takes == SCOPE_LOCAL:
        return step.sends is None or step.sends == INPUT or _is_flat(step.sends)
    called = isinstance(step.target, FunctionRef | Unresolved) and step.sends in (None, INPUT)
    return called and _is_flat(step.takes)


def _is_flat(expr: Expr) -> bool:
    """Whether one mapping list builds an object."""
    match expr:
        case Object(fields):
            return all(isinstance(value, Path | Const) for _, value in fields)
        case _:
            return isinstance(expr, Const)


@dataclass(slots=True)
class _Unfolding:
    """What the scopes of a flow share: names of steps are unique in a whole flow (fdl.md 2.2)."""

    bounds: Bounds
    names: Names = field(default_factory=lambda: Names(()))
    missing: list[Unsupported] = field(default_factory=list)

    def output(self, origins: Origins) -> Expr:
        """The flow's output, which FDL maps key by key."""
        ends = list(origins.ends())
        if not ends:
            return RESULT
        (first, keys), *others = ends
        for state, found in ends:
            if found is None:
                feature = f"the output of the state {state.name}, whose keys are not known"
                self.missing.append(Unsupported(feature, ("States", state.name)))
                return RESULT
        for state, found in others:
            if set(found or ()) != set(keys or ()):
                feature = f"an output with other keys at the state {state.name} than at {first.name}"
                self.missing.append(Unsupported(feature, ("States", state.name)))
        return Object(tuple((key, at(RESULT, DATA, key)) for key in keys or ()))


@dataclass(slots=True)
class _Scope:
    """The states of one scope. `seed` is what its first state gets, where that has to be built."""

    unfolding: _Unfolding
    states: tuple[Step, ...]
    where: Location
    place: Place
    keys: Keys = None
    seed: Expr | None = None

    def steps(self) -> tuple[Step, ...]:
        names = self.unfolding.names
        origins = Origins(self.states, Known(self.seed is None, self.keys))
        labels = {state.name: names.fresh(state.name) for state in self.states if state.name in origins.found}
        rows: list[Row] = []
        if origins.begins:
            rows += self._told("Begin", partial(self._begun, labels))
        for state in self.states:
            if state.name in labels:
                made = State(state, labels, origins, self.place, names, inner=self._inside(state.name))
                rows += self._told(state.name, made.rows)
        return in_sequence((row for row in rows if row.steps), names)

    def _begun(self, labels: dict[str, str]) -> list[Row]:
        """Puts the scope's input where its states look for what the state before has left."""
        names = self.unfolding.names
        begin = Chain(names, names.fresh("Begin"), {})
        begin.store(DATA, self.seed or self.place.input)
        return [Row(begin.steps, labels[self.states[0].name])]

    def _told(self, name: str, act: Callable[[], list[Row]]) -> list[Row]:
        try:
            return act()
        except Foreign as error:
            self.unfolding.missing.append(Unsupported(f"{error} (state {name})", (*self.where, name)))
            return []

    def _inside(self, name: str) -> Inner:
        def inner(states: tuple[Step, ...], place: Place, keys: Keys, seed: Expr | None) -> tuple[Step, ...]:
            return _Scope(self.unfolding, states, (*self.where, name), place, keys, seed).steps()

        return inner
