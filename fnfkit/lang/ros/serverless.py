"""The transform Aliyun::Serverless-2018-04-03: what SAM resources become (ros.md 6.1).

`X: Aliyun::Serverless::Service` with a child `F` and an event `E` becomes `X`, `XF` and `XFE`; policies become the role
`XRole` and one attachment `<Policy>XRole` each. Names that nobody gave are `<StackName>-X-<12 hex>`; the hex digits are
not documented and are derived from both names here, so that an expansion is the same every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fnfkit.lang.ros.companions import companions
from fnfkit.lang.ros.findings import Findings
from fnfkit.lang.ros.flowtext import inline
from fnfkit.lang.ros.roles import Roles, policies_of
from fnfkit.lang.ros.triggers import trigger
from fnfkit.model.json import JsonObject
from fnfkit.model.problem import Problem
from fnfkit.model.stack import SERVERLESS, GetAtt, Resource, Template, Value

PREFIX = "Aliyun::Serverless::"
DATA_ZIP = "data:application/zip;base64,"
"""A code URI that holds the archive itself; an extension of this project, for small functions (Code.ZipFile)."""

_AUTOMATIC = ("LogConfig", "NasConfig", "VpcConfig")
_RENAMED = {"CodeUri", "Layers", "FunctionName"}


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a transform made, and what it could not."""

    template: Template
    problems: tuple[Problem, ...] = ()


def expand(template: Template, *, stack_name: str = "stack") -> Expansion:
    """The template with every SAM resource replaced by those it stands for; others pass unchanged.

    Definitions must be inline and code on OSS: see `localized` for files. Expanded resources have the origin of the
    resource they come from.
    """
    if template.transform != SERVERLESS:
        return Expansion(template)
    findings = Findings()
    expander = _Expander(stack_name, findings)
    resources: dict[str, Resource] = {}
    for resource in template.resources:
        for made in expander.expand(resource):
            if made.id in resources:
                findings.error(
                    "T13", resource.origin, f"two resources would have the logical ID {made.id}", "rename one"
                )
            resources[made.id] = made
    expanded = replace(template, resources=tuple(resources.values()), transform="")
    return Expansion(expanded, tuple(findings.problems))


def generated_name(stack_name: str, id: str, longest: int = 128) -> str:
    """The name of something nobody has named; the stack's name is cut where the whole would be too long."""
    digits = hashlib.sha256(f"{stack_name}/{id}".encode()).hexdigest()[:12].upper()
    tail = f"-{id}-{digits}"
    return stack_name[: max(1, longest - len(tail))] + tail[-longest:]


