"""The model to template text: canonical YAML, or JSON. Reading what was written gives the same template."""

from __future__ import annotations

import json

import yaml

from fnfkit.lang.ros.functions import write_value
from fnfkit.lang.scalars import resolve
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.stack import VERSION, Output, Parameter, Resource, Template


def write(template: Template) -> str:
    """The YAML text of a template, functions in their long form, long text as blocks."""
    return dumped(document(template))


def dumped(document: JsonObject) -> str:
    """A template that is plain JSON as YAML text."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def write_json(template: Template) -> str:
    """The JSON text of a template."""
    return json.dumps(document(template), ensure_ascii=False, indent=2)


def document(template: Template) -> JsonObject:
    """A template as plain JSON, in the order of ros.md 1."""
    root: JsonObject = {"ROSTemplateFormatVersion": VERSION}
    if template.transform:
        root["Transform"] = template.transform
    if template.description:
        root["Description"] = template.description
    sections: JsonObject = {
        "Metadata": template.metadata,
        "Parameters": {parameter.name: _parameter(parameter) for parameter in template.parameters},
        "Mappings": template.mappings,
        "Conditions": write_value(template.conditions),
        "Rules": write_value(template.rules),
        "Locals": write_value(template.locals),
        "Resources": {resource.id: write_resource(resource) for resource in template.resources},
        "Outputs": {output.name: _output(output) for output in template.outputs},
    }
    return root | {name: section for name, section in sections.items() if section}


def _parameter(parameter: Parameter) -> JsonObject:
    entry: JsonObject = {"Type": parameter.type}
    if parameter.has_default:
        entry["Default"] = parameter.default
    if parameter.allowed_values:
        entry["AllowedValues"] = list(parameter.allowed_values)
    for key, value in (
        ("AllowedPattern", parameter.allowed_pattern or None),
        ("MinLength", parameter.min_length),
        ("MaxLength", parameter.max_length),
        ("MinValue", parameter.min_value),
        ("MaxValue", parameter.max_value),
        ("NoEcho", parameter.no_echo or None),
        ("Description", parameter.description or None),
    ):
        if value is not None:
            entry[key] = value
    return entry | parameter.more


def write_resource(resource: Resource) -> JsonObject:
    """One entry of Resources."""
    depends = list(resource.depends_on)
    entry: JsonObject = {
        "Type": resource.type,
        "Condition": resource.condition,
        "DependsOn": depends,
        "DeletionPolicy": resource.deletion_policy,
        "Metadata": resource.metadata,
        "Properties": write_value(resource.properties),
    }
    entry = {key: value for key, value in entry.items() if value}
    if resource.count is not None:
        entry["Count"] = write_value(resource.count)
    return entry | {key: write_value(value) for key, value in resource.more.items()}


def _output(output: Output) -> JsonObject:
    entry: JsonObject = {"Value": write_value(output.value)}
    if output.description:
        entry["Description"] = output.description
    if output.condition:
        entry["Condition"] = output.condition
    return entry | {key: write_value(value) for key, value in output.more.items()}


class _Dumper(yaml.SafeDumper):
    """Blocks for text of several lines, quotes for text that some reader would take for something else."""

    def ignore_aliases(self, data: Json) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    try:
        plain = isinstance(resolve(text), str)
    except ValueError:
        plain = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _text)
