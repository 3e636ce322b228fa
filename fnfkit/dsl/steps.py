"""The explicit builder: one method per step kind, able to say everything FDL can (fdl.md 2)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fnfkit.dsl.callee import Callee
from fnfkit.dsl.errors import CompileError, raised_in
from fnfkit.dsl.failures import patterns
from fnfkit.dsl.refs import Condition, Ref, expr_of, source_of
from fnfkit.model.expr import EMPTY, EVERYTHING, RESULT, SCOPE_INPUT, Const, Expr, Key, List, Object, Root
from fnfkit.model.flow import (
    Arm,
    Catch,
    Choice,
    Fail,
    Flow,
    Foreach,
    Parallel,
    Pass,
    Pattern,
    Retry,
    Step,
    Succeed,
    Task,
    Wait,
    When,
)
from fnfkit.model.json import Json
from fnfkit.model.names import ActionRef, Target, Unresolved, parse_arn
from fnfkit.model.problem import Location, Mark

Mapped = Mapping[str, Json] | Iterable[tuple[str, Json]]
"""A list of mappings: target -> path or constant; pairs where a target stands twice."""
Marks = dict[Location, Mark]

_TAKES = {"input": Root.SCOPE_INPUT, "local": Root.SCOPE_LOCAL, "context": Root.CONTEXT}
_GIVES = {"input": Root.INPUT, "local": Root.RESULT, "context": Root.CONTEXT}
_FLOW_TAKES = {"input": Root.SCOPE_INPUT, "context": Root.CONTEXT}


@dataclass(frozen=True, slots=True)
class Way:
    """One option of a choice: what to run, and where to go then."""

    condition: Condition | Ref | None = None
    steps: tuple[Step, ...] = ()
    marks: tuple[tuple[Location, Mark], ...] = ()
    goto: str | None = None

    def go(self, step: str) -> Way:
        """Go to a sibling of the choice."""
        return Way(self.condition, self.steps, self.marks, step)

    def do(self, body: Callable[[Steps], None]) -> Way:
        """Run these steps first."""
        inner = _built(body)
        return Way(self.condition, tuple(inner.made), tuple(inner.marks.items()), self.goto)


def when(condition: Condition | Ref | bool) -> Way:
    """An option that is taken if the condition holds; `local.x`, `input.x` and `this.x` all read the step's input."""
    return Way(condition if isinstance(condition, Condition | Ref) else Condition(expr_of(condition)))


otherwise = Way()
"""The option that is taken if no other is."""


def retry(
    *errors: type[BaseException] | str, times: int = 3, every: int = 1, factor: float = 2, longest: int = 86400
) -> Retry:
    """A retry policy (fdl.md 4.6)."""
    return Retry(tuple(name for error in errors for name in patterns(error)), every, longest, times, factor)


def catch(*errors: type[BaseException] | str, go: str) -> Catch:
    """Where to go after these errors (fdl.md 4.7)."""
    return Catch(tuple(name for error in errors for name in patterns(error)), go)


