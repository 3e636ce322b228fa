"""The port `Functions` over the official `fc2` package: API 2016-08-15, functions in services (api-fc.md 2).

The package has no calls for tasks; their paths go through its signed request (api-fc.md 1).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import contextmanager
from typing import NoReturn

import fc2
from fc2.fc_exceptions import FcError
from requests.exceptions import RequestException

from fnfkit.aliyun import functions as read
from fnfkit.aliyun.session import Session
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault, NetworkFault, Page
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
from fnfkit.protocol.fc import FC2, INVOCATION_TYPE, LOG_TYPE, STATEFUL, TASK_ID

SECONDS = 660
"""Longer than a call of a function may usually take."""


class Fc2Functions:
    """The functions of an account that belong to services."""

    def __init__(self, session: Session, account_id: str = "") -> None:
        key, self._endpoint = read.door(session, account_id)
        self._client = fc2.Client(
            endpoint=self._endpoint,
            accessKeyID=key.id,
            accessKeySecret=key.secret,
            securityToken=key.token,
            Timeout=SECONDS,
        )

    # Services

    def create_service(self, name: str, *, description: str = "", role: str = "") -> ServiceRecord:
        """A new service."""
        made = self._call(lambda: self._client.create_service(name, description=description, role=role or None))
        return read.service_of(made.data)

    def get_service(self, name: str) -> ServiceRecord:
        """A service."""
        return read.service_of(self._call(lambda: self._client.get_service(name)).data)

    def list_services(
        self, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[ServiceRecord]:
        """In order of name."""
        found = self._call(lambda: self._client.list_services(limit=limit, nextToken=next_token, prefix=prefix)).data
        return read.page([read.service_of(one) for one in found["services"]], found)

    def delete_service(self, name: str) -> None:
        """Refused while it has functions or versions."""
        self._call(lambda: self._client.delete_service(name))

    # Functions

    def create_function(self, service: str, name: str, settings: FunctionSettings, code: bytes) -> FunctionRecord:
        """A new function from a zip archive."""
        body = {"functionName": name, **_DEFAULTS, **read.given(settings), "code": read.zipped(code)}
        return read.function_of(service, self._send("POST", f"services/{service}/functions", body))

    def update_function(
        self, service: str, name: str, settings: FunctionSettings = UNCHANGED, code: bytes | None = None
    ) -> FunctionRecord:
        """Changes what is given."""
        body = {**read.given(settings), **({"code": read.zipped(code)} if code is not None else {})}
        return read.function_of(service, self._send("PUT", f"services/{service}/functions/{name}", body))

    def get_function(self, service: str, name: str, qualifier: str = "") -> FunctionRecord:
        """A function."""
        found = self._call(lambda: self._client.get_function(service, name, qualifier=qualifier or None))
        return read.function_of(service, found.data)

    def get_code(self, service: str, name: str, qualifier: str = "") -> tuple[bytes, str]:
        """The archive, from the address the service gives for it, and its checksum."""
        found = self._call(lambda: self._client.get_function_code(service, name, qualifier=qualifier or None)).data
        return read.downloaded(found["url"]), str(found.get("checksum", ""))

    def list_functions(
        self, service: str, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[FunctionRecord]:
        """In order of name."""
        found = self._call(
            lambda: self._client.list_functions(service, limit=limit, nextToken=next_token, prefix=prefix)
        ).data
        return read.page([read.function_of(service, one) for one in found["functions"]], found)

    def delete_function(self, service: str, name: str) -> None:
        """Deletes a function."""
        self._call(lambda: self._client.delete_function(service, name))

    # Versions and aliases

    def publish_version(self, service: str, function: str, description: str = "") -> VersionRecord:
        """Of the whole service."""
        return read.version_of(self._call(lambda: self._client.publish_version(service, description)).data)

    def list_versions(self, service: str, function: str) -> Page[VersionRecord]:
        """The oldest first."""
        found = self._call(lambda: self._client.list_versions(service, limit=100, direction="FORWARD")).data
        return read.page([read.version_of(one) for one in found["versions"]], found)

    def delete_version(self, service: str, function: str, version: str) -> None:
        """Deletes a version."""
        self._call(lambda: self._client.delete_version(service, version))

    def create_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """A new alias."""
        made = self._call(
            lambda: self._client.create_alias(service, name, version, additionalVersionWeight=weights or {})
        )
        return read.alias_of(made.data)

    def update_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """Moves an alias."""
        made = self._call(
            lambda: self._client.update_alias(service, name, version, additionalVersionWeight=weights or {})
        )
        return read.alias_of(made.data)

    def get_alias(self, service: str, function: str, name: str) -> AliasRecord:
        """An alias."""
        return read.alias_of(self._call(lambda: self._client.get_alias(service, name)).data)

    def delete_alias(self, service: str, function: str, name: str) -> None:
        """Deletes an alias."""
        self._call(lambda: self._client.delete_alias(service, name))

    # What hangs on a qualifier

    def put_async_config(self, service: str, function: str, config: AsyncConfig) -> AsyncConfig:
        """Sets how asynchronous calls are treated."""
        body = read.write_async_config(FC2, config)
        put = self._client.put_function_async_invoke_config
        return read.async_config_of(FC2, self._call(lambda: put(service, config.qualifier, function, body)).data, "")

    def get_async_config(self, service: str, function: str, qualifier: str = "") -> AsyncConfig:
        """What was set."""
        get = self._client.get_function_async_invoke_config
        found = self._call(lambda: get(service, qualifier or LATEST, function))
        return read.async_config_of(FC2, found.data, qualifier)

    def delete_async_config(self, service: str, function: str, qualifier: str = "") -> None:
        """Back to the defaults."""
        delete = self._client.delete_function_async_invoke_config
        self._call(lambda: delete(service, qualifier or LATEST, function))

    def put_provision(self, service: str, function: str, qualifier: str, target: int) -> ProvisionRecord:
        """Wants so many instances."""
        made = self._call(lambda: self._client.put_provision_config(service, qualifier, function, target))
        return read.provision_of(service, function, qualifier, made.data)

    def get_provision(self, service: str, function: str, qualifier: str) -> ProvisionRecord:
        """How many are wanted, and how many there are."""
        found = self._call(lambda: self._client.get_provision_config(service, qualifier, function))
        return read.provision_of(service, function, qualifier, found.data)

    # Calls and tasks

    def invoke(self, service: str, function: str, payload: bytes = b"", options: InvokeOptions = SYNC) -> Invoked:
        """Calls a function; a function that fails is an answer, not an exception."""
        path = f"services/{_owner(service, options.qualifier)}/functions/{function}/invocations"
        answer = self._call(lambda: self._raw("POST", path, payload, _headers(options)))
        return read.invoked(answer.headers, answer.content)

    def get_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> TaskRecord:
        """A task."""
        path = f"services/{_owner(service, qualifier)}/functions/{function}/stateful-async-invocations/{task_id}"
        return read.task_of(FC2, service, function, self._send("GET", path))

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
        path = f"services/{_owner(service, query.qualifier)}/functions/{function}/stateful-async-invocations"
        params = {
            "status": query.status,
            "invocationIdPrefix": query.prefix,
            "startedTimeBegin": query.begin,
            "startedTimeEnd": query.end,
            "sortOrderByTime": "desc" if query.descending else "asc",
            "includePayload": "true" if query.payload else "",
            "limit": limit,
            "nextToken": next_token,
        }
        found = self._send("GET", path, params={name: value for name, value in params.items() if value})
        return read.page([read.task_of(FC2, service, function, one) for one in found["invocations"]], found)

    def stop_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> None:
        """Ends a task."""
        path = f"services/{_owner(service, qualifier)}/functions/{function}/stateful-async-invocations/{task_id}"
        self._call(lambda: self._raw("PUT", path))

    def logs(self, service: str, function: str, limit: int = 100) -> list[JsonObject]:
        """The last lines functions have written, of an embedded account only (the real one has the Log Service)."""
        params = {"service": service, "function": function, "limit": limit}
        found = self._send("GET", "fnfkit-logs", params={name: value for name, value in params.items() if value})
        lines: list[JsonObject] = found["lines"]
        return lines

    def _raw(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, params: Json = None
    ) -> Json:
        full = f"/{FC2}/{path}"
        signed = self._client._build_common_headers(method, full, headers or {})
        return self._client._do_request(method, full, signed, params=params, body=body or None)

    def _send(self, method: str, path: str, body: JsonObject | None = None, *, params: Json = None) -> JsonObject:
        data = json.dumps(body).encode() if body is not None else b""
        found: JsonObject = self._call(lambda: self._raw(method, path, data, params=params)).json()
        return found

    def _call(self, perform: Callable[[], Json]) -> Json:
        with _quiet():
            try:
                return perform()
            except FcError as refused:
                _refuse(refused)
            except RequestException as broken:
                raise NetworkFault(f"no usable answer from {self._endpoint}: {broken}") from None


_DEFAULTS = {"runtime": "python3", "handler": "index.handler", "timeout": 60, "memorySize": 128}


def _owner(service: str, qualifier: str) -> str:
    return f"{service}.{qualifier}" if qualifier else service


def _headers(options: InvokeOptions) -> dict[str, str]:
    headers = {INVOCATION_TYPE: "Async" if options.asynchronous else "Sync"}
    if options.task_id:
        headers[TASK_ID[FC2]] = options.task_id
    if options.stateful:
        headers[STATEFUL] = "true"
    return {**headers, LOG_TYPE: "Tail"} if options.tail else headers


def _refuse(refused: FcError) -> NoReturn:
    try:
        message = json.loads(str(refused.message))["ErrorMessage"]
    except (ValueError, KeyError, TypeError):
        message = str(refused.message)
    raise Fault.of(refused.err_code or "InternalServerError", refused.status_code, message) from None


@contextmanager
def _quiet() -> Json:
    """The package logs every refusal at the root logger, with the headers of the request, signature included."""
    root = logging.getLogger()
    before = root.disabled
    root.disabled = True
    try:
        yield
    finally:
        root.disabled = before
