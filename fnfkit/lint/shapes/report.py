"""Evaluates the expressions of steps over shapes and says what is wrong with them.

Error-level findings are only those where every execution that gets here fails (ids E21, E22, E23); all else warns.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from fnfkit.lint.shapes.conditions import Verdict, may_be_equal
from fnfkit.lint.shapes.evaluate import Lookup, Presence, Roots, evaluate
from fnfkit.lint.shapes.promises import Promises
from fnfkit.lint.shapes.shape import ANY, NULL, Kind, Shape, closed, describe, shallow
from fnfkit.lint.tree import expressions_of, flow_expressions, named, paths_in, places_of
from fnfkit.lint.words import listed, nearest, spell
from fnfkit.model.expr import EMPTY, EVERYTHING, Compare, Comparison, Expr, Key, Object, Path, Root
from fnfkit.model.flow import Flow, Foreach, Task, Wait
from fnfkit.model.problem import Location, Problem, Severity

_MIXED = Kind.OBJECT | Kind.ARRAY
_HOLDERS = {
    Root.SCOPE_INPUT: "the input of this scope",
    Root.SCOPE_LOCAL: "the local at this step",
    Root.INPUT: "the input of this step",
    Root.RESULT: "the result",
    Root.CONTEXT: "the context",
}


class Reporter:
    """Collects findings while it is not muted, each once."""

    def __init__(self, flow: Flow, promises: Promises) -> None:
        self.flow = flow
        self.promises = promises
        self.findings: list[Problem] = []
        self.muted = 0
        self._seen: set[tuple[str, Location, str]] = set()

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every key the flow speaks of and every declared one: where suggestions come from."""
        expressions = [*flow_expressions(self.flow)]
        for place in places_of(self.flow):
            expressions += expressions_of(place.step, place.at)
        names = {
            part.name
            for expr, _ in expressions
            for path in paths_in(expr)
            for part in path.parts[:1]
            if isinstance(part, Key)
        }
        for shape in (self.promises.input, *self.promises.results.values()):
            names.update(shape.names())
        return frozenset(names | set(_targets(self.flow)))

    def add(self, id: str, at: Location, message: str, fix: str = "") -> None:
        """Report once, unless muted; the id says how severe it is."""
        if self.muted or (id, at, message) in self._seen:
            return
        self._seen.add((id, at, message))
        severity = Severity.ERROR if id.startswith("E") else Severity.WARNING
        self.findings.append(Problem(id, at, message, fix, severity))

    # Values

    def mapping(self, expr: Expr, roots: Roots, at: Location, certain: bool = True) -> Shape:
        """The shape of a mapping list, or of its default. `certain`: a failure here fails the step for good."""
        if expr is EMPTY or expr is EVERYTHING or not isinstance(expr, Object):
            return self.value(expr, roots, at, certain)
        return closed(
            {
                target: shallow(self.value(source, roots, (*at, index, "source"), certain))
                for index, (target, source) in enumerate(expr.fields)
            }
        )

    def value(self, expr: Expr, roots: Roots, at: Location, certain: bool = True) -> Shape:
        """The shape of one expression; reports paths that cannot or may not be there (fdl.md 3.6)."""
        missing: list[Lookup] = []
        shape = evaluate(expr, roots, missing)
        if missing and not self.muted:
            for look in missing:
                self.missing(look, at, certain)
        return shape

    def missing(self, look: Lookup, at: Location, certain: bool) -> None:
        """A path of a mapping that finds nothing, always or sometimes."""
        text, fix = spell(look.path, at), self.suggestion(look, at)
        if look.is_empty:
            self.add("W02", at, f"`{text}` never finds anything and gives an empty list: {_held(look, at)}", fix)
        elif look.presence is Presence.MAYBE:
            self.add(
                "W02", at, f"`{text}` is not set on every way to this step; where it is missing the step fails", fix
            )
        elif certain:
            what = "this step" if "steps" in at else "the flow"
            self.add("E21", at, f"`{text}` is never there, so {what} always fails: {_held(look, at)}", fix)
        else:
            self.add("W02", at, f"`{text}` is never there: {_held(look, at)}", fix)

    def suggestion(self, look: Lookup, at: Location) -> str:
        """The name that was probably meant, and where it comes from."""
        part = look.path.parts[look.at]
        if not isinstance(part, Key):
            return ""
        parts = look.path.parts
        if name := nearest(part.name, look.within.names()):
            meant = Path(look.path.root, (*parts[: look.at], Key(name), *parts[look.at + 1 :]))
            return f"did you mean `{spell(meant, at)}`?"
        if look.at == 0 and (name := nearest(part.name, self.vocabulary)):
            return f"did you mean `{name}`? Map it: `- target: {part.name}` with `source: $local.{name}`"
        return ""

    # Steps

    def wait(self, step: Wait, at: Location, roots: Roots) -> None:
        """The length or end of a wait (fdl.md 2.4)."""
        for expr, key, kind in ((step.seconds, "duration", Kind.NUMBER), (step.until, "timestamp", Kind.STRING)):
            if expr is not None:
                shape = self.value(expr, roots, (*at, key))
                if shape.kinds and not shape.kinds & kind:
                    needed = "a number of seconds" if kind is Kind.NUMBER else "an RFC 3339 text"
                    self.add("E22", (*at, key), f"`{key}` needs {needed}, and this is {describe(shape)}")

    def collection(self, step: Foreach, at: Location, roots: Roots) -> Shape:
        """The shape of the elements a foreach runs over (fdl.md 2.9)."""
        where = (*at, "iterationMapping", "collection")
        shape = self.value(step.collection, roots, where)
        if shape.row is None:
            if shape.kinds:
                self.add("E22", where, f"`collection` needs an array, and this is {describe(shape)}")
            return ANY
        return shape.row.element if shape.row.element.kinds else ANY

    def call(self, step: Task, at: Location, given: Shape, roots: Roots, certain: bool) -> None:
        """The serviceParams of a task, and its function's parameters where they are declared."""
        for expr, where in named(step.params, (*at, "serviceParams")):
            self.value(expr, roots, where, certain)
        expected = self.promises.expected(step)
        if expected is not None and expected.record is not None and not self.muted:
            for id, message, fix in _misfits(step, given, expected):
                self.add(id, (*at, "inputMappings"), message, fix)

    # Conditions

    def condition(self, expr: Expr, verdict: Verdict, at: Location, given: Shape, *, is_final: bool) -> None:
        """What a condition can come to, and the comparisons in it."""
        if self.muted:
            return
        for look in verdict.absent:
            text = spell(look.path, at)
            message = f"`{text}` is never there, so this comparison never holds: {_held(look, at)}"
            self.add("W02", at, message, self.suggestion(look, at))
        odd = [message for comparison in verdict.compared for message in _oddities(*comparison, at)]
        for message in odd:
            self.add("W10", at, message, "compare values of one type")
        if verdict.absent or odd or not any(paths_in(expr)) or not given.kinds:
            return
        if verdict.must_hold:
            after = "" if is_final else "; what comes after it is never tried"
            self.add(
                "W15", at, f"this condition is always true{after}", "drop the condition, or test something that varies"
            )
        elif not verdict.may_hold:
            self.add(
                "W15",
                at,
                "this condition is never true, so its option is never taken",
                "drop the option, or test something that varies",
            )


