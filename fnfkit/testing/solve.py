"""Values worth trying: what the conditions of a flow compare with, traced back to the input and the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from fnfkit.lint.tree import expressions_of, flow_expressions, paths_in, places_of
from fnfkit.model.expr import And, Call, Comparison, Const, Expr, Key, Not, Object, Or, Path, Root
from fnfkit.model.flow import Choice, Flow, Foreach, Task, Wait
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location
from fnfkit.testing.solve_states import candidates

Keys = tuple[str, ...]
_AT_THE_END = {Root.INPUT: Root.SCOPE_INPUT, Root.RESULT: Root.SCOPE_LOCAL}
"""What the roots of a flow's own mappings are to the steps in it."""
ABSENT: Json = object()
"""Among values: that there is none."""
ELEMENT = "[]"
"""Among keys: in every element of a list."""
_ITEMS: tuple[Json, ...] = ([], [{"id": "1"}], [{"id": "1"}, {"id": "2"}])


@dataclass(slots=True)
class Domain:
    """Candidate values by key path: of the execution's input, and of what tasks return."""

    input: dict[Keys, list[Json]] = field(default_factory=dict)
    results: dict[Keys, list[Json]] = field(default_factory=dict)
    sources: dict[str, list[Keys]] = field(default_factory=dict)
    """Keys of the local that outputMappings make, and the places in results they are made from; () is all of one."""
    elements: list[tuple[Location, str, list[tuple[Root, Keys]]]] = field(default_factory=list)
    """Each foreach, what its steps call an element, and where such an element stands."""

    def origins(self, takes: Expr, path: Path, at: Location) -> Iterator[tuple[Root, Keys]]:
        """Where the value of a path in a step at that place comes from: keys of the input or of a local."""
        for root, keys in _origins(takes, path):
            around = [
                places for within, item, places in self.elements if item == keys[0] and at[: len(within)] == within
            ]
            if root is Root.SCOPE_INPUT and around:
                yield from ((outer, (*place, *keys[1:])) for outer, place in around[-1])
            else:
                yield root, keys


def domain(flow: Flow) -> Domain:
    """The values worth trying in a flow."""
    if not flow.accumulates:
        steps = [place.step for place in places_of(flow)]
        table = candidates(flow, [pair for step in steps for pair in _interesting(step, flow.timeout)])
        return Domain(table, {keys: list(options) for keys, options in table.items()})
    found = Domain(sources=_sources(flow))
    for place in sorted(places_of(flow), key=lambda place: len(place.at)):  # the outer foreach before the inner one
        step = place.step
        if isinstance(step, Foreach) and isinstance(step.collection, Path):
            origins = found.origins(step.takes, step.collection, place.at)
            found.elements.append(
                ((*place.at, "steps"), step.item, [(root, (*keys, ELEMENT)) for root, keys in origins])
            )
        for expr, _ in expressions_of(step, place.at):
            for path in paths_in(expr):
                _add(found, step.takes, path, (), place.at)
        for path, options in _interesting(step, flow.timeout):
            _add(found, step.takes, path, options, place.at)
    for expr, _ in flow_expressions(flow):
        for path in paths_in(expr):
            _add(found, expr, replace(path, root=_AT_THE_END.get(path.root, path.root)), ())
    for known in (found.input, found.results):
        for keys, values in known.items():
            known[keys] = values or [f"some-{keys[-1]}".replace(ELEMENT, "item")]
    return found


def _interesting(step: object, limit: int | None) -> Iterator[tuple[Path, tuple[Json, ...]]]:
    match step:
        case Choice(options=options):
            for option in options:
                yield from _compared(option.condition)
        case Foreach(collection=Path() as collection):
            yield collection, _ITEMS
        case Wait(seconds=Path() as seconds):
            yield seconds, (1,) if limit is None else (1, limit + 1)
        case Wait(until=Path() as until):
            yield until, ("2020-01-01T00:00:10Z",)
        case _:
            return


