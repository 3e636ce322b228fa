"""A flow as canonical FDL: defaults left out, properties in the order of fdl.md 2.1."""

from __future__ import annotations

from typing import assert_never

from fnfkit.lang.canonical import dump, representable
from fnfkit.lang.dialect import Unsupported, Writing
from fnfkit.lang.fdl.express import FLOW_TAKES, GIVES, TAKES, Expressions
from fnfkit.lang.grammar import Grammar
from fnfkit.lang.marked import DEEPEST, Tagged
from fnfkit.model.expr import EMPTY, EVERYTHING, RESULT, SCOPE_INPUT, Expr
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
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import ActionRef, Target, Unresolved
from fnfkit.model.problem import Location

_ENDS, _CONTAINERS = (Succeed, Fail), (Parallel, Foreach)


def write(flow: Flow) -> Writing:
    """The canonical FDL of a flow, and what FDL cannot express. Reading the text gives an equal flow if nothing is
    unsupported."""
    writer = _Writer()
    document: JsonObject = {"version": "v1", "type": "flow"}
    if not flow.accumulates:
        writer.unsupported((), "a flow whose steps replace the local instead of adding to it")
    if flow.timeout is not None:
        document["timeoutSeconds"] = flow.timeout
    if flow.takes != SCOPE_INPUT:
        writer.mappings(document, "inputMappings", flow.takes, (), FLOW_TAKES)
    document["steps"] = writer.sequence(flow.steps, ("steps",))
    if flow.gives != RESULT:
        writer.mappings(document, "outputMappings", flow.gives, (), GIVES)
    return Writing(dump(document), tuple(writer.missing))


class _Writer:
    """Turns steps into the data that is dumped, and collects what has no form in FDL."""

    def __init__(self) -> None:
        self.missing: list[Unsupported] = []
        self.express = Expressions(self.unsupported)

    def unsupported(self, at: Location, feature: str) -> None:
        self.missing.append(Unsupported(feature, at))

    def sequence(self, steps: tuple[Step, ...], at: Location) -> list[Json]:
        if len(at) >= DEEPEST - 8:  # room for the mappings of the innermost step
            self.unsupported(at, "steps nested this deep")
            return []
        return [self.step(step, (*at, position)) for position, step in enumerate(steps)]

    def step(self, step: Step, at: Location) -> JsonObject:
        out: JsonObject = {"type": type(step).__name__.lower(), "name": self.text(step.name, (*at, "name"))}
        if not isinstance(step, _ENDS) and step.end:
            out["end"] = True
        if step.takes != EVERYTHING:
            self.mappings(out, "inputMappings", step.takes, at, TAKES)
        if step.gives != (EMPTY if isinstance(step, _CONTAINERS) else RESULT):  # fdl.md 3.3
            self.mappings(out, "outputMappings", step.gives, at, GIVES)
        self.body(step, out, at)
        return out

    def body(self, step: Step, out: JsonObject, at: Location) -> None:
        match step:
            case Task():
                self.task(step, out, at)
            case Wait():
                self.wait(step, out, at)
            case Choice():
                self.choice(step, out, at)
            case Parallel(branches=branches):
                out["branches"] = [
                    {"steps": self.sequence(branch, (*at, "branches", position, "steps"))}
                    for position, branch in enumerate(branches)
                ]
            case Foreach():
                self.foreach(step, out, at)
            case Fail(error=error, cause=cause):
                out |= {"error": self.text(error, (*at, "error"))} if error else {}
                out |= {"cause": self.text(cause, (*at, "cause"))} if cause else {}
            case Pass() | Succeed():
                pass
            case _:
                assert_never(step)

    def text(self, text: str, at: Location) -> str:
        if representable(text):
            return text
        self.unsupported(at, "text with control characters or halves of surrogate pairs")
        return ""

    def mappings(self, out: JsonObject, key: str, expr: Expr, at: Location, grammar: Grammar) -> None:
        items = self.express.mappings(expr, (*at, key), grammar)
        if items is not None:
            out[key] = items

    # -- the kinds of step

    def task(self, task: Task, out: JsonObject, at: Location) -> None:
        out["action" if isinstance(task.target, ActionRef) else "resourceArn"] = self.target(task.target, at)
        if task.pattern is not Pattern.REQUEST_RESPONSE:
            out["pattern"] = task.pattern.value
        if task.params is not None:
            params = self.express.parameters(task.params, (*at, "serviceParams"))
            out |= {} if params is None else {"serviceParams": params}
        if task.timeout is not None:
            out["timeoutSeconds"] = task.timeout
        if task.on_error is not None:
            self.mappings(out, "errorMappings", task.on_error, at, GIVES)
        if task.retry:
            out["retry"] = [self.retry(policy, (*at, "retry", n)) for n, policy in enumerate(task.retry)]
        if task.catch:
            out["catch"] = [self.catch(entry, (*at, "catch", n)) for n, entry in enumerate(task.catch)]

    def retry(self, policy: Retry, at: Location) -> JsonObject:
        out: JsonObject = {"errors": self.errors(policy.errors, at)}
        default = Retry(())
        if policy.interval != default.interval:
            out["intervalSeconds"] = policy.interval
        if policy.max_interval != default.max_interval:
            out["maxIntervalSeconds"] = policy.max_interval
        if policy.attempts != default.attempts:
            out["maxAttempts"] = policy.attempts
        if policy.multiplier != default.multiplier:
            out["multiplier"] = self.express.plain(policy.multiplier, (*at, "multiplier"))
        return out

    def catch(self, entry: Catch, at: Location) -> JsonObject:
        return {"errors": self.errors(entry.errors, at), "goto": self.text(entry.goto, (*at, "goto"))}

    def errors(self, names: tuple[str, ...], at: Location) -> list[Json]:
        return [self.text(name, (*at, "errors", position)) for position, name in enumerate(names)]

    def target(self, target: Target, at: Location) -> Json:
        if isinstance(target, Unresolved) and target.tag:
            return Tagged(target.tag, self.text(target.text, (*at, "resourceArn")))
        return self.text(str(target), (*at, "resourceArn"))

    def wait(self, wait: Wait, out: JsonObject, at: Location) -> None:
        for key, expr in (("duration", wait.seconds), ("timestamp", wait.until)):
            if expr is not None:
                out[key] = self.express.time(expr, (*at, key))

    def choice(self, choice: Choice, out: JsonObject, at: Location) -> None:
        options: list[JsonObject] = []
        for position, when in enumerate(choice.options):
            place = (*at, "choices", position)
            condition = self.express.condition(when.condition, (*place, "condition"))
            options.append({"condition": condition, **self.arm(when.arm, place)})
        out["choices"] = options
        if choice.default is not None:
            out["default"] = self.arm(choice.default, (*at, "default"))

    def arm(self, arm: Arm, at: Location) -> JsonObject:
        out: JsonObject = {}
        if arm.steps:
            out["steps"] = self.sequence(arm.steps, (*at, "steps"))
        if arm.goto is not None:
            out["goto"] = self.text(arm.goto, (*at, "goto"))
        return out

    def foreach(self, foreach: Foreach, out: JsonObject, at: Location) -> None:
        place = (*at, "iterationMapping")
        iteration = {
            "collection": self.express.own_path(foreach.collection, (*place, "collection")),
            "item": self.text(foreach.item, (*place, "item")),
        }
        if foreach.index is not None:
            iteration["index"] = self.text(foreach.index, (*place, "index"))
        out["iterationMapping"] = iteration
        out["steps"] = self.sequence(foreach.steps, (*at, "steps"))
