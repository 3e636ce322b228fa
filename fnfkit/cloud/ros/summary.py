"""What ValidateTemplate tells of a template (api-ros.md 3)."""

from __future__ import annotations

from fnfkit.cloud.ros.functions import text
from fnfkit.cloud.ros.records import described
from fnfkit.cloud.ros.target import checked
from fnfkit.lang import ros
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import Parameter, Resource, Template
from fnfkit.ports import Fault, InvalidTemplate, TemplateSummary


def summarised(body: str) -> TemplateSummary:
    """The parameters, outputs and resources of a template without problems. Raises `InvalidTemplate`."""
    try:
        template = checked(body)
    except Fault as fault:
        raise InvalidTemplate(fault.message) from None
    expanded = ros.expand(template).template
    return TemplateSummary(
        description=described(template.description),
        parameters=tuple(_parameter(parameter) for parameter in template.parameters),
        outputs=tuple(_output(template)),
        resources=tuple(_resource(resource) for resource in expanded.resources),
    )


def _parameter(parameter: Parameter) -> JsonObject:
    entry: JsonObject = {
        "ParameterKey": parameter.name,
        "Type": parameter.type,
        "Description": described(parameter.description),
        "Label": described(parameter.more.get("Label")) or parameter.name,
        "NoEcho": "true" if parameter.no_echo else "false",
    }
    if parameter.has_default:
        entry["Default"] = text(parameter.default) if parameter.default is not None else ""
    if parameter.allowed_values:
        entry["AllowedValues"] = list(parameter.allowed_values)
    for key, value in (
        ("AllowedPattern", parameter.allowed_pattern or None),
        ("MinLength", parameter.min_length),
        ("MaxLength", parameter.max_length),
        ("MinValue", parameter.min_value),
        ("MaxValue", parameter.max_value),
    ):
        if value is not None:
            entry[key] = value
    return entry


def _output(template: Template) -> list[JsonObject]:
    return [
        {
            "OutputKey": output.name,
            "Description": described(output.description),
            "Label": described(output.more.get("Label")),
        }
        for output in template.outputs
    ]


def _resource(resource: Resource) -> JsonObject:
    pattern = f"{resource.id}[*]" if resource.count is not None else resource.id
    return {"LogicalResourceIdPattern": pattern, "ResourcePath": resource.id, "ResourceType": resource.type}