class Steps:
    """Writes the steps of one sequence. `takes` are inputMappings, `gives` outputMappings; None is FDL's default."""

    def __init__(self) -> None:
        self.made: list[Step] = []
        self.marks: Marks = {}
        self.flow_takes: Expr = SCOPE_INPUT
        self.flow_gives: Expr = RESULT
        self.flow_timeout: int | None = None

    def flow(self, *, takes: Mapped | None = None, gives: Mapped | None = None, timeout: int | None = None) -> None:
        """The mappings and the timeout of the flow as a whole (fdl.md 1.1)."""
        self.flow_takes = SCOPE_INPUT if takes is None else _object(takes, _FLOW_TAKES)
        self.flow_gives = RESULT if gives is None else _object(gives, _GIVES)
        self.flow_timeout = timeout

    def task(
        self,
        name: str,
        target: Callee | Target | str,
        /,
        *,
        pattern: Pattern | str = Pattern.REQUEST_RESPONSE,
        params: Mapping[str, Json] | None = None,
        timeout: int | None = None,
        retry: Iterable[Retry] | None = None,
        catch: Iterable[Catch] = (),
        on_error: Mapped | None = None,
        takes: Mapped | None = None,
        gives: Mapped | None = None,
        end: bool = False,
        **arguments: Json,
    ) -> None:
        """Call something: a handle, an ARN, `service:Api`, or deployment's own text such as `!Ref Service/Function`.

        Arguments by name are `takes` in short. Settings of the handle (`.retry(...)`, `.timeout(...)`) count unless
        they are given here.
        """
        policies = target.policies if isinstance(target, Callee) else ()
        limit = target.limit if isinstance(target, Callee) and timeout is None else timeout
        if takes is not None and arguments:
            raise TypeError(f"step {name}: give the inputMappings as takes= or by name, not both")
        self._add(
            Task(
                name=name,
                target=_target(name, target),
                pattern=Pattern(pattern),
                params=None if params is None else Object(tuple((key, _params(item)) for key, item in params.items())),
                timeout=limit,
                retry=tuple(policies if retry is None else retry),
                catch=tuple(catch),
                on_error=None if on_error is None else _object(on_error, _GIVES),
                takes=_takes(arguments or takes),
                gives=_gives(gives),
                end=end,
            )
        )

    def put(self, name: str, /, **values: Json) -> None:
        """A pass step that sets keys of local; paths are as in inputMappings."""
        constants = {key: value for key, value in values.items() if not isinstance(value, Ref)}
        paths = {key: value for key, value in values.items() if isinstance(value, Ref)}
        gives = {key: Ref("input", (Key(key),)) if key in paths else constants[key] for key in values}
        self._add(Pass(name=name, takes=_takes(paths or None), gives=_gives(gives)))

    def pass_(
        self, name: str, /, *, takes: Mapped | None = None, gives: Mapped | None = None, end: bool = False
    ) -> None:
        """A pass step (fdl.md 2.3)."""
        self._add(Pass(name=name, takes=_takes(takes), gives=_gives(gives), end=end))

    def wait(
        self,
        name: str,
        /,
        *,
        seconds: int | Ref | None = None,
        until: str | Ref | None = None,
        takes: Mapped | None = None,
        gives: Mapped | None = None,
        end: bool = False,
    ) -> None:
        """A wait step (fdl.md 2.4)."""
        if (seconds is None) == (until is None):
            raise TypeError(f"step {name}: wait takes either seconds= or until=")
        self._add(
            Wait(
                name=name,
                seconds=None if seconds is None else expr_of(seconds),
                until=None if until is None else expr_of(until),
                takes=_takes(takes),
                gives=_gives(gives),
                end=end,
            )
        )

    def choose(
        self, name: str, /, *ways: Way, takes: Mapped | None = None, gives: Mapped | None = None, end: bool = False
    ) -> None:
        """A choice step (fdl.md 2.7)."""
        place = len(self.made)
        options: list[When] = []
        default: Arm | None = None
        for way in ways:
            arm = Arm(steps=way.steps, goto=way.goto)
            if way.condition is None:
                if default is not None:
                    raise TypeError(f"step {name}: there is one otherwise at most")
                default, inner = arm, ("default",)
            else:
                inner = ("choices", len(options))  # type: ignore[assignment]
                options.append(When(condition=expr_of(way.condition), arm=arm))
            for location, mark in way.marks:
                self.marks[("steps", place, *inner, *location)] = mark
        self._add(
            Choice(
                name=name, options=tuple(options), default=default, takes=_takes(takes), gives=_gives(gives), end=end
            )
        )

    def parallel(
        self,
        name: str,
        /,
        *branches: Callable[[Steps], None],
        takes: Mapped | None = None,
        gives: Mapped | None = None,
        end: bool = False,
    ) -> None:
        """A parallel step (fdl.md 2.8)."""
        built = [_built(branch) for branch in branches]
        for number, branch in enumerate(built):
            self._inner(branch, "branches", number)
        self._add(
            Parallel(
                name=name,
                branches=tuple(tuple(branch.made) for branch in built),
                takes=_takes(takes),
                gives=_gives(gives, EMPTY),
                end=end,
            )
        )

    def foreach(
        self,
        name: str,
        body: Callable[[Steps], None],
        /,
        *,
        collection: Ref,
        item: str,
        index: str | None = None,
        takes: Mapped | None = None,
        gives: Mapped | None = None,
        end: bool = False,
    ) -> None:
        """A foreach step (fdl.md 2.9)."""
        inner = _built(body)
        self._inner(inner)
        self._add(
            Foreach(
                name=name,
                collection=expr_of(collection),
                item=item,
                index=index,
                steps=tuple(inner.made),
                takes=_takes(takes),
                gives=_gives(gives, EMPTY),
                end=end,
            )
        )

    def succeed(self, name: str, /, *, takes: Mapped | None = None, gives: Mapped | None = None) -> None:
        """A succeed step (fdl.md 2.5)."""
        self._add(Succeed(name=name, takes=_takes(takes), gives=_gives(gives)))

    def fail(
        self,
        name: str,
        error: str = "",
        cause: str = "",
        /,
        *,
        takes: Mapped | None = None,
        gives: Mapped | None = None,
    ) -> None:
        """A fail step (fdl.md 2.6)."""
        self._add(Fail(name=name, error=error, cause=cause, takes=_takes(takes), gives=_gives(gives)))

    def _add(self, step: Step) -> None:
        caller = sys._getframe(2)
        self.marks["steps", len(self.made)] = Mark(caller.f_lineno, 1)
        self.made.append(step)

    def _inner(self, inner: Steps, *keys: str | int) -> None:
        for location, mark in inner.marks.items():
            self.marks[("steps", len(self.made), *keys, *location)] = mark


