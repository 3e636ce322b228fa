"""Whether a template can be made into a stack: properties against the schema, names, circles (ros.md 13)."""

from __future__ import annotations

import re

from fnfkit.lang.ros.conditions import check_names
from fnfkit.lang.ros.findings import Findings, kind, suggestion
from fnfkit.lang.ros.foreign import is_foreign
from fnfkit.lang.ros.references import check_order, check_references
from fnfkit.lang.ros.schema import ResourceType, types
from fnfkit.lang.ros.serverless import automatic, expand
from fnfkit.lang.ros.values import check_properties
from fnfkit.model.problem import Location, Problem
from fnfkit.model.stack import NO_VALUE, SERVERLESS, Ref, Resource, Template, Value

_DATA_SOURCE = re.compile(r"DATASOURCE::\w+::\w+\Z")


def validate(template: Template) -> tuple[Problem, ...]:
    """Every problem of a template that was read: unknown types, properties, references, circles; and warnings of what
    is taken and not imitated here. Paths are those of the template's text, also for what a transform makes of it."""
    findings = Findings()
    for resource in template.resources:
        _check_resource(resource, template, findings)
    if findings.errors:
        return tuple(findings.problems)
    expansion = expand(template)
    findings.problems += expansion.problems
    if not findings.errors:
        check_references(expansion.template, findings)
        check_names(expansion.template, findings)
    if not findings.errors:
        check_order(expansion.template, findings)
    return tuple(findings.problems)


def _check_resource(resource: Resource, template: Template, findings: Findings) -> None:
    path = resource.origin or ("Resources", resource.id)
    known = types().get(resource.type)
    if known is None:
        if is_foreign(resource.type):
            message = f"{resource.type} is not known here: its properties are not checked, nor is it imitated offline"
            findings.warn("T15", (*path, "Type"), message)
        elif not _DATA_SOURCE.match(resource.type):
            message = f"the resource type {resource.type} is not known here"
            findings.error("T03", (*path, "Type"), message, suggestion(resource.type, types()))
        return
    if known.transform and template.transform != SERVERLESS:
        fix = f"add `Transform: {SERVERLESS}` at the top of the template"
        findings.error("T13", (*path, "Type"), f"{resource.type} needs a transform", fix)
        return
    properties = {
        name: value for name, value in resource.properties.items() if not (known.transform and automatic(name, value))
    }
    check_type(properties, known, (*path, "Properties"), findings)
    if known.transform:
        _check_children(resource, known, path, findings)


def check_type(properties: dict[str, Value], known: ResourceType, path: Location, findings: Findings) -> None:
    """Checks the properties of a resource against its type."""
    given = {name: value for name, value in properties.items() if value != Ref(NO_VALUE)}
    check_properties(given, known.properties, path, findings, of=known.name)
    for group in known.require_one_of:
        if not any(name in given for name in group):
            findings.error("T05", path, f"{known.name} needs {' or '.join(group)}", f"add `{group[0]}:`")
    for condition, names in known.require_when:
        if all(given.get(name) in values for name, values in condition.items()):
            told = ", ".join(f"{name} {given[name]}" for name in condition)
            for name in names:
                if name not in given:
                    findings.error("T05", path, f"{known.name} with {told} needs {name}", f"add `{name}:`")


def _check_children(resource: Resource, known: ResourceType, path: Location, findings: Findings) -> None:
    for name, child in resource.more.items():
        place: Location = (*path, name)
        type = child.get("Type") if isinstance(child, dict) else None
        if type not in known.children:
            fix = f"known keys: {', '.join(known.siblings)}" if known.siblings else "remove it"
            what = f"`{name}` ({type or kind(child)})"
            findings.error("T01", place, f"{what} may not stand in {resource.type}", fix)
            continue
        _check_child(child, types()[type], place, findings)


def _check_child(child: dict[str, Value], known: ResourceType, path: Location, findings: Findings) -> None:
    findings.known(child, ("Type", "Properties", "Events", "DependsOn", "Metadata"), path, known.name)
    properties = findings.mapping(child.get("Properties"), (*path, "Properties"), "Properties")
    check_type(properties, known, (*path, "Properties"), findings)
    for name, event in findings.mapping(child.get("Events"), (*path, "Events"), "Events").items():
        _check_event(event, known, (*path, "Events", name), findings)


def _check_event(event: Value, known: ResourceType, path: Location, findings: Findings) -> None:
    entry = findings.mapping(event, path, "an event")
    if event is not None and not isinstance(event, dict):
        return
    specs = known.events.get(str(entry.get("Type")))
    if specs is None:
        message = f"the event type {entry.get('Type')} is unknown"
        findings.error("T03", path, message, suggestion(str(entry.get("Type")), known.events))
        return
    findings.known(entry, ("Type", "Properties"), path, "an event")
    properties = findings.mapping(entry.get("Properties"), (*path, "Properties"), "Properties")
    check_properties(properties, specs, (*path, "Properties"), findings, of=f"an event of type {entry['Type']}")