def _targets(flow: Flow) -> Iterator[str]:
    for place in places_of(flow):
        for expr in (place.step.takes, place.step.gives):
            if isinstance(expr, Object):
                yield from (name for name, _ in expr.fields)


def _held(look: Lookup, at: Location) -> str:
    if look.at == 0:
        holder = _HOLDERS[look.path.root]
    else:
        holder = f"`{spell(Path(look.path.root, look.path.parts[: look.at]), at)}`"
    if look.within.record is None or not isinstance(look.path.parts[look.at], Key):
        return f"{holder} is {describe(look.within)}"
    names = look.within.names()
    return f"{holder} has only {listed(names)}" if names else f"{holder} is empty"


def _oddities(comparison: Comparison, left: Shape, right: Shape, at: Location) -> Iterator[str]:
    """Comparisons that coercion makes surprising, where the types are known (fdl.md 5.3)."""
    if not (left.is_known and right.is_known and left.kinds and right.kinds) or left.kinds & right.kinds:
        return
    sides = f"{_side(comparison.left, left, at)} and {_side(comparison.right, right, at)}"
    if comparison.op in (Compare.EQ, Compare.NE):
        if NULL in (left, right):
            return
        if not may_be_equal(left, right):
            yield f"{sides} are never equal"
        else:
            yield f"{sides} are of different types; `{comparison.op.value}` converts them before it compares"
    elif (left.kinds | right.kinds) & (_MIXED | Kind.BOOL):
        yield f"{sides} have no order; `{comparison.op.value}` compares their text"
    else:
        yield f"{sides} are of different types; `{comparison.op.value}` compares text unless both are numbers"


def _side(expr: Expr, shape: Shape, at: Location) -> str:
    return f"`{spell(expr, at)}` ({describe(shape)})" if isinstance(expr, Path) else describe(shape)


def _misfits(step: Task, given: Shape, expected: Shape) -> Iterator[tuple[str, str, str]]:
    """Where the event does not fit the function's declared parameters."""
    wanted, got = expected.record, given.record
    if wanted is None or got is None:
        return
    unexpected = (
        [] if wanted.open or step.takes == EVERYTHING else [name for name in got.fields if name not in wanted.fields]
    )
    for name in wanted.fields:
        if name not in wanted.maybe and name not in got.fields and not got.open:
            instead = nearest(name, unexpected) or (unexpected[0] if len(unexpected) == 1 else None)
            told = f"; it is given {listed(unexpected)}, which it does not know" if unexpected else ""
            fix = f"map the target `{name}`" + (f" instead of `{instead}`" if instead else "")
            yield (
                "W16" if step.catch else "E23",
                f"`{step.target}` needs `{name}`, which this step does not give it{told}",
                fix,
            )
        elif name in got.fields and not wanted.fields[name].kinds & got.fields[name].kinds:
            has, needs = describe(got.fields[name]), describe(wanted.fields[name])
            yield "W16", f"`{step.target}` takes {needs} as `{name}`, and this step gives it {has}", ""
    for name in unexpected:
        meant = nearest(name, [known for known in wanted.fields if known not in got.fields])
        yield (
            "W16",
            f"`{step.target}` has no parameter `{name}`",
            f"did you mean `{meant}`?" if meant else f"it takes {listed(wanted.fields)}",
        )
