"""References of a template: what each resource leans on, names that lead nowhere, and circles (ros.md 3, 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fnfkit.lang.ros.findings import Findings, suggestion
from fnfkit.lang.ros.schema import types
from fnfkit.model.problem import Location
from fnfkit.model.stack import PSEUDO_PARAMETERS, Function, GetAtt, Ref, Resource, Sub, Template, Value, walk

PLACE = re.compile(r"\$\{(!?)([^{}]*)\}")
"""`${Name}` and `${Resource.Attribute}` in the text of Fn::Sub; `${!x}` stands for itself."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a value mentions; without an attribute it is used as by Ref."""

    name: str
    attribute: str
    path: Location


def references(value: Value, path: Location = ()) -> Iterator[Reference]:
    """Every name a value mentions."""
    for place, function in walk(value, path):
        yield from _of(function, place)


def _of(function: Function, path: Location) -> Iterator[Reference]:
    match function:
        case Ref(name):
            yield Reference(name, "", path)
        case GetAtt(resource, attribute):
            yield Reference(resource, attribute, path)
        case Sub(text, variables):
            own = {name for name, _ in variables}
            for literal, inside in PLACE.findall(text):
                name, _, attribute = inside.strip().partition(".")
                if not literal and inside.strip() not in own:
                    yield Reference(name, attribute, path)


def dependencies(resource: Resource, ids: Mapping[str, Resource]) -> tuple[str, ...]:
    """The resources that must be there before this one, in the order they are mentioned."""
    mentioned = [reference.name for reference in references([resource.properties, resource.count])]
    return tuple(dict.fromkeys(id for id in (*resource.depends_on, *mentioned) if id in ids))


def creation_order(template: Template) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Logical IDs in an order that follows all dependencies, and a circle if there is one (then the order stops)."""
    ids = {resource.id: resource for resource in template.resources}
    return ordered({id: list(dependencies(resource, ids)) for id, resource in ids.items()})


def ordered(leans: Mapping[str, list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names in an order in which each comes after those it leans on, and a circle if there is one."""
    order: dict[str, None] = {}
    while len(order) < len(leans):
        ready = next((id for id in leans if id not in order and all(other in order for other in leans[id])), None)
        if ready is None:
            return tuple(order), _circle({id: leans[id] for id in leans if id not in order})
        order[ready] = None
    return tuple(order), ()


def _circle(leans: dict[str, list[str]]) -> tuple[str, ...]:
    trail = [next(iter(leans))]
    while True:
        following = next(other for other in leans[trail[-1]] if other in leans)
        if following in trail:
            return (*trail[trail.index(following) :], following)
        trail.append(following)


def check_references(template: Template, findings: Findings) -> None:
    """Reports names that lead nowhere in a template without SAM resources."""
    ids = {resource.id: resource for resource in template.resources}
    names = {parameter.name for parameter in template.parameters} | set(template.locals) | PSEUDO_PARAMETERS
    for resource in template.resources:
        path = resource.origin or ("Resources", resource.id)
        _check({"Properties": resource.properties, "Count": resource.count}, path, ids, names, findings)
        for other in resource.depends_on:
            if other not in ids:
                message = f"{resource.id} depends on {other}, which is no resource of the template"
                findings.error("T08", (*path, "DependsOn"), message, suggestion(other, ids))
    for output in template.outputs:
        _check(output.value, ("Outputs", output.name, "Value"), ids, names, findings)
    for path, value in sections(template):
        _check(value, path, {}, names, findings)


def sections(template: Template) -> Iterator[tuple[Location, Value]]:
    """The conditions, rules and locals, and where they stand."""
    named = {"Conditions": template.conditions, "Rules": template.rules, "Locals": template.locals}
    for section, entries in named.items():
        for name, value in entries.items():
            yield (section, name), value


def _check(value: Value, path: Location, ids: Mapping[str, Resource], names: set[str], findings: Findings) -> None:
    for found in references(value, path):
        if found.attribute or (found.name not in names and found.name not in ids):
            _check_one(found, ids, names, findings)


def _check_one(found: Reference, ids: Mapping[str, Resource], names: set[str], findings: Findings) -> None:
    resource = ids.get(found.name)
    if resource is None:
        message = f"there is no {'resource' if found.attribute else 'parameter or resource'} {found.name}"
        findings.error("T08", found.path, message, suggestion(found.name, ids if found.attribute else {*ids, *names}))
        return
    known = types().get(resource.type)
    if known is not None and known.attributes and found.attribute not in known.attributes:
        message = f"{found.name} ({resource.type}) has no attribute {found.attribute}"
        findings.error("T09", found.path, message, suggestion(found.attribute, known.attributes))


def check_order(expanded: Template, findings: Findings) -> None:
    """Reports a circle, at the resource it was found from."""
    _, circle = creation_order(expanded)
    if circle:
        resource = expanded.resource(circle[0])
        path = (resource.origin if resource else ()) or ("Resources", circle[0])
        message = f"resources depend on each other in a circle: {' -> '.join(circle)}"
        findings.error("T10", path, message, "remove one of these references")