def _compared(condition: Expr) -> Iterator[tuple[Path, tuple[Json, ...]]]:
    match condition:
        case (
            Comparison(left=Path() as path, right=Const(value=value))
            | Comparison(left=Const(value=value), right=Path() as path)
        ):
            yield path, around(value)
        case Comparison(left=Path() as one, right=Path() as other) if one == other:  # whether there is one at all
            yield one, (0, ABSENT)
        case Comparison(left=Path() as one, right=Path() as other):
            yield one, (0, 1)
            yield other, (0, 1)
        case Path():
            yield condition, (True, False)
        case And(left=left, right=right) | Or(left=left, right=right):
            yield from _compared(left)
            yield from _compared(right)
        case Not(operand=operand):
            yield from _compared(operand)
        case Call(arguments=arguments):
            values = tuple(value for one in arguments if isinstance(one, Const) for value in around(one.value))
            for argument in arguments:
                yield from [(argument, values or (True, False))] if isinstance(argument, Path) else _compared(argument)
        case _:
            return


def around(value: Json) -> tuple[Json, ...]:
    """The value, and neighbours for which a comparison with it comes out otherwise."""
    match value:
        case bool():
            return (value, not value)
        case int() | float():
            return (value, value + 1, value - 1)
        case str():
            return (value, f"not-{value}")
        case _:
            return (value, "something")


def _add(found: Domain, takes: Expr, path: Path, values: tuple[Json, ...], at: Location = ()) -> None:
    for root, keys in found.origins(takes, path, at):
        if root is Root.SCOPE_INPUT:
            _note(found.input, keys, values)
            continue
        _note(found.results, keys, values)
        for source in found.sources.get(keys[0], ()) if path.root is not Root.RESULT else ():
            if place := (*source, *keys[1:]):
                _note(found.results, place, values)


def _note(table: dict[Keys, list[Json]], keys: Keys, values: tuple[Json, ...]) -> None:
    known = table.setdefault(keys, [])
    known += [value for value in values if value not in known]


def _sources(flow: Flow) -> dict[str, list[Keys]]:
    found: dict[str, list[Keys]] = {}
    for place in places_of(flow):
        if isinstance(place.step, Task) and isinstance(place.step.gives, Object):
            for name, source in place.step.gives.fields:
                if isinstance(source, Path) and source.root is Root.RESULT:
                    found.setdefault(name, []).append(
                        tuple(part.name for part in source.parts if isinstance(part, Key))
                    )
    return found


def _origins(takes: Expr, path: Path) -> Iterator[tuple[Root, Keys]]:
    """Where the value of a path comes from: keys of the scope's input or local. A step without mappings sees both."""
    keys = tuple(part.name for part in path.parts if isinstance(part, Key))
    if not keys or len(keys) != len(path.parts):
        return
    match path.root:
        case Root.SCOPE_INPUT:
            yield Root.SCOPE_INPUT, keys
        case Root.SCOPE_LOCAL | Root.RESULT:
            yield Root.SCOPE_LOCAL, keys
        case Root.INPUT:
            yield from _through(takes, keys)
        case Root.CONTEXT:
            return


def _through(takes: Expr, keys: Keys) -> Iterator[tuple[Root, Keys]]:
    if not isinstance(takes, Object):
        yield Root.SCOPE_INPUT, keys
        yield Root.SCOPE_LOCAL, keys
        return
    source = dict(takes.fields).get(keys[0])
    if isinstance(source, Path) and source.root in (Root.SCOPE_INPUT, Root.SCOPE_LOCAL):
        inside = tuple(part.name for part in source.parts if isinstance(part, Key))
        if inside or keys[1:]:
            yield source.root, (*inside, *keys[1:])


def build(values: Mapping[Keys, Json]) -> JsonObject:
    """An object with these values at these places; of a place and one inside it the longer wins."""
    made: JsonObject = {}
    for keys, value in sorted(values.items(), key=lambda pair: len(pair[0])):
        if value is not ABSENT:
            made = _put(made, keys, value)
    return made


def _put(whole: Json, keys: Keys, value: Json) -> Json:
    """The whole with a value at a place, in every element of lists on the way."""
    if not keys:
        return value
    if keys[0] == ELEMENT:
        return [_put(item, keys[1:], value) for item in whole] if isinstance(whole, list) else []
    place = dict(whole) if isinstance(whole, dict) else {}
    return place | {keys[0]: _put(place.get(keys[0]), keys[1:], value)}
