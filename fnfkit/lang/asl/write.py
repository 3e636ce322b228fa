"""A flow as Amazon States Language, JSONPath, in canonical JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import assert_never

from fnfkit.lang.asl.places import placed_value
from fnfkit.lang.asl.resources import resource_text, suffix_of
from fnfkit.lang.asl.rules import rule
from fnfkit.lang.asl.schema import ERRORS
from fnfkit.lang.asl.split import split
from fnfkit.lang.asl.states import ERROR
from fnfkit.lang.asl.values import Values
from fnfkit.lang.dialect import Unsupported, Writing
from fnfkit.lang.trees import with_paths
from fnfkit.model.expr import INPUT, RESULT, SCOPE_INPUT, SCOPE_LOCAL, Const, Key, Object, Path, Root
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
from fnfkit.model.names import FunctionRef
from fnfkit.model.problem import Location

_ERRORS = {model: reserved for reserved, model in ERRORS.items()}
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029", 0xFEFF: "\\ufeff"}
"""What YAML takes for the end of a line, or for a mark; JSON may hold it as it is."""
_ITEM = Path(Root.CONTEXT, (Key("item"), Key("value")))


def write(flow: Flow) -> Writing:
    """The canonical state machine of a flow, and what the language cannot express. Flows that accumulate are to be
    translated before (`fnfkit.lang.translate`)."""
    writer = _Writer()
    if flow.accumulates:
        writer.unsupported((), "a flow whose steps add to a local: translate it first")
    if flow.takes != SCOPE_INPUT or flow.gives != RESULT:
        writer.unsupported((), "mappings of the flow's own input and output")
    document = writer.scope(flow.steps, ())
    if flow.timeout is not None:
        document["TimeoutSeconds"] = flow.timeout
    text = json.dumps(document, indent=2, ensure_ascii=False).translate(_LINE_ENDS)
    return Writing(text + "\n", tuple(writer.missing))


class _Writer:
    """Turns steps into states, and collects what has no form in the language."""

    def __init__(self) -> None:
        self.missing: list[Unsupported] = []
        self.values = Values(self.unsupported)

    def unsupported(self, at: Location, feature: str) -> None:
        self.missing.append(Unsupported(feature, at))

    def scope(self, steps: tuple[Step, ...], at: Location) -> JsonObject:
        states = split(steps)
        if not states:
            self.unsupported(at, "a scope without states")
            return {"StartAt": "", "States": {}}
        if len({step.name for step in states}) < len(states):
            self.unsupported(at, "states without names of their own")
        following = [*(step.name for step in states[1:]), None]
        written = {
            step.name: self.state(step, after, (*at, "States", step.name))
            for step, after in zip(states, following, strict=True)
        }
        return {"StartAt": states[0].name, "States": written}

    def state(self, step: Step, after: str | None, at: Location) -> JsonObject:
        out: JsonObject = {"Type": "Map" if isinstance(step, Foreach) else type(step).__name__}
        if not isinstance(step, Fail) and step.globals is not None:
            self.unsupported(at, "globals")
        self.body(step, after, out, at)
        if isinstance(step, Task | Parallel | Foreach):
            self.guards(step, out, at)
        if not isinstance(step, Succeed | Fail | Choice):
            goes_on = step.next if step.next is not None else after
            out |= {"End": True} if step.end or goes_on is None else {"Next": goes_on}
        return out

    def body(self, step: Step, after: str | None, out: JsonObject, at: Location) -> None:
        match step:
            case Pass():
                self.passing(step, out, at)
            case Task():
                self.task(step, out, at)
            case Wait():
                self.wait(step, out, at)
            case Choice():
                self.choice(step, after, out, at)
            case Parallel(branches=branches):
                self.values.template(out, "Parameters", step.takes, at)
                out["Branches"] = [self.scope(branch, (*at, "Branches", n)) for n, branch in enumerate(branches)]
                self.values.result(out, step.gives, at)
            case Foreach():
                self.each(step, out, at)
            case Succeed():
                self.values.path(out, "InputPath", step.takes, SCOPE_LOCAL, at)
                self.values.path(out, "OutputPath", step.gives, INPUT, at)
            case Fail():
                out |= {"Error": _ERRORS.get(step.error, step.error)} if step.error else {}
                out |= {"Cause": step.cause} if step.cause else {}
            case _:
                assert_never(step)

    # -- the kinds of state

    def passing(self, step: Pass, out: JsonObject, at: Location) -> None:
        self.values.template(out, "Parameters", step.takes, at)
        match step.gives:
            case Path(Root.SCOPE_LOCAL, ()):
                out["ResultPath"] = None
            case Const(value):
                out["Result"] = value
            case gives if (found := placed_value(gives)) is not None:
                names, value = found
                if isinstance(value, Const):
                    out["Result"] = value.value
                out["ResultPath"] = self.values.result_path(names, at)
            case gives:
                self.values.path(out, "OutputPath", gives, INPUT, at)

    def task(self, task: Task, out: JsonObject, at: Location) -> None:
        found = resource_text(task.target)
        if found is None:
            self.unsupported(at, f"a call of {task.target}")
            return
        service, name = found
        params = self.parameters(task, at)
        if isinstance(task.target, FunctionRef) and task.pattern is Pattern.REQUEST_RESPONSE:
            out["Resource"] = name
            self.values.template(out, "Parameters", task.takes, at)
        else:
            out["Resource"] = f"arn:aws:states:::{service.name}{suffix_of(task.pattern)}"
            if isinstance(task.target, FunctionRef):
                if task.pattern is not Pattern.WAIT_FOR_CALLBACK:
                    self.unsupported(at, "an asynchronous function that is awaited")
                params = Object((("Payload", task.takes),))
            if service.required not in ("", *dict(params.fields)):
                self.unsupported(at, "a message without a body")
            names = {there: here for here, there in service.parameters.items()}
            for key, _ in params.fields:
                if key not in names and not (service.payload and key == service.payload):
                    self.unsupported((*at, "Parameters"), f"the parameter {key:.40}")
            renamed = tuple((names.get(key, key), value) for key, value in params.fields)
            whole = Object(((service.resource, Const(name)), *renamed))
            out["Parameters"] = self.values.data(whole, Root.SCOPE_LOCAL, (*at, "Parameters"))
        if task.timeout is not None:
            out["TimeoutSeconds"] = task.timeout
        if isinstance(task.timeout_from, Path):
            out["TimeoutSecondsPath"] = self.values.text(task.timeout_from, Root.INPUT, (*at, "TimeoutSecondsPath"))
        elif task.timeout_from is not None:
            self.unsupported(at, "a timeout that is an expression")
        self.values.result(out, task.gives, at)

    def parameters(self, task: Task, at: Location) -> Object:
        """The parameters of a call, over the raw input."""
        if isinstance(task.target, FunctionRef):
            kind = dict(task.params.fields).get("InvocationType") if isinstance(task.params, Object) else None
            if kind not in (None, Const("Sync")):
                self.unsupported(at, "a function that is called asynchronously")
            return Object(())
        match task.takes:
            case Object() as takes if task.params == INPUT:
                # The priority of a message has no counterpart; without one the order is that of sending.
                return Object(tuple(field for field in takes.fields if field[0] != "Priority"))
            case Const(dict() as value) if task.params == INPUT:
                return Object(tuple((key, Const(item)) for key, item in value.items() if key != "Priority"))
            case _:
                if task.params == INPUT:
                    self.unsupported(at, "parameters that are no template")
                return Object(())

    def wait(self, wait: Wait, out: JsonObject, at: Location) -> None:
        self.values.path(out, "InputPath", wait.takes, SCOPE_LOCAL, at)
        key, extent = ("Seconds", wait.seconds) if wait.seconds is not None else ("Timestamp", wait.until)
        if isinstance(extent, Const):
            out[key] = extent.value
        elif isinstance(extent, Path):
            out[f"{key}Path"] = self.values.text(extent, Root.INPUT, at)
        else:
            self.unsupported(at, "a computed length of a wait")
        self.values.path(out, "OutputPath", wait.gives, INPUT, at)

    def choice(self, choice: Choice, after: str | None, out: JsonObject, at: Location) -> None:
        self.values.path(out, "InputPath", choice.takes, SCOPE_LOCAL, at)
        rules: list[Json] = []
        for number, when in enumerate(choice.options):
            try:
                made = rule(when.condition)
            except ValueError as error:
                self.unsupported((*at, "Choices", number), str(error))
                made = {"Variable": "$", "IsPresent": False}
            rules.append({**made, "Next": self.arm(when.arm, after, at)})
        out["Choices"] = rules
        out["Default"] = self.arm(choice.default or Arm(), after, at)
        self.values.path(out, "OutputPath", choice.gives, INPUT, at)

    def arm(self, arm: Arm, after: str | None, at: Location) -> str:
        if arm.steps:
            self.unsupported(at, "states inside an option")
        goto = arm.goto if arm.goto is not None else after
        if goto is None:
            self.unsupported(at, "a Choice that ends its scope")
        return goto or ""

    def each(self, each: Foreach, out: JsonObject, at: Location) -> None:
        self.values.path(out, "InputPath", each.takes, SCOPE_LOCAL, at)
        if each.each is None:
            self.unsupported(at, "iterations that see the surrounding input")
        elif each.each != RESULT:
            selector = with_paths(each.each, _item)
            out["ItemSelector"] = self.values.data(selector, Root.INPUT, (*at, "ItemSelector"))
        # The collection is looked up in what InputPath leaves.
        self.values.path(out, "ItemsPath", each.collection, INPUT, at)
        if each.concurrency is not None:
            out["MaxConcurrency"] = each.concurrency
        out["ItemProcessor"] = self.scope(each.steps, (*at, "ItemProcessor"))
        self.values.result(out, each.gives, at)

    # -- retry and catch

    def guards(self, step: Task | Parallel | Foreach, out: JsonObject, at: Location) -> None:
        if isinstance(step, Task) and step.on_error is not None:
            step = replace(
                step, catch=tuple(replace(entry, gives=entry.gives or step.on_error) for entry in step.catch)
            )
        if step.retry:
            out["Retry"] = [self.retry(policy, (*at, "Retry", n)) for n, policy in enumerate(step.retry)]
        if step.catch:
            out["Catch"] = [self.catch(entry, (*at, "Catch", n)) for n, entry in enumerate(step.catch)]

    def retry(self, policy: Retry, at: Location) -> JsonObject:
        out: JsonObject = {"ErrorEquals": _errors(policy.errors)}
        if policy.interval < 1:
            self.unsupported(at, "a retry without an interval")
        out |= {"IntervalSeconds": policy.interval} if policy.interval != 1 else {}
        out |= {"MaxAttempts": policy.attempts} if policy.attempts != 3 else {}
        out |= {"BackoffRate": policy.multiplier} if policy.multiplier != 2 else {}
        out |= {"MaxDelaySeconds": policy.max_interval} if policy.max_interval != 86_400 else {}
        return out

    def catch(self, entry: Catch, at: Location) -> JsonObject:
        out: JsonObject = {"ErrorEquals": _errors(entry.errors)}
        match entry.gives:
            case Path(Root.SCOPE_LOCAL, ()):
                out["ResultPath"] = None
            case gives if gives is not None and (found := placed_value(gives)) is not None:
                out["ResultPath"] = self.values.result_path(found[0], at)
            case gives if gives != ERROR:
                self.unsupported(at, "what a catch gives")
        return {**out, "Next": entry.goto}


def _errors(names: tuple[str, ...]) -> list[Json]:
    return [_ERRORS.get(name, name) for name in names]


def _item(path: Path) -> Path:
    return Path(Root.CONTEXT, (*_ITEM.parts, *path.parts)) if path.root is Root.RESULT else path
