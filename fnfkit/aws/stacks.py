"""The stacks port over CloudFormation: the same records, statuses and faults as from Resource Orchestration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TypeVar

from fnfkit.aws import stack_records as records
from fnfkit.aws.objects import AwsObjects
from fnfkit.aws.session import Session
from fnfkit.aws.stack_faults import stack_faults
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    ChangeSetRecord,
    InvalidArgument,
    Numbered,
    ResourceChange,
    ResourceRecord,
    StackEvent,
    StackNotFound,
    StackRecord,
    TemplateSummary,
)
from fnfkit.ports.stacks import DEFAULT_TIMEOUT_MINUTES

T = TypeVar("T")

LONGEST_BODY = 51_200
"""Bytes of a template that a call takes itself; a larger one has to be in a bucket (CloudFormation quotas)."""
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
"""That a stack makes roles has to be said; whether it may is for the caller's policies."""
_PREVIEW = "fnfkit-preview"
_UNCHANGED = ("didn't contain changes", "no updates are to be performed")


class AwsStacks:
    """CloudFormation in the session's region; implements `fnfkit.ports.Stacks`.

    Statuses are the port's: `ROLLBACK_COMPLETE`, say, is a stack whose update went back. Templates that are too large
    for a call go through the `bucket`. Every method raises `Fault`.
    """

    def __init__(self, session: Session, *, bucket: str = "") -> None:
        self._session = session
        self._client = session.client("cloudformation")
        self._bucket = bucket

    def create_stack(
        self,
        name: str,
        template: str,
        *,
        parameters: Mapping[str, str] | None = None,
        timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
        disable_rollback: bool = False,
        deletion_protection: bool = False,
        tags: Mapping[str, str] | None = None,
        ram_role_name: str = "",
        client_token: str = "",
    ) -> str:
        """CreateStack; returns the id. `ram_role_name` is the ARN of the role that CloudFormation acts with."""
        with self._template(template) as body:
            answer = self._ask(
                "CreateStack",
                StackName=name,
                **body,
                Parameters=_pairs(parameters),
                TimeoutInMinutes=timeout_minutes,
                DisableRollback=disable_rollback,
                EnableTerminationProtection=deletion_protection,
                Tags=_tags(tags),
                RoleARN=ram_role_name or None,
                ClientRequestToken=client_token or None,
                Capabilities=list(CAPABILITIES),
            )
        return str(answer["StackId"])

    def update_stack(
        self,
        stack: str,
        template: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
        disable_rollback: bool = False,
        timeout_minutes: int | None = None,
        tags: Mapping[str, str] | None = None,
        client_token: str = "",
    ) -> str:
        """UpdateStack; returns the id. Resources are always made anew where a property demands it, and there is no
        limit of time: `replacement` and `timeout_minutes` have nothing to decide."""
        with self._template(template) as body:
            answer = self._ask(
                "UpdateStack",
                StackName=stack,
                **body,
                Parameters=self._values(stack, body, parameters, previous=use_previous_parameters),
                DisableRollback=disable_rollback,
                Tags=_tags(tags),
                ClientRequestToken=client_token or None,
                Capabilities=list(CAPABILITIES),
            )
        return str(answer["StackId"])

    def delete_stack(self, stack: str, *, retain_all: bool = False, retain: Sequence[str] = ()) -> None:
        """DeleteStack. Resources can be retained of a stack whose deletion has failed; all of them, with a role of
        their own only. Raises `InvalidArgument` for `retain_all`."""
        if retain_all:
            raise InvalidArgument("CloudFormation retains all resources by their DeletionPolicy only")
        self._ask("DeleteStack", StackName=stack, RetainResources=list(retain) or None)

    def get_stack(self, stack: str) -> StackRecord:
        """DescribeStacks of one."""
        return records.stack(self._ask("DescribeStacks", StackName=stack)["Stacks"][0], self._session.region)

    def list_stacks(
        self, *, names: Sequence[str] = (), statuses: Sequence[str] = (), page: int = 1, size: int = 10
    ) -> Numbered[StackRecord]:
        """DescribeStacks; a single name is asked for alone."""
        if len(names) == 1 and "*" not in names[0]:
            found = self._named(names[0])
        else:
            pages = self._pages("describe_stacks", "Stacks")
            found = [records.stack(one, self._session.region) for one in pages]
        kept = [
            one
            for one in found
            if (not names or any(fnmatchcase(one.name, name) for name in names))
            and (not statuses or one.status in statuses)
        ]
        return _numbered(sorted(kept, key=lambda one: -one.created), page, size)

    def list_stack_resources(self, stack: str) -> tuple[ResourceRecord, ...]:
        """ListStackResources."""
        record = self.get_stack(stack)
        pages = self._pages("list_stack_resources", "StackResourceSummaries", StackName=stack)
        return tuple(records.resource(one, record) for one in pages)

    def get_stack_resource(self, stack: str, logical_id: str) -> ResourceRecord:
        """DescribeStackResource; attributes are not told."""
        record = self.get_stack(stack)
        answer = self._ask("DescribeStackResource", StackName=stack, LogicalResourceId=logical_id)
        return records.resource(answer["StackResourceDetail"], record)

    def list_stack_events(
        self,
        stack: str,
        *,
        logical_ids: Sequence[str] = (),
        types: Sequence[str] = (),
        statuses: Sequence[str] = (),
        page: int = 1,
        size: int = 10,
    ) -> Numbered[StackEvent]:
        """DescribeStackEvents."""
        found = map(records.event, self._pages("describe_stack_events", "StackEvents", StackName=stack))
        kept = [
            one
            for one in found
            if (not logical_ids or one.logical_id in logical_ids)
            and (not types or one.type in types)
            and (not statuses or one.status in statuses)
        ]
        return _numbered(kept, page, size)

    def get_template(self, stack: str, *, original: bool = False) -> str:
        """GetTemplate; what was sent as JSON comes back formatted anew."""
        stage = "Original" if original else "Processed"
        body: Json = self._ask("GetTemplate", StackName=stack, TemplateStage=stage)["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)

    def validate_template(self, template: str) -> TemplateSummary:
        """ValidateTemplate: the form of the template, and its parameters."""
        with self._template(template) as body:
            answer = self._ask("ValidateTemplate", **body)
        return TemplateSummary(
            description=answer.get("Description") or "", parameters=tuple(answer.get("Parameters") or ())
        )

    def preview_stack(
        self,
        name: str,
        template: str,
        *,
        stack: str = "",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
    ) -> tuple[ResourceChange, ...]:
        """The changes of a change set that is deleted again, and with it the stack that one for a new stack makes."""
        made = self.create_change_set(
            _PREVIEW,
            template,
            stack=stack,
            stack_name=name,
            type="UPDATE" if stack else "CREATE",
            parameters=parameters,
            use_previous_parameters=use_previous_parameters and bool(stack),
        )
        try:
            return self._settled(made).changes
        finally:
            self.delete_change_set(made.id)
            if not stack:
                self.delete_stack(made.stack_id)

    def create_change_set(
        self,
        name: str,
        template: str | None = None,
        *,
        stack: str = "",
        stack_name: str = "",
        type: str = "UPDATE",
        parameters: Mapping[str, str] | None = None,
        use_previous_parameters: bool = False,
        replacement: bool = False,
        description: str = "",
    ) -> ChangeSetRecord:
        """CreateChangeSet, then DescribeChangeSet."""
        with self._template(template) as body:
            answer = self._ask(
                "CreateChangeSet",
                ChangeSetName=name,
                StackName=stack or stack_name,
                ChangeSetType=type,
                **body,
                Parameters=self._values(stack, body, parameters, previous=use_previous_parameters),
                Description=description or None,
                Capabilities=list(CAPABILITIES),
            )
        return self.get_change_set(answer["Id"])

    def get_change_set(self, change_set: str) -> ChangeSetRecord:
        """DescribeChangeSet, with all of its changes."""
        answer = self._ask("DescribeChangeSet", ChangeSetName=change_set)
        more = dict(answer)
        while more.get("NextToken"):
            more = self._ask("DescribeChangeSet", ChangeSetName=change_set, NextToken=more["NextToken"])
            answer = {**answer, "Changes": [*answer["Changes"], *more["Changes"]]}
        return records.change_set(answer)

    def list_change_sets(self, stack: str, *, page: int = 1, size: int = 10) -> Numbered[ChangeSetRecord]:
        """ListChangeSets."""
        found = self._pages("list_change_sets", "Summaries", StackName=stack)
        return _numbered([records.change_set(one) for one in found], page, size)

    def execute_change_set(self, change_set: str) -> None:
        """ExecuteChangeSet."""
        self._ask("ExecuteChangeSet", ChangeSetName=change_set)

    def delete_change_set(self, change_set: str) -> None:
        """DeleteChangeSet."""
        self._ask("DeleteChangeSet", ChangeSetName=change_set)

    def set_deletion_protection(self, stack: str, enabled: bool) -> None:
        """UpdateTerminationProtection."""
        self._ask("UpdateTerminationProtection", StackName=stack, EnableTerminationProtection=enabled)

    # -- how it is asked

    def _ask(self, action: str, **given: Json) -> JsonObject:
        told = {name: value for name, value in given.items() if value is not None}
        about = told.get("StackName") or told.get("ChangeSetName") or ""
        with stack_faults(self._session, f"{action} {about}".strip(), change_set=action == "CreateChangeSet"):
            method = getattr(self._client, _snake(action))
            answer: JsonObject = method(**told)
        return answer

    def _pages(self, method: str, key: str, **given: Json) -> Iterator[JsonObject]:
        about = given.get("StackName", "")
        with stack_faults(self._session, f"{method} {about}".strip()):
            for page in self._client.get_paginator(method).paginate(**given):
                yield from page[key]

    def _settled(self, made: ChangeSetRecord) -> ChangeSetRecord:
        """A change set once it is made; one that would change nothing has no changes."""
        waiter = self._client.get_waiter("change_set_create_complete")
        try:
            with stack_faults(self._session, f"DescribeChangeSet {made.name}"):
                waiter.wait(ChangeSetName=made.id, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        except InvalidArgument:
            found = self.get_change_set(made.id)
            if not any(words in found.status_reason.lower() for words in _UNCHANGED):
                raise InvalidArgument(f"the change set {made.name} failed: {found.status_reason}") from None
        return self.get_change_set(made.id)

    def _named(self, name: str) -> list[StackRecord]:
        try:
            return [self.get_stack(name)]
        except StackNotFound:
            return []

    def _values(
        self, stack: str, template: JsonObject, parameters: Mapping[str, str] | None, *, previous: bool
    ) -> list[JsonObject]:
        """The parameters; with `previous` those that the stack has and nobody gives stay as they are."""
        given = _pairs(parameters)
        kept = [name for name in self.get_stack(stack).parameters if name not in (parameters or {})] if previous else []
        if kept and "UsePreviousTemplate" not in template:
            summary = self._ask("GetTemplateSummary", **template)
            known = {one["ParameterKey"] for one in summary.get("Parameters") or []}
            kept = [name for name in kept if name in known]
        return [*given, *({"ParameterKey": name, "UsePreviousValue": True} for name in kept)]

    @contextmanager
    def _template(self, text: str | None) -> Iterator[JsonObject]:
        """How a call names a template; one that is too large is in the bucket for as long as the call takes."""
        if text is None:
            yield {"UsePreviousTemplate": True}
            return
        raw = text.encode()
        if len(raw) <= LONGEST_BODY:
            yield {"TemplateBody": text}
            return
        if not self._bucket:
            raise InvalidArgument(f"the template has {len(raw)} bytes: above {LONGEST_BODY} it has to go by a bucket")
        objects, key = AwsObjects(self._session), f"fnfkit/templates/{hashlib.sha256(raw).hexdigest()}.yml"
        objects.create_bucket(self._bucket)
        objects.put(self._bucket, key, raw)
        try:
            yield {"TemplateURL": objects.url(self._bucket, key)}
        finally:
            objects.delete(self._bucket, key)


def _snake(action: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action).lstrip("_")


def _pairs(parameters: Mapping[str, str] | None) -> list[JsonObject]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in (parameters or {}).items()]


def _tags(tags: Mapping[str, str] | None) -> Json:
    return None if tags is None else [{"Key": name, "Value": value} for name, value in tags.items()]


def _numbered(items: Sequence[T], page: int, size: int) -> Numbered[T]:
    start = (page - 1) * size
    return Numbered(tuple(items[start : start + size]), page, size, len(items))
