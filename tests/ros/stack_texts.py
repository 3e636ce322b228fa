"""Small templates for tests."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from fnfkit.model.json import Json, JsonObject

PASS = "version: v1\ntype: flow\nsteps:\n  - type: pass\n    name: only\n"


def template(resources: Mapping[str, Json], **sections: Json) -> str:
    """A template with these resources and sections, as YAML."""
    return yaml.safe_dump(
        {"ROSTemplateFormatVersion": "2015-09-01", "Resources": dict(resources), **sections}, sort_keys=False
    )


def queue(name: Json, **properties: Json) -> JsonObject:
    return {"Type": "ALIYUN::MNS::Queue", "Properties": {"QueueName": name, **properties}}


def topic(name: Json) -> JsonObject:
    return {"Type": "ALIYUN::MNS::Topic", "Properties": {"TopicName": name}}


def flow(name: Json, definition: Json = PASS, **properties: Json) -> JsonObject:
    return {"Type": "ALIYUN::FNF::Flow", "Properties": {"Name": name, "Definition": definition, **properties}}


def schedule(flow: Json, **properties: Json) -> JsonObject:
    given = {"FlowName": flow, "ScheduleName": "tick", "CronExpression": "@every 1m", "Enable": True, **properties}
    return {"Type": "ALIYUN::FNF::Schedule", "Properties": given}
