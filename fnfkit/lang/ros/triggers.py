"""Events of SAM functions as triggers (ros.md 6.1, 6.2, 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from fnfkit.lang.ros.findings import Findings, suggestion
from fnfkit.lang.ros.roles import attachment, role
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import GetAtt, Resource, Sub, Value

KINDS = {
    "HTTP": "http",
    "Timer": "timer",
    "MNSTopic": "mns_topic",
    "OSS": "oss",
    "Log": "log",
    "TableStore": "tablestore",
    "CDN": "cdn_events",
}

_SOURCES = {
    "mns_topic": ("mns.aliyuncs.com", "AliyunMNSNotificationRolePolicy"),
    "oss": ("oss.aliyuncs.com", "AliyunFCInvocationAccess"),
    "log": ("log.aliyuncs.com", "AliyunFCInvocationAccess"),
    "tablestore": ("tablestore.aliyuncs.com", "AliyunFCInvocationAccess"),
    "cdn_events": ("cdn.aliyuncs.com", "AliyunFCInvocationAccess"),
}
"""Who calls, and what the caller's role may do. How the transform names that role is not documented (ros.md 14)."""


def trigger(
    function: Resource, name: str, event: JsonObject, findings: Findings, stack_name: str
) -> Iterator[Resource]:
    """The trigger of an event, with a role for its caller where the kind needs one and none is given."""
    if event.get("Type") == "RDS":
        message = "events of type RDS have no trigger type: nothing calls the function for them"
        findings.warn("T15", (*function.origin, "Events", name), message)
        return
    kind = KINDS.get(event.get("Type", ""))
    if kind is None:
        path = (*function.origin, "Events", name)
        findings.error("T13", path, f"the event type {event.get('Type')} is unknown", suggestion("", KINDS))
        return
    given = dict(event.get("Properties") or {})
    id = function.id + name
    invocation, depends = given.pop("InvocationRole", None), []
    if kind in _SOURCES and invocation is None:
        principal, policy = _SOURCES[kind]
        digits = hashlib.sha256(f"{stack_name}/{id}".encode()).hexdigest()[:12].upper()
        made = role(f"{id}Role", f"{id[:50]}-{digits}".replace("_", "-"), principal, function)
        granted = attachment(policy, made.id, function)
        invocation, depends = GetAtt(made.id, "Arn"), [granted.id]
        yield made
        yield granted
    yield Resource(
        id=id,
        type="ALIYUN::FC::Trigger",
        properties=_properties(function, name, kind, given, invocation),
        depends_on=(function.id, *depends),
        condition=function.condition,
        origin=(*function.origin, "Events", name),
    )


def _properties(function: Resource, name: str, kind: str, given: JsonObject, invocation: Value) -> dict[str, Value]:
    properties: dict[str, Value] = {
        "ServiceName": function.properties["ServiceName"],
        "FunctionName": GetAtt(function.id, "FunctionName"),
        "TriggerName": name,
        "TriggerType": kind,
    }
    if "Qualifier" in given:
        properties["Qualifier"] = given.pop("Qualifier")
    if kind in _SOURCES:
        properties |= {"InvocationRole": invocation, "SourceArn": _source(kind, given)}
    return {**properties, "TriggerConfig": _config(kind, given)}


def _config(kind: str, given: JsonObject) -> JsonObject:
    match kind:
        case "http":
            auth = given.get("AuthType")
            return {**given, "AuthType": auth.lower() if isinstance(auth, str) else auth}
        case "mns_topic":
            defaults = {"NotifyContentFormat": "STREAM", "NotifyStrategy": "BACKOFF_RETRY"}
            return {**defaults, **{key: value for key, value in given.items() if key not in ("TopicName", "Region")}}
        case "log":
            return {"FunctionParameter": {}, "Enable": True, **given}
        case _:
            return given


def _source(kind: str, given: JsonObject) -> Sub:
    """The ARN of what calls (ros.md 7, table of trigger types)."""
    match kind:
        case "mns_topic":
            own = (("region", given.get("Region", "")), ("topic", given["TopicName"]))
            region = "${region}" if given.get("Region") else "${ALIYUN::Region}"
            return Sub(f"acs:mns:{region}:${{ALIYUN::TenantId}}:/topics/${{topic}}", own)
        case "oss":
            return Sub("acs:oss:${ALIYUN::Region}:${ALIYUN::TenantId}:${name}", (("name", given["BucketName"]),))
        case "log":
            project = (given.get("LogConfig") or {}).get("Project", "")
            return Sub("acs:log:${ALIYUN::Region}:${ALIYUN::TenantId}:project/${name}", (("name", project),))
        case "tablestore":
            own = (("instance", given["InstanceName"]), ("table", given["TableName"]))
            return Sub("acs:ots:${ALIYUN::Region}:${ALIYUN::TenantId}:instance/${instance}/table/${table}", own)
        case _:
            return Sub("acs:cdn:*:${ALIYUN::TenantId}")
