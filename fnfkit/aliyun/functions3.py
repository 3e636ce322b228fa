"""The port `Functions` over the official `alibabacloud_fc20230330`: functions without services (api-fc.md 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import DaraException, UnretryableException
from darabonba.runtime import RuntimeOptions

from fnfkit.aliyun import functions as read
from fnfkit.aliyun.session import Session, is_local
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault, InvalidArgument, NetworkFault, Page
from fnfkit.ports.functions import (
    ALL_TASKS,
    LATEST,
    SYNC,
    UNCHANGED,
    AliasRecord,
    AsyncConfig,
    FunctionRecord,
    FunctionSettings,
    Invoked,
    InvokeOptions,
    ProvisionRecord,
    ServiceRecord,
    TaskQuery,
    TaskRecord,
    VersionRecord,
)
from fnfkit.protocol.fc import FC3

MILLISECONDS = 660_000
"""Longer than a call of a function may usually take."""


class Fc3Functions:
    """The functions of an account that have no service. The names of services must be empty."""

    def __init__(self, session: Session, account_id: str = "") -> None:
        key, address = read.door(session, account_id)
        scheme, _, self._endpoint = address.partition("://")
        local = self._endpoint.partition(":")[0] if is_local(address) else None
        self._runtime = RuntimeOptions(read_timeout=MILLISECONDS, no_proxy=local)
        self._client = Client(
            Config(
                endpoint=self._endpoint,
                protocol=scheme,
                access_key_id=key.id,
                access_key_secret=key.secret,
                security_token=key.token or None,
                region_id=session.region,
            )
        )

    # Services there are none of

    def create_service(self, name: str, *, description: str = "", role: str = "") -> ServiceRecord:
        """Refused: FC 3 has no services."""
        _no_services()

    def get_service(self, name: str) -> ServiceRecord:
        """Refused: FC 3 has no services."""
        _no_services()

    def list_services(
        self, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[ServiceRecord]:
        """None."""
        return Page(())

    def delete_service(self, name: str) -> None:
        """Refused: FC 3 has no services."""
        _no_services()

    # Functions

    def create_function(self, service: str, name: str, settings: FunctionSettings, code: bytes) -> FunctionRecord:
        """A new function from a zip archive."""
        _need_none(service)
        body = {"functionName": name, "runtime": "python3.10", "handler": "index.handler", **read.hooked(settings)}
        given = models.CreateFunctionInput().from_map({**body, "code": read.zipped(code)})
        request = models.CreateFunctionRequest(body=given)
        made = self._call(lambda: self._client.create_function_with_options(request, {}, self._runtime))
        return read.function_of("", made)

    def update_function(
        self, service: str, name: str, settings: FunctionSettings = UNCHANGED, code: bytes | None = None
    ) -> FunctionRecord:
        """Changes what is given."""
        _need_none(service)
        body = {**read.hooked(settings), **({"code": read.zipped(code)} if code is not None else {})}
        request = models.UpdateFunctionRequest(body=models.UpdateFunctionInput().from_map(body))
        made = self._call(lambda: self._client.update_function_with_options(name, request, {}, self._runtime))
        return read.function_of("", made)

    def get_function(self, service: str, name: str, qualifier: str = "") -> FunctionRecord:
        """A function."""
        _need_none(service)
        request = models.GetFunctionRequest(qualifier=qualifier or None)
        found = self._call(lambda: self._client.get_function_with_options(name, request, {}, self._runtime))
        return read.function_of("", found)

    def get_code(self, service: str, name: str, qualifier: str = "") -> tuple[bytes, str]:
        """The archive, from the address the service gives for it, and its checksum."""
        _need_none(service)
        request = models.GetFunctionCodeRequest(qualifier=qualifier or None)
        found = self._call(lambda: self._client.get_function_code_with_options(name, request, {}, self._runtime))
        return read.downloaded(found["url"]), str(found.get("checksum", ""))

    def list_functions(
        self, service: str, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[FunctionRecord]:
        """In order of name."""
        _need_none(service)
        request = models.ListFunctionsRequest(prefix=prefix or None, limit=limit, next_token=next_token)
        found = self._call(lambda: self._client.list_functions_with_options(request, {}, self._runtime))
        return read.page([read.function_of("", one) for one in found.get("functions") or ()], found)

    def delete_function(self, service: str, name: str) -> None:
        """Deletes a function."""
        _need_none(service)
        self._call(lambda: self._client.delete_function_with_options(name, {}, self._runtime))

    # Versions and aliases

    def publish_version(self, service: str, function: str, description: str = "") -> VersionRecord:
        """Of the function."""
        body = models.PublishVersionInput(description=description)
        request = models.PublishFunctionVersionRequest(body=body)
        made = self._call(
            lambda: self._client.publish_function_version_with_options(function, request, {}, self._runtime)
        )
        return read.version_of(made)

    def list_versions(self, service: str, function: str) -> Page[VersionRecord]:
        """The oldest first."""
        request = models.ListFunctionVersionsRequest(direction="FORWARD", limit=100)
        found = self._call(
            lambda: self._client.list_function_versions_with_options(function, request, {}, self._runtime)
        )
        return read.page([read.version_of(one) for one in found.get("versions") or ()], found)

    def delete_version(self, service: str, function: str, version: str) -> None:
        """Deletes a version."""
        self._call(lambda: self._client.delete_function_version_with_options(function, version, {}, self._runtime))

    def create_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """A new alias."""
        body = models.CreateAliasInput(alias_name=name, version_id=version, additional_version_weight=weights or {})
        request = models.CreateAliasRequest(body=body)
        return read.alias_of(
            self._call(lambda: self._client.create_alias_with_options(function, request, {}, self._runtime))
        )

    def update_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """Moves an alias."""
        body = models.UpdateAliasInput(version_id=version, additional_version_weight=weights or {})
        request = models.UpdateAliasRequest(body=body)
        return read.alias_of(
            self._call(lambda: self._client.update_alias_with_options(function, name, request, {}, self._runtime))
        )

    def get_alias(self, service: str, function: str, name: str) -> AliasRecord:
        """An alias."""
        return read.alias_of(self._call(lambda: self._client.get_alias_with_options(function, name, {}, self._runtime)))

    def delete_alias(self, service: str, function: str, name: str) -> None:
        """Deletes an alias."""
        self._call(lambda: self._client.delete_alias_with_options(function, name, {}, self._runtime))

    # What hangs on a qualifier

    def put_async_config(self, service: str, function: str, config: AsyncConfig) -> AsyncConfig:
        """Sets how asynchronous calls are treated."""
        body = models.PutAsyncInvokeConfigInput().from_map(read.write_async_config(FC3, config))
        request = models.PutAsyncInvokeConfigRequest(qualifier=config.qualifier, body=body)
        made = self._call(
            lambda: self._client.put_async_invoke_config_with_options(function, request, {}, self._runtime)
        )
        return read.async_config_of(FC3, made, config.qualifier)

    def get_async_config(self, service: str, function: str, qualifier: str = "") -> AsyncConfig:
        """What was set."""
        request = models.GetAsyncInvokeConfigRequest(qualifier=qualifier or None)
        found = self._call(
            lambda: self._client.get_async_invoke_config_with_options(function, request, {}, self._runtime)
        )
        return read.async_config_of(FC3, found, qualifier or LATEST)

    def delete_async_config(self, service: str, function: str, qualifier: str = "") -> None:
        """Back to the defaults."""
        request = models.DeleteAsyncInvokeConfigRequest(qualifier=qualifier or None)
        self._call(lambda: self._client.delete_async_invoke_config_with_options(function, request, {}, self._runtime))

    def put_provision(self, service: str, function: str, qualifier: str, target: int) -> ProvisionRecord:
        """Wants so many instances."""
        body = models.PutProvisionConfigInput().from_map({"target": target, "defaultTarget": target})
        request = models.PutProvisionConfigRequest(qualifier=qualifier, body=body)
        made = self._call(lambda: self._client.put_provision_config_with_options(function, request, {}, self._runtime))
        return read.provision_of("", function, qualifier, made)

    def get_provision(self, service: str, function: str, qualifier: str) -> ProvisionRecord:
        """How many are wanted, and how many there are."""
        request = models.GetProvisionConfigRequest(qualifier=qualifier)
        found = self._call(lambda: self._client.get_provision_config_with_options(function, request, {}, self._runtime))
        return read.provision_of("", function, qualifier, found)

    # Calls and tasks

    def invoke(self, service: str, function: str, payload: bytes = b"", options: InvokeOptions = SYNC) -> Invoked:
        """Calls a function; a function that fails is an answer, not an exception."""
        _need_none(service)
        headers = models.InvokeFunctionHeaders(
            x_fc_invocation_type="Async" if options.asynchronous else "Sync",
            x_fc_async_task_id=options.task_id or None,
            x_fc_log_type="Tail" if options.tail else None,
            common_headers={"x-fc-stateful-async-invocation-enable": "true"} if options.stateful else {},
        )
        # Bytes, not a stream: the client would put a stream together again in parts of 1 KB, minutes for the largest.
        request = models.InvokeFunctionRequest(body=payload, qualifier=options.qualifier or None)
        invoke = self._client.invoke_function_with_options
        answer = self._perform(lambda: invoke(function, request, headers, self._runtime))
        return read.invoked(answer.headers, answer.body.read())

    def get_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> TaskRecord:
        """A task."""
        request = models.GetAsyncTaskRequest(qualifier=qualifier or None)
        found = self._call(
            lambda: self._client.get_async_task_with_options(function, task_id, request, {}, self._runtime)
        )
        return read.task_of(FC3, "", function, found)

    def list_tasks(
        self,
        service: str,
        function: str,
        query: TaskQuery = ALL_TASKS,
        *,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> Page[TaskRecord]:
        """The tasks of a function."""
        request = models.ListAsyncTasksRequest(
            qualifier=query.qualifier or None,
            status=query.status or None,
            prefix=query.prefix or None,
            started_time_begin=query.begin,
            started_time_end=query.end,
            sort_order_by_time="desc" if query.descending else "asc",
            include_payload=query.payload,
            limit=limit,
            next_token=next_token,
        )
        found = self._call(lambda: self._client.list_async_tasks_with_options(function, request, {}, self._runtime))
        return read.page([read.task_of(FC3, "", function, one) for one in found.get("tasks") or ()], found)

    def stop_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> None:
        """Ends a task."""
        request = models.StopAsyncTaskRequest(qualifier=qualifier or None)
        self._perform(lambda: self._client.stop_async_task_with_options(function, task_id, request, {}, self._runtime))

    def _call(self, perform: Callable[[], Json]) -> JsonObject:
        """The JSON of an answer."""
        answer = self._perform(perform)
        body = getattr(answer, "body", None)
        fields: JsonObject = body.to_map() if body is not None else {}
        return fields

    def _perform(self, perform: Callable[[], Json]) -> Json:
        try:
            return perform()
        except UnretryableException as broken:
            raise NetworkFault(f"no usable answer from {self._endpoint}: {broken}") from None
        except DaraException as refused:
            status = getattr(refused, "status_code", None)
            message = str(getattr(refused, "message", "") or refused).removeprefix("code: ")
            raise Fault.of(str(refused.code), int(status or 0), _without_layers(message)) from None


def _without_layers(message: str) -> str:
    """The service's own words in the message of the package: `404, <words> request id: <id>`."""
    head, _, rest = message.partition(", ")
    return (rest if head.isdecimal() else message).partition(" request id: ")[0]


def _need_none(service: str) -> None:
    if service:
        _no_services()


def _no_services() -> NoReturn:
    raise InvalidArgument("functions of API 2023-03-30 have no services; leave the name empty")
