"""A flow as Python that builds it with `@app.steps`; running the text and compiling gives an equal flow.

Bodies of branches, iterations and options become functions in front of the one that uses them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from fnfkit.lang.dialect import Unsupported, Writing
from fnfkit.lang.python.express import GIVES, OWN, TAKES, Source, constant, is_plain, text
from fnfkit.lang.unparse import Inexpressible
from fnfkit.model.expr import EMPTY, EVERYTHING, RESULT, SCOPE_INPUT, Expr, Object
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
)
from fnfkit.model.names import ActionRef, Target, Unresolved
from fnfkit.model.problem import Location

_WIDTH = 120
_OF_TASKS = {"params", "pattern", "timeout", "retry", "catch", "on_error", "takes", "gives", "end", "self"}
"""What an argument by name would be taken for."""
_METHODS = {
    Task: ("task", {"target", "pattern", "params", "timeout", "retry", "catch", "on_error"}),
    Pass: ("pass_", set[str]()),
    Wait: ("wait", {"seconds", "until"}),
    Choice: ("choose", {"options", "default"}),
    Parallel: ("parallel", {"branches"}),
    Foreach: ("foreach", {"collection", "item", "index", "steps"}),
    Succeed: ("succeed", set[str]()),
    Fail: ("fail", {"error", "cause"}),
}
_COMMON = {"name", "takes", "gives", "end"}


def write(flow: Flow, name: str = "flow") -> Writing:
    """The Python of a flow, and what the builder cannot express. The app of the text is `app`, the flow is `name`."""
    writer = _Writer()
    head = writer.flow(flow)
    body = [*head, *writer.sequence(flow.steps, ("steps",))] or ["pass"]
    function = writer.function_name(name)
    lines = [
        "@app.steps" if function == name else f"@app.steps(name={text(name)})",
        f"def {function}(f: Steps) -> None:",
    ]
    lines += [f"    {line}" for entry in body for line in entry.split("\n")]
    needs = sorted({"App", "Steps", *writer.source.needs} - writer.private)
    parts = ['"""A flow, step by step."""\n', f"from fnfkit import {', '.join(needs)}"]
    parts += [
        f"from fnfkit.dsl.refs import {', '.join(sorted(found))}" for found in [writer.source.needs & _REFS] if found
    ]
    parts += [f"from fnfkit.model.names import {name}" for name in sorted(writer.private - _REFS)]
    parts += ['\napp = App("imported")', *(f"\n\n{function_text}" for function_text in writer.functions), "\n", *lines]
    return Writing("\n".join(parts) + "\n", tuple(writer.missing))


_REFS = {"literal", "context_path"}


class _Writer:
    """Writes steps; the functions of inner bodies are collected on the way."""

    def __init__(self) -> None:
        self.source = Source()
        self.functions: list[str] = []
        self.missing: list[Unsupported] = []
        self.private = set(_REFS)
        """Names that do not come from fnfkit itself."""
        self._taken = {"app", "f", "input", "local", "this", "context", "when", "otherwise", "retry", "catch"}

    # -- flows and sequences

    def flow(self, flow: Flow) -> list[str]:
        """The line about the flow as a whole, if it says anything."""
        self._others(flow, {"steps", "takes", "gives", "timeout"}, ())
        arguments: list[str] = []
        if flow.takes != SCOPE_INPUT:
            arguments += self._mapping("takes", flow.takes, ("inputMappings",), takes=True)
        if flow.gives != RESULT:
            arguments += self._mapping("gives", flow.gives, ("outputMappings",), takes=False)
        if flow.timeout is not None:
            arguments.append(f"timeout={flow.timeout}")
        return [_call("f.flow", arguments)] if arguments else []

    def sequence(self, steps: tuple[Step, ...], at: Location) -> list[str]:
        """One call per step."""
        return [self.step(step, (*at, position)) for position, step in enumerate(steps)]

    def body(self, hint: str, steps: tuple[Step, ...], at: Location) -> str:
        """The name of a function with these steps."""
        lines = self.sequence(steps, at) or ["pass"]
        name = self.function_name(hint)
        lines_text = "\n".join(f"    {line}" for entry in lines for line in entry.split("\n"))
        self.functions.append(f"def {name}(f: Steps) -> None:\n{lines_text}")
        return name

    def function_name(self, hint: str) -> str:
        """A name for a function that nothing else in the text has."""
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", hint)
        plain = hint if is_plain(hint) and hint.islower() else "_".join(words).lower()
        name = plain if is_plain(plain) else "body"
        number = 2
        while name in self._taken:
            name = f"{plain if is_plain(plain) else 'body'}_{number}"
            number += 1
        self._taken.add(name)
        return name

    # -- steps

    def step(self, step: Step, at: Location) -> str:
        """The call that makes a step."""
        kind = type(step)
        if kind not in _METHODS:
            self._unsupported(at, f"a {kind.__name__} step")
            return "pass"
        method, own = _METHODS[kind]
        self._others(step, own | _COMMON, at)
        arguments = [constant(step.name), *self._own(step, at), *self._mappings(step, at)]
        if getattr(step, "end", False):
            arguments.append("end=True")
        return _call(f"f.{method}", arguments)

    def _own(self, step: Step, at: Location) -> Iterator[str]:
        match step:
            case Task():
                yield from self._task(step, at)
            case Wait(seconds=seconds, until=until):
                if seconds is not None:
                    yield f"seconds={self._try(at, self.source.source, seconds, OWN)}"
                if until is not None:
                    yield f"until={self._try(at, self.source.source, until, OWN)}"
            case Choice():
                yield from self._ways(step, at)
            case Parallel(branches=branches):
                for number, branch in enumerate(branches):
                    yield self.body(f"{step.name} {number + 1}", branch, (*at, "branches", number, "steps"))
            case Foreach():
                yield self.body(f"each {step.item}", step.steps, (*at, "steps"))
                yield f"collection={self._try(at, self.source.source, step.collection, OWN)}"
                yield f"item={text(step.item)}"
                if step.index is not None:
                    yield f"index={text(step.index)}"
            case Fail(error=error, cause=cause):
                yield from [text(error), text(cause)] if cause else [text(error)] if error else []
            case _:
                return

    def _task(self, task: Task, at: Location) -> Iterator[str]:
        yield self._target(task.target)
        if task.pattern is not Pattern.REQUEST_RESPONSE:
            yield f"pattern={text(task.pattern.value)}"
        if task.params is not None:
            yield f"params={self._try((*at, 'serviceParams'), self.source.parameters, task.params)}"
        if task.timeout is not None:
            yield f"timeout={task.timeout}"
        if task.retry:
            yield f"retry=[{', '.join(map(self._retry, task.retry))}]"
        if task.catch:
            yield f"catch=[{', '.join(self._catch(catch, at) for catch in task.catch)}]"
        if task.on_error is not None:
            yield from self._mapping("on_error", task.on_error, (*at, "errorMappings"), takes=False)

    def _target(self, target: Target) -> str:
        if isinstance(target, ActionRef) and target.service.isidentifier():
            return text(str(target))
        if isinstance(target, ActionRef | Unresolved):
            self.source.name(type(target).__name__)
            self.private.add(type(target).__name__)
            return repr(target)
        return text(str(target))

    def _retry(self, retry: Retry) -> str:
        default = Retry(())
        named = {
            "times": (retry.attempts, default.attempts),
            "every": (retry.interval, default.interval),
            "factor": (retry.multiplier, default.multiplier),
            "longest": (retry.max_interval, default.max_interval),
        }
        arguments = [text(error) for error in retry.errors]
        arguments += [f"{name}={value!r}" for name, (value, usual) in named.items() if value != usual]
        return f"{self.source.name('retry')}({', '.join(arguments)})"

    def _catch(self, catch: Catch, at: Location) -> str:
        self._others(catch, {"errors", "goto"}, (*at, "catch"))
        errors = "".join(f"{text(error)}, " for error in catch.errors)
        return f"{self.source.name('catch')}({errors}go={text(catch.goto)})"

    def _ways(self, choice: Choice, at: Location) -> Iterator[str]:
        for number, option in enumerate(choice.options):
            place = (*at, "choices", number)
            condition = self._try(place, self.source.condition, option.condition)
            yield f"{self.source.name('when')}({condition}){self._way(choice, option.arm, place)}"
        if choice.default is not None:
            yield f"{self.source.name('otherwise')}{self._way(choice, choice.default, (*at, 'default'))}"

    def _way(self, choice: Choice, arm: Arm, at: Location) -> str:
        steps = f".do({self.body(f'in {choice.name}', arm.steps, (*at, 'steps'))})" if arm.steps else ""
        return steps + (f".go({text(arm.goto)})" if arm.goto is not None else "")

    # -- mappings

    def _mappings(self, step: Step, at: Location) -> Iterator[str]:
        if step.takes != EVERYTHING:
            if isinstance(step, Task) and (named := self._by_name(step.takes, at)) is not None:
                yield from named
            else:
                yield from self._mapping("takes", step.takes, (*at, "inputMappings"), takes=True)
        if step.gives != (EMPTY if isinstance(step, Parallel | Foreach) else RESULT):
            yield from self._mapping("gives", step.gives, (*at, "outputMappings"), takes=False)

    def _by_name(self, takes: Expr, at: Location) -> list[str] | None:
        """The inputMappings of a task as arguments by name, where their targets allow that."""
        if not isinstance(takes, Object) or not takes.fields:
            return None
        targets = [target for target, _ in takes.fields]
        if len(set(targets)) < len(targets) or not all(map(is_plain, targets)) or _OF_TASKS & set(targets):
            return None
        return [
            f"{target}={self._try((*at, 'inputMappings'), self.source.source, source, TAKES)}"
            for target, source in takes.fields
        ]

    def _mapping(self, name: str, expr: Expr, at: Location, *, takes: bool) -> Iterator[str]:
        yield f"{name}={self._try(at, self.source.mapping, expr, TAKES if takes else GIVES)}"

    # -- what cannot be said

    def _try(self, at: Location, express: object, *arguments: object) -> str:
        assert callable(express)
        try:
            return str(express(*arguments))
        except Inexpressible as error:
            self._unsupported(at, str(error))
            return "None"

    def _others(self, owner: object, known: set[str], at: Location) -> None:
        """Whatever else the model can hold, and the builder has no word for, must have its default."""
        assert dataclasses.is_dataclass(owner)
        for field in dataclasses.fields(owner):
            if field.name not in known and getattr(owner, field.name) != _default(field):
                self._unsupported((*at, field.name), f"`{field.name}` of a {type(owner).__name__.lower()}")

    def _unsupported(self, at: Location, feature: str) -> None:
        self.missing.append(Unsupported(feature, at))


def _default(field: dataclasses.Field[object]) -> object:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def _call(function: str, arguments: list[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) + 4 <= _WIDTH and "\n" not in line:
        return line
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"
