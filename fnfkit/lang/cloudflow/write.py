"""A flow as a canonical state machine of CloudFlow: defaults left out, the first state first."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from fnfkit.lang.canonical import dump, representable
from fnfkit.lang.cloudflow.actions import action_of, parameters_of
from fnfkit.lang.cloudflow.express import Expressions
from fnfkit.lang.cloudflow.expressions import CATCH, ITEM, OWN, TAKES, View
from fnfkit.lang.cloudflow.schema import (
    LONGEST_INTERVAL,
    LONGEST_TIMEOUT,
    LONGEST_WAIT,
    MOST_BRANCHES,
    MOST_CHILDREN,
    MOST_PARALLEL_ITEMS,
)
from fnfkit.lang.cloudflow.states import raw_output, view_of
from fnfkit.lang.cloudflow.tasks import PATTERNS
from fnfkit.lang.dialect import Unsupported, Writing
from fnfkit.lang.marked import DEEPEST
from fnfkit.lang.template import SUFFIX
from fnfkit.model.expr import INPUT, RESULT, SCOPE_INPUT, SCOPE_LOCAL, Const, Expr
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
from fnfkit.model.problem import Location

_MODES = {pattern: mode for mode, pattern in PATTERNS.items()}


def write(flow: Flow) -> Writing:
    """The canonical state machine of a flow, and what this language cannot express. Reading the text gives an equal
    flow if nothing is unsupported. Flows that accumulate are to be translated before (`fnfkit.lang.translate`)."""
    writer = _Writer()
    document: JsonObject = {"Type": "StateMachine", "SpecVersion": "v1"}
    if flow.accumulates:
        writer.unsupported((), "a flow whose steps add to a local: translate it first")
    if flow.takes != SCOPE_INPUT or flow.gives != RESULT:
        writer.unsupported((), "mappings of the flow's own input and output")
    if flow.title:
        document["Name"] = writer.name(flow.title, ("Name",))
    if flow.timeout is not None:
        document["Timeout"] = flow.timeout
    document |= writer.scope(flow.steps, ())
    return Writing(dump(document), tuple(writer.missing))


class _Writer:
    """Turns steps into the data that is dumped, and collects what has no form in this language."""

    def __init__(self) -> None:
        self.missing: list[Unsupported] = []
        self.express = Expressions(self.unsupported)

    def unsupported(self, at: Location, feature: str) -> None:
        self.missing.append(Unsupported(feature, at))

    def scope(self, steps: tuple[Step, ...], at: Location) -> JsonObject:
        if len(at) >= DEEPEST - 8:
            self.unsupported(at, "states nested this deep")
            return {"StartAt": "", "States": []}
        if not steps:
            self.unsupported(at, "a scope without states")
        if len({step.name for step in steps}) < len(steps) or not all(step.name for step in steps):
            self.unsupported(at, "states without names of their own")
        following = [*(step.name for step in steps[1:]), None]
        states = [
            self.state(step, after, (*at, "States", position))
            for position, (step, after) in enumerate(zip(steps, following, strict=True))
        ]
        return {"StartAt": self.name(steps[0].name, (*at, "StartAt")) if steps else "", "States": states}

    def name(self, text: str, at: Location) -> str:
        if representable(text):
            return text
        self.unsupported(at, "text with control characters or halves of surrogate pairs")
        return ""

    def state(self, step: Step, after: str | None, at: Location) -> JsonObject:
        kind = "Map" if isinstance(step, Foreach) else type(step).__name__
        out: JsonObject = {"Type": kind, "Name": self.name(step.name, (*at, "Name"))}
        self.constructor(out, "InputConstructor", step.takes, SCOPE_LOCAL, at, view=TAKES)
        self.body(step, after, out, at)
        self.outputs(step, out, at)
        if isinstance(step, Task | Parallel | Foreach):
            self.guards(step, out, at)
        if not isinstance(step, Succeed | Fail | Choice):
            self.onward(step, after, out, at)
        return out

    def constructor(
        self, out: JsonObject, key: str, expr: Expr | None, default: Expr | None, at: Location, *, view: View
    ) -> None:
        if expr is not None and expr != default:
            out[key] = self.express.constructor(expr, (*at, key), view)

    def outputs(self, step: Step, out: JsonObject, at: Location) -> None:
        if isinstance(step, Fail):
            return
        if isinstance(step, Choice) and step.gives != INPUT:
            self.unsupported(at, "a Choice with an output of its own")
        elif not isinstance(step, Choice):
            self.constructor(out, "OutputConstructor", step.gives, raw_output(step), at, view=view_of(step))
        self.constructor(out, "GlobalConstructor", step.globals, None, at, view=view_of(step))

    def onward(
        self, step: Task | Pass | Wait | Parallel | Foreach, after: str | None, out: JsonObject, at: Location
    ) -> None:
        goes_on = step.next if step.next is not None else after
        if step.end or goes_on is None:
            out["End"] = True
        else:
            out["Next"] = self.name(goes_on, (*at, "Next"))

    def body(self, step: Step, after: str | None, out: JsonObject, at: Location) -> None:
        match step:
            case Task():
                self.task(step, out, at)
            case Wait():
                self.wait(step, out, at)
            case Choice():
                self.choice(step, after, out, at)
            case Parallel(branches=branches):
                if not 1 <= len(branches) <= MOST_BRANCHES:
                    self.unsupported(at, f"{len(branches)} branches; 1 to {MOST_BRANCHES} are allowed")
                out["Branches"] = [
                    self.scope(branch, (*at, "Branches", place)) for place, branch in enumerate(branches)
                ]
            case Foreach():
                self.each(step, out, at)
            case Fail():
                self.fail(step, out, at)
            case Pass() | Succeed():
                pass
            case _:
                assert_never(step)

    # -- the kinds of state

    def task(self, task: Task, out: JsonObject, at: Location) -> None:
        action = action_of(task)
        if action is None:
            self.unsupported(at, f"a call of {task.target}")
            action = ""
        out["Action"] = self.name(action, (*at, "Action"))
        if task.pattern is not Pattern.REQUEST_RESPONSE:
            out["TaskMode"] = _MODES[task.pattern]
        parameters = parameters_of(task, lambda feature: self.unsupported(at, feature))
        if parameters.fields:
            out["Parameters"] = self.express.members(parameters.fields, (*at, "Parameters"), OWN)
        if task.timeout is not None:
            if task.timeout > LONGEST_TIMEOUT:
                self.unsupported((*at, "Timeout"), f"a timeout of more than {LONGEST_TIMEOUT} seconds")
            out["Timeout"] = task.timeout
        if task.timeout_from is not None:
            out["Timeout" + SUFFIX] = self.express.text(task.timeout_from, (*at, "Timeout" + SUFFIX), OWN)

    def wait(self, wait: Wait, out: JsonObject, at: Location) -> None:
        match wait.seconds:
            case None:
                self.unsupported(at, "a wait until an instant")
            case Const(int() as seconds) if not isinstance(seconds, bool):
                if not 1 <= seconds <= LONGEST_WAIT:
                    self.unsupported(at, f"a wait of {seconds} seconds; 1 to {LONGEST_WAIT} are allowed")
                out["Seconds"] = seconds
            case seconds:
                out["Seconds" + SUFFIX] = self.express.text(seconds, (*at, "Seconds" + SUFFIX), OWN)

    def choice(self, choice: Choice, after: str | None, out: JsonObject, at: Location) -> None:
        options: list[Json] = []
        for position, when in enumerate(choice.options):
            place = (*at, "Branches", position)
            condition = self.express.text(when.condition, (*place, "Condition"), OWN)
            options.append({"Condition": condition, "Next": self.arm(when.arm, after, place)})
        out["Branches"] = options
        out["Default"] = self.arm(choice.default or Arm(), after, (*at, "Default"))

    def arm(self, arm: Arm, after: str | None, at: Location) -> str:
        if arm.steps:
            self.unsupported(at, "states inside a branch of a Choice")
        goto = arm.goto if arm.goto is not None else after
        if goto is None:
            self.unsupported(at, "a Choice that ends its scope")
            return ""
        return self.name(goto, at)

    def each(self, each: Foreach, out: JsonObject, at: Location) -> None:
        if isinstance(each.collection, Const) and each.collection.value == []:
            self.unsupported(at, "a Map without a collection")
        out["ItemsPath"] = self.express.text(each.collection, (*at, "ItemsPath"), OWN)
        if each.each is None:
            self.unsupported(at, "iterations that see the surrounding input")
        elif each.each != RESULT:
            out["ItemConstructor"] = self.express.constructor(each.each, (*at, "ItemConstructor"), ITEM)
        distributed = "ItemConstructor" in out or (each.concurrency or 0) > MOST_PARALLEL_ITEMS
        if distributed:
            out["ProcessorConfig"] = {"ExecutionMode": "Standard"}
        if each.concurrency is not None:
            if each.concurrency > MOST_CHILDREN:
                self.unsupported(at, f"more than {MOST_CHILDREN} iterations at a time")
            out["MaxConcurrency"] = each.concurrency
        out["Processor"] = self.scope(each.steps, (*at, "Processor"))

    def fail(self, fail: Fail, out: JsonObject, at: Location) -> None:
        if not fail.whole:
            self.unsupported(at, "a Fail that a catch around it may take")
        out |= {"Code": self.name(fail.error, (*at, "Code"))} if fail.error else {}
        out |= {"Detail": self.name(fail.cause, (*at, "Detail"))} if fail.cause else {}

    # -- retry and catch

    def guards(self, step: Task | Parallel | Foreach, out: JsonObject, at: Location) -> None:
        if step.retry:
            out["Retry"] = [self.retry(policy, (*at, "Retry", n)) for n, policy in enumerate(step.retry)]
        if isinstance(step, Task) and step.on_error is not None:
            step = replace(
                step, catch=tuple(replace(entry, gives=entry.gives or step.on_error) for entry in step.catch)
            )
        if step.catch:
            out["Catch"] = [self.catch(entry, (*at, "Catch", n)) for n, entry in enumerate(step.catch)]

    def retry(self, policy: Retry, at: Location) -> JsonObject:
        out: JsonObject = {
            "Errors": self.errors(policy.errors, at),
            "MaxAttempts": policy.attempts,
            "IntervalSeconds": policy.interval,
        }
        if policy.multiplier != 1:
            out["BackoffRate"] = self.express.plain(policy.multiplier, (*at, "BackoffRate"))
        if policy.max_interval != LONGEST_INTERVAL:
            out["MaxBackoffSeconds"] = policy.max_interval
        return out

    def catch(self, entry: Catch, at: Location) -> JsonObject:
        out: JsonObject = {"Errors": self.errors(entry.errors, at)}
        if entry.gives is None:
            self.unsupported(at, "a catch whose target gets what the state before was given")
        self.constructor(out, "OutputConstructor", entry.gives, INPUT, at, view=CATCH)
        return {**out, "Next": self.name(entry.goto, (*at, "Next"))}

    def errors(self, names: tuple[str, ...], at: Location) -> list[Json]:
        if not names:
            self.unsupported(at, "a rule for no error")
        return [self.name(name, (*at, "Errors", place)) for place, name in enumerate(names)]
