"""Names of conditions, mappings and locals: those that lead nowhere, and circles of them (ros.md 1, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fnfkit.lang.ros.findings import Findings, suggestion
from fnfkit.lang.ros.references import ordered, references, sections
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Location
from fnfkit.model.stack import Call, Function, Template, Value, walk


def check_names(template: Template, findings: Findings) -> None:
    """Reports conditions and mappings that are not there, and conditions or locals defined by themselves."""
    for name, path in _conditions_of(template):
        if name not in template.conditions:
            findings.error("T08", path, f"there is no condition {name}", suggestion(name, template.conditions))
    for path, function in _functions(template):
        match function:
            case Call("Fn::FindInMap", list() as keys):
                _check_lookup(keys, path, template.mappings, findings)
    _check_circles("Conditions", {name: _operands(value) for name, value in template.conditions.items()}, findings)
    _check_circles("Locals", {name: _mentions(value) for name, value in template.locals.items()}, findings)


def _conditions_of(template: Template) -> Iterator[tuple[str, Location]]:
    """The name of every condition that is used, and where."""
    for resource in template.resources:
        if resource.condition:
            yield resource.condition, (*(resource.origin or ("Resources", resource.id)), "Condition")
    for output in template.outputs:
        if output.condition:
            yield output.condition, ("Outputs", output.name, "Condition")
    for path, function in _functions(template):
        for name in _named(function):
            yield name, path


def _functions(template: Template) -> Iterator[tuple[Location, Function]]:
    for resource in template.resources:
        path = resource.origin or ("Resources", resource.id)
        yield from walk({"Properties": resource.properties, "Count": resource.count}, path)
    for output in template.outputs:
        yield from walk(output.value, ("Outputs", output.name, "Value"))
    for path, value in sections(template):
        yield from walk(value, path)


def _named(function: Function) -> Iterable[str]:
    """The conditions that a function takes by name."""
    match function:
        case Call("Fn::And" | "Fn::Or", list() as operands) | Call("Fn::Not", [*operands]):
            return [operand for operand in operands if isinstance(operand, str)]
        case Call("Fn::Not", str() as operand) | Call("Fn::If", [str() as operand, *_]):
            return [operand]
        case _:
            return ()


def _operands(value: Value) -> list[str]:
    return [name for _, function in walk(value) for name in _named(function)]


def _mentions(value: Value) -> list[str]:
    return [reference.name for reference in references(value)]


def _check_lookup(keys: list[Value], path: Location, mappings: JsonObject, findings: Findings) -> None:
    """What is written out must be there; keys that are functions are only known later."""
    table: Value = mappings
    found: list[str] = []
    for key, what in zip(keys, ("mapping", "key", "key"), strict=False):
        if not isinstance(key, str | int | float) or not isinstance(table, Mapping):
            return
        if str(key) not in table:
            place = f" in the mapping {'.'.join(found)}" if found else ""
            findings.error("T08", path, f"there is no {what} {key}{place}", suggestion(str(key), table))
            return
        found.append(str(key))
        table = table[str(key)]


def _check_circles(section: str, leans: Mapping[str, list[str]], findings: Findings) -> None:
    _, circle = ordered({name: [other for other in others if other in leans] for name, others in leans.items()})
    if circle:
        message = f"{section.lower()} are defined by each other in a circle: {' -> '.join(circle)}"
        findings.error("T10", (section, circle[0]), message, "write one of them out")
