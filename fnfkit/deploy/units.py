"""Functions of either generation of Function Compute as resources (ros.md 7)."""

from __future__ import annotations

from fnfkit.deploy.graph import FunctionNode
from fnfkit.deploy.package import Package
from fnfkit.deploy.shelf import Shelf
from fnfkit.model.stack import GetAtt, Resource, Value

SECONDS = 60
"""How long an invocation may take; the service's own default is 3 seconds."""
MEGABYTES = 256

_RUNTIMES = {"py": "python3.10", "js": "nodejs16", "php": "php7.2"}


def second(node: FunctionNode, package: Package, shelf: Shelf, *, id: str, service: str) -> Resource:
    """A function of a service; `service` is the service's logical ID."""
    properties: dict[str, Value] = {
        "ServiceName": GetAtt(service, "ServiceName"),
        **_function(node, package, shelf),
    }
    if node.lasting:
        properties["AsyncConfiguration"] = {"StatefulInvocation": True}
    return Resource(id=id, type="ALIYUN::FC::Function", properties=properties)


def third(node: FunctionNode, package: Package, shelf: Shelf, *, id: str, role: str) -> tuple[Resource, ...]:
    """A function without a service, and its asynchronous configuration if it needs one; `role` is a logical ID."""
    properties = _function(node, package, shelf)
    if role:
        properties["Role"] = GetAtt(role, "Arn")
    made = Resource(id=id, type="ALIYUN::FC3::Function", properties=properties)
    if not node.lasting:
        return (made,)
    config: dict[str, Value] = {"FunctionName": GetAtt(id, "FunctionName"), "AsyncTask": True}
    return made, Resource(id=f"{id}Async", type="ALIYUN::FC3::AsyncInvokeConfig", properties=config)


def _function(node: FunctionNode, package: Package, shelf: Shelf) -> dict[str, Value]:
    return {
        "FunctionName": node.ref.function,
        "Handler": package.handler,
        "Runtime": runtime_of(package),
        "Timeout": SECONDS,
        "MemorySize": MEGABYTES,
        "Code": package.code(shelf),
    }


def runtime_of(package: Package) -> str:
    """The runtime for the file that has the handler."""
    entry = package.handler.rpartition(".")[0].replace(".", "/")
    suffixes = (name.rpartition(".")[2] for name in package.files if name.rpartition(".")[0] == entry)
    return next((_RUNTIMES[suffix] for suffix in suffixes if suffix in _RUNTIMES), _RUNTIMES["py"])
