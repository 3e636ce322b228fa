"""Files that a SAM template names: definitions and code, brought into the template before it is sent (ros.md 6.2).

What reads files and makes archives is the caller's: `Sources`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from fnfkit.lang.ros.findings import Findings
from fnfkit.lang.ros.flowtext import inline
from fnfkit.lang.ros.serverless import PREFIX, Expansion
from fnfkit.model.problem import Location
from fnfkit.model.stack import SERVERLESS, Resource, Template, Value


class Sources(Protocol):
    """The files of a project. Paths are as the template has them, relative to its folder."""

    def definition(self, uri: str) -> str:
        """The text of a flow definition. Raises OSError or ValueError."""
        ...

    def code(self, uri: str, runtime: str) -> str:
        """What to write for the code at a path: `oss://bucket/key`, or `DATA_ZIP` and an archive in Base64. The runtime
        is empty where the template computes it. Raises OSError or ValueError."""
        ...


def localized(template: Template, sources: Sources) -> Expansion:
    """The template with every DefinitionUri replaced by the definition, and every local CodeUri by where the code
    is then; still a SAM template. `!Ref Service/Function` in a flow becomes the function's ARN and a dependency."""
    if template.transform != SERVERLESS:
        return Expansion(template)
    findings = Findings()
    resources = tuple(_resource(resource, sources, findings) for resource in template.resources)
    return Expansion(replace(template, resources=resources), tuple(findings.problems))


def local_files(template: Template) -> Iterator[tuple[Location, str, str]]:
    """Where the template names files: the place, `definition` or `code`, and the path."""
    for resource in template.resources:
        if resource.type == PREFIX + "Flow" and isinstance(uri := resource.properties.get("DefinitionUri"), str):
            yield (*resource.origin, "Properties", "DefinitionUri"), "definition", uri
        if resource.type == PREFIX + "Service":
            for name, child in resource.more.items():
                uri = (child.get("Properties") or {}).get("CodeUri") if isinstance(child, dict) else None
                if isinstance(uri, str) and not _is_remote(uri):
                    yield (*resource.origin, name, "Properties", "CodeUri"), "code", uri


def _is_remote(uri: str) -> bool:
    return uri.startswith(("oss://", "data:"))


def _resource(resource: Resource, sources: Sources, findings: Findings) -> Resource:
    match resource.type.removeprefix(PREFIX):
        case "Flow":
            return _flow(resource, sources, findings)
        case "Service":
            more = {
                name: _function(child, (*resource.origin, name), sources, findings)
                for name, child in resource.more.items()
            }
            return replace(resource, more=more)
        case _:
            return resource


def _function(child: Value, path: Location, sources: Sources, findings: Findings) -> Value:
    properties = child.get("Properties") if isinstance(child, dict) else None
    uri = properties.get("CodeUri") if isinstance(properties, dict) else None
    if not isinstance(uri, str) or _is_remote(uri):
        return child
    runtime = properties.get("Runtime") if isinstance(properties, dict) else None
    try:
        code = sources.code(uri, runtime if isinstance(runtime, str) else "")
        return {**child, "Properties": {**(properties or {}), "CodeUri": code}}
    except (OSError, ValueError) as error:
        findings.error("T13", (*path, "Properties", "CodeUri"), f"the code {uri} cannot be packed: {_why(error)}")
        return child


def _flow(resource: Resource, sources: Sources, findings: Findings) -> Resource:
    properties = dict(resource.properties)
    uri = properties.pop("DefinitionUri", None)
    definition = properties.get("Definition")
    if definition is None and isinstance(uri, str):
        try:
            definition = sources.definition(uri)
        except (OSError, ValueError) as error:
            path = (*resource.origin, "Properties", "DefinitionUri")
            findings.error("T13", path, f"the definition {uri} cannot be read: {_why(error)}")
            return resource
    return inline(
        replace(resource, properties={**properties, "Definition": definition}), substitute=isinstance(uri, str)
    )


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