def compile_steps(body: Callable[[Steps], None]) -> tuple[Flow, Marks]:
    """The flow that a function builds, and the line of every step."""
    steps = _built(body)
    flow = Flow(steps=tuple(steps.made), takes=steps.flow_takes, gives=steps.flow_gives, timeout=steps.flow_timeout)
    return flow, steps.marks


def _built(body: Callable[[Steps], None]) -> Steps:
    """What a body builds. Whatever it raises is its author's to mend, so it is told at the body's own line.

    Raises CompileError."""
    steps = Steps()
    try:
        body(steps)
    except CompileError:
        raise
    except Exception as error:
        raise CompileError((raised_in(body.__code__, error),)) from error
    return steps


def _object(mapped: Mapped, roots: dict[str, Root]) -> Expr:
    items = mapped.items() if isinstance(mapped, Mapping) else mapped
    return Object(tuple((target, source_of(source, roots)) for target, source in items))


def _takes(mapped: Mapped | None) -> Expr:
    return EVERYTHING if mapped is None else _object(mapped, _TAKES)


def _gives(mapped: Mapped | None, default: Expr = RESULT) -> Expr:
    return default if mapped is None else _object(mapped, _GIVES)


def _params(value: Json) -> Expr:
    """serviceParams: paths may stand inside nested values (fdl.md 4.5)."""
    if isinstance(value, Mapping):
        members = {key: _params(item) for key, item in value.items()}
        constants = {key: member.value for key, member in members.items() if isinstance(member, Const)}
        return Const(constants) if len(constants) == len(members) else Object(tuple(members.items()))
    if isinstance(value, list | tuple):
        items = [_params(item) for item in value]
        found = [item.value for item in items if isinstance(item, Const)]
        return Const(found) if len(found) == len(items) else List(tuple(items))
    return expr_of(value)


def _target(name: str, target: Callee | Target | str) -> Target:
    if isinstance(target, Callee):
        return target.target
    return _named(name, target) if isinstance(target, str) else target


def _named(name: str, text: str) -> Target:
    if text.startswith("!"):
        tag, _, rest = text.partition(" ")
        return Unresolved(tag, rest)
    if text.startswith("acs:"):
        if (arn := parse_arn(text)) is None:
            raise TypeError(f"step {name}: {text!r} is no ARN of a function, queue, topic or flow")
        return arn
    service, colon, api = text.partition(":")
    return ActionRef(service, api) if colon and service.isidentifier() else Unresolved("", text)