class _Expander:
    def __init__(self, stack_name: str, findings: Findings) -> None:
        self._stack = stack_name
        self._findings = findings

    def expand(self, resource: Resource) -> Iterator[Resource]:
        match resource.type.removeprefix(PREFIX):
            case "Service":
                yield from self._service(resource)
            case "Flow":
                yield from self._flow(resource)
            case "MNSTopic":
                name = generated_name(self._stack, resource.id, 120).replace("_", "-")
                kept = {key: value for key, value in resource.properties.items() if key != "Region"}
                yield _become(resource, "ALIYUN::MNS::Topic", {"TopicName": name, **kept})
            case "Log":
                yield from self._log(resource)
            case "CustomDomain" | "TableStore" | "Api":
                yield from companions(resource, generated_name(self._stack, resource.id, 63), self._findings)
            case _:
                yield resource

    def _service(self, resource: Resource) -> Iterator[Resource]:
        given = self._configured(resource)
        roles = self._roles(resource, "fc.aliyuncs.com")
        tracing = given.pop("TracingConfig", None)
        properties = {
            "ServiceName": generated_name(self._stack, resource.id),
            "InternetAccess": True,
            "LogConfig": {"Project": "", "Logstore": ""},
            **_without(given, "Policies"),
            **({"Role": roles.arn} if roles.arn is not None else {}),
            **({"TracingConfig": {"Type": "Jaeger", "Params": {}}} if tracing == "Enable" else {}),
        }
        yield from roles.resources
        yield _become(resource, "ALIYUN::FC::Service", properties, roles.ids)
        for name, child in resource.more.items():
            yield from self._function(resource, name, child)

    def _configured(self, resource: Resource) -> dict[str, Value]:
        """The properties of a service as its resource type takes them."""
        given = dict(resource.properties)
        for name in [name for name, value in given.items() if automatic(name, value)]:
            del given[name]
            message = f"`{name}: Auto` is for tools that make one; the service is deployed without"
            self._findings.warn("T15", (*resource.origin, "Properties", name), message)
        if isinstance(nas := given.get("NasConfig"), dict):
            given["NasConfig"] = {"UserId": -1, "GroupId": -1, "MountPoints": [], **nas}
        if isinstance(log := given.get("LogConfig"), dict):
            given["LogConfig"] = _without(log, "EnableInstanceMetrics")
        return given

    def _function(self, service: Resource, name: str, child: JsonObject) -> Iterator[Resource]:
        id, given = service.id + name, child.get("Properties") or {}
        origin = (*service.origin, name)
        properties = {
            "ServiceName": GetAtt(service.id, "ServiceName"),
            "FunctionName": given.get("FunctionName", name),
            **{key: value for key, value in given.items() if key not in _RENAMED},
            "Code": self._code(given.get("CodeUri"), origin),
        }
        function = Resource(
            id=id,
            type="ALIYUN::FC::Function",
            properties=properties,
            depends_on=tuple(dict.fromkeys((service.id, *depends_of(child)))),
            condition=service.condition,
            origin=origin,
        )
        yield function
        for event, entry in (child.get("Events") or {}).items():
            yield from trigger(function, event, entry, self._findings, self._stack)

    def _code(self, uri: Value, origin: tuple[str | int, ...]) -> JsonObject:
        """Code on OSS; an object without a bucket is no URI (ros.md 6.1)."""
        if isinstance(uri, str) and uri.startswith(DATA_ZIP):
            return {"ZipFile": uri.removeprefix(DATA_ZIP)}
        bucket, _, key = uri.removeprefix("oss://").partition("/") if isinstance(uri, str) else ("", "", "")
        if not str(uri).startswith("oss://") or not bucket or not key:
            fix = "package the code first; it must be oss://bucket/key then"
            path = (*origin, "Properties", "CodeUri")
            self._findings.error("T13", path, f"the code URI {uri!r:.80} is no object on OSS", fix)
        return {"OssBucketName": bucket, "OssObjectName": key}

    def _flow(self, resource: Resource) -> Iterator[Resource]:
        resource = inline(resource)
        given = dict(resource.properties)
        roles = self._roles(resource, "fnf.aliyuncs.com")
        if "Definition" not in given:
            path = (*resource.origin, "Properties", "DefinitionUri")
            fix = "package the template first: the definition must stand in it"
            self._findings.error("T13", path, f"{resource.id} has its definition in a file", fix)
        role = given.pop("Role", roles.arn)
        properties = {
            "Name": generated_name(self._stack, resource.id),
            **_without(given, "Policies", "DefinitionUri"),
            **({"RoleArn": role} if role is not None else {}),
        }
        yield from roles.resources
        yield _become(resource, "ALIYUN::FNF::Flow", properties, roles.ids)

    def _log(self, resource: Resource) -> Iterator[Resource]:
        name = generated_name(self._stack, resource.id, 63).replace("_", "-").lower()
        yield _become(resource, "ALIYUN::SLS::Project", {"Name": name, **resource.properties})
        for child, entry in resource.more.items():
            properties = {
                "ProjectName": GetAtt(resource.id, "Name"),
                "LogstoreName": child.lower(),
                **(entry.get("Properties") or {}),
            }
            origin = (*resource.origin, child)
            yield Resource(id=resource.id + child, type="ALIYUN::SLS::Logstore", properties=properties, origin=origin)

    def _roles(self, resource: Resource, principal: str) -> Roles:
        """The role and the attachments of a resource's policies; none if it names a role itself."""
        if "Role" in resource.properties or "Policies" not in resource.properties:
            return Roles(None, ())
        name = generated_name(self._stack, resource.id + "Role", 64).replace("_", "-")
        return policies_of(resource, principal, name, self._findings)


def automatic(name: str, value: Value) -> bool:
    """Whether a property of a service asks the local tools to make what it names (ros.md 6.2)."""
    return name in _AUTOMATIC and value == "Auto"


def depends_of(child: JsonObject) -> tuple[str, ...]:
    """What a function inside a service depends on beside the service."""
    given = child.get("DependsOn", ())
    names = given if isinstance(given, list) else [given]
    return tuple(name for name in names if isinstance(name, str))


def _without(properties: dict[str, Value], *names: str) -> dict[str, Value]:
    return {name: value for name, value in properties.items() if name not in names}


def _become(resource: Resource, type: str, properties: dict[str, Value], depends_on: tuple[str, ...] = ()) -> Resource:
    depends = tuple(dict.fromkeys((*resource.depends_on, *depends_on)))
    return replace(resource, type=type, properties=properties, depends_on=depends, more={})
