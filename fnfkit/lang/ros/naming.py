"""Names for SAM resources that their own flows take for granted.

The transform makes up the names of services and flows, `<StackName>-X-<12 hex>`; the tools without it use the logical
IDs as names (ros.md 6.2). Published applications were written for either: where a definition calls a service or a flow
by its logical ID, that has to be its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from fnfkit.lang.ros.functions import write_value
from fnfkit.model.stack import SERVERLESS, Resource, Template

_FLOW, _SERVICE = "Aliyun::Serverless::Flow", "Aliyun::Serverless::Service"
_CALLED = re.compile(r"acs:(?:fc:[\w-]*:\w*:services|fnf:[\w-]*:\w*:flow)/([A-Za-z_][\w-]*)")
_NAMES = {_SERVICE: "ServiceName", _FLOW: "Name"}


def taken_for_granted(template: Template) -> tuple[str, ...]:
    """The logical IDs of nameless services and flows that definitions of the template call as if they were names."""
    if template.transform != SERVERLESS:
        return ()
    called = {name for text in _definitions(template) for name in _CALLED.findall(text)}
    return tuple(one.id for one in template.resources if one.id in called and _nameless(one))


def named(template: Template, ids: tuple[str, ...]) -> Template:
    """The template with logical IDs as the names of these resources."""
    return replace(template, resources=tuple(_named(one) if one.id in ids else one for one in template.resources))


def _named(resource: Resource) -> Resource:
    return replace(resource, properties={_NAMES[resource.type]: resource.id, **resource.properties})


def _nameless(resource: Resource) -> bool:
    return resource.type in _NAMES and _NAMES[resource.type] not in resource.properties


def _definitions(template: Template) -> Iterator[str]:
    for resource in template.resources:
        if resource.type == _FLOW and (definition := resource.properties.get("Definition")) is not None:
            yield json.dumps(write_value(definition))
