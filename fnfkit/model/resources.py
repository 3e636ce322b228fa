"""The resource types that flows are deployed with, one frozen class each (ros.md 7 to 9).

Fields are the properties, spelled the Python way: `role_arn` is `RoleArn`. A field that is None is left out. Values may
be functions of the template, such as `GetAtt("Queue", "QueueName")`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias

from fnfkit.model.stack import Resource, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A flow."""

    TYPE: ClassVar[str] = "ALIYUN::FNF::Flow"
    name: Value
    definition: Value
    description: Value = None
    role_arn: Value = None
    execution_mode: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A time-based schedule of a flow; the payload is JSON text."""

    TYPE: ClassVar[str] = "ALIYUN::FNF::Schedule"
    flow_name: Value
    schedule_name: Value
    cron_expression: Value
    description: Value = None
    enable: Value = None
    payload: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of FC 2."""

    TYPE: ClassVar[str] = "ALIYUN::FC::Service"
    service_name: Value
    description: Value = None
    role: Value = None
    internet_access: Value = None
    log_config: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of FC 2; `timeout` in seconds, `memory_size` in MB."""

    TYPE: ClassVar[str] = "ALIYUN::FC::Function"
    service_name: Value
    function_name: Value
    handler: Value
    runtime: Value
    code: Value = None
    description: Value = None
    timeout: Value = None
    memory_size: Value = None
    initializer: Value = None
    initialization_timeout: Value = None
    environment_variables: Value = None
    async_configuration: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger of a function of FC 2."""

    TYPE: ClassVar[str] = "ALIYUN::FC::Trigger"
    service_name: Value
    function_name: Value
    trigger_name: Value
    trigger_type: Value
    trigger_config: Value
    invocation_role: Value = None
    source_arn: Value = None
    qualifier: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version of a service: it needs to depend on every function that shall be in it."""

    TYPE: ClassVar[str] = "ALIYUN::FC::Version"
    service_name: Value
    description: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version of a service; `additional_weight` in percent."""

    TYPE: ClassVar[str] = "ALIYUN::FC::Alias"
    service_name: Value
    alias_name: Value
    version_id: Value = None
    description: Value = None
    additional_version: Value = None
    additional_weight: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionConfig:
    """Reserved instances of a function under an alias."""

    TYPE: ClassVar[str] = "ALIYUN::FC::ProvisionConfig"
    service_name: Value
    function_name: Value
    qualifier: Value
    target: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Function3:
    """A function of FC 3."""

    TYPE: ClassVar[str] = "ALIYUN::FC3::Function"
    function_name: Value
    handler: Value
    runtime: Value
    code: Value = None
    description: Value = None
    role: Value = None
    timeout: Value = None
    memory_size: Value = None
    environment_variables: Value = None
    layers: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger3:
    """A trigger of a function of FC 3."""

    TYPE: ClassVar[str] = "ALIYUN::FC3::Trigger"
    function_name: Value
    trigger_name: Value
    trigger_type: Value
    trigger_config: Value
    invocation_role: Value = None
    source_arn: Value = None
    qualifier: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncInvokeConfig:
    """How asynchronous calls of a function of FC 3 are treated."""

    TYPE: ClassVar[str] = "ALIYUN::FC3::AsyncInvokeConfig"
    function_name: Value
    async_task: Value = None
    destination_config: Value = None
    max_async_event_age_in_seconds: Value = None
    max_async_retry_attempts: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue; times in seconds, the size in bytes."""

    TYPE: ClassVar[str] = "ALIYUN::MNS::Queue"
    queue_name: Value
    delay_seconds: Value = None
    maximum_message_size: Value = None
    message_retention_period: Value = None
    polling_wait_seconds: Value = None
    visibility_timeout: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic."""

    TYPE: ClassVar[str] = "ALIYUN::MNS::Topic"
    topic_name: Value
    maximum_message_size: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription of a topic."""

    TYPE: ClassVar[str] = "ALIYUN::MNS::Subscription"
    topic_name: Value
    subscription_name: Value
    endpoint: Value
    notify_content_format: Value = None
    notify_strategy: Value = None
    filter_tag: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role; `policies` are inline, `policy_attachments` name others."""

    TYPE: ClassVar[str] = "ALIYUN::RAM::Role"
    role_name: Value
    assume_role_policy_document: Value
    description: Value = None
    policies: Value = None
    policy_attachments: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """A policy of its own."""

    TYPE: ClassVar[str] = "ALIYUN::RAM::ManagedPolicy"
    policy_name: Value
    policy_document: Value = None
    description: Value = None
    roles: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPolicyToRole:
    """A policy attached to a role; the type is System or Custom."""

    TYPE: ClassVar[str] = "ALIYUN::RAM::AttachPolicyToRole"
    policy_name: Value
    policy_type: Value
    role_name: Value


AnyResource: TypeAlias = (
    Flow
    | Schedule
    | Service
    | Function
    | Trigger
    | Version
    | Alias
    | ProvisionConfig
    | Function3
    | Trigger3
    | AsyncInvokeConfig
    | Queue
    | Topic
    | Subscription
    | Role
    | ManagedPolicy
    | AttachPolicyToRole
)


def property_name(field: str) -> str:
    """The property that a field stands for."""
    return "".join(word.capitalize() for word in field.split("_"))


def resource(id: str, of: AnyResource, *, depends_on: tuple[str, ...] = ()) -> Resource:
    """The entry of a template for a resource."""
    values: dict[str, Value] = {property_name(field.name): getattr(of, field.name) for field in fields(of)}
    given = {name: value for name, value in values.items() if value is not None}
    return Resource(id=id, type=of.TYPE, properties=given, depends_on=depends_on)
