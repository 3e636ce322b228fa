"""What a stack is to become: its source read, checked, expanded and filled (api-ros.md 5, 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fnfkit.cloud.ros.functions import Unresolvable
from fnfkit.cloud.ros.resolve import Scope
from fnfkit.cloud.ros.shape import filled, shaped
from fnfkit.cloud.ros.state import Source
from fnfkit.lang import ros
from fnfkit.lang.ros.findings import Reading
from fnfkit.model.json import Json
from fnfkit.model.problem import Problem, Severity
from fnfkit.model.stack import Resource, Template
from fnfkit.ports import (
    CircularDependency,
    Fault,
    InvalidSchema,
    InvalidTemplateAttribute,
    InvalidTemplateReference,
    InvalidTemplateVersion,
    StackValidationFailed,
)

_FAULTS: dict[str, type[Fault]] = {
    "T02": InvalidTemplateVersion,
    "T03": StackValidationFailed,
    "T04": StackValidationFailed,
    "T05": StackValidationFailed,
    "T06": StackValidationFailed,
    "T07": StackValidationFailed,
    "T08": InvalidTemplateReference,
    "T09": InvalidTemplateAttribute,
    "T10": CircularDependency,
    "T12": InvalidSchema,
    "T13": StackValidationFailed,
}


@dataclass(frozen=True, slots=True)
class Target:
    """A template ready to be made: only the resources that there will be, in the order they can be made in."""

    template: Template
    parameters: dict[str, Json]
    order: tuple[str, ...]
    leans: dict[str, tuple[str, ...]]

    def resource(self, id: str) -> Resource:
        """A resource of the template."""
        return next(resource for resource in self.template.resources if resource.id == id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stack is: what the pseudo parameters say."""

    region: str
    account_id: str

    def pseudo(self, name: str, id: str) -> dict[str, Json]:
        """The pseudo parameters of a stack (ros.md 4)."""
        return {
            "ALIYUN::StackName": name,
            "ALIYUN::StackId": id,
            "ALIYUN::Region": self.region,
            "ALIYUN::TenantId": self.account_id,
            "ALIYUN::AccountId": self.account_id,
            "ALIYUN::ResourceGroupId": "",
        }


def checked(text: str) -> Template:
    """The template of a text that has no problems. Raises the fault of the first problem, with its line."""
    reading = ros.read(text)
    problems = reading.errors
    if not problems and reading.template is not None:
        found = ros.validate(reading.template)
        problems = tuple(one for one in found if one.severity is Severity.ERROR) or _unmakeable(reading.template)
    if problems or reading.template is None:
        raise refusal(reading, problems[0])
    return reading.template


def refusal(reading: Reading, problem: Problem) -> Fault:
    """A problem as the service would refuse it, with the place and what to do."""
    mark = reading.mark(problem)
    path = "/".join(map(str, problem.path))
    place = f"line {mark.line}, " if mark else ""
    fix = f" ({problem.fix.rstrip('.')})" if problem.fix else ""
    kind = _FAULTS.get(problem.id, InvalidSchema)
    lead = "Circular Dependency Found: " if kind is CircularDependency else ""
    return kind(f"{lead}{place}{path or 'template'}: {problem.message.rstrip('.')}{fix}.")


def _unmakeable(template: Template) -> tuple[Problem, ...]:
    for resource in template.resources:
        if resource.type.startswith("DATASOURCE::"):
            why = f"{resource.type}: data sources are not offered offline"
            return (Problem("T03", (*resource.origin, "Type"), why),)
    return ()


def target_of(
    source: Source, name: str, id: str, place: Place, outputs: Callable[[str, str], Json], now: int
) -> Target:
    """What a stack of that name becomes of a source. Raises the faults of api-ros.md 6."""
    template = checked(source.text)
    expansion = ros.expand(template, stack_name=name)
    parameters = {**filled(template, source.parameters), **place.pseudo(name, id)}
    ready = shaped(expansion.template, scope_of(expansion.template, parameters, outputs, now))
    order, circle = ros.creation_order(ready)
    if circle:
        raise CircularDependency(f"Circular Dependency Found: {' -> '.join(circle)}.")
    ids = {resource.id: resource for resource in ready.resources}
    leans = {id: ros.dependencies(resource, ids) for id, resource in ids.items()}
    return Target(ready, parameters, order, leans)


def scope_of(template: Template, parameters: dict[str, Json], outputs: Callable[[str, str], Json], now: int) -> Scope:
    """What the values of a template may refer to, but for its resources."""
    return Scope(
        parameters=parameters,
        mappings=template.mappings,
        conditions=template.conditions,
        locals=template.locals,
        output=outputs,
        format_time=lambda pattern, zone: _formatted(now, pattern, zone),
    )


def _formatted(now: int, pattern: str, zone: str) -> str:
    try:
        return datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone)).strftime(pattern)
    except (ZoneInfoNotFoundError, ValueError):
        raise Unresolvable(f"there is no time zone {zone}") from None
