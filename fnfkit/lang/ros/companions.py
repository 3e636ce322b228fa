"""SAM resources beside services and flows: domains, tables, gateways.

ros.md 6.2 does not list them; the local tools know them and published applications have them. A domain becomes the type
for it, the others become types of services that are not imitated here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fnfkit.lang.ros.findings import Findings
from fnfkit.model.stack import Ref, Resource, Value

_TYPES = {"TableStore": "ALIYUN::OTS::Instance", "Api": "ALIYUN::ApiGateway::Group"}


def companions(resource: Resource, name: str, findings: Findings) -> Iterator[Resource]:
    """What a SAM resource stands for; `name` is the one it gets where none is given."""
    kind = resource.type.rpartition("::")[2]
    if kind == "CustomDomain":
        yield replace(resource, type="ALIYUN::FC::CustomDomain", properties=_domain(resource, name), more={})
        return
    type = _TYPES[kind]
    findings.warn(
        "T15", (*resource.origin, "Type"), f"{resource.type} is taken as {type}, which is not imitated offline"
    )
    key = "InstanceName" if kind == "TableStore" else "GroupName"
    yield replace(resource, type=type, properties={key: name, **resource.properties}, more={})
    for table, child in resource.more.items():
        properties = {"InstanceName": Ref(resource.id), "TableName": table, **(child.get("Properties") or {})}
        origin = (*resource.origin, table)
        yield Resource(
            id=resource.id + table,
            type="ALIYUN::OTS::Table",
            properties=properties,
            condition=resource.condition,
            origin=origin,
        )


def _domain(resource: Resource, name: str) -> dict[str, Value]:
    """Routes are written as paths with their functions, and taken as a list."""
    given = dict(resource.properties)
    if given.get("DomainName", "Auto") == "Auto":
        given["DomainName"] = f"{name.lower()}.test.functioncompute.com"
    config = given.get("RouteConfig")
    routes = config.get("Routes", config.get("routes")) if isinstance(config, dict) else None
    if isinstance(routes, dict):
        given["RouteConfig"] = {"Routes": [_route(path, route) for path, route in routes.items()]}
    return {"Protocol": "HTTP", **given}


def _route(path: str, route: Value) -> Value:
    names = {"serviceName": "ServiceName", "functionName": "FunctionName", "qualifier": "Qualifier"}
    known = {names.get(key, key): value for key, value in route.items()} if isinstance(route, dict) else {}
    return {"Path": path, **{key: value for key, value in known.items() if key in names.values()}}
