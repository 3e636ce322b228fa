"""A flow as the definition of a state machine: Amazon States Language whose targets are those of the stack.

What the language cannot express is an error that names the flow, the step, its line and a way out; all of a flow's are
told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from fnfkit.deploy.aws.arns import PARTITION, Arns
from fnfkit.deploy.aws.ways_out import way_out
from fnfkit.deploy.error import DeployError
from fnfkit.deploy.graph import FlowNode
from fnfkit.lang import asl
from fnfkit.lang.asl.resources import SERVICES, function_of, service_of, target_of
from fnfkit.lang.translate import replacing
from fnfkit.lint.report import step_name
from fnfkit.lint.tree import places_of
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Location
from fnfkit.model.stack import Sub

LONGEST_NAME = 80
"""Characters of the name of a state machine or of a state (Step Functions quotas)."""
LARGEST = 1_048_576
"""Bytes of a definition."""

ERRORS: dict[str, tuple[str, ...]] = {
    "FC.Unknown": ("Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"),
    "FC.ResourceThrottled": ("Lambda.TooManyRequestsException",),
    "FC.ResourceExhausted": ("Lambda.TooManyRequestsException",),
    "FC.InternalServerError": (
        *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
        "Lambda.ClientExecutionTimeoutException",
    ),
}
"""An error of Function Compute and what Lambda calls the same (Step Functions Developer Guide, error handling). The
name itself stays beside them: the handler of a packaged function raises it where it can."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """Something the language lacks, at a step; `at` is where that stands in the flow."""

    step: str
    at: Location
    feature: str


def definition(node: FlowNode, arns: Arns) -> Sub:
    """The definition as text for Fn::Sub. Raises `DeployError` for what the language cannot express."""
    forward = replacing(node.flow, node.name)
    writing = asl.write(forward.flow)
    lost = [_Lost(step_name(node.flow, one.path) or "", one.path, one.feature) for one in forward.unsupported]
    lost += [_at_state(node, one.path, one.feature) for one in writing.unsupported]
    aimed = _Aimed(arns)
    document = aimed.scope(json.loads(writing.text))
    lost += [_at_state(node, ("States", name), "a name of more than 80 characters") for name in aimed.long]
    if len(node.name) > LONGEST_NAME:
        lost.append(_Lost("", (), "a name of more than 80 characters"))
    # `${` in the flow's own texts would be taken for a substitution; JSON can spell it differently.
    text = json.dumps(document, indent=2, ensure_ascii=False).replace("${", "\\u0024{").replace(_OPEN, "${")
    if len(text.encode("utf-8", "replace")) > LARGEST:
        lost.append(_Lost("", (), "a definition of more than 1 MiB"))
    if lost:
        raise _refused(node, lost)
    return Sub(text + "\n")


_OPEN = "\\u0000{"
"""How the start of our own substitutions is written until those of the flow have been spelled differently."""


@dataclass(slots=True)
class _Aimed:
    """Puts the stack's targets and the errors of Lambda into states; `long` are the names that are too long."""

    arns: Arns
    long: list[str] = field(default_factory=list)

    def scope(self, scope: JsonObject) -> JsonObject:
        self.long += [name for name in scope["States"] if len(name) > LONGEST_NAME]
        return {**scope, "States": {name: self.state(state) for name, state in scope["States"].items()}}

    def state(self, state: JsonObject) -> JsonObject:
        made = dict(state)
        for key in ("Retry", "Catch"):
            if key in state:
                made[key] = [{**rule, "ErrorEquals": list(_errors(rule["ErrorEquals"]))} for rule in state[key]]
        match state["Type"]:
            case "Task" if "Resource" in state:
                made |= self.task(state)
            case "Parallel":
                made["Branches"] = [self.scope(branch) for branch in state["Branches"]]
            case "Map":
                made["ItemProcessor"] = self.scope(state["ItemProcessor"])
        return made

    def task(self, state: JsonObject) -> JsonObject:
        function = function_of(state["Resource"])
        if function is not None:
            return {"Resource": _ours(self.arns.called(function))}
        found = service_of(state["Resource"])
        assert found is not None, state["Resource"]
        service = SERVICES[found[0].name]
        target = target_of(service, state["Parameters"][service.resource])
        assert target is not None, state["Parameters"]
        parameters = {**state["Parameters"], service.resource: _ours(self.arns.called(target))}
        resource = state["Resource"].replace("arn:aws:", f"arn:{PARTITION}:", 1)
        return {"Resource": _ours(resource), "Parameters": parameters}


def _ours(text: str) -> str:
    return text.replace("${", "\0{")


def _errors(names: list[str]) -> Iterator[str]:
    yield from dict.fromkeys(other for name in names for other in (name, *ERRORS.get(name, ())))


def _at_state(node: FlowNode, path: Location, feature: str) -> _Lost:
    """The step whose state something was found in: a state is called after its step, or after it and `then`."""
    names = [str(name) for key, name in pairwise(path) if key == "States"]
    found = [place for place in places_of(node.flow) if names and _of_step(names[-1], place.step.name)]
    if not found:
        return _Lost("", (), feature)
    closest = max(found, key=lambda place: len(place.step.name))
    return _Lost(closest.step.name, closest.at, feature)


def _of_step(state: str, step: str) -> bool:
    return state == step or state.startswith(f"{step} ")


def _refused(node: FlowNode, lost: list[_Lost]) -> DeployError:
    told = [_told(node, one) for one in dict.fromkeys(lost)]
    hints = dict.fromkeys(way_out(one.feature) for one in lost)
    return DeployError("Unsupported", "\n".join(told), "; ".join(hints))


def _told(node: FlowNode, lost: _Lost) -> str:
    line = node.line(lost.at)
    place = f"{node.file}:{line}: " if line else ""
    step = f", step {lost.step}" if lost.step else ""
    return f"{place}flow {node.name}{step}: Amazon States Language cannot express {lost.feature}"
